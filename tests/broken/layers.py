"""Point layers with parts missing, texts misread, coordinate systems unsaid, and geometries that are none."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from broken.entry import REFUSED, STATIONS, UNDERSTOOD, WARNED, Broken

NAMES = {row[0]: row[1] for row in STATIONS}


def _points(rows=STATIONS, crs="EPSG:4326", geometry=None) -> gpd.GeoDataFrame:
    table = pd.DataFrame({"id": [row[0] for row in rows], "name": [row[1] for row in rows]})
    return gpd.GeoDataFrame(table, geometry=geometry or [shapely.Point(*row[3:]) for row in rows], crs=crs)


def _shapefile(folder: Path, encoding: str = "gb18030", drop=(), cpg: str | None = None, **keys) -> dict:
    pyogrio.write_dataframe(_points(), folder / "stations.shp", encoding=encoding)
    for suffix in drop:
        (folder / f"stations{suffix}").unlink()
    if cpg is not None:
        (folder / "stations.cpg").write_text(cpg, encoding="ascii")
    return {"facilities": {"file": "stations.shp", **keys}}


def _shape(**options):
    return lambda folder: _shapefile(folder, **options)


def _encoding_said(folder: Path) -> dict:
    changes = _shapefile(folder, drop=[".cpg"])
    return {"facilities": {**changes["facilities"], "encoding": "gb18030"}}


def _zip(parts, name: str = "stations.zip"):
    """Zip files of the folder: name inside -> file."""

    def draw(folder: Path) -> dict:
        _shapefile(folder, encoding="utf-8")
        with zipfile.ZipFile(folder / name, "w") as archive:
            for inside, file in parts:
                archive.write(folder / file, inside)
        return {"facilities": {"file": name}}

    return draw


_PARTS = [(f"stations{suffix}", f"stations{suffix}") for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")]


def _zipped_twice(folder: Path) -> dict:
    _zip(_PARTS, "inner.zip")(folder)
    with zipfile.ZipFile(folder / "stations.zip", "w") as archive:
        archive.write(folder / "inner.zip", "stations.zip")
    return {"facilities": {"file": "stations.zip"}}


def _geojson(change=None, text=None, **more):
    """Write the stations as GeoJSON, with its features or its text changed."""

    def draw(folder: Path) -> dict:
        features = [
            {
                "type": "Feature",
                "properties": {"id": row[0], "name": row[1]},
                "geometry": {"type": "Point", "coordinates": list(row[3:])},
            }
            for row in STATIONS
        ]
        if change is not None:
            change(features)
        written = json.dumps({"type": "FeatureCollection", **more, "features": features}, ensure_ascii=False)
        (folder / "stations.geojson").write_text(written if text is None else text(written), encoding="utf-8")
        return {"facilities": {"file": "stations.geojson"}}

    return draw


def _null(features) -> None:
    features[1]["geometry"] = None


def _empty(features) -> None:
    features[1]["geometry"]["coordinates"] = []


def _mixed(features) -> None:
    features[1]["geometry"] = {"type": "LineString", "coordinates": [[114.3, 30.5], [114.31, 30.5]]}
    features[2]["geometry"] = {"type": "MultiPoint", "coordinates": [features[2]["geometry"]["coordinates"]]}
    features[3]["geometry"] = {
        "type": "MultiPoint",
        "coordinates": [features[3]["geometry"]["coordinates"], [114.3, 30.5]],
    }


def _exchanged(features) -> None:
    for feature in features:
        feature["geometry"]["coordinates"].reverse()


def _no_number(features) -> None:
    features[1]["geometry"]["coordinates"][0] = float("nan")  # json writes NaN, which JSON has not


def _with_height(features) -> None:
    for n, feature in enumerate(features):
        feature["geometry"]["coordinates"].append(23.5 + n)


def _no_features(features) -> None:
    features.clear()


def _crs(name: str) -> dict:
    return {"crs": {"type": "name", "properties": {"name": name}}}


def _two_layers(folder: Path) -> dict:
    for layer in ("现状", "规划"):
        pyogrio.write_dataframe(_points(), folder / "stations.gpkg", layer=layer)
    return {"facilities": {"file": "stations.gpkg"}}


def _plain_package(folder: Path) -> dict:
    pyogrio.write_dataframe(
        pd.DataFrame(_points().drop(columns="geometry")), folder / "stations.gpkg", layer="stations"
    )
    return {"facilities": {"file": "stations.gpkg"}}


def _package(frame):
    def draw(folder: Path) -> dict:
        pyogrio.write_dataframe(frame(), folder / "stations.gpkg", layer="stations")
        return {"facilities": {"file": "stations.gpkg"}}

    return draw


def _cut_package(folder: Path) -> dict:
    pyogrio.write_dataframe(_points(), folder / "stations.gpkg")
    file = folder / "stations.gpkg"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return {"facilities": {"file": "stations.gpkg"}}


def _parquet(frame, name: str = "stations.parquet", **keys):
    def draw(folder: Path) -> dict:
        frame().to_parquet(folder / name)
        return {"facilities": {"file": name, **keys}}

    return draw


def _cut_parquet(folder: Path) -> dict:
    _points().to_parquet(folder / "stations.parquet")
    file = folder / "stations.parquet"
    file.write_bytes(file.read_bytes()[:-50])
    return {"facilities": {"file": "stations.parquet"}}


ENTRIES = [
    Broken(
        "Shapefile without .prj",
        _shape(encoding="utf-8", drop=[".prj"]),
        REFUSED,
        ("stations.shp", r"\.prj", "source_crs|CRS"),
    ),
    Broken(
        "Shapefile without .prj, its CRS said in the plan",
        _shape(encoding="utf-8", drop=[".prj"], source_crs="EPSG:4490"),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "Shapefile without .dbf",
        _shape(encoding="utf-8", drop=[".dbf"]),
        WARNED,
        (r"stations\.(shp|dbf)", r"\.dbf"),
        rows=4,
    ),
    Broken(
        "Shapefile without .shx",
        _shape(encoding="utf-8", drop=[".shx"]),
        REFUSED,
        (r"stations\.(shp|shx)", r"\.shx"),
        rows=4,
    ),
    Broken(
        "Shapefile in GBK without .cpg",
        _shape(drop=[".cpg"]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "Shapefile in GBK without .cpg, its encoding said in the plan", _encoding_said, UNDERSTOOD, rows=4, names=NAMES
    ),
    Broken(
        "Shapefile in GBK that says UTF-8",
        _shape(cpg="UTF-8"),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "Shapefile in UTF-8 that says GBK",
        _shape(encoding="utf-8", cpg="GBK"),
        UNDERSTOOD,
        rows=4,
    ),
    Broken(
        "Shapefile whose .cpg is no encoding",
        _shape(encoding="utf-8", cpg="klingon"),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken("zip within a zip", _zipped_twice, REFUSED, ("stations.zip", "Shapefile|zip|readable")),
    Broken(
        "zip of two Shapefiles",
        _zip([*_PARTS, *((inside.replace("stations", "old"), file) for inside, file in _PARTS)]),
        REFUSED,
        ("stations.zip", "stations", "old"),
    ),
    Broken(
        "zip of a Shapefile without .prj",
        _zip([part for part in _PARTS if part[0] != "stations.prj"]),
        REFUSED,
        ("stations.zip", r"\.prj"),
    ),
    Broken(
        "zip of a picture", _zip([("picture.png", "stations.dbf")]), REFUSED, ("stations.zip", "Shapefile|readable")
    ),
    Broken("GeoJSON with a null geometry", _geojson(_null), WARNED, rows=4, rejected={2: "missing|null|empty"}),
    Broken("GeoJSON with an empty point", _geojson(_empty), WARNED, rows=4, rejected={2: "missing|null|empty"}),
    Broken("GeoJSON of points and lines", _geojson(_mixed), WARNED, rows=4, rejected={2: "not a point", 4: "point"}),
    Broken("GeoJSON with its axes exchanged", _geojson(_exchanged), REFUSED, ("swapped|exchanged",), rows=4),
    Broken(
        "GeoJSON that says metres and holds degrees",
        _geojson(**_crs("urn:ogc:def:crs:EPSG::3857")),
        REFUSED,
        ("stations.geojson", "degrees|CRS|outside|3857"),
    ),
    Broken(
        "GeoJSON with a CRS that does not exist",
        _geojson(**_crs("urn:ogc:def:crs:EPSG::999999")),
        REFUSED,
        ("stations.geojson", "CRS|coordinate reference"),
    ),
    Broken("GeoJSON with NaN", _geojson(_no_number), REFUSED, ("stations.geojson|NaN",), rows=4, rejected=None),
    Broken("GeoJSON with heights", _geojson(_with_height), UNDERSTOOD, rows=4, names=NAMES),
    Broken("GeoJSON without features", _geojson(_no_features), REFUSED, ("stations.geojson", "feature")),
    Broken(
        "GeoJSON that breaks off",
        _geojson(text=lambda text: text[:300]),
        REFUSED,
        ("stations.geojson", "readable|damaged"),
    ),
    Broken(
        "GeoJSON in GBK",
        lambda folder: _geojson()(folder) | _recode(folder),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "page of a website as GeoJSON",
        _geojson(text=lambda _: "<html>404</html>"),
        REFUSED,
        ("stations.geojson", "readable"),
    ),
    Broken(
        "JSON that is no GeoJSON",
        _geojson(text=lambda _: '{"data": [1, 2]}'),
        REFUSED,
        ("stations.geojson", "readable|feature|geometr"),
    ),
    Broken("GeoPackage with two layers", _two_layers, REFUSED, ("stations.gpkg", "现状", "规划", "layer|sheet")),
    Broken("GeoPackage without geometries", _plain_package, REFUSED, ("stations.gpkg", "geometr")),
    Broken("GeoPackage cut short", _cut_package, REFUSED, ("stations.gpkg", "readable|damaged|malformed"), rows=4),
    Broken(
        "GeoPackage without a CRS",
        _package(lambda: _points(crs=None)),
        REFUSED,
        ("stations.gpkg", "CRS|coordinate reference"),
    ),
    Broken(
        "GeoPackage in degrees that says metres",
        _package(lambda: _points(crs="EPSG:4547")),
        REFUSED,
        ("stations.gpkg", "degrees|CRS|outside"),
    ),
    Broken(
        "GeoParquet without a CRS",
        _parquet(lambda: _points(crs=None)),
        REFUSED,
        ("stations.parquet", "CRS|coordinate reference"),
    ),
    Broken(
        "Parquet without geometries",
        _parquet(lambda: pd.DataFrame(_points().drop(columns="geometry"))),
        REFUSED,
        ("stations.parquet", "geometr|GeoParquet"),
    ),
    Broken("Parquet cut short", _cut_parquet, REFUSED, ("stations.parquet", "readable")),
    Broken(
        "layer in metres declared as GCJ-02",
        _parquet(lambda: _points().to_crs(32650), datum="gcj02"),
        REFUSED,
        ("stations.parquet", "gcj02", "projected|longitude"),
    ),
]


def _recode(folder: Path) -> dict:
    file = folder / "stations.geojson"
    file.write_bytes(file.read_text(encoding="utf-8").encode("gb18030"))
    return {}
