"""How far one gets: times from the nearest facility to every place on the streets, and the pieces reached.

For an edge (u, v) of time c, the part reached from u is min(c, T - d(u)), likewise from v where travel that way is
allowed. Where the parts meet, the whole edge is reached; otherwise two pieces are. Around a facility inside an edge a
piece is reached even when neither end is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.ops import substring

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime._kernels import FAR, node_times
from coverage_planner.traveltime.engine import link_positions, seed_times
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S, UNREACHED_MS, to_milliseconds


@dataclass(frozen=True, eq=False)
class Reach:
    """Times from the nearest facility over the streets of one mode, milliseconds; ``inf`` beyond the limit.

    ``up`` is the time of each edge walked from u to v in the direction of search, ``down`` from v to u; ``inf`` where
    not allowed. ``ends`` has shape (e, 2): times at u and v.
    """

    ends: NDArray[np.float64]
    up: NDArray[np.float64]
    down: NDArray[np.float64]
    seed_edge: NDArray[np.int32]
    seed_fraction: NDArray[np.float64]
    seed_ms: NDArray[np.float64]


def search_reach(
    network: RoadNetwork, graph: ModeGraph, positions: Positions, *, limit_ms: int, direction: Direction
) -> Reach:
    """Search from all positions at once; each place keeps the time of the nearest.

    Parameters
    ----------
    network, graph
        The network and the graph of the mode.
    positions
        Where the facilities touch the streets.
    limit_ms
        How far to search, milliseconds.
    direction
        'to_facility' searches back, 'from_facility' forth.
    """
    reverse = direction == "to_facility"
    links = link_positions(network, graph, positions, reverse=reverse)
    snapped = np.flatnonzero(positions.snapped)
    at_nodes = node_times(
        *(
            (graph.reverse_indptr, graph.reverse_heads, graph.reverse_weights_ms)
            if reverse
            else (graph.indptr, graph.heads, graph.weights_ms)
        ),
        links.ends[snapped].ravel(),
        seed_times(links)[snapped].ravel(),
        limit_ms,
    )
    ends = network.edges[["u", "v"]].to_numpy()
    there, back = (graph.backward_ms, graph.forward_ms) if reverse else (graph.forward_ms, graph.backward_ms)
    return Reach(
        ends=np.where(at_nodes == FAR, np.inf, at_nodes)[ends],
        up=np.where(there >= 0, there, np.inf),
        down=np.where(back >= 0, back, np.inf),
        seed_edge=links.edge[snapped],
        seed_fraction=positions.fraction[snapped],
        seed_ms=links.access[snapped].astype(np.float64),
    )


def place_times(reach: Reach, edge: NDArray[np.int32], fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time in milliseconds at places on edges, access legs left out.

    Parameters
    ----------
    reach
        A search.
    edge, fraction
        Shape (p,): edge numbers (negative: nowhere) and places along them, 0 at u, 1 at v.

    Returns
    -------
    numpy.ndarray
        Shape (p,); ``inf`` where not reached.
    """
    on = np.maximum(edge, 0)
    with np.errstate(invalid="ignore"):
        from_u = np.where(fraction > 0, fraction * reach.up[on], 0.0)
        from_v = np.where(fraction < 1, (1.0 - fraction) * reach.down[on], 0.0)
    times: NDArray[np.float64] = np.minimum(reach.ends[on, 0] + from_u, reach.ends[on, 1] + from_v)
    times[edge < 0] = np.inf
    order = np.argsort(edge, kind="stable")
    begins = np.searchsorted(edge[order], reach.seed_edge, side="left")
    stops = np.searchsorted(edge[order], reach.seed_edge, side="right")
    for seed in np.flatnonzero(stops > begins):
        here = order[begins[seed] : stops[seed]]
        times[here] = np.minimum(times[here], _from_seed(reach, seed, fraction[here]))
    return times


def _from_seed(reach: Reach, seed: np.intp, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time straight along the seed's own edge to places on it."""
    ahead = fraction - reach.seed_fraction[seed]
    edge = reach.seed_edge[seed]
    with np.errstate(invalid="ignore"):
        along = np.where(ahead > 0, ahead * reach.up[edge], -ahead * reach.down[edge])
    times: NDArray[np.float64] = np.where(ahead == 0, 0.0, along) + reach.seed_ms[seed]
    return times


def _intervals(reach: Reach) -> pd.DataFrame:
    """Cut edges at the facilities on them: edge, f0, f1, t0, t1, up, down per interval."""
    allowed = np.flatnonzero(np.isfinite(reach.up) | np.isfinite(reach.down))
    plain = allowed[~np.isin(allowed, reach.seed_edge)]
    edges = [plain]
    cuts = [np.column_stack([np.zeros(len(plain)), np.ones(len(plain))])]
    for edge in np.unique(reach.seed_edge):
        stops = np.unique(np.concatenate(([0.0, 1.0], reach.seed_fraction[reach.seed_edge == edge])))
        edges.append(np.full(len(stops) - 1, edge))
        cuts.append(np.column_stack([stops[:-1], stops[1:]]))
    edge = np.concatenate(edges).astype(np.int32)
    place = np.concatenate(cuts)
    share = place[:, 1] - place[:, 0]
    return pd.DataFrame(
        {
            "edge": edge,
            "f0": place[:, 0],
            "f1": place[:, 1],
            "t0": place_times(reach, edge, place[:, 0]),
            "t1": place_times(reach, edge, place[:, 1]),
            "up": reach.up[edge] * share,
            "down": reach.down[edge] * share,
        }
    )


def reached_pieces(reach: Reach, cutoffs_ms: Sequence[int]) -> pd.DataFrame:
    """Cut the streets where the time passes a cutoff.

    Parameters
    ----------
    reach
        A search.
    cutoffs_ms
        Rising cutoffs, milliseconds.

    Returns
    -------
    pandas.DataFrame
        One row per piece: ``edge``, ``start``, ``stop`` (fractions along the edge, start < stop), ``time_ms`` (the
        largest time on it), ``band`` (number of the first cutoff that is not below it). Sorted by edge and start.
    """
    cut = _intervals(reach)
    cut = cut[np.isfinite(cut["t0"]) | np.isfinite(cut["t1"])]
    t0, t1, up, down = (cut[name].to_numpy() for name in ("t0", "t1", "up", "down"))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        meet = (t1 + down - t0) / (up + down)  # where the wave from f0 and the wave from f1 come together
    meet = np.where(np.isfinite(t0) & np.isfinite(up), np.where(np.isfinite(t1) & np.isfinite(down), meet, 1.0), 0.0)
    meet = np.clip(np.where(up + down == 0, 1.0, meet), 0.0, 1.0)
    f0, f1 = cut["f0"].to_numpy(), cut["f1"].to_numpy()
    middle = f0 + meet * (f1 - f0)
    with np.errstate(invalid="ignore"):
        late0 = t0 + np.where(meet > 0, meet * up, 0.0)
        late1 = t1 + np.where(meet < 1, (1.0 - meet) * down, 0.0)
    edge = cut["edge"].to_numpy()
    halves = pd.DataFrame(
        {
            "edge": np.concatenate([edge, edge]),
            "near": np.concatenate([f0, f1]),
            "far": np.concatenate([middle, middle]),
            "early": np.concatenate([t0, t1]),
            "late": np.concatenate([late0, late1]),
        }
    )
    halves = halves[(halves["near"] != halves["far"]) & np.isfinite(halves["early"])]
    return _join_touching(pd.concat([_band(halves, k, cutoffs_ms) for k in range(len(cutoffs_ms))], ignore_index=True))


def _band(halves: pd.DataFrame, band: int, cutoffs_ms: Sequence[int]) -> pd.DataFrame:
    """Part of each half edge with a time above the cutoff before and up to this one."""
    early, late = halves["early"].to_numpy(), halves["late"].to_numpy()
    near, far = halves["near"].to_numpy(), halves["far"].to_numpy()

    def share_by(cutoff: float) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            share = np.clip((cutoff - early) / (late - early), 0.0, 1.0)
        return np.where(late > early, np.where(np.isfinite(late), share, 0.0), (early <= cutoff).astype(float))

    begin = share_by(cutoffs_ms[band - 1]) if band else np.zeros(len(halves))
    end = share_by(cutoffs_ms[band])
    a, b = near + begin * (far - near), near + end * (far - near)
    b = np.where(end == 1.0, far, b)  # exactly the meeting point, so that two halves touch
    a = np.where(begin == 0.0, near, a)
    kept = end > begin  # then the later time is finite too
    early, late, end = early[kept], late[kept], end[kept]
    return pd.DataFrame(
        {
            "edge": halves["edge"].to_numpy()[kept],
            "start": np.minimum(a, b)[kept],
            "stop": np.maximum(a, b)[kept],
            "time_ms": early + end * np.maximum(late - early, 0.0),
            "band": band,
        }
    )


def _join_touching(pieces: pd.DataFrame) -> pd.DataFrame:
    """Join pieces of one edge and band that touch; leave out pieces without length."""
    pieces = pieces[pieces["start"] < pieces["stop"]].sort_values(["edge", "start"], kind="stable")
    if pieces.empty:
        return pieces.reset_index(drop=True)
    same = (
        (pieces["edge"] == pieces["edge"].shift())
        & (pieces["band"] == pieces["band"].shift())
        & (pieces["start"] == pieces["stop"].shift())
    )
    group = (~same).cumsum()
    joined = pieces.groupby(group.to_numpy()).agg(
        edge=("edge", "first"),
        start=("start", "first"),
        stop=("stop", "last"),
        time_ms=("time_ms", "max"),
        band=("band", "first"),
    )
    return joined.reset_index(drop=True)


def draw_pieces(network: RoadNetwork, pieces: pd.DataFrame) -> NDArray[np.object_]:
    """Cut the pieces' geometry out of their edges."""
    lines: NDArray[np.object_] = network.edges.geometry.to_numpy()[pieces["edge"].to_numpy()]
    partial = np.flatnonzero((pieces["start"] > 0) | (pieces["stop"] < 1))
    start, stop = pieces["start"].to_numpy(), pieces["stop"].to_numpy()
    for row in partial:
        lines[row] = substring(lines[row], start[row], stop[row], normalized=True)
    return lines


def check_cutoffs(cutoffs_s: Sequence[float]) -> list[int]:
    """Return cutoffs as rising milliseconds.

    Raises
    ------
    ConfigError
        There are none, or one is not positive, or one repeats.
    """
    within = all(0 < cutoff < UNREACHED_MS / MS_PER_S for cutoff in cutoffs_s)
    rising = sorted({int(to_milliseconds(cutoff)) for cutoff in cutoffs_s}) if within else []
    if not rising or rising[0] <= 0 or len(rising) < len(cutoffs_s):
        raise ConfigError(
            f"cutoffs_s must be positive seconds below {UNREACHED_MS // MS_PER_S} without repeats, got "
            f"{list(cutoffs_s)}; correct them"
        )
    return rising


def reached_streets(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    mode: str,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
) -> gpd.GeoDataFrame:
    """Cut out the street pieces within the cutoffs of the nearest facility.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Columns ``id``, ``geometry`` (points), metric CRS.
    mode
        Name of a mode of the network.
    cutoffs_s
        Cutoffs in seconds, from the facility's door to the place on the street.
    direction
        'to_facility' or 'from_facility'.
    snap_limit_m
        Farthest a facility may lie from its street, metres.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per piece: ``edge``, ``time_s`` (the largest time on it), ``band_s`` (the cutoff it is within and beyond
        the one before), ``length_m``, ``geometry``.

    Raises
    ------
    ConfigError
        A cutoff is not positive or repeats.
    """
    cutoffs_ms = check_cutoffs(cutoffs_s)
    graph = network.graph(mode)
    positions = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    reach = search_reach(network, graph, positions, limit_ms=cutoffs_ms[-1], direction=direction)
    return street_table(network, reached_pieces(reach, cutoffs_ms), cutoffs_ms)


def street_table(network: RoadNetwork, pieces: pd.DataFrame, cutoffs_ms: Sequence[int]) -> gpd.GeoDataFrame:
    """Turn pieces into the table of `reached_streets`; barriers, which have no length, are left out."""
    length_m = network.edges["length_m"].to_numpy()[pieces["edge"].to_numpy()]
    pieces, length_m = pieces[length_m > 0], length_m[length_m > 0]
    columns: dict[str, Any] = {
        "edge": pieces["edge"].to_numpy(),
        "time_s": pieces["time_ms"].to_numpy() / MS_PER_S,
        "band_s": np.asarray(cutoffs_ms)[pieces["band"].to_numpy()] / MS_PER_S,
        "length_m": length_m * (pieces["stop"] - pieces["start"]).to_numpy(),
    }
    return gpd.GeoDataFrame(columns, geometry=draw_pieces(network, pieces), crs=network.crs)
