from collections import Counter

import geopandas as gpd
import osmium
import pytest
import shapely

from coverage_planner import read_pois
from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError
from coverage_planner.schema import check_table
from coverage_planner.sources.poi_sets import POI_SETS, set_of
from coverage_planner.sources.poi_table import PoiTally
from osm_drawing import place, write_osm

NODES = {
    1: (0, 0, {"amenity": "restaurant", "name": "面馆 <一>", "opening_hours": "10:00-22:00"}),
    2: (1, 0, {"amenity": "bank", "shop": "ticket"}),
    3: (2, 0, {"shop": "no", "amenity": "bench"}),
    4: (0, 3), 5: (2, 3), 6: (2, 5), 7: (0, 5),
    8: (5, 5, {"amenity": "bar; restaurant"}), 9: (6, 5), 10: (8, 5), 11: (9, 9, {"shop": "kiosk"}),
    12: (20, 0), 13: (24, 0), 14: (24, 4), 15: (20, 4), 16: (21, 1), 17: (23, 1), 18: (23, 3), 19: (21, 3),
}  # fmt: skip
WAYS = [
    (1, [4, 5, 6, 7, 4], {"shop": "mall", "name": "商场"}),
    (2, [9, 10], {"shop": "market"}),
    (3, [98, 99], {"shop": "lost"}),
    (4, [12, 13, 14, 15, 12], {}),
    (5, [16, 17, 18, 19, 16], {}),
    (6, [4, 5, 99], {"shop": "cut"}),
]
RELATIONS = [
    (1, [("w", 4, "outer"), ("w", 5, "inner")], {"type": "multipolygon", "shop": "supermarket"}),
    (2, [("w", 4, "outer")], {"type": "site", "shop": "site"}),
    (3, [("w", 77, "outer")], {"type": "multipolygon", "shop": "lost"}),
]
TAGS = {"amenity": ["restaurant", "bank"], "shop": True}


@pytest.fixture(params=["p.osm", "p.osm.pbf"])
def path(request, tmp_path):
    return write_osm(tmp_path / request.param, NODES, WAYS, RELATIONS)


def test_nodes_ways_and_multipolygons_become_points(path):
    pois = read_pois(path, TAGS)
    assert pois["id"].tolist() == ["n1", "n2", "n8", "n11", "w1", "w2", "w6", "r1"]
    assert pois["kind"].tolist() == [
        "restaurant",
        "bank",
        "restaurant",
        "kiosk",
        "mall",
        "market",
        "cut",
        "supermarket",
    ]
    assert list(pois.columns) == ["id", "name", "kind", "amenity", "shop", "opening_hours", "duplicate_of", "geometry"]
    assert pois["name"].tolist()[0] == "面馆 <一>"
    assert pois["name"].isna().tolist() == [False, True, True, True, False, True, True, True]
    assert pois["opening_hours"].tolist()[0] == "10:00-22:00"
    assert pois["shop"].tolist()[1] == "ticket"
    assert pois.crs.to_epsg() == 32650
    points = pois.to_crs(4326).set_index("id").geometry
    assert points["n1"].distance(shapely.Point(place(0, 0))) < 1e-9
    assert shapely.box(*place(0, 3), *place(2, 5)).contains(points["w1"])
    assert LINE.distance(points["w2"]) < 1e-9
    ring = shapely.box(*place(20, 0), *place(24, 4)) - shapely.box(*place(21, 1), *place(23, 3))
    assert ring.contains(points["r1"])


LINE = shapely.LineString([place(6, 5), place(8, 5)])


def test_the_first_key_that_matches_names_the_kind(path):
    pois = read_pois(path, {"shop": True, "amenity": ["bank"]}).set_index("id")
    assert pois.loc["n2", "kind"] == "ticket"
    assert "opening_hours" not in read_pois(path, {"amenity": ["bank"]}).columns


def test_points_are_clipped_to_the_study_area_and_its_margin(path):
    area = gpd.GeoDataFrame(geometry=[shapely.box(*place(-0.5, -0.5), *place(0.5, 0.5))], crs=4326)
    assert read_pois(path, TAGS, study_area=area)["id"].tolist() == ["n1"]
    assert read_pois(path, TAGS, study_area=area, margin_m=60)["id"].tolist() == ["n1", "n2"]
    assert read_pois(path, TAGS, study_area=area, crs=4547).crs.to_epsg() == 4547
    with pytest.raises(InputError, match="got 8 outside and none inside"):
        read_pois(path, TAGS, study_area=area.to_crs(32650).translate(1e6).to_frame("geometry"))
    with pytest.raises(CrsError):
        read_pois(path, TAGS, crs=4326)


@pytest.mark.parametrize("tags", [{}, {"shop": False}, {"shop": "bakery"}, {"shop": []}])
def test_tags_must_be_lists_or_true(path, tags):
    with pytest.raises(ConfigError, match="tags must map keys"):
        read_pois(path, tags)


def test_nothing_found_is_an_error(path):
    with pytest.raises(InputError, match=r"must hold points of interest with \{'shop': \['bakery'\]\}, got none"):
        read_pois(path, {"shop": ["bakery"]})


def test_unreadable_files_say_so(path, tmp_path):
    with pytest.raises(SourceError, match="must exist"):
        read_pois(tmp_path / "none.osm.pbf", TAGS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match="where reading stopped"):
        read_pois(path, TAGS)


@pytest.mark.real_data
def test_las_palmas(real_data):
    path = real_data / "osm" / "las_palmas_2023.osm.pbf"
    pois = read_pois(path, TAGS)
    assert pois["id"].is_unique
    # oracle: every object of the file, counted one by one
    expected = Counter()
    for one in osmium.FileProcessor(str(path)):
        kinds = [one.tags["shop"]] if one.tags.get("shop", "no") != "no" else []
        kinds += [one.tags["amenity"]] if one.tags.get("amenity") in TAGS["amenity"] else []
        if kinds:
            expected[one.type_str()] += 1
    assert Counter(pois["id"].str[0]) == expected
    nodes = pois[pois["id"].str.startswith("n")]
    found = (nodes["shop"].notna().sum(), *(int((nodes["amenity"] == kind).sum()) for kind in ("restaurant", "bank")))
    assert found == (2225, 418, 135)
    everything = (
        pois["shop"].notna().sum(),
        *(int((pois["amenity"] == kind).sum()) for kind in ("restaurant", "bank")),
    )
    assert everything == (2278, 428, 137)


TWICE = {
    1: (0, 0), 2: (4, 0), 3: (4, 4), 4: (0, 4), 5: (1, 1), 6: (3, 1), 7: (3, 3), 8: (1, 3),
    20: (2, 2, {"shop": "mall", "name": "万达广场", "opening_hours": "10:00-22:00"}),
    21: (0.5, 0.5, {"shop": "mall", "name": "别的商场"}),
    22: (2, 2.5, {"shop": "kiosk"}),
    23: (9, 9, {"shop": "mall"}),
}  # fmt: skip
TWICE_WAYS = [
    (1, [1, 2, 3, 4, 1], {"shop": "mall", "name": "商业区"}),
    (2, [5, 6, 7, 8, 5], {"shop": "mall"}),
]


def test_a_place_drawn_twice_is_told_merged_or_kept(tmp_path):
    path = write_osm(tmp_path / "twice.osm", TWICE, TWICE_WAYS)
    tally = PoiTally()
    told = read_pois(path, {"shop": True}, tally=tally).set_index("id")
    # the smallest building of the same kind and not of another name
    assert told["duplicate_of"].dropna().to_dict() == {"n20": "w2"}
    assert (tally.found, tally.duplicates, tally.kept) == (6, 1, 6)
    merged = read_pois(path, {"shop": True}, duplicates="merge").set_index("id")
    assert list(merged.index) == ["n21", "n22", "n23", "w1", "w2"]
    assert merged.loc["w2", ["name", "opening_hours"]].tolist() == ["万达广场", "10:00-22:00"]
    assert merged.loc["w1", "name"] == "商业区"
    assert merged.geometry["w2"].equals(told.geometry["w2"])
    kept = read_pois(path, {"shop": True}, duplicates="keep")
    assert "duplicate_of" not in kept.columns
    assert len(kept) == 6
    with pytest.raises(ConfigError, match="duplicates one of keep, tell, merge"):
        read_pois(path, {"shop": True}, duplicates="drop")


def test_what_is_left_out_is_counted(path):
    tally = PoiTally()
    area = gpd.GeoDataFrame(geometry=[shapely.box(*place(-0.5, -0.5), *place(0.5, 0.5))], crs=4326)
    pois = read_pois(path, TAGS, study_area=area, tally=tally)
    # w3 and r3 have no node in the file
    assert (tally.found, tally.unplaced, tally.outside, tally.kept) == (10, 2, 7, len(pois))


def test_names_in_chinese_come_first(tmp_path):
    tags = {"shop": "mall", "name": "Mall", "name:zh": "商場", "name:zh-Hans": "商场", "name:en": "The Mall"}
    path = write_osm(tmp_path / "n.osm", {1: (0, 0, tags), 2: (1, 0, {"shop": "mall", "name:en": "Only"})}, [])
    assert read_pois(path, {"shop": True})["name"].tolist() == ["商场", "Only"]
    assert read_pois(path, {"shop": True}, language="en")["name"].tolist() == ["The Mall", "Only"]


def test_ready_sets_are_kinds_with_a_weight(path):
    pois = read_pois(path, ["banks", "malls", "supermarkets", "restaurants"]).set_index("id")
    assert pois["kind"].to_dict() == {
        "n1": "餐饮", "n2": "银行网点", "n8": "餐饮", "w1": "商场", "r1": "超市",
    }  # fmt: skip
    assert pois["demand"].to_dict() == {key: POI_SETS[name].weight for key, name in pois["set"].items()}
    check_table(gpd.GeoDataFrame(pois.reset_index()), "demand")
    with pytest.raises(ConfigError, match="must be of malls, restaurants"):
        read_pois(path, ["pubs"])


def test_every_ready_set_is_named_in_both_languages_and_finds_its_own():
    for name, one in POI_SETS.items():
        assert one.zh
        assert one.en
        assert one.why
        assert one.weight > 0
        for key, values in one.tags.items():
            for value in values:
                found = set_of({key: value}, list(POI_SETS))
                assert found == name, (key, value)
    assert len({one.zh for one in POI_SETS.values()}) == len(POI_SETS)


@pytest.mark.real_data
def test_las_palmas_by_ready_sets(real_data):
    path = real_data / "osm" / "las_palmas_2023.osm.pbf"
    tally = PoiTally()
    pois = read_pois(path, list(POI_SETS), duplicates="merge", tally=tally)
    assert tally.found == tally.kept + tally.duplicates + tally.unplaced
    assert (pois["set"] == "banks").sum() == 137
    assert pois["id"].is_unique
    assert pois["set"].nunique() == len(POI_SETS)
    assert tally.duplicates > 0
