"""What only shows once the streets are read: a CRS of another place, road classes in other words."""

import warnings

import geopandas as gpd
import numpy as np
import pyproj

from coverage_planner.errors import CrsError, name_some
from coverage_planner.network.access import unknown_classes
from coverage_planner.schema import Roads
from coverage_planner.sources.road_cleaning import RoadCleaning

#: Metres of a CRS may differ this much from those on the ground; a UTM zone and its neighbours stay below.
_MOST_STRETCH = 0.02


def require_true_metres(streets: gpd.GeoDataFrame) -> None:
    """Raise where the CRS of the streets is made for another part of the world.

    Raises
    ------
    CrsError
        Its metres differ from those on the ground.
    """
    crs = streets.crs
    west, south, east, north = streets.total_bounds
    projection = pyproj.Proj(crs)
    factors = projection.get_factors(*projection((west + east) / 2, (south + north) / 2, inverse=True))
    scales = np.array([factors.meridional_scale, factors.parallel_scale])
    if not (np.abs(scales - 1.0) <= _MOST_STRETCH).all():
        raise CrsError(
            f"crs must have true metres where the streets are, got {crs.to_string()} ({crs.name}), in which a metre is "
            f"{scales.min():.2f} to {scales.max():.2f} there; leave crs out for the UTM zone of the place"
        )


def warn_of_no_classes(roads: Roads, cleaning: RoadCleaning) -> None:
    """Warn of a line layer without a column of road classes: motorways are open to everybody then, too."""
    layer = bool(cleaning.source) and not cleaning.source.lower().endswith(".txt")  # City Brain's texts have no classes
    if not layer or "highway" in cleaning.columns:
        return
    if not (roads.segments["highway"] == "road").all():
        return  # they stand among the other tags
    warnings.warn(
        f"{cleaning.source} should have a column with the classes of its roads, got none that is known; all streets "
        "are open to everybody; say which column it is: columns = { highway = '…' } in [roads]",
        stacklevel=2,
    )


def warn_of_unknown_classes(roads: Roads) -> None:
    """Warn of streets whose road class is none of OpenStreetMap's: they are closed, as a layer in other words shows."""
    counts = unknown_classes(roads.segments)
    if counts.empty:
        return
    length_m = roads.segments.loc[roads.segments["highway"].isin(counts.index), "length_m"].sum()
    classes = name_some([f"{name} ({n} streets)" for name, n in counts.items()])
    warnings.warn(
        f"{length_m / 1000:.1f} km of street have a road class that is not known and are closed unless a tag opens "
        f"them, classes {classes}; write the classes as OpenStreetMap does, or leave the column out",
        stacklevel=2,
    )
