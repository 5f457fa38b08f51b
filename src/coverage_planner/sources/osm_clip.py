"""A study area cut out of a large OpenStreetMap file, in one pass and in memory that does not grow with the file."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.sources.osm_reading import reading
from coverage_planner.sources.osm_sift import Sift, find_present, find_refs, sift_file, write_found
from coverage_planner.sources.osm_tags import ATTRIBUTION
from coverage_planner.sources.pbf_blocks import read_frames
from coverage_planner.sources.segments import WGS84, choose_crs, clip_region
from coverage_planner.units import Progress

#: Straight lines of the region in metres are not quite straight in degrees: vertices at least so often.
_STEP_M = 500.0
#: What a header says of the data, and goes over into the new one.
_DATE = "osmosis_replication_timestamp"
_KEPT_KEYS = (_DATE, "osmosis_replication_sequence_number", "osmosis_replication_base_url")


@dataclass(frozen=True)
class Clip:
    """What has been cut out.

    Attributes
    ----------
    nodes, ways, relations
        How many objects it holds.
    nodes_read, ways_read
        How many the large file holds.
    nodes_completed, ways_completed
        Those outside the region among them: the rest of the ways that cross its edge, and of multipolygons.
    bytes_read, bytes_written
        Sizes of both files.
    data_date
        Date of the data as the large file's header says it; empty where it does not.
    """

    nodes: int
    ways: int
    relations: int
    nodes_read: int
    ways_read: int
    nodes_completed: int
    ways_completed: int
    bytes_read: int
    bytes_written: int
    data_date: str


def clip_osm(
    path: str | PathLike[str],
    out: str | PathLike[str],
    *,
    study_area: gpd.GeoDataFrame,
    margin_m: float = 0.0,
    progress: Progress | None = None,
) -> Clip:
    """Cut a study area out of an OpenStreetMap file of any size.

    The file is read once from its beginning to its end. Kept are the nodes in the study area and its margin, the ways
    that have one of them, and the relations that have one of these as a member; then, as the extracts that Geofabrik
    and others publish, the other nodes of these ways, and of multipolygons (lakes, buildings with courts) the other
    ways with their nodes: for these only the few blocks that hold them are read again. So streets and lakes that cross
    the edge are whole. Missing are other members of relations, and ways that cross the region without a node in it:
    take a margin larger than the straight pieces of streets, a kilometre, as `read_roads` does.

    In memory stand the ids of what is kept, some blocks of the file, and two numbers per block.

    Parameters
    ----------
    path
        An ``.osm.pbf`` whose objects are sorted by kind and id, as published files are.
    out
        The ``.osm.pbf`` to write; an existing file is replaced. It is written whole or not at all.
    study_area
        One or more polygons in any CRS.
    margin_m
        How far beyond the study area to keep nodes, metres.
    progress
        Called with (bytes read, bytes in all); raise in it to stop.

    Returns
    -------
    Clip
        What was kept.

    Raises
    ------
    SourceError
        The file is missing, damaged, cut short, not sorted, or holds several versions of objects.
    ConfigError
        `out` is not an ``.osm.pbf`` in a folder that exists, or is the file itself; the margin is negative.
    InputError
        The study area is empty, or no node of the file lies in it. As `CrsError`: it has no CRS.

    Notes
    -----
    Positions are decoded and tested here, in compiled loops over the blocks: an object of Python per node takes a
    hundred times as long, and pyosmium's filters by id need up to 1.5 GB for ids that are spread over the planet's.
    Objects that are kept are read and written by pyosmium.
    """
    path, out = Path(path), Path(out)
    _check_names(path, out)
    x = np.empty(0)
    crs = choose_crs(x, x, WGS84, None, study_area)
    region = shapely.segmentize(clip_region(study_area, margin_m, crs), _STEP_M)
    region = gpd.GeoSeries([region], crs=crs).to_crs(WGS84).iloc[0]
    shapely.prepare(region)
    with reading(path):
        try:
            with TemporaryDirectory(dir=out.parent, prefix=".coverage-planner-") as folder:
                made = Path(folder) / "clip.osm.pbf"
                clip = _clip(path, made, region, progress or _no_progress)
                made.replace(out)
                return clip
        except OSError as error:
            raise ConfigError(
                f"the clipped file must be in a folder that can be written to, got {out}: {error}; choose another"
            ) from error


def _no_progress(_done: int, _all: int) -> None:
    """Report to nobody."""


def _check_names(path: Path, out: Path) -> None:
    if not path.name.lower().endswith(".pbf"):
        raise SourceError(f"only .osm.pbf files can be clipped, got {path.name}; convert it: osmium cat -o new.osm.pbf")
    if not out.name.lower().endswith(".osm.pbf") or not out.parent.is_dir():
        raise ConfigError(f"the clipped file must be an .osm.pbf in a folder that exists, got {out}; correct the name")
    if out.is_dir() or (out.exists() and path.exists() and out.samefile(path)):
        raise ConfigError(f"the clipped file must not be the file itself or a folder, got {out}; choose another name")


def _clip(path: Path, made: Path, region: Any, tell: Progress) -> Clip:
    size = path.stat().st_size
    with osmium.io.Reader(str(path)) as reader:
        old = reader.header()
    if old.has_multiple_object_versions:
        raise SourceError(
            f"a file to clip must hold one version of each object, got the history file {path.name}; take one without"
        )
    head = next(read_frames(path)).data
    found = Sift(head)
    for found, done in sift_file(path, head, region):  # noqa: B007 - the last one counts
        tell(done, size)
    if not len(found.kept_nodes):
        box = ", ".join(f"{value:.4f}" for value in region.bounds)
        raise InputError(
            f"the study area must hold nodes of {path.name}, got none of {found.nodes.read} in (west, south, east, "
            f"north) = ({box}); check the study area's CRS and datum, or take the file of that place"
        )
    more_ways = np.setdiff1d(np.array(found.members, dtype=np.int64), found.kept_ways)
    more_ways = find_present(path, head, found.ways, more_ways)
    refs = [*found.edge_refs, find_refs(path, head, found.ways, more_ways)]
    more_nodes = find_present(path, head, found.nodes, np.setdiff1d(np.concatenate(refs), found.kept_nodes))
    nodes = np.union1d(more_nodes, found.kept_nodes)
    ways = np.union1d(more_ways, found.kept_ways)
    with osmium.SimpleWriter(str(made), header=_header(old, path, region)) as writer:
        for kind, ids in ((found.nodes, nodes), (found.ways, ways), (found.relations, found.relations.ids())):
            write_found(path, head, kind, ids, writer)
    return Clip(
        nodes=len(nodes),
        ways=len(ways),
        relations=len(found.relations.ids()),
        nodes_read=found.nodes.read,
        ways_read=found.ways.read,
        nodes_completed=len(more_nodes),
        ways_completed=len(more_ways),
        bytes_read=size,
        bytes_written=made.stat().st_size,
        data_date=old.get(_DATE),
    )


def _header(old: Any, path: Path, region: Any) -> Any:
    """Return the header of the new file: what it is, whose the data are and of which day."""
    header = osmium.io.Header()
    for key in _KEPT_KEYS:
        if old.get(key):
            header.set(key, old.get(key))
    header.set("generator", f"coverage-planner: part of {path.name}. {ATTRIBUTION}")
    header.set("sorting", "Type_then_ID")
    header.add_box(osmium.osm.Box(*region.bounds))
    return header
