"""Every broken input gets its message, none a traceback, and no row disappears."""

import csv
import json
import math
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from broken import areas, coordinates, encodings, layers, plans, rasters, roads, spreadsheets
from broken.entry import PLACES, REFUSED, Broken, draw_base, rewrite_plan
from broken.output import HIT, draw_hostile
from browser import open_browser
from coverage_planner.cli import main
from coverage_planner.pipeline.warm_up import warm_up
from coverage_planner.report.speech import speech

ENTRIES = [
    entry
    for module in (encodings, spreadsheets, coordinates, layers, areas, rasters, roads, plans)
    for entry in module.ENTRIES
]
#: Layers of the results in which the rows of a table that were kept can be counted.
LAYERS = {"facilities": "facilities", "demand": "demand", "areas": "communities", "premises": "candidates"}
#: A hundred-thousandth of a degree is about a metre.
NEAR_DEGREES = 2e-5
CHINESE = r"[\u4e00-\u9fff]"


@pytest.fixture
def run(capsys):
    """Run the program; return the exit code and all that it printed."""

    def run(*words) -> tuple[int, str]:
        capsys.readouterr()
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def require(patterns, text: str, what: str) -> None:
    missing = [pattern for pattern in patterns if not re.search(pattern, text, re.IGNORECASE)]
    assert not missing, f"{what} does not say {missing}:\n{text[:3000]}"


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def kept_of(out: Path, table: str) -> dict[str, tuple]:
    """Id -> (name, longitude, latitude) of the rows that the results were made of."""
    if table == "premises":  # without [siting] they go nowhere
        return {}
    frame = pyogrio.read_dataframe(out / "result.gpkg", layer=LAYERS[table]).drop_duplicates("id")
    points = frame.to_crs(4326).geometry.representative_point()
    return {
        row.id: (row.name_, x, y)
        for row, x, y in zip(frame.rename(columns={"name": "name_"}).itertuples(), points.x, points.y, strict=True)
    }


@pytest.fixture
def draw(tmp_path):
    """Write the files of an entry; return its plan file."""

    def draw(entry: Broken) -> Path:
        folder = tmp_path / "规划 一"
        draw_base(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the libraries' remarks on what we write
            changes = entry.draw(folder)
        return folder / "plan.toml" if changes is None else rewrite_plan(folder, **changes)

    return draw


every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    """Compile the search once, not within the first entry."""
    warm_up()


#: Entries that take seconds, as large as a sheet can be.
_LONG = (
    "ten thousand columns",
    "remark in the last column that a sheet can have",
    "note in the last row that a sheet can have",
)


@pytest.mark.parametrize(
    "entry",
    [pytest.param(entry, marks=[pytest.mark.slow] if entry.name in _LONG else []) for entry in ENTRIES],
    ids=lambda entry: entry.name,
)
def test_check_says_what_is_broken(entry: Broken, draw, tmp_path, run):
    plan = draw(entry)
    before = contents(plan.parent)

    code, said = run("check", plan, "--language", "en", "--json", "--out", tmp_path / "checked")

    assert "Traceback" not in said
    assert contents(plan.parent) == before
    record = json.loads(said)
    assert code == record["exit_code"]
    assert code in entry.codes, said
    require(entry.says, findings_of(record), "check")
    if code == REFUSED:
        return
    rejected = rejected_rows(entry, tmp_path / "checked")
    require_remarks(entry, tmp_path / "checked")
    if entry.rows is None:
        return
    (found,) = [one for one in record["inputs"] if one["table"] == entry.table]
    assert found["read"] == entry.rows
    assert found["outside"] == sum(reason == "outside" for reason in (entry.rejected or {}).values())
    assert found["rejected"] + found["outside"] == len(rejected)
    assert found["kept"] + len(rejected) == entry.rows


def findings_of(record: dict) -> str:
    """What was found, one finding a line, each with its file."""
    files = {one["key"]: one["file"] for one in record["inputs"]}
    return "\n".join(
        f"{files.get(one['input'], '')}: {json.dumps(one, ensure_ascii=False)}" for one in record["findings"]
    )


@every_entry
@pytest.mark.slow
def test_plan_refuses_what_is_broken_or_runs_on_without_it(entry: Broken, draw, tmp_path, run):
    plan = draw(entry)
    before = contents(plan.parent)
    code, said = run("check", plan, "--language", "en")
    assert code in entry.codes, said
    assert "Traceback" not in said

    out = tmp_path / "结果"
    planned, told = run("plan", plan, "--out", out)
    assert planned == (REFUSED if code == REFUSED else 0), told
    if code == REFUSED:
        assert told.startswith("coverage-planner: ")
        assert told.count("\n") == 1
        require(entry.says, told, "plan")
        assert contents(plan.parent) == before
        return
    rejected = rejected_rows(entry, out)
    require_remarks(entry, out)
    kept = {} if entry.table == "roads" else kept_of(out, entry.table)
    if entry.rows is not None:
        assert len(kept) + len(rejected) == entry.rows, (sorted(kept), rejected)
    if entry.table == "facilities":
        for label, (name, lon, lat) in kept.items():
            if label in PLACES:
                assert math.dist((lon, lat), PLACES[label]) < NEAR_DEGREES, label
            assert label not in entry.names or name == entry.names[label]
        assert set(entry.names) <= set(kept)


def rejected_rows(entry: Broken, folder: Path) -> list[dict[str, str]]:
    """Rows of the broken table that were refused: those of the entry, each once, each with its reason in Chinese too."""
    rejected = [row for row in table_of(folder / "rejected.csv") if row["table"] == entry.table]
    numbers = [int(row["row"]) for row in rejected]
    assert len(numbers) == len(set(numbers))
    for row in rejected:
        assert re.search(CHINESE, speech("zh").say("reason", row["reason"])), f"no Chinese for {row['reason']}"
    if entry.rejected is not None:
        assert set(numbers) == set(entry.rejected), rejected
        for row in rejected:
            require([entry.rejected[int(row["row"])]], row["reason"], "rejected.csv")
    return rejected


def require_remarks(entry: Broken, folder: Path) -> None:
    remarks = table_of(folder / "remarks.csv")
    for number, pattern in entry.remarks.items():
        of_row = [row for row in remarks if row["table"] == entry.table and row["row"] == str(number)]
        require([pattern], "\n".join(" | ".join(row.values()) for row in of_row), f"remarks.csv of row {number}")


def test_the_corpus_is_large_and_each_entry_has_its_own_name():
    names = [entry.name for entry in ENTRIES]
    assert len(names) == len(set(names))
    assert len(names) >= 60


def test_the_plan_that_entries_break_is_itself_whole(tmp_path, run):
    plan = draw_base(tmp_path)
    code, said = run("check", plan, "--language", "en")
    assert code == 0, said
    code, said = run("plan", plan, "--out", tmp_path / "out")
    assert code == 0, said
    assert table_of(tmp_path / "out" / "rejected.csv") == []
    assert set(kept_of(tmp_path / "out", "facilities")) == set(PLACES)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Folders of a plan of hostile texts: its results, in both languages, and what `check` wrote."""
    folder = tmp_path_factory.mktemp("hostile")
    draw_base(folder / "plan")
    plan = str(draw_hostile(folder / "plan"))
    for language in ("zh", "en"):
        assert main(["plan", plan, "--out", str(folder / language), "--language", language]) == 0
        assert main(["check", plan, "--out", str(folder / f"check {language}"), "--language", language]) == 1
    return [folder / name for name in ("zh", "en", "check zh", "check en")]


def test_no_text_of_an_input_comes_out_as_a_formula(hostile):
    tables = [file for folder in hostile for file in folder.glob("*.csv")]
    assert len(tables) > 20
    guarded = 0
    for file in tables:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        risky = [cell for cell in cells if cell[:1] in set("=+-@\t\r＝＋－＠") and not is_number(cell)]
        assert risky == [], file
        guarded += sum(cell.startswith(("'=", "'+", "'-", "'@")) for cell in cells)
    assert guarded > 20
    for folder in hostile[:2]:
        book = openpyxl.load_workbook(folder / "summary.xlsx")
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
        assert any("HYPERLINK" in str(cell.value) for cell in cells)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Tags(HTMLParser):
    """Every tag of a page that would run the hostile script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hits: list[str] = []
        self.tag = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if any(name.startswith("on") and value and HIT in value for name, value in attrs):
            self.hits.append(f"{tag} {attrs}")

    def handle_data(self, data):
        if self.tag == "script" and data.strip().startswith(HIT):
            self.hits.append(data)


def test_no_text_of_an_input_runs_in_a_page(hostile):
    pages = [file for folder in hostile for file in folder.glob("*.html")]
    assert len(pages) == 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "hit" in text
        assert Tags(text).hits == [], page


@pytest.mark.browser
def test_pages_of_hostile_texts_keep_their_title_in_a_browser(hostile, tmp_path):
    with open_browser(tmp_path / "browser") as driver:
        for page in (file for folder in hostile for file in folder.glob("*.html")):
            driver.get(page.as_uri())
            assert driver.title != "hit"
            assert driver.execute_script("return document.querySelectorAll('img[onerror]').length") == 0
