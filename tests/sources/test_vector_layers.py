"""Layers: GeoJSON in other encodings, geometries that cannot be read, files that are not what their name says."""

import json

import geopandas as gpd
import pytest
import shapely

from coverage_planner.errors import CrsError, InputError, SourceError
from coverage_planner.schema import Rejections
from coverage_planner.sources.encodings import GB18030_NOTE
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.tables import read_layer, read_table
from written_files import as_layer

POINT = {"type": "Point", "coordinates": [114.3, 30.5]}


def write_geojson(path, geometries, encoding="utf-8"):
    features = [{"type": "Feature", "properties": {"名称": "甲"}, "geometry": geometry} for geometry in geometries]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding=encoding)
    return path


class TestGeojson:
    @pytest.mark.parametrize(("encoding", "notes"), [("utf-8", 0), ("utf-8-sig", 0), ("gb18030", 1), ("utf-16", 1)])
    def test_in_other_encodings(self, tmp_path, encoding, notes):
        table = read_table(write_geojson(tmp_path / "a.geojson", [POINT, POINT], encoding))
        assert table.table["名称"].tolist() == ["甲", "甲"]
        assert len(table.notes) == notes
        assert (GB18030_NOTE in table.notes) == (encoding == "gb18030")

    def test_geometries_that_cannot_be_read_are_said_and_missing(self, tmp_path):
        path = write_geojson(tmp_path / "a.geojson", [{"type": "Point", "coordinates": []}, POINT, None])
        table = read_table(path)
        assert table.geometry.isna().tolist() == [True, False, True]
        assert len(table.notes) == 1
        assert table.notes[0].startswith("said on reading: ")
        rejected = Rejections()
        assert len(read_facilities(path, rejected=rejected)) == 1
        assert rejected.to_frame()["row"].tolist() == [1, 3]

    def test_a_ring_that_is_not_closed(self, tmp_path):
        ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
        table = read_layer(write_geojson(tmp_path / "a.geojson", [ring, POINT]))
        assert table.geometry.isna().tolist() == [True, False]
        assert any("closed" in note for note in table.notes)

    @pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[1, 2]", '{"type": "FeatureCollection"}', "lon,lat\n1,2\n"])
    def test_that_is_none(self, tmp_path, text):
        (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
        with pytest.raises((SourceError, InputError), match=r"a\.geojson must") as caught:
            read_table(tmp_path / "a.geojson")
        assert "\n" not in str(caught.value)
        assert "<DRIVER>" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet", "a.geojson"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_files_that_are_cut_off(tmp_path, name, share):
    layer = gpd.GeoDataFrame(
        {"name": [f"n{at}" * 9 for at in range(500)]}, geometry=shapely.points(range(500), range(500)), crs=32650
    )
    if name.endswith("parquet"):
        layer.to_parquet(tmp_path / name)
    else:
        layer.to_file(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises((SourceError, InputError), match=rf"{name} must be a readable") as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_that_is_no_layer_has_a_message_of_one_line(tmp_path):
    as_layer().drop(columns="geometry").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(SourceError, match=r"a\.parquet must be a readable GeoParquet file") as caught:
        read_table(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)


def test_a_crs_that_nobody_knows(tmp_path, monkeypatch):
    as_layer().to_file(tmp_path / "a.shp", encoding="utf-8")
    text = (tmp_path / "a.prj").read_text(encoding="ascii")
    (tmp_path / "a.prj").write_text(text.replace("298.257223563", "?"), encoding="ascii")
    with pytest.raises(SourceError, match=r"a\.shp must be a readable"):
        read_table(tmp_path / "a.shp")

    def stumble(*_args, **_kwargs):
        raise UnboundLocalError("local variable 'wkt' referenced before assignment")

    monkeypatch.setattr("pyogrio.read_dataframe", stumble)
    with pytest.raises(SourceError, match=r"a\.shp must have a coordinate reference system that PROJ knows.*\.prj"):
        read_table(tmp_path / "a.shp")


def test_a_spreadsheet_is_no_layer(tmp_path):
    for name, advice in (("a.csv", "convert it"), ("a.xls", r"save it as \.xlsx"), ("a.dbf", r"name the \.shp file")):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(SourceError, match=rf"a layer must be a file of a known kind.*got {name}; .*{advice}"):
            read_layer(tmp_path / name)


@pytest.mark.parametrize(
    ("crs", "known"),
    [
        ("urn:ogc:def:crs:EPSG::999999", False),
        ("西安", False),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4490", True),
    ],
)
def test_geojson_that_names_a_crs_that_does_not_exist_is_refused(tmp_path, crs, known):
    point = {
        "type": "Feature",
        "properties": {"name": "a"},
        "geometry": {"type": "Point", "coordinates": [116.3, 29.1]},
    }
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": crs}},
        "features": [point],
    }
    (tmp_path / "站点.geojson").write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    if known:
        assert read_layer(tmp_path / "站点.geojson").geometry.x.tolist() == [116.3]
    else:
        with pytest.raises(CrsError, match=rf"the member 'crs' of 站点\.geojson must name .* got '{crs}'"):
            read_layer(tmp_path / "站点.geojson")
