"""How OpenStreetMap files are opened: object by object with pyosmium; of a large one only the part that is wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import osmium

from coverage_planner.errors import SourceError

#: Files from this size on are clipped first, where a study area is given: reading them whole would take their nodes
#: into memory. A smaller one is read whole in less time than the clip takes to start.
LARGE_BYTES = 16 * 1024 * 1024
#: How far beyond the margin to clip, so that what reaches out of it is the same as in the whole file.
BEYOND_M = 2000.0


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what pyosmium raises for a file that it cannot read into a `SourceError`."""
    if not path.is_file():
        raise SourceError(f"an OpenStreetMap file must exist, got no file at {path}; check the path")
    try:
        yield
    except (RuntimeError, UnicodeDecodeError, osmium.InvalidLocationError) as error:
        raise SourceError(
            f"an OpenStreetMap file must be readable to its end, got {path.name} ({path.stat().st_size} bytes), where "
            f"reading stopped: {error}; the file is damaged, cut short or of another format: download it again"
        ) from error


@contextmanager
def part_of(path: Path, study_area: gpd.GeoDataFrame | None, margin_m: float) -> Iterator[tuple[Path, int]]:
    """Yield a file with the part of a large ``.osm.pbf`` around the study area, and how many nodes were left out.

    Any other file is yielded as it is. A file whose objects are not sorted cannot be clipped, and is read whole.
    """
    large = path.name.lower().endswith(".pbf") and path.is_file() and path.stat().st_size >= LARGE_BYTES
    if study_area is None or not large:
        yield path, 0
        return
    from coverage_planner.sources.osm_clip import clip_osm  # noqa: PLC0415 - compiled loops, for large files only
    from coverage_planner.sources.osm_sift import UnsortedFileError  # noqa: PLC0415

    with TemporaryDirectory(prefix="coverage-planner-") as folder:
        part = Path(folder) / "part.osm.pbf"
        try:
            clip = clip_osm(path, part, study_area=study_area, margin_m=margin_m + BEYOND_M)
            clipped = clip.nodes_read - clip.nodes
        except UnsortedFileError:
            part, clipped = path, 0
        yield part, clipped


def objects(path: Path, kinds: Any, *filters: Any) -> Iterator[Any]:
    """Return an iterator over the nodes, ways or relations of a file that pass all filters."""
    processor = osmium.FileProcessor(str(path), kinds)
    for one in filters:
        processor.with_filter(one)
    return iter(processor)


def tags_of(thing: Any) -> dict[str, str]:
    """Return the tags of an object of pyosmium."""
    return {tag.k: tag.v for tag in thing.tags}
