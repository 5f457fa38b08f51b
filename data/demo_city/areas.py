"""Communities (社区) and subdistricts (街道): fields of the lattice joined to areas of about equal population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon, STRtree

from demo_city.blocks import DENSITY, Block
from demo_city.lattice import Lattice
from demo_city.names import SUBDISTRICTS, Pairs
from demo_city.streets import Points, as_polygon

Field = tuple[int, int]
Unit = tuple[Field, ...]

RESIDENTS = 100_000
N_SUBDISTRICTS, N_COMMUNITIES = 10, 80


@dataclass(frozen=True)
class Community:
    """One community: names, number of residents, ground."""

    id: str
    name: str
    subdistrict: str
    residents: int
    shape: Polygon


def make_communities(lattice: Lattice, blocks: Sequence[Block], rng: np.random.Generator) -> list[Community]:
    """Join the study area's fields to communities, and those to subdistricts; the river belongs to its south bank."""
    fields = lattice.study_fields()
    shapes = {field: lattice.quad(*field) for field in fields}
    units = _units(fields, lattice.river_row)
    people = _people(units, shapes, blocks, rng)
    north = [n for n, unit in enumerate(units) if unit[0][1] > lattice.river_row]
    south = [n for n, unit in enumerate(units) if unit[0][1] <= lattice.river_row]
    share_north = people[north].sum() / people.sum()
    n_north = int(np.clip(round(N_SUBDISTRICTS * share_north), 2, N_SUBDISTRICTS - 2))
    grounds = [shapely.union_all([shapes[f] for f in unit]) for unit in units]
    centres = np.array([ground.centroid.coords[0] for ground in grounds])
    groups = [
        *_group(north, n_north, units, people, centres),
        *_group(south, N_SUBDISTRICTS - n_north, units, people, centres),
    ]
    sizes = _shares(np.array([people[group].sum() for group in groups]), N_COMMUNITIES)
    names = Pairs(rng)
    found: list[tuple[str, list[int]]] = []
    for number, (group, size) in enumerate(zip(groups, sizes.tolist(), strict=True)):
        found += [(SUBDISTRICTS[number], part) for part in _group(group, size, units, people, centres)]
    residents = _shares(np.array([people[part].sum() for _, part in found]), RESIDENTS)
    return [
        Community(
            id=f"C{number + 1:03d}",
            name=names.take() + "社区",
            subdistrict=subdistrict,
            residents=int(residents[number]),
            shape=as_polygon(shapely.coverage_union_all([shapes[f] for n in part for f in units[n]])),
        )
        for number, (subdistrict, part) in enumerate(found)
    ]


def _units(fields: Sequence[Field], river_row: int) -> list[Unit]:
    """Return fields as units that are never parted: those in the river go with the field on its south bank."""
    on_river = range(river_row - 2, river_row + 1)
    units: dict[Field, list[Field]] = {}
    for i, j in sorted(fields):
        units.setdefault((i, river_row - 2) if j in on_river else (i, j), []).append((i, j))
    return [tuple(unit) for unit in units.values()]


def _people(
    units: Sequence[Unit], shapes: Mapping[Field, Polygon], blocks: Sequence[Block], rng: np.random.Generator
) -> NDArray[np.float64]:
    tree = STRtree([block.shape for block in blocks])
    density = np.array([DENSITY[block.kind] * rng.uniform(0.7, 1.35) for block in blocks])
    people = np.zeros(len(units))
    for n, unit in enumerate(units):
        for field in unit:
            for b in sorted(tree.query(shapes[field], predicate="intersects").tolist()):
                people[n] += density[b] * blocks[b].shape.intersection(shapes[field]).area / 10_000.0
    return np.maximum(people, 5.0)


def _group(
    members: Sequence[int], count: int, units: Sequence[Unit], people: NDArray[np.float64], centres: Points
) -> list[list[int]]:
    """Part connected units into areas: the one with the fewest people takes its nearest free neighbour next."""
    beside = {n: {m for m in members if m != n and _touch(units[n], units[m])} for n in members}
    seeds = _seeds(members, count, centres)
    owner = {seed: k for k, seed in enumerate(seeds)}
    totals = [people[seed] for seed in seeds]
    while len(owner) < len(members):
        edge: dict[int, list[int]] = {}
        for n, k in owner.items():
            edge.setdefault(k, []).extend(m for m in beside[n] if m not in owner)
        k = min((k for k in edge if edge[k]), key=lambda k: (totals[k], k))
        middle = centres[[n for n, other in owner.items() if other == k]].mean(axis=0)
        chosen = min(edge[k], key=lambda m: (float(np.hypot(*(centres[m] - middle))), m))
        owner[chosen] = k
        totals[k] += people[chosen]
    return [sorted(n for n, other in owner.items() if other == k) for k in range(count)]


def _touch(unit: Unit, other: Unit) -> bool:
    return any(abs(a - c) + abs(b - d) == 1 for a, b in unit for c, d in other)


def _seeds(members: Sequence[int], count: int, centres: Points) -> list[int]:
    """Return units spread over their area: each as far as can be from those before, then moved to its part's middle."""
    seeds = [min(members, key=lambda n: tuple(centres[n]))]
    while len(seeds) < count:
        away = {n: min(float(np.hypot(*(centres[n] - centres[m]))) for m in seeds) for n in members}
        seeds.append(max(members, key=lambda n: (away[n], n)))
    for _ in range(12):
        near = {n: min(range(count), key=lambda k: float(np.hypot(*(centres[n] - centres[seeds[k]])))) for n in members}
        moved = []
        for k in range(count):
            part = [n for n in members if near[n] == k]
            middle = centres[part].mean(axis=0)
            moved.append(min(part, key=lambda n: (float(np.hypot(*(centres[n] - middle))), n)))
        seeds = moved
    return seeds


def _shares(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Part a whole number by weight; the rest goes to the largest remainders."""
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    rest = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[rest] += 1
    return np.asarray(whole)
