/* Click anywhere: the nearest station open at the hour looked at, the way to it, and how its minutes were counted. */
"use strict";
const coverageClick = (() => {
  const HAND_PX = 6; // how exactly a hand can point
  const AMAP_MODES = { walk: "walk", bicycle: "ride", ebike: "ride", courier: "ride", drive: "car", truck: "car" };

  const six = (degrees) => degrees.toFixed(6);

  /**
   * The address that opens Amap's navigation: from the place to the station, or back where the group starts there.
   * @param {Object} app
   * @param {number[]} place [lat, lon] in WGS 84
   * @param {number} index row of data.stations
   */
  function amapLink(app, place, index) {
    const record = app.data.stations[index];
    const end = record.gcj02 || coverageDatum.toGcj02(record.lon, record.lat);
    const from = coverageDatum.toGcj02(place[1], place[0]);
    const station = `${six(end[0])},${six(end[1])},${app.text.name(record).replace(/,/g, "，")}`;
    const here = `${six(from[0])},${six(from[1])},${app.text.say("place_clicked")}`;
    const away = app.data.direction === "from_facility";
    const mode = app.data.modes[app.data.groups[app.state.group].mode].name;
    const asked = {
      from: away ? station : here, to: away ? here : station, mode: AMAP_MODES[mode] || "walk", src: "coverage_planner",
      coordinate: "gaode", callnative: "0",
    };
    const query = Object.entries(asked).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return `https://uri.amap.com/navigation?${query.join("&")}`;
  }

  async function copy(app, text, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch (refused) {
      done = copyOldWay(text); // pages opened from a folder may not use the clipboard directly
    }
    button.textContent = app.text.say(done ? "copied" : "not_copied");
    app.tell(button.textContent);
  }

  function copyOldWay(text) {
    const field = element("textarea", "cp-hidden", text);
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  /* How the minutes were counted, as a sentence. */
  function counted(app, answer) {
    const { say, minutes, pick } = app.text;
    const group = app.data.groups[app.state.group];
    if (!answer.parts) return say("counted_detour");
    const mode = pick(app.data.modes[group.mode].text);
    const { access_ms: access, street_ms: street, door_ms: door } = answer.parts;
    return say("counted", { mode, street: minutes(street), access: minutes(access), door: minutes(door) });
  }

  /* Why there is no station; of who passes by, detours are known up to the longest cutoff only. */
  function whyText(app, why) {
    const { say, minutes, metres } = app.text;
    const group = app.data.groups[app.state.group];
    if (why === "no_way" && group.visit === "pass") {
      const longest = Math.max(group.cutoff_ms, ...Object.values(group.cutoffs_ms || {}));
      return say("why_no_detour", { cutoff: minutes(longest) });
    }
    return say(`why_${why}`, { limit: metres(app.data.snap_limit_m) });
  }

  function rows(app, answer) {
    const { say, minutes, minutesBeside, metres } = app.text;
    const { group } = app.state;
    const limit = app.model.cutoff(group, app.state.what);
    const cutoff = minutes(limit);
    const yes = answer.within ? "yes" : "no";
    // several services have a cutoff each
    const within = answer.services.length > 1 ? say(`within_each_${yes}`) : say(`within_${yes}`, { cutoff });
    const list = [
      [say("station_name"), app.markName(answer.station)],
      [say(app.data.groups[group].visit === "pass" ? "detour_time" : "time_to_it"), minutesBeside(answer.ms, limit)],
      [say("straight_line_to_it"), metres(answer.straight_m)],
      [say("within_cutoff"), within],
    ];
    if (answer.services.length > 1) {
      for (const one of answer.services) {
        const said = one.why ? whyText(app, one.why) : `${app.markName(one.station)} · ${minutesBeside(one.ms, one.cutoff_ms)}`;
        list.push([app.text.service(one.service), said]);
      }
    }
    if (app.state.slot !== null && app.data.open) {
      list.push([say("hours_that_day"), coveragePopups.hoursOn(app, answer.station, app.state.slot)]);
    }
    return list;
  }

  function tell(app, place, answer) {
    const { say } = app.text;
    const when = app.view.plain ? say("nearest_station") : `${say("nearest_station")} · ${app.viewText()}`;
    const mine = `${six(place[1])}, ${six(place[0])}`;
    const actions = [];
    if (!answer.why) {
      actions.push([say("open_amap"), amapLink(app, place, answer.station)]);
      actions.push([say("about_station"), () => app.openStation(answer.station)]);
    }
    actions.push([say("copy_place"), (event) => copy(app, mine, event.currentTarget)]);
    if (answer.why) return coveragePopups.content(when, [], actions, [whyText(app, answer.why)]);
    const farther = answer.parts && !answer.within ? say("beyond_note") : "";
    return coveragePopups.content(when, rows(app, answer), actions, [counted(app, answer), farther, say("amap_note")]);
  }

  /* The way over the streets as a line, the straight line dashed. */
  function draw(app, place, answer) {
    app.clearFound();
    const style = { color: app.colours.way, interactive: false, renderer: app.renderers.found };
    const station = answer.why ? null : coverageLayers.placeOf(app.data.stations[answer.station]);
    if (answer.way) {
      app.found.addLayer(L.polyline(answer.way, { ...style, color: "#ffffff", weight: 8, opacity: 0.9 }));
      app.found.addLayer(L.polyline(answer.way, { ...style, weight: 4 }));
    }
    if (station) app.found.addLayer(L.polyline([place, station], { ...style, weight: 1.5, dashArray: "2 6" }));
    const dot = { radius: 6, weight: 2, color: "#ffffff", fillColor: app.colours.way, fillOpacity: 1 };
    app.found.addLayer(L.circleMarker(place, { ...style, ...dot }));
  }

  /**
   * Answer a click, or a key at the middle of the map.
   * @param {Object} app
   * @param {{lat: number, lng: number}} latlng
   */
  function at(app, latlng) {
    const place = [latlng.lat, latlng.lng];
    const { group, scenario } = app.state;
    const { map } = app;
    const spot = map.latLngToContainerPoint(place);
    const slack_m = map.distance(place, map.containerPointToLatLng(spot.add([HAND_PX, 0])));
    const ask = () => app.model.nearest(group, app.state.scenario, app.view.ask, place, { slack_m });
    const answer = ask();
    draw(app, place, answer);
    const popup = L.popup({ ...app.popupOptions(), className: "cp-nearest" }).setLatLng(place);
    popup.setContent(() => tell(app, place, ask())).openOn(map);
    popup.again = () => draw(app, place, ask());
    popup.on("remove", () => app.clearFound());
    return { answer, scenario };
  }

  return { at, amapLink };
})();
