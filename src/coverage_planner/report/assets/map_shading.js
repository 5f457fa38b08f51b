/* What colours the ground: one of time bands, streets by time, nearest stations, changes, communities, or nothing. */
"use strict";
const coverageShading = (() => {
  const scenarioOf = (app) => app.data.scenarios[app.state.scenario];

  /* Which shadings there are at all, in the legend's order. */
  function list(app) {
    const { data } = app;
    const some = (test) => data.scenarios.some(({ groups }) => groups.some(test));
    const stays = data.groups.some((group) => group.visit !== "pass");
    const found = [];
    if (app.compare) found.push("change");
    if (some(({ bands }) => bands && bands.length)) found.push("bands");
    if (stays && data.streets.n) found.push("time", "nearest");
    if ((data.communities || []).length) found.push("communities");
    found.push("none");
    return found;
  }

  /**
   * Say which shading is drawn: bands hold for the headline coverage only, groups that pass by have no times to draw,
   * and a change needs two different scenarios.
   */
  function effective(app) {
    const { shading, scenario, group } = app.state;
    const stays = app.data.groups[group].visit !== "pass";
    if (shading === "bands" && stays) {
      const { bands } = scenarioOf(app).groups[group];
      return app.state.what === "" && app.state.slot === null && bands && bands.length ? "bands" : "time";
    }
    if (shading === "change" && (!stays || scenario === app.compare[0])) return stays ? "time" : "none";
    if (["bands", "time", "nearest"].includes(shading) && !stays) return "none";
    return shading;
  }

  // --- keys of the legend ---

  function bandTexts(app, bands) {
    const ends = bands.map((ms) => String(Number((ms / 60000).toFixed(1))));
    return ends.map((end, i) => app.text.say(i ? "band_next" : "band_first", { start: ends[i - 1], end }));
  }

  const bandColours = (app, n) => app.colours.bands[Math.min(n, app.colours.bands.length) - 1];

  function bandKeys(app, sign) {
    const bands = app.view.bands_ms;
    const colours = bandColours(app, bands.length);
    return bandTexts(app, bands).map((text, i) => [sign(colours[Math.min(i, colours.length - 1)]), text]);
  }

  function shareKeys(app) {
    const { shares, shareClasses, shareUnknown, shareOpacity } = app.colours;
    const starts = [0, ...shareClasses];
    const range = (i) => `${Math.round(starts[i] * 100)}–${Math.round(shareClasses[i] * 100)}%`;
    const keys = shares.map((colour, i) => [coverageLegend.swatch(colour, shareOpacity), range(i)]);
    return [...keys, [coverageLegend.swatch(shareUnknown, 1), app.text.say("share_unknown")]];
  }

  /** Signs and meanings of the shading that is drawn. */
  function keys(app) {
    const { swatch, line } = coverageLegend;
    const { colours } = app;
    const { say } = app.text;
    switch (app.view.shading) {
      case "bands":
        return bandKeys(app, (colour) => swatch(colour, colours.bandOpacity));
      case "time":
        return bandKeys(app, (colour) => line(colour, 3.5));
      case "nearest":
        return [[rainbow(colours.nearest.slice(0, 4)), say("nearest_key")]];
      case "change":
        return [
          [line(colours.gained, 4), say("gained")],
          [line(colours.lost, 4, true), say("lost")],
          [line(colours.kept, 2), say("kept")],
        ];
      case "communities":
        return shareKeys(app);
      default:
        return [];
    }
  }

  function rainbow(colours) {
    const sign = element("span", "cp-rainbow");
    for (const colour of colours) sign.append(coverageLegend.line(colour, 3.5));
    return sign;
  }

  // --- drawing ---

  function bands(app) {
    const drawn = [...(app.outcome().bands || [])].sort((a, b) => a.cutoff_ms - b.cutoff_ms);
    const colours = bandColours(app, drawn.length);
    return drawn.map(({ paths }, i) => {
      const fillColor = colours[Math.min(i, colours.length - 1)];
      return coverageMarks.area(app, paths, "shade", { stroke: false, fillColor, fillOpacity: app.colours.bandOpacity });
    });
  }

  function shareOf(app, index) {
    if (app.view.plain) {
      const row = app.outcome().communities[index];
      return row ? row.covered_demand_share : null;
    }
    const { demand, covered } = app.view.shares().byCommunity;
    return demand[index] > 0 ? covered[index] / demand[index] : null;
  }

  function communities(app) {
    const { shares, shareClasses, shareUnknown, shareOpacity } = app.colours;
    app.communityShapes = new Map();
    return app.data.communities.map((record, index) => {
      const share = shareOf(app, index);
      const found = shareClasses.findIndex((top) => share <= top);
      const fillColor = coverageText.known(share) ? shares[found < 0 ? shares.length - 1 : found] : shareUnknown;
      const style = { color: "#ffffff", weight: 1, fillColor, fillOpacity: shareOpacity };
      const title = () => `${app.text.name(record)} · ${app.text.percent(shareOf(app, index))}`;
      const shape = coverageMarks.area(
        app, record.paths, "communities", style, title, (place) => coveragePopups.community(app, index, place),
        index < coverageLayers.REACHABLE,
      );
      app.communityShapes.set(index, shape);
      return shape;
    });
  }

  const COLOURED = ["time", "nearest", "change"];

  /* Streets in grey where that layer is on, and above them those that carry the shading's colours. */
  function showStreets(app) {
    if (!app.data.streets.n) return;
    const { shading, ask } = app.view;
    const { scenario, group, layers } = app.state;
    if (!app.streets) {
      app.streets = coverageStreets.layer(app.model, { colours: app.colours, pane: "streets" }).show({ mode: "plain" });
      app.reached = coverageStreets.layer(app.model, { colours: app.colours, pane: "reached" });
    }
    toggle(app, app.streets, layers.streets);
    // grey streets step back behind those that carry a colour
    app.map.getPane("streets").style.opacity = COLOURED.includes(shading) ? "0.5" : "";
    if (COLOURED.includes(shading)) {
      const shown = { mode: shading, reach: app.model.reach(group, scenario, ask) };
      if (shading === "change") shown.from = app.model.reach(group, app.compare[0], ask);
      app.reached.show(shown);
    }
    toggle(app, app.reached, COLOURED.includes(shading));
  }

  function toggle(app, layer, on) {
    if (on && !app.map.hasLayer(layer)) layer.addTo(app.map);
    else if (!on) layer.remove();
  }

  /**
   * Bring the shading into line with what is looked at.
   * @param {Object} app
   */
  function update(app) {
    const { shading, key } = app.view;
    const stamp = `${shading}|${shading === "bands" || shading === "communities" ? key : ""}`;
    if (app.shadeStamp !== stamp) {
      if (app.shade) app.shade.remove();
      const made = shading === "bands" ? bands(app) : shading === "communities" ? communities(app) : [];
      app.shade = L.layerGroup(made).addTo(app.map);
      app.shadeStamp = stamp;
    }
    showStreets(app);
  }

  return { list, effective, keys, update };
})();
