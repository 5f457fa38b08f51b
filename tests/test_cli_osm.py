import json
import re
import tomllib

import geopandas as gpd
import osmium
import pandas as pd
import pytest
import shapely

from coverage_planner import read_roads
from coverage_planner.cli import main
from coverage_planner.sources.osm import fetch_roads
from coverage_planner.sources.osm_answers import write_answers
from coverage_planner.sources.poi_sets import POI_SETS
from coverage_planner.sources.pois import read_pois
from osm_drawing import place, write_osm
from replay import Replay, overpass_elements, place_answer, serving

OUTLINE = [place(-5, -5), place(15, -5), place(15, 15), place(-5, 15), place(-5, -5)]
STREET = {"highway": "residential"}
NODES = {
    **{10 * row + column + 1: (2 * column, 2 * row) for row in range(5) for column in range(5)},
    101: (1, 1, {"amenity": "community_centre", "name": "Centre", "name:zh": "东湖社区中心"}),
    102: (3, 3, {"amenity": "restaurant", "name": "面馆"}),
    103: (5, 1, {"amenity": "restaurant"}),
    104: (7, 7, {"amenity": "bank", "name": "银行"}),
    105: (3.2, 0.5), 106: (3.8, 0.5), 107: (3.8, 1.5), 108: (3.2, 1.5), 109: (3.5, 1, {"shop": "mall", "name": "商场"}),
    110: (9, 9, {"barrier": "gate"}),
}  # fmt: skip
WAYS = [
    *((row + 1, [10 * row + column + 1 for column in range(5)], STREET) for row in range(5)),
    *((column + 11, [10 * row + column + 1 for row in range(5)], STREET) for column in range(5)),
    (30, [105, 106, 107, 108, 105], {"shop": "mall", "building": "yes"}),
    (40, [1, 45], {"railway": "rail"}),
]
KEYS = sorted({key for one in POI_SETS.values() for key in one.tags} | {"natural", "waterway", "railway", "barrier"})


@pytest.fixture(autouse=True)
def _chinese_computer(monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")


@pytest.fixture
def district(tmp_path):
    return write_osm(tmp_path / "district.osm", NODES, WAYS)


@pytest.fixture
def server(district, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    replay = Replay(
        overpass_elements(district, ["highway"]),
        overpass_elements(district, KEYS, nodes=True),
        [place_answer("试验区", OUTLINE)],
    )
    with serving(replay):
        yield replay


def fetch(server, where, folder, *more):
    return main(
        ["fetch", where, str(folder), "--overpass", f"{server.url}/api", "--nominatim", f"{server.url}/", *more]
    )


def test_a_place_becomes_a_folder_that_a_plan_runs_on(server, tmp_path, capsys):
    folder = tmp_path / "试 验"
    assert fetch(server, "试验区", folder) == 0
    said = capsys.readouterr().out
    assert "试验区（试验区, 中国）：40 段街道" in said
    assert "数据日期 2026-01-01T00:00:00Z" in said
    assert "兴趣点 6 个（1 个与所在建筑重复，已合并）" in said
    assert "© OpenStreetMap contributors, ODbL 1.0" in said
    assert sorted(path.name for path in folder.iterdir()) == [
        "answers", "fetched.json", "plan.toml", "pois.gpkg", "stations.csv", "streets.osm.pbf", "study_area.geojson",
    ]  # fmt: skip
    about = json.loads((folder / "fetched.json").read_text(encoding="utf-8"))
    assert about["data_date"] == "2026-01-01T00:00:00Z"
    assert about["licence"] == "https://opendatacommons.org/licenses/odbl/1-0/"
    pois = gpd.read_file(folder / "pois.gpkg")
    assert pois["kind"].tolist() == ["社区服务中心", "餐饮", "餐饮", "银行网点", "门岗出入口", "商场"]
    assert pois["name"].tolist()[0] == "东湖社区中心"
    stations = pd.read_csv(folder / "stations.csv")
    assert stations["名称"].tolist() == ["东湖社区中心"]
    assert stations[["经度", "纬度"]].to_numpy().tolist() == [list(place(1, 1))]
    assert tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8"))["name"] == "试验区"
    assert main(["plan", str(folder / "plan.toml"), "--out", str(tmp_path / "结果")]) == 0
    assert (tmp_path / "结果" / "map.html").exists()


def test_the_file_written_holds_what_was_fetched(server, tmp_path):
    assert fetch(server, "试验区", tmp_path / "a", "--language", "en", "--sets", "restaurants", "malls") == 0
    (answers,) = (tmp_path / "a" / "answers").iterdir()
    fetched = fetch_roads(
        gpd.read_file(tmp_path / "a" / "study_area.geojson").geometry.iloc[0],
        cache_dir=tmp_path / "cache", overpass_url=f"{server.url}/api", nominatim_url=f"{server.url}/",
    )  # fmt: skip
    read = read_roads(tmp_path / "a" / "streets.osm.pbf")
    one, other = (roads.segments.sort_values(["u", "v"], ignore_index=True) for roads in (fetched, read))
    assert one["u"].tolist() == other["u"].tolist()
    assert one["v"].tolist() == other["v"].tolist()
    assert one.geometry.geom_equals_exact(other.geometry, 1e-3).all()
    assert fetched.obstacles["kind"].tolist() == read.obstacles["kind"].tolist() == ["railway"]
    pois = gpd.read_file(tmp_path / "a" / "pois.gpkg")
    again = read_pois(tmp_path / "a" / "streets.osm.pbf", ["restaurants", "malls"], language="en", duplicates="merge")
    assert pois["id"].tolist() == again["id"].tolist()
    assert pois["demand"].tolist() == again["demand"].tolist()
    with osmium.io.Reader(str(tmp_path / "a" / "streets.osm.pbf")) as reader:
        header = reader.header()
    assert header.get("generator") == (
        "coverage-planner: 试验区, through Overpass. © OpenStreetMap contributors, ODbL 1.0"
    )
    assert write_answers(answers, tmp_path / "again.osm.pbf", what="again") == "2026-01-01T00:00:00Z"


def test_an_interrupted_fetch_goes_on_and_a_finished_one_is_kept(server, tmp_path, capsys):
    folder = tmp_path / "a"
    features, server.features = server.features, (500, "down")
    assert fetch(server, "试验区", folder) == 2
    assert "HTTP 500" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["answers"]
    server.features = features
    asked = len(server.asked)
    assert fetch(server, "试验区", folder) == 0
    new = [query for _, kind, query in server.asked[asked:] if kind == "/api/interpreter"]
    assert not any('["highway"]' in query["data"] for query in new)
    assert fetch(server, "试验区", folder) == 2
    assert "must not hold an earlier fetch" in capsys.readouterr().err
    (folder / "stations.csv").write_text("mine", encoding="utf-8")
    asked = len(server.asked)
    assert fetch(server, "试验区", folder, "--force") == 0
    assert any('["highway"]' in query.get("data", "") for _, _, query in server.asked[asked:])
    assert (folder / "stations.csv").read_text(encoding="utf-8") == "mine"


def test_boxes_and_files_are_places_too(server, tmp_path, capsys):
    box = ",".join(map(str, (*place(-5, -5), *place(15, 15))))
    assert fetch(server, box, tmp_path / "box", "--margin", "0") == 0
    area = tmp_path / "area.geojson"
    gpd.GeoDataFrame(geometry=[shapely.Polygon(OUTLINE)], crs=4326).to_file(area)
    assert fetch(server, str(area), tmp_path / "file") == 0
    assert not any(kind == "/search" for _, kind, _ in server.asked)
    assert capsys.readouterr().out.count("40 段街道") == 2


def test_a_place_without_points_of_interest_still_has_streets(server, tmp_path):
    server.features = ()
    assert fetch(server, "试验区", tmp_path / "a") == 0
    assert gpd.read_file(tmp_path / "a" / "pois.gpkg").empty
    assert pd.read_csv(tmp_path / "a" / "stations.csv").empty


@pytest.mark.parametrize(("where", "more", "words"), [
    ("试验区", ["--sets", "pubs"], "must be of malls"),
    ("试验区", ["--margin", "-1"], "margin must be zero or more"),
    ("120,30,119,31", [], "reorder it"),
    (" ", [], "empty text"),
])  # fmt: skip
def test_wrong_arguments_say_what_is_wrong(server, tmp_path, capsys, where, more, words):
    assert fetch(server, where, tmp_path / "a", *more) == 2
    assert words in capsys.readouterr().err


def test_a_folder_of_something_else_is_left_alone(server, tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.docx").write_text("x", encoding="utf-8")
    assert fetch(server, "试验区", tmp_path / "a", "--force") == 2
    assert "must be new or empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["thesis.docx"]


def test_fetching_and_clipping_for_machines(server, repository, tmp_path, capsys):
    text = (repository / "docs" / "how-to" / "command-line.md").read_text(encoding="utf-8")
    keys = {
        name: {*re.findall(r"`(\w+)`", row), "command"}
        for name, row in re.findall(r"^\| `(fetch|clip)` \| (.+) \|$", text, re.MULTILINE)
    }
    assert fetch(server, "试验区", tmp_path / "a", "--json") == 0
    fetched = json.loads(capsys.readouterr().out)
    assert set(fetched) == keys["fetch"]
    assert fetched["pieces"] == 40
    assert sum(fetched["pois"].values()) == 6
    area = str(tmp_path / "a" / "study_area.geojson")
    big = str(tmp_path / "a" / "streets.osm.pbf")
    assert main(["clip", big, str(tmp_path / "small.osm.pbf"), "--area", area, "--json"]) == 0
    clipped = json.loads(capsys.readouterr().out)
    assert set(clipped) == keys["clip"]
    assert clipped["bytes_written"] == (tmp_path / "small.osm.pbf").stat().st_size


def test_clip_writes_a_small_file(tmp_path, capsys):
    big = write_osm(tmp_path / "big.osm.pbf", NODES, WAYS)
    area = tmp_path / "区 划.geojson"
    boxes = [shapely.box(*place(-0.5, -0.5), *place(2.5, 2.5)), shapely.box(*place(5, 5), *place(9, 9))]
    gpd.GeoDataFrame({"名称": ["甲", "乙"]}, geometry=boxes, crs=4326).to_file(area)
    command = ["clip", str(big), str(tmp_path / "小.osm.pbf"), "--area", str(area), "--margin", "0"]
    assert main([*command, "--where", "名称=甲", "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert "kept 18 nodes of 35, 5 ways, 0 relations" in said
    assert "data of unknown date" in said
    assert len(read_roads(tmp_path / "小.osm.pbf").segments) == 8
    assert main(command) == 2
    assert "must not exist yet" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0
    assert main([*command, "--force", "--where", "名称"]) == 2
    assert "--where must be COLUMN=VALUE" in capsys.readouterr().err
    big.write_bytes(big.read_bytes()[:-9])
    assert main([*command, "--force"]) == 2
    assert "must be readable to its end" in capsys.readouterr().err
