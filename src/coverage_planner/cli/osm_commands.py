"""The commands `fetch` and `clip`: OpenStreetMap from the servers, and out of a large file."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from shapely import MultiPolygon, Polygon
from tqdm import tqdm

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.fetched_plan import write_plan_files
from coverage_planner.cli.language import system_language
from coverage_planner.cli.words import WORDS
from coverage_planner.errors import ConfigError
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.fetched_place import fetch_place
from coverage_planner.sources.osm import Place
from coverage_planner.sources.osm_clip import clip_osm
from coverage_planner.sources.osm_tags import ATTRIBUTION
from coverage_planner.sources.poi_sets import POI_SETS
from coverage_planner.units import Progress

_EDGES = 4
_MB = 1e6
_M_PER_KM = 1000.0


def fetch(given: argparse.Namespace) -> Answer:
    """Fetch a place into a folder."""
    language = given.language or system_language()
    words = WORDS[language]
    with _bar(unit="", quiet=given.quiet) as tell:
        fetched = fetch_place(
            _place(given.place),
            given.out,
            sets=given.sets or list(POI_SETS),
            margin_m=given.margin,
            language=language,
            force=given.force,
            progress=tell,
            overpass_url=given.overpass,
            nominatim_url=given.nominatim,
            more=partial(write_plan_files, language=language),
        )
    kilometres = fetched.roads.segments["length_m"].sum() / _M_PER_KM
    lines = [
        words["fetched"].format(
            label=fetched.label,
            found="" if fetched.found == fetched.label else f"（{fetched.found}）",
            pieces=len(fetched.roads.segments),
            kilometres=kilometres,
            obstacles=len(fetched.roads.obstacles),
            date=fetched.data_date or words["undated"],
        )
    ]
    lines.append(
        words["pois"].format(n=len(fetched.pois), merged=fetched.tally.duplicates)
        + "".join(
            words["pois of"].format(kind=kind, n=n) for kind, n in fetched.pois["kind"].value_counts(sort=False).items()
        )
    )
    record = {
        "folder": str(fetched.folder),
        "label": fetched.label,
        "found": fetched.found,
        "data_date": fetched.data_date or None,
        "pieces": len(fetched.roads.segments),
        "length_m": round(float(kilometres * _M_PER_KM), 1),
        "obstacles": len(fetched.roads.obstacles),
        "pois": {str(kind): int(n) for kind, n in fetched.pois["kind"].value_counts(sort=False).items()},
        "merged": int(fetched.tally.duplicates),
        "attribution": ATTRIBUTION,
    }
    return Answer([*lines, ATTRIBUTION, words["fetch next"].format(folder=fetched.folder)], record)


def clip(given: argparse.Namespace) -> Answer:
    """Cut a study area out of a large file."""
    words = WORDS[given.language or system_language()]
    if given.out.exists() and not given.force:
        raise ConfigError(f"the clipped file must not exist yet, got {given.out}; choose another, or force (--force)")
    area = read_study_area(given.area, datum=given.datum, sheet=given.sheet, where=_where(given.where))
    with _bar(unit="B", quiet=given.quiet) as tell:
        made = clip_osm(given.big, given.out, study_area=area, margin_m=given.margin, progress=tell)
    said = words["clipped"].format(
        nodes=made.nodes,
        nodes_read=made.nodes_read,
        ways=made.ways,
        relations=made.relations,
        read=made.bytes_read / _MB,
        written=made.bytes_written / _MB,
        date=made.data_date or words["undated"],
    )
    record = {
        "file": str(given.out),
        "nodes": made.nodes,
        "nodes_read": made.nodes_read,
        "ways": made.ways,
        "relations": made.relations,
        "bytes_read": made.bytes_read,
        "bytes_written": made.bytes_written,
        "data_date": made.data_date or None,
        "attribution": ATTRIBUTION,
    }
    return Answer([said, ATTRIBUTION, words["clip next"].format(file=given.out)], record)


def _place(text: str) -> Place:
    """Return a place as `fetch_roads` takes it."""
    try:
        edges = tuple(float(part) for part in text.split(","))
    except ValueError:
        edges = ()
    if len(edges) == _EDGES:
        west, south, east, north = edges
        return west, south, east, north
    if not Path(text).is_file():
        return text
    outline: Any = read_study_area(Path(text)).to_crs("EPSG:4326").geometry.union_all()
    if not isinstance(outline, Polygon | MultiPolygon):
        raise ConfigError(
            f"the place's file must hold polygons, got {outline.geom_type} in {text}; choose another file"
        )
    return outline


def _where(given: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """Return the values wanted by column."""
    wanted: dict[str, list[str]] = {}
    for one in given:
        column, equals, values = one.partition("=")
        if not (column.strip() and equals and values.strip()):
            raise ConfigError(f"--where must be COLUMN=VALUE or COLUMN=VALUE,VALUE, got {one!r}; correct it")
        wanted.setdefault(column.strip(), []).extend(value.strip() for value in values.split(","))
    return wanted or None


@contextmanager
def _bar(unit: str, *, quiet: bool) -> Iterator[Progress]:
    """Show how far the work is on standard error; nothing in a log or pipe."""
    with tqdm(total=None, unit=unit, unit_scale=True, disable=True if quiet else None) as bar:

        def tell(done: int, whole: int) -> None:
            bar.total = whole
            bar.update(done - bar.n)

        yield tell
