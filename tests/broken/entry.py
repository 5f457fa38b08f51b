"""What an entry of the corpus of broken inputs is, and the plan that it breaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drawn_plan import PEOPLE, PLAN, draw_plan, write_plan, write_points
from osm_drawing import place

HEADER = ["编号", "名称", "级别", "经度", "纬度"]
#: id, name, level, column, row of the drawing: four stations, all within the study area and its margin.
CORNERS = [
    ("S1", "河西户外劳动者服务中心", "服务中心", 15, 12),
    ("S2", "城外驿站", "驿站", 12, 21),
    ("S3", "东门驿站", "驿站", 24, 15),
    ("S4", "花园驿站", "驿站", 18, 24),
]
#: The same as rows of a spreadsheet.
STATIONS = [(*corner[:3], *place(*corner[3:])) for corner in CORNERS]
#: Where each station stands: id -> longitude, latitude.
PLACES = {corner[0]: place(*corner[3:]) for corner in CORNERS}
#: The demand of the drawing as rows of a spreadsheet.
DEMAND_HEADER = ["id", "lon", "lat", "人数"]
DEMAND = [(f"D{n}", *place(*corner), weight) for n, (corner, weight) in enumerate(PEOPLE.items(), start=1)]
#: Number of demand points and of communities in the drawing.
N_DEMAND, N_COMMUNITIES = len(DEMAND), 4
GROUP = {key: value for key, value in PLAN["groups"][0].items() if key != "demand"}

OK, WARNED, REFUSED = 0, 1, 2
#: The issue asks that it be understood and nothing be lost; whether it deserves a warning is left open.
UNDERSTOOD = (OK, WARNED)

Draw = Callable[[Path], dict | None]


@dataclass(frozen=True)
class Broken:
    """One broken input and what has to become of it.

    Attributes
    ----------
    name
        What is broken.
    draw
        Takes a folder with the drawn plan's files, breaks one, and returns the keys of the plan that change.
    check
        Exit code of ``coverage-planner check``, or several that are right. 2 means that `plan` refuses, others that
        it runs on.
    says
        Patterns that must stand in what `check` says, and in the message of `plan` where it refuses (any case).
    table
        Which input is broken, as rejected.csv calls it.
    rows
        How many rows of values the broken file has; None where that is not for this test to say (a file that cannot
        be opened) or rows are no rows (streets are cut into pieces).
    rejected
        Row number -> pattern of the reason: exactly these rows of the table must stand in rejected.csv. None: any.
    remarks
        Row number -> pattern of column, cell and remark: these rows must stand in remarks.csv.
    names
        Id -> name: stations that must come out with this name.
    """

    name: str
    draw: Draw
    check: int | tuple[int, ...]
    says: tuple[str, ...] = ()
    table: str = "facilities"
    rows: int | None = None
    rejected: Mapping[int, str] | None = field(default_factory=dict)
    remarks: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[int, ...]:
        """The exit codes of `check` that are right."""
        return self.check if isinstance(self.check, tuple) else (self.check,)


def draw_base(folder: Path, **changes) -> Path:
    """Write the plan that entries break: four stations, one group, nothing to be proposed."""
    draw_plan(folder)
    write_points(folder / "stations.csv", HEADER, STATIONS)
    return rewrite_plan(folder, **changes)


def rewrite_plan(folder: Path, **changes) -> Path:
    """Write the plan file alone, with keys changed."""
    demand = changes.pop("demand", {"file": "demand.csv"})
    base = {
        "crs": "EPSG:32650",  # looking the zone up would be half of the time that a check takes
        "groups": [{**GROUP, "demand": demand}],
        "siting": None,
        "premises": None,
        "communities": None,
    }
    return write_plan(folder / "plan.toml", **{**base, **changes})


def csv_bytes(rows, separator: str = ",", header=HEADER) -> bytes:
    """Return a table as bytes of UTF-8, the way a spreadsheet saves it but without quotes."""
    return "".join(separator.join(map(str, row)) + "\r\n" for row in ([header, *rows] if header else rows)).encode()
