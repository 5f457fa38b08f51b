"""Profiles over the day: which tables are read, and what is refused."""

import numpy as np
import pytest

from coverage_planner.errors import InputError, SchemaError
from coverage_planner.sources.profiles import read_profile

HOURS = [f"h{hour:02d}" for hour in range(24)]
EVEN = ["0.0417"] * 24  # adds up to 1.0008
NOON = ["0"] * 12 + ["1"] + ["0"] * 11


@pytest.fixture
def table(tmp_path):
    def write(rows, names=("kind", *HOURS)):
        path = tmp_path / "时段 表.csv"
        path.write_text("\n".join(",".join(row) for row in (names, *rows)), encoding="utf-8")
        return path

    return write


def test_each_row_is_a_kind_and_adds_up_to_one(table):
    profile = read_profile(table([["餐饮", *NOON], ["", *EVEN]]))
    assert profile.index.tolist() == ["餐饮", ""]
    assert profile.columns.tolist() == list(range(24))
    assert profile.loc["餐饮"].tolist() == [0.0] * 12 + [1.0] + [0.0] * 11
    assert np.allclose(profile.loc[""], 1 / 24, rtol=1e-12)


@pytest.mark.parametrize("name", ["{}", "{:02d}", "{:02d}:00", "{}时", "{}点", "H{}"])
def test_hours_have_the_names_that_people_give_them(table, name):
    names = ["类型", *(name.format(hour) for hour in reversed(range(24)))]
    assert read_profile(table([["x", *reversed(NOON)]], names)).loc["x", 12] == 1.0


def test_percentages_are_shares(table):
    profile = read_profile(table([["a", "60%", "40%", *["0"] * 22], ["b", *["0"] * 23, "100"]]))
    assert profile.loc["a", [0, 1]].tolist() == [0.6, 0.4]
    assert profile.loc["b", 23] == 1.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", *NOON], ["b", *["0.1"] * 24]], r"add up to 1; not so in rows 1: 3 \(sum 2.4\)"),
        ([["a", "2", "-1", *["0"] * 22]], r"none negative.*rows 1: 2 \(sum 1\)"),
        ([["a", "viel", *["0"] * 23]], "must be numbers, got 'viel' in column 'h00', row 2"),
        ([["a", *NOON], ["a", *NOON]], "kinds of .* must not repeat, got 1: a"),
    ],
)
def test_rows_that_are_no_shares_are_refused(table, rows, message):
    with pytest.raises(InputError, match=message):
        read_profile(table(rows))


def test_columns_that_are_missing_or_stand_twice_are_named(table):
    with pytest.raises(SchemaError, match=r"must have the columns h00 to h23, missing 1: h23"):
        read_profile(table([["a", *NOON[:-1]]], ["kind", *HOURS[:-1]]))
    with pytest.raises(SchemaError, match="got 'h07' and '7时' for one"):
        read_profile(table([["a", *NOON, "0"]], ["kind", *HOURS, "7时"]))
    with pytest.raises(SchemaError, match="must have columns for kind"):
        read_profile(table([NOON], HOURS))


def test_the_demo_city_has_profiles(repository):
    profile = read_profile(repository / "data" / "demo" / "demand_profiles.csv")
    assert {"餐饮", "商场"} <= set(profile.index)
    assert np.allclose(profile.sum(axis=1), 1.0)
