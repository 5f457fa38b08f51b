/* The map of a check page: layers, legend, and from a finding to its place. Needs Leaflet, asks no network. */
"use strict";
function checkPage(page) {
  const PANES = { ground: 310, streets: 330, areas: 340, islands: 350, points: 370, marks: 380 };
  const map = L.map("map", { zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, maxZoom: 20, preferCanvas: true });
  L.control.zoom({ position: "bottomright", zoomInTitle: page.zoomIn, zoomOutTitle: page.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
  map.attributionControl.setPrefix("Leaflet");
  if (page.attribution) map.attributionControl.addAttribution(page.attribution);
  const renderers = {};
  for (const [pane, zIndex] of Object.entries(PANES)) {
    const made = map.createPane(pane);
    made.style.zIndex = zIndex;
    // canvas is fast, but one canvas hides the clicks of another: only what answers to a click is SVG
    const clicks = pane === "points" || pane === "marks";
    if (!clicks) made.style.pointerEvents = "none";
    renderers[pane] = clicks ? L.svg({ pane, padding: 0.3 }) : L.canvas({ pane, padding: 0.3 });
  }

  function describe(shape, popup) {
    if (!popup) return shape;
    return shape.bindPopup(() => {
      const box = element("div", "popup");
      box.append(element("b", "", popup.title));
      for (const [label, value] of popup.rows) {
        const row = element("p");
        row.append(element("i", "", label), document.createTextNode(" " + value));
        box.append(row);
      }
      return box;
    }, { maxWidth: 300 });
  }

  const DRAW = {
    lines: (piece, decode) => [
      L.polyline(piece.paths.map(decode), { ...piece.style, renderer: renderers[piece.pane], interactive: false }),
    ],
    areas: (piece, decode) => [
      describe(
        L.polygon(piece.paths.map((rings) => rings.map(decode)), {
          ...piece.style, renderer: renderers[piece.pane], interactive: Boolean(piece.popup),
        }),
        piece.popup,
      ),
    ],
    dots: (piece, decode) =>
      decode(piece.path).map((place, i) =>
        describe(L.circleMarker(place, { ...piece.style, renderer: renderers[piece.pane] }), piece.popups?.[i]),
      ),
  };

  const groups = {};
  const boxes = {};
  const legend = document.getElementById("legend");
  map.on("popupopen", (event) => {
    event.popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", page.close);
  });
  map.fitBounds(page.bounds, { animate: false, padding: [12, 12] });

  /* What a layer holds is drawn when it is first shown, so that hidden layers cost nothing. */
  function show(key, on) {
    boxes[key].checked = on;
    if (!on) {
      groups[key].layer?.remove();
      return;
    }
    const group = groups[key];
    group.layer ??= L.layerGroup(group.pieces.flatMap((piece) => DRAW[piece.kind](piece, decoder())));
    group.layer.addTo(map);
  }

  for (const layer of page.layers) {
    groups[layer.key] = layer;
    const label = element("label", layer.key.startsWith("finding-") ? "mark" : "");
    const box = element("input");
    box.type = "checkbox";
    box.addEventListener("change", () => show(layer.key, box.checked));
    const sign = element("i", "sign " + layer.shape);
    sign.style.setProperty("--colour", layer.colour);
    label.append(box, sign, element("span", "", layer.label));
    label.title = layer.label;
    legend.append(label);
    boxes[layer.key] = box;
    show(layer.key, layer.shown);
  }
  const whole = element("button", "", page.whole);
  whole.type = "button";
  whole.addEventListener("click", () => map.fitBounds(page.bounds, { animate: false, padding: [12, 12] }));
  legend.append(whole);

  for (const button of document.querySelectorAll("button[data-finding]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.finding;
      for (const other of Object.keys(boxes)) if (other.startsWith("finding-") && other !== key) show(other, false);
      show(key, true);
      map.fitBounds(groups[key].bounds, { animate: false, maxZoom: 17, padding: [40, 40] });
      document.getElementById("place").scrollIntoView({ block: "start" });
    });
  }
  window.checkMap = map;
}
