"""Positions that are somewhere else, written otherwise, or no positions; and the other cells of a row."""

from pathlib import Path

import pyproj

from broken.entry import (
    DEMAND,
    DEMAND_HEADER,
    HEADER,
    N_DEMAND,
    REFUSED,
    STATIONS,
    UNDERSTOOD,
    WARNED,
    Broken,
    csv_bytes,
)

NAMES = {row[0]: row[1] for row in STATIONS}
LABELS = HEADER[:3]


def _stations(rows, header=HEADER, **keys):
    def draw(folder: Path) -> dict:
        # quoted by hand where cells hold commas
        (folder / "stations.csv").write_bytes(csv_bytes(rows, header=header))
        return {"facilities": {"file": "stations.csv", **keys}}

    return draw


def _demand(change, header=DEMAND_HEADER):
    rows = [change(n, row) for n, row in enumerate(DEMAND, start=2)]

    def draw(folder: Path) -> None:
        (folder / "demand.csv").write_bytes(csv_bytes(rows, header=header))

    return draw


def _weights(**cells):
    """Demand with other texts in the column of people: row number -> text."""
    given = {int(key.removeprefix("row")): text for key, text in cells.items()}
    return _demand(lambda n, row: (*row[:3], given.get(n, row[3])))


def _at(position: dict[int, tuple], rows=STATIONS):
    """Stations of which some rows (as the spreadsheet numbers them) have another position."""
    return [(*row[:3], *position.get(n, row[3:])) for n, row in enumerate(rows, start=2)]


def _with(column: str, cells: dict[int, str]):
    """Stations with one more column: row -> cell."""
    return _stations([(*row, cells.get(n, "")) for n, row in enumerate(STATIONS, start=2)], [*HEADER, column])


def _metres(code: int):
    convert = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform
    return [(*row[:3], *(round(value, 3) for value in convert(*row[3:]))) for row in STATIONS]


def _dms(degrees: float, letter: str = "") -> str:
    minutes, seconds = divmod(round(degrees * 3_600_000), 3_600_000)
    minute, rest = divmod(seconds, 60_000)
    return f"{minutes}°{minute}′{rest / 1000:.3f}″{letter}"


def _full_width(value: object) -> str:
    return str(value).translate({**{ord(str(n)): ord("０") + n for n in range(10)}, ord("."): ord("．")})


_SWAPPED = [(*row[:3], row[4], row[3]) for row in STATIONS]
_BD09 = [(*row[:3], 116.404, 39.915) for row in STATIONS]

ENTRIES = [
    Broken(
        "longitude and latitude exchanged in all rows",
        _stations(_SWAPPED),
        REFUSED,
        ("swapped|exchanged",),
        rows=4,
        rejected=None,
    ),
    Broken(
        "longitude and latitude exchanged in one row",
        _stations([*STATIONS[:2], _SWAPPED[2], STATIONS[3]]),
        WARNED,
        ("swapped|exchanged|latitude is outside",),
        rows=4,
        rejected=None,
    ),
    Broken("position of zero", _stations(_at({3: (0, 0)})), WARNED, rows=4, rejected={3: "0|zero|outside"}),
    Broken(
        "positions of zero in all rows",
        _stations(_at(dict.fromkeys(range(2, 6), (0, 0)))),
        REFUSED,
        ("stations.csv", "0|zero|outside"),
    ),
    Broken(
        "blank position with an address",
        _stations(
            [
                (*row[:3], *(("", "") if n == 3 else row[3:]), f"河西路 {n} 号")
                for n, row in enumerate(STATIONS, start=2)
            ],
            [*HEADER, "地址"],
        ),
        WARNED,
        ("河西路 3 号|address",),
        rows=4,
        rejected={3: "blank|address|no position"},
    ),
    Broken(
        "addresses and no position at all",
        _stations([(*row[:3], "", "", f"河西路 {n} 号") for n, row in enumerate(STATIONS)], [*HEADER, "地址"]),
        REFUSED,
        ("stations.csv", "blank|address|no position"),
    ),
    Broken("metres where degrees belong", _stations(_metres(4547)), REFUSED, ("stations.csv", "metres|source_crs")),
    Broken(
        "metres in one row",
        _stations(_at({3: _metres(4547)[1][3:]})),
        WARNED,
        rows=4,
        rejected={3: "metres|outside|degrees"},
    ),
    Broken("metres with their CRS", _stations(_metres(4547), source_crs="EPSG:4547"), UNDERSTOOD, rows=4, names=NAMES),
    Broken(
        "metres with the zone before the easting",
        _stations(_metres(4526), source_crs="EPSG:4526"),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "metres with a CRS of another zone",
        _stations(_metres(4547), source_crs="EPSG:4549"),
        REFUSED,
        ("stations.csv", "outside|study area"),
    ),
    Broken(
        "degrees with a CRS in metres",
        _stations(STATIONS, source_crs="EPSG:4547"),
        REFUSED,
        ("stations.csv", "degrees|outside|metres|EPSG:4547"),
    ),
    Broken("CRS that does not exist", _stations(STATIONS, source_crs="EPSG:999999"), REFUSED, ("source_crs", "999999")),
    Broken(
        "one station on another continent",
        _stations(_at({4: (2.35, 48.86)})),
        UNDERSTOOD,
        ("outside",),
        rows=4,
        rejected={4: "outside"},
    ),
    Broken("longitude of 1143", _stations(_at({4: (1143.24, 30.5)})), WARNED, rows=4, rejected={4: "longitude|lon"}),
    Broken(
        "degrees, minutes and seconds",
        _stations([(*row[:3], _dms(row[3]), _dms(row[4])) for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "degrees, minutes and seconds with letters",
        _stations([(*row[:3], _dms(row[3], "E"), _dms(row[4], "N")) for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "degrees with their sign and letter",
        _stations([(*row[:3], f"{row[3]}°E", f"{row[4]}°N") for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "minutes that are 75",
        _stations(_at({3: ("114°75′18″", "30°31′15″")})),
        WARNED,
        rows=4,
        rejected={3: "longitude|lon|minutes"},
    ),
    Broken(
        "full-width digits",
        _stations([(*row[:3], *map(_full_width, row[3:])) for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "blanks and zero-width signs around numbers",
        _stations([(*row[:3], f"\u00a0{row[3]}\u200b", f"\ufeff{row[4]}\u3000") for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "position as one text",
        _stations([(*row[:3], f'"{row[3]},{row[4]}"') for row in STATIONS], [*LABELS, "坐标"]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "position as one text with a full-width comma",
        _stations([(*row[:3], f"{row[3]}，{row[4]}") for row in STATIONS], [*LABELS, "经纬度"]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "position as one text, latitude first",
        _stations([(*row[:3], f'"{row[4]},{row[3]}"') for row in STATIONS], [*LABELS, "坐标"]),
        UNDERSTOOD,
        ("latitude|lat|swapped|exchanged",),
        rows=4,
        rejected=None,
    ),
    Broken(
        "position as one text, latitude first in one row",
        _stations(
            [(*row[:3], f'"{row[4]},{row[3]}"' if row[0] == "S2" else f'"{row[3]},{row[4]}"') for row in STATIONS],
            [*LABELS, "坐标"],
        ),
        WARNED,
        ("latitude|swapped|exchanged",),
        rows=4,
        rejected=None,
    ),
    Broken(
        "position as one text of three numbers",
        _stations(
            [(*row[:3], f'"{row[3]},{row[4]},12"' if row[0] == "S2" else f'"{row[3]},{row[4]}"') for row in STATIONS],
            [*LABELS, "坐标"],
        ),
        UNDERSTOOD,
        rows=4,
        rejected=None,
    ),
    Broken(
        "position as WKT",
        _stations([(*row[:3], f"POINT ({row[3]} {row[4]})") for row in STATIONS], [*LABELS, "wkt"]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "WKT that breaks off",
        _stations(
            [(*row[:3], f"POINT ({row[3]} {row[4]}" + ")" * (row[0] != "S2")) for row in STATIONS], [*LABELS, "wkt"]
        ),
        WARNED,
        rows=4,
        rejected={3: "WKT|geometry|position"},
    ),
    Broken(
        "WKT of a line among points",
        _stations(
            [
                (
                    *row[:3],
                    f'"LINESTRING ({row[3]} {row[4]}, 114.4 30.5)"' if row[0] == "S2" else f"POINT ({row[3]} {row[4]})",
                )
                for row in STATIONS
            ],
            [*LABELS, "wkt"],
        ),
        WARNED,
        rows=4,
        rejected={3: "point"},
    ),
    Broken(
        "WKT of an empty point",
        _stations(
            [(*row[:3], "POINT EMPTY" if row[0] == "S2" else f"POINT ({row[3]} {row[4]})") for row in STATIONS],
            [*LABELS, "wkt"],
        ),
        WARNED,
        rows=4,
        rejected={3: "blank|empty|missing|position"},
    ),
    Broken(
        "decimal commas in coordinates",
        _stations([(*row[:3], *(f'"{str(value).replace(".", ",")}"' for value in row[3:])) for row in STATIONS]),
        UNDERSTOOD,
        rows=4,
        names={},
    ),
    Broken(
        "words where coordinates belong",
        _stations(_at({3: ("待定", "见备注")})),
        WARNED,
        rows=4,
        rejected={3: "number|degrees|position|blank"},
    ),
    Broken(
        "coordinates that are infinite or no number",
        _stations(_at({3: ("inf", "30.5"), 4: ("NaN", "nan")})),
        WARNED,
        rows=4,
        rejected={3: "longitude|lon", 4: "longitude|lon|position"},
    ),
    Broken(
        "words in the column of people",
        _weights(row5="约三十"),
        WARNED,
        table="demand",
        rows=N_DEMAND,
        rejected={5: "number"},
    ),
    Broken(
        "people with a unit and with commas between thousands",
        _weights(row5="12人", row6='"1,200"'),
        UNDERSTOOD,
        table="demand",
        rows=N_DEMAND,
        rejected=None,
    ),
    Broken("people in full-width digits", _weights(row5="１２"), UNDERSTOOD, table="demand", rows=N_DEMAND),
    Broken(
        "fewer than no people",
        _weights(row5="-12"),
        WARNED,
        table="demand",
        rows=N_DEMAND,
        rejected={5: "less than 0|negative"},
    ),
    Broken(
        "endless people",
        _weights(row5="inf", row6="1e999"),
        WARNED,
        table="demand",
        rows=N_DEMAND,
        rejected={5: "finite|number", 6: "finite|number"},
    ),
    Broken("nobody anywhere", _demand(lambda _, row: (*row[:3], 0)), REFUSED, ("demand", "zero")),
    Broken("people left blank", _weights(row5=""), WARNED, table="demand", rows=N_DEMAND, rejected={5: "blank"}),
    Broken(
        "ids that repeat",
        _stations([STATIONS[0], STATIONS[1], ("S1", *STATIONS[2][1:]), STATIONS[3]]),
        WARNED,
        rows=4,
        rejected={4: "earlier row|repeat|twice"},
    ),
    Broken(
        "ids left blank",
        _stations([STATIONS[0], ("", *STATIONS[1][1:]), *STATIONS[2:]]),
        WARNED,
        rows=4,
        rejected={3: "id is blank"},
    ),
    Broken(
        "the same station twice",
        _stations([*STATIONS, ("S5", *STATIONS[0][1:])]),
        WARNED,
        ("duplicate|same place|twice|same position",),
        rows=5,
    ),
    Broken(
        "the same station twice, spelled a little otherwise",
        _stations([*STATIONS, ("S5", "河西户外劳动者服务中心 ", "服务中心", STATIONS[0][3] + 0.00002, STATIONS[0][4])]),
        WARNED,
        ("duplicate|same place|twice|same position|near",),
        rows=5,
    ),
    Broken("names left blank", _stations([(row[0], "", *row[2:]) for row in STATIONS]), UNDERSTOOD, rows=4),
    Broken(
        "level that nobody knows",
        _stations([*STATIONS[:3], (*STATIONS[3][:2], "旗舰店", *STATIONS[3][3:])]),
        UNDERSTOOD,
        ("旗舰店",),
        rows=4,
        remarks={5: "旗舰店"},
    ),
    Broken(
        "services that nobody knows",
        _with("服务", {2: "饮水、充电", 3: "饮水、量子通信"}),
        UNDERSTOOD,
        ("量子通信",),
        rows=4,
        remarks={3: "量子通信"},
    ),
    Broken(
        "hours that nobody understands",
        _with("开放时间", {2: "8:30-17:30", 3: "看心情", 4: "25:00-26:99"}),
        WARNED,
        ("看心情",),
        rows=4,
        remarks={3: "看心情", 4: "25:00"},
    ),
    Broken(
        "hours in Chinese",
        _with("开放时间", {2: "24小时", 3: "周一至周五 9:00-18:00", 4: "８：３０－１７：３０", 5: "8:30-17:30"}),
        UNDERSTOOD,
        rows=4,
    ),
    Broken("capacity of less than nothing", _with("容量", {3: "-5"}), WARNED, rows=4, rejected={3: "capacity"}),
    Broken("capacity in words", _with("容量", {3: "若干"}), WARNED, ("capacity|若干",), rows=4, rejected=None),
    Broken("datum that does not exist", _stations(STATIONS, datum="gcj-02"), REFUSED, ("datum", "gcj-02", "gcj02")),
    Broken(
        "no row with what the plan asks for",
        _stations(STATIONS, where={"级别": ["旗舰店"]}),
        REFUSED,
        ("stations.csv", "旗舰店"),
    ),
    Broken("all stations in Beijing", _stations(_BD09), REFUSED, ("stations.csv", "outside")),
]
