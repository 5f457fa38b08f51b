"""Files of records in a drawn plane of 2 km, and their counts."""

import math
import warnings

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer

from coverage_planner.sources.records import count_records

CRS = "EPSG:32650"
X0, Y0 = 240_000.0, 3_390_000.0
TO_DEGREES = Transformer.from_crs(CRS, 4326, always_xy=True)
AREA = gpd.GeoDataFrame(geometry=[shapely.box(X0, Y0, X0 + 2000, Y0 + 2000)], crs=CRS)


def degrees(x, y):
    return TO_DEGREES.transform(X0 + np.asarray(x, dtype=float), Y0 + np.asarray(y, dtype=float))


def write(path, rows, header="lon,lat", encoding="utf-8"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding, newline="")
    return path


def at(x, y, n=1, digits=8):
    """Rows of records at a place of the drawn plane."""
    lon, lat = degrees(x, y)
    return [f"{lon:.{digits}f},{lat:.{digits}f}"] * n


def quietly(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return count_records(path, **{"study_area": AREA, "crs": CRS, **options})


def nearest_centre(x, y, cell_m):
    """The centre nearest to a position, searched among all around it."""
    height = cell_m * math.sqrt(3) / 2
    row = round(y / height)
    best = min(
        (math.hypot(x - cx, y - cy), cx, cy)
        for r in range(row - 2, row + 3)
        for cx, cy in [
            (cell_m * (k + r / 2), height * r)
            for k in range(round(x / cell_m - r / 2) - 2, round(x / cell_m - r / 2) + 3)
        ]
    )
    return round(best[1], 3), round(best[2], 3)
