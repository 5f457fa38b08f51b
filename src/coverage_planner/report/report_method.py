"""Chapters of the report that say how it was made: method, data sources, limits, settings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from coverage_planner.report.cells import escape
from coverage_planner.report.messages import in_chinese
from coverage_planner.report.report_method_words import LIMITS, METHOD
from coverage_planner.report.report_parts import Report, file_name, items, of_rows, of_run, plain_table

#: What holds a path in a plan: only the file's own name is shown, as folders may name people.
_PATHS = frozenset({"file", "profile", "calendar", "buildings", "path"})
#: Settings that say where rows come from, not how something is computed; shown in the chapter of data or nowhere.
_LEFT_OUT = frozenset({"path", "report", "map"})
_SHORT_HASH = 12


def method_html(report: Report) -> str:
    """Return the method in plain words, as far as the results speak of it, with the sources."""
    column = _column(report)
    plan = report.plan.get("snap") or {}
    given = {
        "limit": of_run(("plan", "snap", "limit_m"), plan["limit_m"], "metres") if plan else None,
        "island": of_run(("plan", "snap", "small_component_m"), plan["small_component_m"], "metres") if plan else None,
    }
    parts = []
    for key in _spoken_of(report):
        paragraph = METHOD[key]
        if key == "snapping" and not plan:
            continue
        words = escape(paragraph.words[column], braces=False).format(**given)
        sources = f" <cite>{escape(paragraph.sources)}</cite>" if paragraph.sources else ""
        parts.append(f"<h3>{escape(paragraph.heading[column])}</h3><p>{words}{sources}</p>")
    return _speeds(report) + "".join(parts)


def _speeds(report: Report) -> str:
    """Say mode, speed, cutoff and direction of each group; each is a cell of the table overall."""
    rows = []
    columns = ("mode", "cutoff_min", "direction")
    for group in report.groups:
        cells = [report.cell("overall", name, {"scenario": report.scenarios[0], "group": group}) for name in columns]
        said = "".join(f"<td>{'–' if cell is None else cell.html(report.language)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row"><bdi>{escape(group)}</bdi></th>{said}</tr>')
    head = "".join(f'<th scope="col">{escape(report.said.heading(name))}</th>' for name in ("group", *columns))
    return plain_table(report.said.heading("mode"), head, "".join(rows))


def _spoken_of(report: Report) -> Iterator[str]:
    tables = report.tables
    passing = [group for group in report.groups if _passes(report, group)]
    yield "times"
    yield "snapping"
    yield "coverage"
    if report.tables["overall"]["straight_line_demand_share"].notna().any():
        yield "straight"
    if passing:
        yield "pass"
    if len(tables["gaps"]):
        yield "gaps"
    if len(tables["choice"]) or len(tables["by_site"]):
        yield "siting"
    holding = {
        "services": "by_service",
        "levels": "satellites",
        "capacity": "capacity",
        "equity": "equity",
        "lists": "needs",
    }
    for key, name in holding.items():
        if len(tables[name]):
            yield key


def _passes(report: Report, group: str) -> bool:
    mode = report.cell("overall", "mode", {"scenario": report.scenarios[0], "group": group})
    return mode is not None and str(mode.value).endswith(", detour")


# --- data ---


def data_html(report: Report) -> str:
    """Return the inputs: file, what it holds, rows, owner, date, licence; what is not known is said to be so."""
    inputs = report.results.run.get("inputs")
    unknown = f"<i>{escape(report.words['not_stated'])}</i>"
    notes = {str(note.get("file")): note for note in report.settings.get("data") or ()}
    names = ("d_input", "d_file", "d_rows", "d_kept", "d_owner", "d_date", "d_licence", "d_hash")
    head = "".join(f'<th scope="col">{escape(report.words[name])}</th>' for name in names)
    rows = []
    for number, given in enumerate(inputs if isinstance(inputs, list) else []):
        note = notes.get(str(given.get("file")), {})
        counts = "".join(
            f'<td class="n">{of_run(("inputs", number, key), given[key], "count") if key in given else unknown}</td>'
            for key in ("read", "kept")
        )
        known = "".join(
            f"<td>{f'<bdi>{escape(note[key])}</bdi>' if note.get(key) else unknown}</td>"
            for key in ("owner", "date", "licence")
        )
        digest = str(given.get("sha256") or "")[:_SHORT_HASH]
        rows.append(
            f"<tr><td>{_input(report, str(given.get('table', '')))}</td>"
            f"<td>{file_name(str(given.get('file', '')))}</td>"
            f"{counts}{known}<td><code>{escape(digest)}</code></td></tr>"
        )
    table = plain_table(report.words["data"], head, "".join(rows))
    streets = str(report.ours.get("streets") or "")
    boundaries = report.settings.get("boundary_source")
    facts = [
        (report.words["streets"], f"<bdi>{escape(streets)}</bdi>{_open_licence(streets)}" if streets else unknown),
        (report.words["boundaries"], f"<bdi>{escape(boundaries)}</bdi>" if boundaries else unknown),
        (report.words["d_datum"], f"<code>{escape(report.ours.get('datum', 'wgs84'))}</code>"),
        (report.words["d_crs"], f"<code>{escape(report.ours.get('crs', ''))}</code>"),
    ]
    return (table if rows else "") + facts_html(facts)


def _open_licence(streets: str) -> str:
    """Name the licence of OpenStreetMap's data where the streets are from there."""
    if "openstreetmap" not in streets.lower() or "odbl" in streets.lower():
        return ""
    return " · © OpenStreetMap contributors, <cite>ODbL 1.0</cite>"


def _input(report: Report, name: str) -> str:
    """Say which input it is: 'demand of riders' -> its word and the group's name."""
    kind, of, group = name.partition(" of ")
    said = {
        **report.said.inputs,
        "study_area": report.words["l_study_area"],
        "communities": report.said.inputs["areas"],
    }
    word = escape(said.get(kind, kind))
    return f"{word} · <bdi>{escape(group)}</bdi>" if of else word


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """Return labels with their values (HTML) as a list of terms."""
    return "<dl>" + "".join(f"<dt>{escape(label)}</dt><dd>{value}</dd>" for label, value in facts) + "</dl>"


# --- limits ---


def limits_html(report: Report) -> str:
    """Return what the results do not say, and what was left out on the way to them."""
    tables, run = report.tables, report.results.run
    said = [_limit(report, "estimate")]
    said += [
        _limit(report, key, n=of_rows(key, len(tables[key])), file=file_name(f"{key}.csv"))
        for key in ("rejected", "remarks", "islands")
        if len(tables[key])
    ]
    points = report.results.layers["demand"]
    if "snap_status" in points and (points["snap_status"] != "snapped").any():
        said.append(_limit(report, "unsnapped"))
    plan = report.plan
    circle = report.ours.get("circle")
    unsited = "no sites" if plan.get("siting") else "no siting"
    absent = {
        "no study area": report.results.layers["study_area"].empty,
        "no communities": tables["by_community"].empty,
        unsited: tables["choice"].empty and tables["by_site"].empty,
        "no circle": circle is None,
        "no levels": circle is not None and bool(plan) and not plan.get("levels"),
        "no capacity": circle is not None and tables["capacity"].empty,
    }
    said += [_limit(report, key) for key, is_absent in absent.items() if is_absent]
    for number, warning in enumerate(run.get("warnings") or ()):
        found = in_chinese(str(warning)) if report.language == "zh" else None
        lang = ' lang="en"' if found is None and report.language == "zh" else ""
        text = str(warning) if found is None else "；".join(part for part in found if part)
        said.append(_limit(report, "warning", warning=f'<q{lang} data-run="warnings/{number}">{escape(text)}</q>'))
    return items(said)


def _limit(report: Report, key: str, **given: str) -> str:
    return escape(LIMITS[key][_column(report)], braces=False).format(**given)


# --- settings ---


def settings_html(report: Report) -> str:
    """Return the plan's settings as run.json has them, without those that are empty, and the programs' versions."""
    used = {str(group.get("mode")) for group in report.plan.get("groups", [])}
    plan = {key: value for key, value in report.plan.items() if key not in _LEFT_OUT}
    if isinstance(plan.get("modes"), Mapping):
        plan["modes"] = {name: mode for name, mode in plan["modes"].items() if name in used}
    versions = report.results.run.get("versions") or {}
    rows = [*_flat(plan, ""), *((f"versions.{key}", str(value)) for key, value in versions.items())]
    body = "".join(
        f'<tr><th scope="row"><code>{escape(key)}</code></th><td>{escape(value)}</td></tr>' for key, value in rows
    )
    head = "".join(f'<th scope="col">{escape(report.words[name])}</th>' for name in ("s_key", "s_value"))
    note = escape(report.words["s_note"], braces=False).format(file=file_name("run.json"))
    return f"<p>{note}</p>{plain_table(report.words['settings'], head, body, 'settings')}"


def _flat(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Yield every setting that has a value, by its path."""
    if isinstance(value, Mapping) and value and all(isinstance(item, (int, float)) for item in value.values()):
        yield at, ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list) and any(isinstance(item, (Mapping, list)) for item in value):
        for number, item in enumerate(value, start=1):
            yield from _flat(item, f"{at} {number}")
    elif isinstance(value, list):
        if value:
            yield at, ", ".join(_plain(item) for item in value)
    elif value is not None and value != "":
        name = str(value)
        if at.rpartition(".")[2].rpartition(" ")[0] in _PATHS or at.rpartition(".")[2] in _PATHS:
            name = PureWindowsPath(name).name if "\\" in name else PurePosixPath(name).name
        yield at, _plain(value) if name == str(value) else name


def _plain(value: Any) -> str:
    if isinstance(value, float) and not pd.isna(value) and value == int(value):
        return str(int(value))
    return str(value)


def _column(report: Report) -> int:
    return 0 if report.language == "zh" else 1
