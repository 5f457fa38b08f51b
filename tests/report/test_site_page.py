"""The page and the folder of a comparison of sites: every figure is that of the tables, no name does harm."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pyogrio
import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.report.site_columns import SITE_COLUMNS, SITE_TABLES
from coverage_planner.report.site_folder import FILES, write_site_comparison
from coverage_planner.report.site_page import draw_comparison
from coverage_planner.report.site_page_ranks import _rows
from coverage_planner.report.site_page_tables import communities_table, pairs_table
from coverage_planner.report.site_page_text import amount, share_of, unit_cost
from coverage_planner.report.site_words import _NOTES, _SAID, site_words
from coverage_planner.report.table_columns import SYNTHETIC_NOTE
from drawn_outcome import HOSTILE
from drawn_sites import SITES, draw_site_comparison


@pytest.fixture(scope="module")
def comparison():
    return draw_site_comparison()


@pytest.fixture(scope="module")
def pages(comparison):
    return {
        language: draw_comparison(comparison, title=HOSTILE, language=language, synthetic=True).html
        for language in ("zh", "en")
    }


class Tables(HTMLParser):
    """Rows of the tables of a page as lists of texts, hidden ones and hints left out."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.inside, self.hidden = False, 0

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self.inside = True
        elif tag == "span" and ("class", "visually-hidden") in attributes:
            self.hidden += 1
        elif tag == "small" and self.inside:
            self.tables[-1][-1][-1] += "|"

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.inside = False
        elif tag == "span" and self.hidden:
            self.hidden -= 1

    def handle_data(self, text):
        if self.inside and not self.hidden:
            self.tables[-1][-1][-1] += text


def tables_of(page):
    parser = Tables()
    parser.feed(page[: page.index("<script>")])
    return parser.tables


def test_the_table_shows_the_figures_of_the_comparison(comparison, pages):
    table = tables_of(pages["en"])[0]
    assert len(table) == 1 + len(SITES)
    for shown, record in zip(table[1:], comparison.table.to_dict("records"), strict=True):
        assert shown[0] == str(record["rank"])
        assert shown[1].startswith(record["name"] if isinstance(record["name"], str) else record["id"])
        assert shown[2] == f"{record['newly_covered_demand']:,.0f}|{share_of(record['newly_covered_share'])}"
        assert shown[3:5] == [f"{record[name]:,.0f}" for name in ("overlap_existing_demand", "catchment_demand")]
        minutes = record["new_worst_time_s"] / 60
        assert shown[6] == ("–" if pd.isna(minutes) else f"{minutes:.1f}")
        reason = {"no cost given": "no cost given", "covers nobody new": "covers nobody new"}.get(record["cost_note"])
        assert shown[8] == (f"|{reason}" if reason else unit_cost(record["cost_per_person"]))
        assert shown[9] == str(record["n_communities_leaving"])
        first, last = record["best_rank"], record["worst_rank"]
        assert shown[11] == (str(first) if first == last else f"{first}–{last}")


def test_the_matrix_and_the_folded_ranks_are_those_of_the_comparison(comparison, pages):
    ranks, matrix = tables_of(pages["zh"])[1:3]
    wide = comparison.ranks.pivot_table(index="id", columns="assumption", values="rank")
    for shown, label in zip(ranks[1:-1], comparison.table["id"], strict=True):
        assert [int(cell) for cell in shown[1:]] == wide.loc[label].tolist()
    synergy = comparison.synergy().to_numpy()
    for row, shown in enumerate(matrix[1:]):
        for column, cell in enumerate(shown[1:]):
            if row == column:
                assert cell == "–"
            else:
                assert float(cell.partition("|")[0].replace(",", "")) == synergy[row, column]
    assert synergy[synergy > 0].size


def test_names_that_mean_harm_stay_text(pages):
    for page in pages.values():
        assert "<script>alert" not in page
        assert "{{ 7" not in page.split("sitePage.open(")[0].replace("&#123;", "")
        content = json.loads(page.split("sitePage.open(")[1].rsplit(");\n</script>", 1)[0])
        assert HOSTILE in [site["name"] for site in content["sites"]["of"]]
        assert HOSTILE in content["stations"]["names"]


def test_the_map_holds_whom_each_site_reaches(comparison, pages):
    content = json.loads(pages["en"].split("sitePage.open(")[1].rsplit(");\n</script>", 1)[0])
    reach = comparison.reach.toarray()
    used = reach.any(axis=0).nonzero()[0]
    assert len(content["points"]["path"]) == 2 * len(used)
    for row, site in enumerate(content["sites"]["of"]):
        for key, code in (("new", 2), ("old", 1)):
            numbers = pd.Series(site[key]).cumsum().to_numpy(dtype=int)
            assert used[numbers].tolist() == (reach[row] == code).nonzero()[0].tolist()


def test_both_languages_say_everything():
    for pair in _SAID.values():
        assert re.findall(r"{\w+}", pair[0]).sort() == re.findall(r"{\w+}", pair[1]).sort()
        assert all(pair)
    assert all(all(note) for note in _NOTES)


def test_a_page_is_saved_and_shown_in_notebooks(comparison, pages, tmp_path):
    page = draw_comparison(comparison, title=HOSTILE, language="zh", synthetic=True)
    path = page.save(tmp_path / "比较 页.html")
    assert path.read_text(encoding="utf-8") == pages["zh"]
    shown = page._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<script>" not in shown
    with pytest.raises(ConfigError, match="language"):
        draw_comparison(comparison, language="fr")


def test_the_folder_holds_the_same_figures(comparison, tmp_path):
    folder = write_site_comparison(
        tmp_path / "比 较", comparison, title="试点", record={"seed": 1}, datum="gcj02", synthetic=True
    )
    assert {path.name for path in folder.iterdir()} == FILES
    for name, columns in SITE_TABLES.items():
        raw = (folder / f"{name}.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in raw
        table = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")
        expected = [f"{column}_gcj02" if column in {"lon", "lat"} else column for column in columns]
        assert table.columns.tolist() == [*expected, "note"]
        assert set(table["note"]) <= {SYNTHETIC_NOTE}
        assert set(table.columns) <= set(SITE_COLUMNS)
    sites = pd.read_csv(folder / "sites.csv", encoding="utf-8-sig")
    assert sites["newly_covered_demand"].tolist() == comparison.table["newly_covered_demand"].tolist()
    minutes = (comparison.table["new_mean_time_s"] / 60).tolist()
    assert sites["new_mean_time_min"].tolist() == pytest.approx(minutes, nan_ok=True)
    assert {"'=C4", "C1"} <= set(sites["id"])
    assert "'=HYPERLINK(1)" in sites["name"].tolist()
    assert set(sites["cost_note"].dropna()) <= {"未填成本", "无新增覆盖"}
    book = openpyxl.load_workbook(folder / "comparison.xlsx")
    assert book.sheetnames == ["备选站点", "名次", "设定", "两两取舍", "社区", "两两取舍（矩阵）"]
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert [cell.value for cell in book["备选站点"]["A"]][1:] == comparison.table["rank"].tolist()
    matrix = [[cell.value for cell in row[1:]] for row in book["两两取舍（矩阵）"].iter_rows(min_row=3)]
    assert pd.DataFrame(matrix).astype(float).fillna(-1).to_numpy().tolist() == (
        comparison.synergy().fillna(-1).to_numpy().tolist()
    )
    layer = pyogrio.read_dataframe(folder / "sites.gpkg")
    assert layer["id"].tolist() == comparison.table["id"].tolist()
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (run["seed"], run["site_comparison"]["sites"]) == (1, comparison.table["id"].tolist())


def test_only_a_comparison_of_sites_is_replaced(comparison, tmp_path):
    folder = tmp_path / "out"
    write_site_comparison(folder, comparison)
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_site_comparison(folder, comparison)
    write_site_comparison(folder, comparison, language="en", force=True)
    assert 'lang="en"' in (folder / "comparison.html").read_text(encoding="utf-8")[:60]
    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(ConfigError, match="must hold nothing else"):
        write_site_comparison(folder, comparison, force=True)
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "keep"


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.004, "<1 %"), (0.5, "50 %"), (0.996, ">99 %"), (1.0, "100 %")]
)
def test_only_all_is_all_and_only_nothing_is_nothing(share, text):
    assert share_of(share) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(("cost", "text"), [(0.0, "0"), (0.0016032, "0.00160"), (3.55, "3.55"), (1234.5, "1,234")])
def test_costs_per_person_have_three_digits(cost, text):
    assert unit_cost(cost) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.004, "0.00400"), (12.5, "12.5"), (1234.6, "1,235"), (float("nan"), "–")]
)
def test_amounts_are_never_nothing_where_there_is_something(value, text):
    assert amount(value) == text


def test_ranks_beyond_the_chart_stand_below_it_one_under_the_other():
    assert _rows([3, 40, 1, 16, 15, 222]) == [3, 17, 1, 16, 15, 18]


def test_what_is_said_of_no_site_is_said_of_those_that_are_listed(comparison):
    said = site_words("en")
    hidden, listed = ["C1", "C3"], [{"id": "C2", "name": None}]
    communities = comparison.communities[comparison.communities["id"].isin(hidden)].assign(leaves=True)
    assert len(communities)
    pairs = comparison.pairs.head(1).assign(id="C1", other_id="C3")
    assert len(pairs)
    beyond = replace(comparison, pairs=pairs, communities=communities)
    nothing = replace(comparison, pairs=comparison.pairs.head(0), communities=communities.head(0))

    assert said["pairs_none_shown"] in pairs_table(beyond, listed, said)
    assert said["communities_none_shown"] in communities_table(beyond, listed, said)
    assert said["pairs_none"] in pairs_table(nothing, listed, said)
    assert said["communities_none"] in communities_table(nothing, listed, said)


def test_columns_of_which_nothing_is_known_are_left_out(comparison):
    study = replace(
        comparison,
        table=comparison.table.assign(cost=float("nan")),
        today=replace(comparison.today, communities=None),
    )
    page = draw_comparison(study, language="en").html
    table = tables_of(page)[0]
    assert {len(row) for row in table} == {9}
    assert "no community boundaries" in page
