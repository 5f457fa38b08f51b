/* Searches the streets in the page: the numbers of coverage_planner's own engine, in whole milliseconds. */
"use strict";
const coverageEngine = (() => {
  const NONE = -1; // no time, no station
  // Searches and what was made of them are remembered, fewer where there are many streets; one takes some megabytes.
  const [FEWEST, MOST] = [16, 60];
  const REMEMBERED_STREETS = 6e6;
  const REMEMBERED_SHARES = 1000;

  class Model {
    constructor(data) {
      this.data = data;
      this.groups = data.groups;
      this.reverse = data.direction === "to_facility";
      const { streets } = data;
      this.streets = {
        n: streets.n, nNodes: streets.n_nodes, u: streets.u, v: streets.v, length: streets.length,
        class: streets.class, name: streets.name, names: streets.names, path: streets.path, first: streets.first,
      };
      this.streets.world = coverageNearest.mercator(streets.path);
      this.streets.index = coverageNearest.fileStreets(this.streets.world, streets.first);
      this.streets.boxes = coverageNearest.boxesOf(this.streets.world, streets.first);
      this.barriers = coverageNearest.listBarriers(data.ground);
      this.graphs = data.modes.map(() => null);
      this.nSlots = data.week ? data.week.slots.length : 0;
      this.openBytes = Math.ceil(this.nSlots / 8);
      const room = Math.round(REMEMBERED_STREETS / Math.max(streets.n, 1));
      this.recall = coverageArrays.memory(Math.min(MOST, Math.max(FEWEST, room)));
      this.recallShares = coverageArrays.memory(REMEMBERED_SHARES);
      this.everOpen = data.stations.map((_, station) => this.isOpenEver(station));
    }

    /** A group by its number or name; a group itself is given back. */
    group(key) {
      if (typeof key === "object") return key;
      const all = this.data.groups;
      const found = typeof key === "string" ? all.find((group) => group.name === key) : all[key];
      if (!found) throw new Error(`there must be a group ${JSON.stringify(key)}`);
      return found;
    }

    /** A scenario by its number or name; a scenario itself is given back. */
    scenario(key) {
      if (typeof key === "object") return key;
      const all = this.data.scenarios;
      const found = typeof key === "string" ? all.find((scenario) => scenario.name === key) : all[key];
      if (!found) throw new Error(`there must be a scenario ${JSON.stringify(key)}`);
      return found;
    }

    /** What the data say of a group in a scenario: its entry of scenario.groups. */
    figures(group, scenario) {
      return this.scenario(scenario).groups[this.data.groups.indexOf(this.group(group))];
    }

    /* The streets as a group's mode travels them, in the direction of search. */
    graph({ mode }) {
      const { graphs, streets, data, reverse } = this;
      if (!graphs[mode]) graphs[mode] = coverageSweep.layOut(streets, data.modes[mode], reverse);
      return graphs[mode];
    }

    /* CSR of the streets at each node: a number below n is the street of that number, which begins there; one from n on
       is the street of that number less n, which ends there. */
    get near() {
      if (!this.nearStreets) {
        const { u, v, n, nNodes } = this.streets;
        const ends = new Int32Array(2 * n);
        ends.set(u);
        ends.set(v, n);
        this.nearStreets = coverageArrays.groupBy(ends, nNodes);
      }
      return this.nearStreets;
    }

    // --- which stations ---

    /** Whether a station is open during the whole of a slot; without opening hours in the data every one always is. */
    isOpen(station, slot) {
      return !this.data.open || coverageArrays.bitAt(this.data.open, this.openBytes, station, slot) === 1;
    }

    isOpenEver(station) {
      if (!this.data.open) return true;
      for (let slot = 0; slot < this.data.week.n_ordinary; slot++) if (this.isOpen(station, slot)) return true;
      return false;
    }

    /**
     * Stations to choose from for what and when.
     * @param {number|string} scenario number or name
     * @param {{what?: string, slot?: number|null}} ask `what`: "" (with no slot: the stations as the headline coverage
     *   has them), "any" (whatever it offers), "full" (any of the services that `group` requires) or the id of a
     *   service; `slot`: number in the week, null for some slot of the ordinary week
     * @param {number|string} [group] needed for "full" only
     * @returns {number[]} rows of data.stations in the order of the scenario, mobile stops last; of equally near
     *   stations the one that stands first counts
     */
    chosen(scenario, { what = "", slot = null } = {}, group) {
      const { stations, mobile, counts } = this.scenario(scenario);
      if (what === "" && slot === null) return [...stations];
      const counting = counts ? new Set(counts) : null; // without levels every station counts
      const required = what === "full" ? this.group(group).required : [];
      const offered = (station) => {
        const { services } = this.data.stations[station];
        if (what === "" || what === "any" || (what === "full" && !required.length)) return true;
        return what === "full" ? required.some((service) => services.includes(service)) : services.includes(what);
      };
      return [...stations, ...(mobile || [])].filter(
        (station) =>
          (!counting || counting.has(station)) && offered(station) &&
          (slot === null ? this.everOpen[station] : this.isOpen(station, slot)),
      );
    }

    /** The longest acceptable time for what: a service's own, else the group's; for "full" the longest required. */
    cutoff(group, what = "") {
      const { cutoff_ms: own, cutoffs_ms: of, required } = this.group(group);
      if (what === "full" && required.length) return Math.max(...required.map((service) => of?.[service] ?? own));
      return of?.[what] ?? own;
    }

    /** Upper ends of the time bands for what, rising, the last being the cutoff. */
    bands(group, what = "") {
      const cutoff = this.cutoff(group, what);
      return [...this.group(group).bands_ms.filter((band) => band < cutoff), cutoff];
    }

    // --- searching ---

    /**
     * Search from all stations at once, as far as the group's largest cutoff.
     * @param {number|string} group
     * @param {number[]} stations rows of data.stations, as of `chosen`
     * @param {number} [limit] how far instead, milliseconds
     * @returns {Object} `dist` (per node: milliseconds until it has been passed, FAR where not reached), `label` (per
     *   node: the station's rank in `stations`, -1 none), `stations`, `seeds` (edge -> the stations on it), `limit`,
     *   `key`. Of a group that passes by: no `dist`.
     */
    search(group, stations, limit) {
      const asked = this.group(group);
      const far = limit ?? Math.max(asked.cutoff_ms, ...asked.bands_ms, ...Object.values(asked.cutoffs_ms || {}));
      const key = `${this.data.groups.indexOf(asked)}|${far}|${stations.join()}`;
      return this.recall("search|" + key, () => {
        const found = { key, group: asked, stations, limit: far, seeds: new Map(), doors: [] };
        if (asked.pairs) return found;
        const { edge, seed, fraction, access, along } = asked.stations;
        const graph = this.graph(asked);
        const starts = [];
        stations.forEach((station, rank) => {
          const on = edge[station];
          if (on < 0) return;
          if (seed[2 * station] >= 0) starts.push([graph.u[on], seed[2 * station], rank]);
          if (seed[2 * station + 1] >= 0) starts.push([graph.v[on], seed[2 * station + 1], rank]);
          const entry = {
            rank, station, edge: on, fraction: fraction[station], access: access[station],
            along: [along[2 * station], along[2 * station + 1]], seed: [seed[2 * station], seed[2 * station + 1]],
          };
          found.doors[rank] = entry;
          found.seeds.set(on, [...(found.seeds.get(on) || []), entry]);
        });
        return Object.assign(found, coverageSweep.sweep(graph.arcs, graph.nNodes, starts, far));
      });
    }

    /* Time and station of each point of a group. */
    pointNearest(group, search) {
      return this.recall("points|" + search.key, () => {
        const asked = this.group(group);
        const n = asked.points.n;
        const ms = new Int32Array(n).fill(NONE);
        const station = new Int32Array(n).fill(NONE);
        if (asked.pairs) {
          const { first, point, ms: detour } = asked.pairs;
          for (const from of search.stations) {
            for (let k = first[from]; k < first[from + 1]; k++) {
              const to = point[k];
              if (detour[k] > search.limit || (ms[to] !== NONE && ms[to] <= detour[k])) continue;
              ms[to] = detour[k];
              station[to] = from;
            }
          }
          return { ms, station };
        }
        const graph = this.graph(asked);
        const { edge, offset, along, access } = asked.points;
        for (let p = 0; p < n; p++) {
          if (edge[p] < 0) continue;
          const at = coverageSweep.join(
            search, graph, edge[p], offset[2 * p], offset[2 * p + 1], along[2 * p], along[2 * p + 1], access[p],
          );
          if (at.rank === NONE) continue;
          ms[p] = at.ms;
          station[p] = search.stations[at.rank];
        }
        return { ms, station };
      });
    }

    /** Milliseconds from each point of a group to the nearest station searched, door to door; -1 beyond the limit. */
    pointTimes(group, search) {
      return this.pointNearest(group, search).ms;
    }

    /* What has to be near for what: one need per service that is asked for, with its cutoff and stations. */
    needs(group, scenario, { what = "", slot = null } = {}) {
      const { required } = this.group(group);
      const asked = what === "full" && required.length ? required : [what === "full" ? "any" : what];
      return asked.map((service) => ({
        service,
        cutoff: this.cutoff(group, service),
        stations: this.chosen(scenario, { what: service, slot }, group),
      }));
    }

    /* The needs with their searches. */
    parts(group, scenario, ask, limit) {
      return this.needs(group, scenario, ask).map((need) => ({
        ...need, search: this.search(group, need.stations, limit),
      }));
    }

    /* Remember what is made of a question; hours at which the same stations are open share one answer. */
    remember(kind, group, scenario, ask, make) {
      const needs = this.needs(group, scenario, ask).map(({ cutoff, stations }) => `${cutoff}@${stations.join()}`);
      const { what = "", slot = null } = ask;
      // who is fully served at some hour depends on all hours
      const ever = what === "full" && slot === null ? this.data.scenarios.indexOf(this.scenario(scenario)) : "";
      return this.recall([kind, this.data.groups.indexOf(this.group(group)), ever, ...needs].join("|"), make);
    }

    // --- answers ---

    /**
     * Who of a group is served.
     * @param {number|string} group
     * @param {number|string} scenario
     * @param {{what?: string, slot?: number|null}} ask as for `chosen`
     * @returns {{ms: Int32Array, covered: Uint8Array, station: Int32Array}} per point: milliseconds to the nearest
     *   station chosen (for "full" to the farthest of the required services), -1 beyond the search; 1 where served
     *   within the cutoff; row of the station, -1 none
     */
    served(group, scenario, ask = {}) {
      return this.remember("served", group, scenario, ask, () => coverageAnswers.served(this, group, scenario, ask));
    }

    /**
     * How much demand there is and how much of it is served; at a slot what falls into it, so that a day adds up.
     * @returns {{demand: number, covered: number, byCommunity: {demand: Float64Array, covered: Float64Array}}}
     */
    shares(group, scenario, ask = {}) {
      const { groups, scenarios } = this.data;
      const key = JSON.stringify([groups.indexOf(this.group(group)), scenarios.indexOf(this.scenario(scenario)), ask]);
      return this.recallShares(key, () => coverageAnswers.shares(this, group, scenario, ask));
    }

    /**
     * Cut the streets of a search where the time passes a band or the nearest station changes.
     * @param {number|string} group
     * @param {Object} search of `search`
     * @param {number[]} bands rising, milliseconds
     * @returns {Object} see coveragePieces.cut
     */
    pieces(group, search, bands) {
      return coveragePieces.cut(this.graph(this.group(group)), search, bands);
    }

    /**
     * Which streets are within reach of what and when.
     * @returns {{group, bands_ms: number[], cutoff_ms: number, pieces: Object|null}} pieces {n, edge, start, stop
     *   (fractions), ms (latest), band, station (row), first (where those of each street begin), metres (per band)};
     *   null for groups that pass by
     */
    reach(group, scenario, ask = {}) {
      return this.remember("reach", group, scenario, ask, () => coverageAnswers.reach(this, group, scenario, ask));
    }

    /**
     * Which streets come and go between two states.
     * @param {Object} from of `reach`
     * @param {Object} to of `reach`, of the same group
     * @returns {Object|null} pieces as of `reach`, whose band is coveragePieces.KEPT, LOST or GAINED
     */
    change(from, to) {
      return from.pieces && to.pieces ? coveragePieces.change(this.graph(from.group), from.pieces, to.pieces) : null;
    }

    /**
     * Find the nearest station from anywhere.
     * @param {number|string} group
     * @param {number|string} scenario
     * @param {{what?: string, slot?: number|null}} ask
     * @param {{lat: number, lng: number}|number[]} latlng
     * @param {{slack_m?: number}} [options] how exactly a hand can point: access legs this short cross nothing
     * @returns {Object} `why`: null, or why there is none: "no_street" (within the snap limit), "barrier" (the street
     *   near lies behind water, a railway or a wall), "none_open" (no station gives that then), "no_way" (none within
     *   two hours); `station` (row), `ms` (door to door), `parts` ({access_ms, street_ms, door_ms}: add up to it),
     *   `within` (the cutoff), `straight_m`, `access_m` (leg to the street), `street` ([lat, lon] of the place on it),
     *   `way` ([[lat, lon], …] to the station), `services` (for "full" one such answer for each required service,
     *   with `service` and `cutoff_ms`). Of groups that pass by no way and no parts but the `point`: the stretch of road.
     */
    nearest(group, scenario, ask, latlng, options) {
      return coverageAnswers.nearest(this, group, scenario, ask || {}, latlng, options);
    }
  }

  /**
   * Make the model that answers all questions of the map.
   * @param {Object} data MapData, format 1, with packed arrays
   * @returns {Promise<Model>}
   */
  return { load: async (data) => new Model(await coverageArrays.unpackAll(data)) };
})();
