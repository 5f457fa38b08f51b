/* When: hours not asked, or a slot of the week, chosen by day, slider, steps and play; the share of every slot behind. */
"use strict";
const coverageTime = (() => {
  const STEP_MS = 900; // how long play shows a slot
  const CHART = { width: 240, height: 34 };
  const SVG = "http://www.w3.org/2000/svg";

  const dayOf = (app, slot) => app.data.week.slots[slot].day;

  /* First slot and number of slots of what the slider runs over: the ordinary week, or a special day. */
  function range(app, slot) {
    const { n_ordinary: n, slots } = app.data.week;
    if (slot < n) return [0, n];
    const day = dayOf(app, slot);
    const first = slots.findIndex((at, k) => k >= n && at.day === day);
    let length = 0;
    while (first + length < slots.length && slots[first + length].day === day) length++;
    return [first, length];
  }

  /* The slot of another day at the same hour, or the nearest before. */
  function sameHour(app, day, slot) {
    const { slots } = app.data.week;
    let found = slots.findIndex((at) => at.day === day);
    for (let k = found; k < slots.length && slots[k].day === day; k++) if (slots[k].hour <= slots[slot].hour) found = k;
    return found;
  }

  /* The slot that is shown when somebody first asks for hours: the first moment of the plan, else noon of the first day. */
  function firstSlot(app) {
    const { slots, moments } = app.data.week;
    const [day, clock] = (moments[0] || `${slots[0].day} 12:00`).split(" ");
    const found = slots.findIndex((at) => at.day === day && coverageText.clock(at.hour) === clock);
    return Math.max(found, 0);
  }

  function iconButton(text, label, act) {
    const button = element("button", "cp-icon", text);
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  }

  /* The share of each slot as steps; where nobody is about there is none. */
  function drawChart(app, chart, first, length) {
    const step = CHART.width / length;
    const shares = [];
    const { scenario } = app.state;
    for (let k = 0; k < length; k++) {
      const figure = coverageControls.figureOf(app, scenario, first + k);
      shares.push(figure && coverageText.known(figure.share) ? figure.share : null);
    }
    const steps = shares.map((share, k) => {
      const y = ((1 - (share || 0)) * CHART.height).toFixed(1);
      return `L${(k * step).toFixed(1)} ${y}L${((k + 1) * step).toFixed(1)} ${y}`;
    });
    chart.path.setAttribute("d", `M0 ${CHART.height}${steps.join("")}L${CHART.width} ${CHART.height}Z`);
    const { slots } = app.data.week;
    const days = [];
    for (let k = 1; k < length; k++) {
      if (slots[first + k].day === slots[first + k - 1].day) continue;
      days.push(`M${(k * step).toFixed(1)} 0V${CHART.height}`);
    }
    chart.days.setAttribute("d", days.join(""));
  }

  function makeChart() {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${CHART.width} ${CHART.height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "cp-chart");
    svg.setAttribute("aria-hidden", "true");
    const [path, days, now] = ["cp-chart-share", "cp-chart-days", "cp-chart-now"].map((name) => {
      const made = document.createElementNS(SVG, "path");
      made.setAttribute("class", name);
      svg.append(made);
      return made;
    });
    return { svg, path, days, now };
  }

  function makeDays(app) {
    const { slots, n_ordinary: n } = app.data.week;
    const ordinary = [...new Set(slots.slice(0, n).map(({ day }) => day))];
    const special = [...new Set(slots.slice(n).map(({ day }) => day))];
    const bar = element("div", "cp-days");
    const buttons = ordinary.map((day) => {
      const button = element("button", "", app.text.or(`short_${day}`, app.text.day(day)));
      button.type = "button";
      button.setAttribute("aria-label", app.text.day(day));
      button.addEventListener("click", () => app.set({ slot: sameHour(app, day, app.state.slot) }));
      bar.append(button);
      return [day, button];
    });
    let list = null;
    if (special.length) {
      list = element("select", "cp-special");
      list.setAttribute("aria-label", app.text.say("special_days"));
      list.append(element("option", "", app.text.say("special_days")));
      list.firstChild.value = "";
      for (const day of special) {
        const { kind } = slots.find((at) => at.day === day);
        const said = app.text.say("special_day", { date: day, kind: app.text.say(`day_kind_${kind}`) });
        const option = element("option", "", said);
        option.value = day;
        list.append(option);
      }
      list.addEventListener("change", () => {
        const day = list.value || ordinary[0];
        app.set({ slot: sameHour(app, day, app.state.slot) });
      });
    }
    const update = (day) => {
      for (const [of, button] of buttons) button.setAttribute("aria-pressed", String(of === day));
      if (list) list.value = special.includes(day) ? day : "";
    };
    return { bar, list, update };
  }

  /**
   * Make the control of the hour.
   * @returns {{box: Element, update: function}}
   */
  function make(app) {
    const { say } = app.text;
    const box = element("fieldset", "cp-field cp-when");
    box.append(element("legend", "", say("when")));
    const asked = element("label", "cp-switch");
    const toggle = element("input");
    toggle.type = "checkbox";
    asked.append(toggle, element("span", "", say("ask_hour")));
    toggle.addEventListener("change", () => app.set({ slot: toggle.checked ? app.lastSlot ?? firstSlot(app) : null }));

    const inner = element("div", "cp-hours");
    const days = makeDays(app);
    const chart = makeChart();
    const slider = element("input", "cp-slider");
    slider.type = "range";
    slider.setAttribute("aria-label", say("hour_of_week"));
    const said = element("output", "cp-slot");
    slider.addEventListener("input", () => app.set({ slot: Number(slider.value) }));
    const move = (by) => {
      const [first, length] = range(app, app.state.slot);
      app.set({ slot: first + ((app.state.slot - first + by + length) % length) });
    };
    let timer = null;
    const stop = () => {
      if (timer === null) return;
      clearInterval(timer);
      timer = null;
      label();
    };
    const start = () => {
      timer = setInterval(() => move(1), STEP_MS);
      label();
    };
    const play = iconButton("▶", say("play"), () => (timer === null ? start() : stop()));
    const label = () => {
      play.textContent = timer === null ? "▶" : "❚❚";
      play.title = say(timer === null ? "play" : "pause");
      play.setAttribute("aria-label", play.title);
    };
    const steps = element("div", "cp-steps");
    steps.append(
      iconButton("‹", say("hour_before"), () => move(-1)), play, iconButton("›", say("hour_after"), () => move(1)), said,
    );
    play.classList.add("cp-play");
    const track = element("div", "cp-track");
    track.append(chart.svg, slider);
    inner.append(days.bar, track, steps);
    const row = element("div", "cp-when-row");
    row.append(asked, ...(days.list ? [days.list] : []));
    box.append(row, inner);
    app.stopPlaying = stop;

    let drawn = "";
    const update = () => {
      const { slot } = app.state;
      toggle.checked = slot !== null;
      inner.hidden = slot === null;
      if (days.list) days.list.hidden = slot === null;
      if (slot === null) return stop();
      app.lastSlot = slot;
      const [first, length] = range(app, slot);
      slider.min = String(first);
      slider.max = String(first + length - 1);
      slider.value = String(slot);
      slider.setAttribute("aria-valuetext", app.text.slot(slot));
      said.textContent = app.text.slot(slot);
      days.update(dayOf(app, slot));
      const stamp = [app.state.scenario, app.state.group, app.state.what, first].join("|");
      if (stamp !== drawn) drawChart(app, chart, first, length);
      drawn = stamp;
      const step = CHART.width / length;
      chart.now.setAttribute("d", `M${((slot - first + 0.5) * step).toFixed(1)} 0V${CHART.height}`);
      return undefined;
    };
    return { box, update };
  }

  return { make, firstSlot, iconButton };
})();
