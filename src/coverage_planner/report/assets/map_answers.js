/* What the map asks the engine: who is served, which streets are reached, what is nearest to a click. */
"use strict";
const coverageAnswers = (() => {
  const NONE = -1;
  const FARTHEST_MS = 2 * 3600 * 1000; // how far the nearest station of a click is looked for, at least
  const HOUR_MIN = 60;

  // --- who is served ---

  function served(model, group, scenario, { what = "", slot = null }) {
    const parts = model.parts(group, scenario, { what, slot }).map((part) => ({
      ...model.pointNearest(group, part.search), cutoff: part.cutoff,
    }));
    const n = model.group(group).points.n;
    const covered = new Uint8Array(n).fill(1);
    const ms = new Int32Array(n);
    const station = new Int32Array(n).fill(NONE);
    for (const part of parts) {
      for (let p = 0; p < n; p++) {
        if (part.ms[p] === NONE || part.ms[p] > part.cutoff) covered[p] = 0;
        if (ms[p] === NONE) continue; // a service that nobody gives within reach
        if (part.ms[p] === NONE) ms[p] = station[p] = NONE;
        else if (station[p] === NONE || part.ms[p] > ms[p]) [ms[p], station[p]] = [part.ms[p], part.station[p]];
      }
    }
    if (what === "full" && slot === null && parts.length > 1 && model.data.open) {
      // several services need one common hour, which times alone do not show
      const ever = model.figures(group, scenario).full_ever;
      for (let p = 0; p < n; p++) covered[p] = coverageArrays.bitAt(ever, 0, 0, p);
    }
    return { ms, covered, station };
  }

  /* Which part of a day's demand falls into a slot, by kind of demand; 1 for every kind without a slot. */
  function slotShares(model, group, slot) {
    const { profile } = model.group(group);
    if (slot === null) return () => 1;
    const { slot_min: minutes, slots } = model.data.week;
    const perHour = HOUR_MIN / minutes;
    if (!profile) return () => 1 / (24 * perHour);
    const hour = Math.floor(slots[slot].hour);
    return (kind) => profile[24 * kind + hour] / perHour;
  }

  function shares(model, group, scenario, ask) {
    const { covered } = model.served(group, scenario, ask);
    const { n, weight, kind, community } = model.group(group).points;
    const share = slotShares(model, group, ask.slot === undefined ? null : ask.slot);
    const nCommunities = (model.data.communities || []).length;
    const byCommunity = { demand: new Float64Array(nCommunities), covered: new Float64Array(nCommunities) };
    let [all, within] = [0, 0];
    for (let p = 0; p < n; p++) {
      const demand = weight[p] * share(kind ? kind[p] : 0);
      all += demand;
      if (covered[p]) within += demand;
      if (!community || community[p] < 0) continue;
      byCommunity.demand[community[p]] += demand;
      if (covered[p]) byCommunity.covered[community[p]] += demand;
    }
    return { demand: all, covered: within, byCommunity };
  }

  // --- which streets ---

  function reach(model, group, scenario, ask) {
    const asked = model.group(group);
    const bands_ms = model.bands(group, ask.what);
    const cutoff_ms = bands_ms[bands_ms.length - 1];
    if (asked.pairs) return { group: asked, bands_ms, cutoff_ms, pieces: null };
    const graph = model.graph(asked);
    const lists = model.parts(group, scenario, ask).map(({ search, cutoff }) => {
      const pieces = coveragePieces.cut(graph, search, [...bands_ms.filter((band) => band < cutoff), cutoff]);
      return { ...pieces, rank: pieces.rank.map((rank) => search.stations[rank]) };
    });
    const { rank: station, ...pieces } = coveragePieces.latest(graph, lists, bands_ms.length);
    return { group: asked, bands_ms, cutoff_ms, pieces: { ...pieces, station } };
  }

  // --- a click ---

  /* How a place on a street is linked to the ends of it, as engine.link_positions does. */
  function link(graph, { edge, fraction, access_m }) {
    const { u, v, up, down, delay, reverse } = graph;
    const [forward, backward] = reverse ? [down[edge], up[edge]] : [up[edge], down[edge]]; // as people travel
    const fromU = coverageArrays.rint(fraction * forward);
    const toU = coverageArrays.rint(fraction * backward);
    const along0 = up[edge] < 0 ? NONE : reverse ? toU : fromU;
    const along1 = down[edge] < 0 ? NONE : reverse ? forward - fromU : backward - toU;
    const access = graph.accessMs(access_m);
    let [offset0, offset1] = [along0, along1];
    if (fraction === 0) offset0 = 0;
    if (fraction === 1) offset1 = 0;
    // no way by the other end is shorter than by the junction itself
    if (fraction === 0 && delay[u[edge]] === 0) offset1 = NONE;
    if (fraction === 1 && delay[v[edge]] === 0) offset0 = NONE;
    const add = (offset) => (offset < 0 ? NONE : offset + access);
    return { access, along0, along1, offset0: add(offset0), offset1: add(offset1) };
  }

  /* The streets from a node that was reached back to the station's, in order; the station; the end it is left by. */
  function trace(model, graph, search, from) {
    const { dist, label } = search;
    const door = search.doors[label[from]];
    const isDoor = (node, end) => (end ? graph.v : graph.u)[door.edge] === node && door.seed[end] === dist[node];
    const steps = new Map([[from, null]]); // node -> the street and node that it was come to from
    const waiting = [from];
    while (waiting.length) {
      const node = waiting.pop();
      const end = [0, 1].find((side) => isDoor(node, side));
      if (end !== undefined) {
        const streets = [];
        for (let step = steps.get(node); step; step = steps.get(step.node)) streets.push(step);
        return { door, end, streets: streets.reverse() };
      }
      for (let k = model.near.first[node]; k < model.near.first[node + 1]; k++) {
        const item = model.near.items[k];
        const edge = item % graph.n;
        const isV = item >= graph.n;
        const other = isV ? graph.u[edge] : graph.v[edge];
        const ms = isV ? graph.up[edge] : graph.down[edge];
        if (ms < 0 || label[other] !== label[node] || steps.has(other)) continue;
        if (dist[other] + ms + graph.delay[node] !== dist[node]) continue;
        steps.set(other, { edge, node, isV });
        waiting.push(other);
      }
    }
    throw new Error(`the way from junction ${from} must lead to a station`);
  }

  /* The way from a click to the station, as places [lat, lon]: access leg, streets, access leg. */
  function way(model, graph, search, place, at, joined) {
    const stretch = (edge, from, to) => coverageNearest.stretch(graph, edge, from, to);
    const { lat, lon } = model.data.stations[search.stations[joined.rank]];
    if (joined.to === 2) {
      const on = search.seeds.get(at.edge).find((seed) => seed.rank === joined.rank);
      return [place, ...stretch(at.edge, at.fraction, on.fraction), [lat, lon]];
    }
    const node = (joined.to ? graph.v : graph.u)[at.edge];
    const { door, end, streets } = trace(model, graph, search, node);
    return [
      place,
      ...stretch(at.edge, at.fraction, joined.to),
      ...streets.flatMap(({ edge, isV }) => stretch(edge, isV ? 1 : 0, isV ? 0 : 1)),
      ...stretch(door.edge, end, door.fraction),
      [lat, lon],
    ];
  }

  const NOTHING = { station: NONE, ms: NONE, parts: null, straight_m: NaN, within: false, way: null };

  /* The nearest station of one part: near if the search of the map knows it, else far. */
  function answer(model, group, place, at, near, far) {
    const graph = model.graph(model.group(group));
    if (!near.stations.length) return { ...NOTHING, why: "none_open" };
    const { access, along0, along1, offset0, offset1 } = link(graph, at);
    for (const search of [near.search, far().search]) {
      const joined = coverageSweep.join(search, graph, at.edge, offset0, offset1, along0, along1, access);
      if (joined.rank === NONE) continue;
      const station = search.stations[joined.rank];
      const { lat, lon } = model.data.stations[station];
      const door_ms = search.doors[joined.rank].access;
      return {
        station, ms: joined.ms, parts: { access_ms: access, street_ms: joined.ms - access - door_ms, door_ms },
        straight_m: coverageNearest.straight(place, [lat, lon]), why: null,
        within: joined.ms <= near.cutoff, way: way(model, graph, search, place, at, joined),
      };
    }
    return { ...NOTHING, why: "no_way" };
  }

  /* Of those who pass by: the stretch of road nearest to the click, and its detour. */
  function nearestPassing(model, group, scenario, ask, place) {
    const { points } = model.group(group);
    const none = { ...NOTHING, access_m: NaN, street: null, services: [], point: NONE };
    let [best, point] = [model.data.snap_limit_m, NONE];
    for (let p = 0; p < points.n; p++) {
      const away = coverageNearest.straight(place, [points.place[2 * p + 1] / 1e6, points.place[2 * p] / 1e6]);
      if (away <= best) [best, point] = [away, p];
    }
    if (point === NONE) return { ...none, why: "no_street" };
    const { ms, station, covered } = model.served(group, scenario, ask);
    const street = [points.place[2 * point + 1] / 1e6, points.place[2 * point] / 1e6];
    const found = { ...none, access_m: best, street, point };
    if (station[point] === NONE) {
      const open = model.parts(group, scenario, ask).every((part) => part.stations.length);
      return { ...found, why: open ? "no_way" : "none_open" };
    }
    const { lat, lon } = model.data.stations[station[point]];
    const straight_m = coverageNearest.straight(place, [lat, lon]);
    return { ...found, station: station[point], ms: ms[point], straight_m, within: covered[point] === 1, why: null };
  }

  function nearest(model, group, scenario, ask, latlng, { slack_m = 0 } = {}) {
    const place = Array.isArray(latlng) ? latlng : [latlng.lat, latlng.lng];
    const asked = model.group(group);
    if (asked.pairs) return nearestPassing(model, group, scenario, ask, place);
    const graph = model.graph(asked);
    const options = { limit_m: model.data.snap_limit_m, slack_m };
    const at = coverageNearest.snap(model.streets, graph.snappable, model.barriers, place, options);
    if (at.why) return { ...NOTHING, access_m: NaN, street: null, services: [], point: NONE, why: at.why };
    const near = model.parts(group, scenario, ask);
    const far = (k) => model.parts(group, scenario, ask, Math.max(FARTHEST_MS, near[k].search.limit))[k];
    const services = near.map((part, k) => ({
      service: part.service, cutoff_ms: part.cutoff, ...answer(model, group, place, at, part, () => far(k)),
    }));
    const lacking = services.find((one) => one.why);
    const decides = lacking || services.reduce((a, b) => (b.ms > a.ms ? b : a));
    const { station, ms, parts, straight_m, why, way: path } = decides;
    const street = coverageNearest.stretch(graph, at.edge, at.fraction, at.fraction)[0];
    const within = services.every((one) => one.within);
    const { access_m } = at;
    return { station, ms, parts, straight_m, access_m, street, within, way: path, services, point: NONE, why };
  }

  return { served, shares, reach, nearest };
})();
