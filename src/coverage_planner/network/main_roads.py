"""Main roads -> stretches that drivers pass: demand that lies on the road and moves along it.

Truck drivers and drivers of ride-hailing cars do not start from a home or a shop; they pass by. Their demand is a
weight per kilometre of main road, put on stretches of it, one for each direction of travel. Who passes a stretch is on
the way to a place some kilometres ahead along the same road; `traveltime.detours` asks how much longer the way becomes
by a station.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.errors import ConfigError, InputError, NetworkError, SchemaError, name_some
from coverage_planner.network.access import CLASS_ACCESS, CLASS_WHEN_MISSING, class_of
from coverage_planner.network.main_arcs import MainArcs, list_arcs
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.schema import require_metric
from coverage_planner.units import MS_PER_S

_M_PER_KM = 1000.0


@dataclass(frozen=True)
class _Place:
    """A place on the way: the arc, and the part of it that lies behind, 0 to 1."""

    arc: int
    behind: float


def build_stretches(
    network: RoadNetwork,
    mode: str,
    *,
    weights: Mapping[str, float] | pd.DataFrame,
    spacing_m: float = 500.0,
    ahead_m: float = 2000.0,
    study_area: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Cut main roads into directed stretches, as demand of drivers who pass by.

    Parameters
    ----------
    network
        The network, built for `mode`.
    mode
        Name of the drivers' mode.
    weights
        Road class (``highway``) -> drivers per kilometre of street; the classes named are the main roads. A class with
        weight 0 has no drivers of its own but others go on along it. Or a table of counts: columns ``edge`` (row of
        ``network.edges``) and ``weight`` (drivers on this whole edge); the edges named are the main roads.
    spacing_m
        Greatest length of a stretch, metres.
    ahead_m
        How far along the road the passing ends, metres from the middle of the stretch.
    study_area
        Polygons; only stretches whose middle lies inside are kept. Roads outside still count as the way ahead.

    Returns
    -------
    geopandas.GeoDataFrame
        A demand table, one row per stretch and direction of travel: ``id``, ``demand``, ``kind`` (road class), ``name``
        (of the road, None where it has none), ``mode``, ``length_m``; ``start_edge``, ``start_fraction`` (along the
        edge, 0 at u), ``start_heading`` (1 from u to v, -1 from v to u): the middle of the stretch; ``end_edge``,
        ``end_fraction``, ``end_heading``: the place ahead; ``pass_s``, ``pass_m``: time and way along the road between
        them; ``geometry``: the middle, a point.

    Raises
    ------
    ConfigError
        A weight is negative or no number, all are zero, a class is unknown, or a length is not positive.
    CrsError
        The study area has no metric CRS.
    InputError
        There is no such road, or none inside the study area; a count is for no edge that the mode may use.
    NetworkError
        The network has no such mode.

    Notes
    -----
    Where a street is open both ways each direction has half of its weight; a one-way street has all of it, so that a
    road with two carriageways has the weight of both. A road goes straight on, see `network.main_arcs.MainArcs.go_on`.
    Where it ends before `ahead_m` the passing ends there, and so does one that would come back to itself.
    """
    graph = network.graph(mode)
    for label, value in (("spacing_m", spacing_m), ("ahead_m", ahead_m)):
        if not 0 < value < np.inf:
            raise ConfigError(f"{label} must be positive metres, got {value:g}; correct it")
    kinds, per_km = _read_weights(network, mode, weights)
    arcs = list_arcs(network, graph, kinds)
    names = network.edges["name"].to_numpy(dtype=object)
    rows = []
    for chain in _chain(arcs):
        lengths_m = arcs.length_m[chain]
        last_m = np.cumsum(lengths_m)
        density = np.array([per_km[int(edge)] for edge in arcs.edge[chain]]) * arcs.share[chain] / _M_PER_KM
        so_far = np.concatenate(([0.0], np.cumsum(density * lengths_m)))
        cuts_m = np.linspace(0.0, last_m[-1], int(np.ceil(last_m[-1] / spacing_m)) + 1)
        until = np.interp(cuts_m, np.concatenate(([0.0], last_m)), so_far)
        for begin_m, end_m, before, after in zip(cuts_m[:-1], cuts_m[1:], until[:-1], until[1:], strict=True):
            if after <= before:
                continue
            start = _locate((begin_m + end_m) / 2, chain, lengths_m, last_m)
            way, end, driven_m = _drive(arcs, start, ahead_m)
            rows.append(
                {
                    "demand": after - before,
                    "kind": arcs.kind[start.arc],
                    "name": names[arcs.edge[start.arc]],
                    "length_m": end_m - begin_m,
                    **_columns(arcs, start, "start"),
                    **_columns(arcs, end, "end"),
                    "pass_s": _pass_ms(arcs, way, start, end) / MS_PER_S,
                    "pass_m": driven_m,
                }
            )
    return _tabulate(network, mode, rows, study_area)


def _read_weights(
    network: RoadNetwork, mode: str, weights: Mapping[str, float] | pd.DataFrame
) -> tuple[dict[int, str], dict[int, float]]:
    """Return the class and the weight per kilometre of every edge that is main road."""
    highway = network.edges["highway"]
    barrier = (highway == "barrier").to_numpy(dtype=bool)
    known = {value: class_of(str(value).strip().lower()) for value in highway.dropna().unique()}
    classes = [known.get(value, CLASS_WHEN_MISSING) for value in highway]
    allowed = network.graph(mode).allowed
    if isinstance(weights, pd.DataFrame):
        counted = _read_counts(network, weights, allowed & ~barrier)
        return {edge: classes[edge] for edge in counted}, counted
    unknown = [name for name in weights if name not in CLASS_ACCESS and name not in classes]
    if unknown:
        raise ConfigError(
            f"weights of main roads must be for road classes, got {name_some(unknown)}; the network has "
            f"{', '.join(sorted({name for name, is_gate in zip(classes, barrier, strict=True) if not is_gate}))}"
        )
    bad = [name for name, weight in weights.items() if not 0 <= weight < np.inf]
    if bad or not any(weight > 0 for weight in weights.values()):
        raise ConfigError(
            "weights of main roads must be drivers per kilometre, none negative and at least one above 0, got "
            f"{name_some([f'{name} = {weight:g}' for name, weight in weights.items()])}; correct them"
        )
    main = np.array([name in weights for name in classes], dtype=bool) & allowed & ~barrier
    rows = np.flatnonzero(main).tolist()
    if not any(weights[classes[row]] > 0 for row in rows):
        present = sorted({name for name, open_ in zip(classes, allowed & ~barrier, strict=True) if open_})
        raise InputError(
            f"main roads must have streets of the classes {', '.join(weights)} that are open to {mode!r}, the network "
            f"has none; its classes are {', '.join(present) or 'none'}; name others"
        )
    return {row: classes[row] for row in rows}, {row: float(weights[classes[row]]) for row in rows}


def _read_counts(network: RoadNetwork, counts: pd.DataFrame, usable: np.ndarray) -> dict[int, float]:
    """Return the weight per kilometre of every edge counted."""
    lacking = [column for column in ("edge", "weight") if column not in counts.columns]
    if lacking:
        raise SchemaError(f"counts of main roads must have the columns edge and weight, missing {name_some(lacking)}; "
                          "add them")  # fmt: skip
    edge = pd.to_numeric(counts["edge"], errors="coerce").to_numpy(dtype=np.float64)
    weight = pd.to_numeric(counts["weight"], errors="coerce").to_numpy(dtype=np.float64)
    whole = (edge >= 0) & (edge < len(usable)) & (edge == np.floor(edge))
    row = np.where(whole, edge, 0).astype(np.int64)
    lengths_m = network.edges["length_m"].to_numpy(dtype=np.float64)
    wrong = ~whole | ~usable[row] | (lengths_m[row] <= 0) | pd.Series(edge).duplicated(keep=False).to_numpy()
    if wrong.any():
        raise InputError(
            "counts must be for edges of the network that have a length and are open to the mode, each once; not so "
            f"for {name_some(counts['edge'].to_numpy()[wrong])}; remove the rows, or add them up"
        )
    bad = ~((weight >= 0) & (weight < np.inf))
    if bad.any() or not (weight > 0).any():
        raise InputError(
            "counts must be numbers of drivers, none negative and at least one above 0; not so for "
            f"{name_some(counts['edge'].to_numpy()[bad]) if bad.any() else 'all edges'}; correct them"
        )
    return dict(zip(row.tolist(), (weight / lengths_m[row] * _M_PER_KM).tolist(), strict=True))


def _chain(arcs: MainArcs) -> list[list[int]]:
    """Put arcs of one class that go straight on into chains; every arc but barriers is in exactly one."""
    claims: dict[int, tuple[float, int]] = {}
    for arc in np.flatnonzero(~arcs.is_barrier).tolist():
        onto = _next_of_class(arcs, arc)
        if onto is not None:
            turn = 0.0 if arcs.in_ring[arc] else arcs.turn_deg(arc, onto)
            claims[onto] = min(claims.get(onto, (np.inf, arc)), (turn, arc))
    following = {arc: onto for onto, (_, arc) in claims.items()}
    chains, taken = [], set()
    heads = [arc for arc in range(len(arcs.edge)) if arc not in claims]
    for first in [*heads, *range(len(arcs.edge))]:  # what is left after the heads goes round
        if first in taken or arcs.is_barrier[first]:
            continue
        chain = [first]
        while (onto := following.get(chain[-1])) is not None and onto != first:
            chain.append(onto)
        taken.update(chain)
        if arcs.length_m[chain].sum() > 0:
            chains.append(chain)
    return chains


def _next_of_class(arcs: MainArcs, arc: int) -> int | None:
    if arcs.in_ring[arc]:  # round the ring
        onward = [onto for onto in arcs.leaving_node(int(arcs.head[arc])) if arcs.in_ring[onto] and onto != arc]
    else:
        way = arcs.go_on(arc)
        onward = [] if any(arcs.in_ring[through] for through in way[:-1]) else [*way[-1:]]
    return next((onto for onto in onward if arcs.kind[onto] == arcs.kind[arc]), None)


def _locate(at_m: float, chain: list[int], lengths_m: np.ndarray, last_m: np.ndarray) -> _Place:
    """Return the place so far along a chain; at a node the end of the arc before it."""
    k = min(int(np.searchsorted(last_m, at_m)), len(chain) - 1)
    behind = 1.0 - (last_m[k] - at_m) / lengths_m[k]
    return _Place(chain[k], float(np.clip(behind, 0.0, 1.0)))


def _drive(arcs: MainArcs, start: _Place, ahead_m: float) -> tuple[list[int], _Place, float]:
    """Follow the road from a place: the arcs driven, the place where the passing ends, the way between in metres."""
    way, length_m = [start.arc], float(arcs.length_m[start.arc])
    left_m = ahead_m - (1.0 - start.behind) * length_m
    while left_m > 0:
        onward = arcs.go_on(way[-1])
        if not onward or not set(onward).isdisjoint(way):
            break
        for arc in onward:
            way.append(arc)
            left_m -= float(arcs.length_m[arc])
            if left_m <= 0:
                break
    last_m = float(arcs.length_m[way[-1]])
    behind = 1.0 + min(left_m, 0.0) / last_m if last_m > 0 else 1.0
    return way, _Place(way[-1], min(max(behind, 0.0), 1.0)), ahead_m - max(left_m, 0.0)


def _fraction(arcs: MainArcs, place: _Place) -> float:
    """Return the place along its edge, 0 at u."""
    return place.behind if arcs.heading[place.arc] > 0 else 1.0 - place.behind


def _columns(arcs: MainArcs, place: _Place, end: str) -> dict[str, float]:
    return {
        f"{end}_edge": int(arcs.edge[place.arc]),
        f"{end}_fraction": _fraction(arcs, place),
        f"{end}_heading": int(arcs.heading[place.arc]),
    }


def _behind_ms(arcs: MainArcs, place: _Place) -> int:
    """Return the time from the tail of the arc to the place, rounded as `traveltime.engine` does."""
    time_ms = int(arcs.time_ms[place.arc])
    part = round(_fraction(arcs, place) * time_ms)
    return part if arcs.heading[place.arc] > 0 else time_ms - part


def _pass_ms(arcs: MainArcs, way: list[int], start: _Place, end: _Place) -> int:
    """Add up the time along the way, with the delay of every node passed."""
    whole = int(arcs.time_ms[way[:-1]].sum()) + int(arcs.delay_ms[arcs.head[way[:-1]]].sum())
    return whole - _behind_ms(arcs, start) + _behind_ms(arcs, end)


def _tabulate(
    network: RoadNetwork, mode: str, rows: list[dict[str, object]], study_area: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    if not rows:
        raise NetworkError("main roads must have a length, got streets of 0 m; check length_m of the roads")
    table = pd.DataFrame(rows)
    table.insert(0, "id", [f"road {number}" for number in range(1, len(table) + 1)])
    table.insert(4, "mode", mode)
    lines = network.edges.geometry.to_numpy()[table["start_edge"].to_numpy()]
    places = shapely.line_interpolate_point(lines, table["start_fraction"].to_numpy(), normalized=True)
    stretches = gpd.GeoDataFrame(table, geometry=places, crs=network.crs)
    if study_area is None:
        return stretches
    require_metric(study_area, "study area")
    inside = shapely.intersects(study_area.geometry.to_crs(network.crs).union_all(), places)
    if not inside.any():
        raise InputError(
            f"main roads must pass through the study area; none of {len(table)} stretches has its middle inside; check "
            "the study area, or name other classes"
        )
    return stretches[inside].reset_index(drop=True)
