"use strict";

// The page that compares plans: one choice of pair, group, service and hour drives three maps and all tables.
const coveragePlans = (() => {
  const { element } = coveragePlanTables;

  function fill(select, texts) {
    select.replaceChildren(
      ...texts.map((text, place) => {
        const option = element("option", "", text);
        option.value = String(place);
        return option;
      }),
    );
  }

  function leafletMap(id, data) {
    const map = L.map(id, { preferCanvas: true, zoomControl: false, attributionControl: true, zoomSnap: 0.5 });
    map.fitBounds(data.bounds);
    return map;
  }

  // All maps always show the same place; whichever is moved leads. Whoever moves them one by one lets them loose.
  function synchronise(maps) {
    let leading = false;
    for (const map of maps) {
      map.on("move", () => {
        if (leading) return;
        leading = true;
        for (const other of maps) {
          if (other !== map) other.setView(map.getCenter(), map.getZoom(), { animate: false });
        }
        leading = false;
      });
    }
    return { loose: (on) => (leading = on) };
  }

  /* Demand points that gain or lose their cover, each in its place; those that keep it are left to the streets. */
  function showPoints(app, pair) {
    if (app.changedPoints) app.changedPoints.remove();
    const { group, what, slot } = app.state;
    const covered = pair.map((scenario) => app.model.served(group, scenario, { what, slot }).covered);
    const { place } = app.model.groups[group].points;
    const { gained, lost } = app.colours;
    const signs = {
      gained: { radius: 3.5, weight: 1, color: "#ffffff", fillColor: gained, fillOpacity: 1 },
      lost: { radius: 3.5, weight: 2, color: lost, fillColor: "#ffffff", fillOpacity: 1 },
    };
    const marks = [];
    for (let i = 0; i < covered[0].length; i++) {
      if (covered[0][i] === covered[1][i]) continue;
      const latlng = [place[2 * i + 1] / 1e6, place[2 * i] / 1e6];
      marks.push(L.circleMarker(latlng, { ...signs[covered[1][i] ? "gained" : "lost"], interactive: false }));
    }
    app.changedPoints = L.layerGroup(marks).addTo(app.map);
  }

  /* On paper each map is one picture as wide as the sheet; afterwards everything is as it was. */
  function makePrintable(apps, together) {
    const root = document.documentElement;
    const AT_ONCE = { animate: false, reset: true }; // placed anew: sizes have changed, there is nothing to pan from
    let kept = null;

    function prepare() {
      if (kept) return;
      together.loose(true);
      root.classList.add("plans-printing");
      kept = apps.map((app) => {
        const { map } = app;
        const place = { bounds: map.getBounds(), center: map.getCenter(), zoom: map.getZoom() };
        map.closePopup();
        coveragePrint.sharpen(true);
        map.invalidateSize({ animate: false, pan: false });
        return place;
      });
      apps[0].map.fitBounds(kept[0].bounds, AT_ONCE);
      const [center, zoom] = [apps[0].map.getCenter(), apps[0].map.getZoom()];
      apps.forEach((app, i) => {
        if (i) app.map.setView(center, zoom, AT_ONCE);
        coveragePrint.drawNow(app);
        kept[i].picture = coveragePrint.flatten(app);
      });
      coveragePrint.sharpen(false);
      root.classList.add("cp-flat");
    }

    function restore() {
      if (!kept) return;
      root.classList.remove("plans-printing", "cp-flat");
      apps.forEach(({ map }, i) => {
        kept[i].picture.remove();
        map.invalidateSize({ animate: false, pan: false });
        map.setView(kept[i].center, kept[i].zoom, AT_ONCE);
      });
      together.loose(false);
      kept = null;
    }

    window.addEventListener("beforeprint", prepare);
    window.addEventListener("afterprint", restore);
  }

  function momentTexts(week, words) {
    const day = (slot) => words[`day_${slot.day}`] || slot.day;
    const clock = (hour) => `${Math.floor(hour)}:${String(Math.round((hour % 1) * 60)).padStart(2, "0")}`;
    return week.slots.map((slot) => `${day(slot)} ${clock(slot.hour)}`);
  }

  function open(told, data) {
    const { page, words, options } = told;
    const { said } = page;
    const get = (id) => document.getElementById(id);
    coveragePlanTables.nameCells(document, said);
    const tables = Object.entries(page.tables).map(([name, table]) => {
      const section = get(`table-${name}`);
      const drawn = coveragePlanTables.open(name, table, section.querySelector(".scroll"), said);
      return { ...drawn, which: section.querySelector(".which") };
    });

    const arrow = (pair) => `${page.names[pair[0]]} \u2192 ${page.names[pair[1]]}`;
    fill(get("plan-pair"), page.pairs.map(arrow));
    fill(get("plan-group"), page.groups);
    const services = data.week && data.groups.length ? data.groups[0].services : [];
    const whats = ["", ...(data.week ? ["any", "full"] : []), ...services];
    const slots = data.week ? momentTexts(data.week, words) : [];
    if (get("plan-what")) {
      const serviceText = (id) => (data.services[id] ? data.services[id][options.language] : id);
      fill(get("plan-what"), [said.plain, said.any, said.full, ...services.map(serviceText)]);
      fill(get("plan-slot"), [said.any_hour, ...slots]);
    }
    let apps = null;

    function chosen() {
      const slot = get("plan-slot") ? Number(get("plan-slot").value) - 1 : -1;
      return {
        pair: page.pairs[Number(get("plan-pair").value)],
        group: Number(get("plan-group").value),
        what: get("plan-what") ? whats[Number(get("plan-what").value)] : "",
        slot: slot < 0 ? null : slot,
      };
    }

    function showTables() {
      const { pair, group } = chosen();
      const names = [page.names[pair[0]], page.names[pair[1]]];
      get("caption-before").textContent = names[0];
      get("caption-after").textContent = names[1];
      for (const table of tables) {
        table.which.textContent = table.hasGroups ? `${arrow(pair)} \u00b7 ${page.groups[group]}` : arrow(pair);
        table.show(names, page.groups[group]);
      }
    }

    // the places of two plans among the scenarios of the map
    const drawn = (pair) => pair.map((place) => page.scenarios[place]);

    function showMaps() {
      if (!apps) return;
      const { group, what, slot, ...choice } = chosen();
      const pair = drawn(choice.pair);
      const [change, before, after] = apps;
      change.compare = pair;
      change.set({ group, what, slot, scenario: pair[1] });
      showPoints(change, pair);
      before.set({ group, what, slot, scenario: pair[0] });
      after.set({ group, what, slot, scenario: pair[1] });
    }

    for (const select of document.querySelectorAll(".controls select")) {
      select.addEventListener("change", () => {
        // an hour asks who is open then, whatever it offers
        const what = get("plan-what");
        if (select.id === "plan-slot" && what.value === "0" && select.value !== "0") what.value = "1";
        showTables();
        showMaps();
      });
    }
    showTables();
    return openMaps();

    async function openMaps() {
      const wait = get("maps-wait");
      const root = document.documentElement;
      try {
        const maps = ["map-change", "map-before", "map-after"].map((id) => leafletMap(id, data));
        const { group, ...choice } = chosen();
        const pair = drawn(choice.pair);
        const of = (more) => ({ ...options, group, ...more });
        const opening = [
          coveragePlanner.open(maps[0], data, words, of({ compare: pair, shading: "change", layers: { gaps: false } })),
          coveragePlanner.open(maps[1], data, words, of({ scenario: pair[0], shading: "time" })),
          coveragePlanner.open(maps[2], data, words, of({ scenario: pair[1], shading: "time" })),
        ];
        window.coverageApps = opening;
        apps = await Promise.all(opening);
        makePrintable(apps, synchronise(maps));
        showMaps();
        wait.remove();
        root.dataset.coverage = "ready";
      } catch (error) {
        wait.textContent = String(error && error.message ? error.message : error);
        root.dataset.coverage = "failed";
      }
    }
  }

  return { open };
})();
