/* Street pieces: which part of each street is reached in how much time, from which station, and what changes. */
"use strict";
const coveragePieces = (() => {
  const COLUMNS = { edge: Int32Array, start: Float64Array, stop: Float64Array, ms: Float64Array, band: Uint8Array };
  const FAR = 0x7fffffff; // time of a node that is not reached
  // A place that both know, that only the first or only the second of two searches reaches.
  const KEPT = 0;
  const LOST = 1;
  const GAINED = 2;
  const SLIVER = 1e-9; // part of a street that is there by rounding only

  /* Time and station (its rank) at a place on an edge, into `at`; of equally near stations the first. */
  function look(streets, search, edge, fraction, at) {
    const { u, v, up, down } = streets;
    const { dist, label, seeds } = search;
    at.ms = Infinity;
    at.rank = -1;
    if (dist[u[edge]] !== FAR && (up[edge] >= 0 || fraction === 0)) {
      at.ms = dist[u[edge]] + fraction * up[edge];
      at.rank = label[u[edge]];
    }
    if (dist[v[edge]] !== FAR && (down[edge] >= 0 || fraction === 1)) {
      better(at, dist[v[edge]] + (1 - fraction) * down[edge], label[v[edge]]);
    }
    for (const seed of seeds.get(edge) || []) {
      const ahead = fraction - seed.fraction;
      const pace = ahead > 0 ? up[edge] : down[edge];
      if (ahead === 0 || pace >= 0) better(at, seed.access + Math.abs(ahead) * Math.max(pace, 0), seed.rank);
    }
    return at;
  }

  function better(at, ms, rank) {
    if (ms < at.ms || (ms === at.ms && rank < at.rank)) {
      at.ms = ms;
      at.rank = rank;
    }
  }

  /* How much of a stretch, on which time rises from `early` to `late`, is within the cutoff. */
  function shareBy(cutoff, early, late) {
    if (late > early) return late < Infinity ? Math.min(1, Math.max(0, (cutoff - early) / (late - early))) : 0;
    return early <= cutoff ? 1 : 0;
  }

  /* Cut the half of a stretch from `near` to `far`, whose time rises from `early`, into pieces by band. */
  function cutHalf(made, begin, edge, near, far, early, late, rank, cutoffs) {
    const n = cutoffs.length;
    for (let step = 0; step < n; step++) {
      const band = near < far ? step : n - 1 - step; // in order along the edge
      const from = band > 0 ? shareBy(cutoffs[band - 1], early, late) : 0;
      const to = shareBy(cutoffs[band], early, late);
      if (!(to > from)) continue;
      const a = from > 0 ? near + from * (far - near) : near;
      const b = to < 1 ? near + to * (far - near) : far; // exactly the meeting point, so that two halves touch
      const start = Math.min(a, b);
      const stop = Math.max(a, b);
      const ms = early + to * Math.max(late - early, 0);
      if (start < stop) add(made, begin, edge, start, stop, ms, band, rank);
    }
  }

  /* Add a piece, or join it to the one before where they touch and are alike. */
  function add(made, begin, edge, start, stop, ms, band, rank) {
    const last = made.n - 1;
    const columns = made.columns;
    if (last >= begin && columns.stop[last] === start && columns.band[last] === band && columns.rank[last] === rank) {
      columns.stop[last] = stop;
      columns.ms[last] = Math.max(columns.ms[last], ms);
      return;
    }
    const row = made.room(); // may give new columns
    made.columns.edge[row] = edge;
    made.columns.start[row] = start;
    made.columns.stop[row] = stop;
    made.columns.ms[row] = ms;
    made.columns.band[row] = band;
    made.columns.rank[row] = rank;
  }

  /* Most streets lie on the way from one end to the other, from `near` to `far`, and within one band. */
  function through(made, edge, early, late, near, far, rank, cutoffs) {
    let band = 0;
    while (band < cutoffs.length && cutoffs[band] < early) band++;
    if (band === cutoffs.length) return;
    if (late <= cutoffs[band]) add(made, made.n, edge, 0, 1, late, band, rank);
    else cutHalf(made, made.n, edge, near, far, early, late, rank, cutoffs);
  }

  function cutEdge(made, streets, search, edge, stops, cutoffs) {
    const begin = made.n;
    const up = streets.up[edge] >= 0 ? streets.up[edge] : Infinity;
    const down = streets.down[edge] >= 0 ? streets.down[edge] : Infinity;
    const at0 = {};
    const at1 = {};
    for (let k = 0; k + 1 < stops.length; k++) {
      const f0 = stops[k];
      const f1 = stops[k + 1];
      const { ms: t0, rank: rank0 } = look(streets, search, edge, f0, at0);
      const { ms: t1, rank: rank1 } = look(streets, search, edge, f1, at1);
      const forth = up * (f1 - f0);
      const back = down * (f1 - f0);
      const rises = t0 < Infinity && forth < Infinity;
      let meet = rises ? 1 : 0; // where the wave from f0 and the wave from f1 come together
      if (rises && t1 < Infinity && back < Infinity && forth + back > 0) {
        meet = Math.min(1, Math.max(0, (t1 + back - t0) / (forth + back)));
      }
      const middle = f0 + meet * (f1 - f0);
      if (t0 < Infinity && middle !== f0) {
        cutHalf(made, begin, edge, f0, middle, t0, t0 + meet * forth, rank0, cutoffs);
      }
      if (t1 < Infinity && middle !== f1) {
        cutHalf(made, begin, edge, f1, middle, t1, t1 + (meet < 1 ? (1 - meet) * back : 0), rank1, cutoffs);
      }
    }
  }

  /* Finish a table of pieces: where those of each street begin, and metres per band. */
  function finish(made, streets, nBands) {
    const pieces = made.cut();
    const first = new Int32Array(streets.n + 1);
    const metres = new Float64Array(nBands);
    for (let i = 0; i < pieces.edge.length; i++) {
      const edge = pieces.edge[i];
      first[edge + 1]++;
      metres[pieces.band[i]] += (streets.length[edge] / 1000) * (pieces.stop[i] - pieces.start[i]);
    }
    for (let e = 0; e < streets.n; e++) first[e + 1] += first[e];
    return { ...pieces, n: pieces.edge.length, first, metres };
  }

  const newTable = () => coverageArrays.table({ ...COLUMNS, rank: Int32Array });

  /**
   * Cut the streets where the time passes a cutoff, and where the nearest station changes.
   *
   * For an edge (u, v) of time c, the part reached from u is min(c, T - d(u)), likewise from v where travel that way is
   * allowed. Where the parts meet the whole edge is reached; around a station inside an edge a piece is reached even
   * when neither end is.
   * @param {Object} streets {n, u, v, length (millimetres), up, down (milliseconds in the direction of search, -1 where
   *   not allowed)}
   * @param {Object} search {dist, label (rank of the station), seeds: Map of edge -> [{fraction, access, rank}]}
   * @param {number[]} cutoffs rising, milliseconds
   * @returns {{n, edge, start, stop, ms, band, rank, first, metres}} one entry per piece, by edge and along it; `first`
   *   says where the pieces of each edge begin; `metres` of street per band
   */
  function cut(streets, search, cutoffs) {
    const made = newTable();
    const { u, v, up, down } = streets;
    const { dist, label, seeds } = search;
    const last = cutoffs[cutoffs.length - 1];
    const whole = [0, 1];
    for (let edge = 0; edge < streets.n; edge++) {
      const du = dist[u[edge]];
      const dv = dist[v[edge]];
      if (seeds.has(edge)) {
        const stops = [0, 1, ...seeds.get(edge).map((seed) => seed.fraction)].sort((a, b) => a - b);
        cutEdge(made, streets, search, edge, stops.filter((stop, i) => i === 0 || stop > stops[i - 1]), cutoffs);
      } else if ((du === FAR && dv === FAR) || (up[edge] < 0 && down[edge] < 0)) {
        continue;
      } else if (label[u[edge]] === label[v[edge]] && up[edge] >= 0 && dv >= du + up[edge]) {
        through(made, edge, du, du + up[edge], 0, 1, label[u[edge]], cutoffs);
      } else if (label[u[edge]] === label[v[edge]] && down[edge] >= 0 && du >= dv + down[edge]) {
        through(made, edge, dv, dv + down[edge], 1, 0, label[u[edge]], cutoffs);
      } else if (Math.min(du, dv) <= last) {
        cutEdge(made, streets, search, edge, whole, cutoffs);
      }
    }
    return finish(made, streets, cutoffs.length);
  }

  /* Call `emit(edge, start, stop, i, j)` for each stretch on which the piece of `a` and that of `b` stay the same;
     -1 where one of them has none. Stretches that neither has are left out. */
  function walk(streets, a, b, emit) {
    for (let edge = 0; edge < streets.n; edge++) {
      let i = a.first[edge];
      let j = b.first[edge];
      const endI = a.first[edge + 1];
      const endJ = b.first[edge + 1];
      let here = 0;
      while (i < endI || j < endJ) {
        const startI = i < endI ? Math.max(a.start[i], here) : Infinity;
        const startJ = j < endJ ? Math.max(b.start[j], here) : Infinity;
        const start = Math.min(startI, startJ);
        const inI = startI === start;
        const inJ = startJ === start;
        const stop = Math.min(inI ? a.stop[i] : startI, inJ ? b.stop[j] : startJ);
        if (stop > start + SLIVER) emit(edge, start, stop, inI ? i : -1, inJ ? j : -1);
        here = stop;
        if (inI && a.stop[i] <= here) i++;
        if (inJ && b.stop[j] <= here) j++;
      }
    }
  }

  /**
   * Keep the streets that all of several lists of pieces reach, each stretch at the latest of its times.
   * @param {Object} streets
   * @param {Object[]} lists pieces of `cut`, with bands that mean the same
   * @param {number} nBands
   * @returns {Object} pieces as of `cut`; ranks are those of the list that comes latest
   */
  function latest(streets, lists, nBands) {
    return lists.reduce((a, b) => {
      const made = newTable();
      walk(streets, a, b, (edge, start, stop, i, j) => {
        if (i < 0 || j < 0) return;
        const later = b.band[j] > a.band[i] || (b.band[j] === a.band[i] && b.ms[j] > a.ms[i]);
        const [from, k] = later ? [b, j] : [a, i];
        add(made, made.n, edge, start, stop, from.ms[k], from.band[k], from.rank[k]);
      });
      return finish(made, streets, nBands);
    });
  }

  /**
   * Compare which streets two searches reach.
   * @param {Object} streets
   * @param {Object} from pieces of `cut` before
   * @param {Object} to pieces of `cut` after
   * @returns {Object} pieces whose band is KEPT, LOST or GAINED, and metres of each; `ms` is that of the later state
   */
  function change(streets, from, to) {
    const made = newTable();
    let last = -1;
    let begin = 0;
    walk(streets, from, to, (edge, start, stop, i, j) => {
      if (edge !== last) begin = made.n;
      last = edge;
      const band = i < 0 ? GAINED : j < 0 ? LOST : KEPT;
      add(made, begin, edge, start, stop, j < 0 ? from.ms[i] : to.ms[j], band, 0);
    });
    return finish(made, streets, 3);
  }

  return { FAR, KEPT, LOST, GAINED, cut, latest, change };
})();
