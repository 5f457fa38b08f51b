"""A place fetched from OpenStreetMap's servers into a folder that a plan can be made of."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some
from coverage_planner.schema import Roads
from coverage_planner.sources.osm import Place, check_place, fetch_outline, fetch_pois, fetch_roads
from coverage_planner.sources.osm_answers import write_answers
from coverage_planner.sources.osm_tags import ATTRIBUTION
from coverage_planner.sources.poi_sets import Language, tags_of_sets
from coverage_planner.sources.poi_table import PoiTally
from coverage_planner.sources.segments import WGS84, choose_crs
from coverage_planner.units import Progress

STREETS, POIS, AREA, MARK = "streets.osm.pbf", "pois.gpkg", "study_area.geojson", "fetched.json"
#: The servers' answers: with them an interrupted fetch goes on where it stopped.
ANSWERS = "answers"
_STAGES = 4


@dataclass(frozen=True, eq=False)
class FetchedPlace:
    """What was fetched.

    Attributes
    ----------
    folder
        Where it stands.
    label, found
        The place as asked for, and what the server took it for (the same where no name was given).
    area
        Its outline.
    roads, pois
        As `fetch_roads` and `fetch_pois` return them.
    tally
        What became of the points of interest.
    data_date
        Day of the data as the servers say it; empty where they do not.
    margin_m
        How far beyond the outline was fetched.
    """

    folder: Path
    label: str
    found: str
    area: gpd.GeoDataFrame
    roads: Roads
    pois: gpd.GeoDataFrame
    tally: PoiTally
    data_date: str
    margin_m: float


def fetch_place(
    place: Place,
    folder: Path,
    *,
    sets: Sequence[str],
    margin_m: float,
    language: Language = "zh",
    force: bool = False,
    progress: Progress | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    more: Callable[[FetchedPlace, Path], None] | None = None,
) -> FetchedPlace:
    """Fetch streets, obstacles and points of interest of a place and write them to a folder.

    ``streets.osm.pbf`` holds every object that the servers sent: `read_roads` reads the same streets from it as
    `fetch_roads` returns (whole where these stop at the first node outside), `read_pois` the same points.
    ``pois.gpkg`` holds the points as a table, ``study_area.geojson`` the outline, ``fetched.json`` source, licence and
    date. What the servers answered stays in ``answers``, so that an interrupted fetch goes on where it stopped.

    Parameters
    ----------
    place, progress, overpass_url, nominatim_url
        See `fetch_roads`.
    folder
        Where to write; made if missing.
    sets
        Names of `POI_SETS`.
    margin_m
        How far beyond the outline to fetch, metres.
    language
        See `read_pois`.
    force
        Fetch again into a folder that an earlier fetch has finished.
    more
        Writes further files, given what was fetched and a folder, before anything is put in place.

    Raises
    ------
    ConfigError
        The folder holds something else, or an earlier fetch and `force` is false; and see `fetch_roads`, `fetch_pois`.
    SourceError, InputError
        See `fetch_roads` and `fetch_pois`. A place without points of interest is no error: its table is empty.
    """
    tags_of_sets(sets)
    if margin_m < 0:
        raise ConfigError(f"the margin must be zero or more metres, got {margin_m}; correct it")
    _check_folder(folder, force=force)
    tell = progress or _no_progress
    asked = repr((shapely.to_wkt(place) if isinstance(place, shapely.Geometry) else place, margin_m, sorted(sets)))
    answers = folder / ANSWERS / sha256(asked.encode()).hexdigest()[:12]
    tell(0, _STAGES)
    area = _outline(place, answers, nominatim_url)
    tell(1, _STAGES)
    polygon = _with_margin(area, margin_m)
    none = np.empty(0)
    crs = choose_crs(none, none, WGS84, None, area)
    roads = fetch_roads(polygon, cache_dir=answers, crs=crs, overpass_url=overpass_url, nominatim_url=nominatim_url)
    tell(2, _STAGES)
    tally = PoiTally()
    try:
        pois = fetch_pois(
            polygon, sets, cache_dir=answers, crs=crs, overpass_url=overpass_url, nominatim_url=nominatim_url,
            language=language, duplicates="merge", tally=tally,
        )  # fmt: skip
    except InputError:
        columns = {name: pd.Series([], dtype=object) for name in ("id", "name", "kind", "set")}
        pois = gpd.GeoDataFrame(columns | {"demand": pd.Series([], dtype=float)}, geometry=[], crs=crs)
    tell(3, _STAGES)
    label = str(area["name"].iloc[0])
    with TemporaryDirectory(dir=folder, prefix=".unfinished-") as made:
        data_date = write_answers(answers, Path(made) / STREETS, what=label)
        fetched = FetchedPlace(folder, label, str(area["found"].iloc[0]), area, roads, pois, tally, data_date, margin_m)
        area.to_file(Path(made) / AREA, driver="GeoJSON", engine="pyogrio")
        pois.to_file(Path(made) / POIS, layer="pois", driver="GPKG", engine="pyogrio", geometry_type="Point")
        if more is not None:
            more(fetched, Path(made))
        (Path(made) / MARK).write_text(
            json.dumps(_about(fetched, sets), ensure_ascii=False, indent=2), encoding="utf-8"
        )
        for path in sorted(Path(made).iterdir(), key=lambda path: path.name == MARK):
            path.replace(folder / path.name)
    tell(_STAGES, _STAGES)
    return fetched


def _no_progress(_done: int, _all: int) -> None:
    """Report to nobody."""


def _check_folder(folder: Path, *, force: bool) -> None:
    """Raise unless a folder may take what is fetched; forget the answers of a fetch that is to be made again."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder to fetch into must be one that can be made, got {folder}: {error}") from error
    names = sorted(path.name for path in folder.iterdir())
    if (folder / MARK).is_file():
        if not force:
            raise ConfigError(
                f"the folder to fetch into must not hold an earlier fetch, got {folder}; choose another, or force "
                "(--force): a plan file and stations in it stay as they are"
            )
        shutil.rmtree(folder / ANSWERS, ignore_errors=True)
    elif names and ANSWERS not in names:
        raise ConfigError(
            f"the folder to fetch into must be new or empty, {folder} holds {name_some(names)}; choose another"
        )


def _outline(place: Place, answers: Path, nominatim_url: str | None) -> gpd.GeoDataFrame:
    """Return the area with columns name, found, geometry."""
    if isinstance(place, str):
        return fetch_outline(place, cache_dir=answers, nominatim_url=nominatim_url)
    check_place(place)
    label = ", ".join(f"{edge:g}" for edge in place) if isinstance(place, tuple) else "polygon"
    shape = shapely.box(*place) if isinstance(place, tuple) else shapely.make_valid(place)
    return gpd.GeoDataFrame({"name": [label], "found": [label]}, geometry=[shape], crs=WGS84)


def _with_margin(area: gpd.GeoDataFrame, margin_m: float) -> Polygon | MultiPolygon:
    """Return an area with its margin in longitude and latitude."""
    metric = area.to_crs(area.estimate_utm_crs()).buffer(margin_m)
    shape = metric.to_crs(WGS84).union_all()
    if not isinstance(shape, Polygon | MultiPolygon):
        raise SourceError(
            f"a place must have an area, got a {shape.geom_type} for {area['name'].iloc[0]}; name a district, or give "
            "west,south,east,north"
        )
    return shape


def _about(fetched: FetchedPlace, sets: Sequence[str]) -> dict[str, object]:
    """Return source, licence and date, for whoever finds the folder."""
    return {
        "place": fetched.label,
        "found": fetched.found,
        "margin_m": fetched.margin_m,
        "sets": list(sets),
        "attribution": ATTRIBUTION,
        "licence": "https://opendatacommons.org/licenses/odbl/1-0/",
        "data_date": fetched.data_date,
        "segments": len(fetched.roads.segments),
        "points_of_interest": len(fetched.pois),
        "duplicates_merged": fetched.tally.duplicates,
    }
