/* The search over the streets: from all stations at once, every junction learns the nearest. */
"use strict";
const coverageSweep = (() => {
  const { FAR } = coveragePieces;
  const NONE = -1; // no station, the end of a list
  const BUCKETS_PER_ARC = 8; // buckets of the queue are about this part of a mean arc wide
  const MOST_BUCKETS = 1 << 16;

  /* The arcs that leave each node in the direction of search; each holds the delay of the node that it arrives at, so a
     distance is the time until a node has been passed, from whichever end one searches. */
  function layOut(streets, mode, reverse) {
    const backward = mode.backward || mode.forward; // left out where it is the same
    const up = reverse ? backward : mode.forward; // milliseconds from u to v, in the direction of search
    const down = reverse ? mode.forward : backward;
    const delay = mode.delay || new Int32Array(streets.nNodes);
    const { u, v, n } = streets;
    const first = new Int32Array(streets.nNodes + 1);
    for (let edge = 0; edge < n; edge++) {
      if (u[edge] === v[edge]) continue; // no shortest way uses a loop
      if (up[edge] >= 0) first[u[edge] + 1]++;
      if (down[edge] >= 0) first[v[edge] + 1]++;
    }
    for (let node = 0; node < streets.nNodes; node++) first[node + 1] += first[node];
    const head = new Int32Array(first[streets.nNodes]);
    const weight = new Int32Array(head.length);
    const next = first.slice(0, -1);
    let total = 0;
    const put = (from, to, ms) => {
      head[next[from]] = to;
      weight[next[from]++] = ms + delay[to];
      total += ms + delay[to];
    };
    for (let edge = 0; edge < n; edge++) {
      if (u[edge] === v[edge]) continue;
      if (up[edge] >= 0) put(u[edge], v[edge], up[edge]);
      if (down[edge] >= 0) put(v[edge], u[edge], down[edge]);
    }
    const shift = Math.max(0, Math.floor(Math.log2(Math.max(total / Math.max(head.length, 1) / BUCKETS_PER_ARC, 1))));
    const accessMs = (metres) => coverageArrays.rint((metres / (mode.access_kph / 3.6)) * 1000);
    const arcs = { first, head, weight, shift };
    return { ...streets, up, down, delay, arcs, reverse, accessMs, snappable: mode.snappable };
  }

  /* Spread from the seeds until every node within the limit knows its nearest station, of equally near ones that of the
     lower rank. A queue of buckets; a node that is bettered after it was looked at waits again. */
  function sweep(arcs, nNodes, seeds, limit) {
    const { first, head, weight } = arcs;
    let shift = arcs.shift;
    while (limit >> shift >= MOST_BUCKETS) shift++;
    const dist = new Int32Array(nNodes).fill(FAR);
    const label = new Int32Array(nNodes).fill(NONE);
    const buckets = new Int32Array((limit >> shift) + 1).fill(NONE);
    const waiting = new Int32Array(nNodes).fill(-2); // the next node of its bucket, -1 for none, -2: does not wait
    const reach = (node, ms, rank) => {
      if (ms > limit || ms > dist[node] || (ms === dist[node] && rank >= label[node])) return;
      dist[node] = ms;
      label[node] = rank;
      if (waiting[node] !== -2) return;
      waiting[node] = buckets[ms >> shift];
      buckets[ms >> shift] = node;
    };
    for (const [node, ms, rank] of seeds) reach(node, ms, rank);
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      while (buckets[bucket] !== NONE) {
        const node = buckets[bucket];
        buckets[bucket] = waiting[node];
        waiting[node] = -2;
        const here = dist[node];
        const rank = label[node];
        for (let k = first[node]; k < first[node + 1]; k++) {
          const there = here + weight[k];
          const to = head[k];
          if (there > limit || there > dist[to] || (there === dist[to] && rank >= label[to])) continue;
          dist[to] = there;
          label[to] = rank;
          if (waiting[to] !== -2) continue; // its bucket may be late by now: whom it betters then waits again
          const place = Math.max(bucket, there >> shift);
          waiting[to] = buckets[place];
          buckets[place] = to;
        }
      }
    }
    return { dist, label };
  }

  /* Milliseconds and rank at a place that is linked to its street, of equally near stations the first. `to` is what it
     was reached by: 0 or 1 for an end of the street, 2 for a station on the same street. */
  function join(search, graph, edge, offset0, offset1, along0, along1, access) {
    const at = { ms: Infinity, rank: NONE, to: NONE };
    const take = (ms, rank, to) => {
      if (ms > search.limit || ms > at.ms || (ms === at.ms && rank >= at.rank)) return;
      Object.assign(at, { ms, rank, to });
    };
    const { dist, label } = search;
    const [u, v] = [graph.u[edge], graph.v[edge]];
    if (offset0 >= 0 && dist[u] !== FAR) take(dist[u] + offset0, label[u], 0);
    if (offset1 >= 0 && dist[v] !== FAR) take(dist[v] + offset1, label[v], 1);
    for (const seed of search.seeds.get(edge) || []) {
      // coordinates along each way grow as one travels: who is ahead has the larger one
      const ahead = seed.along[0] >= 0 && along0 >= 0 ? along0 - seed.along[0] : -1;
      const behind = seed.along[1] >= 0 && along1 >= 0 ? along1 - seed.along[1] : -1;
      const way = ahead > 0 ? ahead : behind > 0 ? behind : Math.max(ahead, behind);
      if (way >= 0) take(seed.access + way + access, seed.rank, 2);
    }
    return at;
  }

  return { layOut, sweep, join };
})();
