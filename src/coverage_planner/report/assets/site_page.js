/* The comparison of candidate sites: a table to sort, and a map that shows whom the chosen site reaches.
   Needs Leaflet and shared.js; asks no network. */
"use strict";
const sitePage = (() => {
  const PANES = { ground: 310, gaps: 350, points: 370 };
  // more stations than this are drawn smaller
  const MANY_STATIONS = 80;
  // the map on paper: A4 lying across, within its margins
  const PRINTED = { width: "1020px", height: "480px" };

  /* Steps between rising numbers -> the numbers. */
  function numbers(steps) {
    let at = 0;
    return steps.map((step) => (at += step));
  }

  function describe(shape, popup) {
    return shape.bindPopup(() => {
      const box = element("div", "popup");
      box.append(element("b", "", popup.title));
      for (const [label, value] of popup.rows) box.append(element("p", "", `${label} ${value}`));
      return box;
    });
  }

  function drawMap(page, choose) {
    const map = L.map("map", { zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 19, scrollWheelZoom: true });
    L.control.zoom({ position: "topright", zoomInTitle: page.words.zoom_in, zoomOutTitle: page.words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 120 }).addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    if (page.attribution) map.attributionControl.addAttribution(page.attribution);
    const renderers = {};
    for (const [name, zIndex] of Object.entries(PANES)) {
      const pane = map.createPane(name);
      pane.style.zIndex = zIndex;
      // one canvas at the bottom and SVG above it: printed canvases hide what lies under them, shown ones its clicks
      if (name !== "gaps") pane.style.pointerEvents = "none";
      renderers[name] = name === "ground" ? L.canvas({ pane: name, padding: 0.3 }) : L.svg({ pane: name, padding: 0.3 });
    }
    const fit = () => map.fitBounds(page.bounds, { animate: false, padding: [8, 8] });
    fit();
    for (const piece of page.pieces) {
      const decode = decoder();
      const renderer = renderers[piece.pane] ?? renderers.ground;
      const style = { ...piece.style, renderer, interactive: Boolean(piece.popup) };
      if (piece.kind === "lines") L.polyline(piece.paths.map(decode), style).addTo(map);
      else {
        const shape = L.polygon(piece.paths.map((rings) => rings.map(decode)), style).addTo(map);
        if (piece.popup) describe(shape, piece.popup);
      }
    }
    map.on("popupopen", (event) => {
      event.popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", page.words.close);
    });
    const side = page.stations.names.length > MANY_STATIONS ? 8 : 13; // pixels
    decoder()(page.stations.path).forEach((place, i) => {
      const icon = L.divIcon({ className: "station", iconSize: [side, side] });
      L.marker(place, { icon, keyboard: false, alt: page.stations.names[i], title: page.stations.names[i] }).addTo(map);
    });
    const places = decoder()(page.sites.path);
    const marks = places.map((place, i) => {
      const icon = L.divIcon({ className: "mark", iconSize: [24, 24], html: element("span", "", String(i + 1)) });
      const title = page.words.sites_no.replace("{no}", i + 1).replace("{name}", () => page.sites.of[i].name);
      const mark = L.marker(place, { icon, title, alt: title, zIndexOffset: 1000 - i, riseOnHover: true }).addTo(map);
      mark.getElement().setAttribute("aria-label", title);
      mark.on("click", () => choose(i, "map"));
      mark.on("keypress", (event) => {
        if (event.originalEvent.key === "Enter" || event.originalEvent.key === " ") choose(i, "map");
      });
      return mark;
    });
    const points = decoder()(page.points.path);
    const reached = L.layerGroup().addTo(map);
    let bounds = L.latLngBounds(page.bounds);
    const near = () => map.fitBounds(bounds, { animate: false, maxZoom: 17, padding: [20, 20] });
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const box = element("div", "whole");
      for (const [text, act] of [[page.words.whole, fit], [page.words.near, near]]) {
        const button = element("button", "", text);
        button.type = "button";
        button.addEventListener("click", act);
        box.append(button);
      }
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);

    function show(i) {
      reached.clearLayers();
      const site = page.sites.of[i];
      bounds = L.latLngBounds([places[i]]);
      const dots = (list, style) => {
        for (const number of numbers(list)) {
          bounds.extend(points[number]);
          reached.addLayer(L.circleMarker(points[number], { ...style, renderer: renderers.points, interactive: false }));
        }
      };
      // what a station covers already is small and hollow, so that both are told apart in grey print
      dots(site.old, { radius: 2.4, color: page.colours.old, weight: 1.2, fill: false });
      dots(site.new, { radius: 3.4, color: "#ffffff", weight: 0.8, fillColor: page.colours.new, fillOpacity: 0.95 });
      marks.forEach((mark, k) => {
        mark.getElement().classList.toggle("on", k === i);
        mark.setZIndexOffset(k === i ? 3000 : 1000 - k);
      });
      if (!map.getBounds().pad(-0.05).contains(places[i])) map.panTo(places[i], { animate: false });
    }
    // a canvas waits for the screen's next frame, which does not come while a page is printed: it is drawn at once
    const redraw = () => renderers.ground._map && renderers.ground._redraw();
    let kept = null;
    window.addEventListener("beforeprint", () => {
      if (!kept) kept = { center: map.getCenter(), zoom: map.getZoom() };
      Object.assign(map.getContainer().style, PRINTED);
      map.invalidateSize({ animate: false, pan: false });
      fit();
      redraw();
    });
    window.addEventListener("afterprint", () => {
      if (!kept) return;
      Object.assign(map.getContainer().style, { width: "", height: "" });
      map.invalidateSize({ animate: false, pan: false });
      map.setView(kept.center, kept.zoom, { animate: false });
      redraw();
      kept = null;
    });
    window.siteMap = map;
    return { show };
  }

  /* What is missing goes last, whichever way is sorted. */
  function compare(one, other, down, asText, language) {
    if (one === "" || other === "") return one === other ? 0 : one === "" ? 1 : -1;
    const order = asText ? one.localeCompare(other, language) : Number(one) - Number(other);
    return down ? -order : order;
  }

  function makeSortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const down = now ? now === "ascending" : button.dataset.first === "down";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const asText = head.classList.contains("text") && column === 1;
        const value = (row) => row.cells[column].dataset.value;
        const rows = [...body.rows].sort(
          (a, b) =>
            compare(value(a), value(b), down, asText, document.documentElement.lang) || a.dataset.site - b.dataset.site,
        );
        body.append(...rows);
      });
    });
  }

  function open(page) {
    const chosen = document.getElementById("chosen");
    const table = document.getElementById("sites");
    makeSortable(table);
    let drawn = null;
    let current = -1;

    function choose(i, from) {
      if (i === current) return;
      current = i;
      for (const part of document.querySelectorAll("[data-site]")) {
        part.classList.toggle("on", Number(part.dataset.site) === i);
      }
      for (const button of table.querySelectorAll("button.site")) {
        button.setAttribute("aria-pressed", String(Number(button.closest("tr").dataset.site) === i));
      }
      const site = page.sites.of[i];
      chosen.textContent = "";
      chosen.append(element("b", "", `${i + 1} ${site.name}`), document.createTextNode(" " + site.text));
      drawn.show(i);
      if (from === "map") table.querySelector(`tr[data-site="${i}"]`).scrollIntoView({ block: "nearest" });
    }

    drawn = drawMap(page, choose);
    for (const row of table.tBodies[0].rows) {
      row.addEventListener("click", () => choose(Number(row.dataset.site), "table"));
      row.addEventListener("focusin", () => choose(Number(row.dataset.site), "table"));
    }
    for (const line of document.querySelectorAll("svg .site")) {
      line.addEventListener("click", () => choose(Number(line.dataset.site), "chart"));
    }
    if (page.sites.of.length) choose(0, "table");
    document.documentElement.dataset.coverage = "ready";
  }

  return { open };
})();
