/* Colours for stations, so that the streets of neighbours can be told apart. */
"use strict";
const coverageColours = (() => {
  const NEAREST = 4; // so many stations round each one count as neighbours, though no street may join their catchments

  /* The stations nearest to each one. */
  function nearestStations({ stations }) {
    const [perLon, perLat] = coverageNearest.metresPerDegree(stations.length ? stations[0].lat : 0);
    const x = stations.map(({ lon }) => lon * perLon);
    const y = stations.map(({ lat }) => lat * perLat);
    return stations.map((_, here) => {
      const found = []; // of the few found so far, near ones first
      for (let other = 0; other < stations.length; other++) {
        const away = (x[other] - x[here]) ** 2 + (y[other] - y[here]) ** 2;
        if (other === here || (found.length === NEAREST && away >= found[NEAREST - 1].away)) continue;
        const place = found.findIndex((one) => one.away > away);
        found.splice(place < 0 ? found.length : place, 0, { away, other });
        if (found.length > NEAREST) found.pop();
      }
      return found.map(({ other }) => other);
    });
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
    const stations = [...beside.keys()].sort((a, b) => a - b);
    const rank = new Map(stations.map((station, k) => [station, k]));
    const left = Int32Array.from(stations, (station) => beside.get(station).size); // neighbours that are not yet put
    const PUT = 0x7fffffff;
    const order = [];
    while (order.length < stations.length) {
      let least = 0;
      for (let k = 1; k < left.length; k++) if (left[k] < left[least]) least = k;
      left[least] = PUT;
      for (const other of beside.get(stations[least])) if (left[rank.get(other)] !== PUT) left[rank.get(other)]--;
      order.push(stations[least]);
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
      const around = nearestStations(model.data);
      const all = around.map((_, station) => station);
      return { nearest: around, every: paint(neighbours(around, null, all), nColours, new Map()) };
    });
    const shown = [...new Set(pieces.station)].sort((a, b) => a - b);
    return paint(neighbours(nearest, pieces, shown), nColours, every);
  }

  return { colourStations };
})();
