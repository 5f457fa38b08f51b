"""The network of a plan: built from its road file, or reopened where nothing that it was built from has changed."""

import datetime as dt
import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

import coverage_planner
from coverage_planner.config import Plan
from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.network.build import build_network
from coverage_planner.network.files import ABOUT_FILE, is_network_folder, read_network, read_notes, write_network
from coverage_planner.network.mode_graph import SMALL_COMPONENT_M
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.margins import farthest_m
from coverage_planner.pipeline.road_checks import require_true_metres, warn_of_no_classes, warn_of_unknown_classes
from coverage_planner.schema import Rejections
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.roads import read_roads

#: Key of a network's notes that is ours.
_OURS = "coverage_planner"
#: Libraries whose versions may change a network.
_LIBRARIES = ("geopandas", "numpy", "osmium", "osmnx", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
#: Files that make up a Shapefile.
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, eq=False)
class Streets:
    """The network of a plan and where it comes from.

    Attributes
    ----------
    network
        The network, for the modes of the plan's groups.
    study_area
        Polygons, or None where the plan has none.
    margin_m
        How far roads and facilities reach beyond the study area.
    rows
        Entries of run.json's ``inputs``: the study area, if any, and the roads.
    notes
        What is kept with the network: ``made_from`` (everything that it depends on), and what reading and building it
        said: ``rows``, ``rejected``, ``remarks``, ``cleaning``, ``warnings``.
    reused
        The folder that the network was reopened from; None where it was built.
    built
        When a reopened network was written, to the minute.
    changed
        What a kept network was built from and has changed since: 'roads', 'modes', … .
    unusable
        Why a kept network could not be read; empty where there was none.
    """

    network: RoadNetwork
    study_area: gpd.GeoDataFrame | None
    margin_m: float
    rows: list[dict[str, object]]
    notes: dict[str, Any]
    reused: Path | None = None
    built: str = ""
    changed: tuple[str, ...] = ()
    unusable: str = ""


def prepare_streets(
    plan: Plan,
    rejected: Rejections,
    *,
    network_folder: Path | None = None,
    rebuild: bool = False,
    cleaning: RoadCleaning | None = None,
) -> Streets:
    """Build the network of a plan, or reopen it.

    Parameters
    ----------
    plan
        The plan.
    rejected
        Rows of the road file that cannot be used are added to it, with the reason.
    network_folder
        Where an earlier run may have kept the network (`keep_streets`). It is used if everything that it was built
        from is as it was: the bytes of the road file, how they are read, study area and margin, CRS, modes with all
        their settings, the program and its libraries.
    rebuild
        Build it even so.
    cleaning
        Takes what was changed in a line layer, where the network is built.

    Raises
    ------
    InputError, SourceError
        Roads or study area cannot be read.
    ConfigError
        The plan's roads are a network folder that was built for another CRS or other modes.
    NetworkError
        The roads are no network.
    """
    modes = _used_modes(plan)
    source = plan.roads
    opened = read_network(source.file) if source.is_network else None
    crs = CRS.from_user_input(plan.crs) if plan.crs else None if opened is None else opened.edges.crs
    study_area, rows = _read_study_area(plan, crs)
    crs = crs if study_area is None else CRS.from_user_input(study_area.crs)
    margin_m = source.margin_m if source.margin_m is not None else max(farthest_m(plan, g) for g in plan.groups)

    def streets(network: RoadNetwork, notes: dict[str, Any], **origin: Any) -> Streets:
        rejected.rows.extend(notes["rejected"])
        rejected.remarks.extend(notes["remarks"])
        for text in notes["warnings"]:
            warnings.warn(text, stacklevel=4)
        return Streets(network, study_area, margin_m, [*rows, notes["rows"]], notes, **origin)

    if opened is not None:
        require_true_metres(opened.edges)
        found = _for_plan(opened, plan, modes)
        return streets(found, _notes_of(source.file, opened), reused=source.file, built=_written(source.file))
    made_from = _made_from(plan, modes, crs, study_area, margin_m)
    kept = _Kept() if network_folder is None or rebuild else _reopen(network_folder, made_from)
    if network_folder is not None and kept.network is not None:
        return streets(kept.network, kept.notes, reused=network_folder, built=_written(network_folder))
    named = {key: value or None for key, value in asdict(source).items() if key in ("columns", "values")}
    reading = {
        "crs": crs, "study_area": study_area, "margin_m": margin_m, **named, "source_crs": source.source_crs,
        "layer": source.layer, "encoding": source.encoding, "datum": source.datum, "noding": source.noding,
        "join_within_m": source.join_within_m,
    }  # fmt: skip
    network, notes = build_from_file(
        source.file,
        reading=reading,
        attribution=source.attribution,
        modes=modes,
        small_component_m=plan.snap.small_component_m,
        cleaning=cleaning,
    )
    return streets(network, {"made_from": made_from, **notes}, changed=kept.changed, unusable=kept.unusable)


def _read_study_area(plan: Plan, crs: CRS | None) -> tuple[gpd.GeoDataFrame | None, list[dict[str, object]]]:
    """Return the study area and its entry of run.json's ``inputs``, if the plan has one."""
    area = plan.study_area
    if area is None:
        return None, []
    study_area = read_study_area(
        area.file,
        datum=area.datum,
        source_crs=area.source_crs,
        crs=crs,
        sheet=area.sheet,
        encoding=area.encoding,
        where=area.where or None,
    )
    return study_area, [count_rows("study_area", area.file, len(study_area), 0)]


def build_from_file(
    file: Path,
    *,
    reading: Mapping[str, Any] | None = None,
    attribution: str | None = None,
    modes: Mapping[str, Mode] = DEFAULT_MODES,
    small_component_m: float = SMALL_COMPONENT_M,
    cleaning: RoadCleaning | None = None,
) -> tuple[RoadNetwork, dict[str, Any]]:
    """Read a road file and build its network.

    Parameters
    ----------
    file
        The road file.
    reading
        Further arguments of `read_roads`.
    attribution
        Who made the streets, where the file does not say it.
    modes, small_component_m
        As for `build_network`.
    cleaning
        Takes what was changed in a line layer.

    Returns
    -------
    network, notes
        The network, and what reading and building said: ``rows`` (an entry of run.json's ``inputs``), ``rejected``
        and ``remarks`` (rows of `Rejections`), ``cleaning`` (rows of `RoadCleaning.summary`), ``warnings``.
    """
    rejected = Rejections()
    cleaning = RoadCleaning() if cleaning is None else cleaning
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        roads = read_roads(file, rejected=rejected, cleaning=cleaning, **(reading or {}))
        if attribution:
            roads = replace(roads, source=f"{file.name} ({attribution})")
        require_true_metres(roads.segments)
        warn_of_unknown_classes(roads)
        warn_of_no_classes(roads, cleaning)
        network = build_network(roads, modes=modes, small_component_m=small_component_m)
    return network, {
        "rows": count_rows("roads", file, len(roads.segments), len(rejected.rows)),
        "rejected": rejected.rows,
        "remarks": rejected.remarks,
        "cleaning": cleaning.summary().to_dict("records"),
        "warnings": [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)],
    }


def keep_streets(streets: Streets, folder: Path) -> None:
    """Write a network that was built where the next run looks for it; an earlier one is replaced.

    Raises
    ------
    ConfigError, InputError
        The folder holds something else than a network, or cannot be written.
    """
    save_network(streets.network, streets.notes, folder, force=True)


def save_network(network: RoadNetwork, notes: Mapping[str, Any], folder: Path, *, force: bool = False) -> Path:
    """Write a network with what reading and building it said; see `write_network`."""
    return write_network(network, folder, force=force, notes={_OURS: notes})


def count_rows(table: str, file: Path, kept: int, refused: int) -> dict[str, object]:
    """Return an entry of run.json's ``inputs``."""
    return {
        "table": table,
        "file": file.name,
        "sha256": _sha256(file),
        "read": kept + refused,
        "rejected": refused,
        "kept": kept,
    }


def _used_modes(plan: Plan) -> dict[str, Mode]:
    used = {group.mode for group in plan.groups}
    return {name: mode for name, mode in plan.modes.items() if name in used}


# --- a kept network ---


def _made_from(
    plan: Plan, modes: Mapping[str, Mode], crs: CRS | None, study_area: gpd.GeoDataFrame | None, margin_m: float
) -> dict[str, Any]:
    """List everything that a network depends on, as JSON gives it back; its keys are shown to people."""
    source = plan.roads
    area = None if study_area is None else hashlib.sha256(shapely.to_wkb(study_area.geometry.union_all())).hexdigest()
    parts = {
        "roads": {path.name: _sha256(path) for path in _road_files(source.file)},
        "reading": {name: value for name, value in asdict(source).items() if name not in ("file", "margin_m")},
        "crs": None if crs is None else crs.srs,
        "study area": area,
        "margin": margin_m if area else None,  # without a study area all streets are read
        "modes": [asdict(mode) for mode in modes.values()],
        "small_component_m": plan.snap.small_component_m,
        "program": {"code": _code(), **{name: version(name) for name in _LIBRARIES}},
    }
    plain: dict[str, Any] = json.loads(json.dumps(parts))
    return plain


def _road_files(file: Path) -> list[Path]:
    """Name the file and those that are read with it."""
    if file.suffix.lower() == ".shp":
        # Windows finds roads.dbf for Roads.shp, too
        beside = [path for path in file.parent.iterdir() if path.stem.casefold() == file.stem.casefold()]
        return sorted(path for path in beside if path.suffix.lower() in _SHAPEFILE)
    journal = file.with_name(f"{file.name}-wal")  # what another program wrote to a GeoPackage that it has open
    return [file, journal] if journal.is_file() else [file]


def _code() -> str:
    """Checksum of the code that makes networks: of one version, developers have many."""
    package = Path(coverage_planner.__file__).parent
    files = [*package.glob("*.py"), *package.glob("network/*.py"), *package.glob("sources/*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


@dataclass(frozen=True, eq=False)
class _Kept:
    """A kept network with its notes; or none, and why it is of no use."""

    network: RoadNetwork | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    unusable: str = ""


def _reopen(folder: Path, made_from: Mapping[str, Any]) -> _Kept:
    if not is_network_folder(folder):
        return _Kept()
    try:
        notes = read_notes(folder).get(_OURS, {})
        before = notes.get("made_from", {})
        changed = tuple(name for name, part in made_from.items() if before.get(name, "unknown") != part)
        return _Kept(changed=changed) if changed else _Kept(read_network(folder), notes)
    except SourceError as error:
        return _Kept(unusable=str(error))


def _written(folder: Path) -> str:
    written = (folder / ABOUT_FILE).stat().st_mtime
    return dt.datetime.fromtimestamp(written, tz=dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M")


# --- a network folder as the plan's roads ---


def _notes_of(folder: Path, network: RoadNetwork) -> dict[str, Any]:
    """Return what reading and building a network said, as far as it was kept with it."""
    entry = count_rows("roads", folder, len(network.edges), 0)
    kept = {
        "rows": entry,
        "rejected": [],
        "remarks": [],
        "cleaning": [],
        "warnings": [],
        **read_notes(folder).get(_OURS, {}),
    }
    return {**kept, "rows": {**kept["rows"], "file": entry["file"], "sha256": entry["sha256"]}}


def _for_plan(network: RoadNetwork, plan: Plan, modes: Mapping[str, Mode]) -> RoadNetwork:
    """Return a reopened network with the plan's modes only.

    Raises
    ------
    ConfigError
        The network was built for another CRS, or without one of the modes or for other settings of it.
    """
    name = plan.roads.file.name
    if plan.crs and CRS.from_user_input(plan.crs) != network.edges.crs:
        raise ConfigError(
            f"crs must be that of the network {name}, {network.edges.crs.to_string()}, got {plan.crs}; leave it out"
        )
    if plan.snap.small_component_m != SMALL_COMPONENT_M:
        raise ConfigError(
            f"[snap] small_component_m must be left out where the roads are a network, got "
            f"{plan.snap.small_component_m:g}; {name} says itself what is an island"
        )
    for label, mode in modes.items():
        graph = network.graphs.get(label)
        if graph is None or graph.mode != mode:
            there = f"has {', '.join(network.graphs)}" if graph is None else f"has {_differences(graph.mode, mode)}"
            raise ConfigError(
                f"the network {name} must be built for the plan's mode {label}, but {there}; name the road file itself "
                "in [roads], or change [modes] or the group's mode"
            )
    islands = [network.islands[network.islands["mode"] == label] for label in modes]
    return replace(
        network,
        graphs={label: network.graphs[label] for label in modes},
        islands=pd.concat(islands, ignore_index=True),
    )


def _differences(there: Mode, wanted: Mode) -> str:
    before, after = asdict(there), asdict(wanted)
    return ", ".join(
        f"{name} = {before[name]!r} where the plan has {after[name]!r}" for name in after if before[name] != after[name]
    )


def _sha256(path: Path) -> str:
    """Checksum of a file, or of the checksums of a network folder's files."""
    if path.is_dir():
        sums = "".join(f"{file.name} {_sha256(file)}\n" for file in sorted(path.iterdir()) if file.is_file())
        return hashlib.sha256(sums.encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
