"""Rasters of people in other units, in other places, and without any."""

from pathlib import Path

import numpy as np
import rasterio
from rasterio import Affine

from broken.entry import REFUSED, UNDERSTOOD, Broken
from osm_drawing import place

STEP = 0.002


def _raster(change=None, *, crs="EPSG:4326", west=None, nodata=None, name="people.tif"):
    """Write 14 x 14 cells of two people each around the study area, in degrees beside layers in metres."""

    def draw(folder: Path) -> dict:
        cells = np.full((14, 14), 2.0, dtype=np.float32)
        if change is not None:
            change(cells)
        x, y = place(8, 33)
        with rasterio.open(
            folder / name, "w", driver="GTiff", width=14, height=14, count=1, dtype="float32", crs=crs, nodata=nodata,
            transform=Affine(STEP, 0, x if west is None else west, 0, -STEP, y),
        ) as raster:  # fmt: skip
            raster.write(cells, 1)
        return {"demand": {"file": name}}

    return draw


def _negative(cells) -> None:
    cells[:] = -9999.0


def _some_negative(cells) -> None:
    cells[7, 7] = -3.0


def _no_number(cells) -> None:
    cells[:] = np.nan


def _nodata(cells) -> None:
    cells[:] = -1.0


def _cut(folder: Path) -> dict:
    changes = _raster()(folder)
    file = folder / "people.tif"
    file.write_bytes(file.read_bytes()[:200])
    return changes


def _text(folder: Path) -> dict:
    (folder / "people.tif").write_bytes(b"ncols 14\nnrows 14\n")
    return {"demand": {"file": "people.tif"}}


def _as_stations(folder: Path) -> dict:
    _raster()(folder)
    return {"facilities": {"file": "people.tif"}}


ENTRIES = [
    Broken("raster in degrees beside layers in metres", _raster(), UNDERSTOOD, table="demand", rows=56),
    Broken("raster elsewhere", _raster(west=120.0), REFUSED, ("people.tif", "cover|study area")),
    Broken(
        "raster of nothing but a negative mark",
        _raster(_negative),
        REFUSED,
        ("people.tif", "negative|nodata|less than"),
    ),
    Broken(
        "raster with a negative cell",
        _raster(_some_negative),
        REFUSED,
        ("people.tif", "negative|less than"),
        table="demand",
        rows=56,
        rejected=None,
    ),
    Broken("raster without values", _raster(_nodata, nodata=-1.0), REFUSED, ("people.tif", "people|none|nodata")),
    Broken("raster of NaN", _raster(_no_number), REFUSED, ("people.tif", "people|none|nodata")),
    Broken("raster without a CRS", _raster(crs=None), REFUSED, ("people.tif", "coordinate reference|CRS")),
    Broken(
        "raster in degrees that says metres", _raster(crs="EPSG:32650"), REFUSED, ("people.tif", "cover|CRS|study area")
    ),
    Broken("raster cut short", _cut, REFUSED, ("people.tif", "raster|readable")),
    Broken("text named .tif", _text, REFUSED, ("people.tif", "raster|readable")),
    Broken("raster where stations belong", _as_stations, REFUSED, ("people.tif", "raster", "points|demand")),
]
