"""Map data of several plans -> one: the same streets, groups and demand, the scenarios of all."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import InputError, name_some
from coverage_planner.report.map_data import MapData
from coverage_planner.report.packed import pack, unpack

#: Keys that must be equal, and what they are called.
_SAME = {
    "direction": "the direction of travel",
    "snap_limit_m": "the longest access leg",
    "modes": "the modes and their speeds",
    "week": "the week and its special dates",
    "communities": "the communities",
    "study_area": "the study area",
}
#: The same of a group.
_SAME_OF_GROUP = {
    "visit": "its kind of visit",
    "cutoff_ms": "its cutoff",
    "parking_ms": "its parking time",
    "services": "its services",
    "required": "the services that it requires",
    "cutoffs_ms": "the cutoffs of its services",
    "points": "its demand",
    "profile": "its profile over the day",
}


def merge_map_data(data: Sequence[MapData], names: Sequence[str]) -> MapData:
    """Put the scenarios of several map data into one, to compare plans on one page.

    Parameters
    ----------
    data
        One per plan: each of today and a proposal, or of a single scenario; in the order in which they are shown.
    names
        What the plans are called; a plan's proposal (or its only scenario) takes its name. Scenarios of today that are
        equal in all plans stand once, first.

    Returns
    -------
    MapData
        Today's scenario and that of each plan. The frame (title, base maps, areas, …) is that of the first; candidates
        and certificates, which belong to one plan, are left out; ``sites`` say which ``scenario`` they are of.

    Raises
    ------
    InputError
        None, or another number of names; names repeat; the plans differ in streets, groups, demand or whatever else
        makes their figures comparable.
    """
    _check_names(data, names)
    contents = [found.content for found in data]
    first = contents[0]
    for content, name in zip(contents[1:], names[1:], strict=True):
        _require_same(first, content, names[0], name)
    stations, places = _unite(contents)
    scenarios: list[dict[str, Any]] = []
    sites: list[dict[str, Any]] = []
    for number, (content, name) in enumerate(zip(contents, names, strict=True)):
        moved = [_move(scenario, places[number]) for scenario in content["scenarios"]]
        for scenario in moved[:-1]:
            if not any(_same_scenario(scenario, known) for known in scenarios):
                scenarios.append(scenario | {"name": _free_name(scenario["name"], name, scenarios, names)})
        scenarios.append(moved[-1] | {"name": name})
        sites += [
            site | {"station": int(places[number][site["station"]]), "scenario": name} for site in content["sites"]
        ]
    merged = {
        **first,
        "title": " / ".join(names),
        "synthetic": any(content["synthetic"] for content in contents),
        "attributions": list(dict.fromkeys(text for content in contents for text in content["attributions"])),
        "stations": stations,
        "open": _open(contents, places, len(stations)),
        "services": {key: value for content in contents for key, value in content["services"].items()},
        "groups": [_group(contents, places, number, len(stations)) for number in range(len(first["groups"]))],
        "candidates": [],
        "certificate": None,
        "sites": sites,
        "scenarios": [*(s for s in scenarios if s["role"] == "today"), *(s for s in scenarios if s["role"] != "today")],
    }
    return MapData(merged)


def _check_names(data: Sequence[MapData], names: Sequence[str]) -> None:
    if not data or len(data) != len(names):
        raise InputError(f"plans must be at least one, each with a name, got {len(data)} with {len(names)} names")
    if len(set(names)) < len(names):
        raise InputError(f"names of plans must not repeat, got {name_some(names)}; rename one")


def _free_name(given: str, plan: str, scenarios: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return the name of a further scenario of today, with the plan's where it is taken."""
    taken = {scenario["name"] for scenario in scenarios} | set(names)
    return f"{given} ({plan})" if given in taken else given


# --- what must be the same ---


def _require_same(first: Mapping[str, Any], other: Mapping[str, Any], name: str, other_name: str) -> None:
    different = [
        what
        for key, what in (("streets", "the streets"),)
        if _without_drawing(first[key]) != _without_drawing(other[key])
    ]
    different += [what for key, what in _SAME.items() if first[key] != other[key]]
    groups = [[group["name"] for group in content["groups"]] for content in (first, other)]
    if groups[0] != groups[1]:
        different.append(f"the groups ({', '.join(groups[0])} and {', '.join(groups[1])})")
    else:
        for here, there in zip(first["groups"], other["groups"], strict=True):
            changed = [what for key, what in _SAME_OF_GROUP.items() if here[key] != there[key]]
            different += [f"{what} of group {here['name']!r}" for what in changed]
    if different:
        raise InputError(
            f"plans on one page must have the same streets, groups and demand; {name!r} and {other_name!r} differ in "
            f"{name_some(different)}; run both on the same inputs and settings, and compare only their sites"
        )


def _without_drawing(streets: Mapping[str, Any]) -> dict[str, Any]:
    return {key: streets[key] for key in ("n_nodes", "n", "u", "v", "path", "first")}


def _same_scenario(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two scenarios have the same stations and the same figures."""
    named = ("stations", "mobile", "counts", "groups", "hub_links")
    return all(json.dumps(one[key], sort_keys=True) == json.dumps(other[key], sort_keys=True) for key in named)


# --- stations ---


def _unite(contents: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[NDArray[np.int64]]]:
    """Return the stations of all plans, equal ones once, and for each plan the row of each of its stations."""
    known: dict[tuple[str, bytes], int] = {}
    stations: list[dict[str, Any]] = []
    places = []
    for content in contents:
        links = [_links(group) for group in content["groups"] if group["stations"] is not None]
        opens = _open_rows(content)
        here = []
        for row, station in enumerate(content["stations"]):
            parts = [array[row] for of_group in links for array in of_group.values()]
            parts += [] if opens is None else [opens[row]]
            key = (json.dumps(station, sort_keys=True), b"|".join(part.tobytes() for part in parts))
            if key not in known:
                known[key] = len(stations)
                stations.append(dict(station))
            here.append(known[key])
        places.append(np.array(here, dtype=np.int64))
    return stations, places


def _links(group: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Unpack how stations hang on the streets: name -> array with one row per station."""
    found = {name: unpack(values) for name, values in group["stations"].items()}
    n = len(found["edge"])
    return {name: values.reshape(n, len(values) // max(n, 1)) for name, values in found.items()}


def _open_rows(content: Mapping[str, Any]) -> NDArray[np.uint8] | None:
    """Unpack when stations are open: one row of bits per station."""
    if content["open"] is None:
        return None
    octets: NDArray[np.uint8] = unpack(content["open"])
    n = len(content["stations"])
    return octets.reshape(n, len(octets) // max(n, 1))


def _gather(tables: Sequence[NDArray[Any]], places: Sequence[NDArray[np.int64]], n: int) -> NDArray[Any]:
    """Put the rows of each plan where they belong among all stations."""
    width = max(table.shape[1] for table in tables)  # a plan without stations does not know it
    gathered = np.zeros((n, width), dtype=tables[0].dtype)
    for table, rows in zip(tables, places, strict=True):
        gathered[rows] = table.reshape(len(rows), width)
    return gathered


def _open(contents: Sequence[Mapping[str, Any]], places: Sequence[NDArray[np.int64]], n: int) -> dict[str, Any] | None:
    rows = [opens for content in contents if (opens := _open_rows(content)) is not None]
    return pack(_gather(rows, places, n), "u8") if rows else None


def _group(
    contents: Sequence[Mapping[str, Any]], places: Sequence[NDArray[np.int64]], number: int, n: int
) -> dict[str, Any]:
    """Return a group with the stations of all plans."""
    groups = [content["groups"][number] for content in contents]
    merged = dict(groups[0])
    if merged["stations"] is not None:
        links = [_links(group) for group in groups]
        merged["stations"] = {
            name: pack(_gather([of_plan[name] for of_plan in links], places, n), merged["stations"][name]["t"])
            for name in links[0]
        }
    if merged["pairs"] is not None:
        merged["pairs"] = _pairs([group["pairs"] for group in groups], places, n)
    return merged


def _pairs(pairs: Sequence[Mapping[str, Any]], places: Sequence[NDArray[np.int64]], n: int) -> dict[str, Any]:
    nothing = np.empty(0, dtype=np.int32)
    points, times_ms = [nothing] * n, [nothing] * n
    for found, rows in zip(pairs, places, strict=True):
        first, point, ms = (unpack(found[name]) for name in ("first", "point", "ms"))
        for station, begin, end in zip(rows, first[:-1], first[1:], strict=True):
            points[station], times_ms[station] = point[begin:end], ms[begin:end]
    return {
        "first": pack(np.concatenate(([0], np.cumsum([len(found) for found in points]))), "i32"),
        "point": pack(np.concatenate([*points, nothing]), "i32"),
        "ms": pack(np.concatenate([*times_ms, nothing]), "i32"),
    }


def _move(scenario: Mapping[str, Any], rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return a scenario whose stations stand in the rows of all plans."""

    def moved(records: Sequence[Mapping[str, Any]] | None, *keys: str) -> list[dict[str, Any]] | None:
        if records is None:
            return None
        return [
            {**record, **{key: None if record[key] is None else int(rows[record[key]]) for key in keys}}
            for record in records
        ]

    lists = {key: rows[scenario[key]].tolist() if scenario[key] else [] for key in ("stations", "mobile", "counts")}
    return {
        **scenario,
        **lists,
        "hub_links": moved(scenario["hub_links"], "satellite", "hub"),
        "hubs": moved(scenario["hubs"], "station"),
        "capacity": moved(scenario["capacity"], "station"),
    }
