"""The complete circle on real Chinese streets, with stations and people that are invented (虚构) and say so.

No figure is written down here: what must hold between the figures of one run is checked, whatever the streets are.
"""

import datetime as dt
import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import coverage_planner as cp
from coverage_planner.cli import main
from coverage_planner.coverage.capacity import assign_with_room
from coverage_planner.coverage.floating_catchment import floating_catchment
from coverage_planner.coverage.levels import Level, Levels, assign_hubs
from coverage_planner.coverage.reasons import SERVICE_REASONS
from coverage_planner.coverage.service_tables import measure_hours
from coverage_planner.coverage.serving import serve
from coverage_planner.coverage.week import build_week
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.scenario.circle import Circle, measure_circle
from coverage_planner.scenario.circle_group import GroupCircle
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.group_times import group_times
from coverage_planner.schema import Roads
from coverage_planner.sources.calendar import read_calendar
from invented_stations import SERVICES, Invented, invent, invented_day, write_invented

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:roads of roadnet.txt"),  # Nanchang's lengths are what they are
]

#: Place -> file, how it is read, its main roads.
PLACES = {
    "Wuhan": ("wuhan/roads.parquet", {}, ("primary", "secondary")),
    "Futian": ("shenzhen/futian.graphml", {}, ("primary", "secondary")),
    "Longgang": ("osm/shenzhen_longgang.osm", {}, ("primary", "secondary")),
    "Xinjiekou": ("osm/nanjing_xinjiekou.osm", {}, ("primary", "secondary")),
    "Jinan": ("jinan/roads.shp", {"source_crs": "EPSG:4326"}, ("primary", "secondary")),
    "Zhengzhou": ("zhengzhou/roads.geojson", {"noding": "crossings", "join_within_m": 5.0}, ("primary", "secondary")),
    "Nanchang": ("nanchang/roadnet.txt", {}, ("road",)),
}
MOMENTS = ("We 12:00", "We 23:00", "2025-10-03 10:00")
REQUIRED = ("rest", "water", "meals")
MOST_SATELLITES, RADIUS_M = 2, 1800.0


@dataclass(frozen=True)
class Measured:
    """One place with its invented stations, measured."""

    roads: Roads
    network: cp.RoadNetwork
    invented: Invented
    outcome: cp.Outcome
    circle: Circle


def make_rules(**changes: object) -> CircleRules:
    calendar = read_calendar()
    week = build_week(calendar, of=dt.date(2025, 9, 17), dates=[dt.date(2025, 10, 3), dt.date(2025, 9, 28)])
    levels = Levels(
        levels={name: Level(name, (), None, None) for name in ("hub", "satellite")},
        most_satellites=MOST_SATELLITES,
        radius_m=RADIUS_M,
        radius_s=None,
        unassigned_count=False,
    )
    rules = CircleRules(
        week=week,
        calendar=calendar,
        services=SERVICES,
        required=REQUIRED,
        cutoffs_s={"toilet": 300.0, "legal_aid": 1800.0},
        moments=MOMENTS,
        levels=levels,
        people_per_place=2.0,
        bands_s=(300.0, 600.0, 900.0),
        band_weights=(1.0, 0.68, 0.22),
    )
    return replace(rules, **changes)


@pytest.fixture(scope="module", params=list(PLACES))
def measured(request, real_data) -> Measured:
    file, how, main_roads = PLACES[request.param]
    roads = cp.read_roads(real_data / file, **how)
    network = cp.build_network(roads)
    invented = invent(roads, seed=list(PLACES).index(request.param))
    around = invented.communities.dissolve()[["geometry"]].assign(name="虚构区")
    stretches = build_stretches(network, "drive", weights=dict.fromkeys(main_roads, 4.0), study_area=around)
    groups = [
        cp.Group("虚构户外劳动者", "walk", 900.0, invented.walkers, profile=invented_day()),
        cp.Group("虚构骑手", "ebike", 300.0, invented.riders, parking_s=30.0, required=("rest", "charging")),
        cp.Group("虚构司机", "drive", 300.0, stretches, visit="pass", parking_s=60.0),
    ]
    rules = make_rules()
    outcome = cp.evaluate(
        cp.Scenario("虚构", invented.stations, mobile=invented.stops),
        network,
        groups,
        communities=invented.communities,
        limits_s={group.name: rules.farthest_s(group) for group in groups},
    )
    return Measured(roads, network, invented, outcome, measure_circle(outcome, rules))


def each_group(measured: Measured) -> list[GroupCircle]:
    found = list(measured.circle.groups.values())
    assert len(found) == 3
    return found


def people(found: GroupCircle) -> np.ndarray:
    return found.group.demand["demand"].to_numpy(dtype=float)


# ------------------------------------------------------------------------------------------------------ hours, services


def test_at_all_hours_open_any_is_plain_coverage(measured):
    """What never closes and always counts covers in every slot what plain coverage covers."""
    offer = measured.circle.offer
    always = replace(offer, open=np.ones_like(offer.open), counts=np.ones_like(offer.counts))
    for found in each_group(measured):
        plain = cp.measure_coverage(found.times, found.group.demand, found.group.cutoff_s)
        served = serve(found.times, always, found.needs, found.group.cutoff_s)
        assert (served.slots("any") == plain.covered[:, None]).all()
        hours = measure_hours(served, found.group.demand, always)
        share = hours.loc[hours["service"] == "any", "covered_demand_share"].to_numpy()
        np.testing.assert_allclose(share, plain.covered_demand_share, rtol=1e-12)


def test_stations_without_the_stops_cover_what_the_outcome_says(measured):
    """The rows of the stations are those that plain coverage was measured from; the stops stand below them."""
    n = len(measured.invented.stations)
    assert measured.circle.facilities["id"].tolist()[:n] == measured.invented.stations["id"].tolist()
    for found in each_group(measured):
        plain = measured.outcome.groups[found.group.name]
        until = plain.times.indptr[-1]
        assert (found.times.indptr[: n + 1] == plain.times.indptr).all()
        assert (found.times.seconds[:until] == plain.times.seconds).all()
        assert (found.times.indices[:until] == plain.times.indices).all()
        assert len(found.times.facility_ids) == n + len(measured.invented.stops)


def test_full_is_what_all_required_services_have_in_common(measured):
    for found in each_group(measured):
        full = found.served.slots("full")
        assert (full == np.logical_and.reduce([found.served.slots(s) for s in found.needs.required])).all()
        for service in found.needs.services:
            if found.needs.cutoff_s(service, found.group.cutoff_s) <= found.group.cutoff_s:
                assert not (found.served.slots(service) & ~found.served.slots("any")).any()


def test_bits_are_what_a_walk_over_the_pairs_finds(measured):
    """A few hundred drawn (point, service, slot) triples, each asked of the rows of the times one by one."""
    rng = np.random.default_rng(1)
    offer = measured.circle.offer
    for found in each_group(measured):
        times, needs, cutoff_s = found.times, found.needs, found.group.cutoff_s
        rows = np.repeat(np.arange(len(times.facility_ids)), np.diff(times.indptr))
        for _ in range(150):
            point, slot = int(rng.integers(len(found.group.demand))), int(rng.integers(len(offer.week.starts)))
            what = (*needs.services, "any")[int(rng.integers(len(needs.services) + 1))]
            limit = cutoff_s if what == "any" else needs.cutoff_s(what, cutoff_s)
            near = [
                int(f) for f, d, s in zip(rows, times.indices, times.seconds, strict=True) if d == point and s <= limit
            ]
            gives = [f for f in near if offer.counts[f] and offer.open[f, slot]]
            if what != "any":
                gives = [f for f in gives if offer.offers[f, offer.services.index(what)]]
            assert bool(found.served.at(what, slot)[point]) == bool(gives)


def test_figures_of_services_stand_in_order(measured):
    """In every slot <= weighted over the slots <= in some slot <= everybody; sums are those of the points."""
    for found in each_group(measured):
        table, weight = found.services.set_index("service"), people(found)
        assert table.index.tolist() == [*found.needs.services, "any", "full"]
        np.testing.assert_allclose(table["demand"], weight.sum(), rtol=1e-9)
        assert (table["covered_always_share"] <= table["covered_hour_share"] + 1e-12).all()
        assert (table["covered_hour_share"] <= table["covered_demand_share"] + 1e-12).all()
        assert table["covered_demand_share"].between(0, 1).all()
        for what, row in table.iterrows():
            assert row["covered_demand"] == pytest.approx(weight[found.served.ever(what)].sum())
        assert table.loc["full", "covered_demand"] <= table.loc[list(found.needs.required), "covered_demand"].min()


def test_a_day_has_the_demand_of_all_and_each_hour_what_is_open(measured):
    offer = measured.circle.offer
    for found in each_group(measured):
        hours = found.hours
        by_day = hours.groupby(["service", "date"])["demand"].sum()
        np.testing.assert_allclose(by_day, people(found).sum(), rtol=1e-9)
        assert (hours["covered_demand"] <= hours["demand"] * (1 + 1e-12)).all()
        of_any = hours[hours["service"] == "any"]
        assert of_any["slot"].tolist() == list(range(len(offer.week.starts)))
        assert (of_any["n_open"].to_numpy() == offer.open[offer.counts].sum(axis=0)).all()
        at_full = hours.loc[hours["service"] == "full", "covered_demand"].to_numpy()
        for service in found.needs.required:
            assert (at_full <= hours.loc[hours["service"] == service, "covered_demand"].to_numpy() * (1 + 1e-12)).all()


def test_a_holiday_is_not_a_friday_and_a_made_up_sunday_is_no_sunday(measured):
    """Stations that say 'PH off' are closed on 3 October 2025, a Friday; those of Monday to Friday work on 28 September."""
    circle = measured.circle
    week, hours = circle.rules.week, circle.facilities["opening_hours"].to_numpy()
    friday, holiday, sunday, made_up = (
        week.slot(moment) for moment in ("Fr 10:00", "2025-10-03 10:00", "Su 10:00", "2025-09-28 10:00")
    )
    off = hours == "Mo-Sa 08:00-18:00; PH off"
    assert off.any()
    assert circle.offer.open[off, friday].all()
    assert not circle.offer.open[off, holiday].any()
    assert not circle.offer.open[off, sunday].any()
    assert circle.offer.open[off, made_up].all()
    working = hours == "Mo-Fr 09:00-17:30; Sa 09:00-12:00"
    assert not circle.offer.open[working, sunday].any()
    assert circle.offer.open[working, made_up].all()


def test_closing_a_station_or_a_service_never_helps(measured):
    offer = measured.circle.offer
    fewer = replace(offer, counts=offer.counts & (np.arange(len(offer.counts)) % 3 != 0))
    poorer = replace(offer, offers=offer.offers & (np.arange(len(offer.counts)) % 2 == 0)[:, None])
    for found in each_group(measured):
        for less in (fewer, poorer):
            bits = serve(found.times, less, found.needs, found.group.cutoff_s).bits
            assert not (bits & ~found.served.bits).any()
        longer = replace(found.needs, cutoffs_s={s: 2 * c for s, c in found.needs.cutoffs_s.items() if s == "toilet"})
        longer = replace(longer, cutoffs_s={**found.needs.cutoffs_s, **longer.cutoffs_s})
        more = serve(found.times, offer, longer, found.group.cutoff_s).bits
        assert not (found.served.bits & ~more).any()


def test_together_is_the_sum_of_the_groups(measured):
    together = measured.circle.together.set_index("service")
    for service, row in together.iterrows():
        parts = [found.services.set_index("service") for found in each_group(measured)]
        parts = [part.loc[service] for part in parts if service in part.index]
        assert row["covered_demand"] == pytest.approx(sum(part["covered_demand"] for part in parts))
        assert row["demand"] == pytest.approx(sum(part["demand"] for part in parts))
        assert row["covered_demand_share"] == pytest.approx(row["covered_demand"] / row["demand"])


# -------------------------------------------------------------------------------------------------------- reasons, gaps


def test_every_unserved_point_has_exactly_one_reason(measured):
    for found in each_group(measured):
        reasons = {"reason": found.served.ever("full")}
        reasons |= {f"reason {moment}": found.served.at("any", found.served.week.slot(moment)) for moment in MOMENTS}
        for column, served in reasons.items():
            reason = found.points[column]
            assert set(reason.dropna()) <= set(SERVICE_REASONS), column
            if column != "reason":
                assert (reason.isna().to_numpy() == served).all(), column
            else:  # a point that finds no room is not served either
                assert reason[~served].notna().all()
                assert set(reason[served].dropna()) <= {"capacity_full"}


def test_reasons_name_what_is_there(measured):
    """closed_then: a station that counts is near, and shut; without a hub: only such stations are near; else none is."""
    offer = measured.circle.offer
    always = replace(offer, open=np.ones_like(offer.open))
    at_station = ["closed_then", "satellite_without_hub"]
    for found in each_group(measured):
        near = cp.measure_coverage(found.times, found.group.demand, found.group.cutoff_s).covered
        counted_near = serve(found.times, always, found.needs, found.group.cutoff_s).at("any", 0)
        for moment in MOMENTS:
            reason = found.points[f"reason {moment}"]
            unserved = reason.notna().to_numpy()
            assert ((reason == "closed_then") == (unserved & counted_near)).all()
            assert ((reason == "satellite_without_hub") == (unserved & near & ~counted_near)).all()
            assert (~near == (unserved & ~reason.isin(at_station))).all()


def test_gaps_hold_every_unserved_point_once_and_their_shares_add_up(measured):
    for found in each_group(measured):
        for moment in MOMENTS:
            unserved = found.points[f"reason {moment}"].notna().to_numpy()
            gaps = found.gaps[found.gaps["moment"] == moment]
            assert gaps["n_points"].sum() == unserved.sum()
            assert gaps["uncovered_demand"].sum() == pytest.approx(people(found)[unserved].sum())
            assert gaps["uncovered_demand"].is_monotonic_decreasing
            for shares in gaps["reason_shares"]:
                parts = [part.rsplit(" ", 2) for part in shares.split("; ")]
                assert {name for name, _, _ in parts} <= set(SERVICE_REASONS)
                said = sum(float(share.strip("<>")) for _, share, _ in parts)
                assert abs(said - 100) <= len(parts)  # each is rounded to a whole one; '<1' is less


# ---------------------------------------------------------------------------------------------- hubs, capacity, equity


def test_as_many_satellites_as_can_be_have_a_hub(measured):
    """Against scipy's maximum matching on hubs that are written down once for each satellite they may carry."""
    stations, hubs = measured.invented.stations, measured.circle.hubs
    found = hubs.satellites.set_index("id")
    hub, satellite = (stations[stations["level"] == level] for level in ("hub", "satellite"))
    assert found.index.tolist() == satellite["id"].tolist()
    assert (found["lack"].notna() == found["hub_id"].isna()).all()
    assert (found["distance_m"].dropna() <= RADIUS_M).all()
    assert hubs.hubs.set_index("id")["n_satellites"].to_dict() == {
        name: int((found["hub_id"] == name).sum()) for name in hub["id"]
    }
    assert hubs.hubs["n_satellites"].max() <= MOST_SATELLITES
    away = np.array([satellite.distance(at).to_numpy() for at in hub.geometry])
    near = np.repeat(away <= RADIUS_M, MOST_SATELLITES, axis=0)
    best = scipy.sparse.csgraph.maximum_bipartite_matching(scipy.sparse.csr_array(near.astype(np.int8)), "column")
    assert found["hub_id"].notna().sum() == (best >= 0).sum()
    counted = dict(zip(measured.circle.offer.facility_ids, measured.circle.offer.counts, strict=True))
    assert {name: counted[name] for name in found.index} == found["hub_id"].notna().to_dict()


def test_a_larger_radius_or_more_satellites_never_leave_more_without_a_hub(measured):
    levels = measured.circle.rules.levels
    lonely = [
        assign_hubs(measured.invented.stations, replace(levels, most_satellites=most, radius_m=radius_m), times=None)
        .satellites["hub_id"].isna().sum()
        for most, radius_m in ((1, 900.0), (2, 900.0), (2, 1800.0), (None, 1800.0), (None, None))
    ]  # fmt: skip
    assert lonely == sorted(lonely, reverse=True)
    assert lonely[-1] == 0


def test_everybody_finds_room_or_is_said_to_find_none(measured):
    """Places are shared by all groups; each group's points are its part of all."""
    whole, offer = measured.circle.capacity, measured.circle.offer
    rooms, points = whole.facilities, whole.points
    np.testing.assert_allclose(points["assigned_demand"] + points["unassigned_demand"], points["demand"], atol=1e-6)
    assert rooms["assigned_demand"].sum() == pytest.approx(points["assigned_demand"].sum())
    limited = rooms["capacity"].notna()
    assert (rooms["assigned_demand"] <= rooms["capacity"] + 1e-6)[limited].all()
    over = (rooms["nearest_demand"] - rooms["capacity"])[limited].clip(lower=0)
    np.testing.assert_allclose(rooms["shortage"][limited], over, atol=1e-6)
    assert (rooms["nearest_demand"][~offer.counts] == 0).all()
    always = replace(offer, open=np.ones_like(offer.open))
    near = 0.0
    for found in each_group(measured):
        own = found.capacity.points
        reached = serve(found.times, always, found.needs, found.group.cutoff_s).at("any", 0)
        assert (own["unassigned_demand"][~reached] == own["demand"][~reached]).all()
        np.testing.assert_allclose(own["demand"], people(found), rtol=1e-9)
        near += people(found)[reached].sum()
    assert rooms["nearest_demand"].sum() == pytest.approx(near)
    left = sum(found.capacity.points["unassigned_demand"].sum() for found in each_group(measured))
    assert left == pytest.approx(points["unassigned_demand"].sum())


def test_more_places_never_leave_more_without_room(measured):
    for found in each_group(measured):
        room = measured.circle.capacity.facilities["capacity"].to_numpy(dtype=float)
        left = []
        for factor in (0.25, 0.5, 1.0, 2.0, np.nan):  # at last without limit
            assigned = assign_with_room(
                found.times,
                found.group.demand,
                room * factor,
                cutoff_s=found.group.cutoff_s,
                open_=measured.circle.offer.counts,
            )
            left.append(assigned.points["unassigned_demand"].to_numpy())
        assert all((fewer <= more + 1e-6).all() for more, fewer in itertools.pairwise(left))
        together = found.capacity.points["unassigned_demand"].to_numpy()
        assert left[2].sum() <= together.sum() + 1e-6  # whoever has the places alone


def test_full_stations_are_a_reason_only_where_they_are_open(measured):
    """Room is looked at on Wednesday noon: who is served at other hours alone was not turned away by a full station."""
    circle = measure_circle(measured.outcome, make_rules(capacity_at="We 12:00"))
    slot = circle.rules.week.slot("We 12:00")
    for name, found in circle.groups.items():
        own, near = found.capacity.points, found.served.at("any", slot)
        full = (found.points["reason"] == "capacity_full").to_numpy()
        assert near[full].all()
        assert (own["unassigned_demand"].to_numpy()[full] > 0).all()
        assert (own["unassigned_demand"] <= own["demand"] * (1 + 1e-9)).all()
        hours = found.hours.set_index(["service", "slot"])
        assert own["demand"].sum() == pytest.approx(hours.loc[("any", slot), "demand"]), name
        assert own["assigned_demand"].sum() <= hours.loc[("any", slot), "covered_demand"] * (1 + 1e-9)


def test_floating_catchments_hand_out_their_supply_once(measured):
    whole = measured.circle.access
    supply = whole.facilities.loc[whole.facilities["demand_in_catchment"] > 0, "supply"].sum()
    handed = sum(
        (found.access.points["access"].fillna(0.0).to_numpy() * people(found)).sum() for found in each_group(measured)
    )
    assert handed == pytest.approx(supply)
    for found in each_group(measured):
        once, twice = (
            floating_catchment(
                found.times,
                found.group.demand,
                factor * whole.facilities["supply"].to_numpy(),
                bands_s=whole.bands_s,
                weights=whole.weights,
            ).points["access"]
            for factor in (1.0, 2.0)
        )
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-12)
        assert (once.to_numpy() >= found.access.points["access"].to_numpy() - 1e-12).all()  # not shared with others


def test_equity_adds_up_and_its_curve_bends_down(measured):
    walkers, riders, drivers = each_group(measured)
    assert drivers.equity is None
    for found in (walkers, riders):
        (row,) = found.equity.summary.to_dict("records")
        assert row["reached_demand"] + row["unreached_demand"] == pytest.approx(row["demand"])
        assert row["covered_demand"] + row["uncovered_demand"] == pytest.approx(row["demand"])
        assert 0 <= row["gini"] < 1
        assert row["mean_time_s"] >= 0
        assert row["median_time_s"] <= row["p90_time_s"]
        curve = found.equity.lorenz.to_numpy(dtype=float)
        assert curve[0].tolist() == [0.0, 0.0]
        np.testing.assert_allclose(curve[-1], 1.0)
        assert (curve[:, 1] <= curve[:, 0] + 1e-12).all()
        steps = np.diff(curve, axis=0)
        assert (np.diff(steps[:, 1] / steps[:, 0]) >= -1e-9).all()
        area = (steps[:, 0] * (curve[1:, 1] + curve[:-1, 1]) / 2).sum()
        assert row["gini"] == pytest.approx(1 - 2 * area)
        areas = found.equity.areas
        for kind in ("community", "subdistrict"):
            assert areas.loc[areas["area_kind"] == kind, "demand"].sum() <= row["demand"] * (1 + 1e-12)
        by_kind = areas.groupby("area_kind")["demand"].sum()
        assert by_kind["community"] == pytest.approx(by_kind["subdistrict"])
        plain = measured.outcome.groups[found.group.name].coverage
        assert row["covered_demand"] == pytest.approx(plain.covered_demand)


def test_drivers_lose_at_most_the_time_of_parking(measured):
    """Detours without parking are shorter by its time, or less where they end at 0; all are at least 0."""
    drivers = each_group(measured)[2]
    quick = replace(drivers.group, parking_s=0.0)
    stations = measured.invented.stations
    times = group_times(measured.network, stations, [quick], limit_s={quick.name: drivers.times.limit_s})[quick.name]
    n = drivers.times.indptr[len(stations)]
    shape = len(stations), len(quick.demand)
    parked = scipy.sparse.csr_array(
        (drivers.times.seconds[:n] + 1.0, drivers.times.indices[:n], drivers.times.indptr[: shape[0] + 1]), shape
    ).toarray()  # one second more, so that 0 is a pair too
    passed = scipy.sparse.csr_array((times.seconds + 1.0, times.indices, times.indptr), shape).toarray()
    both = parked > 0
    assert both.any()
    assert (parked[both] >= 1.0).all()
    assert (passed[both] > 0).all()
    lost = parked[both] - passed[both]
    assert (lost >= -1e-3).all()
    assert (lost <= 60.0 + 1e-3).all()
    assert lost.max() > 59.0


def test_the_order_of_the_stations_does_not_matter(measured):
    """The same bits, reasons and rooms from the stations in reverse order."""
    stations = measured.invented.stations.iloc[::-1].reset_index(drop=True)
    groups = [found.group for found in each_group(measured)]
    outcome = cp.evaluate(
        cp.Scenario("虚构 倒序", stations, mobile=measured.invented.stops),
        measured.network,
        groups,
        communities=measured.invented.communities,
        limits_s={group.name: measured.circle.rules.farthest_s(group) for group in groups},
    )
    again = measure_circle(outcome, measured.circle.rules)
    for name, found in measured.circle.groups.items():
        assert (again.groups[name].served.bits == found.served.bits).all()
        pd.testing.assert_frame_equal(again.groups[name].services, found.services)
        pd.testing.assert_series_equal(again.groups[name].points["reason We 23:00"], found.points["reason We 23:00"])


# ------------------------------------------------------------------------------------------------------------ plan file

PLAN = """
name = "PLACE（虚构驿站）"
synthetic = true
[roads]
file = 'FILE'
HOW
[facilities]
file = "stations.csv"
[communities]
file = "communities.geojson"
[services]
counted = ["休息", "饮水", "充电", "热饭", "药品", "厕所", "法律援助", "淋浴"]
required = ["休息", "饮水", "热饭"]
cutoff_min = { toilet = 5, legal_aid = 30 }
[hours]
week_of = "2025-09-17"
dates = ["2025-10-03", "2025-09-28"]
moments = ["We 12:00", "We 23:00", "2025-10-03 10:00"]
[levels]
most_satellites = 2
radius_m = 1800
unassigned_count = false
[capacity]
people_per_place = 2
bands_min = [5, 10, 15]
band_weights = [1.0, 0.68, 0.22]
[[mobile]]
file = "stops.csv"
[[layers]]
name = "虚构企业"
file = "firms.csv"
count = "workers"
unit = "家"
unit_en = "firms"
[[groups]]
name = "户外劳动者"
mode = "walk"
cutoff_min = 15
demand = { file = "walkers.csv" }
profile = "days.csv"
[[groups]]
name = "骑手"
mode = "ebike"
cutoff_min = 5
parking_min = 0.5
required = ["休息", "充电"]
demand = { file = "riders.csv" }
[[groups]]
name = "司机"
mode = "drive"
cutoff_min = 5
parking_min = 1
[groups.main_roads]
per_km = { MAIN = 4 }
sum = 500
"""

#: Place -> further keys of [roads].
HOW = {"Jinan": "source_crs = 'EPSG:4326'", "Zhengzhou": 'noding = "crossings"\njoin_within_m = 5'}


def rows_of(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")


@pytest.mark.parametrize("place", list(PLACES))
def test_a_plan_file_of_all_of_it(place, real_data, tmp_path, capsys):
    """`coverage-planner plan` on real streets: what it writes adds up, and every file says that stations are made up."""
    file, how, main_roads = PLACES[place]
    write_invented(invent(cp.read_roads(real_data / file, **how), seed=list(PLACES).index(place)), tmp_path)
    text = PLAN.replace("PLACE", place).replace("FILE", (real_data / file).as_posix())
    text = text.replace("HOW", HOW.get(place, "")).replace("MAIN", main_roads[0])
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "结果 out"
    code = main(["plan", str(tmp_path / "plan.toml"), "--out", str(out)])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["results"]["synthetic"] is True
    assert all("合成" in (out / page).read_text(encoding="utf-8") for page in ("hours.html", "map.html"))
    services, hours, gaps = (rows_of(out, name) for name in ("by_service", "by_hour", "gaps_at"))
    assert services["note"].str.contains("合成").all()
    groups = services["group"].unique().tolist()
    assert groups == ["户外劳动者", "骑手", "司机", "(all)"]
    assert len(services) == len(groups) * (len(SERVICES) + 2)
    assert len(hours) == len(services) * 24 * 9
    table = services.set_index(["group", "service"])
    assert table.loc[("司机", "any"), "demand"] == pytest.approx(500)
    for service in services["service"].unique():
        parts = [table.loc[(group, service), "covered_demand"] for group in groups[:-1]]
        assert table.loc[("(all)", service), "covered_demand"] == pytest.approx(sum(parts), rel=1e-6, abs=1e-3)
    for group in groups[:-1]:
        required = ["rest", "charging"] if group == "骑手" else list(REQUIRED)
        share = table.loc[group, "covered_demand_share"]
        assert share["full"] <= share[required].min() + 1e-9
    assert (services["covered_always_share"] <= services["covered_hour_share"] + 1e-9).all()
    assert (services["covered_hour_share"] <= services["covered_demand_share"] + 1e-9).all()
    # who is unserved at a moment is the rest of who is served then, and every gap has a reason
    reasons = rows_of(out, "reasons")
    at_moment = reasons[reasons["service"] == "any"].groupby(["group", "moment"])
    assert len(at_moment) == 3 * len(MOMENTS)
    for (group, moment), rows in at_moment:
        own = gaps[(gaps["group"] == group) & (gaps["moment"] == moment)]
        assert own["n_points"].sum() == rows["n_points"].sum()
        assert own["uncovered_demand"].sum() == pytest.approx(rows["uncovered_demand"].sum(), rel=1e-6, abs=1e-2)
        assert set(rows["reason"]) <= set(SERVICE_REASONS)
    hubs, satellites = rows_of(out, "hubs"), rows_of(out, "satellites")
    assert hubs["n_satellites"].sum() == satellites["hub_id"].notna().sum()
    assert (hubs["n_satellites"] <= hubs["most_satellites"]).all()
    assert (satellites["counts"] == satellites["hub_id"].notna()).all()
    rooms = rows_of(out, "capacity")
    assert len(rooms) == 20 + 2
    assert (rooms["room"].isna() | (rooms["assigned_demand"] <= rooms["room"] + 1e-3)).all()
    inside = rows_of(out, "in_circle").set_index("id")["n_inside"]
    assert inside.drop("(all)").max() <= inside["(all)"] <= min(inside.drop("(all)").sum(), 150)
    assert len(rows_of(out, "mobile_stops")) == 2
    assert (out / "三清单.xlsx").read_bytes()[:2] == b"PK"
