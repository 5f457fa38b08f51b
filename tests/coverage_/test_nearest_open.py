"""The nearest open station, against a loop over every demand point, slot and station."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.measure import assign_nearest
from coverage_planner.coverage.nearest_open import nearest_open
from coverage_planner.coverage.offer import Needs
from coverage_planner.coverage.serving import serve
from coverage_planner.errors import ConfigError
from drawn_offer import SERVICES, draw_offer

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.lists(st.integers(0, 167), max_size=40), st.sampled_from([(), ("rest",), ("rest", "toilet")]))
def test_the_nearest_open_station_is_the_first_of_the_fastest(seed, slots, services):
    drawn = draw_offer(seed)
    offer = drawn.offer
    seconds, facility = nearest_open(drawn.times, offer, slots, services=services)

    assert seconds.shape == facility.shape == (drawn.seconds.shape[1], len(slots))
    assert seconds.dtype == np.float32
    for point in range(drawn.seconds.shape[1]):
        for column, slot in enumerate(slots):
            best = None
            for station in range(len(offer.counts)):
                gives = all(offer.offers[station, offer.services.index(service)] for service in services)
                if not (offer.counts[station] and offer.open[station, slot] and gives):
                    continue
                time_s = np.float32(drawn.seconds[station, point])
                if np.isfinite(time_s) and (best is None or time_s < best[0]):
                    best = (time_s, station)
            if best is None:
                assert np.isnan(seconds[point, column])
                assert facility[point, column] == -1
            else:
                assert (seconds[point, column], facility[point, column]) == best


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_where_all_count_and_are_open_it_is_the_nearest_of_all(seed):
    drawn = draw_offer(seed)
    offer = drawn.offer
    offer.open[:] = True
    offer.counts[:] = True
    seconds, facility = nearest_open(drawn.times, offer, [5])
    plain = assign_nearest(drawn.times)

    assert np.array_equal(seconds[:, 0], plain["time_s"].to_numpy(), equal_nan=True)
    names = [offer.facility_ids[row] if row >= 0 else None for row in facility[:, 0]]
    assert names == [None if pd.isna(name) else name for name in plain["facility_id"]]


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.sampled_from([300.0, 899.999, 900.0]))
def test_who_is_served_has_a_station_open_within_the_cutoff(seed, cutoff_s):
    drawn = draw_offer(seed)
    served = serve(drawn.times, drawn.offer, Needs(SERVICES), cutoff_s)
    every = range(len(drawn.offer.week.starts))
    for what in (*SERVICES, "any"):
        seconds, _ = nearest_open(drawn.times, drawn.offer, every, services=() if what == "any" else (what,))
        assert ((seconds <= np.float32(cutoff_s)) == served.slots(what)).all()


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(0, 167))
def test_an_hour_more_never_makes_the_way_longer(seed, slot):
    drawn = draw_offer(seed, few_hours=True)
    before, _ = nearest_open(drawn.times, drawn.offer, [slot])
    drawn.offer.open[::2, slot] = True
    after, _ = nearest_open(drawn.times, drawn.offer, [slot])
    assert (np.nan_to_num(after, nan=np.inf) <= np.nan_to_num(before, nan=np.inf)).all()


@pytest.mark.parametrize("slot", [-1, 168])
def test_slots_that_do_not_exist_are_refused(slot):
    drawn = draw_offer(0)
    slot = slot if slot < 0 else len(drawn.offer.week.starts)
    with pytest.raises(ConfigError, match=f"slots must be between 0 and .*, got 1: {slot}"):
        nearest_open(drawn.times, drawn.offer, [0, slot])


def test_services_that_were_not_looked_for_are_refused():
    drawn = draw_offer(0)
    with pytest.raises(ConfigError, match=r"looked for in the offer .*; not so 1: parking"):
        nearest_open(drawn.times, drawn.offer, [0], services=("parking",))
