"""What stations offer, read from their table."""

from dataclasses import replace

import numpy as np
import pytest

from coverage_planner.coverage.offer import describe_offer
from coverage_planner.errors import ConfigError, InputError
from drawn_offer import make_week
from drawn_times import make_candidates

WEEK = make_week(holidays=0)


def stations(*services):
    table = make_candidates([f"F{k}" for k in range(len(services))])
    return table.assign(services=np.array(services, dtype=object))


def always(n):
    return np.ones((n, len(WEEK.starts)), dtype=bool)


def test_services_are_read_from_their_column():
    table = stations("rest;water", "water ; 看海", "rest")
    offer = describe_offer(table, services=("water", "rest", "看海", "toilet"), week=WEEK, open_=always(3))

    assert offer.services == ("water", "rest", "看海", "toilet")
    assert offer.offers.tolist() == [
        [True, True, False, False],
        [True, False, True, False],
        [False, True, False, False],
    ]
    assert offer.counts.all()
    assert offer.facility_ids.tolist() == ["F0", "F1", "F2"]
    assert offer.counted(("water", "rest")).tolist() == [True, False, False]
    assert offer.counted(()).all()


def test_stations_that_say_nothing_offer_nothing_and_are_named():
    table = stations("rest", None, " ; ")
    with pytest.warns(UserWarning, match="nothing about their services .* 2: F1, F2; fill in"):
        offer = describe_offer(table, services=("rest",), week=WEEK, open_=always(3))
    assert offer.offers.tolist() == [[True], [False], [False]]


def test_a_table_without_services_is_a_table_of_stations_that_say_nothing():
    with pytest.warns(UserWarning, match="nothing about their services .* 2: F0, F1"):
        offer = describe_offer(make_candidates(["F0", "F1"]), services=("rest",), week=WEEK, open_=always(2))
    assert not offer.offers.any()


def test_where_no_service_is_looked_for_nobody_is_warned():
    offer = describe_offer(make_candidates(["F0"]), services=(), week=WEEK, open_=always(1))
    assert offer.offers.shape == (1, 0)


def test_stations_that_do_not_count_are_not_counted():
    offer = describe_offer(
        stations("rest", "rest"), services=("rest",), week=WEEK, open_=always(2), counts=np.array([True, False])
    )
    assert offer.counted(("rest",)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("services", "named"),
    [
        (("toilett", "看海", "rest"), r"1: 'toilett' \(did you mean 'toilet'\?\); correct"),
        (("热饭菜",), r"'热饭菜' \(did you mean 'meals'\?\)"),
        (("看河",), "unknown 1: '看河'; correct"),
        (("xyzzy",), "1: 'xyzzy'; correct the name, or name a station"),
        (("rest", "rest"), "named twice 1: rest"),
        (("full",), "names other than any, full"),
    ],
)
def test_services_that_nobody_knows_are_refused(services, named):
    with pytest.raises(ConfigError, match=named):
        describe_offer(stations("rest;看海"), services=services, week=WEEK, open_=always(1))


def test_hours_of_another_week_or_table_are_refused():
    table = stations("rest", "rest")
    with pytest.raises(InputError, match=r"Offer.open must be true or false in the shape \(2, 168\) .* bool in \(3, 1"):
        describe_offer(table, services=("rest",), week=WEEK, open_=always(3))
    with pytest.raises(InputError, match=r"Offer.open .* got int64"):
        describe_offer(table, services=("rest",), week=WEEK, open_=always(2).astype(np.int64))
    with pytest.raises(InputError, match=r"Offer.counts .* shape \(2,\)"):
        describe_offer(table, services=("rest",), week=WEEK, open_=always(2), counts=np.array([True]))
    offer = describe_offer(table, services=("rest",), week=WEEK, open_=always(2))
    with pytest.raises(InputError, match=r"Offer.offers .* shape \(2, 2\)"):
        replace(offer, services=("rest", "water"))
