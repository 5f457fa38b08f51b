/* The map: what is looked at (scenario, group, service, hour, shading, layers), and everything that follows from it. */
"use strict";
const coveragePlanner = (() => {
  const FLY_ZOOM = 16;
  const LEAST_PX = 60; // a map that is smaller than this shows nothing
  let apps = 0;
  let opening = 0;

  /* What is looked at, worked out once per change. */
  function makeView(app) {
    const { scenario, group, what, slot } = app.state;
    const ask = { what, slot };
    const plain = what === "" && slot === null;
    const chosen = new Set(plain ? [] : app.model.chosen(scenario, ask, group));
    return {
      ask, plain, chosen, key: [scenario, group, what, slot].join("|"), shading: coverageShading.effective(app),
      bands_ms: app.model.bands(group, what),
      served: () => app.model.served(group, scenario, ask),
      shares: () => app.model.shares(group, scenario, ask),
    };
  }

  function firstState(data, options) {
    const place = (list, given, other) => {
      const found = typeof given === "string" ? list.findIndex(({ name }) => name === given) : given;
      return Number.isInteger(found) && found >= 0 && found < list.length ? found : other;
    };
    const asked = options.compare ? options.compare[1] : options.scenario;
    const scenario = place(data.scenarios, asked, data.scenarios.length - 1);
    const group = place(data.groups, options.group, 0);
    const stays = data.groups[group].visit !== "pass";
    const shading = options.shading || (options.compare ? "change" : stays ? "bands" : "none");
    return { scenario, group, what: "", slot: null, shading, layers: {} };
  }

  /* The questions that boxes, layers and popups ask about what is shown. */
  function answers(app) {
    const { data, state } = app;
    const groupOf = (scenario) => data.scenarios[scenario].groups[state.group];
    return {
      outcome: () => groupOf(state.scenario),
      hasToday: () => Boolean(app.compare),
      todayOutcome: () => (app.compare ? groupOf(app.compare[0]) : null),
      siteOf(index) {
        const { name } = data.scenarios[state.scenario];
        const isHere = (site) => site.station === index && (!site.scenario || site.scenario === name);
        return (data.sites || []).find(isHere) || null;
      },
      markName(index) {
        const site = app.siteOf(index);
        const name = app.text.name(data.stations[index]);
        return site ? app.text.say("site", { number: site.number, name }) : name;
      },
      /* A slot as tables name their moments, such as 'We 23:00'. */
      momentOf(slot) {
        const { day, hour } = data.week.slots[slot];
        return `${day} ${coverageText.clock(hour)}`;
      },
      isOff: (index) => !app.view.plain && !app.view.chosen.has(index),
      isShownSomewhere: (index) =>
        data.scenarios.some(({ stations, mobile }) => stations.includes(index) || (mobile || []).includes(index)),
      viewText() {
        const asked = state.what || (state.slot === null ? "" : "any");
        const parts = [...(state.slot === null ? [] : [app.text.slot(state.slot)]), app.text.what(asked)];
        return parts.join(" · ");
      },
    };
  }

  /* Moving about, and opening what is known of a thing. */
  function movements(app) {
    const { map, data } = app;
    const padded = () => {
      const [left, top, right, bottom] = app.padding();
      const { x, y } = map.getSize();
      if (x - left - right < LEAST_PX || y - top - bottom < LEAST_PX) return {}; // no room beside the boxes
      return { paddingTopLeft: [left, top], paddingBottomRight: [right, bottom] };
    };
    const flyTo = (bounds, maxZoom = FLY_ZOOM) => map.fitBounds(bounds, { ...padded(), maxZoom, animate: false });
    const flyToPlace = (place) => flyTo(L.latLngBounds([place, place]), Math.max(FLY_ZOOM, map.getZoom()));
    const show = (layer, patch = {}) => app.set({ ...patch, layers: { [layer]: true } }, true);
    return {
      flyTo,
      /* Show the whole, as soon as there is room for it: pages are opened in folded parts of notebooks too. */
      showAll() {
        const { x, y } = map.getSize();
        app.isFitted = x > LEAST_PX && y > LEAST_PX;
        if (app.isFitted) map.fitBounds(data.bounds, { ...padded(), animate: false });
      },
      popupOptions() {
        const [left, top, right, bottom] = app.padding();
        return {
          maxWidth: Math.min(340, map.getSize().x - 50), minWidth: Math.min(280, map.getSize().x - 60),
          autoPanPaddingTopLeft: [left, top + 4], autoPanPaddingBottomRight: [right, bottom + 4],
        };
      },
      openStation(index) {
        const record = data.stations[index];
        const inside = ({ stations, mobile }) => stations.includes(index) || (mobile || []).includes(index);
        const now = data.scenarios[app.state.scenario];
        const scenario = inside(now) ? app.state.scenario : data.scenarios.findIndex(inside);
        show(record.proposed ? "sites" : record.mobile ? "mobile-stops" : "stations", { scenario });
        flyToPlace(coverageLayers.placeOf(record));
        app.marks.get(index).openPopup();
      },
      openCandidate(index) {
        show("candidates");
        flyToPlace(coverageLayers.placeOf(data.candidates[index]));
        app.candidateMarks.get(index).openPopup();
      },
      openCommunity(index) {
        app.set({ shading: "communities" }, true);
        const shape = app.communityShapes.get(index);
        flyTo(shape.getBounds());
        shape.openPopup(shape.getCenter());
      },
      clearFound: () => app.found.clearLayers(),
      /* The middle of the part of the map that no box covers. */
      middle() {
        const [left, top, right, bottom] = app.padding();
        const size = map.getSize();
        return map.containerPointToLatLng([(left + size.x - right) / 2, (top + size.y - bottom) / 2]);
      },
      visibleBounds() {
        const [left, top, right, bottom] = app.padding();
        const size = map.getSize();
        const corner = (x, y) => map.containerPointToLatLng([x, y]);
        return L.latLngBounds(corner(left, size.y - bottom), corner(size.x - right, top));
      },
    };
  }

  // --- controls of the map itself ---

  const escaped = (text) => element("span", "", text).innerHTML;

  /* The way back to the whole map, below the zoom. */
  function homeButton(app) {
    const button = element("a", "cp-home");
    button.href = "#";
    button.title = app.text.say("show_all");
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", button.title);
    button.append(element("i"));
    L.DomEvent.on(button, "click", (event) => {
      L.DomEvent.stop(event);
      app.showAll();
    });
    return button;
  }

  function frame(app) {
    const { map, text, data } = app;
    const { say } = text;
    const container = map.getContainer();
    container.classList.add("cp-map");
    container.setAttribute("aria-label", data.title || say("map"));
    container.setAttribute("role", "region");
    if (app.options.lang && !app.options.compact) document.documentElement.lang = app.options.lang;
    const zoom = L.control.zoom({ position: "bottomright", zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") });
    zoom.addTo(map).getContainer().append(homeButton(app));
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 120 }).addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    const named = [
      ...data.attributions,
      data.synthetic && say("synthetic"),
      data.boundary_source && `${say("boundary_source")} ${data.boundary_source}`,
      data.approval && `${say("approval")} ${data.approval}`,
    ];
    for (const text_ of named) if (text_) map.attributionControl.addAttribution(escaped(text_));
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      map._zoomAnimated = false;
      map._fadeAnimated = false;
      map.options.inertia = false;
    }
    app.live = element("p", "cp-hidden");
    app.live.setAttribute("role", "status");
    container.append(app.live);
    map.on("zoomend", () => coverageLayers.thin(app));
    map.on("popupopen", ({ popup }) => opened(app, popup));
    map.on("popupclose", ({ popup }) => closed(app, popup));
    let dismissed = false;
    map.on("preclick", () => (dismissed = Boolean(map._popup && map._popup.isOpen() && !map._popup.again)));
    map.on("click", ({ latlng }) => !dismissed && app.click.at(latlng));
    map.on("dblclick", () => map.closePopup());
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (app.stopPlaying) app.stopPlaying();
      if (map._popup && map._popup.isOpen()) map.closePopup();
      else app.closeSheet();
    });
    const credits = map.attributionControl.getContainer();
    // on phones the scale stands above the sources, however many lines these take
    new ResizeObserver(() => container.style.setProperty("--cp-credits", `${credits.offsetHeight + 2}px`)).observe(credits);
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false, pan: false });
      if (app.panel) app.panel.arrange();
      if (!app.isFitted) app.showAll();
    }).observe(container);
  }

  /* A popup takes the focus, so that keys and screen readers go on in it, and gives it back. */
  function opened(app, popup) {
    const box = popup.getElement();
    const button = box.querySelector(".leaflet-popup-close-button");
    button.setAttribute("aria-label", app.text.say("close"));
    const content = box.querySelector(".leaflet-popup-content");
    content.tabIndex = -1;
    content.setAttribute("role", "dialog");
    content.setAttribute("aria-label", (content.querySelector("h2") || content).textContent);
    app.focusBefore = document.activeElement;
    content.focus({ preventScroll: true });
  }

  function closed(app, popup) {
    const inside = popup.getElement() && popup.getElement().contains(document.activeElement);
    if (inside && app.focusBefore && app.focusBefore.isConnected) app.focusBefore.focus({ preventScroll: true });
  }

  // --- changing ---

  function render(app) {
    app.view = makeView(app);
    coverageShading.update(app);
    coverageLayers.update(app);
    if (app.panel) app.panel.update();
    if (app.mini) coverageText.fill(app.mini, ...coverageLegend.plain(app).childNodes);
    const popup = app.map._popup;
    if (popup && popup.isOpen()) {
      popup.update();
      if (popup.again) popup.again();
    }
    for (const act of app.listeners) act(app.state);
  }

  /* Take over what changes, and draw once however often somebody asks before the next frame. */
  function setter(app) {
    let waiting = null;
    const draw = () => {
      cancelAnimationFrame(waiting);
      waiting = null;
      render(app);
    };
    return (patch, now = false) => {
      const { layers, ...rest } = patch;
      Object.assign(app.state, rest);
      Object.assign(app.state.layers, layers || {});
      if (now) draw();
      else if (waiting === null) waiting = requestAnimationFrame(draw);
      return app;
    };
  }

  async function start(map, data, words, options) {
    const model = await coverageEngine.load(data);
    const app = {
      number: ++apps, map, model, data: model.data, words, options, colours: options.colours, marks: new Map(),
      candidateMarks: new Map(), communityShapes: new Map(), listeners: [], dialogs: {}, credits: [], detailsOpen: false,
      renderers: coverageMarks.makePanes(map), text: coverageText.teller(words, options.language, data),
      state: firstState(data, options), closeSheet: () => app.panel && app.panel.openSheet(""),
      padding: () => (app.panel ? app.panel.padding() : [10, 10, 10, 24]),
      on: (name, act) => (name === "change" && app.listeners.push(act), app),
      tell: (text) => (app.live.textContent = text),
      click: { at: (latlng) => coverageClick.at(app, latlng) },
    };
    const roleOf = ({ role }) => role;
    app.compare = options.compare || (data.scenarios.length > 1 && roleOf(data.scenarios[0]) === "today" ? [0] : null);
    Object.assign(app, answers(app), movements(app));
    app.credit = (text, shown) => {
      app.credits = app.credits.filter((known) => known !== text);
      if (shown) app.credits.push(text);
      map.attributionControl[shown ? "addAttribution" : "removeAttribution"](escaped(text));
    };
    app.shadings = coverageShading.list(app);
    if (!app.shadings.includes(app.state.shading)) app.state.shading = app.shadings.includes("time") ? "time" : "none";
    app.set = setter(app);
    map.setView(L.latLngBounds(data.bounds).getCenter(), 12, { animate: false });
    app.view = makeView(app);
    app.layers = coverageLayers.list(app);
    for (const layer of app.layers) app.state.layers[layer.key] = Boolean((options.layers || {})[layer.key] ?? layer.shown);
    app.found = L.layerGroup().addTo(map);
    frame(app);
    if (options.compact) addMini(app);
    else {
      app.panel = coveragePanel.make(app);
      app.printer = coveragePrint.make(app);
      render(app);
    }
    app.showAll();
    render(app);
    coverageLayers.thin(app);
    return app;
  }

  /* The legend of a small map. */
  function addMini(app) {
    app.map.getContainer().classList.add("cp-compact");
    const control = L.control({ position: "topright" });
    control.onAdd = () => {
      const box = element("details", "cp-mini");
      app.mini = element("div");
      box.append(element("summary", "", app.text.say("legend")), app.mini);
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    control.addTo(app.map);
  }

  /* Two frames later everything stands on the screen. */
  function drawn() {
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }

  /**
   * Open a map.
   * @param {L.Map} map
   * @param {Object} data MapData, format 1 (docs/map-data.md)
   * @param {Object<string, string>} words of report/map_words.py
   * @param {Object} options of report/map_assets.py, and: `group`, `scenario` (number or name), `shading`, `layers`,
   *   `compact` (no boxes: for small maps), `compare` ([from, to]: numbers of scenarios)
   * @returns {Promise<Object>} the app: `state`, `set(patch)`, `on("change", act)`, `map`, `model`
   */
  async function open(map, data, words, options) {
    const { dataset } = document.documentElement;
    opening++;
    try {
      const app = await start(map, data, words, options);
      await drawn();
      opening--;
      if (!opening && dataset.coverage !== "failed") dataset.coverage = "ready";
      return app;
    } catch (error) {
      dataset.coverage = "failed";
      const key = typeof DecompressionStream === "undefined" ? "browser_too_old" : "not_opened";
      const message = `${words[key] || key}${key === "not_opened" ? ` ${error.message}` : ""}`;
      map.getContainer().append(element("p", "cp-failed", message));
      throw error;
    }
  }

  return { open };
})();
