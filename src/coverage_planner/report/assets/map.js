/* Draws the layers that coverage_planner wrote into this file. Needs Leaflet, asks no network. */
"use strict";
const coveragePlanner = (() => {
  const WIDE_PX = 1000; // from here on the title box and the legend stand beside the map's subject
  const STREET_ZOOM = 14; // line widths are given for this zoom

  // Bottom to top. Canvas is fast and lets clicks through; SVG answers to clicks shape by shape.
  const PANES = {
    ground: [310, "canvas"],
    shade: [320, "canvas"],
    communities: [325, "svg"],
    streets: [330, "canvas"],
    reached: [340, "canvas"],
    outline: [350, "canvas"],
    gaps: [360, "svg"],
    links: [365, "canvas"],
    points: [370, "canvas"],
    candidates: [380, "svg"],
  };
  const renderers = {};
  const growing = [];

  const isWide = () => window.innerWidth >= WIDE_PX;
  L.Control.Layers.mergeOptions({ collapsed: !isWide() });

  function rendererOf(map, pane) {
    if (!(pane in renderers)) {
      const [zIndex, kind] = PANES[pane];
      const element = map.createPane(pane);
      element.style.zIndex = zIndex;
      if (kind === "canvas") element.style.pointerEvents = "none";
      renderers[pane] = kind === "canvas" ? L.canvas({ pane, padding: 0.2 }) : L.svg({ pane, padding: 0.2 });
    }
    return renderers[pane];
  }

  function popupContent(popup) {
    const box = element("div", "cp-popup");
    box.append(element("h2", "", popup.title));
    const table = element("table");
    for (const [label, value] of popup.rows) {
      const row = element("tr");
      row.append(element("th", "", label), element("td", "", value));
      table.append(row);
    }
    box.append(table);
    return box;
  }

  function describe(layer, popup) {
    if (!popup) return layer;
    layer.bindTooltip(() => element("span", "", popup.title), { direction: "top", sticky: !layer.getLatLng });
    layer.on("popupopen", () => layer.closeTooltip());
    return layer.bindPopup(() => popupContent(popup), {
      maxWidth: Math.min(300, window.innerWidth - 60),
      autoPanPaddingTopLeft: isWide() ? [330, 12] : [12, 110],
      autoPanPaddingBottomRight: isWide() ? [290, 30] : [12, 30],
    });
  }

  function streetWidth(map, weight) {
    return weight * Math.min(3, Math.max(0.6, 1.25 ** (map.getZoom() - STREET_ZOOM)));
  }

  const DRAW = {
    lines(map, piece, decode) {
      const weight = piece.grows ? streetWidth(map, piece.style.weight) : piece.style.weight;
      const line = L.polyline(piece.paths.map(decode), {
        ...piece.style, weight, renderer: rendererOf(map, piece.pane), interactive: false,
      });
      if (piece.grows) growing.push([line, piece.style.weight]);
      return [line];
    },
    areas(map, piece, decode) {
      const area = L.polygon(piece.paths.map((rings) => rings.map(decode)), {
        ...piece.style, renderer: rendererOf(map, piece.pane), interactive: Boolean(piece.popup),
      });
      return [describe(area, piece.popup)];
    },
    dots(map, piece, decode) {
      const options = { ...piece.style, renderer: rendererOf(map, piece.pane), interactive: Boolean(piece.popups) };
      return decode(piece.path).map((place, i) => describe(L.circleMarker(place, options), piece.popups?.[i]));
    },
    pins(map, piece, decode) {
      return decode(piece.path).map((place, i) => {
        const popup = piece.popups?.[i];
        const icon = L.divIcon({
          className: piece.className, html: element("span", "", piece.texts?.[i] ?? ""), iconSize: piece.size,
          iconAnchor: piece.anchor, tooltipAnchor: [0, -piece.anchor[1]], popupAnchor: [0, -piece.anchor[1]],
        });
        const options = { icon, interactive: Boolean(popup), keyboard: Boolean(popup), zIndexOffset: piece.above };
        return describe(L.marker(place, { ...options, alt: popup?.title ?? "" }), popup);
      });
    },
    tiles(map, piece) {
      return [L.tileLayer(piece.url, { attribution: piece.attribution, maxZoom: 19 })];
    },
  };

  /* Make a layer; what it holds is drawn when it is first shown, so that hidden layers cost nothing. */
  function draw(map, pieces) {
    const group = L.layerGroup();
    group.once("add", () => {
      for (const piece of pieces) for (const layer of DRAW[piece.kind](map, piece, decoder())) group.addLayer(layer);
    });
    return group;
  }

  function titleBox(html) {
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const box = element("section", "cp-title");
      box.innerHTML = html; // escaped where it was written
      const details = box.querySelector("details");
      if (details) details.open = isWide() && window.innerHeight >= 600;
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    return control;
  }

  /* Set the frame: title box, controls, attribution, and the part of the world shown first. */
  function frame(map, page) {
    document.documentElement.lang = page.lang;
    const title = titleBox(page.title).addTo(map).getContainer();
    L.control.zoom({ position: "bottomright", zoomInTitle: page.zoomIn, zoomOutTitle: page.zoomOut }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    for (const text of page.attributions) map.attributionControl.addAttribution(text);
    const container = map.getContainer();
    container.style.setProperty("--cp-shading", JSON.stringify(page.shading));
    container.style.setProperty("--cp-layers", JSON.stringify(page.layers));
    map.on("zoomend", () => growing.forEach(([line, weight]) => line.setStyle({ weight: streetWidth(map, weight) })));
    map.on("popupopen", (event) => {
      const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      button.setAttribute("aria-label", page.close);
    });
    map.fitBounds(page.bounds, {
      animate: false,
      paddingTopLeft: isWide() ? [320, 14] : [8, title.offsetHeight + 14],
      paddingBottomRight: isWide() ? [280, 20] : [8, 40],
    });
  }

  return { draw, frame };
})();
