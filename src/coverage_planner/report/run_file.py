"""What results folders and proposal folders share: layers in a GeoPackage, and run.json."""

import datetime as dt
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio

from coverage_planner.errors import ConfigError
from coverage_planner.report.table_columns import SYNTHETIC_NOTE
from coverage_planner.scenario.scenario import Outcome

_PACKAGES = (
    "coverage-planner", "geopandas", "highspy", "numba", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely",
)  # fmt: skip


def write_layers(
    layers: Mapping[str, gpd.GeoDataFrame], path: Path, types: Mapping[str, str], *, synthetic: bool
) -> None:
    """Write layers to a GeoPackage.

    Parameters
    ----------
    layers
        Layer name -> layer.
    path
        The file.
    types
        Layer name -> geometry type.
    synthetic
        Whether the data are made up; each layer's description then says so.
    """
    described = {"DESCRIPTION": SYNTHETIC_NOTE} if synthetic else {}
    for name, layer in layers.items():
        geometry_type = types[name]
        pyogrio.write_dataframe(
            layer,
            path,
            layer=name,
            driver="GPKG",
            geometry_type=geometry_type,
            promote_to_multi=geometry_type.startswith("Multi"),
            layer_options=described,
        )


def write_run_file(record: Mapping[str, Any], path: Path) -> None:
    """Write run.json: UTF-8, no NaN."""
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def versions() -> dict[str, str]:
    """Return the versions of Python, GDAL and the libraries that the figures depend on."""
    packages = {name: version(name) for name in _PACKAGES}
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "gdal": pyogrio.__gdal_version_string__,
        **packages,
    }


def plain(value: Any, where: str) -> Any:
    """Return what JSON can hold: NaN and infinity become null, paths and dates text.

    Raises
    ------
    ConfigError
        A value of another type, with the way to it.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item, f"{where}[{place}]") for place, item in enumerate(value)]
    if isinstance(value, np.generic):
        return plain(value.item(), where)
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Path | dt.date | dt.time):
        return str(value)
    raise ConfigError(
        f"run must hold mappings, sequences, text, numbers, dates and paths, got {type(value).__name__} at {where}; "
        "write it as text"
    )


def describe_groups(outcome: Outcome) -> list[dict[str, Any]]:
    """Return name, mode with speed, cutoff and direction of each group, as run.json has them."""
    return [
        {
            "name": name,
            "mode": result.times.mode_description,
            "cutoff_s": result.group.cutoff_s,
            "direction": result.times.direction,
        }
        for name, result in outcome.groups.items()
    ]
