"""The report: every number of a generated sentence is the cell it names, in both languages and for any results."""

import csv
import json
import re
import shutil
import warnings
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from shapely import Point, Polygon

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.report import fonts, report_charts, report_maps, report_parts
from coverage_planner.report.cells import Cell, Sentence, cell_at, find_cell, write_figure
from coverage_planner.report.messages import in_chinese
from coverage_planner.report.messages_of_runs import RUNS
from coverage_planner.report.picture_ground import read_ground
from coverage_planner.report.report_page import write_report
from coverage_planner.report.results import check_folder, read_results, write_results
from coverage_planner.report.table_columns import COLUMNS
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Scenario
from drawn_choice import draw_choice
from drawn_circle import draw_study
from drawn_outcome import CRS, HOSTILE, at, draw_candidates, draw_facilities, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("司机2号", "drive", 300.0))
COVER = {
    "organisation": f"总工会 {HOSTILE}",
    "approval_number": "鄂S(2026)001号",
    "boundary_source": "民政局",
    "data": [{"file": "stations.csv", "owner": "总工会", "date": "2026-02", "licence": None}],
}
RUN = {
    "plan": {
        "name": f"示范区 {HOSTILE}",
        "report": COVER,
        "snap": {"limit_m": 200.0, "small_component_m": 2000.0},
        "roads": {"file": "/home/zhang/secret/roads.osm.pbf"},
        "groups": [{"name": "骑手", "mode": "walk"}],
        "modes": {"walk": {"speed_kph": 4.8, "class_speeds_kph": {}}, "drive": {"class_speeds_kph": {"trunk": 80}}},
    },
    "inputs": [
        {"table": "facilities", "file": "stations.csv", "sha256": "ab" * 32, "read": 1234, "rejected": 4, "kept": 1230},
        {"table": "demand of 骑手", "file": "demand.csv", "sha256": "cd" * 32, "read": 9, "rejected": 0, "kept": 9},
    ],
    "warnings": ["309 of 600 demand lies near the edge <b>"],
}


class Reader(HTMLParser):
    """Collects figures, names, pictures and the text that stands outside of them."""

    #: Texts that are quoted, named or explained, not figures of the results.
    APART = frozenset({"bdi", "code", "cite", "style", "title", "q"})
    APART_CLASSES = frozenset({"section", "version", "notices", "kind", "legend"})
    VOID = frozenset({"meta", "img", "rect", "path", "circle", "br"})

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.figures, self.loose, self.images, self.headings, self.cells = [], [], [], [], [], []
        self.figure = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "img":
            self.images.append(given)
        if tag == "data":
            self.figure = [given, ""]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "th":
            self.cells.append(given.get("scope"))
        if tag not in self.VOID:
            self.open.append((tag, set((given.get("class") or "").split()), given.get("id")))

    def handle_startendtag(self, tag, attributes):
        assert tag in self.VOID
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, f"{tag} closes {self.open[-1]}"
        self.open.pop()
        if tag == "data":
            self.figures.append(tuple(self.figure))
            self.figure = None

    def handle_data(self, text):
        if self.figure is not None:
            self.figure[1] += text
            return
        tags, classes = {tag for tag, _, _ in self.open}, set().union(*(found for _, found, _ in self.open))
        settings = any(name == "settings" for _, _, name in self.open)
        if not (tags & self.APART or classes & self.APART_CLASSES or settings):
            self.loose.append(text)


def say(text, kind, *, signed):
    """How a figure is written, from the rule's words: the value, as the CSV file has it, to one decimal place."""
    value = float(text)
    if kind in {"share", "share_change"}:
        value *= 100
    places = {"count": 0, "place": 0, "count_change": 0, "metres": 0, "degrees": 5}.get(kind, 1)
    if kind == "ratio":
        return f"{value:,.3g}" if 1 <= value < 1000 else None
    said = f"{abs(value):,.{places}f}"
    if kind in {"number", "change"} and said.endswith(".0"):
        said = said[:-2]
    if abs(value) > 0 and float(said.replace(",", "")) == 0:
        return None
    if kind == "share" and value < 100 and said == "100.0":
        return None
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + said + (" %" if kind == "share" else "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("报告 results") / "结果"
    plan, today = draw_outcome(proposed=True, groups=GROUPS), draw_outcome(groups=GROUPS)
    write_results(
        plan, home, baseline=today, candidates=draw_candidates(), solution=draw_choice(), circle=draw_study(today, plan),
        run=RUN, synthetic=True, report_page=write_report,
    )  # fmt: skip
    return home


@pytest.fixture
def without_pictures(monkeypatch):
    """For tests of what is written: pictures take most of the time."""
    monkeypatch.setattr(report_maps, "maps_html", lambda *_: [])
    monkeypatch.setattr(report_charts, "charts_html", lambda *_: [])


@pytest.fixture(scope="module", params=["zh", "en"])
def page(request, folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_parts, "MOST_ROWS", 2)  # so that tables are cut
        return write_report(folder, path, language=request.param).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(folder):
    found = {}
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


@pytest.mark.slow
def test_every_figure_is_the_cell_it_names(page, folder, tables):
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    figures = Reader(page).figures
    kinds = {"cell": 0, "rows": 0, "run": 0, "shown": 0}
    for given, text in figures:
        if "data-cell" in given:
            kinds["cell"] += 1
            table, row, column = given["data-cell"].split("/")
            there, kind = tables[table][int(row)][column], COLUMNS[column].kind
            kind = "number" if column == "cutoff_min" else kind  # set by planners: '15', not '15.0'
            if kind == "text":
                assert there.removeprefix("'") == given["value"].removeprefix("'")
            elif kind == "flag":
                assert there == given["value"]
            else:
                assert float(there) == float(given["value"])
                expected = {say(there, kind, signed=signed) for signed in (True, False)}
                expected.add((say(there, kind, signed=False) or "").removeprefix("−"))
                assert text in expected or (None in expected and re.search(r"[<>]|^0\.?\d*$|^\d\.\d\d$", text)), text
        elif "data-rows" in given:
            kinds["rows"] += 1
            where = json.loads(given.get("data-where", "{}"))
            rows = [row for row in tables[given["data-rows"]] if all(row[key] == value for key, value in where.items())]
            assert text.replace(",", "") == given["value"] == str(len(rows))
        elif "data-run" in given:
            kinds["run"] += 1
            value = run
            for part in given["data-run"].split("/"):
                value = value[int(part)] if isinstance(value, list) else value[part]
            assert text.replace(",", "") == f"{value:.0f}"
            assert given["value"] == str(value)
        else:
            kinds["shown"] += 1
            assert "data-shown" in given
            assert text == given["value"]
    assert kinds["cell"] > 150
    assert min(kinds.values()) > 3


@pytest.mark.slow
def test_no_number_stands_outside_a_figure(page):
    loose = [text.strip() for text in Reader(page).loose if re.search(r"\d", text)]
    assert loose == []


@pytest.mark.slow
def test_captions_count_the_rows_that_they_show(page):
    for table in re.findall(r'<figure class="table[^"]*" data-table.*?</figure>', page, flags=re.DOTALL):
        (shown,) = set(re.findall(r'data-shown="">(\d+)<', table)) or {None}
        rows = table.split("<tbody>")[1].split("</tbody>")[0].count("<tr>")
        every = int(re.search(r'<data value="(\d+)" data-rows', table)[1])
        assert rows == (int(shown) if shown else every)
        assert rows <= every


@pytest.mark.slow
def test_the_page_reads_well_without_eyes_and_is_safe(page):
    read = Reader(page)
    assert page.count("<script") == 0
    assert "alert(1)" in page  # as text
    assert "secret" not in page  # folders of the planner's computer
    assert all(len(image["alt"]) > 15 and image["src"].startswith("data:image/") for image in read.images)
    assert len(read.images) >= 10
    assert set(read.cells) <= {"col", "row"}
    steps = np.diff(read.headings)
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert steps.max() <= 1
    assert re.search(r'<html lang="(zh-CN|en)">', page)
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


@pytest.mark.slow
def test_the_cover_says_what_is_known_and_leaves_lines_for_the_rest(page):
    cover = page.split("</nav>")[0]
    assert "鄂S(2026)001号" in cover
    assert "民政局" in cover
    assert cover.count('class="blank"') == 2  # author and date
    assert "synthetic data" in cover
    assert "审图号" in cover
    assert ("行踪轨迹" in cover) or ("traces of persons" in cover)
    data = page.split('id="data"')[1].split('id="limits"')[0]
    assert "2026-02" in data
    assert data.count("<i>") >= 4  # what is not stated is said to be so


@pytest.mark.slow
def test_streets_and_water_below_the_maps_lie_where_they_are(folder):
    ground = read_ground(folder, CRS)
    vertices = np.concatenate([points for points, _ in ground.streets.values()])
    steps = (vertices - at(0, 0)) / 200
    np.testing.assert_allclose(steps, np.round(steps), atol=0.01)  # streets lie every 200 m; drawn to a metre or so
    lengths = [
        np.hypot(*np.diff(points, axis=0)[codes[1:] == 2].T).sum() for points, codes in ground.streets.values()
    ]  # fmt: skip
    assert sum(lengths) == pytest.approx(200 * (6 * 5 + 7 * 4), rel=0.05)
    (river,) = (Polygon(rings[0]) for rings in ground.water)
    assert river.contains(Point(at(4.55, 1)))
    assert river.area == pytest.approx(80 * 1000, rel=0.3)


@pytest.mark.slow
def test_a_plan_with_a_report_has_it_in_its_folder(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    check_folder(folder, force=True)  # and may still be replaced
    assert read_results(folder).run["plan"]["report"]["boundary_source"] == "民政局"


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")
def test_texts_that_are_given_come_before_those_of_the_plan(folder, tmp_path):
    path = write_report(
        folder, tmp_path / "一 页.html", language="en", title="A & B", author="Wang", date="2026-05", notes="see {1} <i>",
        approval_number="GS 7",
    )  # fmt: skip
    page = path.read_text(encoding="utf-8")
    cover = page.split("</nav>")[0]
    assert "<h1><bdi>A &amp; B</bdi></h1>" in cover
    assert "GS 7" in cover
    assert "鄂S" not in cover
    assert "<bdi>see &#123;1&#125; &lt;i&gt;</bdi>" in page


@pytest.mark.slow
def test_results_of_a_plain_plan_have_a_report_too(tmp_path):
    outcome = draw_outcome(groups=(("walkers", "walk", 360.0),), communities=None, study_area=None)
    home = write_results(outcome, tmp_path / "plain", language="en")
    page = write_report(home).read_text(encoding="utf-8")
    read = Reader(page)
    assert [text for text in read.loose if re.search(r"\d", text)] == []
    assert len(read.images) >= 3
    assert "No communities were given" in page
    assert "not stated" in page
    assert page.count('class="blank"') == 4


@pytest.mark.slow
def test_a_district_without_any_station_has_a_report(tmp_path):
    plain = draw_outcome()
    stations = Scenario("today", draw_facilities().head(0))
    groups = [found.group for found in plain.groups.values()]
    outcome = evaluate(stations, plain.network, groups)
    home = write_results(outcome, tmp_path / "none", language="en", report_page=write_report)

    assert "today: 0 stations cover 0 of" in re.sub("<[^>]+>", "", (home / "report.html").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize(
    ("plan", "said"), [({}, "No choice of sites was"), ({"siting": {"n_open": 3}}, "but no candidate")]
)
def test_sites_that_were_sought_in_vain_are_not_said_not_to_be_asked_for(plan, said, tmp_path):
    home = write_results(draw_outcome(), tmp_path / "r", language="en", run={"plan": plan})

    assert said in write_report(home).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("without_pictures")
def test_results_of_earlier_versions_have_a_report(folder, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(folder, older)
    run = json.loads((older / "run.json").read_text(encoding="utf-8"))
    for name in ("map_data.json", "equity.csv", "needs.csv", "worst_served.csv", "remarks.csv"):
        (older / name).unlink(missing_ok=True)
        run["results"]["rows"].pop(name.removesuffix(".csv"), None)
    del run["plan"], run["warnings"], run["inputs"]
    (older / "run.json").write_text(json.dumps(run), encoding="utf-8")
    results = read_results(older)
    with pytest.raises(ConfigError, match="must have a path"):
        write_report(results)
    page = write_report(results, tmp_path / "older.html").read_text(encoding="utf-8")
    assert 'id="findings"' in page
    # in place of worst_served, in the same order: by uncovered demand, where there is any
    shown = [int(row) for row in re.findall(r'data-cell="by_community/(\d+)/covered_demand"', page)]
    table = results.tables["by_community"]
    mine = table[(table["scenario"] == table["scenario"].iloc[shown[0]]) & (table["group"] == table["group"].iloc[0])]
    lacking = (mine["demand"] - mine["covered_demand"]).sort_values(ascending=False)
    assert shown == list(lacking[lacking > 0].index)


@pytest.mark.slow
def test_a_report_of_nothing_is_refused(folder, tmp_path):
    with pytest.raises(SourceError, match="must be a results folder"):
        write_report(tmp_path)
    with pytest.raises(ConfigError, match="language must be one of"):
        write_report(folder, tmp_path / "a.html", language="fr")
    with pytest.raises(InputError, match="folder that exists"):
        write_report(read_results(folder), tmp_path / "no" / "a.html")


# --- cells and sentences ---


def test_sentences_take_all_their_figures_from_cells():
    cell = Cell("overall", 3, "covered_demand_share", 0.9210982345933066, "share")
    sentence = Sentence("{who}: {share}", {"share": cell}, {"who": "A{0}<b>"})
    assert sentence.text("en") == "A{0}<b>: 92.1 %"
    assert sentence.html("en") == (
        "<bdi>A&#123;0&#125;&lt;b&gt;</bdi>: "
        '<data value="0.9210982345933066" data-cell="overall/3/covered_demand_share">92.1 %</data>'
    )
    with pytest.raises(ValueError, match="figures from cells"):
        Sentence("in 15 minutes {share}", {"share": cell})
    with pytest.raises(ValueError, match="fill all its places"):
        Sentence("{share} {other}", {"share": cell})
    with pytest.raises(ValueError, match="must have a value"):
        Sentence("{share}", {"share": Cell("overall", 0, "gini", float("nan"), "ratio")}).text("zh")


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (0.9999, "share", ">99.9 %"), (1.0, "share", "100.0 %"), (0.0001, "share", "<0.1 %"), (0.0, "share", "0.0 %"),
        (-0.0001, "share_change", ">−0.1"), (0.194, "share_change", "+19.4"), (-12.0, "change", "−12"),
        (1234.04, "number", "1,234"), (29.5, "number", "29.5"), (0.0145473, "ratio", "0.0145"), (0, "count", "0"),
        (3230.8, "ratio", "3,231"), (1345.53, "metres", "1,346"), (6.996, "minutes", "7.0"), (116.28068312, "degrees", "116.28068"),
    ],
)  # fmt: skip
def test_figures_are_written_by_their_kind(value, kind, said):
    assert write_figure(value, kind, signed=kind.endswith("change")) == said


def test_a_cell_is_found_by_the_key_of_its_row():
    table = pd.DataFrame({"scenario": ["a", "a", "b"], "group": ["g", "h", "g"], "demand": [1.0, np.nan, 2.5]})
    assert find_cell({"overall": table}, "overall", "demand", scenario="b") == cell_at(table, "overall", 2, "demand")
    assert find_cell({"overall": table}, "overall", "demand", scenario="a", group="h") is None
    assert find_cell({"overall": table}, "overall", "demand", scenario="c") is None
    assert find_cell({}, "overall", "demand", scenario="c") is None
    with pytest.raises(ConfigError, match="must name one row"):
        find_cell({"overall": table}, "overall", "demand", scenario="a")


# --- warnings of a run ---


@pytest.mark.parametrize(
    ("warning", "said"),
    [
        (
            (
                "309 of 600 demand of 货车司机 (points 272: road 26, …) lies nearer to the edge of the streets than people "
                "travel; what lies beyond the edge is not seen; give roads and stations 3667 m around it"
            ),
            "货车司机：600 中有 309 的需求（点 272: road 26, …）离路网边缘",
        ),
        (
            (
                "places per person (floating catchments) need people two reaches and stations one reach around a place, but "
                "people count inside the study area only; less is given for 骑手 (100% of the demand, reach 3750 m): compare "
                "places well inside, or take a wider study area"
            ),
            "骑手 (100% of the demand, reach 3750 m)",
        ),
        ("no sites are proposed: there is no gap", "没有拟新增站点"),
    ],
)
def test_warnings_of_a_run_are_said_in_chinese(warning, said):
    found = in_chinese(warning)
    assert found is not None
    assert said in found[0]
    assert found[1]


@pytest.mark.parametrize("entry", RUNS, ids=lambda entry: entry[0][:30])
def test_every_text_of_a_warning_can_be_filled_in(entry):
    pattern, *texts = entry
    groups = [f"<{number}>" for number in range(re.compile(pattern).groups)]
    assert all("{" not in text.format(*groups) for text in texts)


# --- fonts ---


@pytest.mark.slow
def test_without_a_chinese_font_letters_stay_text_and_a_warning_says_what_to_install(folder, tmp_path, monkeypatch):
    latin = [font for font in fonts.font_manager.fontManager.ttflist if font.name == fonts.LATIN_FAMILY]
    monkeypatch.setattr(fonts.font_manager.fontManager, "ttflist", latin)
    before = dict(mpl.rcParams)
    with pytest.warns(UserWarning, match="fonts-noto-cjk"):
        path = write_report(folder, tmp_path / "a.html", language="zh")
    assert dict(mpl.rcParams) == before
    images = Reader(path.read_text(encoding="utf-8")).images
    assert all(image["src"].startswith("data:image/svg+xml") for image in images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not fonts.choose_lettering(["plain"]).as_text


def test_the_first_font_of_the_list_that_is_there_is_taken():
    assert fonts.find_chinese(["SimHei", "Noto Sans CJK SC", "Arial"]) == "Noto Sans CJK SC"
    assert fonts.find_chinese(["Arial"]) is None
    lettering = fonts.Lettering((fonts.LATIN_FAMILY,), as_text=False)
    assert fonts.drawable("a骑b", lettering) == "a□b"
