import json
import socket

import osmnx
import pytest
import shapely

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.sources.osm import fetch_outline, fetch_pois
from coverage_planner.sources.poi_sets import POI_SETS
from coverage_planner.sources.poi_table import PoiTally
from coverage_planner.sources.pois import read_pois
from osm_drawing import place, write_osm
from replay import Replay, overpass_elements, place_answer, serving

BOX = (*place(-5, -5), *place(30, 15))
OUTLINE = [place(-5, -5), place(30, -5), place(30, 15), place(-5, 15), place(-5, -5)]
NODES = {
    1: (0, 0, {"amenity": "restaurant", "name": "Noodles", "name:zh": "面馆", "opening_hours": "10:00-22:00"}),
    2: (1, 0, {"amenity": "bank", "shop": "ticket"}),
    3: (2, 0, {"shop": "no"}),
    4: (0, 3), 5: (2, 3), 6: (2, 5), 7: (0, 5), 8: (1, 4, {"shop": "mall", "name": "商场", "opening_hours": "24/7"}),
    12: (20, 0), 13: (24, 0), 14: (24, 4), 15: (20, 4), 16: (21, 1), 17: (23, 1), 18: (23, 3), 19: (21, 3),
}  # fmt: skip
WAYS = [
    (1, [4, 5, 6, 7, 4], {"shop": "mall", "building": "yes"}),
    (4, [12, 13, 14, 15, 12], {}),
    (5, [16, 17, 18, 19, 16], {}),
]
RELATIONS = [(1, [("w", 4, "outer"), ("w", 5, "inner")], {"type": "multipolygon", "shop": "supermarket"})]
TAGS = {"amenity": ["restaurant", "bank"], "shop": True}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


@pytest.fixture
def district(tmp_path):
    return write_osm(tmp_path / "district.osm", NODES, WAYS, RELATIONS)


@pytest.fixture
def server(district):
    replay = Replay(
        features=overpass_elements(district, [*TAGS, "tourism"], nodes=True), places=[place_answer("试验区", OUTLINE)]
    )
    with serving(replay):
        yield replay


def fetch(server, where, tags, cache_dir, **more):
    return fetch_pois(
        where, tags, cache_dir=cache_dir, overpass_url=f"{server.url}/api", nominatim_url=f"{server.url}/", **more
    )


def test_what_is_fetched_is_what_a_file_holds(server, district, tmp_path):
    fetched, read = fetch(server, "试验区", TAGS, tmp_path / "cache"), read_pois(district, TAGS)
    assert fetched["id"].tolist() == ["n1", "n2", "n8", "w1", "r1"]
    assert fetched.drop(columns="geometry").equals(read.drop(columns="geometry"))
    assert fetched.crs == read.crs
    assert fetched.geometry.distance(read.geometry).max() < 0.01
    assert fetched["name"].tolist()[0] == "面馆"
    assert fetched["duplicate_of"].tolist()[2] == "w1"


def test_ready_sets_are_kinds_with_a_weight(server, tmp_path):
    tally = PoiTally()
    pois = fetch(server, BOX, ["restaurants", "malls"], tmp_path, duplicates="merge", tally=tally)
    assert pois["set"].tolist() == ["restaurants", "malls"]
    assert pois["kind"].tolist() == ["餐饮", "商场"]
    assert pois["demand"].tolist() == [POI_SETS["restaurants"].weight, POI_SETS["malls"].weight]
    assert pois["name"].tolist() == ["面馆", "商场"]
    assert pois["opening_hours"].tolist() == ["10:00-22:00", "24/7"]
    assert (tally.found, tally.duplicates, tally.kept) == (3, 1, 2)
    english = fetch(server, BOX, ["restaurants"], tmp_path, language="en")
    assert english[["kind", "name"]].to_numpy().tolist() == [["restaurants", "Noodles"]]


@pytest.mark.parametrize("where", ["试验区", BOX, shapely.box(*BOX)])
def test_a_second_call_asks_nobody(server, tmp_path, where):
    first = fetch(server, where, TAGS, tmp_path)
    asked = len(server.asked)
    assert fetch(server, where, TAGS, tmp_path).equals(first)
    assert len(server.asked) == asked


def test_progress_and_crs_are_passed_on(server, tmp_path):
    told = []
    pois = fetch(server, BOX, TAGS, tmp_path, crs=4547, progress=lambda *stage: told.append(stage))
    assert pois.crs.to_epsg() == 4547
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_nothing_global_is_left_changed(server, tmp_path):
    def state():
        return {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("__")}

    before, resolve = state(), socket.getaddrinfo
    fetch(server, BOX, TAGS, tmp_path)
    server.features = (500, "down")
    with pytest.raises(SourceError, match="got HTTP 500"):
        fetch(server, BOX, {"shop": True}, tmp_path)
    assert state() == before
    assert socket.getaddrinfo is resolve


@pytest.mark.parametrize(("answers", "error", "words"), [
    ({"features": (504, "busy")}, SourceError, "got HTTP 504"),
    ({"features": (200, "<html>")}, SourceError, "must answer in JSON"),
    ({"features": (200, '{"elements": [], "remark": "runtime error"}')}, SourceError, "got a remark"),
    ({"features": ()}, InputError, "试验区 must hold points of interest"),
    ({"places": []}, SourceError, "0 results for query '试验区'"),
])  # fmt: skip
def test_servers_that_fail_raise_one_clear_error(server, tmp_path, answers, error, words):
    vars(server).update(answers)
    with pytest.raises(error, match=words):
        fetch(server, "试验区", TAGS, tmp_path)


def test_what_is_asked_for_must_make_sense(server, tmp_path):
    for tags in ({}, {"shop": "mall"}, ["pubs"], []):
        with pytest.raises(ConfigError):
            fetch(server, BOX, tags, tmp_path)
    with pytest.raises(ConfigError, match="language must be one of"):
        fetch(server, BOX, TAGS, tmp_path, language="fr")
    assert server.asked == []


def test_the_outline_of_a_place_says_what_it_was_taken_for(server, tmp_path):
    outline = fetch_outline("试验区", cache_dir=tmp_path, nominatim_url=f"{server.url}/")
    assert outline[["name", "found"]].to_numpy().tolist() == [["试验区", "试验区, 中国"]]
    assert outline.geometry.iloc[0].equals(shapely.Polygon(OUTLINE))
    server.places = []
    with pytest.raises(SourceError, match="0 results"):
        fetch_outline("别处", cache_dir=tmp_path, nominatim_url=f"{server.url}/")


@pytest.mark.real_data
def test_a_real_answer(real_data, tmp_path):
    answer = json.loads((real_data / "overpass" / "akamai_locations.json").read_text(encoding="utf-8"))
    box = (-93.0, 34.4, -91.8, 35.4)  # a part of Arkansas: the whole would be asked for in thousands of parts
    elements = [one for one in answer["elements"] if box[0] < one["lon"] < box[2] and box[1] < one["lat"] < box[3]]
    with serving(Replay(features=elements)) as replay:
        pois = fetch(replay, box, {"shop": ["supermarket"]}, tmp_path)
    wanted = {
        f"n{one['id']}": one["tags"] for one in elements if "supermarket" in one["tags"].get("shop", "").split(";")
    }
    assert len(wanted) == 5
    assert dict(zip(pois["id"], pois["name"], strict=True)) == {key: tags.get("name") for key, tags in wanted.items()}
    assert (pois["kind"] == "supermarket").all()
