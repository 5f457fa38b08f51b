/* Marks, areas and dots on the map, each with its pane, its name for screen readers, and what a click opens. */
"use strict";
const coverageMarks = (() => {
  // Bottom to top. Canvas is fast and lets clicks through; SVG answers to clicks and keys shape by shape.
  const PANES = {
    ground: [310, "canvas"],
    shade: [320, "canvas"],
    communities: [325, "svg"],
    streets: [330, "tiles"],
    reached: [340, "tiles"],
    outline: [350, "canvas"],
    gaps: [360, "svg"],
    links: [365, "canvas"],
    points: [370, "tiles"],
    candidates: [380, "svg"],
    found: [390, "canvas"],
  };
  // Radius of dots by zoom: where a whole city is seen, large ones would hide everything.
  const dotRadius = (zoom) => Math.max(0.8, Math.min(2.5, 2.5 - 0.55 * (14 - zoom)));

  function makePanes(map) {
    const renderers = {};
    for (const [name, [zIndex, kind]] of Object.entries(PANES)) {
      const pane = map.createPane(name);
      pane.style.zIndex = zIndex;
      if (kind !== "svg") pane.style.pointerEvents = "none";
      if (kind === "canvas") renderers[name] = L.canvas({ pane: name, padding: 0.2 });
      if (kind === "svg") renderers[name] = L.svg({ pane: name, padding: 0.2 });
    }
    return renderers;
  }

  /* Give a layer its name and what a click or Enter opens; `tell(latlng)` makes the popup's content. `reachable`: by Tab. */
  function describe(app, layer, title, tell, reachable = true) {
    layer.bindTooltip(() => element("span", "", title()), { direction: "top", sticky: !layer.getLatLng });
    layer.on("popupopen", () => layer.closeTooltip());
    let place = null;
    layer.on("click keypress", (event) => (place = event.latlng || null));
    layer.bindPopup(() => tell(place), app.popupOptions());
    layer.on("add", () => name(layer, title(), reachable));
    return layer;
  }

  /* Say what a mark or an area is to those who cannot see it, and let them reach it. */
  function name(layer, text, reachable) {
    const shape = layer.getElement && layer.getElement();
    if (!shape) return;
    shape.setAttribute("aria-label", text);
    if (shape.getAttribute("role") === "button") return;
    shape.setAttribute("role", reachable ? "button" : "img");
    if (!reachable) return;
    shape.setAttribute("tabindex", "0");
    shape.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      layer.openPopup();
    });
  }

  /**
   * Make a mark that map_app.css styles.
   * @param {number[]} place [lat, lon]
   * @param {{className, size, anchor, text, above}} look
   */
  function pin(app, place, look, title, tell) {
    const icon = L.divIcon({
      className: look.className, html: element("span", "", look.text || ""), iconSize: look.size, iconAnchor: look.anchor,
      tooltipAnchor: [0, -look.anchor[1]], popupAnchor: [0, -look.anchor[1]],
    });
    const answers = Boolean(tell);
    const mark = L.marker(place, { icon, zIndexOffset: look.above || 0, interactive: answers, keyboard: answers });
    return tell ? describe(app, mark, title, tell) : mark;
  }

  function area(app, paths, pane, style, title, tell, reachable) {
    const shape = L.polygon(coverageText.areas(paths), {
      ...style, renderer: app.renderers[pane], interactive: Boolean(tell), bubblingMouseEvents: false,
    });
    return tell ? describe(app, shape, title, tell, reachable) : shape;
  }

  /* A piece of report/drawing.py: areas or lines. */
  function piece(app, drawn, pane, style) {
    const options = { ...style, renderer: app.renderers[pane], interactive: false };
    if (drawn.kind === "areas") return L.polygon(coverageText.areas(drawn.paths), options);
    const decode = decoder();
    return L.polyline(drawn.paths.map(decode), options);
  }

  /* Many small dots, drawn tile by tile: tens of thousands of them must not slow the map down. */
  const Dots = L.GridLayer.extend({
    /* `shown(i)` says whether dot i is drawn. */
    setDots(places, shown) {
      this.world = coverageNearest.mercator(places);
      this.shown = shown;
      return this.redraw();
    },
    createTile(coords) {
      const tile = element("canvas");
      const size = this.getTileSize();
      const ratio = window.devicePixelRatio || 1;
      tile.width = size.x * ratio;
      tile.height = size.y * ratio;
      if (!this.world) return tile;
      const scale = size.x * 2 ** coords.z;
      const radius = dotRadius(coords.z);
      const context = tile.getContext("2d");
      context.scale(ratio, ratio);
      context.fillStyle = this.options.colour;
      context.globalAlpha = radius < 2 ? 0.6 : 0.9;
      for (let i = 0; 2 * i < this.world.length; i++) {
        const x = this.world[2 * i] * scale - coords.x * size.x;
        const y = this.world[2 * i + 1] * scale - coords.y * size.y;
        if (x < -radius || y < -radius || x > size.x + radius || y > size.y + radius || !this.shown(i)) continue;
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        context.fill();
      }
      return tile;
    },
  });

  const dots = (pane, colour) => new Dots({ pane, colour, updateWhenZooming: false, keepBuffer: 1, tileSize: 256 });

  return { makePanes, describe, name, pin, area, piece, dots };
})();
