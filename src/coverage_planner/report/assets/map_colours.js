/* Colours for stations, so that the streets of neighbours can be told apart. */
"use strict";
const coverageColours = (() => {
  const NEAREST = 4; // so many stations round each one count as neighbours, though no street may join their catchments

  /* The stations nearest to each one. */
  function nearestStations(model) {
    const places = model.data.stations.map(({ lat, lon }) => [lat, lon]);
    return places.map((here, station) =>
      places
        .map((there, other) => [coverageNearest.straight(here, there), other])
        .filter(([, other]) => other !== station)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1])
        .slice(0, NEAREST)
        .map(([, other]) => other),
    );
  }

  /* Stations that stand beside each other: next to each other along a street, or among the nearest of one another. */
  function neighbours(nearest, pieces, stations) {
    const beside = new Map(stations.map((station) => [station, new Set()]));
    const join = (a, b) => {
      if (a === b || !beside.has(a) || !beside.has(b)) return;
      beside.get(a).add(b);
      beside.get(b).add(a);
    };
    for (let i = 1; pieces && i < pieces.n; i++) {
      if (pieces.edge[i] === pieces.edge[i - 1]) join(pieces.station[i - 1], pieces.station[i]);
    }
    for (const station of stations) for (const other of nearest[station]) join(station, other);
    return beside;
  }

  /* Smallest last (Matula & Beck 1983): who has the fewest neighbours left is put last, again and again, so that each
     one has few neighbours before it. */
  function smallestLast(beside) {
    const left = new Map([...beside].map(([station, others]) => [station, others.size]));
    const order = [];
    while (left.size) {
      let least = null;
      for (const [station, degree] of left) {
        const fewest = least === null ? Infinity : left.get(least);
        if (degree < fewest || (degree === fewest && station < least)) least = station;
      }
      left.delete(least);
      for (const other of beside.get(least)) if (left.has(other)) left.set(other, left.get(other) - 1);
      order.push(least);
    }
    return order.reverse();
  }

  /* Give each station in turn the colour that it had, or else the one least used that no neighbour has. */
  function paint(beside, nColours, before) {
    const colour = new Map();
    const used = new Array(nColours).fill(0);
    const order = smallestLast(beside);
    const give = (station, wanted) => {
      const taken = new Array(nColours).fill(0);
      for (const other of beside.get(station)) if (colour.has(other)) taken[colour.get(other)]++;
      let best = wanted;
      if (best === undefined || taken[best]) {
        best = 0;
        for (let k = 1; k < nColours; k++) {
          if (taken[k] < taken[best] || (taken[k] === taken[best] && used[k] < used[best])) best = k;
        }
      }
      colour.set(station, best);
      used[best]++;
    };
    for (const station of order) give(station, before.get(station));
    return colour;
  }

  /**
   * Choose a colour for each station whose streets are shown.
   *
   * All stations of the data get colours once; these stay as they are, save where the streets shown make neighbours of
   * two that have the same. So the colours hardly change with the hour.
   * @param {Object} model of coverageEngine
   * @param {Object} pieces of `reach`, with `station`
   * @param {number} nColours
   * @returns {Map<number, number>} row of the station -> number of its colour
   */
  function colourStations(model, pieces, nColours) {
    const { nearest, every } = model.recall("colours|" + nColours, () => {
      const around = nearestStations(model);
      const all = around.map((_, station) => station);
      return { nearest: around, every: paint(neighbours(around, null, all), nColours, new Map()) };
    });
    const shown = [...new Set(pieces.station)].sort((a, b) => a - b);
    return paint(neighbours(nearest, pieces, shown), nColours, every);
  }

  return { colourStations };
})();
