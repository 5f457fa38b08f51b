/* Arrays of the map page: unpacking what Python packed, grouping, looking up bits, and remembering results. */
"use strict";
const coverageArrays = (() => {
  const TYPES = { i32: Int32Array, u8: Uint8Array, f32: Float32Array, f64: Float64Array };

  function isPacked(value) {
    return typeof value.z === "string" && (value.t === "json" || value.t in TYPES);
  }

  async function inflate(text) {
    const packed = atob(text);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  /**
   * Unpack one array: base64 of deflated little-endian numbers; or of any JSON, where the type says "json".
   * @param {{t: string, n: number, d?: boolean, s?: number, z: string}} packed type, length, whether each value is
   *   stored minus the one `s` places before it
   * @returns {Promise<Int32Array|Uint8Array|Float32Array|Float64Array|*>}
   */
  async function unpack(packed) {
    if (packed.t === "json") return JSON.parse(new TextDecoder().decode(await inflate(packed.z)));
    const values = new TYPES[packed.t](packed.n ? await inflate(packed.z) : 0);
    if (values.length !== packed.n) {
      throw new Error(`a packed array must hold ${packed.n} values, got ${values.length}`);
    }
    if (packed.d) {
      const stride = packed.s || 1;
      for (let i = stride; i < values.length; i++) values[i] += values[i - stride];
    }
    return values;
  }

  /**
   * Unpack every packed array of a tree of plain JSON; what is given stays as it is.
   * @param {*} tree
   * @returns {Promise<*>} the same tree with typed arrays in the place of packed ones; parts without any are not copied
   */
  async function unpackAll(tree) {
    const waiting = [];
    /* A copy of `value` with room for what will be unpacked, or `value` itself where it holds nothing packed. */
    const copy = (value) => {
      if (value === null || typeof value !== "object" || typeof value[0] === "number") return value;
      let copied = value;
      for (const name of Object.keys(value)) {
        const part = value[name];
        if (part === null || typeof part !== "object") continue;
        const packed = isPacked(part);
        const whole = packed ? part : copy(part);
        if (!packed && whole === part) continue;
        if (copied === value) copied = Array.isArray(value) ? [...value] : { ...value };
        const target = copied;
        target[name] = whole;
        if (packed) waiting.push(unpack(part).then((values) => (target[name] = values)));
      }
      return copied;
    };
    const { whole } = copy({ whole: tree });
    await Promise.all(waiting);
    return whole;
  }

  /**
   * Group entry numbers by key; entries of a key rise, negative keys are left out.
   * @param {ArrayLike<number>} keys
   * @param {number} n how many keys there are
   * @returns {{first: Int32Array, items: Int32Array}} entries of key k: items[first[k]] to items[first[k + 1] - 1]
   */
  function groupBy(keys, n) {
    const first = new Int32Array(n + 1);
    for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) first[keys[i] + 1]++;
    for (let k = 0; k < n; k++) first[k + 1] += first[k];
    const items = new Int32Array(first[n]);
    const next = first.slice(0, n);
    for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) items[next[keys[i]]++] = i;
    return { first, items };
  }

  /**
   * Make lists of numbers that grow together, for results whose length is not known before.
   * @param {Object<string, function>} columns name -> constructor of a typed array
   * @returns {{n: number, columns: Object, room: function(): number, cut: function(): Object}} `room()` is the place
   *   of a new row, to be written into `columns`; `cut()` gives the columns at their length
   */
  function table(columns) {
    const names = Object.keys(columns);
    const made = { n: 0, columns: {} };
    for (const name of names) made.columns[name] = new columns[name](1024);
    made.room = () => {
      if (made.n === made.columns[names[0]].length) {
        for (const name of names) {
          const larger = new columns[name](2 * made.n);
          larger.set(made.columns[name]);
          made.columns[name] = larger;
        }
      }
      return made.n++;
    };
    made.cut = () => Object.fromEntries(names.map((name) => [name, made.columns[name].slice(0, made.n)]));
    return made;
  }

  /**
   * Remember the results used last.
   * @param {number} room how many
   * @returns {function(string, function(): *): *} gives the result of a key, made by the function where it is not known
   */
  function memory(room) {
    const kept = new Map();
    return (key, make) => {
      const found = kept.has(key) ? kept.get(key) : make();
      kept.delete(key); // put last: the first of a Map is the one used longest ago
      kept.set(key, found);
      if (kept.size > room) kept.delete(kept.keys().next().value);
      return found;
    };
  }

  /** Whether bit `bit` of row `row` is set, in rows of `width` bytes each; bit k of byte j is number 8 j + k. */
  function bitAt(bytes, width, row, bit) {
    return (bytes[row * width + (bit >> 3)] >> (bit & 7)) & 1;
  }

  /** Round to the nearest whole number, halves to the even one, as numpy.rint does. */
  function rint(value) {
    const below = Math.floor(value);
    const rest = value - below;
    if (rest !== 0.5) return Math.round(value);
    return below % 2 === 0 ? below : below + 1;
  }

  return { unpack, unpackAll, groupBy, table, memory, bitAt, rint };
})();
