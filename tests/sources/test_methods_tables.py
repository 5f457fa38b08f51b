"""What docs/methods-tables.md shows is so."""

import re

import pytest

from coverage_planner.sources import encodings, packed_files, workbooks
from coverage_planner.sources.aliases import ALIASES
from coverage_planner.sources.encodings import everyday_share
from coverage_planner.sources.headers import find_columns
from coverage_planner.sources.tables import read_table
from written_files import write_csv


@pytest.fixture
def page(repository):
    return (repository / "docs" / "methods-tables.md").read_text(encoding="utf-8")


def examples(page: str, heading: str) -> list[tuple[list[str], str]]:
    """Return the examples of a table, and what its second column says."""
    part = page.split(f"## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", row[0]), row[1].strip().strip("`")) for row in rows]


def test_names_of_columns(page, tmp_path):
    shown = examples(page, "Column names")
    assert len(shown) == 4
    for columns, name in shown:
        for column in columns:
            raw = read_table(write_csv(tmp_path / "a.csv", f"备注,{column}\n甲,1\n"))
            assert find_columns(raw, list(ALIASES), [], None)[name] == column


def test_rows_that_are_no_data(page, tmp_path):
    shown = examples(page, "Rows that are no data")
    assert len(shown) == 3
    for rows, reason in shown:
        for row in rows:
            path = write_csv(tmp_path / "a.csv", f"街道,社区,人数\n洪山,甲,1\n{row}\n")
            assert read_table(path).row_faults == {3: reason}


def test_figures(page):
    assert f"at least {encodings.PLAUSIBLE:.0%}".replace("%", " %") in page
    assert f"at most {packed_files.MOST_UNPACKED / 1e6:,.0f} MB in {packed_files.MOST_ENTRIES:,} files" in page
    assert f"tightly than {packed_files.MOST_RATIO}:1" in page
    assert f"{workbooks.MOST_ROWS:,} rows" in page


def test_utf8_read_as_gb18030_is_rare_characters(page):
    chinese = "".join(re.findall(r"[\u4e00-\u9fff]", page))
    assert 0.3 < everyday_share(chinese.encode().decode("gb18030", "ignore")) < 0.4
    assert everyday_share(chinese) > 0.95
