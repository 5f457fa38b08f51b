/* The layers that are switched on and off: what each is called, how the legend shows it, and what it draws. */
"use strict";
const coverageLayers = (() => {
  const NAMED_GAPS = 12; // so many gaps carry their name on the map; all carry it in their popup
  const REACHABLE = 40; // so many shapes of a kind are reached by Tab; the rest by search and pointer
  const LABEL_ZOOM = 12.5; // names of gaps stand closer together than they are wide on smaller maps

  const scenarioOf = (app) => app.data.scenarios[app.state.scenario];
  const perScenario = (app) => `${app.state.scenario}`;
  const perGroup = (app) => `${app.state.scenario}|${app.state.group}`;
  const always = () => "";

  // --- stations ---

  const placeOf = (record) => [record.lat, record.lon];

  /* How the mark of a station looks: hubs larger, proposed sites numbered, mobile stops square. */
  function lookOf(app, index) {
    const record = app.data.stations[index];
    if (record.proposed) {
      const site = app.siteOf(index);
      const text = site ? String(site.number) : "";
      return { className: "cp-site", size: [28, 34], anchor: [14, 34], text, above: 1000 };
    }
    if (record.mobile) return { className: "cp-stop", size: [14, 14], anchor: [7, 7], above: 150 };
    const hub = record.level === "hub";
    const size = hub ? 20 : 13;
    return {
      className: hub ? "cp-station cp-hub" : "cp-station", size: [size, size], anchor: [size / 2, size / 2],
      above: hub ? 100 : 0,
    };
  }

  function stationMarks(app, keep) {
    const { stations, mobile } = scenarioOf(app);
    const rows = [...new Set([...stations, ...(mobile || [])])].filter((index) => keep(app.data.stations[index]));
    return rows.map((index) => {
      const mark = coverageMarks.pin(
        app, placeOf(app.data.stations[index]), lookOf(app, index), () => app.markName(index),
        () => coveragePopups.station(app, index),
      );
      app.marks.set(index, mark);
      mark.on("add", () => restyle(app, index));
      return mark;
    });
  }

  /* Stations that are closed at the hour looked at, or lack the service, are hollow and grey. */
  function restyle(app, index) {
    const shape = app.marks.get(index).getElement();
    if (!shape) return;
    const off = app.isOff(index);
    shape.classList.toggle("cp-off", off);
    const label = app.markName(index);
    shape.setAttribute("aria-label", off ? app.text.say("mark_off", { name: label }) : label);
  }

  const has = (keep) => (app) =>
    app.data.stations.some((record, index) => keep(record) && app.isShownSomewhere(index));
  const isPlain = (record) => !record.proposed && !record.mobile;
  const isMobile = (record) => record.mobile && !record.proposed;

  const hasHubs = (app) => app.data.stations.some((record) => isPlain(record) && record.level === "hub");

  // --- gaps ---

  function gapStyle(colour, more = {}) {
    return { color: colour, weight: 1.5, fillColor: colour, fillOpacity: 0.25, ...more };
  }

  function gapShapes(app, gaps, style, moment) {
    const { say } = app.text;
    return gaps.map((record, row) =>
      coverageMarks.area(
        app, record.paths, "gaps", style, () => say("gap", { id: record.id }),
        (place) => coveragePopups.gap(app, record, moment, place), row < REACHABLE,
      ),
    );
  }

  function gapNames(app, gaps) {
    const look = { className: "cp-gap-label", size: [0, 0], anchor: [0, 0] };
    return gaps.slice(0, NAMED_GAPS).map((record) => {
      const [lon, lat] = record.label;
      return coverageMarks.pin(app, [lat, lon], { ...look, text: record.id });
    });
  }

  function gapsAt(app) {
    const moments = app.data.week ? app.data.week.moments : [];
    return moments.map((moment, place) => ({
      key: `gaps-at-${place}`, moment,
      text: () => app.text.say("gaps_at_moment", { moment: app.text.moment(moment) }),
      sign: () => coverageLegend.swatch(app.colours.gapAt, 0.28, `1.5px dotted ${app.colours.gapAt}`),
      depends: perGroup,
      build: () => {
        const style = gapStyle(app.colours.gapAt, { dashArray: "2 4", fillOpacity: 0.28 });
        return gapShapes(app, app.outcome().gaps_at.filter((record) => record.moment === moment), style, moment);
      },
      available: () => app.data.scenarios.some(({ groups }) => groups.some(({ gaps_at: gaps }) => gaps && gaps.length)),
    }));
  }

  // --- hubs ---

  function hubMarks(app) {
    const { hub_links: links, hubs } = scenarioOf(app);
    const { stations } = app.data;
    const linked = links.filter((row) => row.hub !== null);
    const look = { color: app.colours.hubLink, weight: 1.8, opacity: 0.9 };
    const line = { ...look, interactive: false, renderer: app.renderers.links };
    const made = linked.map((row) => L.polyline([placeOf(stations[row.hub]), placeOf(stations[row.satellite])], line));
    const mark = (index, className, size, text) =>
      made.push(
        coverageMarks.pin(
          app, placeOf(stations[index]), { className, size: [size, size], anchor: [size / 2, size / 2], text, above: 200 },
          () => [app.markName(index), text].filter(Boolean).join(" · "), () => coveragePopups.station(app, index),
        ),
      );
    for (const row of hubs || []) mark(row.station, "cp-linked-hub", 24, String(row.n_satellites));
    for (const row of links) {
      if (row.hub === null) mark(row.satellite, "cp-lonely-satellite", 16, "");
      else mark(row.satellite, "cp-linked-satellite", 12, "");
    }
    return made;
  }

  // --- points, areas, ground ---

  function uncovered(app) {
    const { points } = app.data.groups[app.state.group];
    const layer = coverageMarks.dots("points", app.colours.gap);
    const { covered } = app.view.served();
    layer.setDots(points.place, (i) => points.weight[i] > 0 && !covered[i]);
    return [layer];
  }

  function candidates(app) {
    const style = {
      color: "#ffffff", weight: 1, fillColor: app.colours.candidate, fillOpacity: 0.95, radius: 4.5,
      renderer: app.renderers.candidates, bubblingMouseEvents: false,
    };
    return app.data.candidates.map((record, index) => {
      const dot = L.circleMarker(placeOf(record), style);
      app.candidateMarks.set(index, dot);
      const tell = () => coveragePopups.candidate(app, index);
      return coverageMarks.describe(app, dot, () => app.text.name(record), tell, index < REACHABLE);
    });
  }

  function studyArea(app) {
    const style = { color: app.colours.studyArea, weight: 1.5, dashArray: "7 5", fill: false, opacity: 0.9 };
    return [coverageMarks.area(app, app.data.study_area, "outline", style)];
  }

  function ground(app) {
    const { water, railway, wall } = app.colours;
    const styles = {
      water: { stroke: false, fillColor: water, fillOpacity: 1, color: water, weight: 2, opacity: 1 },
      railway: { color: railway, weight: 1.6, dashArray: "6 3", opacity: 1, fill: false },
      wall: { color: wall, weight: 0.8, opacity: 1, fill: false },
    };
    const made = [];
    for (const [kind, style] of Object.entries(styles)) {
      for (const drawn of app.data.ground[kind] || []) {
        const line = drawn.kind === "lines";
        made.push(coverageMarks.piece(app, drawn, "ground", line ? { ...style, stroke: true, fill: false } : style));
      }
    }
    return made;
  }

  /**
   * List the layers of a page, in the legend's order.
   * @returns {Array} {key, text(), sign(), keys(), depends(app), build(app), available(app), shown}
   */
  function list(app) {
    const { say } = app.text;
    const { swatch, line, dot, mark } = coverageLegend;
    const { colours, data } = app;
    const stationKeys = () => {
      const keys = hasHubs(app)
        ? [[mark("cp-station cp-hub", 18), say("level_hub")], [mark("cp-station", 11), say("level_satellite")]]
        : [];
      if (!app.view.plain) keys.push([mark("cp-station cp-off", 11), say("off_key")]);
      return keys;
    };
    const hubKeys = () => [
      [line(colours.hubLink, 2.5), say("hub_link")],
      [mark("cp-linked-hub", 16), say("hub_with_count")],
      [mark("cp-linked-satellite", 12), say("level_satellite")],
      [mark("cp-lonely-satellite", 16), say("satellite_of_none")],
    ];
    const grounds = { water: swatch(colours.water), railway: line(colours.railway, 2, true), wall: line(colours.wall, 1) };
    const groundKeys = () =>
      Object.entries(grounds).filter(([kind]) => (data.ground[kind] || []).length).map(([kind, sign]) => [sign, say(kind)]);
    const remaining = () => (app.hasToday() && app.state.scenario > 0 ? say("remaining_gaps") : say("gaps"));
    const some = (test) => data.scenarios.some(({ groups }) => groups.some(test));
    const layers = [
      {
        key: "sites", text: () => say("sites"), sign: () => element("i", "cp-key-site"), depends: perScenario, shown: true,
        build: () => stationMarks(app, (record) => record.proposed), available: has((record) => record.proposed),
      },
      {
        key: "stations", text: () => say("stations"), sign: () => (hasHubs(app) ? null : mark("cp-station", 13)),
        keys: stationKeys, depends: perScenario, build: () => stationMarks(app, isPlain), available: has(isPlain),
        shown: true,
      },
      {
        key: "mobile-stops", text: () => say("mobile_stops"), sign: () => mark("cp-stop", 12), depends: perScenario,
        build: () => stationMarks(app, isMobile), available: has(isMobile), shown: true,
      },
      {
        key: "gaps", text: () => (app.view.plain ? remaining() : say("uncovered_then")), depends: perGroup,
        sign: () => (app.view.plain ? swatch(colours.gap, 0.25, `1.5px solid ${colours.gap}`) : dot(colours.gap)),
        shown: true, available: () => some(({ gaps }) => gaps && gaps.length),
        build: () => {
          const gaps = app.outcome().gaps || [];
          return [...gapShapes(app, gaps, gapStyle(colours.gap)), ...gapNames(app, gaps)];
        },
      },
      {
        key: "gaps-today", text: () => say("gaps_today"), depends: perGroup,
        sign: () => swatch(colours.gapToday, 0, `1.5px dashed ${colours.gapToday}`),
        available: () => app.hasToday() && data.scenarios.length > 1,
        build: () => {
          const style = gapStyle(colours.gapToday, { dashArray: "4 4", fillOpacity: 0.04 });
          return gapShapes(app, app.todayOutcome().gaps || [], style);
        },
      },
      ...gapsAt(app),
      {
        key: "hub-links", text: () => say("hub_links"), keys: hubKeys, depends: perScenario, build: () => hubMarks(app),
        available: () => data.scenarios.some(({ hub_links: links }) => links && links.length),
      },
      {
        key: "uncovered", text: () => say("uncovered_points"), sign: () => dot(colours.gap), build: () => uncovered(app),
        depends: (given) => given.view.key, available: () => true,
      },
      {
        key: "candidates", text: () => say("candidates"), sign: () => dot(colours.candidate), depends: always,
        build: () => candidates(app), available: () => (data.candidates || []).length > 0,
      },
      {
        key: "study-area", text: () => say("study_area"), sign: () => line(colours.studyArea, 2, true), depends: always,
        build: () => studyArea(app), available: () => Boolean(data.study_area && data.study_area.length), shown: true,
      },
      {
        key: "streets", text: () => say("streets"), sign: () => line(colours.street, 1.5), keys: groundKeys, depends: always,
        shown: true, build: () => ground(app), available: () => data.streets.n > 0,
      },
    ];
    return layers.filter((layer) => layer.available(app));
  }

  /**
   * Say whether a layer is drawn. Gaps are those of the headline coverage: where a service or an hour is looked at, the
   * demand that it leaves uncovered stands in their place, and the gaps of that very moment where there are some.
   */
  function isShown(app, { key, moment }) {
    const { layers, slot, what } = app.state;
    const { plain } = app.view;
    const on = Boolean(layers[key]);
    if (key === "gaps" || key === "gaps-today") return on && plain;
    if (plain || !layers.gaps) return on;
    if (key === "uncovered") return true;
    return on || (Boolean(moment) && slot !== null && (what === "" || what === "any") && app.momentOf(slot) === moment);
  }

  /**
   * Bring what is on the map into line with what is switched on and looked at.
   * @param {Object} app
   */
  function update(app) {
    for (const layer of app.layers) {
      const wanted = isShown(app, layer);
      const stamp = wanted ? layer.depends(app) : null;
      if (layer.group && layer.stamp !== stamp) {
        layer.group.remove();
        layer.group = null;
      }
      if (wanted && !layer.group) {
        layer.stamp = stamp;
        layer.group = L.layerGroup(layer.build(app)).addTo(app.map);
      }
    }
    for (const index of app.marks.keys()) restyle(app, index);
  }

  /* Names of gaps are left out where the map is too small for them. */
  function thin(app) {
    app.map.getContainer().classList.toggle("cp-far", app.map.getZoom() < LABEL_ZOOM);
  }

  return { list, update, isShown, thin, placeOf, REACHABLE };
})();
