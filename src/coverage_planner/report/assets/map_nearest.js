/* A place anywhere on the map: the street it goes to, the way from there, and what stands in between. */
"use strict";
const coverageNearest = (() => {
  const RADIANS = Math.PI / 180;
  const AT_JUNCTION_M = 0.01; // a place on a street this near to its end is the junction itself
  const FREE_LEG_M = 0.5; // legs this short meet nothing: a place drawn on a bridge is on the bridge
  const EQUAL_M = 0.001; // distances that differ by less count as equal
  const CELL_ZOOM = 15; // cells of the index are the map tiles of this zoom, or larger
  const MOST_CELLS = 1 << 20;

  /** Metres per degree of longitude and latitude at a latitude, on the WGS 84 ellipsoid. */
  function metresPerDegree(lat) {
    const phi = lat * RADIANS;
    return [
      111412.84 * Math.cos(phi) - 93.5 * Math.cos(3 * phi) + 0.118 * Math.cos(5 * phi),
      111132.92 - 559.82 * Math.cos(2 * phi) + 1.175 * Math.cos(4 * phi),
    ];
  }

  /** Straight-line distance in metres of two places [lat, lon] of one city. */
  function straight(a, b) {
    const [perLon, perLat] = metresPerDegree((a[0] + b[0]) / 2);
    return Math.hypot((b[1] - a[1]) * perLon, (b[0] - a[0]) * perLat);
  }

  /** Web Mercator coordinates of interleaved micro-degrees: 0 to 1, from west to east and from north to south. */
  function mercator(path) {
    const world = new Float64Array(path.length);
    for (let i = 0; i < path.length; i += 2) {
      world[i] = path[i] / 360e6 + 0.5;
      const sine = Math.sin(path[i + 1] * 1e-6 * RADIANS);
      world[i + 1] = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
    }
    return world;
  }

  /**
   * File streets by the map tiles that they may touch.
   * @param {Float64Array} world Web Mercator coordinates of all vertices
   * @param {Int32Array} firstVertex where those of each street begin
   * @returns {{zoom, left, top, columns, rows, first, items}} CSR of the streets in each cell, row by row
   */
  function fileStreets(world, firstVertex) {
    const n = firstVertex.length - 1;
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < world.length; i += 2) {
      box[0] = Math.min(box[0], world[i]);
      box[1] = Math.min(box[1], world[i + 1]);
      box[2] = Math.max(box[2], world[i]);
      box[3] = Math.max(box[3], world[i + 1]);
    }
    let zoom = CELL_ZOOM + 1;
    let index;
    do {
      zoom--;
      const [left, top, right, bottom] = box.map((value) => (world.length ? Math.floor(value * 2 ** zoom) : 0));
      index = { zoom, left, top, columns: right - left + 1, rows: bottom - top + 1 };
    } while (index.columns * index.rows > MOST_CELLS);
    const scale = 2 ** zoom;
    const last = new Int32Array(index.columns * index.rows).fill(-1);
    const visit = (put) => {
      last.fill(-1);
      for (let edge = 0; edge < n; edge++) {
        for (let k = firstVertex[edge]; k + 1 < firstVertex[edge + 1]; k++) {
          const c0 = Math.floor(world[2 * k] * scale) - index.left;
          const c1 = Math.floor(world[2 * k + 2] * scale) - index.left;
          const r0 = Math.floor(world[2 * k + 1] * scale) - index.top;
          const r1 = Math.floor(world[2 * k + 3] * scale) - index.top;
          for (let row = Math.min(r0, r1); row <= Math.max(r0, r1); row++) {
            for (let column = Math.min(c0, c1); column <= Math.max(c0, c1); column++) {
              const cell = row * index.columns + column;
              if (last[cell] !== edge) put(cell, edge);
              last[cell] = edge;
            }
          }
        }
      }
    };
    const first = new Int32Array(index.columns * index.rows + 1);
    visit((cell) => first[cell + 1]++);
    for (let cell = 0; cell + 1 < first.length; cell++) first[cell + 1] += first[cell];
    const items = new Int32Array(first[first.length - 1]);
    const next = first.slice(0, -1);
    visit((cell, edge) => (items[next[cell]++] = edge));
    return { ...index, first, items };
  }

  /**
   * Call `see(begin, end)` for each cell that a box touches; its streets are index.items[begin] to items[end - 1].
   * @param {Object} index of `fileStreets`
   * @param {number[]} box left, top, right, bottom in Web Mercator coordinates
   * @param {function(number, number)} see
   */
  function eachCell(index, box, see) {
    const scale = 2 ** index.zoom;
    const c0 = Math.max(0, Math.floor(box[0] * scale) - index.left);
    const c1 = Math.min(index.columns - 1, Math.floor(box[2] * scale) - index.left);
    const r0 = Math.max(0, Math.floor(box[1] * scale) - index.top);
    const r1 = Math.min(index.rows - 1, Math.floor(box[3] * scale) - index.top);
    for (let row = r0; row <= r1; row++) {
      for (let column = c0; column <= c1; column++) {
        const cell = row * index.columns + column;
        if (index.first[cell] < index.first[cell + 1]) see(index.first[cell], index.first[cell + 1]);
      }
    }
  }

  /** Left, top, right and bottom of every street, in the coordinates of its vertices. */
  function boxesOf(world, firstVertex) {
    const boxes = new Float64Array(4 * (firstVertex.length - 1));
    for (let edge = 0; edge + 1 < firstVertex.length; edge++) {
      const box = 4 * edge;
      boxes[box] = boxes[box + 1] = Infinity;
      boxes[box + 2] = boxes[box + 3] = -Infinity;
      for (let i = 2 * firstVertex[edge]; i < 2 * firstVertex[edge + 1]; i += 2) {
        if (world[i] < boxes[box]) boxes[box] = world[i];
        if (world[i] > boxes[box + 2]) boxes[box + 2] = world[i];
        if (world[i + 1] < boxes[box + 1]) boxes[box + 1] = world[i + 1];
        if (world[i + 1] > boxes[box + 3]) boxes[box + 3] = world[i + 1];
      }
    }
    return boxes;
  }

  /**
   * List the borders that a straight access leg may not cross.
   * @param {Object<string, {kind: string, paths: Array}[]>} ground water, railways and walls: pieces of areas or lines
   *   in steps of micro-degrees
   * @returns {{ends: Float64Array, area: Int32Array}} four degrees per straight border piece (lon, lat, lon, lat); the
   *   number of the area that it bounds, -1 for a line
   */
  function listBarriers(ground) {
    const ends = [];
    const area = [];
    const put = (path, of) => {
      for (let i = 0; i + 1 < path.length; i++) {
        ends.push(path[i][1], path[i][0], path[i + 1][1], path[i + 1][0]);
        area.push(of);
      }
    };
    let nAreas = 0;
    for (const piece of Object.values(ground || {}).flat()) {
      const decode = decoder();
      if (piece.kind === "lines") piece.paths.forEach((path) => put(decode(path), -1));
      for (const rings of piece.kind === "areas" ? piece.paths : []) {
        for (const ring of rings.map(decode)) put([...ring, ring[0]], nAreas);
        nAreas++;
      }
    }
    return { ends: Float64Array.from(ends), area: Int32Array.from(area) };
  }

  /* The barriers near a place, in metres from it, and whether the place lies in an area. */
  function barriersRound(barriers, lon, lat, perLon, perLat, radius) {
    const near = [];
    const inside = new Map();
    for (let i = 0; i < barriers.area.length; i++) {
      const x0 = (barriers.ends[4 * i] - lon) * perLon;
      const y0 = (barriers.ends[4 * i + 1] - lat) * perLat;
      const x1 = (barriers.ends[4 * i + 2] - lon) * perLon;
      const y1 = (barriers.ends[4 * i + 3] - lat) * perLat;
      const of = barriers.area[i];
      if (of >= 0 && y0 > 0 !== y1 > 0 && x0 - (y0 * (x1 - x0)) / (y1 - y0) > 0) inside.set(of, !inside.get(of));
      const beside = Math.min(x0, x1) > radius || Math.max(x0, x1) < -radius;
      if (!beside && Math.min(y0, y1) <= radius && Math.max(y0, y1) >= -radius) near.push([x0, y0, x1, y1]);
    }
    return { near, inside: [...inside.values()].some(Boolean) };
  }

  /* Whether the leg from (0, 0) to (x, y) crosses a barrier; one that is only touched at the street is none. */
  function isBarred(around, x, y, freeLeg) {
    const length = Math.hypot(x, y);
    if (length <= freeLeg) return false;
    if (around.inside) return true;
    return around.near.some(([x0, y0, x1, y1]) => {
      const before = x * y0 - y * x0;
      const after = x * y1 - y * x1;
      if (before > 0 === after > 0 || before === after) return false;
      const part = before / (before - after);
      const cx = x0 + part * (x1 - x0);
      const cy = y0 + part * (y1 - y0);
      const along = (cx * x + cy * y) / length;
      return along > 0 && along < length - EQUAL_M;
    });
  }

  /* The place of a street that is nearest to (lon, lat): distance in metres, leg, and fraction along the street. */
  function foot(streets, edge, lon, lat, perLon, perLat) {
    const { path, first } = streets;
    let best = Infinity;
    let walked = 0;
    let where = 0;
    let leg = [0, 0];
    for (let k = first[edge]; k + 1 < first[edge + 1]; k++) {
      const x0 = (path[2 * k] / 1e6 - lon) * perLon;
      const y0 = (path[2 * k + 1] / 1e6 - lat) * perLat;
      const dx = ((path[2 * k + 2] - path[2 * k]) / 1e6) * perLon;
      const dy = ((path[2 * k + 3] - path[2 * k + 1]) / 1e6) * perLat;
      const square = dx * dx + dy * dy;
      const t = square === 0 ? 0 : Math.min(1, Math.max(0, -(x0 * dx + y0 * dy) / square));
      const away = Math.hypot(x0 + t * dx, y0 + t * dy);
      if (away < best) {
        best = away;
        leg = [x0 + t * dx, y0 + t * dy];
        where = walked + t * Math.sqrt(square);
      }
      walked += Math.sqrt(square);
    }
    let fraction = walked > 0 ? where / walked : 0;
    if (where <= AT_JUNCTION_M) fraction = 0;
    else if (where >= walked - AT_JUNCTION_M) fraction = 1;
    return { edge, distance: best, leg, fraction };
  }

  /**
   * Find the street that a place goes to: the nearest that one can step onto, with a leg that no barrier crosses; one
   * on an island only where there is no other.
   * @param {Object} streets {path, first, world, index}
   * @param {Uint8Array} snappable per street: 0 no, 1 yes, 2 on an island
   * @param {Object} barriers of `listBarriers`
   * @param {number[]} place [lat, lon]
   * @param {{limit_m: number, slack_m?: number}} options longest leg; legs up to `slack_m` cross nothing (how exactly a
   *   hand can point)
   * @returns {{edge, fraction, access_m, why}} `why` is null, "no_street" (none near) or "barrier" (none that can be
   *   reached in a straight line)
   */
  function snap(streets, snappable, barriers, place, options) {
    const [lat, lon] = place;
    const [perLon, perLat] = metresPerDegree(lat);
    const radius = options.limit_m;
    const corners = [
      (lon - radius / perLon) * 1e6, (lat + radius / perLat) * 1e6,
      (lon + radius / perLon) * 1e6, (lat - radius / perLat) * 1e6,
    ];
    const found = [];
    const near = new Set(); // a street may lie in several cells
    eachCell(streets.index, mercator(corners), (begin, end) => {
      for (let k = begin; k < end; k++) if (snappable[streets.index.items[k]]) near.add(streets.index.items[k]);
    });
    for (const edge of near) {
      const at = foot(streets, edge, lon, lat, perLon, perLat);
      if (at.distance <= radius) found.push(at);
    }
    if (!found.length) return { edge: -1, fraction: NaN, access_m: NaN, why: "no_street" };
    found.sort((a, b) => snappable[a.edge] - snappable[b.edge] || a.distance - b.distance || a.edge - b.edge);
    const around = barriersRound(barriers, lon, lat, perLon, perLat, radius);
    const freeLeg = Math.max(FREE_LEG_M, options.slack_m || 0);
    const free = found.filter((at) => !isBarred(around, at.leg[0], at.leg[1], freeLeg));
    if (!free.length) return { edge: -1, fraction: NaN, access_m: NaN, why: "barrier" };
    const equal = free.filter(
      (at) => snappable[at.edge] === snappable[free[0].edge] && at.distance < free[0].distance + EQUAL_M,
    );
    const best = equal.reduce((a, b) => (b.edge < a.edge ? b : a));
    return { edge: best.edge, fraction: best.fraction, access_m: best.distance, why: null };
  }

  /**
   * Cut a stretch out of a street.
   * @returns {number[][]} [lat, lon] from the fraction `from` to the fraction `to`, which may be the smaller one
   */
  function stretch(streets, edge, from, to) {
    const { path, first } = streets;
    const begin = first[edge];
    const n = first[edge + 1] - begin;
    const [perLon, perLat] = metresPerDegree(path[2 * begin + 1] / 1e6);
    const along = new Float64Array(n);
    for (let k = 1; k < n; k++) {
      const i = 2 * (begin + k);
      along[k] = along[k - 1] + Math.hypot((path[i] - path[i - 2]) * perLon, (path[i + 1] - path[i - 1]) * perLat);
    }
    const total = along[n - 1];
    const at = (fraction) => {
      let k = 0;
      while (k + 2 < n && along[k + 1] < fraction * total) k++;
      const step = along[k + 1] - along[k];
      const t = step > 0 ? Math.min(1, (fraction * total - along[k]) / step) : 0;
      const i = 2 * (begin + k);
      return [(path[i + 1] + t * (path[i + 3] - path[i + 1])) / 1e6, (path[i] + t * (path[i + 2] - path[i])) / 1e6];
    };
    const [low, high] = from < to ? [from, to] : [to, from];
    const places = [at(low)];
    for (let k = 0; k < n; k++) {
      if (along[k] > low * total && along[k] < high * total) {
        places.push([path[2 * (begin + k) + 1] / 1e6, path[2 * (begin + k)] / 1e6]);
      }
    }
    places.push(at(high));
    return from < to ? places : places.reverse();
  }

  return { metresPerDegree, straight, mercator, fileStreets, eachCell, boxesOf, listBarriers, snap, stretch };
})();
