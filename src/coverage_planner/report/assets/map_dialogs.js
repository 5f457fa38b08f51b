/* Dialogs: how to read the map, export and print. Escape closes each and the focus goes back to where it was. */
"use strict";
const coverageDialogs = (() => {
  let dialogs = 0;

  function dialog(app, title, body) {
    const box = element("dialog", "cp-dialog");
    const heading = element("h2", "", title);
    heading.id = `cp-dialog-${++dialogs}`;
    box.setAttribute("aria-labelledby", heading.id);
    const close = element("button", "cp-close", "×");
    close.type = "button";
    close.setAttribute("aria-label", app.text.say("close"));
    close.addEventListener("click", () => box.close());
    box.append(heading, close, ...body);
    box.addEventListener("click", (event) => event.target === box && box.close()); // beside the dialog
    app.map.getContainer().append(box);
    L.DomEvent.disableClickPropagation(box);
    for (const name of ["wheel", "keydown"]) box.addEventListener(name, (event) => event.stopPropagation());
    return box;
  }

  function show(box) {
    if (typeof box.showModal === "function") box.showModal();
    else box.setAttribute("open", "");
  }

  function radios(name, options) {
    const box = element("div", "cp-radios");
    const inputs = options.map(([value, text, about], i) => {
      const label = element("label", "cp-choice");
      const input = element("input");
      Object.assign(input, { type: "radio", name, value, checked: i === 0 });
      const said = element("span", "cp-choice-text", text);
      if (about) said.append(element("small", "", about));
      label.append(input, said);
      box.append(label);
      return input;
    });
    return { box, value: () => inputs.find((input) => input.checked).value };
  }

  function checks(options) {
    const box = element("div", "cp-checks");
    const inputs = options.map(([value, text]) => {
      const label = element("label", "cp-choice");
      const input = element("input");
      Object.assign(input, { type: "checkbox", value, checked: true });
      label.append(input, element("span", "cp-choice-text", text));
      box.append(label);
      return input;
    });
    return { box, values: () => inputs.filter((input) => input.checked).map((input) => input.value) };
  }

  function field(title, content) {
    const box = element("fieldset");
    box.append(element("legend", "", title), content);
    return box;
  }

  function help(app) {
    const { say } = app.text;
    const list = element("dl");
    const topics = ["figures", "bands", "streets", "gaps", "hours", "click", "limits"];
    const shown = topics.filter((topic) => topic !== "hours" || app.data.week);
    for (const topic of shown) {
      list.append(element("dt", "", say(`help_${topic}_title`)), element("dd", "", say(`help_${topic}`)));
    }
    const keys = element("p", "cp-note", say("help_keys"));
    return dialog(app, say("help"), [list, keys]);
  }

  function exporting(app) {
    const { say } = app.text;
    const known = coverageExport.KINDS.filter((kind) => exists(app, kind));
    const kinds = checks(known.map((kind) => [kind, say(`export_${kind}`)]));
    const datum = radios(`cp-datum-${app.number}`, [
      ["wgs84", "WGS 84", say("datum_wgs84")],
      ["gcj02", "GCJ-02", say("datum_gcj02")],
    ]);
    const about = element("p", "cp-note", say("export_about"));
    const actions = element("p", "cp-actions");
    const asked = () => ({ datum: datum.value(), kinds: kinds.values() });
    actions.append(
      coveragePopups.button(say("save_geojson"), () => coverageExport.saveGeojson(app, asked())),
      coveragePopups.button(say("save_csv"), () => coverageExport.saveCsv(app, asked())),
    );
    const fields = [field(say("export_what"), kinds.box), field(say("datum"), datum.box)];
    return dialog(app, say("export"), [...fields, about, actions]);
  }

  function exists(app, kind) {
    if (kind === "sites") return app.data.stations.some((record) => record.proposed);
    if (kind === "communities") return (app.data.communities || []).length > 0;
    if (kind === "gaps") return app.layers.some((layer) => layer.key === "gaps");
    return true;
  }

  function printing(app) {
    const { say } = app.text;
    const page = radios(`cp-page-${app.number}`, [["landscape", say("landscape")], ["portrait", say("portrait")]]);
    const about = element("p", "cp-note", say("print_about"));
    const actions = element("p", "cp-actions");
    const box = dialog(app, say("print"), [field(say("paper"), page.box), about, actions]);
    actions.append(
      coveragePopups.button(say("print_now"), () => {
        box.close();
        app.printer.print(page.value() === "landscape");
      }),
    );
    return box;
  }

  const MAKERS = { help, export: exporting, print: printing };

  /** Open a dialog: "help", "export" or "print"; made when it is first asked for. */
  function open(app, name) {
    if (!app.dialogs[name]) app.dialogs[name] = MAKERS[name](app);
    show(app.dialogs[name]);
  }

  return { open };
})();
