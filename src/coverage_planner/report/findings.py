"""What was found while checking the inputs of a plan: plain records that the check page, the terminal and JSON show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.report.words import Language
from coverage_planner.sources.road_cleaning import RoadCleaning

Level = Literal["error", "warning", "note"]
#: From heavy to light; the exit code of a report is that of its heaviest finding.
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
#: Kinds of findings that explain many others.
_FIRST = ("plan", "datum", "far from streets")
_EXIT_CODES = {"error": 2, "warning": 1, "note": 0}

#: Upper ends of the classes of snap distances in metres; what lies beyond the snap limit stands apart.
SNAP_CLASSES_M = (5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 150.0, 200.0)


class Said(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """Return the text of a language."""
        return self.zh if language == "zh" else self.en


NOTHING_SAID = Said("", "")


class Named(NamedTuple):
    """What an input is called in findings: its key in the plan file and its words."""

    key: str
    what: Said


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that a planner should know about an input.

    Attributes
    ----------
    level
        'error' (no result can be had, or none that means anything), 'warning' (results would be wrong or doubtful
        somewhere), 'note' (good to know).
    code
        A short name of the kind of finding, for machines.
    input
        Key of the `InputCheck` it is about; '' for the plan as a whole.
    what, advice
        What was found, and what to do.
    rows
        Row numbers as a spreadsheet shows them, or feature numbers; empty where rows have none.
    ids
        Labels of the rows, in the same order.
    where
        Geometries for the map, in any CRS; as long as `ids` where each belongs to one of them. None without a place.
    """

    level: Level
    code: str
    input: str
    what: Said
    advice: Said = NOTHING_SAID
    rows: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    where: gpd.GeoSeries | None = None

    @property
    def count(self) -> int:
        """How many rows or places it is about; at least one."""
        return max(len(self.rows), len(self.ids), 1)


@dataclass(frozen=True, eq=False)
class SnapCheck:
    """How far the points of an input lie from the streets of a mode.

    Attributes
    ----------
    mode, limit_m
        The mode as `Mode.describe` says it, and the snap limit.
    counts
        Points per class of `SNAP_CLASSES_M` up to the limit; the last entry counts what lies between the last class
        and the limit, if anything can.
    too_far, barred, on_island
        Points without a street within the limit; those whose every street near is behind an obstacle; those whose
        street is an island.
    median_m, p95_m
        Of the points that have a street; NaN without any.
    """

    mode: str
    limit_m: float
    counts: tuple[int, ...]
    too_far: int
    barred: int
    on_island: int
    median_m: float
    p95_m: float

    def classes(self) -> list[tuple[float, float, int]]:
        """Return lower end, upper end and count of each class."""
        ends = [*(end for end in SNAP_CLASSES_M if end < self.limit_m), self.limit_m]
        return list(zip([0.0, *ends[:-1]], ends, self.counts, strict=True))


@dataclass(frozen=True, eq=False)
class InputCheck:
    """What was read of one input.

    Attributes
    ----------
    key
        Its name in the plan file: '[facilities]', '[[groups]] 1 demand'.
    table
        'roads', 'study_area', 'areas', 'facilities', 'premises' or 'demand'.
    file
        Name of the file.
    group
        For which group; '' where it is for all.
    read, rejected, remarks
        Rows of the file; those that cannot be used; remarks on rows that can. None where it could not be read.
    kept
        Rows that count, or points made from them: those inside the study area, or for stations in it and its margin.
    outside
        Usable rows, or points, that lie outside.
    total
        Sum of the demand inside, of demand; NaN else.
    how
        How the file was read: encoding, sheet, header.
    datum
        Verdict on the datum, in both languages; empty where nothing was to be decided.
    datum_fits
        Whether it agrees with what the plan says; None where it is not decided.
    snap
        Distances to the streets; None where not measured.
    points
        What the map shows of it; None without.
    """

    key: str
    table: str
    file: str
    group: str = ""
    read: int | None = None
    rejected: int | None = None
    kept: int | None = None
    remarks: int = 0
    outside: int = 0
    total: float = float("nan")
    how: tuple[Said, ...] = ()
    datum: Said = NOTHING_SAID
    datum_fits: bool | None = None
    snap: SnapCheck | None = None
    points: gpd.GeoDataFrame | None = None


@dataclass(frozen=True, eq=False)
class StreetCheck:
    """What the map and the tables show of the streets.

    Attributes
    ----------
    edges
        The network's streets.
    modes
        One row per mode: ``mode`` (as described), ``open_km``, ``island_km``, ``islands``, ``points`` (points of all
        inputs that stand on islands).
    islands
        Streets on islands, of any mode.
    obstacles
        Water, railways and walls: ``kind``, ``geometry``.
    attribution
        Whom to name for the streets.
    cleaning
        What reading a road layer changed; None for other formats.
    """

    edges: gpd.GeoDataFrame
    modes: pd.DataFrame
    islands: gpd.GeoDataFrame
    obstacles: gpd.GeoDataFrame
    attribution: str
    cleaning: RoadCleaning | None = None


@dataclass(frozen=True, eq=False)
class CheckReport:
    """Everything that checking a plan found.

    Attributes
    ----------
    name, file, language, synthetic
        Of the plan; the file's name where its title could not be read.
    inputs
        In the order of the plan.
    findings
        Heaviest first.
    study_area, communities, streets
        For the map; None where they could not be read.
    rejected, remarks
        Rows that cannot be used, with the reason; rows that can, with what is to be known: see `Rejections`.
    """

    name: str
    file: str
    language: Language
    inputs: tuple[InputCheck, ...]
    findings: tuple[Finding, ...]
    synthetic: bool = False
    study_area: gpd.GeoDataFrame | None = None
    communities: gpd.GeoDataFrame | None = None
    streets: StreetCheck | None = None
    rejected: pd.DataFrame = field(default_factory=pd.DataFrame)
    remarks: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def level(self) -> Level | None:
        """The heaviest level found; None where nothing was."""
        return next((level for level in LEVELS if any(f.level == level for f in self.findings)), None)

    @property
    def exit_code(self) -> int:
        """0 fine, 1 warnings, 2 errors."""
        return 0 if self.level is None else _EXIT_CODES[self.level]

    def of_input(self, key: str) -> tuple[Finding, ...]:
        """Return the findings about one input."""
        return tuple(finding for finding in self.findings if finding.input == key)


def sort_findings(findings: Sequence[Finding], keys: Sequence[str]) -> tuple[Finding, ...]:
    """Order findings by level, a wrong datum first, then by input as the plan names them, then by how many rows.

    Parameters
    ----------
    findings
        In any order; of equals the first stays first.
    keys
        The inputs in the order of the plan.
    """
    place = {key: number for number, key in enumerate(keys)}
    return tuple(
        sorted(findings, key=lambda f: (LEVELS.index(f.level), f.code not in _FIRST, place.get(f.input, -1), -f.count))
    )


def snap_counts(access_m: np.ndarray, limit_m: float) -> tuple[int, ...]:
    """Count distances per class, up to the snap limit; see `SnapCheck.classes`."""
    ends = [0.0, *(end for end in SNAP_CLASSES_M if end < limit_m), np.inf]
    return tuple(int(n) for n in np.histogram(access_m[np.isfinite(access_m)], bins=ends)[0])
