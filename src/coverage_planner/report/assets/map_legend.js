/* The legend, which is the switch of shadings and layers too, and the signs that stand in it. */
"use strict";
const coverageLegend = (() => {
  function swatch(colour, opacity = 1, border = "") {
    const sign = element("i", "cp-swatch");
    const alpha = Math.round(opacity * 255).toString(16).padStart(2, "0");
    sign.style.background = `${colour}${alpha}`;
    if (border) sign.style.border = border;
    return sign;
  }

  function line(colour, weight = 2, dashed = false) {
    const sign = element("i", "cp-line");
    sign.style.borderTop = `${weight}px ${dashed ? "dashed" : "solid"} ${colour}`;
    return sign;
  }

  function dot(colour) {
    const sign = element("i", "cp-dot");
    sign.style.background = colour;
    return sign;
  }

  function mark(className, size) {
    const sign = element("i", `cp-key ${className}`);
    sign.style.width = `${size}px`;
    sign.style.height = `${size}px`;
    return sign;
  }

  function keysBox(keys) {
    const box = element("div", "cp-keys");
    for (const [sign, text] of keys) {
      const key = element("span");
      key.append(sign, element("span", "", text));
      box.append(key);
    }
    return box;
  }

  function choice(type, name, checked, sign, text, act) {
    const label = element("label", "cp-choice");
    const input = element("input");
    Object.assign(input, { type, name, checked });
    input.addEventListener("change", () => act(input));
    const said = element("span", "cp-choice-text", text);
    label.append(input, ...(sign ? [sign] : []), said);
    return { label, input, said };
  }

  function shadingText(app, key) {
    const name = key === "change" ? app.data.scenarios[app.compare[0]].name : "";
    return app.text.say(`shading_${key}`, { name });
  }

  function shadings(app) {
    const { say } = app.text;
    const box = element("fieldset", "cp-shadings");
    box.append(element("legend", "", say("shading")));
    const rows = app.shadings.map((key) => {
      const name = `cp-shading-${app.number}`;
      const act = () => app.set({ shading: key });
      const { label, input, said } = choice("radio", name, false, null, shadingText(app, key), act);
      label.dataset.shading = key;
      const keys = element("div", "cp-keys-of");
      box.append(label, keys);
      return { key, input, said, keys };
    });
    const about = element("p", "cp-legend-who");
    box.append(about);
    return {
      box,
      update() {
        const { shading } = app.view;
        const wanted = app.state.shading;
        for (const row of rows) {
          row.input.checked = row.key === wanted;
          row.said.textContent = shadingText(app, row.key);
          const shown = row.key === wanted ? coverageShading.keys(app) : [];
          const note = row.key === wanted && shading !== wanted ? [element("p", "cp-note", say(`instead_${shading}`))] : [];
          coverageText.fill(row.keys, ...note, ...(shown.length ? [keysBox(shown)] : []));
        }
        about.textContent = `${coverageTitle.who(app, app.state.group)}${app.view.plain ? "" : ` · ${app.viewText()}`}`;
      },
    };
  }

  function layers(app) {
    const { say } = app.text;
    const box = element("fieldset", "cp-layers");
    box.append(element("legend", "", say("layers")));
    const rows = app.layers.map((layer) => {
      const sign = layer.sign ? layer.sign() : null;
      const { label, input, said } = choice("checkbox", "", false, sign, layer.text(), () =>
        app.set({ layers: { [layer.key]: input.checked } }),
      );
      label.dataset.layer = layer.key;
      const keys = element("div", "cp-keys-of");
      box.append(label, keys);
      return { layer, input, said, keys, sign };
    });
    return {
      box,
      update() {
        for (const row of rows) {
          const { layer, input, said, keys } = row;
          const on = Boolean(app.state.layers[layer.key]);
          const drawn = coverageLayers.isShown(app, layer);
          input.checked = on || drawn;
          input.disabled = drawn && !on; // drawn in the place of the headline gaps, whose box switches it
          if (row.sign) {
            const sign = layer.sign();
            row.sign.replaceWith(sign);
            row.sign = sign;
          }
          said.textContent = layer.text();
          const shown = input.checked && layer.keys ? layer.keys() : [];
          coverageText.fill(keys, ...(shown.length ? [keysBox(shown)] : []));
        }
      },
    };
  }

  /* Base maps: nothing is asked of any server until somebody turns one on. */
  function baseMaps(app) {
    const tiles = app.data.tiles || [];
    if (!tiles.length) return null;
    const box = element("fieldset", "cp-bases");
    box.append(element("legend", "", app.text.say("tiles")));
    for (const tile of tiles) {
      const options = { attribution: "", maxZoom: 22, maxNativeZoom: tile.maxZoom || 18 };
      if (tile.subdomains) options.subdomains = tile.subdomains;
      const shown = L.layerGroup();
      const { label, input } = choice("checkbox", "", false, null, app.text.pick(tile.name), () => {
        if (!shown.getLayers().length) {
          for (const url of [tile.url, tile.labels]) if (url) shown.addLayer(L.tileLayer(url, options));
        }
        if (input.checked) shown.addTo(app.map);
        else shown.remove();
        app.credit(tile.attribution, input.checked);
      });
      label.dataset.layer = "tiles";
      box.append(label);
    }
    return box;
  }

  /** Make the legend: {box, update}. */
  function make(app) {
    const box = element("div", "cp-legend");
    const parts = [shadings(app), layers(app)];
    const bases = baseMaps(app);
    box.append(...parts.map((part) => part.box), ...(bases ? [bases] : []));
    return { box, update: () => parts.forEach((part) => part.update()) };
  }

  /* What is on the map now, without switches: for paper and for small maps. */
  function plain(app) {
    const { say } = app.text;
    const box = element("div", "cp-legend-plain");
    const shown = coverageShading.keys(app);
    if (shown.length) {
      box.append(element("h3", "", shadingText(app, app.view.shading)), keysBox(shown));
      box.append(element("p", "cp-legend-who", coverageTitle.who(app, app.state.group)));
    }
    const keys = [];
    for (const layer of app.layers) {
      if (!coverageLayers.isShown(app, layer)) continue;
      const sign = layer.sign ? layer.sign() : null;
      if (sign) keys.push([sign, layer.text()]);
      if (layer.keys) keys.push(...layer.keys());
    }
    if (keys.length) box.append(element("h3", "", say("legend")), keysBox(keys));
    return box;
  }

  return { make, plain, swatch, line, dot, mark };
})();
