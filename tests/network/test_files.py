"""A network saved and reopened: equal in every field, readable by others, refused when it is not as it was written."""

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings

import coverage_planner as cp
from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.network import files
from coverage_planner.network.build import build_network
from coverage_planner.network.files import FILES, is_network_folder, read_network, read_notes, write_network
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from drawn import draw_network, draw_points, draw_roads
from same_network import assert_same_network
from strategies import networks

PLACES = {"A": (0, 0), "B": (100, 0), "C": (100, 100), "D": (300, 300), "E": (400, 300), "F": (0, 250)}
WAYS = [
    (["A", (50.123456789, 9.1), "B"], {"highway": "secondary", "name": "珞喻路", "maxspeed": "50"}),
    ("BC", {"highway": "footway", "name": 'О\'Нил "Gasse"'}),
    ("CA", {"oneway": "yes"}),
    ("DE", {"highway": "residential"}),
    ("CF", {"highway": "steps"}),
]
OBSTACLES = [
    ("water", shapely.Polygon([(150, -50), (200, -50), (200, 400)], [[(170, -40), (180, -40), (180, 0)]])),
    ("railway", shapely.LineString([(0, 150), (140, 150)])),
    ("wall", shapely.MultiLineString([[(0, 1), (1, 2)], [(3, 4), (5, 6)]])),
]
NETWORK = draw_network(PLACES, WAYS, obstacles=OBSTACLES, barriers={"B": {"barrier": "bollard"}}, small_component_m=50)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "洪山 区" / "路网 一"


@pytest.fixture
def saved(home):
    return write_network(NETWORK, home, notes={"行": [1, 2.5, None]})


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what comes back ---


@settings(max_examples=30)
@given(networks())
def test_any_network_comes_back_equal_in_every_field(network):
    with tempfile.TemporaryDirectory(prefix="网 络 ") as folder:
        assert_same_network(network, read_network(write_network(network, Path(folder) / "n")))


def test_modes_obstacles_islands_barriers_and_names_come_back(saved, home):
    assert saved == home.resolve()
    assert len(NETWORK.islands)
    assert NETWORK.graph("drive").island.any()
    assert (NETWORK.edges["length_m"] == 0).any(), "the bollard"
    assert_same_network(NETWORK, read_network(str(home)))


@pytest.mark.parametrize(
    "mode",
    [
        Mode("电动 三轮", "bicycle", 11.1, access_speed_kph=0.1 + 0.2),
        Mode("walk", "foot", 4.8, junction_delay_s=7.3, signal_delay_s=30.0),
        Mode("drive", "motorcar", 30.0, class_speeds_kph={"trunk": 71.3, "residential": 20}, urban_factor=1 / 3),
    ],
)
def test_every_setting_of_a_mode_comes_back(home, mode):
    network = build_network(draw_roads(PLACES, WAYS), modes={"a b_c": mode})
    assert_same_network(network, read_network(write_network(network, home)))


@pytest.mark.parametrize("crs", ["+proj=tmerc +lat_0=0 +lon_0=114.3 +k=1 +x_0=500000 +ellps=GRS80 +units=m", 4547])
def test_the_crs_is_spelt_as_before(home, crs):
    roads = draw_roads(PLACES, WAYS, obstacles=OBSTACLES)
    moved = {
        name: getattr(roads, name).set_crs(crs, allow_override=True) for name in ("segments", "nodes", "obstacles")
    }
    network = build_network(replace(roads, **moved))
    back = read_network(write_network(network, home))
    assert_same_network(network, back)
    assert back.nodes.crs.srs == network.nodes.crs.srs


def test_a_network_without_obstacles_islands_and_names(home):
    network = draw_network({"A": (0, 0), "B": (9, 9)}, [("AB", {})])
    assert network.obstacles.empty
    assert network.islands.empty
    assert network.edges["name"].isna().all()
    assert_same_network(network, read_network(write_network(network, home)))


def test_columns_of_one_s_own_come_back(home):
    edges = NETWORK.edges.assign(rank=np.arange(len(NETWORK.edges), dtype=np.int8), checked=True)
    network = replace(NETWORK, edges=edges[["rank", *NETWORK.edges.columns, "checked"]])
    assert_same_network(network, read_network(write_network(network, home)))


def test_the_reopened_network_answers_alike(saved):
    points = draw_points((10, 5), (90, 90), (310, 290), (160, 10))
    one, other = (
        cp.travel_times(network, points, points, mode="walk", limit_s=900)
        for network in (NETWORK, cp.read_network(saved))
    )
    assert one.indices.tolist() == other.indices.tolist()
    assert one.seconds.tobytes() == other.seconds.tobytes()
    assert one.demand_snaps["status"].tolist() == other.demand_snaps["status"].tolist()


def test_notes_are_kept(saved):
    assert read_notes(saved) == {"行": [1, 2.5, None]}
    assert is_network_folder(saved)


# --- what others see ---


def test_the_tables_are_geoparquet_with_columns_to_read(saved):
    assert {path.name for path in saved.iterdir()} == FILES
    edges = gpd.read_parquet(saved / "edges.parquet")
    graph = NETWORK.graph("drive")
    assert edges["drive_forward_ms"].tolist() == graph.forward_ms.tolist()
    assert edges["drive_backward_ms"].tolist() == graph.backward_ms.tolist()
    assert edges["drive_island"].tolist() == graph.island.tolist()
    assert edges["name"].dropna().tolist() == NETWORK.edges["name"].dropna().tolist()
    assert edges.crs == NETWORK.crs
    nodes = gpd.read_parquet(saved / "nodes.parquet")
    assert nodes["walk_delay_ms"].tolist() == [0] * len(NETWORK.nodes)
    for name in ("nodes", "edges", "obstacles"):
        geo = json.loads(pq.read_schema(saved / f"{name}.parquet").metadata[b"geo"])
        assert geo["columns"]["geometry"]["encoding"] == "WKB"
    graphs = pd.read_parquet(saved / "graphs.parquet").set_index("mode")
    assert graphs.loc["walk", "heads"].tolist() == NETWORK.graph("walk").heads.tolist()
    about = json.loads((saved / "network.json").read_text(encoding="utf-8"))
    assert about["modes"]["bicycle"]["speed_kph"] == DEFAULT_MODES["bicycle"].speed_kph
    assert about["crs"] == "EPSG:32650"


def test_every_file_and_column_is_explained(saved, repository):
    text = (repository / "docs" / "network-folder.md").read_text(encoding="utf-8")
    columns = [str(name) for name in gpd.read_parquet(saved / "edges.parquet").columns if name != "geometry"]
    columns += [str(name) for name in gpd.read_parquet(saved / "nodes.parquet").columns if name != "geometry"]
    columns += [*pq.read_schema(saved / "graphs.parquet").names, *NETWORK.islands.columns]
    modes = "|".join(NETWORK.graphs)
    for name in {re.sub(rf"^({modes})_", "MODE_", column) for column in columns} | FILES:
        assert f"`{name}`" in text, name


def test_two_writings_are_the_same_bytes(saved, tmp_path):
    assert contents(write_network(NETWORK, tmp_path / "again", notes=read_notes(saved))) == contents(saved)


# --- what is refused ---


@pytest.mark.parametrize("name", sorted(FILES - {"network.json"}))
def test_a_file_with_one_changed_bit_is_refused(saved, name):
    path, rng = saved / name, np.random.default_rng(3)
    whole = path.read_bytes()
    for place in [0, len(whole) - 1, *rng.integers(0, len(whole), 20)]:
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        with pytest.raises(SourceError, match=rf"damaged or changed: 1: {name}; build the network again"):
            read_network(saved)
    path.write_bytes(whole)
    assert_same_network(NETWORK, read_network(saved))


@pytest.mark.parametrize("name", ["edges.parquet", "graphs.parquet"])
def test_a_file_that_is_cut_short_or_missing_is_refused(saved, name):
    whole = (saved / name).read_bytes()
    (saved / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=rf"damaged or changed: 1: {name}"):
        read_network(saved)
    (saved / name).unlink()
    with pytest.raises(SourceError, match=rf"must hold all its files, missing in .* are 1: {name}; build"):
        read_network(saved)


def rewrite(folder, **changes):
    path = folder / "network.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**about, **changes}), encoding="utf-8")


def test_settings_that_were_edited_are_refused(saved):
    about = json.loads((saved / "network.json").read_text(encoding="utf-8"))
    about["modes"]["walk"]["speed_kph"] = 4.0
    rewrite(saved, modes=about["modes"])
    with pytest.raises(SourceError, match=r"damaged or changed: 1: network\.json"):
        read_network(saved)
    with pytest.raises(SourceError, match=r"damaged or changed: 1: network\.json"):
        read_notes(saved)


@pytest.mark.parametrize("sums", [None, [], {}, {"network.json": 3}])
def test_checksums_that_are_none_are_refused(saved, sums):
    rewrite(saved, sha256=sums)
    with pytest.raises(SourceError, match=r"damaged or changed: 1: network\.json"):
        read_network(saved)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"coverage_planner_network": files.FORMAT + 1, "program": "9.9"}, "of form 2 by version 9.9; update coverage"),
        ({"coverage_planner_network": 0}, "of form 0 by version .*; build the network again"),
        ({"fields": {"Mode": ["name"], "ModeGraph": ["mode"]}}, "must be of the form that this version writes"),
    ],
)
def test_the_form_of_another_version_is_refused(saved, changes, said):
    rewrite(saved, **changes)
    with pytest.raises(SourceError, match=said):
        read_network(saved)


@pytest.mark.parametrize("text", ['{"plan": {}}', "[]", '{"coverage_planner_network": "1"}', "half a {", "\xff"])
def test_a_folder_that_is_no_network_is_refused(tmp_path, text):
    with pytest.raises(
        SourceError, match=r"found a folder without a sound network\.json of ours at .*; check the path"
    ):
        read_network(tmp_path)
    (tmp_path / "network.json").write_bytes(text.encode("latin-1"))
    assert not is_network_folder(tmp_path)
    with pytest.raises(SourceError, match=r"found a folder without a sound network\.json of ours"):
        read_network(tmp_path)
    with pytest.raises(SourceError, match="found no such folder"):
        read_network(tmp_path / "nowhere")


def test_a_column_of_several_types_is_refused_and_leaves_nothing(tmp_path):
    edges = NETWORK.edges.assign(note=pd.Series([1, "a", *[None] * (len(NETWORK.edges) - 2)], dtype=object))
    with pytest.raises(InputError, match=r"must hold values of one type, not so in edges\.parquet"):
        write_network(replace(NETWORK, edges=edges), tmp_path / "n")
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_has_the_name_of_a_mode_s_is_refused(tmp_path):
    edges = NETWORK.edges.assign(walk_island=True)
    with pytest.raises(InputError, match=r"leave the columns of the modes free, got 1: walk_island; rename them"):
        write_network(replace(NETWORK, edges=edges), tmp_path / "n")
    assert list(tmp_path.iterdir()) == []


# --- whole or not at all ---


def test_only_a_network_is_replaced_and_only_by_force(saved):
    before = contents(saved)
    with pytest.raises(ConfigError, match="the network folder must not exist yet"):
        write_network(NETWORK, saved)
    assert contents(saved) == before
    other = draw_network({"A": (0, 0), "B": (9, 9)}, [("AB", {})])
    write_network(other, saved, force=True)
    assert_same_network(other, read_network(saved))
    (saved / "样式.qml").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a network folder must hold nothing else to be replaced, .* holds 1: 样式"):
        write_network(NETWORK, saved, force=True)
    assert_same_network(other, read_network(saved))


def test_somebody_s_folder_is_not_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"only a network folder can be replaced, .* \(it has no network\.json of"):
        write_network(NETWORK, tmp_path, force=True)
    assert contents(tmp_path) == {Path("mine.txt"): b"mine"}


@pytest.mark.parametrize("force", [False, True])
def test_an_interrupted_writing_leaves_what_was_there(tmp_path, monkeypatch, force):
    home = tmp_path / "n"
    if force:
        write_network(NETWORK, home)
    before = contents(tmp_path)

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.pq, "write_table", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_network(NETWORK, home, force=force)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["n"] if force else [])


# --- real streets ---


@pytest.mark.slow
@pytest.mark.real_data
def test_las_palmas_comes_back_with_its_obstacles_and_islands(real_data, tmp_path):
    network = build_network(cp.read_roads(real_data / "osm" / "las_palmas_2023.osm.pbf"))
    assert len(network.obstacles) > 1000
    assert len(network.islands) > 1000
    assert_same_network(network, read_network(write_network(network, tmp_path / "n")))
