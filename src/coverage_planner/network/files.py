"""A built network on disk: a folder of tables that QGIS opens, written whole or not at all, reopened bit for bit.

==================  ====================================================================================================
File                What
==================  ====================================================================================================
nodes.parquet       GeoParquet, one row per junction: the columns of `RoadNetwork.nodes`, and per mode what is known of
                    each node, ``walk_delay_ms`` and so on.
edges.parquet       GeoParquet, one row per edge: the columns of `RoadNetwork.edges`, and per mode what is known of each
                    edge: ``walk_forward_ms``, ``walk_backward_ms``, ``walk_component``, ``walk_snappable``,
                    ``walk_island``.
obstacles.parquet   GeoParquet, as `RoadNetwork.obstacles`.
islands.parquet     Parquet, as `RoadNetwork.islands`.
graphs.parquet      Parquet, one row per mode: the other arrays of its `ModeGraph`, adjacency and components, as lists.
network.json        Form, program, CRS, source, all settings of each mode, checksums of the files, and notes.
==================  ====================================================================================================

Nothing is computed when a network is reopened: its adjacency takes a few milliseconds to read and 0.3 s to build for a
city's four modes. Geometries are WKB: GeoArrow's encoding was no faster to read and few programs open it.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyproj import CRS

from coverage_planner import __version__
from coverage_planner.errors import InputError, SourceError, name_some
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.whole_folder import check_replaceable, whole_folder

#: Number of the folder's form; it rises when a file or column changes its meaning.
FORMAT = 1

ABOUT_FILE = "network.json"
_TABLES = ("nodes.parquet", "edges.parquet", "obstacles.parquet", "islands.parquet", "graphs.parquet")
FILES = frozenset({ABOUT_FILE, *_TABLES})

#: A sixth smaller than Parquet's usual Snappy and no slower to read.
_COMPRESSION: Literal["zstd"] = "zstd"

#: Key of network.json by which ours is known; its value is the form.
_MARK = "coverage_planner_network"

#: Arrays of a `ModeGraph` that have one value per edge or per node; all others are lists in graphs.parquet.
_PER_EDGE = ("forward_ms", "backward_ms", "component", "snappable", "island")
_PER_NODE = ("delay_ms",)


def write_network(
    network: RoadNetwork,
    folder: str | PathLike[str],
    *,
    force: bool = False,
    notes: Mapping[str, Any] | None = None,
) -> Path:
    """Save a built network, so that it need not be built again.

    Everything is written to a hidden folder beside it, which takes the name at the end: whatever goes wrong, the
    folder is either there whole or not at all. QGIS and geopandas open ``edges.parquet`` and the others.

    Parameters
    ----------
    network
        The network.
    folder
        The folder to write; its parents are made.
    force
        Replace an existing network folder. A folder that is none, or that holds anything else besides, is refused all
        the same, so nobody's files are deleted.
    notes
        Anything that JSON can hold, to be kept with the network; see `read_notes`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists.
    InputError
        The folder cannot be written, or a column holds values of several types.
    """
    target = Path(folder).resolve()
    check_folder(target, force=force)
    with whole_folder(target, what="network", check=lambda: check_folder(target, force=force)) as partial:
        tables = dict(zip(_TABLES, _to_tables(network), strict=True))
        for name, table in tables.items():
            try:
                _write_table(table, partial / name)
            except pa.ArrowException as error:
                raise InputError(
                    f"each column of a network must hold values of one type, not so in {name}: {error}; convert them"
                ) from error
        about = {
            _MARK: FORMAT,
            "program": __version__,
            "source": network.source,
            "crs": network.edges.crs.srs,
            "modes": {name: asdict(graph.mode) for name, graph in network.graphs.items()},
            "columns": {"nodes": list(network.nodes.columns), "edges": list(network.edges.columns)},
            "fields": _fields(),
            "notes": dict(notes or {}),
            "sha256": {name: _sha256((partial / name).read_bytes()) for name in _TABLES},
        }
        about["sha256"][ABOUT_FILE] = _sha256_of_about(about)
        text = json.dumps(about, ensure_ascii=False, indent=2, allow_nan=False)
        (partial / ABOUT_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
    return target


def read_network(folder: str | PathLike[str]) -> RoadNetwork:
    """Reopen a network that `write_network` saved.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    RoadNetwork
        Equal in every field to the network that was saved, bit for bit.

    Raises
    ------
    SourceError
        The folder does not exist, is no network folder, was written by another version of the form, lacks a file, or
        a file is not as it was written.
    """
    home = Path(folder)
    about = _read_about(home)
    contents = _read_files(home, about)
    nodes = _read_geometries(contents["nodes.parquet"], about, about["columns"]["nodes"])
    edges = _read_geometries(contents["edges.parquet"], about, about["columns"]["edges"])
    arrays: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in about["modes"]}
    for file, axis in (("nodes.parquet", _PER_NODE), ("edges.parquet", _PER_EDGE)):
        named = {_column(mode, field): (mode, field) for mode in arrays for field in axis}
        table = pq.read_table(io.BytesIO(contents[file]), columns=list(named))
        for column, (mode, field) in named.items():
            arrays[mode][field] = _writable(table.column(column).to_numpy())
    graphs = pq.read_table(io.BytesIO(contents["graphs.parquet"]))
    for row, mode in enumerate(graphs.column("mode").to_pylist()):
        for field in _listed():
            arrays[mode][field] = _writable(graphs.column(field).slice(row, 1).combine_chunks().flatten().to_numpy())
    return RoadNetwork(
        nodes=nodes,
        edges=edges,
        graphs={name: ModeGraph(mode=Mode(**about["modes"][name]), **arrays[name]) for name in arrays},
        obstacles=_read_geometries(contents["obstacles.parquet"], about, None),
        islands=pd.read_parquet(io.BytesIO(contents["islands.parquet"])),
        source=about["source"],
    )


def read_notes(folder: str | PathLike[str]) -> dict[str, Any]:
    """Return the notes that `write_network` kept with a network.

    Raises
    ------
    SourceError
        As for `read_network`; the tables themselves are not read.
    """
    notes: dict[str, Any] = _read_about(Path(folder))["notes"]
    return notes


def is_network_folder(folder: str | PathLike[str]) -> bool:
    """Say whether a folder is one that `write_network` made, of whatever version and in whatever state."""
    return _find_about(Path(folder)) is not None


def check_folder(folder: str | PathLike[str], *, force: bool = False) -> None:
    """Raise unless a network can be written to a folder without loss of anybody's files; ask before long work.

    Parameters
    ----------
    folder
        The folder to be written.
    force
        Whether a network folder may be replaced.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is not a network folder and nothing else.
    """
    home = Path(folder).resolve()
    check_replaceable(home, what="network", mark=ABOUT_FILE, is_ours=is_network_folder(home), files=FILES, force=force)


# --- network.json ---


def _find_about(folder: Path) -> dict[str, Any] | None:
    """Return what a network folder's network.json holds; None where it is no network folder."""
    try:
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # no such file, or somebody else's
        return None
    return about if isinstance(about, dict) and isinstance(about.get(_MARK), int) else None


def _read_about(folder: Path) -> dict[str, Any]:
    about = _find_about(folder)
    if about is None:
        found = f"a folder without a sound {ABOUT_FILE} of ours" if folder.is_dir() else "no such folder"
        raise SourceError(
            f"a network folder must have been written by write_network, found {found} at {folder}; check the path, or "
            "build the network again"
        )
    if about[_MARK] != FORMAT or about.get("fields") != _fields():
        newer = about[_MARK] > FORMAT
        raise SourceError(
            f"the network in {folder} must be of the form that this version writes ({FORMAT}), got one of form "
            f"{about[_MARK]} by version {about.get('program')}; "
            f"{'update coverage-planner' if newer else 'build the network again'}"
        )
    sums = about.get("sha256")
    if not isinstance(sums, dict) or sums.get(ABOUT_FILE) != _sha256_of_about(about):
        raise _changed(folder, [ABOUT_FILE])
    return about


def _sha256_of_about(about: Mapping[str, Any]) -> str:
    """Checksum of everything in network.json but itself: a speed edited there would no longer be that of the times."""
    sums = {name: value for name, value in about["sha256"].items() if name != ABOUT_FILE}
    return _sha256(json.dumps({**about, "sha256": sums}, sort_keys=True, ensure_ascii=False).encode())


def _sha256(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


def _changed(folder: Path, names: list[str]) -> SourceError:
    return SourceError(
        f"the files of a network must be as they were written, but in {folder} these are damaged or changed: "
        f"{name_some(names)}; build the network again"
    )


def _fields() -> dict[str, list[str]]:
    """Name what this version of the program keeps of modes and graphs; another version may need more or less."""
    return {kind.__name__: [field.name for field in fields(kind)] for kind in (Mode, ModeGraph)}


# --- the tables ---


def _read_files(folder: Path, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Read all files into memory and check them there, so that nothing can change in between."""
    missing = [name for name in _TABLES if not (folder / name).is_file()]
    if missing:
        raise SourceError(
            f"a network folder must hold all its files, missing in {folder} are {name_some(missing)}; build the "
            "network again"
        )
    contents = {name: (folder / name).read_bytes() for name in _TABLES}
    changed = [name for name, content in contents.items() if _sha256(content) != about["sha256"].get(name)]
    if changed:
        raise _changed(folder, changed)
    return contents


def _to_tables(network: RoadNetwork) -> tuple[pd.DataFrame | pa.Table, ...]:
    """Return the tables in the order of `_TABLES`."""

    def widen(table: gpd.GeoDataFrame, axis: tuple[str, ...]) -> gpd.GeoDataFrame:
        columns = {_column(mode, f): getattr(graph, f) for mode, graph in network.graphs.items() for f in axis}
        taken = [name for name in columns if name in table]
        if taken:
            raise InputError(
                f"the tables of a network must leave the columns of the modes free, got {name_some(taken)}; rename them"
            )
        return table.assign(**columns)

    graphs = list(network.graphs.values())
    lists = {field: _list_column([getattr(graph, field) for graph in graphs]) for field in _listed() if graphs}
    return (
        widen(network.nodes, _PER_NODE),
        widen(network.edges, _PER_EDGE),
        network.obstacles,
        network.islands,
        pa.table({"mode": list(network.graphs), **lists}),
    )


def _write_table(table: pd.DataFrame | pa.Table, path: Path) -> None:
    if isinstance(table, pa.Table):
        pq.write_table(table, path, compression=_COMPRESSION)
    else:
        table.to_parquet(path, compression=_COMPRESSION)


def _read_geometries(content: bytes, about: Mapping[str, Any], columns: list[str] | None) -> gpd.GeoDataFrame:
    table = gpd.read_parquet(io.BytesIO(content), columns=columns)
    # GeoParquet spells the CRS out; this is how it was spelt when the network was built
    return table.set_crs(CRS.from_user_input(about["crs"]), allow_override=True)


def _column(mode: str, field: str) -> str:
    return f"{mode}_{field}"


def _listed() -> list[str]:
    """Name the arrays of a `ModeGraph` that are neither per edge nor per node."""
    return [field.name for field in fields(ModeGraph) if field.name not in {"mode", *_PER_EDGE, *_PER_NODE}]


def _list_column(arrays: list[NDArray[Any]]) -> pa.LargeListArray:
    """One list per array, as a column."""
    ends = np.cumsum([0, *(len(array) for array in arrays)])
    return pa.LargeListArray.from_arrays(pa.array(ends), pa.array(np.concatenate(arrays)))


def _writable(array: NDArray[Any]) -> NDArray[Any]:
    """Own the values: for arrays that must not be written to, compiled code would be compiled anew."""
    return np.require(array, requirements=["C", "W", "O"])
