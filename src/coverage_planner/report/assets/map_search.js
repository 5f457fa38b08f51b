/* Search by name: stations, sites, candidates, communities, gaps and streets, in one box that keys can use. */
"use strict";
const coverageSearch = (() => {
  const MOST = 10; // entries shown
  const FLY_ZOOM = 16;
  let boxes = 0;

  const plain = (text) => String(text).normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

  /* Everything that can be found: {text, about, plain, kind, go}; what is looked for most comes first. */
  function entries(app) {
    const { data, text } = app;
    const { say } = text;
    const found = [];
    const add = (kind, name, about, go) => found.push({ text: name, about, plain: plain(name), kind, go });
    data.stations.forEach((record, index) => {
      const kind = record.proposed ? "sites" : record.mobile ? "mobile_stops" : "stations";
      if (app.isShownSomewhere(index)) add(0, app.markName(index), say(`one_${kind}`), () => app.openStation(index));
    });
    (data.communities || []).forEach((record, index) => {
      const about = record.subdistrict ? `${say("one_communities")} · ${record.subdistrict}` : say("one_communities");
      add(1, text.name(record), about, () => app.openCommunity(index));
    });
    data.streets.names.forEach((name, index) => add(2, name, say("one_streets"), () => showStreet(app, index)));
    (data.candidates || []).forEach((record, index) =>
      add(3, text.name(record), say("one_candidates"), () => app.openCandidate(index)),
    );
    return found;
  }

  /* Entries that hold the words: those that are just them first, then those that begin so, then by kind, then the shorter ones. */
  function matches(all, asked) {
    const words = plain(asked);
    if (!words) return [];
    const parts = words.split(" ");
    const rank = (name) => (name === words ? 0 : name.startsWith(words) ? 1 : name.includes(words) ? 2 : 3);
    const order = (a, b) =>
      rank(a.plain) - rank(b.plain) || a.kind - b.kind || a.plain.length - b.plain.length; // then as they stand
    return all.filter((entry) => parts.every((part) => entry.plain.includes(part))).sort(order);
  }

  /* Draw a street of that name in full and go there. */
  function showStreet(app, index) {
    const { name, path, first } = app.data.streets;
    const lines = [];
    for (let edge = 0; edge < name.length; edge++) {
      if (name[edge] !== index) continue;
      const line = [];
      for (let k = first[edge]; k < first[edge + 1]; k++) line.push([path[2 * k + 1] / 1e6, path[2 * k] / 1e6]);
      lines.push(line);
    }
    app.clearFound();
    const style = { color: app.colours.way, weight: 5, opacity: 0.75, interactive: false, renderer: app.renderers.found };
    const drawn = L.polyline(lines, style);
    app.found.addLayer(drawn);
    app.flyTo(drawn.getBounds(), FLY_ZOOM);
    app.tell(app.data.streets.names[index]);
  }

  /** Make the search box. */
  function make(app) {
    const { say } = app.text;
    const id = `cp-search-${++boxes}`;
    const box = element("div", "cp-search");
    const label = element("label", "cp-hidden", say("search"));
    label.htmlFor = id;
    const input = element("input");
    Object.assign(input, { id, type: "search", placeholder: say("search"), autocomplete: "off", spellcheck: false });
    const list = element("ul", "cp-found");
    list.id = `${id}-list`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", say("search"));
    for (const [key, value] of Object.entries({
      role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
    })) input.setAttribute(key, value);
    const status = element("p", "cp-hidden");
    status.setAttribute("role", "status");
    box.append(label, input, list, status);

    let all = null;
    let shown = [];
    let at = -1;
    const close = () => {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const point = (place) => {
      at = place;
      [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
      if (at < 0 || !shown.length) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", list.children[at].id);
      return list.children[at].scrollIntoView({ block: "nearest" });
    };
    const choose = (entry) => {
      input.value = entry.text;
      close();
      app.closeSheet();
      entry.go();
    };
    const look = () => {
      all = all || entries(app);
      const found = matches(all, input.value);
      shown = found.slice(0, MOST);
      coverageText.fill(list, 
        ...shown.map((entry, i) => {
          const row = element("li");
          row.id = `${list.id}-${i}`;
          row.setAttribute("role", "option");
          row.append(element("span", "", entry.text), element("small", "", entry.about));
          row.addEventListener("mousedown", (event) => {
            event.preventDefault(); // keeps the focus where it is
            choose(entry);
          });
          return row;
        }),
      );
      const asked = plain(input.value) !== "";
      if (asked && !shown.length) {
        const none = element("li", "cp-none", say("search_none"));
        none.setAttribute("role", "option");
        none.setAttribute("aria-disabled", "true");
        list.append(none);
      }
      status.textContent = asked ? say("search_count", { count: found.length }) : "";
      list.hidden = !asked;
      input.setAttribute("aria-expanded", String(asked));
      point(shown.length ? 0 : -1);
    };
    input.addEventListener("input", look);
    input.addEventListener("focus", () => input.value && look());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && !list.hidden && shown.length) point((at + step + shown.length) % shown.length);
      else if (event.key === "Enter" && !list.hidden && shown[at]) choose(shown[at]);
      else if (event.key === "Escape" && !list.hidden) {
        close();
        event.stopPropagation();
      } else return;
      event.preventDefault();
    });
    return { box, input };
  }

  return { make, matches, entries };
})();
