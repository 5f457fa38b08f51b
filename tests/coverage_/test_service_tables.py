"""Figures by service and by hour, against loops and fractions."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.offer import Needs, Offer
from coverage_planner.coverage.service_tables import hour_shares, measure_hours, measure_services
from coverage_planner.coverage.serving import serve
from coverage_planner.errors import InputError, SchemaError
from drawn_offer import SERVICES, draw_offer, make_week
from drawn_times import make_demand, make_times

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = (0.0, 1.0, 2.5, 40.0, 0.1, 1e-9)
ROWS = (*SERVICES, "any", "full")
NEEDS = Needs(SERVICES, ("rest", "toilet"), {"toilet": 300.0, "water": 1800.0})


def make_profile(*kinds, seed=0):
    """Shares of the day for each kind, some hours without anybody."""
    shares = np.random.default_rng(seed).integers(0, 5, (len(kinds), 24)).astype(float)
    shares[:, 12] += 1
    return pd.DataFrame(shares / shares.sum(axis=1, keepdims=True), index=pd.Index(kinds, name="kind"))


def draw_demand(seed, times):
    rng = np.random.default_rng(seed)
    demand = make_demand(rng.choice(WEIGHTS, len(times.demand_ids)), times.demand_ids)
    return demand.assign(kind=rng.choice(["mall", "grid cell", None, ""], len(demand)))


def asked(what):
    return {"any": (), "full": NEEDS.required}.get(what, (what,))


@settings(deadline=None, max_examples=6)
@given(SEEDS, st.booleans(), st.sampled_from([60, 30]))
def test_figures_by_hour_equal_a_loop(seed, with_profile, slot_min):
    drawn = draw_offer(seed, slot_min=slot_min)
    week, offer = drawn.offer.week, drawn.offer
    demand = draw_demand(seed, drawn.times)
    profile = make_profile("mall", "", seed=seed) if with_profile else None
    served = serve(drawn.times, offer, NEEDS, 900.0)
    table = measure_hours(served, demand, offer, profile=profile)

    assert table.columns.tolist() == [
        "service", "slot", "date", "day", "kind", "hour", "n_open", "demand", "covered_demand", "covered_demand_share",
    ]  # fmt: skip
    assert table["service"].tolist() == [what for what in ROWS for _ in week.starts]
    assert table["slot"].tolist() == list(range(len(week.starts))) * len(ROWS)
    for what in ROWS:
        slots = served.slots(what)
        figures = table[table["service"] == what]
        for slot, row in enumerate(figures.itertuples()):
            if slot % 5:  # every fifth slot comes by every hour of the day
                continue
            hour = slot * slot_min // 60 % 24
            assert int(row.hour) == hour
            total = covered = 0.0
            for point, (weight, kind) in enumerate(zip(demand["demand"], demand["kind"], strict=True)):
                share = 1 / 24 if profile is None else profile.loc["mall" if kind == "mall" else "", hour]
                present = weight * share * slot_min / 60
                total += present
                covered += present if slots[point, slot] else 0.0
            n_open = 0
            for station in range(len(offer.counts)):
                gives = all(offer.offers[station, SERVICES.index(service)] for service in asked(what))
                n_open += bool(offer.counts[station] and gives and offer.open[station, slot])
            assert row.n_open == n_open
            assert row.demand == pytest.approx(total)
            assert row.covered_demand == pytest.approx(covered)
            if total == 0:
                assert math.isnan(row.covered_demand_share)
            else:
                assert row.covered_demand_share == pytest.approx(covered / total)
                assert row.covered_demand_share <= 1


@settings(deadline=None, max_examples=8)
@given(SEEDS)
def test_figures_by_service_equal_a_loop(seed):
    drawn = draw_offer(seed)
    offer, week = drawn.offer, drawn.offer.week
    demand = draw_demand(seed, drawn.times)
    profile = make_profile("mall", "", seed=seed)
    served = serve(drawn.times, offer, NEEDS, 900.0)
    table = measure_services(served, demand, offer, NEEDS, 900.0, profile=profile).set_index("service")

    assert table.index.tolist() == list(ROWS)
    cutoffs = [900.0, 1800.0, 300.0, 900.0]
    assert table["cutoff_s"].tolist()[:4] == cutoffs
    assert math.isnan(table.loc["full", "cutoff_s"])
    weights = [Fraction(weight) for weight in demand["demand"]]
    total = sum(weights)
    for what in ROWS:
        slots = served.slots(what)[:, : week.n_ordinary]
        row = table.loc[what]
        ever = [point for point in range(len(slots)) if any(slots[point])]
        always = [point for point in range(len(slots)) if all(slots[point])]
        assert row["demand"] == pytest.approx(float(total))
        assert row["covered_demand"] == pytest.approx(float(sum(weights[p] for p in ever)))
        assert row["covered_point_share"] == len(ever) / len(slots)
        gives = [
            all(offer.offers[f, SERVICES.index(s)] for s in asked(what)) and offer.counts[f]
            for f in range(len(offer.counts))
        ]
        assert row["n_facilities"] == sum(gives)
        if total == 0:
            assert row[["covered_demand_share", "covered_always_share", "covered_hour_share"]].isna().all()
            continue
        assert row["covered_demand_share"] == pytest.approx(float(sum(weights[p] for p in ever) / total))
        assert row["covered_always_share"] == pytest.approx(float(sum(weights[p] for p in always) / total))
        present = covered = Fraction(0)
        for point, kind in enumerate(demand["kind"]):
            day = [Fraction(share) for share in profile.loc["mall" if kind == "mall" else ""]]
            for slot in range(week.n_ordinary):
                part = weights[point] * day[slot % 24]
                present += part
                covered += part if slots[point, slot] else 0
        assert row["covered_hour_share"] == pytest.approx(float(covered / present))
        assert row["covered_always_share"] <= row["covered_hour_share"] * (1 + 1e-12)
        assert row["covered_hour_share"] <= row["covered_demand_share"] * (1 + 1e-12)


@settings(deadline=None, max_examples=8)
@given(SEEDS)
def test_the_order_of_the_points_does_not_change_a_single_bit_of_the_figures(seed):
    drawn = draw_offer(seed, most_points=8)
    demand = draw_demand(seed, drawn.times)
    profile = make_profile("mall", "", seed=seed)
    order = np.random.default_rng(seed).permutation(len(demand))
    seconds = np.where(np.isinf(drawn.seconds), np.nan, drawn.seconds)[:, order]
    moved = make_times(seconds, drawn.times.facility_ids, drawn.times.demand_ids[order], limit_s=1800.0)
    one, other = (
        (measure_hours(served, table, drawn.offer, profile=profile),
         measure_services(served, table, drawn.offer, NEEDS, 900.0, profile=profile))
        for served, table in (
            (serve(drawn.times, drawn.offer, NEEDS, 900.0), demand),
            (serve(moved, drawn.offer, NEEDS, 900.0), demand.iloc[order].reset_index(drop=True)),
        )
    )  # fmt: skip
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


@settings(deadline=None, max_examples=8)
@given(SEEDS)
def test_fully_served_demand_is_never_more_than_that_of_a_required_service(seed):
    drawn = draw_offer(seed, most_points=8)
    demand = draw_demand(seed, drawn.times)
    served = serve(drawn.times, drawn.offer, NEEDS, 900.0)
    hours = measure_hours(served, demand, drawn.offer, profile=make_profile("mall", "", seed=seed))
    covered = hours.pivot_table(index="slot", columns="service", values="covered_demand")
    for service in NEEDS.required:
        assert (covered["full"] <= covered[service]).all()


def one_station(hours=range(8, 20)):
    week = make_week(holidays=1)
    hour = np.arange(len(week.starts)) % 24
    offer = Offer(
        np.array(["F0"], dtype=object), ("rest",), np.array([[True]]), week,
        np.isin(hour, list(hours))[np.newaxis], np.array([True]),
    )  # fmt: skip
    return serve(make_times([[10.0, 10.0, 2000.0]], ["F0"], ["D0", "D1", "D2"]), offer, Needs(("rest",)), 900.0), offer


def test_a_day_station_covers_those_who_are_about_by_day():
    served, offer = one_station()
    demand = make_demand([3.0, 1.0, 4.0]).assign(kind=["night shift", "office", "office"])
    profile = pd.DataFrame(np.zeros((2, 24)), index=["night shift", "office"])
    profile.loc["night shift", [22, 23, 8]] = 0.25, 0.25, 0.5
    profile.loc["office", [9, 10, 11, 21]] = 0.25
    table = measure_services(served, demand, offer, Needs(("rest",)), 900.0, profile=profile).set_index("service")

    row = table.loc["rest"]
    assert (row["demand"], row["covered_demand"], row["covered_demand_share"]) == (8.0, 4.0, 0.5)
    assert row["covered_always_share"] == 0
    assert row["covered_hour_share"] == (3 * 0.5 + 1 * 0.75) / 8  # the night shift at eight, one office until eleven
    assert table.loc["full"].drop(["cutoff_s"]).tolist() == table.loc["any"].drop(["cutoff_s"]).tolist()
    assert table.loc["full", "cutoff_s"] == 900.0
    hours = measure_hours(served, demand, offer, profile=profile)
    assert hours.groupby(["service", "date"])["demand"].sum().eq(8.0).all()
    assert math.isnan(hours.set_index(["service", "slot"]).loc[("rest", 3), "covered_demand_share"])


def test_many_points_add_up_in_one_sum():
    n = 10_000
    _, offer = one_station()
    seconds = np.where(np.arange(n) % 3 == 0, 10.0, 2000.0)
    served = serve(make_times(seconds, ["F0"], [f"D{k}" for k in range(n)]), offer, Needs(("rest",)), 900.0)
    hours = measure_hours(served, make_demand(np.arange(n)), offer).set_index(["service", "slot"])
    assert hours.loc[("rest", 12), "covered_demand"] * 24 == pytest.approx(sum(range(0, n, 3)))
    assert hours.loc[("rest", 12), "demand"] * 24 == pytest.approx(sum(range(n)))
    assert hours.loc[("rest", 3), "covered_demand"] == 0


def test_a_station_that_never_closes_covers_always():
    served, offer = one_station(range(24))
    table = measure_services(served, make_demand([3.0, 1.0, 4.0]), offer, Needs(("rest",)), 900.0)
    shares = table[["covered_demand_share", "covered_always_share", "covered_hour_share"]]
    assert (shares == 0.5).all(axis=None)
    assert table["covered_point_share"].eq(2 / 3).all()


def test_holidays_do_not_count_in_the_figures_of_the_week():
    served, offer = one_station(range(24))
    offer.open[:, : served.week.n_ordinary] = False
    served = serve(make_times([[10.0, 10.0, 2000.0]], ["F0"], ["D0", "D1", "D2"]), offer, Needs(("rest",)), 900.0)
    table = measure_services(served, make_demand([3.0, 1.0, 4.0]), offer, Needs(("rest",)), 900.0)
    assert (table["covered_demand"] == 0).all()
    hours = measure_hours(served, make_demand([3.0, 1.0, 4.0]), offer)
    assert (hours.loc[hours["slot"] >= served.week.n_ordinary, "covered_demand_share"] == 0.5).all()


def test_shares_of_half_hours_and_of_hours_add_up_to_a_day():
    profile = make_profile("", "mall")
    for slot_min in (60, 30, 15):
        week = make_week(slot_min, holidays=1)
        for given_ in (profile, None):
            _, shares = hour_shares(make_demand([1.0, 2.0]), given_, week)
            assert shares.shape[1] == len(week.starts)
            by_day = shares.reshape(len(shares), 8, -1).sum(axis=2)
            assert by_day == pytest.approx(np.ones_like(by_day))


def test_kinds_without_a_row_take_the_blank_one():
    demand = make_demand([1.0, 1.0, 1.0]).assign(kind=["mall", "park", None])
    rows, shares = hour_shares(demand, make_profile("park", ""), make_week())
    assert rows.tolist() == [1, 0, 1]
    assert shares.shape == (2, 8 * 24)
    rows, _ = hour_shares(demand.drop(columns="kind"), make_profile("park", ""), make_week())
    assert rows.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("profile", "named"),
    [
        (make_profile("park"), r"has 1: 'park', and none for 2: '', 'mall'; add rows"),
        (make_profile("", "") , "one row per kind"),
        (make_profile("").drop(columns=23), "must have the columns 0 to 23"),
        (make_profile("", "mall").mul([1.0, 1.1], axis=0), "add up to 1; not so for 1: mall"),
        (make_profile("") * np.nan, "add up to 1; not so for 1: "),
        (make_profile("").iloc[:0], "one row per kind"),
    ],
)  # fmt: skip
def test_profiles_that_do_not_fit_are_refused(profile, named):
    demand = make_demand([1.0, 1.0, 1.0]).assign(kind=["mall", "park", None])
    with pytest.raises(InputError, match=named):
        hour_shares(demand, profile, make_week())


def test_a_negative_share_is_refused():
    profile = make_profile("")
    profile.loc["", [3, 4]] = -0.5, profile.loc["", [3, 4]].sum() + 0.5
    with pytest.raises(InputError, match="none negative"):
        hour_shares(make_demand([1.0]), profile, make_week())


def test_another_demand_table_is_refused():
    served, offer = one_station()
    with pytest.raises(InputError, match="got 2 rows for 3"):
        measure_hours(served, make_demand([1.0, 2.0]), offer)
    with pytest.raises(SchemaError, match=r"demand\.demand"):
        measure_services(served, make_demand([1.0, -2.0, 1.0]), offer, Needs(("rest",)), 900.0)
