/* The title box: what is shown, for whom, the shares, and what a straight line would have claimed. */
"use strict";
const coverageTitle = (() => {
  const SHARES = ["covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share"];
  const CIRCLE_SHARES = ["full_demand_share", "open_week_share", "full_week_share", "open_night_share"];
  const { known } = coverageText;

  /* Which group travels how, how fast, how long and which way. */
  function who(app, index) {
    const group = app.data.groups[index];
    const { pick, minutes, say } = app.text;
    const way = say(group.visit === "pass" ? "detour" : app.data.direction);
    return [group.name, pick(app.data.modes[group.mode].text), minutes(group.cutoff_ms), way].join(" · ");
  }

  /* The scenarios that stand beside each other: the one compared with, where there is one, and the one shown. */
  function shown(app) {
    const { scenario } = app.state;
    const from = app.compare ? app.compare[0] : scenario;
    return from === scenario ? [scenario] : [from, scenario];
  }

  const figures = (app, scenario, group) => app.data.scenarios[scenario].groups[group].figures;

  function names(app) {
    return shown(app).map((scenario) => app.data.scenarios[scenario].name).join(" → ");
  }

  /* A share with that of the scenario compared with before it, and the difference. */
  function shareLine(app, shares, className) {
    const { percent, points } = app.text;
    const line = element("p", className);
    const [first, last] = [shares[0], shares[shares.length - 1]];
    if (shares.length > 1) line.append(element("span", "", `${percent(first)} →`), " ");
    line.append(element("b", "", percent(last)));
    if (shares.length > 1 && known(first) && known(last)) line.append(" ", element("small", "", points(last - first)));
    return line;
  }

  function headline(app) {
    const { say, number } = app.text;
    const { group, scenario } = app.state;
    const now = figures(app, scenario, group);
    const of = say("covered_of_all", { covered: number(now.covered_demand), all: number(now.demand) });
    return [
      shareLine(app, shown(app).map((at) => figures(app, at, group).covered_demand_share), "cp-headline"),
      element("p", "cp-caption", `${say("covered_demand_share")} · ${of}`),
    ];
  }

  function straightLine(app) {
    const { say, percent, points, metres } = app.text;
    const now = figures(app, app.state.scenario, app.state.group);
    const claim = now.straight_line_demand_share;
    if (!known(claim)) return [];
    const values = { share: percent(claim), points: points(claim - now.covered_demand_share) };
    const radius = now.straight_line_radius_m;
    const text = known(radius)
      ? say("straight_line", { ...values, radius: metres(radius) })
      : say("straight_line_no_radius", values);
    return [element("p", "cp-straight", text)];
  }

  function row(tag, texts) {
    const made = element("tr");
    texts.forEach((text, i) => {
      const cell = element(i ? tag : "th", "", text);
      if (!i || tag === "th") cell.scope = i ? "col" : tag === "th" ? "col" : "row";
      made.append(cell);
    });
    return made;
  }

  function details(app) {
    const { say, percent } = app.text;
    const { group } = app.state;
    const at = shown(app);
    const box = element("details", "cp-details");
    box.append(element("summary", "", say("more")));
    const table = element("table");
    const head = element("thead");
    head.append(row("th", [say("measure"), ...at.map((scenario) => app.data.scenarios[scenario].name)]));
    const body = element("tbody");
    const line = (label, column, who_) => {
      const values = at.map((scenario) => figures(app, scenario, who_)[column]);
      if (values.some(known) || SHARES.includes(column)) body.append(row("td", [label, ...values.map(percent)]));
    };
    for (const column of [...SHARES, ...CIRCLE_SHARES]) line(say(column), column, group);
    app.data.groups.forEach((other, index) => {
      if (index !== group) line(who(app, index), SHARES[0], index);
    });
    table.append(head, body);
    box.append(table);
    const proof = app.text.pick(app.data.certificate);
    if (proof && app.data.scenarios[app.state.scenario].role !== "today") box.append(element("p", "cp-proof", proof));
    box.open = app.detailsOpen;
    box.addEventListener("toggle", () => (app.detailsOpen = box.open));
    return box;
  }

  /** Write the title box anew. */
  function update(app, box) {
    const { say } = app.text;
    const heading = element("h1", "", app.data.title || names(app));
    const parts = [heading];
    if (app.data.title && app.data.title !== names(app)) parts.push(element("p", "cp-scenarios", names(app)));
    parts.push(element("p", "cp-who", who(app, app.state.group)));
    parts.push(...headline(app), ...straightLine(app));
    if (app.data.synthetic) parts.push(element("p", "cp-synthetic", say("synthetic")));
    parts.push(details(app));
    coverageText.fill(box, ...parts);
  }

  return { update, who, names, shown, figures, shareLine };
})();
