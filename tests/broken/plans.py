"""Plan files with keys that do not exist, in other encodings, and with paths that lead nowhere."""

from pathlib import Path

from broken.entry import GROUP, OK, REFUSED, Broken, rewrite_plan


def _text(change):
    """Change the text of the plan file."""

    def draw(folder: Path) -> None:
        file = rewrite_plan(folder)
        file.write_bytes(change(file.read_text(encoding="utf-8")))

    return draw


def _keys(**changes):
    return lambda _: changes


def _missing(folder: Path) -> None:
    (folder / "stations.csv").unlink()
    (folder / "demand.csv").unlink()


def _folder(folder: Path) -> dict:
    (folder / "stations").mkdir()
    return {"facilities": {"file": "stations"}}


ENTRIES = [
    Broken("plan with a byte order mark", _text(lambda text: b"\xef\xbb\xbf" + text.encode()), OK, rows=4),
    Broken("plan with line ends of Windows", _text(lambda text: text.replace("\n", "\r\n").encode()), OK, rows=4),
    Broken("plan in GBK", _text(lambda text: text.encode("gbk")), REFUSED, ("plan.toml", "UTF-8")),
    Broken("plan in UTF-16", _text(lambda text: text.encode("utf-16")), REFUSED, ("plan.toml", "UTF-8")),
    Broken("plan with nothing in it", _text(lambda _: b""), REFUSED, ("plan", "roads", "facilities")),
    Broken(
        "plan with backslashes in a path",
        _text(lambda text: text.replace("stations.csv", r"C:\users\stations.csv").encode()),
        REFUSED,
        ("plan.toml", "TOML", "Windows|single quotes"),
    ),
    Broken(
        "plan with typographic quotes",
        _text(lambda text: text.replace('"stations.csv"', "“stations.csv”").encode()),
        REFUSED,
        ("plan.toml", "TOML"),
    ),
    Broken(
        "plan with a key that does not exist",
        _keys(facilities={"file": "stations.csv", "datums": "gcj02"}),
        REFUSED,
        ("facilities", "datums", "did you mean 'datum'"),
    ),
    Broken("plan with a table that does not exist", _keys(station={"file": "stations.csv"}), REFUSED, ("station",)),
    Broken(
        "plan with a number in quotes", _keys(snap={"limit_m": "200"}), REFUSED, ("snap", "limit_m", "number", "200")
    ),
    Broken(
        "plan with a list where one file belongs",
        _keys(facilities={"file": ["stations.csv"]}),
        REFUSED,
        ("facilities", "file", "path"),
    ),
    Broken(
        "plan that names files that are not there", _missing, REFUSED, ("stations.csv", "demand.csv", "exist|missing")
    ),
    Broken("plan that names a folder as a file", _folder, REFUSED, ("stations", "folder|exist|missing|file")),
    Broken(
        "plan with an unknown mode",
        _keys(groups=[{**GROUP, "mode": "escooter", "demand": {"file": "demand.csv"}}]),
        REFUSED,
        ("escooter", "mode"),
    ),
    Broken(
        "plan with a cutoff of zero",
        _keys(groups=[{**GROUP, "cutoff_min": 0, "demand": {"file": "demand.csv"}}]),
        REFUSED,
        ("cutoff_min", "more than 0"),
    ),
    Broken("plan without groups", _keys(groups=[]), REFUSED, ("groups",)),
    Broken("plan with a CRS in degrees", _keys(crs="EPSG:4326"), REFUSED, ("crs", "projected|metres")),
    Broken(
        "plan with an encoding that does not exist",
        _keys(facilities={"file": "stations.csv", "encoding": "klingon"}),
        REFUSED,
        ("klingon", "encoding"),
    ),
    Broken(
        "plan with a column that is not there",
        _keys(facilities={"file": "stations.csv", "columns": {"name": "站点"}}),
        REFUSED,
        ("stations.csv", "站点"),
    ),
]
