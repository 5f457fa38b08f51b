/* Paper: title, map, legend, scale, sources and approval number on one A4 page, landscape or portrait. */
"use strict";
const coveragePrint = (() => {
  const MM = 96 / 25.4; // CSS pixels
  const MARGIN_MM = 10;
  const A4_MM = [297, 210];
  const SIDE_MM = 66; // column beside the map, landscape
  const HEAD_MM = 37; // above the map, portrait
  const FOOT_MM = 46; // legend below the map, portrait
  const [LEGEND_PX, LEAST_LEGEND_PX] = [11, 6];
  const SHARPNESS = 2; // dots of paper for a pixel of the screen, both ways

  /* Size of the map on paper, in CSS pixels. */
  function mapSize(landscape) {
    const [long, short] = A4_MM.map((side) => side - 2 * MARGIN_MM);
    const millimetres = landscape ? [long - SIDE_MM - 4, short - 1] : [short, long - HEAD_MM - FOOT_MM - 3];
    return millimetres.map((side) => Math.floor(side * MM));
  }

  function line(label, text, blank) {
    const made = element("p", "cp-sheet-line");
    made.append(element("span", "", label), text ? element("b", "", text) : element("i", blank));
    return made;
  }

  /* What stands beside the map. */
  function sheet(app) {
    const { say, number, percent } = app.text;
    const { data, state } = app;
    const box = element("section", "cp-sheet");
    const head = element("div", "cp-sheet-head");
    const names = coverageTitle.names(app);
    head.append(element("h1", "", data.title || names));
    if (data.title && data.title !== names) head.append(element("p", "", names));
    head.append(element("p", "cp-who", coverageTitle.who(app, state.group)));
    const shares = coverageTitle.shown(app).map((at) => coverageTitle.figures(app, at, state.group).covered_demand_share);
    head.append(coverageTitle.shareLine(app, shares, "cp-headline"));
    const now = coverageTitle.figures(app, state.scenario, state.group);
    const of = say("covered_of_all", { covered: number(now.covered_demand), all: number(now.demand) });
    head.append(element("p", "cp-caption", `${say("covered_demand_share")} · ${of}`));
    if (!app.view.plain) {
      const figure = coverageControls.figureOf(app, state.scenario);
      const said = figure ? ` · ${percent(figure.share)}` : "";
      head.append(element("p", "cp-sheet-then", `${app.viewText()}${said}`));
    }
    if (data.synthetic) head.append(element("p", "cp-synthetic", say("synthetic")));
    const legend = coverageLegend.plain(app);
    legend.classList.add("cp-sheet-legend");
    const foot = element("div", "cp-sheet-foot");
    const sources = [...data.attributions, ...app.credits];
    if (sources.length) foot.append(line(say("sources"), sources.join(" · ")));
    if (data.boundary_source) foot.append(line(say("boundary_source"), data.boundary_source));
    foot.append(line(say("approval"), data.approval, "cp-blank"));
    foot.append(line(say("date"), "", "cp-blank"));
    box.append(head, legend, foot);
    return box;
  }

  /* Nothing is cut off: where there is much to explain, it is written smaller. */
  function shrink(box) {
    for (let size = LEGEND_PX; size >= LEAST_LEGEND_PX && box.scrollHeight > box.clientHeight + 1; size -= 0.5) {
      box.style.fontSize = `${size}px`;
    }
  }

  /* Canvases wait for the screen's next frame, which does not come while a page is printed: draw now. */
  function drawNow(app) {
    for (const renderer of Object.values(app.renderers)) if (renderer._redraw && renderer._map) renderer._redraw();
  }

  const { retina } = L.Browser;

  /* Let everything that is drawn from now on be drawn for paper, or for the screen again. */
  function sharpen(on) {
    L.Browser.retina = on || retina;
    if (on) Object.defineProperty(window, "devicePixelRatio", { value: SHARPNESS, configurable: true });
    else delete window.devicePixelRatio;
  }

  /* Paint the areas of an SVG pane. */
  function paintShapes(context, pane, offset) {
    for (const shape of pane.querySelectorAll("path")) {
      const look = getComputedStyle(shape);
      const path = new Path2D(shape.getAttribute("d"));
      context.save();
      context.translate(offset.x, offset.y);
      context.globalAlpha = Number(look.fillOpacity);
      context.fillStyle = look.fill;
      context.fill(path, "evenodd");
      context.globalAlpha = Number(look.strokeOpacity);
      context.strokeStyle = look.stroke;
      context.lineWidth = parseFloat(look.strokeWidth);
      context.stroke(path);
      context.restore();
    }
  }

  /**
   * Paint all canvases of the map, bottom to top, into one picture at the bottom: browsers print canvases without their
   * transparency, so that only the topmost would show. What answers to clicks stays above it as it is.
   */
  function flatten(app) {
    const { map } = app;
    const { x, y } = map.getSize();
    const picture = element("canvas", "cp-picture");
    picture.width = x * SHARPNESS;
    picture.height = y * SHARPNESS;
    Object.assign(picture.style, { width: `${x}px`, height: `${y}px` });
    const context = picture.getContext("2d");
    context.scale(SHARPNESS, SHARPNESS);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, x, y);
    const corner = map.getContainer().getBoundingClientRect();
    const panes = [...map.getPane("mapPane").children].sort(
      (a, b) => Number(getComputedStyle(a).zIndex) - Number(getComputedStyle(b).zIndex),
    );
    for (const pane of panes) {
      if (pane === map.getPane("communities")) paintShapes(context, pane, map._getMapPanePos());
      context.globalAlpha = Number(getComputedStyle(pane).opacity);
      for (const drawn of pane.querySelectorAll("canvas, img.leaflet-tile")) {
        const { left, top, width, height } = drawn.getBoundingClientRect();
        if (width && height) context.drawImage(drawn, left - corner.left - 1, top - corner.top - 1, width, height);
      }
    }
    context.globalAlpha = 1;
    map.getContainer().prepend(picture);
    return picture;
  }

  /**
   * Make a page that prints its map.
   * @param {Object} app
   * @returns {{print: function(boolean), prepare: function, restore: function}}
   */
  function make(app) {
    const container = app.map.getContainer();
    const rules = element("style");
    document.head.append(rules);
    let landscape = true;
    let kept = null;
    const setPage = (wide) => {
      landscape = wide;
      rules.textContent = `@page { size: A4 ${wide ? "landscape" : "portrait"}; margin: ${MARGIN_MM}mm; }`;
    };
    setPage(true);

    function prepare() {
      if (kept) return;
      const { map } = app;
      const style = container.getAttribute("style");
      kept = { center: map.getCenter(), zoom: map.getZoom(), bounds: app.visibleBounds(), style };
      map.closePopup();
      const [width, height] = mapSize(landscape);
      document.documentElement.classList.add("cp-printing", landscape ? "cp-landscape" : "cp-portrait");
      Object.assign(container.style, { width: `${width}px`, height: `${height}px` });
      kept.sheet = sheet(app);
      document.body.append(kept.sheet);
      for (const part of ["head", "legend", "foot"]) shrink(kept.sheet.querySelector(`.cp-sheet-${part}`));
      sharpen(true);
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(kept.bounds, { animate: false, padding: [6, 6] });
      drawNow(app);
      sharpen(false);
      kept.picture = flatten(app);
      document.documentElement.classList.add("cp-flat");
    }

    function restore() {
      if (!kept) return;
      const { map } = app;
      kept.sheet.remove();
      kept.picture.remove();
      document.documentElement.classList.remove("cp-printing", "cp-landscape", "cp-portrait", "cp-flat");
      if (kept.style === null) container.removeAttribute("style");
      else container.setAttribute("style", kept.style);
      map.invalidateSize({ animate: false, pan: false });
      map.setView(kept.center, kept.zoom, { animate: false });
      kept = null;
    }

    window.addEventListener("beforeprint", prepare);
    window.addEventListener("afterprint", restore);
    const print = (wide) => {
      setPage(wide);
      prepare();
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          window.print();
          // where a page may not print, nothing says that printing is over
          for (const sign of ["pointerdown", "keydown"]) window.addEventListener(sign, restore, { once: true });
        }),
      );
    };
    return { print, prepare, restore, setPage };
  }

  return { make, mapSize, drawNow, sharpen, flatten };
})();
