"""Groups and scenarios refuse what would give wrong results."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.scenario.scenario import Action, Group, Scenario

CRS = "EPSG:32650"
DEMAND = gpd.GeoDataFrame({"id": ["d1"], "demand": [1.0]}, geometry=[Point(0, 0)], crs=CRS)
STATIONS = gpd.GeoDataFrame({"id": ["s1"]}, geometry=[Point(0, 0)], crs=CRS)


def day(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=range(24))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cutoff_s": 0.0}, "cutoff_s must be positive"),
        ({"parking_s": -1.0}, "parking_s must be at least 0 and below the cutoff of 900 s, got -1"),
        ({"parking_s": 900.0}, "below the cutoff of 900 s, got 900"),
        ({"visit": "fly"}, "visit must be one of stay, pass, got 'fly'"),
    ],
)
def test_a_group_refuses_settings_that_mean_nothing(given, message):
    with pytest.raises(ConfigError, match=message):
        Group(**{"name": "walkers", "mode": "walk", "cutoff_s": 900.0, "demand": DEMAND} | given)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (day(mall=[1.0] + [0.0] * 23).rename(columns={0: "h00"}), "columns 0 to 23"),
        (day(mall=[1.0] * 24), "add up to 1; not so for.*mall"),
        (day(mall=[2.0, -1.0] + [0.0] * 22), "none negative.*mall"),
        (pd.DataFrame(columns=range(24)), "one row per kind"),
        (pd.concat([day(mall=[1.0] + [0.0] * 23)] * 2), "one row per kind"),
    ],
)
def test_a_profile_must_hold_shares_of_the_day(profile, message):
    with pytest.raises(InputError, match=message):
        Group("walkers", "walk", 900.0, DEMAND, profile=profile)


def test_a_profile_must_know_the_kinds_of_the_demand():
    even = [1 / 24] * 24
    Group("walkers", "walk", 900.0, DEMAND.assign(kind="mall"), profile=day(mall=even))
    with pytest.raises(InputError, match=r"group 'walkers': .*depot"):
        Group("walkers", "walk", 900.0, DEMAND.assign(kind="depot"), profile=day(mall=even))


def test_opening_sites_is_noted_as_decisions():
    today = Scenario("today", STATIONS)
    new = STATIONS.assign(id=["c1"])
    plan = today.with_sites("plan A", new)
    assert today.actions == ()
    assert [(action.kind, action.site) for action in plan.actions] == [("open", "c1")]
    with pytest.raises(ConfigError, match="kind must be one of open, upgrade, close, got 'burn'"):
        Action("burn", "s1")


def test_a_mobile_stop_may_not_have_the_id_of_a_station():
    stops = pd.concat([STATIONS, STATIONS.assign(id="b1")], ignore_index=True)
    with pytest.raises(SchemaError, match="'today' must have other ids than its stations, got 1: s1 in both; rename"):
        Scenario("today", STATIONS, mobile=stops)
