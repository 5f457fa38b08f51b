"""How faithful isochrone polygons are: places on the right side, street length inside, nesting."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

import coverage_planner as cp
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M

#: A place drawn on a street lies on a piece of it within rounding.
_ON_PIECE_M = 1e-4


@dataclass(frozen=True, eq=False)
class Truth:
    """What the engine says round one facility, without any polygon.

    Attributes
    ----------
    reached
        The table of `reached_streets`.
    places
        Per band: coordinates (n, 2) of random places.
    covered, near_street
        Per band and place: covered by its own travel time; has a street position at all.
    perfect
        Per band: what a polygon that is right for every place would get, from random places on all streets nearby.
    """

    reached: gpd.GeoDataFrame
    places: list[NDArray[np.float64]]
    covered: list[NDArray[np.bool_]]
    near_street: list[NDArray[np.bool_]]
    perfect: list["Tally"]


def find_truth(
    network: RoadNetwork,
    facility: gpd.GeoDataFrame,
    mode: str,
    cutoffs_s: Sequence[float],
    streets: "tuple[Streets, Streets, NDArray[np.bool_]]",
    *,
    direction: str,
    places_per_band: int,
    rng: np.random.Generator,
) -> Truth:
    """Ask the engine about the streets round one facility, and about random places.

    Each band has its own places, drawn in the box round the streets that it truly reaches, widened by the access limit:
    with places of the largest band's box alone, the small bands would be right nearly everywhere for being small.
    """
    reached = cp.reached_streets(network, facility, mode=mode, cutoffs_s=cutoffs_s, direction=direction)
    boxes = [shapely.total_bounds(reached.geometry[reached["band_s"] <= cutoff].to_numpy()) for cutoff in cutoffs_s]
    places = [
        np.column_stack(
            [
                rng.uniform(box[0] - SNAP_LIMIT_M, box[2] + SNAP_LIMIT_M, places_per_band),
                rng.uniform(box[1] - SNAP_LIMIT_M, box[3] + SNAP_LIMIT_M, places_per_band),
            ]
        )
        for box in boxes
    ]
    seconds, near_street = place_seconds(network, facility, np.vstack(places), mode, cutoffs_s[-1], direction=direction)
    band = np.repeat(np.arange(len(cutoffs_s)), places_per_band)
    perfect = [
        judge_perfect(network, facility, reached[reached["band_s"] <= cutoff], mode, cutoff, streets, box,
                      direction=direction, n=places_per_band, rng=rng)
        for cutoff, box in zip(cutoffs_s, boxes, strict=True)
    ]  # fmt: skip
    return Truth(
        reached,
        places,
        [seconds[band == k] <= cutoff for k, cutoff in enumerate(cutoffs_s)],
        [near_street[band == k] for k in range(len(cutoffs_s))],
        perfect,
    )


def judge_perfect(
    network: RoadNetwork,
    facility: gpd.GeoDataFrame,
    reached: gpd.GeoDataFrame,
    mode: str,
    cutoff_s: float,
    streets: "tuple[Streets, Streets, NDArray[np.bool_]]",
    box: NDArray[np.float64],
    *,
    direction: str,
    n: int,
    rng: np.random.Generator,
) -> "Tally":
    """Find what a polygon gets whose inside is exactly what is covered: places on streets stand for street length.

    A street can be reached and not covered (nobody steps onto it there), or covered and not reached (an island, whose
    places belong to the larger network nearby): no polygon mends this.
    """
    every, _, is_own = streets
    near = every.tree.query(shapely.buffer(shapely.box(*box), SNAP_LIMIT_M))
    length_m = shapely.length(every.lines[near])
    chosen = near[rng.choice(len(near), size=n, p=length_m / length_m.sum())]
    points = shapely.line_interpolate_point(every.lines[chosen], rng.random(n), normalized=True)
    seconds, _ = place_seconds(network, facility, shapely.get_coordinates(points), mode, cutoff_s, direction=direction)
    covered = seconds <= cutoff_s
    edge = every.edges[chosen]
    pieces = reached[["edge"]].assign(line=reached.geometry.to_numpy()).reset_index(drop=True)
    pairs = pd.DataFrame({"edge": edge, "place": np.arange(n)}).merge(pieces, on="edge")
    on_piece = shapely.distance(points[pairs["place"].to_numpy()], pairs["line"].to_numpy()) < _ON_PIECE_M
    there = np.zeros(n, dtype=bool)
    there[pairs["place"].to_numpy()[on_piece]] = True
    own = is_own[edge]
    metres_each = float(length_m.sum()) / n

    def metres(those: NDArray[np.bool_]) -> float:
        return metres_each * int(those.sum())

    return Tally(
        reached_m=metres(there),
        reached_inside_m=metres(there & covered),
        street_inside_m=metres(covered),
        own_reached_m=metres(there & own),
        own_reached_inside_m=metres(there & covered & own),
        own_street_inside_m=metres(covered & own),
    )


def place_seconds(
    network: RoadNetwork,
    facility: gpd.GeoDataFrame,
    xy: NDArray[np.float64],
    mode: str,
    limit_s: float,
    *,
    direction: str,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Time of each place as a demand point (inf beyond the limit), and whether it has a street position."""
    demand = gpd.GeoDataFrame({"id": np.arange(len(xy)).astype(str)}, geometry=shapely.points(xy), crs=network.crs)
    times = cp.travel_times(network, facility, demand, mode=mode, limit_s=limit_s, direction=direction, threads=1)
    seconds = np.full(len(xy), np.inf)
    seconds[times.indices] = times.seconds
    return seconds, (times.demand_snaps["status"] == "snapped").to_numpy()


@dataclass(frozen=True)
class Tally:
    """Sums over facilities for one band; shares are taken of sums, not averaged.

    Lengths beginning with ``own`` leave out streets that no place can belong to: tunnels and motorways, onto which
    nobody can step from beside them, and islands, whose places belong to the larger network within the access limit. A
    polygon that is right for every place has unreached islands inside, and no reached tunnels where the ground above is
    not covered.
    """

    places: int = 0
    right: int = 0
    near_places: int = 0
    near_right: int = 0
    covered: int = 0
    false_inside: int = 0
    false_outside: int = 0
    reached_m: float = 0.0
    reached_inside_m: float = 0.0
    street_inside_m: float = 0.0
    own_reached_m: float = 0.0
    own_reached_inside_m: float = 0.0
    own_street_inside_m: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def agreement(self) -> float:
        """Share of places for which 'inside' equals 'covered'."""
        return self.right / self.places

    @property
    def agreement_near_street(self) -> float:
        """The same of the places within the access limit of a street."""
        return self.near_right / self.near_places

    @property
    def wrong_of_covered(self) -> float:
        """Wrong places for each covered one: the error as a share of the true area, whatever box was drawn in."""
        return (self.false_inside + self.false_outside) / max(self.covered, 1)

    @property
    def unreached_share(self) -> float:
        """Unreached street length inside as a share of all street length inside."""
        return _lacking(self.reached_inside_m, self.street_inside_m)

    @property
    def reached_share(self) -> float:
        """Share of the reached street length that is inside."""
        return self.reached_inside_m / self.reached_m

    @property
    def own_unreached_share(self) -> float:
        """The same as `unreached_share`, of streets that places belong to."""
        return _lacking(self.own_reached_inside_m, self.own_street_inside_m)

    @property
    def own_reached_share(self) -> float:
        """The same as `reached_share`, of streets that places belong to."""
        return self.own_reached_inside_m / self.own_reached_m


def _lacking(part: float, whole: float) -> float:
    return max(0.0, 1.0 - part / whole) if whole else 0.0


@dataclass(frozen=True, eq=False)
class Streets:
    """Lines of some edges of a network, with their row numbers and search tree."""

    lines: NDArray[np.object_]
    edges: NDArray[np.int64]
    tree: shapely.STRtree

    def inside(self, shape: Any) -> float:
        """Length in metres of the part that lies inside a shape."""
        if shape.is_empty:
            return 0.0
        whole = self.tree.query(shape, predicate="contains_properly")
        cut = np.setdiff1d(self.tree.query(shape, predicate="intersects"), whole)
        border = shapely.intersection(shapely.multilinestrings(list(self.lines[cut])), shape) if len(cut) else None
        return float(shapely.length(self.lines[whole]).sum() + (shapely.length(border) if len(cut) else 0.0))


def index_lines(lines: NDArray[np.object_], edges: NDArray[np.int64]) -> Streets:
    """Prepare lines, of the given edges, for many questions."""
    return Streets(lines, edges, shapely.STRtree(lines))


def mode_streets(network: RoadNetwork, mode: str) -> tuple[Streets, Streets, NDArray[np.bool_]]:
    """All streets of a mode; those that places belong to; and per edge of the network whether it is one of these."""
    graph = network.graph(mode)
    there = graph.allowed & (network.edges["length_m"].to_numpy() > 0)
    own = there & graph.snappable & ~graph.island
    lines = network.edges.geometry.to_numpy()
    every, own_rows = np.flatnonzero(there), np.flatnonzero(own)
    return index_lines(lines[every], every), index_lines(lines[own_rows], own_rows), own


def tally(
    shapes: Sequence[Any],
    truth: Truth,
    cutoffs_s: Sequence[float],
    streets: tuple[Streets, Streets, NDArray[np.bool_]],
) -> list[Tally]:
    """Compare the shapes of one facility with the truth; one entry per band. `streets` is of `mode_streets`."""
    every, own, is_own = streets
    found = []
    for band, (shape, cutoff) in enumerate(zip(shapes, cutoffs_s, strict=True)):
        shapely.prepare(shape)
        inside = shapely.contains_xy(shape, truth.places[band])
        covered, near = truth.covered[band], truth.near_street[band]
        right = inside == covered
        within = (truth.reached["band_s"] <= cutoff).to_numpy()
        edges = truth.reached["edge"].to_numpy()[within]
        reached = index_lines(truth.reached.geometry.to_numpy()[within], edges)
        own_reached = index_lines(reached.lines[is_own[edges]], edges[is_own[edges]])
        found.append(
            Tally(
                places=len(right),
                right=int(right.sum()),
                near_places=int(near.sum()),
                near_right=int((right & near).sum()),
                covered=int(covered.sum()),
                false_inside=int((inside & ~covered).sum()),
                false_outside=int((~inside & covered).sum()),
                reached_m=float(shapely.length(reached.lines).sum()),
                reached_inside_m=reached.inside(shape),
                street_inside_m=every.inside(shape),
                own_reached_m=float(shapely.length(own_reached.lines).sum()),
                own_reached_inside_m=own_reached.inside(shape),
                own_street_inside_m=own.inside(shape),
            )
        )
    return found


def not_nested(shapes: Sequence[Any]) -> float:
    """Largest area, in square metres, of a band outside the next larger one."""
    return max(
        (float(shapely.area(shapely.difference(small, large))) for small, large in pairwise(shapes)), default=0.0
    )
