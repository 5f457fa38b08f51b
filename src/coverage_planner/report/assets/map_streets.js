/* Draws streets on canvas tiles: plain by class, by time, by nearest station, and what changes between two states. */
"use strict";
const coverageStreets = (() => {
  const TILE_PX = 512;
  const SHARPEST = 2; // dots for a pixel both ways; more takes much memory and shows little
  const WIDTH_ZOOM = 14; // line widths are given for this zoom
  const LEAST_ZOOM = [0, 9, 10.5, 12, 13.25]; // from where on plain streets of each class are drawn
  const NARROWEST_PX = 1.1; // of streets that carry a colour
  const STROKE_AT_ONCE = 600; // so many pieces make one path: drawing much longer ones takes more than its share
  const ROUND_FROM_PX = 2.4; // wider lines get round ends, so that they join at corners
  const DASH = [2.2, 1.6]; // times the width of the line
  const WIDER = { kept: 0.75, lost: 1.15, gained: 1.15 };

  /* Widths grow with the zoom. */
  function growth(zoom) {
    return Math.min(3, Math.max(0.6, 1.25 ** (zoom - WIDTH_ZOOM)));
  }

  /* A colour of some opacity, as it is on white: drawn so, lines that cross do not show their crossing. */
  function onWhite(colour, opacity) {
    const channels = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    return `rgb(${channels.map((value) => Math.round(255 + (value - 255) * opacity)).join()})`;
  }

  /* What is drawn: pieces by edge (null: whole streets) and the style of each. Styles are drawn in their order. */
  const VIEWS = {
    plain(model, colours) {
      const { streetClasses: classes, street } = colours;
      // wide streets last, above the narrow ones
      const styles = classes
        .map((kind, number) => ({
          colour: onWhite(street, kind.opacity), weight: kind.weight, fromZoom: LEAST_ZOOM[number] ?? LEAST_ZOOM[4],
        }))
        .reverse();
      return { pieces: null, styles, styleOf: (edge) => classes.length - 1 - model.streets.class[edge] };
    },
    time(model, colours, { reach }) {
      const n = reach.bands_ms.length;
      const ramp = colours.bands[Math.min(n, colours.bands.length) - 1];
      const styles = reach.bands_ms.map((_, band) => ({ colour: ramp[Math.min(n - 1 - band, ramp.length - 1)] }));
      const { band } = reach.pieces;
      // near streets last, above far ones
      return { pieces: reach.pieces, styles, styleOf: (edge, i) => n - 1 - band[i] };
    },
    nearest(model, colours, { reach }) {
      const colourOf = coverageColours.colourStations(model, reach.pieces, colours.nearest.length);
      const styles = colours.nearest.map((colour) => ({ colour }));
      const { station } = reach.pieces;
      return { pieces: reach.pieces, styles, styleOf: (edge, i) => colourOf.get(station[i]), colourOf };
    },
    change(model, colours, { reach, from }) {
      const pieces = model.change(from, reach);
      const styles = ["kept", "lost", "gained"].map((name) => ({
        colour: colours[name], wider: WIDER[name], dash: name === "lost" ? DASH : null,
      }));
      const { band } = pieces; // numbered as coveragePieces.KEPT, LOST, GAINED
      return { pieces, styles, styleOf: (edge, i) => band[i] };
    },
  };

  const NOTHING = { pieces: null, styles: [], styleOf: () => -1 };

  const StreetLayer = L.GridLayer.extend({
    options: { tileSize: TILE_PX, updateWhenZooming: false, keepBuffer: 1, noWrap: true },

    initialize(model, { colours, ...options }) {
      L.setOptions(this, options);
      this._model = model;
      this._colours = colours;
      this._view = NOTHING;
      this._seen = new Int32Array(model.streets.n); // the last tile that each street was listed for
      this._turn = 0;
    },

    show(what) {
      const { mode, reach, from } = what;
      const shown = this._shown;
      if (shown && shown.mode === mode && shown.reach === reach && shown.from === from) return this;
      this._shown = what;
      const hasStreets = mode === "plain" || (reach && reach.pieces);
      this._view = hasStreets ? VIEWS[mode](this._model, this._colours, what) : NOTHING;
      this._redrawTiles();
      return this;
    },

    colourOf(station) {
      const { colourOf } = this._view;
      return colourOf && colourOf.has(station) ? this._colours.nearest[colourOf.get(station)] : null;
    },

    createTile(coords, _done) {
      const tile = L.DomUtil.create("canvas", "cp-streets");
      const ratio = Math.min(SHARPEST, window.devicePixelRatio || 1);
      tile.width = tile.height = TILE_PX * ratio;
      this._draw(tile, coords);
      return tile;
    },

    /* A tile is drawn when it is made, so it need not be faded in. */
    _addTile(coords, container) {
      L.GridLayer.prototype._addTile.call(this, coords, container);
      const map = this._map;
      const fades = map._fadeAnimated;
      map._fadeAnimated = false;
      this._tileReady(coords, null, this._tiles[this._tileCoordsToKey(coords)].el);
      map._fadeAnimated = fades;
    },

    /* As Leaflet's, but for the zoom not being rounded to a whole one: our tiles can be of any zoom, and stay sharp. */
    _setView(center, zoom, noPrune, noUpdate) {
      if (!noUpdate || (this.options.updateWhenZooming && zoom !== this._tileZoom)) {
        this._tileZoom = zoom;
        this._updateLevels();
        this._resetGrid();
        this._update(center);
        if (!noPrune) this._pruneTiles();
        this._noPrune = Boolean(noPrune);
      }
      this._setZoomTransforms(center, zoom);
    },

    /* Draw anew in place, so that nothing flickers: what is in sight at once, the rest when there is time. */
    _redrawTiles() {
      if (!this._map) return;
      cancelAnimationFrame(this._later);
      const sight = this._map.getPixelBounds();
      const waiting = [];
      for (const { el, coords, current } of Object.values(this._tiles)) {
        const corner = L.point(coords.x, coords.y).multiplyBy(TILE_PX);
        const inSight = current && sight.overlaps(L.bounds(corner, corner.add([TILE_PX, TILE_PX])));
        if (inSight) this._draw(el, coords);
        else waiting.push([el, coords]);
      }
      const next = () => {
        if (!waiting.length || !this._map) return;
        this._draw(...waiting.pop());
        this._later = requestAnimationFrame(next);
      };
      this._later = requestAnimationFrame(next);
    },

    // --- one tile ---

    _draw(tile, coords) {
      const context = tile.getContext("2d");
      const ratio = tile.width / TILE_PX;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, TILE_PX, TILE_PX);
      const frame = { scale: 256 * 2 ** coords.z, x: coords.x * TILE_PX, y: coords.y * TILE_PX };
      const { styles } = this._view;
      const lists = this._list(frame, coords.z);
      context.lineJoin = "round";
      styles.forEach((style, number) => {
        if (!lists[number].length) return;
        const weight = style.weight || this._colours.reachedWeight * (style.wider || 1);
        const width = weight * growth(coords.z);
        context.strokeStyle = style.colour;
        context.lineWidth = style.weight ? width : Math.max(NARROWEST_PX, width);
        context.setLineDash(style.dash ? style.dash.map((part) => part * context.lineWidth) : []);
        context.lineCap = style.dash || context.lineWidth < ROUND_FROM_PX ? "butt" : "round";
        this._stroke(context, frame, lists[number]);
      });
    },

    /* Pieces, or whole streets, that may touch a tile, by style. */
    _list(frame, zoom) {
      const { pieces, styles, styleOf } = this._view;
      const { index, boxes } = this._model.streets;
      const lists = styles.map(() => []);
      const margin = 8; // more than half the widest line
      const left = (frame.x - margin) / frame.scale;
      const top = (frame.y - margin) / frame.scale;
      const right = (frame.x + TILE_PX + margin) / frame.scale;
      const bottom = (frame.y + TILE_PX + margin) / frame.scale;
      const drawn = styles.map((style) => !(zoom < style.fromZoom));
      this._turn++;
      coverageNearest.eachCell(index, [left, top, right, bottom], (begin, end) => {
        for (let k = begin; k < end; k++) {
          const edge = index.items[k];
          if (this._seen[edge] === this._turn) continue;
          this._seen[edge] = this._turn;
          const box = 4 * edge;
          if (boxes[box] > right || boxes[box + 1] > bottom || boxes[box + 2] < left || boxes[box + 3] < top) continue;
          if (!pieces) {
            const style = styleOf(edge);
            if (drawn[style]) lists[style].push(edge);
            continue;
          }
          for (let i = pieces.first[edge]; i < pieces.first[edge + 1]; i++) lists[styleOf(edge, i)].push(i);
        }
      });
      return lists;
    },

    _stroke(context, frame, list) {
      const { pieces } = this._view;
      const dots = new Uint8Array(TILE_PX * TILE_PX); // pixels that hold a street shorter than a pixel
      for (let begin = 0; begin < list.length; begin += STROKE_AT_ONCE) {
        const end = Math.min(list.length, begin + STROKE_AT_ONCE);
        context.beginPath();
        for (let k = begin; k < end; k++) {
          const i = list[k];
          if (!pieces) this._trace(context, frame, dots, i, 0, 1);
          else this._trace(context, frame, dots, pieces.edge[i], pieces.start[i], pieces.stop[i]);
        }
        context.stroke();
      }
    },

    /* Put a piece of a street into the path, without vertices less than a pixel apart. */
    _trace(context, frame, dots, edge, start, stop) {
      const { world, first, boxes } = this._model.streets;
      const { scale, x, y } = frame;
      const begin = first[edge];
      const last = first[edge + 1] - 1;
      const box = 4 * edge;
      if ((boxes[box + 2] - boxes[box]) * scale < 1 && (boxes[box + 3] - boxes[box + 1]) * scale < 1) {
        const column = Math.floor(world[2 * begin] * scale - x);
        const row = Math.floor(world[2 * begin + 1] * scale - y);
        if (column >= 0 && row >= 0 && column < TILE_PX && row < TILE_PX) {
          if (dots[row * TILE_PX + column]) return;
          dots[row * TILE_PX + column] = 1;
        }
      }
      if (start > 0 || stop < 1) {
        this._tracePart(context, frame, begin, last, start, stop);
        return;
      }
      let px = world[2 * begin] * scale - x;
      let py = world[2 * begin + 1] * scale - y;
      context.moveTo(px, py);
      for (let k = begin + 1; k <= last; k++) {
        const nx = world[2 * k] * scale - x;
        const ny = world[2 * k + 1] * scale - y;
        if (k < last && Math.abs(nx - px) + Math.abs(ny - py) < 1) continue;
        context.lineTo(nx, ny);
        px = nx;
        py = ny;
      }
    },

    _tracePart(context, { scale, x, y }, begin, last, start, stop) {
      const { world } = this._model.streets;
      const length = (k) => Math.hypot(world[2 * k + 2] - world[2 * k], world[2 * k + 3] - world[2 * k + 1]);
      let total = 0;
      for (let k = begin; k < last; k++) total += length(k);
      let walked = 0;
      let under = false;
      const put = (k, part) => {
        const px = (world[2 * k] + part * (world[2 * k + 2] - world[2 * k])) * scale - x;
        const py = (world[2 * k + 1] + part * (world[2 * k + 3] - world[2 * k + 1])) * scale - y;
        if (under) context.lineTo(px, py);
        else context.moveTo(px, py);
        under = true;
      };
      for (let k = begin; k < last; k++) {
        const step = length(k);
        const from = total > 0 ? walked / total : 0;
        const to = k + 1 === last ? 1 : total > 0 ? (walked + step) / total : 1;
        walked += step;
        if (to < start || from > stop) continue;
        const share = (place) => (to > from ? Math.min(1, Math.max(0, (place - from) / (to - from))) : 0);
        if (!under) put(k, share(start));
        put(k, share(stop));
        if (to >= stop) return;
      }
    },
  });

  /**
   * Make a layer of streets.
   * @param {Object} model of coverageEngine
   * @param {{colours: Object, pane?: string}} options colours and widths as report/styles.py has them: `bands` (ramps
   *   of 1, 2, … colours from near to far), `nearest`, `kept`, `lost`, `gained`, `street`, `streetClasses` [{weight,
   *   opacity}], `reachedWeight`; and options of L.GridLayer
   * @returns {L.GridLayer} with `.show({mode, reach, from})`: mode "plain" (by class), "time" (bands of `reach`),
   *   "nearest" (by station) or "change" (from the reach `from` to the reach `reach`); and `.colourOf(station)`: its
   *   colour in mode "nearest", null where none of its streets is shown
   */
  return { layer: (model, options) => new StreetLayer(model, options) };
})();
