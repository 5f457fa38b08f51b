"""Streets from files of any kind."""

from pathlib import Path

import geopandas as gpd

from coverage_planner.errors import SourceError
from coverage_planner.schema import Rejections, Roads
from coverage_planner.sources.segments import CrsLike
from coverage_planner.units import Progress

_OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")


def read_roads(
    path: str | Path,
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
    progress: Progress | None = None,
) -> Roads:
    """Read streets from a file."""
    path = Path(path)
    name = path.name.lower()
    if name.endswith(_OSM_SUFFIXES):
        from coverage_planner.sources.osm_file import read_osm_roads  # noqa: PLC0415 - loaded for this format only

        return read_osm_roads(
            path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected, progress=progress
        )
    raise SourceError(f"a road file must be one of {_OSM_SUFFIXES}, got {path.name}; convert it")
