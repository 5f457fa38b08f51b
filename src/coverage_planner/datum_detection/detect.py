"""Which datum the positions of a file are really in: their distances to the streets, compared with chance.

A wrong declaration moves points by some hundred metres, yet the nearest street is hardly farther away than before: it
is another street. So no threshold on distances tells a wrong datum. What tells it is the whole pattern: places that
people go to stand beside streets, seldom on the carriageway and seldom far off; points that were moved know nothing of
the streets. The same points moved by thousands of known displacements show what chance looks like in this city, with
its blocks and its clusters of points, and a datum is believed when its distances stand out from that.
docs/methods-datum.md has the formulas, how often the verdicts are right, and what cannot be seen.
"""

from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp

from coverage_planner.datum_detection.verdict import LEAST_POINTS, DatumVerdict, Reason, Verdict, plain
from coverage_planner.errors import SchemaError
from coverage_planner.network.obstacles import index_obstacles
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.street_index import index_streets
from coverage_planner.network.street_search import make_memory, search_streets
from coverage_planner.sources.datum import Datum, check_datum, from_wgs84, to_wgs84

#: What positions may be in; CGCS2000 is WGS 84 here.
HYPOTHESES: tuple[Datum, ...] = ("wgs84", "gcj02", "bd09")
#: A verdict is given from this confidence on.
SURE = 0.98
#: Of more points a sample is compared.
MOST_POINTS = 1000

#: Displacements tried: a grid over a disc round the middle of the hypotheses, metres.
_RADIUS_M, _STEP_M, _FINE_M = 900.0, 25.0, 5.0
#: A displacement this near to a hypothesis is that hypothesis, metres.
_SAME_M = 100.0
#: Streets farther away than this tell nothing more, metres.
_FAR_M, _FARTHEST_M = 400.0, 20_000.0
#: Points looked at to find those that lie among the streets; places worked on at once.
_MOST_LOOKED_AT, _AT_ONCE = 4000, 400_000
#: A point lies among the streets when this share of its displaced places has one within `_FAR_M`.
_AMONG = 0.5

#: Distance to the nearest street in metres -> what it says for "this is the true place", for two kinds of places:
#: such as stand inside blocks, off the carriageway, and such as stand at it (stops, shops, gates). Log likelihood ratio
#: against displaced points, rounded, from points of known datum in four cities.
_DISTANCES_M = np.array([0.0, 4.0, 8.0, 12.0, 18.0, 26.0, 37.0, 52.0, 75.0, 110.0, 160.0])
_KINDS = np.array(
    [
        [-0.80, -0.80, -0.35, 0.20, 0.55, 0.70, 0.50, 0.20, -0.10, -0.50, -0.50],
        [1.10, 0.70, 0.35, 0.30, 0.30, 0.35, 0.20, 0.00, -0.35, -0.40, -0.40],
    ]
)
#: How far, in standard deviations of chance, the true place may stand out: scale of a half-normal distribution.
_EFFECT = 3.0
#: More standard deviations than this prove nothing more.
_MOST_DEVIATIONS = 20.0
#: Before looking: each datum; some other displacement; points that have nothing to do with streets.
_PRIOR = np.log([0.25, 0.25, 0.25, 0.15, 0.10])
_OTHER = 3
#: A log Bayes factor from which on a datum stands out at all.
_WORTH_MENTIONING = np.log(3.0)

_Floats = NDArray[np.float64]


def detect_datum(
    points: gpd.GeoDataFrame,
    network: RoadNetwork,
    *,
    declared: Datum = "wgs84",
    mode: str | None = None,
    seed: int = 0,
) -> DatumVerdict:
    """Find out from their distances to the streets which datum points are really in.

    Parameters
    ----------
    points
        Points in any CRS, as the readers return them: converted from `declared` already, which is undone first. Of
        other geometries a point inside counts. Points at the same place (to the metre) count once; of more than 4,000
        a sample is looked at, of which 1,000 at most are compared.
    network
        The streets, taken to be in WGS 84.
    declared
        What the points were declared as; 'cgcs2000' counts as 'wgs84'.
    mode
        The streets of one mode only; by default those of all modes of the network.
    seed
        Which sample of the points; everything else is the same for every seed.

    Returns
    -------
    DatumVerdict
        The verdict does not depend on what was declared.

    Raises
    ------
    DatumError
        There is no such datum.
    NetworkError
        The network has no such mode.
    SchemaError
        The points have no CRS.

    Notes
    -----
    For each datum, and for each displacement of a 25 m grid over a disc of 900 m, the distances of all points to the
    nearest street are scored for being the true place; the mean score, less a quadratic trend over the disc, in
    standard deviations of the disc's values, becomes a Bayes factor, and with equal prior odds a probability. Roads
    that are shifted themselves cannot be told: points shifted alike look right.
    """
    check_datum(declared, "the points")
    if points.crs is None:
        raise SchemaError("points must have a CRS, got none; set it with .set_crs(...)")
    return judge_points(points, Streets(network, mode), declared=declared, seed=seed)


def judge_points(points: gpd.GeoDataFrame, streets: "Streets", *, declared: Datum, seed: int) -> DatumVerdict:
    """Do the work of `detect_datum` with streets that are prepared already, for many questions to the same streets."""
    places, reason = place_points(points, streets.crs, declared, seed)
    if not reason and len(places[0]) >= LEAST_POINTS:
        places = places[:, streets.surround(places.mean(axis=0))]
        reason = "no streets" if len(places[0]) < LEAST_POINTS else ""
    elif not reason:
        reason = "too few"
    if reason:
        return DatumVerdict(declared, "not applicable", 0.0, len(places[0]), _no_table(), reason)
    places = places[:, _sample(len(places[0]), MOST_POINTS, seed)]
    return _judge(places, streets, declared)


# --- where the points would be ---


def _sample(n: int, most: int, seed: int) -> NDArray[np.intp]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def place_points(points: gpd.GeoDataFrame, crs: object, declared: Datum, seed: int) -> tuple[_Floats, Reason]:
    """Return the points' positions under each datum, shape (3, n, 2), in a CRS; and why they cannot be compared."""
    geometry = points.geometry[~(points.geometry.isna() | points.geometry.is_empty)].representative_point()
    xy = shapely.get_coordinates(geometry.to_crs("EPSG:4326").to_numpy())
    given = np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], declared))
    # the same few at most in whatever order the rows stand
    given = given[np.sort(np.unique(np.round(given, 5), axis=0, return_index=True)[1])]
    given = given[np.lexsort(given.T)]
    given = given[_sample(len(given), _MOST_LOOKED_AT, seed)]
    under = [np.column_stack(to_wgs84(given[:, 0], given[:, 1], datum)) for datum in HYPOTHESES]
    shifted = (under[0] != under[1]).any(axis=1)
    reason: Reason = "outside" if len(given) and shifted.mean() < _AMONG else ""
    places = [
        shapely.get_coordinates(gpd.GeoSeries.from_xy(*one[shifted].T, crs=4326).to_crs(crs).to_numpy())
        for one in under
    ]
    return np.array(places).reshape(len(HYPOTHESES), -1, 2), reason


class Streets:
    """The streets of a network, islands and all, to measure distances to."""

    def __init__(self, network: RoadNetwork, mode: str | None) -> None:
        graphs = network.graphs.values() if mode is None else [network.graph(mode)]
        snappable = np.any([graph.snappable for graph in graphs], axis=0)
        n = len(snappable)
        lines = network.edges.geometry.to_numpy()
        none = np.zeros(n)
        self.crs = network.crs
        self.index = index_streets(lines, snappable=snappable, island=none.astype(bool), component_m=none)
        self.obstacles = index_obstacles(network.obstacles.iloc[:0])
        self.memory = make_memory(self.index)

    def distances(self, places: _Floats, limit_m: float) -> _Floats:
        """Distance in metres of places (…, 2) to the nearest street, at most `limit_m`."""
        x, y = (np.ascontiguousarray(places[..., axis].ravel()) for axis in (0, 1))
        found = search_streets(self.index, self.obstacles, x, y, self.memory, limit_m=limit_m, margin_m=0.0)
        nearest_m: _Floats = np.minimum(found.nearest_m, limit_m).reshape(places.shape[:-1])
        return nearest_m

    def surround(self, places: _Floats) -> NDArray[np.bool_]:
        """Tell the points (n, 2) that have streets around them."""
        around = _disc(_RADIUS_M, _RADIUS_M / 3.0)
        near = [(self.distances(part[:, None] + around, _FAR_M) < _FAR_M).mean(axis=1) for part in _parts(places, 40)]
        return np.concatenate(near) >= _AMONG


def _disc(radius_m: float, step_m: float) -> _Floats:
    """Displacements (m, 2) of a grid over a disc, row by row to and fro: neighbours follow each other."""
    along = np.arange(-radius_m, radius_m + step_m / 2.0, step_m)
    rows = [np.column_stack([along[:: 1 - 2 * (k % 2)], np.full(len(along), y)]) for k, y in enumerate(along)]
    grid = np.concatenate(rows)
    inside: _Floats = grid[np.hypot(*grid.T) <= radius_m + 1e-6]
    return inside


def _parts(places: _Floats, n_displacements: int) -> Iterator[_Floats]:
    """Cut points (n, 2) into parts that are displaced at once."""
    size = max(_AT_ONCE // n_displacements, 1)
    return (places[start : start + size] for start in range(0, len(places), size))


# --- what fits ---


class Evidence(NamedTuple):
    """What mean scores say, per datum and per displacement of the grid.

    Attributes
    ----------
    probability
        Shape (5,): of the three datums, of some other displacement, and of points that have nothing to do with streets.
    deviations
        Shape (3,): how far each datum stands out from chance, for the kind of place that suits it best.
    for_datum, for_displaced
        Shapes (3,) and (m,): log Bayes factors; -inf for displacements that are one of the datums.
    surface, spread
        Trend over the disc and standard deviation of chance, per kind of place.
    """

    probability: _Floats
    deviations: _Floats
    for_datum: _Floats
    for_displaced: _Floats
    surface: _Floats
    spread: _Floats


def disc_of_displacements() -> _Floats:
    """Return the displacements (m, 2) that show what chance looks like."""
    return _disc(_RADIUS_M, _STEP_M)


def score_distances(distances_m: _Floats) -> _Floats:
    """Score distances (…) for being those of true places: shape (2, …)."""
    return np.array([np.interp(distances_m, _DISTANCES_M, kind) for kind in _KINDS])


def displaced_scores(places: _Floats, displacements: _Floats, streets: Streets) -> Iterator[_Floats]:
    """Score points (n, 2) at each displacement (m, 2): arrays (2, part of n, m)."""
    for part in _parts(places, len(displacements)):
        yield score_distances(streets.distances(part[:, None] + displacements, _FAR_M))


def weigh_evidence(at_datum: _Floats, displaced: _Floats, offset: _Floats) -> Evidence:
    """Compare the mean scores of the datums with those of displaced points.

    Parameters
    ----------
    at_datum
        Shape (2, 3): mean score per kind of place and datum.
    displaced
        Shape (2, m): the same at each displacement of `disc_of_displacements`.
    offset
        Shape (3, 2): where each datum lies on the disc.
    """
    grid = disc_of_displacements()
    away = np.hypot(*(grid[:, None] - offset).transpose(2, 0, 1)).min(axis=1) > _SAME_M
    surface: _Floats = np.linalg.lstsq(_trend(grid[away]), displaced[:, away].T, rcond=None)[0].astype(np.float64)
    left = displaced[:, away] - (_trend(grid[away]) @ surface).T
    spread = np.maximum(left.std(axis=1, keepdims=True), 1e-9)
    deviations, for_datum = _stand_out(at_datum, offset, surface, spread)
    for_displaced = np.where(away, _stand_out(displaced, grid, surface, spread)[1], -np.inf)
    elsewhere = logsumexp(for_displaced) - np.log(len(grid))
    weights = _PRIOR + np.array([*for_datum, elsewhere, 0.0])
    probability = np.exp(weights - logsumexp(weights))
    return Evidence(probability, deviations.max(axis=0), for_datum, for_displaced, surface, spread)


def _stand_out(scores: _Floats, where: _Floats, surface: _Floats, spread: _Floats) -> tuple[_Floats, _Floats]:
    """Return by how many standard deviations of chance scores (2, m) stand out, and their log Bayes factors (m,)."""
    deviations = (scores - (_trend(where) @ surface).T) / spread
    factors: _Floats = logsumexp(_log_bayes(deviations), axis=0) - np.log(len(_KINDS))
    return deviations, factors


def _log_bayes(deviations: _Floats) -> _Floats:
    """Log Bayes factor of 'the true place stands out by |N(0, 3²)|' against chance N(0, 1), per deviation."""
    z = np.minimum(deviations, _MOST_DEVIATIONS)
    spread = 1.0 + _EFFECT**2
    tail: _Floats = log_ndtr(z * _EFFECT / np.sqrt(spread))
    factor: _Floats = 0.5 * z * z * _EFFECT**2 / spread + np.log(2.0 / np.sqrt(spread)) + tail
    return factor


def _trend(displacements: _Floats) -> _Floats:
    """Terms (m, 6) of a quadratic surface."""
    x, y = displacements.T / _RADIUS_M
    return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])


def name_datum(evidence: Evidence) -> tuple[Verdict, float, Reason]:
    """Return the verdict, the confidence in it and, where it is 'undecided', why."""
    best = int(evidence.probability.argmax())
    confidence = float(evidence.probability[best])
    if confidence >= SURE and best <= _OTHER:
        named: tuple[Verdict, ...] = ("wgs84", "gcj02", "bd09", "none")
        return named[best], confidence, ""
    reason: Reason = "close" if (evidence.for_datum > _WORTH_MENTIONING).any() else "chance"
    return "undecided", float(evidence.probability[:_OTHER].max()), reason


def _judge(places: _Floats, streets: Streets, declared: Datum) -> DatumVerdict:
    middle, n = places.mean(axis=0), len(places[0])
    offset = (places - middle).mean(axis=1)
    distances = streets.distances(places, _FARTHEST_M)
    at_datum = score_distances(distances).mean(axis=2)

    def mean_scores(displacements: _Floats) -> _Floats:
        total = np.zeros((len(_KINDS), len(displacements)))
        for part in displaced_scores(middle, displacements, streets):
            total += part.sum(axis=1)
        return total / n

    grid = disc_of_displacements()
    evidence = weigh_evidence(at_datum, mean_scores(grid), offset)
    verdict, confidence, reason = name_datum(evidence)
    from_declared = offset - offset[HYPOTHESES.index(plain(declared))]
    table = pd.DataFrame(
        {
            "datum": list(HYPOTHESES),
            "probability": evidence.probability[: len(HYPOTHESES)],
            "deviations": evidence.deviations,
            "median_m": np.median(distances, axis=1),
            "typical_m": np.exp(np.log(np.maximum(distances, 1.0)).mean(axis=1)),
            "within_50m_share": (distances <= 50.0).mean(axis=1),  # noqa: PLR2004 - the column's name says it
            "east_m": from_declared[:, 0],
            "north_m": from_declared[:, 1],
        }
    )
    moved = None
    if verdict == "none":
        finer = grid[evidence.for_displaced.argmax()] + _disc(_STEP_M, _FINE_M)
        best = _stand_out(mean_scores(finer), finer, evidence.surface, evidence.spread)[1].argmax()
        east, north = finer[best] - offset[HYPOTHESES.index(plain(declared))]
        moved = (float(east), float(north))
    return DatumVerdict(declared, verdict, confidence, n, table, reason, moved)


def _no_table() -> pd.DataFrame:
    columns = ("datum", "probability", "deviations", "median_m", "typical_m", "within_50m_share", "east_m", "north_m")
    return pd.DataFrame({name: pd.Series(dtype=object if name == "datum" else np.float64) for name in columns})
