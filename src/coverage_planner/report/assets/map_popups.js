/* What a click on a thing tells: a title, rows of label and value, and buttons. */
"use strict";
const coveragePopups = (() => {
  const { known } = coverageText;

  /**
   * Make the content of a popup.
   * @param {string} title
   * @param {Array} rows [label, value]; those without a value are left out
   * @param {Array} actions [text, function] or [text, address]; buttons and links below
   * @param {string[]} notes sentences below the rows
   */
  function content(title, rows, actions = [], notes = []) {
    const box = element("div", "cp-popup");
    box.tabIndex = 0; // long ones scroll, by keys too
    box.append(element("h2", "", title));
    const table = element("table");
    for (const [label, value] of rows) {
      if (!known(value)) continue;
      const row = element("tr");
      const head = element("th", "", label);
      head.scope = "row";
      row.append(head, element("td", "", value));
      table.append(row);
    }
    if (table.rows.length) box.append(table);
    for (const note of notes) if (note) box.append(element("p", "cp-note", note));
    if (actions.length) {
      const bar = element("p", "cp-actions");
      for (const [text, act] of actions) bar.append(typeof act === "string" ? link(text, act) : button(text, act));
      box.append(bar);
    }
    return box;
  }

  function button(text, act) {
    const made = element("button", "cp-button", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  function link(text, address) {
    const made = element("a", "cp-button", text);
    made.href = address;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
    return made;
  }

  /* When a station is open on the day looked at, as '06:30–23:00'; null without a week. */
  function hoursOn(app, station, slot) {
    const { data, model } = app;
    const { slots, slot_min: length } = data.week;
    const day = slots[slot].day;
    const spans = [];
    slots.forEach((at, k) => {
      if (at.day !== day || !model.isOpen(station, k)) return;
      const last = spans[spans.length - 1];
      const end = at.hour + length / 60;
      if (last && last[1] === at.hour) last[1] = end;
      else spans.push([at.hour, end]);
    });
    if (!spans.length) return app.text.say("closed_all_day");
    return spans.map(([from, to]) => `${coverageText.clock(from)}–${coverageText.clock(to)}`).join(" · ");
  }

  function columns(app, listed) {
    return listed.split(/[;,]/).map((part) => app.text.or(part.trim(), part.trim())).join(" · ");
  }

  const scenarioOf = (app) => app.data.scenarios[app.state.scenario];

  function hubRows(app, index) {
    const { say, number, metres, minutes, name } = app.text;
    const scenario = scenarioOf(app);
    const rows = [];
    const link_ = scenario.hub_links.find((row) => row.satellite === index);
    if (link_) {
      const lonely = link_.hub === null;
      const none = link_.counts === false ? "not_counted" : "no_hub";
      rows.push([say("hub"), lonely ? say(none) : name(app.data.stations[link_.hub])]);
      if (link_.hub_lack) rows.push([say("hub_lack"), say(`hub_lack_${link_.hub_lack}`)]);
      if (known(link_.distance_m)) rows.push([say("distance_m"), metres(link_.distance_m)]);
      if (known(link_.time_s)) rows.push([say("time"), minutes(link_.time_s * 1000)]);
    }
    const hub = (scenario.hubs || []).find((row) => row.station === index);
    if (hub) {
      const count = number(hub.n_satellites);
      const most = known(hub.most_satellites);
      rows.push([say("n_satellites"), most ? say("of_most", { count, most: number(hub.most_satellites) }) : count]);
      if (known(hub.mean_distance_m)) rows.push([say("mean_distance_m"), metres(hub.mean_distance_m)]);
    }
    return rows;
  }

  function roomRows(app, index) {
    const { say, number } = app.text;
    const row = (scenarioOf(app).capacity || []).find((one) => one.station === index);
    if (!row) return [];
    const people = (count) => (known(count) ? say("people", { count: number(count) }) : null);
    return [
      [say("room"), people(row.room)],
      [say("nearest_demand"), known(row.nearest_demand) ? number(row.nearest_demand) : null],
      [say("assigned_demand"), known(row.assigned_demand) ? number(row.assigned_demand) : null],
      [say("shortage"), row.shortage > 0 ? number(row.shortage) : null],
    ];
  }

  /* What a station adds to the group shown. */
  function figureRows(app, index, site) {
    const { say, number, minutes } = app.text;
    const scenario = scenarioOf(app);
    const group = app.data.groups[app.state.group].name;
    const measured = (scenario.station_figures[group] || [])[scenario.stations.indexOf(index)] || {};
    const figures = { ...measured, ...((site && site.figures[group]) || {}) };
    const shown = (key) => [say(key), known(figures[key]) ? number(figures[key]) : null];
    return [
      ...["newly_covered_demand", "overlap_existing_demand", "catchment_demand", "exclusive_demand"].map(shown),
      [say("mean_time"), known(figures.mean_time_s) ? minutes(figures.mean_time_s * 1000) : null],
    ];
  }

  function openRow(app, index) {
    const { slot } = app.state;
    if (slot === null || !app.data.open) return [];
    const { say } = app.text;
    const open = app.model.isOpen(index, slot);
    return [
      [app.text.slot(slot), say(open ? "open_then" : "closed_then")],
      [say("hours_that_day"), hoursOn(app, index, slot)],
    ];
  }

  /**
   * Describe a station, a proposed site or a mobile stop, by its row of data.stations.
   */
  function station(app, index) {
    const { say, number, services, or, name } = app.text;
    const record = app.data.stations[index];
    const site = app.siteOf(index);
    const hours = (count) => say("hours", { hours: number(count) });
    const rows = [
      [say("id"), record.id],
      [say("kind"), record.kind && or(`kind_${record.kind}`, record.kind)],
      [say("level"), record.level && or(`level_${record.level}`, record.level)],
      ...openRow(app, index),
      [say("services"), record.services.length ? services(record.services) : null],
      [say("opening_hours"), record.opening_hours],
      [say("open_h_per_week"), known(record.open_h_per_week) ? hours(record.open_h_per_week) : null],
      ...hubRows(app, index),
      [say("vehicle"), record.vehicle],
      [say("capacity"), known(record.capacity) ? say("people", { count: number(record.capacity) }) : null],
      [say("level_filled"), record.level_filled && columns(app, record.level_filled)],
      ...roomRows(app, index),
      [say("order"), site && known(site.order) ? number(site.order) : null],
      ...figureRows(app, index, site),
      [say("gap_id"), (site && site.gap_id) || record.gap_id],
      [say("cost"), known(record.cost) ? number(record.cost) : null],
      [say("area_m2"), known(record.area_m2) ? `${number(record.area_m2)} m²` : null],
      [say("address"), record.address],
      [say("subdistrict"), record.subdistrict],
    ];
    const notes = site ? [app.text.pick(app.data.certificate)] : [];
    return content(app.markName(index), rows, [], notes);
  }

  /** Describe a candidate place, by its row of data.candidates. */
  function candidate(app, index) {
    const { say, number, or, name } = app.text;
    const record = app.data.candidates[index];
    const written = (key) => [say(key), known(record[key]) ? number(record[key]) : null];
    return content(name(record), [
      [say("id"), record.id],
      [say("kind"), record.kind && or(`kind_${record.kind}`, record.kind)],
      written("newly_covered_demand"),
      written("overlap_existing_demand"),
      [say("gap_id"), record.gap_id],
      written("cost"),
      [say("area_m2"), known(record.area_m2) ? `${number(record.area_m2)} m²` : null],
      [say("address"), record.address],
      [say("community_name"), record.community],
      [say("subdistrict"), record.subdistrict],
    ]);
  }

  const share = (app, row) => (row && known(row.covered_demand_share) ? row.covered_demand_share : null);

  /** Describe a community: headline figures of the tables, and its share at the service and hour looked at. */
  function community(app, index, latlng) {
    const { say, number, percent, minutes, name } = app.text;
    const record = app.data.communities[index];
    const figures = app.outcome().communities[index] || {};
    const today = app.todayOutcome();
    const before = today && today !== app.outcome() ? share(app, today.communities[index]) : null;
    const counted = (key) => [say(key), known(figures[key]) ? number(figures[key]) : null];
    const rows = [
      [say("subdistrict"), record.subdistrict],
      [say("covered_demand_share"), percent(figures.covered_demand_share)],
      [say("share_today"), before === null ? null : percent(before)],
      counted("demand"), counted("covered_demand"), counted("n_points"),
      [say("mean_time"), known(figures.mean_time_s) ? minutes(figures.mean_time_s * 1000) : null],
      [say("full_demand_share"), known(figures.full_demand_share) ? percent(figures.full_demand_share) : null],
      [say("night_demand_share"), known(figures.night_demand_share) ? percent(figures.night_demand_share) : null],
    ];
    if (!app.view.plain) {
      const { demand, covered } = app.view.shares().byCommunity;
      rows.unshift([app.viewText(), demand[index] > 0 ? percent(covered[index] / demand[index]) : say("no_demand_then")]);
    }
    return content(name(record), rows, nearestAction(app, latlng));
  }

  const nearestAction = (app, latlng) => (latlng ? [[app.text.say("nearest_from_here"), () => app.click.at(latlng)]] : []);

  /** Describe a gap; `moment` is that of a gap at an hour. */
  function gap(app, record, moment, latlng) {
    const { say, number, metres, reasons } = app.text;
    const title = say("gap", { id: record.id });
    return content(moment ? `${title} · ${app.text.moment(moment)}` : title, [
      [say("rank"), number(record.rank)],
      [say("uncovered_demand"), number(record.uncovered_demand)],
      [say("n_points"), number(record.n_points)],
      [say("reasons"), reasons(record.reasons)],
      [say("nearest_facility_m"), known(record.nearest_facility_m) ? metres(record.nearest_facility_m) : null],
    ], nearestAction(app, latlng));
  }

  return { content, button, station, candidate, community, gap, hoursOn };
})();
