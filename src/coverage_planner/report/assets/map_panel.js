/* The boxes beside the map; on a phone a sheet at the bottom whose parts open one at a time. */
"use strict";
const coveragePanel = (() => {
  const WIDE_PX = 1000; // both boxes are open from here on
  const NARROW_PX = 640; // below this they are a sheet
  const GAP_PX = 12;

  function iconButton(className, text, label, act) {
    const button = element("button", className, text);
    button.type = "button";
    button.title = label;
    button.addEventListener("click", act);
    return button;
  }

  function toolbar(app) {
    const { say } = app.text;
    const bar = element("div", "cp-tools");
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", say("tools"));
    const tool = (key, act) => bar.append(iconButton("cp-tool", say(`tool_${key}`), say(key), act));
    tool("centre", () => app.click.at(app.middle()));
    tool("export", () => coverageDialogs.open(app, "export"));
    tool("print", () => coverageDialogs.open(app, "print"));
    tool("help", () => coverageDialogs.open(app, "help"));
    return bar;
  }

  /* Buttons that open the parts of the sheet. */
  function tabs(app, shell, parts) {
    const bar = element("div", "cp-tabs");
    const buttons = Object.keys(parts).map((key) => {
      const button = iconButton("cp-tab", app.text.say(`tab_${key}`), app.text.say(`tab_${key}`), () =>
        openSheet(shell.dataset.open === key ? "" : key),
      );
      button.dataset.part = key;
      button.setAttribute("aria-controls", parts[key].id);
      bar.append(button);
      return button;
    });
    const openSheet = (key) => {
      shell.dataset.open = key;
      for (const button of buttons) button.setAttribute("aria-expanded", String(button.dataset.part === key));
      makeRoom(app, shell);
    };
    return { bar, openSheet };
  }

  /* Zoom, scale and sources stand above the sheet, however far it is open, and what was in the middle stays there. */
  function makeRoom(app, shell) {
    const height = shell.offsetHeight;
    app.map.getContainer().style.setProperty("--cp-sheet", `${height + 1}px`);
    if (!height) return; // beside the map, or on paper
    if (app.sheetHeight) app.map.panBy([0, (height - app.sheetHeight) / 2], { animate: false });
    app.sheetHeight = height;
  }

  /**
   * Make the boxes and put them into the map's container.
   * @returns {{shell, update, padding, openSheet}}
   */
  function make(app) {
    const { say } = app.text;
    const container = app.map.getContainer();
    const shell = element("div", "cp-shell");
    const main = element("section", "cp-box cp-main");
    main.setAttribute("aria-label", say("about_map"));
    const title = element("div", "cp-title");
    const choose = element("div", "cp-choose");
    const search = coverageSearch.make(app);
    const controls = coverageControls.make(app);
    choose.append(search.box, controls.box);
    main.append(title, choose);
    const side = element("section", "cp-box cp-side");
    side.setAttribute("aria-label", say("legend"));
    const legend = coverageLegend.make(app);
    const fold = iconButton("cp-fold", say("legend"), say("legend_fold"), () =>
      setFolded(!side.classList.contains("cp-folded")),
    );
    const sideBody = element("div", "cp-side-body");
    sideBody.append(legend.box);
    side.append(toolbar(app), fold, sideBody);
    const peek = element("div", "cp-peek");
    [title, choose, side].forEach((part, i) => (part.id = `cp-part-${app.number}-${i}`));
    const parts = { title, choose, side };
    const { bar, openSheet } = tabs(app, shell, parts);
    const sheetHead = element("div", "cp-sheet-top");
    sheetHead.append(peek, bar);
    shell.append(sheetHead, main, side);
    new ResizeObserver(() => makeRoom(app, shell)).observe(shell);
    container.prepend(shell); // before the marks, so that Tab comes to the choices first
    for (const box of [main, side, sheetHead]) {
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
    }
    function setFolded(folded) {
      side.classList.toggle("cp-folded", folded);
      fold.setAttribute("aria-expanded", String(!folded));
      fold.title = say(folded ? "legend_unfold" : "legend_fold");
    }

    let size = "";
    /* Arrange the boxes for the width that there is. */
    function arrange() {
      const width = container.clientWidth;
      const now = width < NARROW_PX ? "narrow" : width < WIDE_PX ? "middle" : "wide";
      if (now === size) return;
      size = now;
      for (const name of ["narrow", "middle", "wide"]) container.classList.toggle(`cp-${name}`, name === now);
      setFolded(now === "middle");
      openSheet("");
    }
    arrange();
    setFolded(size === "middle");

    function update() {
      coverageTitle.update(app, title);
      controls.update();
      legend.update();
      coverageText.fill(peek, ...peekParts(app));
      shell.classList.toggle("cp-asking", !app.view.plain);
    }

    /* How much of the map the boxes cover on each side: left, top, right, bottom. */
    function padding() {
      if (size === "narrow") return [8, 8, 8, shell.offsetHeight + 30];
      const right = side.classList.contains("cp-folded") ? 0 : side.offsetWidth;
      return [main.offsetWidth + 2 * GAP_PX, GAP_PX, right + 2 * GAP_PX, 28];
    }

    return { shell, update, padding, openSheet, arrange, search: search.input, isNarrow: () => size === "narrow" };
  }

  /* What the sheet shows while it is closed: the share that belongs to the map as it is. */
  function peekParts(app) {
    const { say, percent } = app.text;
    const { scenario, group } = app.state;
    const name = app.data.scenarios[scenario].name;
    const plain = coverageTitle.figures(app, scenario, group).covered_demand_share;
    const then = app.view.plain ? null : coverageControls.figureOf(app, scenario);
    const share = app.view.plain ? plain : then && then.share;
    const about = app.view.plain ? `${name} · ${app.data.groups[group].name}` : `${name} · ${app.viewText()}`;
    const parts = [element("b", "", percent(share)), element("span", "", about)];
    if (app.data.synthetic) parts.push(element("em", "cp-synthetic", say("synthetic_short")));
    return parts;
  }

  return { make };
})();
