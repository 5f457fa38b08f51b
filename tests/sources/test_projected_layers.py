"""Every projected CRS of Chinese survey data puts a layer at the same place: CGCS2000 zones and UTM.

The coordinates are worked out here with the series of the transverse Mercator projection (Krüger 1912), so PROJ, which
the readers use, is checked against something else.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from coverage_planner.sources.areas import read_areas
from coverage_planner.sources.points import read_facilities

#: Semi-major axis and flattening: CGCS2000 and WGS 84 differ in the ninth digit of the flattening.
CGCS2000 = (6378137.0, 1 / 298.257222101)
WGS84 = (6378137.0, 1 / 298.257223563)


def transverse_mercator(lon, lat, central, ellipsoid, *, scale=1.0, false_easting=500_000.0):
    """East and north in metres, by Krüger's series in the third flattening, to its fourth power."""
    a, f = ellipsoid
    n = f / (2 - f)
    radius = a / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    phi, beside = np.radians(lat), np.radians(lon - central)
    eccentricity = 2 * np.sqrt(n) / (1 + n)
    t = np.sinh(np.arctanh(np.sin(phi)) - eccentricity * np.arctanh(eccentricity * np.sin(phi)))
    xi, eta = np.arctan2(t, np.cos(beside)), np.arctanh(np.sin(beside) / np.sqrt(1 + t**2))
    east = eta + sum(one * np.cos(2 * k * xi) * np.sinh(2 * k * eta) for k, one in enumerate(alpha, 1))
    north = xi + sum(one * np.sin(2 * k * xi) * np.cosh(2 * k * eta) for k, one in enumerate(alpha, 1))
    return false_easting + scale * radius * east, scale * radius * north


def zones():
    """Code, central meridian, false easting and scale of every zone, from the numbers of the zones."""
    for zone in range(13, 24):  # six degrees wide, the zone's number before the easting; then without it
        yield 4491 + zone - 13, 6 * zone - 3, zone * 1e6 + 5e5, 1.0
        yield 4502 + zone - 13, 6 * zone - 3, 5e5, 1.0
    for zone in range(25, 46):  # three degrees wide
        yield 4513 + zone - 25, 3 * zone, zone * 1e6 + 5e5, 1.0
        yield 4534 + zone - 25, 3 * zone, 5e5, 1.0
    for zone in range(43, 54):
        yield 32600 + zone, 6 * zone - 183, 5e5, 0.9996


ZONES = {code: (central, false_easting, scale) for code, central, false_easting, scale in zones()}


def places_in(code):
    """True places where a zone is used, and their coordinates in it."""
    central, false_easting, scale = ZONES[code]
    used = CRS.from_epsg(code).area_of_use
    lon = np.clip(central + np.array([-1.2, -0.3, 0.0, 0.7, 1.4]), used.west + 0.1, used.east - 0.1)
    lat = np.linspace(max(used.south, 3.0) + 0.2, used.north - 0.2, 5)
    ellipsoid = WGS84 if code > 32000 else CGCS2000
    x, y = transverse_mercator(lon, lat, central, ellipsoid, scale=scale, false_easting=false_easting)
    return lon, lat, x, y


def off_m(lon, lat, found):
    there = found.to_crs(4326).geometry
    east_m = (there.x.to_numpy() - lon) * 111_320 * np.cos(np.radians(lat))
    return np.hypot(east_m, (there.y.to_numpy() - lat) * 111_320)


def test_all_codes_are_tried():
    assert {*range(4491, 4555), *range(32643, 32654)} == set(ZONES)


@pytest.mark.parametrize("code", ZONES)
def test_a_layer_lies_where_its_coordinates_say(tmp_path, code):
    lon, lat, x, y = places_in(code)
    ids = [f"F{k}" for k in range(len(x))]
    gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(x, y), crs=code).to_file(tmp_path / "站点.gpkg")
    assert off_m(lon, lat, read_facilities(tmp_path / "站点.gpkg")).max() < 0.01


@pytest.mark.parametrize("code", [4500, 4511, 4513, 4526, 4533, 4534, 4547, 4554, 32650])
def test_a_spreadsheet_in_metres_has_x_to_the_east(tmp_path, code):
    lon, lat, x, y = places_in(code)
    table = pd.DataFrame({"id": [f"F{k}" for k in range(len(x))], "x": x, "y": y})
    table.to_csv(tmp_path / "站点.csv", index=False)
    assert off_m(lon, lat, read_facilities(tmp_path / "站点.csv", source_crs=f"EPSG:{code}")).max() < 0.01


@pytest.mark.parametrize("code", [4513, 4526, 4533, 4547, 32650])
@pytest.mark.parametrize("said", [True, False])
def test_areas_in_a_zone_with_and_without_a_prj_file(tmp_path, code, said):
    lon, lat, x, y = places_in(code)
    boxes = shapely.box(x - 50, y - 50, x + 50, y + 50)
    layer = gpd.GeoDataFrame({"名称": list("甲乙丙丁戊")}, geometry=boxes, crs=code)
    layer.to_file(tmp_path / "社区.shp", encoding="utf-8")
    if not said:
        (tmp_path / "社区.prj").unlink()
    areas = read_areas(tmp_path / "社区.shp", source_crs=None if said else f"EPSG:{code}")
    centres = areas.set_geometry(areas.to_crs(4326).representative_point())
    assert off_m(lon, lat, centres).max() < 1.0


def test_degrees_of_cgcs2000_are_those_of_wgs84(tmp_path):
    lon, lat = np.array([114.3, 91.1, 126.6]), np.array([30.6, 29.6, 45.8])
    points = gpd.GeoDataFrame({"id": ["a", "b", "c"]}, geometry=gpd.points_from_xy(lon, lat), crs=4490)
    points.to_file(tmp_path / "站点.gpkg")
    for datum in ("wgs84", "cgcs2000"):
        assert off_m(lon, lat, read_facilities(tmp_path / "站点.gpkg", datum=datum)).max() < 0.001
