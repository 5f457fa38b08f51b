/* How numbers, times and names are said; all texts of ours come from `words`, all others are those of the data. */
"use strict";
const coverageText = (() => {
  const NONE = "–";
  const known = (value) => value !== null && value !== undefined && value !== "" && !Number.isNaN(value);

  /* A number with thousands separators, with one decimal place where it is small and not whole. */
  function number(value) {
    if (!known(value)) return NONE;
    const small = Math.abs(value) < 100 && Number(value.toFixed(1)) !== Math.round(value);
    const [whole, part] = value.toFixed(small ? 1 : 0).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return part ? `${grouped}.${part}` : grouped;
  }

  const percent = (share) => (known(share) ? `${(share * 100).toFixed(1)}%` : NONE);
  const metres = (length) => (known(length) ? `${number(Math.round(length))} m` : NONE);

  /* 15, 7.5: minutes with one decimal place where there is one. */
  const minutesOf = (ms) => String(Number((ms / 60000).toFixed(1)));

  /* 18, 6.5 -> 18:00, 06:30; 24 is the end of the day. */
  function clock(hour) {
    const minutes = Math.round(hour * 60);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  }

  /**
   * Make the functions that say things in a language.
   * @param {Object<string, string>} words of map_words.py
   * @param {string} language "zh" or "en"
   * @param {Object} data MapData
   * @returns {Object} say, pick, number, percent, points, minutes, metres, day, slot, moment, service, reasons, name
   */
  function teller(words, language, data) {
    const say = (key, values = {}) => {
      const text = key in words ? words[key] : key;
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
    };
    const pick = (texts) => (texts ? texts[language] : "");
    const or = (key, other) => (key in words ? words[key] : other);
    const points = (difference) => say("percent_points", { points: signed((difference * 100).toFixed(1)) });
    const signed = (text) => (text.startsWith("-") ? `−${text.slice(1)}` : `+${text}`);
    const minutes = (ms) => say("minutes", { minutes: minutesOf(ms) });
    /* With seconds, where rounded minutes would not show that it is more than `limit`. */
    function minutesBeside(ms, limit) {
      if (ms <= limit || minutesOf(ms) !== minutesOf(limit)) return minutes(ms);
      const seconds = Math.ceil(ms / 1000);
      return say("minutes_seconds", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
    }
    const day = (name) => or(`day_${name}`, name);

    /* Wed 18:00; a special date says what kind of day it is. */
    function slot(number_) {
      const { day: name, hour, kind } = data.week.slots[number_];
      const said = kind === "ordinary" ? day(name) : say("special_day", { date: name, kind: say(`day_kind_${kind}`) });
      return `${said} ${clock(hour)}`;
    }

    /* A moment as tables name it, such as 'We 23:00'. */
    function moment(text) {
      const [name, ...rest] = text.split(" ");
      return [day(name), ...rest].join(" ");
    }

    const service = (id) => (id in data.services ? pick(data.services[id]) : or(`service_${id}`, id));
    const what = (id) => (id === "" ? say("what_none") : id === "any" || id === "full" ? say(`what_${id}`) : service(id));
    const services = (ids) => ids.map(service).join(" · ");
    const reasons = (shares) =>
      shares.map(([reason, share]) => `${or(`reason_${reason}`, reason)} ${Math.round(share * 100)}%`).join(say("between"));
    const name = (record) => (known(record.name) && record.name.trim() ? record.name : record.id);

    return {
      say, pick, or, number, percent, points, minutes, minutesBeside, metres, day, slot, moment, service, services, what, reasons, name,
    };
  }

  /* Areas of MapData -> Leaflet's [part][ring][latlng]. */
  function areas(paths) {
    const decode = decoder();
    return paths.map((rings) => rings.map(decode));
  }

  /* Put children in the place of those that were there. */
  function fill(box, ...children) {
    box.textContent = "";
    box.append(...children);
  }

  return { teller, areas, number, percent, clock, known, fill };
})();
