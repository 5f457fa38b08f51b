/* Which scenario, whom, and which service: the choices that re-colour the map, and the figure that belongs to them. */
"use strict";
const coverageControls = (() => {
  const MOST_BUTTONS = 3; // more scenarios than these are chosen from a list
  let fields = 0;

  function select(label, options, value, act) {
    const box = element("div", "cp-field");
    const id = `cp-field-${++fields}`;
    const name = element("label", "", label);
    name.htmlFor = id;
    const made = element("select");
    made.id = id;
    for (const [key, text] of options) {
      const option = element("option", "", text);
      option.value = key;
      option.selected = key === value;
      made.append(option);
    }
    made.addEventListener("change", () => act(made.value));
    box.append(name, made);
    return { box, field: made };
  }

  /* Radio buttons side by side. */
  function segments(label, options, value, act) {
    const box = element("fieldset", "cp-field cp-segments");
    box.append(element("legend", "", label));
    const bar = element("div", "cp-bar");
    const name = `cp-field-${++fields}`;
    for (const [key, text] of options) {
      const choice = element("label");
      const input = element("input");
      Object.assign(input, { type: "radio", name, value: key, checked: key === value });
      input.addEventListener("change", () => act(key));
      choice.append(input, element("span", "", text));
      choice.title = text; // names that are too long are cut
      bar.append(choice);
    }
    box.append(bar);
    const field = {
      set value(key) {
        for (const input of bar.querySelectorAll("input")) input.checked = input.value === key;
      },
    };
    return { box, field };
  }

  /* Services that the tables have a row for, in some scenario and group. */
  function askable(app) {
    const found = new Set();
    for (const { groups } of app.data.scenarios) {
      for (const { services, hours } of groups) {
        for (const row of services || []) found.add(row.service);
        for (const what of (hours && hours.what) || []) found.add(what);
      }
    }
    const first = ["any", "full"].filter((what) => found.delete(what));
    return [...first, ...found];
  }

  /**
   * Make the controls.
   * @returns {{box: Element, update: function}}
   */
  function make(app) {
    const { say, what } = app.text;
    const { data, state } = app;
    const box = element("div", "cp-controls");
    const updates = [];
    const pair = element("div", "cp-pair");
    if (data.scenarios.length > 1) {
      const options = data.scenarios.map(({ name }, i) => [String(i), name]);
      const kind = options.length <= MOST_BUTTONS ? segments : select;
      const act = (key) => app.set({ scenario: Number(key) });
      const { box: made, field } = kind(say("scenario"), options, String(state.scenario), act);
      box.append(made);
      updates.push(() => (field.value = String(app.state.scenario)));
    }
    if (data.groups.length > 1) {
      const options = data.groups.map(({ name }, i) => [String(i), name]);
      const act = (key) => app.set({ group: Number(key) });
      const { box: made, field } = select(say("group"), options, String(state.group), act);
      pair.append(made);
      updates.push(() => (field.value = String(app.state.group)));
    }
    const services = askable(app);
    if (services.length) {
      const options = ["", ...services].map((key) => [key, what(key)]);
      const { box: made, field } = select(say("what"), options, state.what, (key) => app.set({ what: key }));
      pair.append(made);
      updates.push(() => (field.value = app.state.what));
    }
    if (pair.children.length) box.append(pair);
    if (data.week) {
      const time = coverageTime.make(app);
      box.append(time.box);
      updates.push(time.update);
    }
    const figure = element("div", "cp-figure");
    figure.setAttribute("role", "status");
    box.append(figure);
    updates.push(() => updateFigure(app, figure));
    return { box, update: () => updates.forEach((update) => update()) };
  }

  /* Demand and covered demand of the tables at what is looked at: {demand, covered, share, stations}; null where none. */
  function figureOf(app, scenario, slot = app.state.slot) {
    const { group, what } = app.state;
    const found = app.data.scenarios[scenario].groups[group];
    const asked = what || "any";
    if (slot === null) {
      const row = (found.services || []).find(({ service }) => service === asked);
      if (!row) return null;
      const { demand, covered_demand: covered, covered_demand_share: share, n_facilities: stations } = row;
      return { demand, covered, share, stations };
    }
    if (!found.hours) return null;
    const place = found.hours.what.indexOf(asked);
    if (place < 0) return null;
    const demand = found.hours.demand[slot];
    const covered = found.hours.covered[place * found.hours.demand.length + slot];
    return { demand, covered, share: demand > 0 ? covered / demand : null };
  }

  function updateFigure(app, box) {
    const { say, number, percent } = app.text;
    box.hidden = app.view.plain;
    if (app.view.plain) return;
    const { scenario, group, slot, what } = app.state;
    const now = figureOf(app, scenario);
    const parts = [element("p", "cp-figure-head", app.viewText())];
    if (now) {
      const shares = coverageTitle.shown(app).map((at) => (figureOf(app, at) || {}).share);
      parts.push(coverageTitle.shareLine(app, shares, "cp-headline"));
      const of = say("covered_of_all", { covered: number(now.covered), all: number(now.demand) });
      parts.push(element("p", "cp-caption", `${say(slot === null ? "demand_served" : "demand_then")} · ${of}`));
    } else {
      parts.push(element("p", "cp-caption", say("no_figure")));
    }
    if (slot !== null) {
      const open = app.model.chosen(scenario, app.view.ask, group).length;
      const all = app.model.chosen(scenario, { what: what || "any", slot: null }, group).length;
      parts.push(element("p", "cp-caption", say("stations_open", { open: number(open), all: number(all) })));
    } else if (now && coverageText.known(now.stations)) {
      parts.push(element("p", "cp-caption", say("stations_offering", { count: number(now.stations) })));
    }
    coverageText.fill(box, ...parts);
  }

  return { make, figureOf };
})();
