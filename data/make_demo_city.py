"""Make the demo city: a Chinese district that does not exist, for demonstrations and tests.

Usage::

    python data/make_demo_city.py                       # rewrites data/demo
    python data/make_demo_city.py --seed 7 --out elsewhere

The same seed gives the same city. The last step asks an independent computation (networkx, `demo_city.walking`) which
share of the street workers reaches a station within 15 minutes on foot, and refuses a city in which that share leaves
nothing to plan.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from demo_city.areas import Community, make_communities
from demo_city.arterials import make_skeleton
from demo_city.blocks import Contents, cut_blocks
from demo_city.demand import Place, make_couriers, make_demand, positions, weights
from demo_city.files import (
    Globe,
    write_areas,
    write_demand,
    write_firms,
    write_organisations,
    write_plan,
    write_premises,
    write_profiles,
    write_roads,
    write_stations,
    write_stops,
)
from demo_city.lattice import make_lattice
from demo_city.layers import make_firms, make_organisations
from demo_city.mobile import Stop, make_stops
from demo_city.names import Pairs
from demo_city.places import Premises, Station, make_premises, make_stations
from demo_city.quarters import fill_block
from demo_city.railway import clear_of_railway
from demo_city.streets import Key, NodedWay, as_polygon, node_streets
from demo_city.walking import walking_times
from demo_city.water import islands, make_riverside, make_water
from numpy.typing import NDArray
from shapely import LineString, Polygon

SEED = 20251
CUTOFF_S = 900.0
SHARE_RANGE = (0.55, 0.85)


@dataclass(frozen=True)
class City:
    """All that is written to files."""

    ways: Sequence[NodedWay]
    node_tags: Mapping[Key, Mapping[str, str]]
    river: Polygon
    lakes: Sequence[Polygon]
    communities: Sequence[Community]
    stations: Sequence[Station]
    premises: Sequence[Premises]
    walkers: Sequence[Place]
    riders: Sequence[Place]
    couriers: Sequence[Place]
    firms: Sequence[Place]
    organisations: Sequence[Place]
    stops: Sequence[Stop]

    def walking_times(self) -> NDArray[np.float64]:
        """Return the seconds on foot from each point of the walkers to its nearest station; infinite without a way."""
        stations = np.array([station.at for station in self.stations])
        return walking_times(self.ways, self.node_tags, [self.river, *self.lakes], stations, positions(self.walkers))

    def covered_share(self, times_s: NDArray[np.float64]) -> float:
        """Return the share of the walkers inside the district whose time is within the cutoff."""
        study = shapely.union_all([community.shape for community in self.communities])
        inside = shapely.contains_xy(study, *positions(self.walkers).T)
        people = weights(self.walkers)
        return float(people[inside & (times_s <= CUTOFF_S)].sum() / people[inside].sum())


def make_city(seed: int) -> City:
    """Draw the city; each part has its own stream of random numbers."""

    def stream(part: int) -> np.random.Generator:
        return np.random.default_rng([seed, part])

    lattice = clear_of_railway(make_lattice(stream(1)))
    skeleton = make_skeleton(lattice, stream(2))
    study = as_polygon(shapely.union_all([lattice.quad(*field) for field in lattice.study_fields()]))
    blocks = cut_blocks(skeleton, study, stream(3))
    contents = [Contents() for _ in blocks]
    inside = stream(4)
    names = Pairs(inside)
    for block, drawn in zip(blocks, contents, strict=True):
        fill_block(block, drawn, names, inside)
    streets = [
        *skeleton.streets,
        *(s for drawn in contents for s in drawn.streets),
        *make_riverside(skeleton.ground, stream(5)),
    ]
    ways = node_streets(streets)
    node_tags = dict(skeleton.node_tags)
    for street in streets:
        node_tags.update(street.barriers)
    communities = make_communities(lattice, blocks, stream(6))
    river, lakes = make_water(skeleton.river), [lake for drawn in contents for lake in drawn.lakes]
    rail: LineString = skeleton.rail
    walkers, riders = make_demand(blocks, contents, rail, islands(), [river, *lakes], stream(7))
    stations = make_stations(blocks, communities, walkers, skeleton.streets, rail, stream(8))
    return City(
        ways=ways,
        node_tags=node_tags,
        river=river,
        lakes=lakes,
        communities=communities,
        stations=stations,
        premises=make_premises(blocks, contents, communities, rail, stream(9)),
        walkers=walkers,
        riders=riders,
        couriers=make_couriers(walkers, stream(10)),
        firms=make_firms(blocks, contents, study, stream(11)),
        organisations=make_organisations(blocks, communities, stream(12)),
        stops=make_stops(walkers, stations, skeleton.streets, study),
    )


def write_city(city: City, folder: Path) -> None:
    """Write all files of the city to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    globe = Globe()
    write_roads(folder / "roads.osm.pbf", city.ways, city.node_tags, city.river, city.lakes, globe)
    write_areas(folder, city.communities, globe)
    write_stations(folder / "stations.csv", city.stations, globe)
    write_premises(folder / "premises.csv", city.premises, globe)
    write_demand(folder / "demand_walkers.csv", "W", city.walkers, globe)
    write_demand(folder / "demand_riders.csv", "R", city.riders, globe)
    write_demand(folder / "demand_couriers.csv", "K", city.couriers, globe)
    write_firms(folder / "firms.csv", city.firms, globe)
    write_organisations(folder / "organisations.csv", city.organisations, globe)
    write_stops(folder / "mobile_stops.csv", city.stops, globe)
    write_profiles(folder)
    write_plan(folder / "plan.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make, check and write the city."""
    parser = argparse.ArgumentParser(description="Make the synthetic demo city.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "demo")
    given = parser.parse_args(arguments)
    city = make_city(given.seed)
    share = city.covered_share(city.walking_times())
    low, high = SHARE_RANGE
    if not low <= share <= high:
        print(f"covered share must lie between {low:.0%} and {high:.0%}, got {share:.1%}; nothing was written")
        return 1
    write_city(city, given.out)
    people = int(weights(city.walkers).sum())
    print(f"{given.out}: {len(city.stations)} stations, {people} workers, {share:.1%} reach one on foot in 15 minutes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
