"use strict";

// Tables of one pair of plans and one group: figures as Python writes them, each naming its cell, rows to be sorted.
const coveragePlanTables = (() => {
  const MINUS = "\u2212";
  const SIGNED = new Set(["change", "share_change", "count_change"]);
  const LONG = 14; // letters; longer texts may break anywhere
  const WHOLE = new Set(["count", "place", "count_change"]);

  function element(tag, cls, text) {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined && text !== null) node.textContent = text;
    return node;
  }

  function grouped(text) {
    const [whole, part] = text.split(".");
    const commas = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return part === undefined ? commas : `${commas}.${part}`;
  }

  // Round to one decimal place as Python does: halves, which only quarters are exactly, to the even digit.
  function toTenths(size) {
    const down = Math.floor(size * 10);
    const isHalf = Number.isInteger(size * 4) && size * 10 - down === 0.5;
    return isHalf ? (down + (down % 2)) / 10 : Number(size.toFixed(1));
  }

  // One decimal place; what is neither nothing nor all never looks as if it were.
  function tenths(size, most) {
    const rounded = toTenths(size);
    if (size > 0 && rounded < 0.1) return "<0.1";
    if (most && rounded >= most) return `>${(most - 0.1).toFixed(1)}`;
    return grouped(rounded.toFixed(1));
  }

  // The same as write_figure of report/cells.py.
  function figure(value, kind) {
    const size = Math.abs(value);
    let text;
    if (kind === "share" || kind === "share_change") {
      text = tenths(size * 100, kind === "share" && size < 1 ? 100 : 0) + (kind === "share" ? " %" : "");
    } else if (WHOLE.has(kind)) text = grouped(Math.round(size).toFixed(0));
    else if (kind === "ratio") {
      text = size === 0 ? "0" : grouped(size.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size)))));
    }
    else if (kind === "minutes") text = tenths(size);
    else text = tenths(size).replace(/\.0$/, "");
    if (text.startsWith("<")) return value < 0 ? `>${MINUS}${text.slice(1)}` : text;
    return (value < 0 ? MINUS : SIGNED.has(kind) && value > 0 ? "+" : "") + text;
  }

  function cell(value, column, table, row) {
    const isText = column.kind === "text";
    const node = element("td", isText ? "" : "number");
    if (value === null) node.textContent = isText ? "" : "\u2013";
    else if (isText) {
      node.append(element("bdi", value.length > LONG ? "long" : "", value));
    } else {
      const data = element("data", "", figure(value, column.kind));
      data.value = String(value);
      data.dataset.cell = `${table}/${row}/${column.name}`;
      node.append(data);
      if (SIGNED.has(column.kind)) node.classList.add(value < 0 ? "down" : value > 0 ? "up" : "same");
    }
    return node;
  }

  // Say where each figure inside a node stands in the exported tables, rows counted as spreadsheets do.
  function nameCells(node, said) {
    for (const data of node.querySelectorAll("data[data-cell]")) {
      const [table, row, column] = data.dataset.cell.split("/");
      const filled = { table, column, row: String(Number(row) + 2) };
      data.title = said.cell.replace(/\{(\w+)\}/g, (_, key) => filled[key]);
    }
  }

  function compareValues(one, other) {
    if (one === null || other === null) return (one === null ? 1 : 0) - (other === null ? 1 : 0);
    return typeof one === "number" ? one - other : one.localeCompare(other, document.documentElement.lang);
  }

  // A table in `holder`; show(pair, group) draws the rows of a pair of plans and, where it has groups, of a group.
  function open(name, table, holder, said) {
    const state = { pair: 0, group: 0, column: -1, down: true };
    const node = element("table");
    const head = element("thead");
    const body = element("tbody");
    const headline = table.columns.findIndex((column) => column.name === "change_covered_demand") + 3;
    const buttons = table.columns.map((column, place) => {
      const button = element("button");
      button.type = "button";
      button.title = said.sort_hint;
      button.addEventListener("click", () => {
        state.down = state.column === place ? !state.down : column.kind !== "text";
        state.column = place;
        draw();
      });
      return button;
    });
    const row = element("tr");
    const headings = buttons.map((button, place) => {
      const heading = element("th", table.columns[place].kind === "text" ? "" : "number");
      heading.scope = "col";
      // browsers leave buttons out of headings that they repeat on further sheets
      heading.append(button, element("span", "on-paper"));
      row.append(heading);
      return heading;
    });
    head.append(row);
    node.append(head, body);
    holder.replaceChildren(node);

    function chosen() {
      const rows = table.rows.filter((r) => r[0] === state.pair && (r[1] < 0 || r[1] === state.group));
      if (state.column < 0) {
        // what changes most stands first
        if (headline < 3) return rows;
        return rows.sort((a, b) => Math.abs(b[headline]) - Math.abs(a[headline]) || a[2] - b[2]);
      }
      const place = state.column + 3;
      const sign = state.down ? -1 : 1;
      return rows.sort((a, b) => {
        if (a[place] === null || b[place] === null) return compareValues(a[place], b[place]);
        return sign * compareValues(a[place], b[place]) || a[2] - b[2];
      });
    }

    function draw() {
      headings.forEach((heading, place) => {
        const sorted = place === state.column;
        heading.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
      });
      const lines = chosen().map((r) => {
        const line = element("tr");
        line.append(...table.columns.map((column, place) => cell(r[place + 3], column, name, r[2])));
        return line;
      });
      if (!lines.length) {
        const nothing = element("td", "", said.none);
        nothing.colSpan = table.columns.length;
        const line = element("tr");
        line.append(nothing);
        lines.push(line);
      }
      body.replaceChildren(...lines);
      nameCells(body, said);
    }

    return {
      hasGroups: table.groups.length > 0,
      show(pair, group) {
        table.columns.forEach(({ heading, side }, place) => {
          const text = side === undefined ? heading : said.of_plan.replace("{heading}", heading).replace("{plan}", () => pair[side]);
          for (const node of headings[place].children) node.textContent = text;
        });
        state.pair = table.pairs.findIndex((names) => names[0] === pair[0] && names[1] === pair[1]);
        state.group = table.groups.indexOf(group);
        draw();
      },
    };
  }

  return { open, figure, element, nameCells };
})();
