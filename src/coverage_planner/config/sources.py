"""The tables of a plan file that name data: which file, and how to read it."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Literal

from coverage_planner.config.keys import at_least, did_you_mean, more_than
from coverage_planner.errors import ConfigError, name_some
from coverage_planner.network.files import is_network_folder
from coverage_planner.sources.datum import Datum
from coverage_planner.sources.poi_sets import POI_SETS

#: What a source's file is: an OpenStreetMap extract, a raster of people, areas with head counts, records to be counted
#: into cells, or a table or layer of points.
Form = Literal["osm", "raster", "areas", "records", "table"]
#: Values of an OpenStreetMap key that are wanted: some, or all of them.
TagValues = tuple[str, ...] | Literal[True]


@dataclass(frozen=True)
class RoadSource:
    """Table [roads]: the street file and how to read a line layer, or the folder of a built network."""

    file: Path
    margin_m: float | None = at_least(0, None)
    source_crs: str | None = None
    datum: Datum = "wgs84"
    layer: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    noding: Literal["shared", "crossings"] = "shared"
    join_within_m: float = at_least(0, 0.0)
    attribution: str | None = None

    @property
    def is_network(self) -> bool:
        """Whether it is a folder that `network.files.write_network` made."""
        return is_network_folder(self.file)


@dataclass(frozen=True)
class AreaSource:
    """Table [study_area]: polygons."""

    file: Path
    datum: Datum = "wgs84"
    source_crs: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class CommunitySource(AreaSource):
    """Table [communities]: polygons with names, and the layer of their subdistricts where they do not say them."""

    columns: Mapping[str, str] = field(default_factory=dict)
    subdistricts: Path | None = None


@dataclass(frozen=True)
class PointSource:
    """Tables [facilities] and [premises]: points from a table or layer, or from an OpenStreetMap file."""

    file: Path
    datum: Datum = "wgs84"
    source_crs: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int | None = at_least(1, None)
    encoding: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    osm: Mapping[str, TagValues] | tuple[str, ...] = field(default_factory=dict)

    @property
    def form(self) -> Form:
        """What the file is, by its name."""
        name = self.file.name.lower()
        if name.endswith((".osm", ".pbf", ".osm.gz", ".osm.bz2")):
            return "osm"
        return "raster" if name.endswith((".tif", ".tiff")) else "table"


@dataclass(frozen=True)
class DemandSource(PointSource):
    """Key `demand` of a group, or one of its list: where people are and how many."""

    label: str | None = None
    group: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict, metadata={"at_least": 0})
    sum: float | None = more_than(0, None)
    minimum: float | None = at_least(0, None)
    spread: Literal["streets", "buildings"] | None = None
    buildings: Path | None = None
    spacing_m: float = more_than(0, 100.0)
    cell_m: float | None = more_than(0, None)
    on_streets: bool = False
    hours: tuple[float, ...] = at_least(0, ())
    dates: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        """What the file is, by its name and by what is to be done with it."""
        if self.spread is not None:
            return "areas"
        return "records" if self.cell_m is not None or self.on_streets else super().form


_READING = ("file", "datum", "source_crs", "columns", "encoding")
_DEMAND = ("label", "group", "sum")
_LAYER = ("name", "count", "unit", "unit_en", "counted", "counted_en")
#: Keys of a point source that mean something for each form of file; others would be silently ignored.
_KEYS_OF_FORM: Mapping[Form, tuple[str, ...]] = {
    "osm": ("file", "osm", "weights", *_DEMAND, *_LAYER),
    "raster": ("file", "minimum", *_DEMAND),
    "areas": (*_READING, "sheet", "where", "spread", "buildings", "spacing_m", *_DEMAND),
    "records": (*_READING, "cell_m", "on_streets", "minimum", "hours", "dates", *_DEMAND),
    "table": (*_READING, "sheet", "header_row", "where", *_DEMAND, *_LAYER),
}
_CALLED: Mapping[Form, str] = {
    "osm": "an OpenStreetMap file",
    "raster": "a raster",
    "areas": "read as areas to be spread",
    "records": "read as records to be counted",
    "table": "a table of points",
}


def check_point_source(source: PointSource, at: str) -> None:
    """Refuse keys that mean nothing for a source's file, and sources without a key they need.

    Raises
    ------
    ConfigError
        The message names the key; `at` is the table's name in the plan file.
    """
    form = source.form
    if form == "raster" and not isinstance(source, DemandSource):
        raise ConfigError(f"{at} file must have points, got the raster {source.file.name}; rasters are for demand")
    if form == "osm" and not source.osm:
        raise ConfigError(
            f"{at} osm must say which places to take from {source.file.name}, got nothing; for example "
            "osm = { amenity = ['bank'] }, or osm = ['restaurants', 'malls'] by ready sets"
        )
    unknown = [name for name in source.osm if name not in POI_SETS] if isinstance(source.osm, tuple) else []
    if unknown:
        raise ConfigError(
            f"{at} osm must name ready sets of places ({', '.join(POI_SETS)}), got {name_some(unknown)}"
            f"{did_you_mean(unknown[0], POI_SETS)}; correct it, or give tags: osm = {{ amenity = ['bank'] }}"
        )
    for f in fields(source):
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        given = getattr(source, f.name) != default
        if given and f.name not in _KEYS_OF_FORM[form]:
            known = [key for key in _KEYS_OF_FORM[form] if key in {g.name for g in fields(source)}]
            raise ConfigError(
                f"{at} must not have {f.name}, as {source.file.name} is {_CALLED[form]}, for which only "
                f"{', '.join(known)} count; remove it"
            )
    if isinstance(source, DemandSource):
        _check_spread(source, at)


def _check_spread(source: DemandSource, at: str) -> None:
    if (source.spread == "buildings") != (source.buildings is not None):
        raise ConfigError(
            f"{at} must have buildings, a layer of polygons or an OpenStreetMap file, with spread = 'buildings' and "
            f"only then, got spread = {source.spread!r} and buildings = {source.buildings}; correct one of them"
        )
    if source.cell_m is not None and source.on_streets:
        raise ConfigError(f"{at} must have cell_m (hexagons) or on_streets, got both; remove one")


def check_roads(roads: RoadSource) -> None:
    """Refuse folders that hold no network, and keys that say how to read streets where they are built already.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    if not roads.file.is_dir():
        return
    if not roads.is_network:
        raise ConfigError(
            f"[roads] file must be a road file or the folder of a network, got the folder {roads.file} without a "
            "network.json of ours; correct the path, or make it with: coverage-planner network ROADS FOLDER"
        )
    default = RoadSource(roads.file)
    given = [
        f.name
        for f in fields(roads)
        if f.name not in ("file", "margin_m") and getattr(roads, f.name) != getattr(default, f.name)
    ]
    if given:
        raise ConfigError(
            f"[roads] must not have {', '.join(given)}, as {roads.file.name} is a network, for which only file and "
            "margin_m count; remove it"
        )
