"""Road layers as planning offices have them: whole streets that cross, Chinese columns, GBK, shifted coordinates."""

import logging
from zipfile import ZipFile

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString

from coverage_planner import Rejections, read_roads
from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SourceError
from coverage_planner.sources.datum import from_wgs84
from coverage_planner.sources.road_cleaning import FINDINGS, RoadCleaning
from osm_drawing import place

#   street 1 crosses street 2, a bridge (3) passes over 1, a lane (4) stops 0.6 m short of 1, 5 repeats 2 the other way
STREETS = [
    LineString([(0, 0), (100, 0)]), LineString([(50, -50), (50, 50)]), LineString([(80, -50), (80, 50)]),
    LineString([(20, 0.6), (20, 40)]), LineString([(50, 50), (50, -50)]),
]  # fmt: skip


def save(tmp_path, lines, crs=32650, file="r.gpkg", **columns):
    path = tmp_path / file
    table = gpd.GeoDataFrame(columns, geometry=list(lines), crs=crs)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_file(path)
    return path


def parts(roads):
    graph = nx.Graph(zip(roads.segments["u"], roads.segments["v"], strict=True))
    return nx.number_connected_components(graph)


def read(path, **options):
    cleaning, rejected = RoadCleaning(), Rejections()
    roads = read_roads(path, cleaning=cleaning, rejected=rejected, **options)
    return roads, cleaning, rejected


BRIDGES = {"bridge": [None, None, "yes", None, None]}


def test_streets_are_cut_at_crossings_and_near_ends_joined(tmp_path):
    path = save(tmp_path, STREETS, 32650, name=["a", "b", "c", "d", "b"], **BRIDGES)
    assert parts(read_roads(path)) == 4
    assert parts(read_roads(path, noding="crossings")) == 3
    roads, cleaning, _ = read(path, noding="crossings", join_within_m=1)
    assert parts(roads) == 2
    assert roads.segments["length_m"].sum() == pytest.approx(100 + 100 + 100 + 39.4 + 0.6)
    # three pieces of the first street, two of the second, the bridge, the lane and its join
    assert sorted(roads.segments["length_m"].round(6)) == [0.6, 20, 30, 39.4, 50, 50, 50, 100]
    assert len(roads.segments[roads.segments["bridge"] == "yes"]) == 1
    counts = cleaning.summary().set_index("what")
    assert counts["count"].to_dict() == {
        "lines": 5, "parts by line ends": 4, "parts by shared vertices": 4, "segments": 8, "parts": 2,
        "duplicate": 1, "crossing": 1, "joined end": 1, "kept apart: bridge": 1, "dangling end": 7,
    }  # fmt: skip
    assert counts["length_m"]["duplicate"] == pytest.approx(100)
    assert counts["length_m"]["joined end"] == pytest.approx(0.6)
    assert counts["length_m"]["parts"] == pytest.approx(240)
    changes = cleaning.changes
    assert changes.crs.to_epsg() == 32650
    rows = changes[changes["what"] != "dangling end"].set_index("what")
    assert rows["row"].to_dict() == {"duplicate": 5, "crossing": rows["row"]["crossing"], "joined end": 4,
                                     "kept apart: bridge": rows["row"]["kept apart: bridge"]}  # fmt: skip
    assert {rows["row"]["crossing"], rows["other_row"]["crossing"]} == {1, 2}
    assert {rows["row"]["kept apart: bridge"], rows["other_row"]["kept apart: bridge"]} == {1, 3}
    assert rows["other_row"]["duplicate"] == 2
    assert rows["other_row"]["joined end"] == 1
    assert rows.geometry["crossing"].equals(shapely.Point(50, 0))
    assert rows.geometry["joined end"].equals(LineString([(20, 0.6), (20, 0)]))
    assert changes["other_row"].isna().sum() == 7


def test_near_ends_are_joined_where_lines_share_vertices_too(tmp_path):
    lines = [LineString([(0, 0), (50, 0)]), LineString([(50.5, 0), (90, 0)]), LineString([(70, -9), (70, 9)])]
    path = save(tmp_path, lines)
    assert parts(read_roads(path)) == 3
    assert parts(read_roads(path, join_within_m=1)) == 2, "what crosses without a vertex stays apart"
    assert parts(read_roads(path, join_within_m=1, noding="crossings")) == 1


def test_shared_noding_is_as_it_was_with_or_without_a_record(tmp_path):
    path = save(tmp_path, STREETS, **BRIDGES)
    plain, (recorded, cleaning, rejected) = read_roads(path), read(path)
    assert rejected.remarks_frame()[["row", "given"]].to_numpy().tolist() == [[5, "as row 2"]]
    pd.testing.assert_frame_equal(pd.DataFrame(plain.segments), pd.DataFrame(recorded.segments))
    assert cleaning.totals["segments"][0] == cleaning.totals["lines"][0] - 1 == 4
    assert set(cleaning.changes["what"]) == {"duplicate", "dangling end"}
    assert len(cleaning.before) == 5
    assert len(cleaning.after) == 4


def test_attributes_stay_on_all_pieces_and_stated_lengths_are_shared_out(tmp_path):
    path = save(
        tmp_path, STREETS[:2], 32650, highway=["primary", "service"], name=["长街", None], length_m=[150.0, 80.0]
    )
    segments = read_roads(path, noding="crossings").segments
    assert segments[["highway", "name", "length_m"]].fillna("").to_numpy().tolist() == [
        ["primary", "长街", 75], ["primary", "长街", 75], ["service", "", 40], ["service", "", 40],
    ]  # fmt: skip
    # a join is as long as it is drawn, whatever the line's length is said to be
    path = save(tmp_path, [STREETS[0], STREETS[3]], 32650, file="j.gpkg", length_m=[150.0, 80.0])
    lengths = read_roads(path, noding="crossings", join_within_m=1).segments["length_m"]
    assert sorted(lengths.round(6)) == [0.6, 30, 80, 120]


def test_lengths_of_degrees_stay_geodesic_and_given_vertices_stay_as_they_are(tmp_path):
    lines = [LineString([place(0, 0), place(3, 0)]), LineString([place(1, -1), place(1, 1)])]
    path = save(tmp_path, lines, 4326)
    plain, cut = read_roads(path).segments, read_roads(path, noding="crossings").segments
    assert cut["length_m"].sum() == pytest.approx(plain["length_m"].sum(), abs=1e-4)
    assert len(cut) == 4
    assert cut.geometry[0].coords[0] == plain.geometry[0].coords[0]
    ends = {}
    for u, v, line in zip(cut["u"], cut["v"], cut.geometry, strict=True):
        ends.setdefault(u, set()).add(line.coords[0])
        ends.setdefault(v, set()).add(line.coords[-1])
    assert all(len(places) == 1 for places in ends.values())


steps = st.tuples(st.integers(0, 5), st.integers(0, 5))
layers = st.lists(st.lists(steps, min_size=2, max_size=3, unique=True), min_size=1, max_size=6)


@settings(max_examples=15)
@given(layers, st.data())
def test_roads_are_those_of_geos(tmp_path_factory, lines, data):
    """Length, junctions and connectivity against the noded union of the same lines."""
    drawn = [LineString([(100 * x, 100 * y) for x, y in line]) for line in lines]
    order = data.draw(st.permutations(range(len(drawn))))
    path = tmp_path_factory.mktemp("r") / "r.parquet"
    save(path.parent, [drawn[n] for n in order], file="r.parquet")
    table = read_roads(path, noding="crossings").segments
    union = shapely.unary_union(drawn)
    # what lies on each other is there more than once
    once = shapely.unary_union(table.geometry.to_numpy())
    assert once.length == pytest.approx(union.length, abs=1e-6)
    assert once.symmetric_difference(union).length < 1e-6
    expected = nx.Graph()
    for part in shapely.get_parts(union):
        points = [tuple(np.rint(np.array(point) * 1e4).astype(int)) for point in part.coords]
        nx.add_path(expected, points)
    assert nx.number_connected_components(nx.Graph(zip(table["u"], table["v"], strict=True))) == (
        nx.number_connected_components(expected)
    )
    degree = pd.concat([table["u"], table["v"]]).value_counts()
    ends = {node: line.coords[at] for u, v, line in zip(table["u"], table["v"], table.geometry, strict=True)
            for node, at in ((u, 0), (v, -1))}  # fmt: skip
    junctions = {tuple(np.rint(np.array(ends[node]) * 1e4).astype(int)) for node, n in degree.items() if n != 2}
    assert {point for point, n in expected.degree if n > 2} <= junctions | {
        tuple(np.rint(np.array(place) * 1e4).astype(int)) for place in ends.values()
    }


def test_overlaps_and_empty_rows_are_told_with_their_rows(tmp_path):
    lines = [LineString([(0, 0), (100, 0)]), LineString([(60, 0), (160, 0)]), None, LineString([(9, 9), (9, 9)])]
    roads, cleaning, rejected = read(save(tmp_path, lines), noding="crossings")
    assert len(roads.segments) == 4
    changes = cleaning.changes.set_index("what")
    assert changes["row"]["empty row"].tolist() == [3, 4]
    assert changes.loc["overlap", ["row", "other_row", "length_m"]].tolist() == [2, 1, 40.0]
    reasons = rejected.to_frame().set_index("row")["reason"]
    assert reasons.to_dict() == {3: "the geometry is missing or empty", 4: "the line has no length"}


def test_a_line_of_no_length_alone_stops_nobody(tmp_path, caplog):
    path = save(tmp_path, [STREETS[0], LineString([(9, 9), (9, 9)])])
    assert len(read_roads(path).segments) == 1
    assert "the line has no length in rows 1: 2; left out" in caplog.text


def test_findings_outside_the_study_area_are_left_out(tmp_path):
    path = save(tmp_path, [*STREETS, *(shapely.affinity.translate(line, 5000) for line in STREETS[:2])],
                bridge=[*BRIDGES["bridge"], None, None])  # fmt: skip
    area = gpd.GeoDataFrame(geometry=[shapely.box(-10, -60, 120, 60)], crs=32650)
    roads, cleaning, _ = read(path, noding="crossings", study_area=area)
    assert len(roads.segments) == 6
    assert (cleaning.changes["what"] == "crossing").sum() == 1
    assert cleaning.totals["lines"][0] == 7


def test_parts_of_one_row_and_levels_by_layer(tmp_path):
    several = MultiLineString([STREETS[0].coords, STREETS[1].coords])
    roads, cleaning, _ = read(save(tmp_path, [several, STREETS[2]], layer=[None, "-1"]), noding="crossings")
    assert parts(roads) == 2
    kept = cleaning.changes.set_index("what").loc["kept apart: layer"]
    assert {kept["row"], kept["other_row"]} == {1, 2}
    crossing = cleaning.changes.set_index("what").loc["crossing"]
    assert (crossing["row"], crossing["other_row"]) == (1, 1)


@pytest.mark.parametrize(("columns", "apart"), [
    ({"bridge": [None, "yes"]}, "kept apart: bridge"), ({"tunnel": ["yes", None]}, "kept apart: tunnel"),
    ({"layer": [None, "1"]}, "kept apart: layer"), ({"highway": ["motorway", "primary"]}, "kept apart: motorway"),
    ({"桥隧": ["隧道", None]}, "kept apart: tunnel"), ({"桥隧": [None, "高架桥"]}, "kept apart: bridge"),
    ({"层级": ["地面", "高架"]}, "kept apart: layer"), ({"道路等级": ["高速公路", "支路"]}, "kept apart: motorway"),
    ({"bridge": ["no", "no"], "layer": ["0", "0"]}, None), ({"bridge": ["yes", "yes"]}, None),
    ({"bridge": ["yes", None], "layer": ["0", "0"]}, "kept apart: bridge"),
])  # fmt: skip
def test_what_keeps_crossings_apart(tmp_path, columns, apart):
    roads, cleaning, _ = read(save(tmp_path, STREETS[:2], **columns), noding="crossings")
    assert parts(roads) == (1 if apart is None else 2)
    assert set(cleaning.changes["what"]) - {"dangling end"} == {apart or "crossing"}


def test_columns_u_and_v_are_not_used_where_lines_are_cut(tmp_path):
    path = save(tmp_path, STREETS[:2], u=[1, 3], v=[2, None])
    assert parts(read_roads(path, noding="crossings")) == 1
    assert len(read_roads(path, rejected=Rejections()).segments) == 1, "by u and v the second row cannot be used"


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"hello", b'GEOGCS["x"'])
def test_a_damaged_prj_is_said(tmp_path, text):
    path = save(tmp_path, STREETS, file="r.shp")
    path.with_suffix(".prj").write_bytes(text)
    with pytest.raises((CrsError, SourceError), match=r"say its coordinate reference system|must be readable"):
        read_roads(path)


def test_layers_that_fall_apart_are_said_with_the_options(tmp_path):
    grid = [LineString([(0, n), (100, n)]) for n in range(0, 60, 5)] + [
        LineString([(n, -1), (n, 56)]) for n in range(1, 99, 9)
    ]
    path = save(tmp_path, grid)
    with pytest.warns(
        UserWarning, match=r"fall into 23 parts, and the largest holds \d+%.*noding='crossings' cuts.*join_within_m=1"
    ):
        read_roads(path)
    assert parts(read_roads(path, noding="crossings")) == 1


def test_crossings_that_look_like_bridges_are_said(tmp_path):
    # a grid of pieces that share their ends, and an elevated road across it that the layer does not say to be one
    grid = [LineString([(x, y), (x + 9, y)]) for x in range(0, 45, 9) for y in range(0, 45, 9)]
    grid += [LineString([(x, y), (x, y + 9)]) for x in range(0, 45, 9) for y in range(0, 45, 9)]
    elevated = LineString([(-5, 4), (60, 5)])
    with pytest.warns(
        UserWarning, match=r"say which lines are bridges.* 5 crossings .* common vertices at \d\d junctions"
    ):
        roads = read_roads(save(tmp_path, [*grid, elevated]), noding="crossings")
    assert parts(roads) == 1
    told = save(tmp_path, [*grid, elevated], file="told.gpkg", 高架=[None] * len(grid) + ["是"])
    assert parts(read_roads(told, noding="crossings")) == 2


def test_arguments_are_checked(tmp_path):
    path = save(tmp_path, STREETS)
    for options, match in [
        ({"noding": "magic"}, "noding must be one of shared, crossings, got 'magic'"),
        ({"join_within_m": -1}, "zero or more metres, got -1"), ({"join_within_m": np.nan}, "zero or more metres"),
        ({"values": {"klass": {}}}, "values must be given for tags"),
        ({"values": {"highway": {"甲": "primry"}}}, "values.highway must map to road classes.*primry"),
        ({"encoding": "gbk"}, "encoding must be left out for r.gpkg"),
    ]:  # fmt: skip
        with pytest.raises(ConfigError, match=match):
            read_roads(path, **options)


# --- columns and values ---

OFFICE = {
    "道路名称": ["人民路", "解放路", "", "三巷", "解放路"], "道路等级": ["主干路", "甲级", "盘山神道", "巷弄", "甲级"],
    "单行线": ["否", "是", "看情况", "否", "是"], "限速": ["60km/h", "50公里/小时", "快", "", "50公里/小时"],
    "桥隧": ["", "", "桥梁", "", ""],
}  # fmt: skip
VALUES = {"highway": {"甲级": "primary"}}


def test_chinese_columns_and_values_are_read(tmp_path, caplog):
    path = save(tmp_path, STREETS, **OFFICE)
    with caplog.at_level(logging.INFO), pytest.warns(UserWarning, match="should be known") as said:
        roads, cleaning, rejected = read(path, values=VALUES)
    segments = roads.segments
    assert segments["highway"].tolist() == ["primary", "primary", "road", "living_street", "primary"]
    assert segments["name"].fillna("").tolist() == ["人民路", "解放路", "", "三巷", "解放路"]
    assert segments["oneway"].fillna("").tolist() == ["no", "yes", "", "no", "yes"]
    assert segments["maxspeed"].fillna("").tolist() == ["60", "50", "", "", "50"]
    assert segments["bridge"].fillna("").tolist() == ["", "", "yes", "", ""]
    assert cleaning.columns == {"highway": "道路等级", "name": "道路名称", "oneway": "单行线", "maxspeed": "限速",
                                "bridge": "桥隧", "tunnel": "桥隧"}  # fmt: skip
    assert "columns recognised: highway from '道路等级', name from '道路名称'" in caplog.text
    remarks = rejected.remarks_frame()[["row", "column", "given", "remark"]].to_numpy().tolist()
    assert remarks == [
        [3, "highway", "盘山神道", "road class not known; read as 'road', open to everybody"],
        [3, "oneway", "看情况", "one-way text not understood; read as two-way"],
        [3, "maxspeed", "快", "speed not understood; the speed of the road class counts"],
    ]
    assert str(said[0].message).startswith(
        "every text of the column for highway of r.gpkg should be known; road class not known; read as 'road', open to "
        "everybody, in 1 rows, texts 1: '盘山神道' (1 rows); say what they mean: values = { highway = { '盘山神道' = '…' } }"
    )


def test_what_the_plan_says_goes_before_the_tables(tmp_path):
    path = save(tmp_path, STREETS[:2], 道路等级=["主干路", "支路"], kind=["支路", "主干路"])
    given_values = {"highway": {" 主干路": "trunk"}}
    assert read_roads(path, values=given_values).segments["highway"].tolist() == ["trunk", "tertiary"]
    assert read_roads(path, columns={"highway": "kind"}).segments["highway"].tolist() == ["tertiary", "primary"]
    # the class gives the speed where it is named for it
    segments = read_roads(
        path, columns={"highway": "kind", "maxspeed": "kind"}, values={"maxspeed": {"支路": "25"}}
    ).segments
    assert segments["maxspeed"].tolist() == ["25", "60"]


def test_a_tag_of_openstreetmap_goes_before_a_chinese_name(tmp_path):
    path = save(tmp_path, STREETS[:2], highway=["trunk", "primary"], 道路等级=["支路", "支路"])
    assert read_roads(path).segments["highway"].tolist() == ["trunk", "primary"]


def test_classes_in_words_like_openstreetmaps_are_not_opened(tmp_path):
    path = save(tmp_path, STREETS[:3], highway=["primary", "closed", "盘山神道"])
    with pytest.warns(UserWarning, match="盘山神道"):
        roads, _, rejected = read(path)
    assert roads.segments["highway"].tolist() == ["primary", "closed", "road"]
    assert rejected.remarks_frame()["row"].tolist() == [3, 2]
    # where no class is OpenStreetMap's the layer has words of its own
    with pytest.warns(UserWarning, match="'A1'"):
        assert read_roads(save(tmp_path, STREETS[:2], file="own.gpkg", highway=["A1", "主干路"])).segments[
            "highway"
        ].tolist() == ["road", "primary"]


def test_lengths_are_recognised_where_they_are_as_drawn(tmp_path, caplog):
    lengths = [100.4, 99.0, 100.0, np.nan, 100.0]
    path = save(tmp_path, STREETS, 长度=lengths)
    segments = read_roads(path, noding="shared").segments
    assert segments["length_m"].tolist()[:4] == pytest.approx([100.4, 99.0, 100.0, 39.4])
    in_km = save(tmp_path, STREETS, file="km.gpkg", 长度=[value / 1000 for value in lengths])
    assert read_roads(in_km).segments["length_m"].tolist()[0] == pytest.approx(100)
    assert "the median line is 0.001 of its drawn length" in caplog.text


@pytest.mark.parametrize("crs", [32650, 4326])
@pytest.mark.parametrize("noding", ["shared", "crossings"])
def test_a_stated_length_is_that_of_all_parts_of_a_row(tmp_path, crs, noding):
    east, north = [(500000, 3500000), (500100, 3500000)], [(500100, 3500000), (500100, 3500300)]
    lines = gpd.GeoSeries([MultiLineString([east, north]), LineString([east[0], (500000, 3500050)])], crs=32650)
    path = save(tmp_path, lines.to_crs(crs), crs, length_m=[800.0, 60.0])
    segments = read_roads(path, noding=noding).segments
    assert sorted(segments["length_m"]) == pytest.approx([60, 200, 600], rel=1e-4)


# --- files ---


def shapefile(tmp_path, encoding, *, cpg):
    path = tmp_path / "路网.shp"
    table = gpd.GeoDataFrame({key: value[:4] for key, value in OFFICE.items()}, geometry=STREETS[:4], crs=32650)
    table.loc[2, ["道路等级", "单行线", "限速"]] = ["支路", "否", "40"]
    # written under other names: GDAL remarks on names that it has to cut off inside a character
    ascii_names = {name: f"COLUMN_{number:03d}" for number, name in enumerate(OFFICE)}
    table.rename(columns=ascii_names).to_file(path, encoding=encoding)
    dbf = path.with_suffix(".dbf")
    data = dbf.read_bytes()
    for name, placeholder in ascii_names.items():
        data = data.replace(placeholder.encode(), name.encode(encoding)[:10].ljust(10, b"\0"))
    dbf.write_bytes(data)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize(("encoding", "cpg", "said"), [
    ("gbk", False, None), ("gbk", False, "gbk"), ("utf-8", False, None), ("utf-8", True, None), ("gbk", True, None),
])  # fmt: skip
def test_shapefiles_of_chinese_windows(tmp_path, encoding, cpg, said):
    path = shapefile(tmp_path, encoding, cpg=cpg)
    segments = read_roads(path, encoding=said, values=VALUES).segments
    # names of columns that UTF-8 makes longer than ten bytes are cut off in a Shapefile, and known all the same
    assert segments["name"].fillna("").tolist() == ["人民路", "解放路", "", "三巷"]
    assert segments["highway"].tolist() == ["primary", "primary", "tertiary", "living_street"]
    assert segments["maxspeed"].fillna("").tolist() == ["60", "50", "40", ""]


@pytest.mark.parametrize(("encoding", "cpg"), [("gbk", "UTF-8"), ("utf-8", "GBK"), ("gbk", "ISO-8859-1")])
def test_a_wrong_cpg_file_costs_no_columns(tmp_path, encoding, cpg):
    path = shapefile(tmp_path, encoding, cpg=True)
    path.with_suffix(".cpg").write_text(cpg)
    with pytest.warns(UserWarning, match=r"the \.cpg file of 路网\.shp .*correct the \.cpg"):
        segments = read_roads(path, values=VALUES).segments
    assert segments["highway"].tolist() == ["primary", "primary", "tertiary", "living_street"]
    assert segments["name"].fillna("").tolist() == ["人民路", "解放路", "", "三巷"]


def test_a_zip_of_a_mac_holds_one_shapefile(tmp_path):
    path = shapefile(tmp_path, "gbk", cpg=False)
    packed = tmp_path / "roads.zip"
    with ZipFile(packed, "w") as archive:
        for part in sorted(tmp_path.glob("路网.*")):
            archive.write(part, part.name)
            archive.writestr(f"__MACOSX/._{part.name}", b"Mac OS X")
    assert len(read_roads(packed, values=VALUES).segments) == len(read_roads(path, values=VALUES).segments)


def test_other_encodings_must_be_said(tmp_path):
    path = tmp_path / "r.shp"
    gpd.GeoDataFrame({"name": ["Straße", "Übergang"]}, geometry=STREETS[:2], crs=32650).to_file(
        path, encoding="ISO-8859-1"
    )
    path.with_suffix(".cpg").unlink()
    with pytest.raises(InputError, match=r"r.shp must say the encoding of its texts"):
        read_roads(path)
    assert read_roads(path, encoding="latin-1").segments["name"].tolist() == ["Straße", "Übergang"]
    with pytest.raises(ConfigError, match="encoding must be one that Python knows"):
        read_roads(path, encoding="klingon")


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_layers_are_brought_back(tmp_path, datum):
    lines = [LineString([place(0, 0), place(3, 0)]), LineString([place(1, -1), place(1, 1)])]

    def shift(xy):
        return np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], datum))

    plain = read_roads(save(tmp_path, lines, 4326), noding="crossings").segments
    path = save(tmp_path, [shapely.transform(line, shift) for line in lines], 4326, file="shifted.gpkg")
    back = read_roads(path, datum=datum, noding="crossings").segments
    # straight in one datum is bent by some millimetres in the other
    assert plain.geometry.distance(back.geometry).max() < 0.05
    assert read_roads(path, noding="crossings").segments.geometry.distance(plain.geometry).min() > 100
    with pytest.raises(DatumError, match="must be in longitude and latitude, got r2"):
        read_roads(save(tmp_path, STREETS, file="r2.gpkg"), datum=datum)


@pytest.mark.parametrize(("east", "north", "says"), [
    (114.3, 30.5, "source_crs=4326 for longitude and latitude in WGS 84, 4490 in CGCS2000"),
    (38_500_000, 3_400_000, r"x begins with zone 38: source_crs=4526 is CGCS2000 / 3-degree Gauss-Kruger zone 38"),
    (20_500_000, 3_400_000, r"x begins with zone 20: source_crs=4498 is CGCS2000 / Gauss-Kruger zone 20"),
    (500_000, 3_400_000, r"in a zone that they do not name: source_crs=4534 to 4554"),
])  # fmt: skip
def test_a_missing_prj_is_said_with_what_the_numbers_could_be(tmp_path, east, north, says):
    size = 0.001 if east < 180 else 100
    path = save(tmp_path, [LineString([(east, north), (east + size, north + size)])], 4326, file="r.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=says):
        read_roads(path)


# --- real layers ---


@pytest.mark.real_data
def test_zhengzhou(real_data):
    roads, cleaning, rejected = read(real_data / "zhengzhou" / "roads.geojson", noding="crossings", join_within_m=1)
    totals = {what: count for what, (count, _) in cleaning.totals.items()}
    assert totals["lines"] == 1085
    assert totals["parts by line ends"] == 466
    assert totals["parts by shared vertices"] == totals["parts"] == parts(roads) == 10
    kinds = cleaning.changes["what"].value_counts()
    # ways of OpenStreetMap share nodes already: nearly all that crosses without one is a bridge or a tunnel
    assert kinds["crossing"] == 2
    assert kinds[[kind for kind in kinds.index if kind.startswith("kept apart")]].sum() > 700
    assert rejected.rows == []


@pytest.mark.real_data
def test_jinan(real_data):
    path = real_data / "jinan" / "roads.shp"
    with pytest.raises(CrsError, match="source_crs=4326 for longitude and latitude in WGS 84, 4490 in CGCS2000"):
        read_roads(path)
    with pytest.warns(UserWarning, match="say which lines are bridges.* 1208 crossings"):
        roads, cleaning, rejected = read(path, source_crs=4490, noding="crossings")
    assert rejected.to_frame()[["row", "reason"]].to_numpy().tolist() == [[22644, "the line has no length"]]
    kinds = cleaning.changes["what"].value_counts()
    # one row per direction of travel: all but motorways, which have a line each way, are there twice
    table = gpd.read_file(path)
    way = np.where(
        table["highway"] == "motorway", shapely.to_wkb(table.geometry), shapely.to_wkb(table.geometry.normalize())
    )
    assert kinds["duplicate"] == pd.DataFrame({"way": way, "class": table["highway"]}).duplicated().sum()
    assert kinds["kept apart: motorway"] > 100
    assert cleaning.totals["parts by shared vertices"][0] == 26
    assert parts(roads) == cleaning.totals["parts"][0] <= 26
    lengths = roads.segments["length_m"].sum()
    plain = read_roads(path, source_crs=4490).segments
    assert lengths == pytest.approx(plain["length_m"].sum(), rel=1e-6)


@pytest.mark.real_data
@pytest.mark.slow
def test_new_york(real_data):
    roads, cleaning, rejected = read(real_data / "newyork" / "roads_2014.zip", noding="crossings", join_within_m=1)
    assert [row["row"] for row in rejected.rows] == list(range(47233, 47233 + 2879))
    changes = cleaning.changes
    assert (changes["what"] == "empty row").sum() == 2879
    assert cleaning.totals["parts"][0] == parts(roads) <= cleaning.totals["parts by shared vertices"][0] == 371
    assert set(changes["what"]) <= set(FINDINGS)
    joins = changes[changes["what"] == "joined end"]
    assert 0 < joins["length_m"].max() <= 1
    # 'closed' is no class of OpenStreetMap, and not opened
    assert rejected.remarks_frame()["given"].tolist()[:3] == ["closed"] * 3
    assert (roads.segments["highway"] == "closed").any()
