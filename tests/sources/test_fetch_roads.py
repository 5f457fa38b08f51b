import socket
from collections import Counter
from itertools import pairwise

import numpy as np
import osmnx
import pytest
import shapely

from coverage_planner import fetch_roads, read_roads
from coverage_planner.errors import ConfigError, CrsError, SourceError
from osm_drawing import ends, place, write_osm
from replay import Replay, overpass_elements, place_answer, serving

BOX = (*place(-5, -5), *place(15, 15))
OUTLINE = [place(-5, -5), place(15, -5), place(15, 15), place(-5, 15), place(-5, -5)]
STREET = {"highway": "residential"}

# A district by hand: a ring street with a gate, a one-way street drawn against its direction, a bridge, a building
# site, a lake with an island whose outline is two ways, a railway and its tunnel.
NODES = {
    1: (0, 0), 2: (2, 0), 3: (2, 2), 4: (0, 2), 5: (1, 0, {"barrier": "gate", "access": "private"}), 6: (4, 0),
    7: (1, -1), 8: (1, 3), 9: (5, 5), 10: (9, 5), 11: (9, 9), 12: (5, 9), 13: (6, 6), 14: (7, 6), 15: (7, 7),
    16: (0, 10), 17: (3, 10), 18: (5, 10),
}  # fmt: skip
WAYS = [
    (1, [1, 5, 2, 3, 4, 1], STREET | {"name": "环路"}),
    (2, [6, 2], {"highway": "secondary", "oneway": "-1", "maxspeed": "50"}),
    (3, [7, 8], {"highway": "footway", "bridge": "yes", "layer": "1"}),
    (4, [3, 9], {"highway": "construction"}),
    (5, [9, 10, 11], {}),
    (6, [11, 12, 9], {}),
    (7, [13, 14, 15, 13], {}),
    (8, [16, 17], {"railway": "rail"}),
    (9, [17, 18], {"railway": "rail", "tunnel": "yes"}),
]
LAKE = (1, [("w", 5, "outer"), ("w", 6, "outer"), ("w", 7, "inner")], {"type": "multipolygon", "natural": "water"})
OBSTACLE_KEYS = ("natural", "waterway", "railway", "barrier")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """OSMnx sleeps before it asks Nominatim, and long when a server is busy."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


@pytest.fixture
def district(tmp_path):
    return write_osm(tmp_path / "district.osm", NODES, WAYS, [LAKE])


@pytest.fixture
def server(district):
    replay = Replay(
        overpass_elements(district, ["highway"]),
        overpass_elements(district, OBSTACLE_KEYS),
        [place_answer("试验区", OUTLINE)],
    )
    with serving(replay):
        yield replay


def fetch(server, where, cache_dir, **more):
    return fetch_roads(
        where, cache_dir=cache_dir, overpass_url=f"{server.url}/api", nominatim_url=f"{server.url}/", **more
    )


def streets_of(roads):
    """Each step from vertex to vertex with its class, and the nodes where other than two segments end.

    A ring that a file starts at a node of its own starts elsewhere when fetched: such nodes make no difference.
    """
    steps = Counter()
    for line, kind in zip(roads.segments.geometry, roads.segments["highway"], strict=True):
        for one, other in pairwise((round(x, 3), round(y, 3)) for x, y in line.coords):
            steps[(*sorted((one, other)), kind)] += 1
    degree = Counter([*roads.segments["u"], *roads.segments["v"]])
    return steps, {node for node, segments in degree.items() if segments != 2}


def test_what_is_fetched_is_what_a_file_holds(server, district, tmp_path):
    fetched = fetch(server, "试验区", tmp_path / "cache")
    read = read_roads(district)
    assert streets_of(fetched) == streets_of(read)
    assert set(fetched.segments["highway"]) == {"residential", "secondary", "footway"}
    assert fetched.segments.crs == read.segments.crs
    assert fetched.nodes["node_id"].tolist() == read.nodes["node_id"].tolist() == [5]
    assert fetched.nodes["access"].tolist() == ["private"]
    assert sorted(fetched.obstacles["kind"]) == sorted(read.obstacles["kind"]) == ["railway", "water"]
    water, lake = (one.obstacles.set_index("kind").geometry["water"] for one in (fetched, read))
    assert water.equals_exact(lake, 1e-6) or water.symmetric_difference(lake).area < 1e-3
    assert fetched.source == "试验区 (© OpenStreetMap contributors, ODbL 1.0)"
    assert fetched.segments.loc[fetched.segments["highway"] == "residential", "name"].eq("环路").all()


def test_tags_are_true_and_one_way_streets_run_as_one_may_travel(server, tmp_path):
    segments = fetch(server, BOX, tmp_path / "cache").segments
    oneway = segments[segments["highway"] == "secondary"]
    assert oneway[["u", "v", "oneway", "maxspeed"]].to_numpy().tolist() == [[2, 6, "yes", "50"]]
    bridge = segments[segments["highway"] == "footway"]
    assert bridge[["u", "v", "bridge", "layer"]].to_numpy().tolist() == [[7, 8, "yes", "1"]]
    assert segments.loc[segments["highway"] == "residential", "oneway"].isna().all()


@pytest.mark.parametrize("where", ["试验区", BOX, shapely.box(*BOX), shapely.MultiPolygon([shapely.box(*BOX)])])
def test_a_second_call_asks_nobody(server, tmp_path, where):
    first = fetch(server, where, tmp_path / "cache")
    asked = len(server.asked)
    second = fetch(server, where, tmp_path / "cache")
    assert len(server.asked) == asked
    assert streets_of(first) == streets_of(second)
    assert len(list((tmp_path / "cache").glob("*.json"))) == (3 if isinstance(where, str) else 2)


def test_the_cache_serves_after_the_server_is_gone(district, tmp_path):
    elements = overpass_elements(district, ["highway"])
    with serving(Replay(elements)) as replay:
        fetch(replay, BOX, tmp_path / "cache")
    assert streets_of(fetch(replay, BOX, tmp_path / "cache")) == streets_of(read_roads(district))
    with pytest.raises(SourceError, match="must be reachable"):
        fetch(replay, BOX, tmp_path / "another cache")


def test_no_obstacles_is_no_error(district, tmp_path):
    with serving(Replay(overpass_elements(district, ["highway"]))) as replay:
        assert fetch(replay, BOX, tmp_path).obstacles.empty


def test_nothing_global_is_left_changed(server, tmp_path, monkeypatch):
    def state():
        return {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("__")}

    monkeypatch.setattr(osmnx.settings, "useful_tags_way", ["width"])
    before, resolve = state(), socket.getaddrinfo
    fetch(server, BOX, tmp_path / "cache")
    server.streets = (500, "down")
    with pytest.raises(SourceError):
        fetch(server, BOX, tmp_path / "other")
    assert state() == before
    assert socket.getaddrinfo is resolve


def test_streets_are_fetched_up_to_the_first_node_outside(server, tmp_path):
    roads = fetch(server, (*place(1.5, -0.5), *place(2.5, 0.5)), tmp_path / "cache")  # around node 2
    assert ends(roads) == [(2, 3), (2, 6), (5, 2)]


def test_the_crs_and_progress_are_passed_on(server, tmp_path):
    told = []
    roads = fetch(server, BOX, tmp_path / "cache", crs=4547, progress=lambda *stage: told.append(stage))
    assert roads.segments.crs.to_epsg() == 4547
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with pytest.raises(CrsError):
        fetch(server, BOX, tmp_path / "cache", crs=4326)


@pytest.mark.parametrize(("answers", "words"), [
    ({"streets": (500, "Internal Server Error")}, "got HTTP 500"),
    ({"streets": (400, '{"error": "parse error"}')}, "got HTTP 400"),
    ({"streets": (200, "<html>The server is probably too busy</html>")}, "must answer in JSON, got '<html>"),
    ({"streets": (200, '{"elements": [], "remark": "runtime error: Query timed out"}')}, "got a remark .*timed out"),
    ({"streets": (200, '{"version": 0.6}')}, r"must answer with elements, got \['version'\]"),
    ({"streets": []}, "knows with its outline and streets"),
    ({"features": (503, "")}, "got HTTP 503"),
    ({"features": (200, "half an ans")}, "must answer in JSON"),
    ({"places": []}, "0 results for query '试验区'"),
    ({"places": (500, "down")}, "got HTTP 500"),
    ({"places": [place_answer("点", OUTLINE) | {"geojson": {"type": "Point", "coordinates": [114, 30]}}]}, "Polygon"),
])  # fmt: skip
def test_servers_that_fail_raise_one_clear_error(server, tmp_path, answers, words):
    vars(server).update(answers)
    with pytest.raises(SourceError, match=words):
        fetch(server, "试验区", tmp_path / "cache")


def test_a_busy_server_is_asked_again_but_not_forever(server, tmp_path, no_waiting):
    server.streets = (429, "Too Many Requests")
    with pytest.raises(SourceError, match="got HTTP 429"):
        fetch(server, BOX, tmp_path / "cache")
    assert sum(seconds > 30 for seconds in no_waiting) == 5


def test_a_damaged_cache_says_so(server, tmp_path):
    fetch(server, BOX, tmp_path / "cache")
    for file in (tmp_path / "cache").iterdir():
        file.write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match=r"empty .*cache if its files are damaged"):
        fetch(server, BOX, tmp_path / "cache")


@pytest.mark.parametrize(("where", "words"), [
    ("  ", "empty text"),
    ((114.0, 30.0, 113.0, 31.0), "reorder it"),
    ((30.0, 114.0, 31.0, 115.0), "longitude first"),
    (shapely.box(500000, 3000000, 501000, 3001000), "longitude first"),
    (shapely.Polygon(), "on the globe"),
    (shapely.Point(114, 30), "got <POINT"),
    ((114.0, 30.0, 115.0), r"got \(114\.0, 30\.0"),
])  # fmt: skip
def test_places_that_are_none_are_refused(tmp_path, where, words):
    with pytest.raises(ConfigError, match=words):
        fetch_roads(
            where, cache_dir=tmp_path, overpass_url="http://127.0.0.1:9/api", nominatim_url="http://127.0.0.1:9/"
        )


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["nanjing_xinjiekou.osm", "shenzhen_longgang.osm"])
def test_a_real_district_is_the_same_fetched_and_read(real_data, tmp_path, name):
    path = real_data / "osm" / name
    read = read_roads(path)
    west, south, east, north = read.segments.to_crs(4326).total_bounds
    outline = [
        (west - 0.1, south - 0.1),
        (east + 0.1, south - 0.1),
        (east + 0.1, north + 0.1),
        (west - 0.1, north + 0.1),
        (west - 0.1, south - 0.1),
    ]
    places = [place_answer("新街口", outline)]
    with serving(
        Replay(overpass_elements(path, ["highway"]), overpass_elements(path, OBSTACLE_KEYS), places)
    ) as replay:
        fetched = fetch(replay, "新街口", tmp_path / "cache", crs=read.segments.crs)
    assert streets_of(fetched) == streets_of(read)
    assert fetched.segments["length_m"].sum() == pytest.approx(read.segments["length_m"].sum(), abs=1e-3)
    assert sorted(fetched.nodes["node_id"]) == sorted(read.nodes["node_id"])
    assert Counter(fetched.obstacles["kind"]) == Counter(read.obstacles["kind"])
    np.testing.assert_allclose(fetched.obstacles.area.sum(), read.obstacles.area.sum(), rtol=1e-6)
