"""The demo city: the generator makes what is committed, and it is the city that its description promises."""

import csv
import itertools
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType

import networkx as nx
import numpy as np
import osmium
import pytest
import shapely
from pyproj import Transformer
from shapely import LineString, Polygon, STRtree

import coverage_planner as cp
from coverage_planner.config.plan import read_plan
from coverage_planner.sources.datum import to_wgs84

SHARE_RANGE = (0.55, 0.85)
MOST_BYTES = 3_000_000
DEMAND = ("demand_walkers.csv", "demand_riders.csv", "demand_couriers.csv")
PROFILES = ("demand_profiles.csv", "profiles_ride_hailing.csv", "profiles_trucks.csv")
LAYERS = ("firms.csv", "organisations.csv")
IN_CHINESE = ("stations.csv", "mobile_stops.csv")
TABLES = (*IN_CHINESE, "premises.csv", *DEMAND, *PROFILES, *LAYERS)
AREAS = ("communities.geojson", "study_area.geojson")
FILES = {"roads.osm.pbf", "plan.toml", *TABLES, *AREAS}
TO_METRIC = Transformer.from_crs("EPSG:4326", "EPSG:32650", always_xy=True)


@pytest.fixture(scope="module")
def folder(repository) -> Path:
    return repository / "data" / "demo"


@pytest.fixture(scope="module")
def generator(repository):
    sys.path.insert(0, str(repository / "data"))
    try:
        import make_demo_city

        yield make_demo_city
    finally:
        sys.path.remove(str(repository / "data"))


@pytest.fixture(scope="module")
def city(generator: ModuleType):
    return generator.make_city(generator.SEED)


@pytest.fixture(scope="module")
def oracle_s(city) -> np.ndarray:
    return city.walking_times()


class Osm:
    """A parsed extract: nodes with positions in metres, ways, relations."""

    def __init__(self, path: Path) -> None:
        self.places: dict[int, tuple[float, float]] = {}
        self.node_tags: dict[int, dict[str, str]] = {}
        self.ways: dict[int, tuple[list[int], dict[str, str]]] = {}
        self.relations: dict[int, tuple[list[tuple[str, int, str]], dict[str, str]]] = {}
        for thing in osmium.FileProcessor(str(path)):
            if thing.is_node():
                self.places[thing.id] = (thing.location.lon, thing.location.lat)
                if len(thing.tags):
                    self.node_tags[thing.id] = dict(thing.tags)
            elif thing.is_way():
                self.ways[thing.id] = ([node.ref for node in thing.nodes], dict(thing.tags))
            else:
                members = [(member.type, member.ref, member.role) for member in thing.members]
                self.relations[thing.id] = (members, dict(thing.tags))
        lon, lat = np.array(list(self.places.values())).T
        self.metres = dict(zip(self.places, np.column_stack(TO_METRIC.transform(lon, lat)), strict=True))

    def line(self, way: int) -> LineString:
        return LineString([self.metres[node] for node in self.ways[way][0]])

    def having(self, **tags: str) -> list[int]:
        return [n for n, (_, own) in self.ways.items() if all(own.get(k) == v for k, v in tags.items())]

    def streets(self) -> list[int]:
        return [n for n, (_, tags) in self.ways.items() if "highway" in tags]

    def river(self) -> Polygon:
        rings: dict[str, list[LineString]] = {"outer": [], "inner": []}
        for _, way, role in self.relations[1][0]:
            rings[role].append(self.line(way))
        return Polygon(rings["outer"][0].coords, [ring.coords for ring in rings["inner"]])

    def graph(self, ways: list[int]) -> nx.Graph:
        graph = nx.Graph()
        for way in ways:
            nx.add_path(graph, self.ways[way][0])
        return graph


@pytest.fixture(scope="module")
def osm(folder) -> Osm:
    return Osm(folder / "roads.osm.pbf")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _features(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def _same(found: object, wanted: object, tolerance: float) -> bool:
    """Compare nested content; numbers, and text that reads as decimals, within a tolerance."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return found.keys() == wanted.keys() and all(_same(found[k], wanted[k], tolerance) for k in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(_same(f, w, tolerance) for f, w in zip(found, wanted, strict=True))
    if isinstance(wanted, str) and isinstance(found, str) and wanted.replace(".", "", 1).isdigit() and "." in wanted:
        return abs(float(found) - float(wanted)) <= tolerance
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(found - wanted) <= tolerance
    return found == wanted


# ---------------------------------------------------------------------------------------------------- made by the script


@pytest.mark.slow
def test_the_generator_makes_exactly_what_is_committed(generator, city, folder, tmp_path):
    made = tmp_path / "演示 城市"
    generator.write_city(city, made)
    assert {path.name for path in made.iterdir()} == FILES
    for name in TABLES:
        assert _same(_rows(made / name), _rows(folder / name), 2e-6), name
    for name in AREAS:
        assert _same(_features(made / name), _features(folder / name), 2e-7), name
    assert (made / "plan.toml").read_text(encoding="utf-8") == (folder / "plan.toml").read_text(encoding="utf-8")
    again, committed = Osm(made / "roads.osm.pbf"), Osm(folder / "roads.osm.pbf")
    assert again.ways == committed.ways
    assert again.relations == committed.relations
    assert again.node_tags == committed.node_tags
    assert again.places.keys() == committed.places.keys()
    ours, theirs = np.array(list(again.places.values())), np.array(list(committed.places.values()))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-7)


def test_another_seed_makes_another_city(generator):
    other = generator.make_lattice(np.random.default_rng([7, 1]))
    same = generator.make_lattice(np.random.default_rng([generator.SEED, 1]))
    again = generator.make_lattice(np.random.default_rng([generator.SEED, 1]))
    assert np.array_equal(same.nodes, again.nodes)
    assert not np.array_equal(other.nodes, same.nodes)


@pytest.mark.slow
def test_today_leaves_gaps_worth_closing(city, oracle_s):
    assert SHARE_RANGE[0] <= city.covered_share(oracle_s) <= SHARE_RANGE[1]


@pytest.mark.slow
@pytest.mark.parametrize("outside", [0.549, 0.851])
def test_the_generator_refuses_a_city_outside_the_range(generator, city, monkeypatch, tmp_path, capsys, outside):
    monkeypatch.setattr(generator, "make_city", lambda _: city)
    monkeypatch.setattr(generator.City, "walking_times", lambda _: None)
    monkeypatch.setattr(generator.City, "covered_share", lambda *_: outside)
    assert generator.main(["--out", str(tmp_path / "city")]) == 1
    assert "nothing was written" in capsys.readouterr().out
    assert not (tmp_path / "city").exists()


@pytest.mark.slow
def test_the_package_agrees_with_the_generators_own_computation(city, oracle_s, folder):
    """networkx on the drawn streets against the package on the written files: two programs, one answer.

    The files round demand to 0.1 m and stations to 0.1 m in GCJ-02; a point halfway between two streets may take another.
    """
    roads = cp.read_roads(folder / "roads.osm.pbf")
    crs = roads.segments.crs
    stations = cp.read_facilities(folder / "stations.csv", datum="gcj02", crs=crs)
    demand = cp.read_demand(folder / "demand_walkers.csv", crs=crs)
    study = cp.read_study_area(folder / "study_area.geojson", crs=crs).geometry.iloc[0]
    inside = demand.within(study).to_numpy()
    times = cp.travel_times(cp.build_network(roads), stations, demand, mode="walk", limit_s=900.0)
    found_s = np.full(len(demand), np.inf)
    np.minimum.at(found_s, times.indices, times.seconds)
    both = np.isfinite(found_s) & np.isfinite(oracle_s)
    assert both.sum() > 2000
    assert np.quantile(np.abs(found_s[both] - oracle_s[both]), 0.995) < 2.0
    assert np.mean((found_s <= 900.0) == (oracle_s <= 900.0)) > 0.998
    people = demand["demand"].to_numpy()
    share = people[inside & (found_s <= 900.0)].sum() / people[inside].sum()
    assert SHARE_RANGE[0] <= share <= SHARE_RANGE[1]
    assert share == pytest.approx(city.covered_share(oracle_s), abs=0.002)


# ------------------------------------------------------------------------------------------------------------- the files


def test_files_are_small_and_none_is_missing(folder):
    assert {path.name for path in folder.iterdir()} == FILES
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES


def test_every_file_says_that_it_is_synthetic(folder, osm, repository):
    for name in TABLES:
        column = "合成数据" if name in IN_CHINESE else "synthetic"
        assert {row[column] for row in _rows(folder / name)} <= {"是", "yes"}, name
    for name in AREAS:
        whole = json.loads((folder / name).read_text(encoding="utf-8"))
        assert whole["synthetic"] is True
        assert all(feature["properties"]["synthetic"] is True for feature in whole["features"])
    assert all(tags["synthetic"] == "yes" for _, tags in osm.ways.values())
    header = osmium.io.Reader(str(folder / "roads.osm.pbf")).header()
    assert "SYNTHETIC" in header.get("generator")
    assert tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8"))["synthetic"] is True
    assert "synthetic" in (repository / "data" / "README.md").read_text(encoding="utf-8").lower()


def test_data_readme_describes_every_file_and_column(folder, repository):
    text = (repository / "data" / "README.md").read_text(encoding="utf-8")
    for name in FILES:
        assert f"`{name}`" in text, name
    for name in TABLES:
        for column in _rows(folder / name)[0]:
            assert column in ("synthetic", "合成数据") or column.startswith("h") or f"`{column}`" in text, (
                name,
                column,
            )


def test_plan_file_is_valid_and_states_its_groups(folder):
    plan = read_plan(folder / "plan.toml")
    assert plan.synthetic
    assert plan.language == "zh"
    assert [(group.name, group.mode, group.cutoff_s) for group in plan.groups] == [
        ("户外劳动者", "walk", 900.0),
        ("骑手", "ebike", 300.0),
        ("快递员", "courier", 420.0),
        ("网约车司机", "drive", 240.0),
        ("货车司机", "truck", 300.0),
    ]
    assert [group.name for group in plan.groups if group.main_roads is not None] == ["网约车司机", "货车司机"]
    assert all(group.profile is not None for group in plan.groups)
    assert plan.services.required == ("rest", "water", "charging", "meals", "medicine")
    assert plan.services.cutoffs_s == {"toilet": 300.0, "legal_aid": 1500.0}
    assert plan.levels is not None
    assert plan.capacity is not None
    assert [len(sources) for sources in (plan.mobile, plan.layers)] == [1, 2]
    assert "synthetic" in plan.roads.attribution  # not OpenStreetMap's, though the file has its form
    assert plan.siting.n_open == 5
    assert plan.facilities.datum == "gcj02"


# ------------------------------------------------------------------------------------------------------ areas and tables


def test_communities_tile_the_study_area(folder):
    def metric(feature: dict) -> Polygon:
        shape = shapely.geometry.shape(feature["geometry"])
        return shapely.transform(shape, lambda at: np.column_stack(TO_METRIC.transform(*at.T)))

    communities = [metric(feature) for feature in _features(folder / "communities.geojson")]
    (study,) = [metric(feature) for feature in _features(folder / "study_area.geojson")]
    total = sum(shape.area for shape in communities)
    assert total == pytest.approx(study.area, rel=1e-6)
    assert shapely.union_all(communities).area == pytest.approx(study.area, rel=1e-6)
    assert all(shape.geom_type == "Polygon" and shape.is_valid for shape in communities)
    assert bool(shapely.coverage_is_valid(communities))
    assert 35e6 < study.area < 45e6


def test_communities_and_subdistricts(folder):
    rows = [feature["properties"] for feature in _features(folder / "communities.geojson")]
    assert len(rows) == 80
    assert len({row["id"] for row in rows}) == len({row["name"] for row in rows}) == 80
    assert len({row["subdistrict"] for row in rows}) == 10
    assert sum(row["residents"] for row in rows) == 100_000
    assert min(row["residents"] for row in rows) > 100


def test_stations_have_two_levels_services_and_hours(folder):
    rows = _rows(folder / "stations.csv")
    assert (folder / "stations.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert Counter(row["级别"] for row in rows) == {"服务中心": 6, "驿站": 24}
    assert len({row["编号"] for row in rows}) == len({row["名称"] for row in rows}) == 30
    assert all({"休息", "饮水"} <= set(row["服务"].split(";")) for row in rows)
    assert {"24/7", "Mo-Su 08:30-20:00"} <= {row["开放时间"] for row in rows}
    assert any(row["开放时间"].startswith("Mo-Fr") for row in rows)
    assert sum(row["街道"] == "区外" for row in rows) == 3


def test_stations_are_in_gcj02(folder, osm):
    rows = _rows(folder / "stations.csv")
    given = np.array([[float(row["经度"]), float(row["纬度"])] for row in rows])
    streets = STRtree([osm.line(way) for way in osm.streets()])
    lines = streets.geometries

    def to_street(lon_lat: np.ndarray) -> np.ndarray:
        points = shapely.points(np.column_stack(TO_METRIC.transform(*lon_lat.T)))
        return shapely.distance(points, lines[streets.nearest(points)])

    corrected = np.column_stack(to_wgs84(*given.T, "gcj02"))
    assert to_street(corrected).max() < 21.0
    shift = np.hypot(
        *(np.column_stack(TO_METRIC.transform(*(given.T))) - np.column_stack(TO_METRIC.transform(*corrected.T))).T
    )
    assert shift.min() > 100.0


def test_premises(folder):
    rows = _rows(folder / "premises.csv")
    assert len(rows) == len({row["id"] for row in rows}) == 300
    assert len({row["kind"] for row in rows}) >= 7
    assert all(float(row["cost"]) > 0 and float(row["area_m2"]) > 0 for row in rows)
    assert all(row["name"] for row in rows)
    study = shapely.geometry.shape(_features(folder / "study_area.geojson")[0]["geometry"])
    assert all(shapely.contains_xy(study, float(row["lon"]), float(row["lat"])) for row in rows)


def test_demand_is_in_whole_people_with_a_day_for_each_kind(folder):
    walkers, riders = _rows(folder / "demand_walkers.csv"), _rows(folder / "demand_riders.csv")
    assert 2500 <= len(walkers) <= 4000
    assert 19_000 <= sum(int(row["demand"]) for row in walkers) <= 21_000
    assert min(int(row["demand"]) for row in [*walkers, *riders]) >= 1
    assert len({row["id"] for row in [*walkers, *riders]}) == len(walkers) + len(riders)
    places = {(row["lon"], row["lat"]) for row in walkers}
    assert all((row["lon"], row["lat"]) in places for row in riders)
    days = _days(folder / "demand_profiles.csv")
    assert days.keys() == {row["kind"] for row in walkers}


def _days(path: Path) -> dict[str, list[float]]:
    return {row["kind"]: [float(row[f"h{hour:02d}"]) for hour in range(24)] for row in _rows(path)}


@pytest.mark.parametrize("name", PROFILES)
def test_every_day_adds_up_to_one(folder, name):
    for kind, day in _days(folder / name).items():
        assert sum(day) == pytest.approx(1.0, abs=1e-9), kind
        assert min(day) >= 0.0


def test_drivers_have_a_day_for_each_class_of_main_road(folder, osm):
    classes = {"trunk", "primary", "secondary"}
    assert classes <= {tags.get("highway") for _, tags in osm.ways.values()}
    for name in PROFILES[1:]:
        assert _days(folder / name).keys() == classes
    by_day = _days(folder / "profiles_trucks.csv")["primary"][7:20]
    assert sum(by_day) < 0.3  # lorries are kept off the streets by day


def test_couriers_are_at_depots_and_compounds_that_walkers_stand_at_too(folder):
    walkers, couriers = _rows(folder / "demand_walkers.csv"), _rows(folder / "demand_couriers.csv")
    places = {(row["lon"], row["lat"], row["kind"]) for row in walkers}
    assert {row["kind"] for row in couriers} == {"快递网点", "小区配送"}
    assert all((row["lon"], row["lat"], row["kind"]) in places for row in couriers)
    assert 1700 <= sum(int(row["demand"]) for row in couriers) <= 1900
    assert len({row["id"] for row in couriers}) == len(couriers)


def test_vehicles_are_at_one_place_at_a_time_and_where_no_station_is_near(folder):
    rows = _rows(folder / "mobile_stops.csv")
    assert Counter(row["车辆"] for row in rows) == {"流动服务大巴": 6, "深夜餐车": 3}
    assert len({row["停靠点"] for row in rows}) == len(rows)
    for vehicle, days in {(row["车辆"], row["星期"]) for row in rows}:
        spans = sorted((row["到达"], row["离开"]) for row in rows if (row["车辆"], row["星期"]) == (vehicle, days))
        assert all(leaves < arrives for (_, leaves), (arrives, _) in itertools.pairwise(spans))
    stations = _rows(folder / "stations.csv")

    def metres(table: list[dict[str, str]]) -> np.ndarray:
        at = np.array([[float(row["经度"]), float(row["纬度"])] for row in table])
        return np.column_stack(TO_METRIC.transform(*at.T))  # both tables are shifted alike

    gap = metres(rows)[:, None] - metres(stations)[None]
    away = np.hypot(*np.moveaxis(gap, -1, 0))
    assert away[:6].min() > 500.0
    always = [n for n, row in enumerate(stations) if row["开放时间"] == "24/7"]
    assert away[6:, always].min() > 500.0


def test_firms_and_organisations_lie_inside_the_district(folder):
    study = shapely.geometry.shape(_features(folder / "study_area.geojson")[0]["geometry"])
    firms, organisations = _rows(folder / "firms.csv"), _rows(folder / "organisations.csv")
    assert len(firms) == 900
    assert Counter(row["kind"] for row in organisations) == {
        "工会": 10, "党群服务": 80, "社会组织": 40, "行业协会": 14,
    }  # fmt: skip
    for rows in (firms, organisations):
        assert len({row["id"] for row in rows}) == len({row["name"] for row in rows}) == len(rows)
        at = np.array([[float(row["lon"]), float(row["lat"])] for row in rows])
        assert shapely.contains_xy(study, *at.T).all()
    assert min(int(row["workers"]) for row in firms) >= 1


def test_demand_reaches_beyond_the_study_area_and_onto_the_islands(folder, osm):
    study = shapely.geometry.shape(_features(folder / "study_area.geojson")[0]["geometry"])
    at = np.array([[float(row["lon"]), float(row["lat"])] for row in _rows(folder / "demand_walkers.csv")])
    inside = shapely.contains_xy(study, *at.T)
    assert 0.03 < 1 - inside.mean() < 0.15
    metres = np.column_stack(TO_METRIC.transform(*at.T))
    on_islands = [int(shapely.contains_xy(Polygon(hole), *metres.T).sum()) for hole in osm.river().interiors]
    assert sorted(on_islands) == [3, 17]
    assert not shapely.contains_xy(osm.river(), *metres.T).any()


# ----------------------------------------------------------------------------------------------------------- the streets


def test_streets_reach_well_beyond_the_study_area(folder, osm):
    study = shapely.geometry.shape(_features(folder / "study_area.geojson")[0]["geometry"])
    study = shapely.transform(study, lambda at: np.column_stack(TO_METRIC.transform(*at.T)))
    drawn = shapely.convex_hull(shapely.union_all([osm.line(way) for way in osm.streets()]))
    assert drawn.contains(study)
    assert drawn.exterior.distance(study) > 1500.0


def test_tag_rules_have_something_to_decide(osm):
    ways = [tags for _, tags in osm.ways.values()]
    for wanted in (
        {"highway": "primary"}, {"highway": "secondary"}, {"highway": "tertiary"}, {"highway": "living_street"},
        {"highway": "steps"}, {"highway": "cycleway", "foot": "no"}, {"highway": "pedestrian", "area": "yes"},
        {"highway": "pedestrian", "name": "钟楼步行街"}, {"highway": "trunk", "motorroad": "yes", "bridge": "yes"},
        {"highway": "trunk_link", "oneway": "yes"}, {"junction": "roundabout"}, {"oneway": "yes", "oneway:bicycle": "no"},
        {"oneway": "-1", "cycleway:left": "opposite_lane"}, {"tunnel": "yes", "layer": "-1"}, {"railway": "rail"},
        {"barrier": "wall"}, {"access": "private", "foot": "yes"}, {"natural": "water", "water": "lake"},
    ):  # fmt: skip
        assert any(wanted.items() <= tags.items() for tags in ways), wanted
    nodes = list(osm.node_tags.values())
    for wanted in (
        {"highway": "traffic_signals"}, {"railway": "level_crossing"}, {"barrier": "turnstile", "bicycle": "no"},
        {"barrier": "kissing_gate"}, {"barrier": "gate", "access": "private", "foot": "yes"},
        {"barrier": "gate", "access": "no"}, {"barrier": "lift_gate"},
    ):  # fmt: skip
        assert any(wanted.items() <= tags.items() for tags in nodes), wanted


def test_three_bridges_cross_the_river_and_one_of_them_is_closed_to_walkers(osm):
    river = osm.river()
    crossing = {}
    for way in osm.streets():
        if osm.line(way).intersects(river):
            crossing[osm.ways[way][1]["name"]] = osm.ways[way][1]
    assert crossing.keys() == {"民安大桥", "钟楼老桥", "迎宾高架", "沙洲桥"}  # the last one leads to the island only
    assert [name for name, tags in crossing.items() if tags.get("foot") == "no"] == ["迎宾高架"]


def test_the_island_hangs_on_one_bridge_and_the_islet_on_none(osm):
    (bridge,), (street, *_) = osm.having(name="沙洲桥"), osm.having(name="沙洲路")
    streets = osm.streets()
    on_island, elsewhere = osm.ways[street][0][0], osm.ways[osm.having(name="滨江大道")[0]][0][0]
    assert nx.has_path(osm.graph(streets), on_island, elsewhere)
    assert not nx.has_path(osm.graph([way for way in streets if way != bridge]), on_island, elsewhere)
    islet = osm.having(name="芦洲栈道")
    assert nx.node_connected_component(osm.graph(streets), osm.ways[islet[0]][0][0]) == set(osm.graph(islet))
    assert 200.0 < sum(osm.line(way).length for way in islet) < 2000.0


def test_streets_are_one_network_but_for_the_islet(osm):
    parts = sorted(nx.connected_components(osm.graph(osm.streets())), key=len)
    assert len(parts) == 2
    assert parts[0] == set(osm.graph(osm.having(name="芦洲栈道")))


def test_walls_are_passed_at_gates_only(osm):
    walls = osm.having(barrier="wall")
    tree = STRtree([osm.line(wall) for wall in walls])
    ground = [way for way in osm.streets() if "layer" not in osm.ways[way][1]]
    lines = [osm.line(way) for way in ground]
    met = list(zip(*tree.query(lines, predicate="intersects"), strict=True))
    assert len(met) > 300
    for at, wall in met:
        gates = set(osm.ways[ground[at]][0]) & set(osm.ways[walls[wall]][0])
        crossings = shapely.get_num_geometries(lines[at].intersection(tree.geometries[wall]))
        assert len(gates) == crossings == 1
        assert "barrier" in osm.node_tags[gates.pop()]
    per_wall = Counter(wall for _, wall in met)
    assert set(per_wall.values()) == {1, 2, 3}
    assert set(per_wall) == set(range(len(walls)))


def test_railway_is_crossed_at_few_places(osm):
    rails = [way for way in osm.having(railway="rail") if "bridge" not in osm.ways[way][1]]
    tree = STRtree([osm.line(way) for way in rails])
    crossing = [way for way in osm.streets() if len(tree.query(osm.line(way), predicate="intersects"))]
    on_level = [way for way in crossing if "layer" not in osm.ways[way][1]]
    assert len(on_level) == 1
    (shared,) = set(osm.ways[on_level[0]][0]) & {node for rail in rails for node in osm.ways[rail][0]}
    assert osm.node_tags[shared]["railway"] == "level_crossing"
    kinds = Counter(next(k for k in ("tunnel", "bridge") if k in osm.ways[w][1]) for w in crossing if w not in on_level)
    assert kinds["tunnel"] == 2
    names = {osm.ways[way][1]["name"] for way in crossing if "bridge" in osm.ways[way][1]}
    assert names == {"铁路天桥", "迎宾高架"}


def test_the_elevated_road_meets_streets_at_its_ramps_only(osm):
    elevated = {node for way in osm.having(highway="trunk") for node in osm.ways[way][0]}
    ramps = {node for way in osm.having(highway="trunk_link") for node in osm.ways[way][0]}
    others = {
        node
        for way in osm.streets()
        if not osm.ways[way][1]["highway"].startswith("trunk")
        for node in osm.ways[way][0]
    }
    assert not elevated & others
    assert elevated & ramps
    assert ramps & others
