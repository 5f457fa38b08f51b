import logging
from zipfile import ZipFile

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely import LineString, MultiLineString, Point, Polygon

from coverage_planner import Rejections, read_roads
from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError, SourceError
from coverage_planner.sources.edges import tag_text
from osm_drawing import ends, place


def line(*steps):
    return LineString([place(*step) for step in steps])


def layer(lines, crs=4326, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(lines), crs=crs)


def save(table, path):
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".zip":
        folder = path.parent / "unpacked"
        folder.mkdir()
        table.to_file(folder / "roads.shp", encoding="utf-8")
        with ZipFile(path, "w") as archive:
            for part in folder.iterdir():
                archive.write(part, f"inner folder/{part.name}")
    else:
        table.to_file(path)
    return path


#       D                the long street passes B and C in its inside; D ends on C, the bridge passes over B
#       |                without a vertex in common
#  A-B--C--E
T_LINES = [line((0, 0), (1, 0), (2, 0), (3, 0)), line((2, 0), (2, 1)), line((1.5, -1), (1.5, 1))]


@pytest.mark.parametrize("name", ["r.gpkg", "r.geojson", "r.json", "r.shp", "r.zip", "r.parquet", "我的 区/路 网.gpkg"])
def test_lines_meet_where_vertices_coincide_in_every_format(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    table = layer(T_LINES, highway=["primary", "footway", "trunk"], oneway=["yes", None, None], rank=[1, 2, 3])
    if path.suffix == ".json":
        save(table, path.with_suffix(".geojson")).rename(path)
    else:
        save(table, path)
    roads = read_roads(path)
    segments = roads.segments
    assert segments["highway"].tolist() == ["primary", "primary", "footway", "trunk"]
    joints = nx.Graph(zip(segments["u"], segments["v"], strict=True))
    assert sorted(dict(joints.degree).values()) == [1, 1, 1, 1, 1, 3]
    assert segments["oneway"].isna().tolist() == [False, False, True, True]
    assert set(segments.columns) == {"u", "v", "length_m", "highway", "oneway", "geometry"}
    assert segments.crs.to_epsg() == 32650
    assert roads.nodes.empty
    assert roads.obstacles.empty
    geod = pyproj.Geod(ellps="WGS84")
    expected = [geod.geometry_length(line(*steps)) for steps in (((0, 0), (2, 0)), ((2, 0), (3, 0)))]
    assert segments["length_m"].tolist()[:2] == pytest.approx(expected, abs=1e-6)


def test_a_millimetre_is_one_place_and_a_centimetre_is_not(tmp_path):
    def count_nodes(gap_m):
        lines = [LineString([(0, 0), (100, 0)]), LineString([(100 + gap_m, 0), (200, 0)])]
        return len(np.unique(read_roads(save(layer(lines, 32650), tmp_path / f"{gap_m}.gpkg")).segments[["u", "v"]]))

    assert count_nodes(0.0003) == 3
    assert count_nodes(0.01) == 4


def test_projected_metres_stay_and_lengths_are_planar(tmp_path):
    roads = read_roads(save(layer([LineString([(0, 0), (300, 400)])], 4547), tmp_path / "r.gpkg"))
    assert roads.segments.crs.to_epsg() == 4547
    assert roads.segments["length_m"].tolist() == [500.0]


def test_web_mercator_is_measured_on_the_ellipsoid(tmp_path):
    flat = save(layer(T_LINES), tmp_path / "flat.gpkg")
    web = save(layer(T_LINES).to_crs(3857), tmp_path / "web.gpkg")
    assert read_roads(web).segments.crs.to_epsg() == 32650
    np.testing.assert_allclose(read_roads(web).segments["length_m"], read_roads(flat).segments["length_m"], atol=1e-4)


def test_feet_become_metres(tmp_path):
    roads = read_roads(save(layer([LineString([(980000, 200000), (980000, 201000)])], 2263), tmp_path / "r.gpkg"))
    assert roads.segments.crs.to_epsg() == 32618
    assert roads.segments["length_m"].tolist() == pytest.approx([1000 * 1200 / 3937])


def test_a_crs_without_its_code_gets_it(tmp_path):
    unnamed = pyproj.CRS.from_proj4("+proj=utm +zone=50 +datum=WGS84 +units=m +no_defs")
    roads = read_roads(save(layer([LineString([(5e5, 3e6), (5e5 + 9, 3e6)])], unnamed), tmp_path / "r.parquet"))
    assert roads.segments.crs == pyproj.CRS.from_epsg(32650)


def test_a_layer_without_its_crs_needs_source_crs(tmp_path):
    path = save(layer(T_LINES), tmp_path / "r.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match="source_crs=4326"):
        read_roads(path)
    assert read_roads(path, source_crs=4326).segments.crs.to_epsg() == 32650


def test_source_crs_must_not_contradict_the_file(tmp_path):
    path = save(layer(T_LINES), tmp_path / "r.gpkg")
    with pytest.raises(CrsError, match="must agree with the file, got EPSG:32650"):
        read_roads(path, source_crs=32650)
    assert len(read_roads(path, source_crs=4326).segments) == 4


@pytest.mark.parametrize(("lines", "advice"), [
    ([LineString([(30.5, 114.3), (30.6, 114.4)])], "swapped"),
    ([LineString([(500000, 3400000), (500010, 3400000)])], "say the right CRS"),
])  # fmt: skip
def test_coordinates_off_the_globe_are_refused(tmp_path, lines, advice):
    with pytest.raises(InputError, match=advice):
        read_roads(save(layer(lines), tmp_path / "r.geojson"))


def test_columns_go_by_the_names_given(tmp_path):
    table = layer(T_LINES, 道路等级=["primary", "", None], 单行=[True, False, False], 长度=[900.0, 50.0, 70.0])
    path = save(table, tmp_path / "r.gpkg")
    segments = read_roads(path, columns={"highway": "道路等级", "oneway": "单行", "length_m": "长度"}).segments
    assert segments["highway"].tolist() == ["primary", "primary", "road", "road"]
    assert segments["oneway"].tolist() == ["yes", "yes", "no", "no"]
    # the stated length is shared by the pieces as they are drawn: 2 and 1 of 3 steps
    assert segments["length_m"].tolist() == pytest.approx([600, 300, 50, 70], rel=1e-4)
    # these names are known, too, but lengths that are not as drawn are taken only where they are mapped
    recognised = read_roads(path).segments
    assert recognised["highway"].tolist() == ["primary", "primary", "road", "road"]
    assert recognised["oneway"].tolist() == ["yes", "yes", "no", "no"]
    assert recognised["length_m"].tolist() != pytest.approx([600, 300, 50, 70], rel=1e-2)


def test_wrong_column_names_are_refused(tmp_path):
    path = save(layer(T_LINES, kind=["a", "b", "c"]), tmp_path / "r.gpkg")
    with pytest.raises(ConfigError, match=r"out of \['u', 'v', 'length_m', 'highway'.* got 1: class"):
        read_roads(path, columns={"class": "kind"})
    with pytest.raises(SchemaError, match=r"no 1: klass among \['kind'\]"):
        read_roads(path, columns={"highway": "klass"})


def test_tags_that_gdal_packs_together_are_unpacked(tmp_path):
    packed = ['"oneway"=>"-1","bridge"=>"yes","ref"=>"G4"', None, '"oneway"=>"yes","name":=>"x","tunnel"=>"y']
    table = layer(T_LINES, highway=["primary"] * 3, oneway=[None, None, "no"], other_tags=packed)
    segments = read_roads(save(table, tmp_path / "r.gpkg")).segments
    assert segments["oneway"].tolist()[:2] == ["-1", "-1"]
    assert segments["oneway"].tolist()[3] == "no"
    assert segments["bridge"].tolist()[0] == "yes"
    assert "tunnel" not in segments.columns


with np.errstate(invalid="ignore"):  # shapely warns of NaN
    NAN_LINE = LineString([(0, 0), (np.nan, 1)])
BAD = [
    (None, "missing or empty"), (LineString(), "missing or empty"), (Point(0, 0), "not a single line"),
    (Polygon([(0, 0), (1, 0), (1, 1)]), "not a single line"), (LineString([(0, 0), (np.inf, 1)]), "not a finite number"),
    (NAN_LINE, "not a finite number"),
]  # fmt: skip


@pytest.mark.parametrize(("geometry", "reason"), BAD)
def test_rows_that_are_no_lines_raise_or_are_rejected(tmp_path, geometry, reason):
    path = save(layer([T_LINES[0], geometry, T_LINES[1]], 4326), tmp_path / "r.parquet")
    with pytest.raises(InputError, match=rf"{reason} in rows 1: 2; correct or remove"):
        read_roads(path)
    rejected = Rejections()
    assert len(read_roads(path, rejected=rejected).segments) == 3
    assert rejected.to_frame()[["table", "source", "row"]].to_numpy().tolist() == [["roads", "r.parquet", 2]]
    assert reason in rejected.rows[0]["reason"]


def test_nothing_usable_raises_all_the_same(tmp_path):
    path = save(layer([None, Point(114, 30)]), tmp_path / "r.parquet")
    with pytest.raises(InputError, match="at least one usable line, got 2 rows"):
        read_roads(path, rejected=Rejections())


def test_an_empty_layer_is_refused(tmp_path):
    with pytest.raises(InputError, match="got an empty layer"):
        read_roads(save(layer([], name=[]), tmp_path / "r.gpkg"))


def test_lines_of_several_parts_are_taken_apart_and_heights_dropped(tmp_path):
    several = MultiLineString([[(0, 0, 5), (10, 0, 6)], [(10, 0, 6), (10, 10, 7)], [(50, 0, 1), (60, 0, 1)]])
    segments = read_roads(save(layer([several], 32650, name=["桥"]), tmp_path / "r.gpkg")).segments
    assert segments["length_m"].tolist() == [10, 10, 10]
    assert segments["name"].tolist() == ["桥"] * 3
    assert not segments.has_z.any()
    assert len(np.unique(segments[["u", "v"]].to_numpy())) == 5


def test_columns_u_and_v_decide_who_meets(tmp_path):
    #  1---2---3 and a bridge 7---8 that passes through 2; the second line is drawn from 3 to 2
    lines = [LineString([(0, 0), (10, 0)]), LineString([(20, 0), (10, 0)]), LineString([(10, -9), (10, 0), (10, 9)])]
    path = save(layer(lines, 32650, u=[1, 2, 7], v=[2, 3, 8]), tmp_path / "r.gpkg")
    roads = read_roads(path)
    assert ends(roads) == [(1, 2), (3, 2), (7, 8)]
    assert roads.segments.geometry[1].coords[0] == (20, 0)


def test_u_and_v_that_do_not_fit_the_lines_are_refused(tmp_path):
    lines = [LineString([(0, 0), (10, 0)]), LineString([(10, 0), (20, 0)]), LineString([(50, 0), (60, 0)])]
    path = save(layer(lines, 32650, u=[1, 2, 2], v=[2, 3, 1]), tmp_path / "r.gpkg")
    with pytest.raises(InputError, match=r"name the nodes at the ends of each line.*rows 1: 3;"):
        read_roads(path)


@pytest.mark.parametrize("column", ["u", "v"])
def test_nodes_without_a_whole_number_are_rejected(tmp_path, column):
    table = layer([LineString([(0, 0), (9, 0)]), LineString([(9, 0), (18, 0)])], 32650, u=[1.0, 2.0], v=[2.0, 3.0])
    table.loc[1, column] = np.nan
    path = save(table, tmp_path / "r.gpkg")
    rejected = Rejections()
    assert ends(read_roads(path, rejected=rejected)) == [(1, 2)]
    assert f"{column} is not a whole number" in rejected.rows[0]["reason"]
    with pytest.raises(SchemaError, match="both columns u and v"):
        read_roads(save(table.drop(columns=column), tmp_path / "half.gpkg"))


@pytest.mark.parametrize("length_m", [0.0, -5.0, np.nan])
def test_stated_lengths_must_be_positive(tmp_path, length_m):
    path = save(layer(T_LINES, length_m=[100.0, length_m, 100.0]), tmp_path / "r.gpkg")
    with pytest.raises(InputError, match=r"length_m is not a positive number in rows 1: 2"):
        read_roads(path)


def test_a_row_per_direction_of_travel_makes_one_street(tmp_path, caplog):
    lines = [line((0, 0), (1, 0), (1, 1)), line((1, 1), (1, 0), (0, 0)), line((1, 1), (1, 0), (0, 0))]
    lines += [line((5, 0), (6, 0)), line((6, 0), (5, 0))]
    names = ["a", "a", "other", "b", "b"]
    with caplog.at_level(logging.INFO):
        segments = read_roads(save(layer(lines, name=names), tmp_path / "r.gpkg")).segments
    assert segments["name"].tolist() == ["a", "a", "other", "other", "b"]
    assert "2 of 5 rows repeat another" in caplog.text


@pytest.mark.parametrize("tags", [{"oneway": "yes"}, {"highway": "motorway"}, {"junction": "roundabout"}])
def test_one_way_carriageways_drawn_on_one_line_both_stay(tmp_path, tags):
    table = layer([line((0, 0), (1, 0)), line((1, 0), (0, 0))], **{key: [value] * 2 for key, value in tags.items()})
    assert len(read_roads(save(table, tmp_path / "r.gpkg")).segments) == 2


def test_several_layers_need_a_name(tmp_path):
    path = tmp_path / "r.gpkg"
    layer(T_LINES).to_file(path, layer="roads")
    layer([Point(114, 30)]).to_file(path, layer="nodes")
    assert len(read_roads(path).segments) == 4  # only one of them has lines
    layer(T_LINES[:1]).to_file(path, layer="railway")
    with pytest.raises(ConfigError, match=r"2: roads, railway; say layer='roads'"):
        read_roads(path)
    assert len(read_roads(path, layer="roads").segments) == 4
    with pytest.raises(ConfigError, match=r"one of \['roads', 'nodes', 'railway'\].*got 'street'"):
        read_roads(path, layer="street")
    with pytest.raises(ConfigError, match="left out for a Parquet"):
        read_roads(save(layer(T_LINES), tmp_path / "r.parquet"), layer="roads")


@pytest.mark.parametrize("name", ["r.gpkg", "r.geojson", "r.shp", "r.zip", "r.parquet"])
def test_unreadable_layers_say_so(tmp_path, name):
    (tmp_path / name).write_text("not a layer", encoding="utf-8")
    with pytest.raises(SourceError, match=rf"a road layer must be readable, got {name} \(11 bytes\)"):
        read_roads(tmp_path / name)


@pytest.mark.parametrize("name", ["r.gpkg", "r.parquet"])
def test_layers_cut_short_say_so(tmp_path, name):
    whole = save(layer([line((n, 0), (n + 1, 0)) for n in range(500)]), tmp_path / name).read_bytes()
    short = tmp_path / f"short-{name}"
    short.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="a road layer must be readable"):
        read_roads(short)


def test_a_zip_must_hold_one_shapefile(tmp_path):
    with ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(SourceError, match="must hold one Shapefile, got none"):
        read_roads(tmp_path / "r.zip")


def test_a_table_without_geometry_is_refused(tmp_path):
    pd.DataFrame({"highway": ["primary"]}).to_parquet(tmp_path / "r.parquet")
    with pytest.raises((InputError, SourceError), match="geo"):
        read_roads(tmp_path / "r.parquet")


def test_layers_are_clipped_to_the_study_area(tmp_path):
    path = save(layer(T_LINES), tmp_path / "r.gpkg")
    area = gpd.GeoDataFrame(geometry=[shapely.box(*place(2.5, -0.5), *place(3.5, 0.5))], crs=4326)
    assert len(read_roads(path, study_area=area).segments) == 1
    assert len(read_roads(path, study_area=area, margin_m=60).segments) == 3


@pytest.mark.parametrize(("value", "text"), [
    ("primary", "primary"), (" primary ", "primary"), ("", None), (None, None), (float("nan"), None), (pd.NA, None),
    (True, "yes"), (np.False_, "no"), ("True", "yes"), ("False", "no"), (60.0, "60"), (60.5, "60.5"), (-1, "-1"),
    (["residential", "footway"], "footway"), ("['residential', 'footway']", "footway"), ([], None), ([None], None),
    ([False, True], "no"), ("[not a list", "[not a list"), ("[neither this]", "neither this"),
    (np.array(["b", "a"]), "a"),
])  # fmt: skip
def test_tags_become_text(value, text):
    assert tag_text(value) == text


def count_vertices(segments):
    points, line_of = shapely.get_coordinates(segments.geometry.to_numpy(), return_index=True)
    _, number = np.unique(np.rint(points * 1000) @ [1, 1j], return_inverse=True)
    together = line_of[1:] == line_of[:-1]
    return len(set(number)), int((together & (number[1:] != number[:-1])).sum())


@pytest.mark.real_data
def test_wuhan(real_data):
    roads = read_roads(real_data / "wuhan" / "roads.parquet")
    segments = roads.segments
    assert segments.crs.to_epsg() == 32650
    joined = nx.Graph(zip(segments["u"], segments["v"], strict=True))
    assert len(joined) == 82902
    assert nx.is_connected(joined)
    assert len(segments) == 92667 - 11  # that many rows repeat another
    assert segments["length_m"].sum() / 1000 == pytest.approx(7185, abs=1)
    places = pd.DataFrame({
        "node": np.concatenate([segments["u"], segments["v"]]),
        "place": [str(line.coords[end]) for end in (0, -1) for line in segments.geometry],
    })  # fmt: skip
    assert places.groupby("node")["place"].nunique().max() == 1


@pytest.mark.real_data
def test_jinan_and_zhengzhou(real_data):
    jinan = read_roads(real_data / "jinan" / "roads.shp", source_crs=4326).segments
    assert len(np.unique(jinan[["u", "v"]].to_numpy())) == 12766
    assert len(jinan) == 18119  # 28,597 rows, one per direction of travel
    with pytest.raises(CrsError):
        read_roads(real_data / "jinan" / "roads.shp")
    zhengzhou = read_roads(real_data / "zhengzhou" / "roads.geojson").segments
    joined = nx.Graph(zip(zhengzhou["u"], zhengzhou["v"], strict=True))
    assert nx.number_connected_components(joined) == 10  # joined at line ends alone they would be 466


@pytest.mark.real_data
@pytest.mark.slow
def test_new_york(real_data):
    path = real_data / "newyork" / "roads_2014.zip"
    with pytest.raises(InputError, match="missing or empty in rows 2879: 47233, "):
        read_roads(path)
    rejected = Rejections()
    segments = read_roads(path, rejected=rejected).segments
    assert len(rejected.rows) == 2879
    vertices, steps = count_vertices(segments)
    assert vertices == 233371
    assert steps == pytest.approx(278967, abs=20)  # but steps of no length, and one row that repeats another
    assert (len(segments), len(np.unique(segments[["u", "v"]].to_numpy()))) == (133829, 88243)
