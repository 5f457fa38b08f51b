"""The examples of docs/methods-cells.md are true."""

import re

import pytest

from coverage_planner.sources.cells import parse_number
from coverage_planner.sources.coordinates import parse_angle, parse_pair
from coverage_planner.sources.hours import parse_hours
from coverage_planner.sources.services import SERVICES


@pytest.fixture
def table(repository):
    """The rows of the table under a heading whose first column is called so: examples in ``code`` and the next cell."""
    page = (repository / "docs" / "methods-cells.md").read_text(encoding="utf-8")

    def table(heading, column):
        section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
        rows = section.split(f"| {column} |")[1].split("\n\n")[0].splitlines()[2:]
        cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
        found = [(re.findall("`([^`]+)`", first), *rest) for first, *rest in cells]
        assert found
        return found

    return table


def test_opening_hours(table):
    for texts, written in table("Opening hours", "cell"):
        assert {parse_hours(text) for text in texts} == {written.strip("`")}


def test_opening_hours_that_are_not_understood(repository):
    page = (repository / "docs" / "methods-cells.md").read_text(encoding="utf-8")
    rows = page.split("| cell | why |\n")[1].split("\n\n")[0].splitlines()[1:]
    texts = [re.findall("`([^`]+)`", row)[0] for row in rows]
    assert len(texts) == 7
    assert [parse_hours(text) for text in texts] == [None] * 7


def test_numbers(table):
    for texts, number in table("Numbers", "cell"):
        assert {parse_number(text, "demand").value for text in texts} == {float(number)}


def test_positions(table):
    texts = [text for row, *_ in table("Positions", "the cell or cells") for text in row]
    pairs = [parse_pair(text) for text in texts if "114.305" in text and "30.593" in text]
    assert len(pairs) == 9
    assert all({pair.first, pair.second} == {114.305, 30.593} for pair in pairs)
    angles = [parse_angle(text) for text in texts if not ("114.305" in text and "30.593" in text) and "=" not in text]
    assert len(angles) == 11
    assert not any(angle.reason for angle in angles)


def test_services(table, repository):
    rows = table("Services", "id")
    for (service,), chinese, english in rows:
        assert (SERVICES[service].zh, SERVICES[service].en) == (chinese, english)
    assert f"{len(SERVICES)} in all" in (repository / "docs" / "methods-cells.md").read_text(encoding="utf-8")
