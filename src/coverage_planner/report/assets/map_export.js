/* What the map shows, as GeoJSON for the city's mini-program and as a table of the stations. */
"use strict";
const coverageExport = (() => {
  const PLACES = 6; // decimal places of degrees: about a decimetre
  const KINDS = ["stations", "sites", "communities", "gaps"];

  const rounded = (value) => Number(value.toFixed(PLACES));

  const mover = (datum) => (lon, lat) =>
    (datum === "gcj02" ? coverageDatum.toGcj02(lon, lat) : [lon, lat]).map(rounded);

  /* Twice the signed area of a ring of [lon, lat]; positive where it runs anticlockwise. */
  const turn = (ring) => ring.reduce((sum, [x, y], i) => {
    const [u, v] = ring[(i + 1) % ring.length];
    return sum + x * v - u * y;
  }, 0);

  /* Areas as RFC 7946 wants them: closed rings, the outer one anticlockwise, holes clockwise. */
  function polygon(paths, move) {
    const coordinates = coverageText.areas(paths).map((rings) =>
      rings.map((ring, k) => {
        const places = ring.map(([lat, lon]) => move(lon, lat));
        if (turn(places) < 0 === (k === 0)) places.reverse();
        return [...places, places[0]];
      }),
    );
    return { type: "MultiPolygon", coordinates };
  }

  const given = (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

  /* What is known of a station for the group and hour looked at. */
  function stationRecord(app, index) {
    const record = app.data.stations[index];
    const { group, scenario, slot } = app.state;
    const name = app.data.groups[group].name;
    const site = app.siteOf(index);
    const { stations, station_figures: figures } = app.data.scenarios[scenario];
    return given({
      id: record.id, name: record.name, level: record.level, kind: record.kind, services: record.services,
      opening_hours: record.opening_hours, open_now: slot === null || !app.data.open ? null : app.model.isOpen(index, slot),
      capacity: record.capacity, vehicle: record.vehicle, address: record.address, subdistrict: record.subdistrict,
      proposed: record.proposed, mobile: record.mobile, number: site ? site.number : undefined,
      ...((figures[name] || [])[stations.indexOf(index)] || {}), ...((site && site.figures[name]) || {}),
    });
  }

  const shownStations = (app) => {
    const { stations, mobile } = app.data.scenarios[app.state.scenario];
    return [...new Set([...stations, ...(mobile || [])])];
  };

  function features(app, kind, move) {
    const { data } = app;
    const point = (record) => ({ type: "Point", coordinates: move(record.lon, record.lat) });
    const feature = (geometry, properties) => ({ type: "Feature", geometry, properties: { layer: kind, ...properties } });
    if (kind === "stations" || kind === "sites") {
      const rows = shownStations(app).filter((index) => data.stations[index].proposed === (kind === "sites"));
      return rows.map((index) => feature(point(data.stations[index]), stationRecord(app, index)));
    }
    if (kind === "communities") {
      return (data.communities || []).map((record, index) => {
        const { id, name, subdistrict } = record;
        return feature(polygon(record.paths, move), { id, name, subdistrict, ...(app.outcome().communities[index] || {}) });
      });
    }
    return (app.outcome().gaps || []).map(({ paths, label, reasons, ...record }) =>
      feature(polygon(paths, move), { ...record, reasons: reasons.map(([reason, share]) => ({ reason, share })) }),
    );
  }

  /**
   * Make the GeoJSON.
   * @param {Object} app
   * @param {{datum: "wgs84"|"gcj02", kinds?: string[]}} options
   * @returns {Object} a FeatureCollection whose further members name datum, source, scenario, group and hour
   */
  function geojson(app, { datum = "wgs84", kinds = KINDS } = {}) {
    const { data, state } = app;
    const move = mover(datum);
    return {
      type: "FeatureCollection",
      title: data.title,
      scenario: data.scenarios[state.scenario].name,
      group: coverageTitle.who(app, state.group),
      moment: state.slot === null ? null : app.text.slot(state.slot),
      datum: datum === "gcj02" ? "GCJ-02" : "WGS 84",
      attribution: data.attributions,
      synthetic: data.synthetic,
      features: kinds.flatMap((kind) => features(app, kind, move)),
    };
  }

  /* A cell of a table; what a spreadsheet would take for a formula is written as text. */
  function cell(value) {
    if (value === null || value === undefined) return "";
    const listed = Array.isArray(value) ? value.join(";") : String(value);
    const text = typeof value !== "number" && /^[=+\-@\t\r]/.test(listed) ? `'${listed}` : listed;
    return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  }

  /** Make a table of the stations shown, with a byte order mark so that Excel reads it as UTF-8. */
  function csv(app, { datum = "wgs84" } = {}) {
    const move = mover(datum);
    const source = app.data.attributions.join("; ");
    const rows = shownStations(app).map((index) => {
      const { lon, lat } = app.data.stations[index];
      const [x, y] = move(lon, lat);
      return { ...stationRecord(app, index), lon: x, lat: y, datum: datum === "gcj02" ? "GCJ-02" : "WGS 84", source };
    });
    const columns = [...new Set(rows.flatMap(Object.keys))];
    if (app.data.synthetic) columns.push("note");
    const note = app.data.synthetic ? app.text.say("synthetic") : "";
    const lines = rows.map((row) => columns.map((column) => cell(column === "note" ? note : row[column])).join(","));
    return `\ufeff${[columns.join(","), ...lines].join("\r\n")}\r\n`;
  }

  function save(text, type, name) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = element("a");
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  const fileName = (app, end) => `${(app.data.title || "coverage").replace(/[\\/:*?"<>|\s]+/g, "_").slice(0, 60)}${end}`;

  const ending = ({ datum }) => (datum === "gcj02" ? "_gcj02" : "_wgs84");
  const saveGeojson = (app, options) =>
    save(JSON.stringify(geojson(app, options)), "application/geo+json", fileName(app, `${ending(options)}.geojson`));
  const saveCsv = (app, options) =>
    save(csv(app, options), "text/csv;charset=utf-8", fileName(app, `_stations${ending(options)}.csv`));

  return { geojson, csv, saveGeojson, saveCsv, KINDS };
})();
