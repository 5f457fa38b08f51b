"""Text files whose bytes are not what they seem."""

from pathlib import Path

from broken.entry import HEADER, REFUSED, STATIONS, UNDERSTOOD, Broken, csv_bytes
from osm_drawing import place

NAMES = {row[0]: row[1] for row in STATIONS}


def _bytes(data: bytes):
    def draw(folder: Path) -> None:
        (folder / "stations.csv").write_bytes(data)

    return draw


def _rows_encoded(*encodings: str) -> bytes:
    """Header and rows, each in its own encoding."""
    lines = [",".join(map(str, row)) + "\r\n" for row in (HEADER, *STATIONS)]
    return b"".join(line.encode(encoding) for line, encoding in zip(lines, encodings, strict=True))


_RARE = [("S1", "𠮷祥驿站", "驿站", *place(15, 12)), ("S2", "㐂乐龘驿站", "驿站", *place(12, 21))]
_MOJIBAKE = [(row[0], row[1].encode().decode("latin-1"), *row[2:]) for row in STATIONS]
_LATIN = [("S1", "Café Génève", "x", *place(15, 12)), ("S2", "Größe", "x", *place(12, 21))]

ENTRIES = [
    Broken("table in GBK", _bytes(csv_bytes(STATIONS).decode().encode("gbk")), UNDERSTOOD, rows=4, names=NAMES),
    Broken(
        "table in GB18030 with four-byte characters",
        _bytes(csv_bytes(_RARE).decode().encode("gb18030")),
        UNDERSTOOD,
        rows=2,
        names={row[0]: row[1] for row in _RARE},
    ),
    Broken(
        "table in UTF-16, as Excel saves 'Unicode text'",
        _bytes(csv_bytes(STATIONS, "\t").decode().encode("utf-16")),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "names that were read in the wrong encoding before",
        _bytes(csv_bytes(_MOJIBAKE)),
        UNDERSTOOD,
        rows=4,
        names={row[0]: row[1].strip() for row in _MOJIBAKE},
    ),
    Broken(
        "rows in different encodings",
        _bytes(_rows_encoded("utf-8", "utf-8", "gbk", "utf-8", "gbk")),
        REFUSED,
        ("stations.csv", "encoding|UTF-8", "row 3|line 3|byte"),
    ),
    Broken(
        "header in GBK over rows in UTF-8",
        _bytes(_rows_encoded("gbk", "utf-8", "utf-8", "utf-8", "utf-8")),
        REFUSED,
        ("stations.csv", "encoding|UTF-8|columns"),
    ),
    Broken(
        "table in Latin-1",
        _bytes(csv_bytes(_LATIN, header=["id", "name", "level", "lon", "lat"]).decode().encode("latin-1")),
        REFUSED,
        ("stations.csv", "encoding|UTF-8"),
    ),
    Broken(
        "null bytes between the rows",
        _bytes(csv_bytes(STATIONS[:2]) + b"\x00" * 64 + b"\r\n" + csv_bytes(STATIONS[2:], header=None)),
        REFUSED,
        (r"stations.csv", "NUL|null|zero byte|binary|control"),
        rows=4,
        rejected=None,
    ),
    Broken(
        "file of null bytes, as a crash leaves it",
        _bytes(b"\x00" * 4096),
        REFUSED,
        ("stations.csv", "null|NUL|empty|binary|column|byte"),
    ),
    Broken("empty file", _bytes(b""), REFUSED, ("stations.csv", "empty|no rows|got 0|must have")),
    Broken(
        "header and nothing else",
        _bytes(csv_bytes([])),
        REFUSED,
        ("stations.csv", "0 rows|no row|empty|at least one row"),
    ),
    Broken(
        "byte order mark and nothing else",
        _bytes(b"\xef\xbb\xbf"),
        REFUSED,
        ("stations.csv", "empty|no rows|got 0|must have"),
    ),
    Broken("file of line ends", _bytes(b"\r\n" * 50), REFUSED, ("stations.csv", "empty|no rows|got 0|must have")),
    Broken(
        "quote that is never closed",
        _bytes(csv_bytes(STATIONS).replace("城外驿站".encode(), '"城外驿站'.encode())),
        REFUSED,
        ("stations.csv", "quote|well-formed|row 3|line 3"),
    ),
    Broken(
        "quote inside a name",
        _bytes(csv_bytes(STATIONS).replace("城外驿站".encode(), '城外"小憩"驿站'.encode())),
        UNDERSTOOD,
        rows=4,
        names={**NAMES, "S2": '城外"小憩"驿站'},
    ),
    Broken("semicolons between cells", _bytes(csv_bytes(STATIONS, ";")), UNDERSTOOD, rows=4, names=NAMES),
    Broken("tabs between cells of a .csv", _bytes(csv_bytes(STATIONS, "\t")), UNDERSTOOD, rows=4, names=NAMES),
    Broken(
        "semicolons between cells and commas for decimals",
        _bytes("\r\n".join(line.replace(".", ",") for line in csv_bytes(STATIONS, ";").decode().splitlines()).encode()),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "line ends of an old Macintosh",
        _bytes(csv_bytes(STATIONS).replace(b"\r\n", b"\r")),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "mixed line ends",
        _bytes(csv_bytes(STATIONS).replace(b"\r\n", b"\n", 2).replace(b"\r\n", b"\r", 1)),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "a line of ten megabytes",
        _bytes(csv_bytes([("S1", "长" * 3_500_000, *STATIONS[0][2:]), *STATIONS[1:]])),
        REFUSED,
        ("stations.csv", "long|limit|large|characters"),
        rows=4,
        rejected=None,
    ),
    Broken(
        "ten thousand columns",
        _bytes(
            csv_bytes([(*row, *[""] * 9995) for row in STATIONS], header=[*HEADER, *(f"c{n}" for n in range(9995))])
        ),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "ten thousand columns without a name",
        _bytes(csv_bytes([(*row, *["x"] * 9995) for row in STATIONS])),
        REFUSED,
        ("stations.csv", "more cells|column"),
        rows=4,
        rejected=None,
    ),
]
