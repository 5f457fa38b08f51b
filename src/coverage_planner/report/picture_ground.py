"""What lies under the maps of the report: streets, water and railways, from map_data.json where a folder has it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from coverage_planner.report.drawing import DEGREE_STEPS, WGS84
from coverage_planner.report.packed import unpack

#: Vertices of any number of lines, shape (n, 2), and a code for each: begins a line, or goes on.
Line = tuple[NDArray[np.float64], NDArray[np.uint8]]
#: The codes of matplotlib's paths.
_MOVE_TO, _LINE_TO = 1, 2

DATA_FILE = "map_data.json"
#: The form of map_data.json that is understood here.
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Ground:
    """Lines and areas to find one's way by, in the CRS of the layers.

    Attributes
    ----------
    streets
        Street class (row of `styles.STREET_CLASSES`) -> lines.
    water
        Areas, each a list of rings of shape (n, 2).
    waterways, railways
        Lines.
    """

    streets: dict[int, Line]
    water: list[list[NDArray[np.float64]]]
    waterways: Line
    railways: Line


def joined(vertices: NDArray[np.float64], starts: NDArray[np.integer[Any]]) -> Line:
    """Return lines that stand behind each other as one path.

    Parameters
    ----------
    vertices
        Shape (n, 2): the vertices of all lines.
    starts
        Where each line but the first begins.
    """
    codes = np.full(len(vertices), _LINE_TO, dtype=np.uint8)
    codes[:1] = _MOVE_TO
    codes[starts] = _MOVE_TO
    return vertices, codes


def read_ground(folder: Path, crs: str) -> Ground | None:
    """Read the ground of a results folder's map; None where it has none, as with folders of earlier versions.

    Parameters
    ----------
    folder
        The results folder.
    crs
        CRS of its layers.
    """
    try:
        data = json.loads((folder / DATA_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        return None
    to_metres = Transformer.from_crs(WGS84, crs, always_xy=True)

    def placed(steps: NDArray[np.int64]) -> NDArray[np.float64]:
        x, y = to_metres.transform(steps[:, 0] / DEGREE_STEPS, steps[:, 1] / DEGREE_STEPS)
        return np.column_stack([x, y])

    drawn = data["streets"]
    vertices = placed(unpack(drawn["path"]).reshape(-1, 2).astype(np.int64))
    firsts = unpack(drawn["first"]).astype(np.int64)
    n_vertices = firsts[1:] - firsts[:-1]
    classes = unpack(drawn["class"])
    owner = np.repeat(np.arange(len(classes)), n_vertices)
    streets = {}
    for kind in np.unique(classes).tolist():
        chosen = np.isin(owner, np.flatnonzero(classes == kind))
        streets[kind] = joined(vertices[chosen], np.flatnonzero(np.diff(owner[chosen])) + 1)
    ground = data.get("ground") or {}
    pieces = {kind: tuple(ground.get(kind) or ()) for kind in ("water", "railway")}
    areas = {kind: [area for piece in of_kind for area in _areas_of(piece)] for kind, of_kind in pieces.items()}
    water = [[placed(ring) for ring in area] for area in areas["water"]]
    lines = {kind: [placed(line) for piece in of_kind for line in _lines_of(piece)] for kind, of_kind in pieces.items()}
    lines["railway"] += [placed(ring) for area in areas["railway"] for ring in area]
    return Ground(streets, water, _one_path(lines["water"]), _one_path(lines["railway"]))


def _one_path(lines: Sequence[NDArray[np.float64]]) -> Line:
    lengths = np.cumsum([len(line) for line in lines], dtype=np.int64)
    return joined(np.concatenate([np.empty((0, 2)), *lines]), lengths[:-1])


def _lines_of(piece: Mapping[str, Any]) -> list[NDArray[np.int64]]:
    """Lines of a piece of the ground: narrow rivers and canals come as lines, lakes as areas."""
    return _lines(piece["paths"]) if piece["kind"] == "lines" else []


def _areas_of(piece: Mapping[str, Any]) -> list[list[NDArray[np.int64]]]:
    return _areas(piece["paths"]) if piece["kind"] == "areas" else []


def _lines(paths: Iterable[Sequence[int]]) -> list[NDArray[np.int64]]:
    """Add up steps; each path starts where the one before ended."""
    found, at = [], np.zeros(2, dtype=np.int64)
    for path in paths:
        line = at + np.asarray(path, dtype=np.int64).reshape(-1, 2).cumsum(axis=0)
        found.append(line)
        at = line[-1]
    return found


def _areas(areas: Iterable[Any]) -> list[list[NDArray[np.int64]]]:
    rings = [(number, ring) for number, area in enumerate(areas) for ring in area]
    found: dict[int, list[NDArray[np.int64]]] = {}
    for (number, _), line in zip(rings, _lines(ring for _, ring in rings), strict=True):
        found.setdefault(number, []).append(line)
    return list(found.values())
