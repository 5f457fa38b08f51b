"""Who is served when, against loops over every demand point, service and slot."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from coverage_planner.coverage.offer import Needs, Offer
from coverage_planner.coverage.serving import Served, pack_slots, serve, unpack_slots
from coverage_planner.errors import ConfigError, InputError
from drawn_offer import SERVICES, draw_offer, make_week
from drawn_times import make_times

SEEDS = st.integers(0, 2**32 - 1)
CUTOFFS = st.sampled_from([0.001, 300.0, 600.0, 899.999, 900.0, 1800.0])
OWN_CUTOFFS = st.dictionaries(st.sampled_from(SERVICES), CUTOFFS, max_size=2)
REQUIRED = st.lists(st.sampled_from(SERVICES), unique=True, max_size=3).map(tuple)


def small(*, open_, offers, seconds, services=("rest", "toilet"), counts=None):
    """An offer and times: open hours (on the first Monday) and services as lists, seconds per station."""
    week = make_week(holidays=0)
    slots = np.zeros((len(open_), len(week.starts)), dtype=bool)
    for station, hours in enumerate(open_):
        slots[station, list(hours)] = True
    ids = [f"F{k}" for k in range(len(open_))]
    offer = Offer(
        facility_ids=np.array(ids, dtype=object),
        services=services,
        offers=np.array([[service in of for service in services] for of in offers], dtype=bool),
        week=week,
        open=slots,
        counts=np.ones(len(open_), dtype=bool) if counts is None else np.array(counts),
    )
    seconds = np.array(seconds, dtype=float)
    return make_times(seconds, ids, [f"D{k}" for k in range(seconds.shape[1])], limit_s=1800.0), offer


def loop_over_all(drawn, needs, cutoff_s):
    """The rule by its words, one demand point, service and slot after the other."""
    offer = drawn.offer
    stations, points = drawn.seconds.shape
    n_slots = len(offer.week.starts)
    answer = {}
    for point in range(points):
        for slot in range(n_slots):
            have = {}
            for service in needs.services:
                longest = needs.cutoffs_s.get(service, cutoff_s)
                have[service] = False
                for station in range(stations):
                    near = np.float32(drawn.seconds[station, point]) <= np.float32(longest)
                    gives = offer.offers[station, offer.services.index(service)]
                    if near and gives and offer.counts[station] and offer.open[station, slot]:
                        have[service] = True
            some = False
            for station in range(stations):
                near = np.float32(drawn.seconds[station, point]) <= np.float32(cutoff_s)
                if near and offer.counts[station] and offer.open[station, slot]:
                    some = True
            full = all(have[service] for service in needs.required) if needs.required else some
            answer[point, slot] = {**have, "any": some, "full": full}
    return answer


@settings(deadline=None, max_examples=25)
@given(SEEDS, OWN_CUTOFFS, REQUIRED, CUTOFFS, st.sampled_from([60, 60, 30]))
def test_who_is_served_equals_a_loop_over_points_services_and_slots(seed, own, required, cutoff_s, slot_min):
    drawn = draw_offer(seed, slot_min=slot_min, most_points=3)
    needs = Needs(SERVICES, required, own)
    served = serve(drawn.times, drawn.offer, needs, cutoff_s)
    expected = loop_over_all(drawn, needs, cutoff_s)

    ordinary = range(drawn.offer.week.n_ordinary)
    for what in (*SERVICES, "any", "full"):
        slots = served.slots(what)
        for (point, slot), have in expected.items():
            assert slots[point, slot] == have[what]
        for point in range(len(slots)):
            assert served.ever(what)[point] == any(expected[point, slot][what] for slot in ordinary)
            assert served.always(what)[point] == all(expected[point, slot][what] for slot in ordinary)
        for slot in (0, 63, 64, len(drawn.offer.week.starts) - 1):
            assert served.at(what, slot).tolist() == slots[:, slot].tolist()


def test_who_is_served_equals_a_product_of_sparse_matrices_in_a_larger_case():
    drawn = draw_offer(7, most_stations=90, most_points=400)
    offer = drawn.offer
    n, d = drawn.seconds.shape
    assert n > 40
    assert d > 100
    needs = Needs(SERVICES, ("rest", "toilet"), {"toilet": 300.0, "water": 1800.0})
    served = serve(drawn.times, offer, needs, 900.0)
    giving = {service: offer.offers[:, k] for k, service in enumerate(SERVICES)} | {"any": np.ones(n, dtype=bool)}
    for what, gives in giving.items():
        near = csr_array(drawn.seconds.astype(np.float32) <= np.float32(needs.cutoff_s(what, 900.0)), dtype=int)
        usable = (offer.open & (gives & offer.counts)[:, np.newaxis]).astype(int)
        assert ((near.T @ usable > 0) == served.slots(what)).all()
    assert (served.slots("full") == (served.slots("rest") & served.slots("toilet"))).all()


def test_all_required_services_may_come_from_several_stations_but_at_the_same_hour():
    #      open    offers            D0   D1
    # F0   8, 9    rest             100  100
    # F1   9, 10   toilet           200  901
    times, offer = small(
        open_=[(8, 9), (9, 10)], offers=[("rest",), ("toilet",)], seconds=[[100.0, 100.0], [200.0, 901.0]]
    )
    served = serve(times, offer, Needs(("rest", "toilet"), ("rest", "toilet")), 900.0)

    assert np.flatnonzero(served.slots("rest")[0]).tolist() == [8, 9]
    assert np.flatnonzero(served.slots("toilet")[0]).tolist() == [9, 10]
    assert np.flatnonzero(served.slots("any")[0]).tolist() == [8, 9, 10]
    assert np.flatnonzero(served.slots("full")[0]).tolist() == [9]
    assert not served.slots("full")[1].any()


def test_a_service_may_have_a_shorter_or_a_longer_cutoff_than_the_group():
    times, offer = small(open_=[(8,)], offers=[("rest", "toilet")], seconds=[[300.0, 300.001, 900.0, 900.001, 1800.0]])
    needs = Needs(("rest", "toilet"), ("rest", "toilet"), {"toilet": 300.0, "rest": 1800.0})
    served = serve(times, offer, needs, 900.0)

    assert served.at("toilet", 8).tolist() == [True, False, False, False, False]
    assert served.at("rest", 8).tolist() == [True] * 5
    assert served.at("any", 8).tolist() == [True, True, True, False, False]
    assert served.at("full", 8).tolist() == [True, False, False, False, False]


def test_a_station_that_does_not_count_serves_nobody():
    times, offer = small(
        open_=[(8,), (8,)], offers=[("rest",), ()], seconds=[[1.0, 2000.0], [2000.0, 1.0]], counts=[False, True]
    )
    served = serve(times, offer, Needs(("rest",), ("rest",)), 900.0)

    assert served.at("rest", 8).tolist() == [False, False]
    assert served.at("any", 8).tolist() == [False, True]


def test_a_pair_at_zero_seconds_is_served():
    times, offer = small(open_=[(8,)], offers=[("rest",)], seconds=[[0.0]])
    assert serve(times, offer, Needs(("rest",)), 0.001).at("rest", 8).tolist() == [True]


def test_without_required_services_full_is_any():
    times, offer = small(open_=[(8, 70)], offers=[()], seconds=[[10.0, 2000.0]])
    served = serve(times, offer, Needs(("rest",)), 900.0)
    assert (served.bits[:, served.row("full")] == served.bits[:, served.row("any")]).all()
    assert served.at("full", 70).tolist() == [True, False]


def test_without_services_and_without_stations_there_are_still_any_and_full():
    drawn = draw_offer(1, most_stations=0)
    served = serve(drawn.times, drawn.offer, Needs(()), 900.0)
    assert served.rows == ("any", "full")
    assert not served.ever("any").any()


# --- what may never happen ---


def drawn_needs(required=SERVICES):
    return Needs(SERVICES, required, {"toilet": 600.0})


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_fully_served_is_served_with_each_required_service(seed):
    drawn = draw_offer(seed)
    served = serve(drawn.times, drawn.offer, drawn_needs(("rest", "toilet")), 900.0)
    for service in ("rest", "toilet"):
        assert not (served.slots("full") & ~served.slots(service)).any()


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(0, 4), st.sampled_from(["station", "service", "hour"]))
def test_a_station_a_service_or_an_hour_more_never_takes_coverage_away(seed, chosen, what):
    drawn = draw_offer(seed)
    n = len(drawn.offer.counts)
    if n == 0:
        return
    station = chosen % n
    fields = {"station": "counts", "service": "offers", "hour": "open"}
    less = getattr(drawn.offer, fields[what]).copy()
    if what == "hour":
        less[station, :: 2 + chosen] = False
    else:
        less[station] = False
    more = less.copy()
    more[station] = True
    before, after = (
        serve(drawn.times, replace(drawn.offer, **{fields[what]: value}), drawn_needs(), 900.0)
        for value in (less, more)
    )
    assert (before.bits & ~after.bits == 0).all()


@settings(deadline=None, max_examples=20)
@given(SEEDS, CUTOFFS, CUTOFFS)
def test_a_longer_cutoff_never_takes_coverage_away(seed, one, other):
    drawn = draw_offer(seed)
    shorter, longer = (
        serve(drawn.times, drawn.offer, Needs(SERVICES, SERVICES, {"toilet": cutoff_s}), cutoff_s)
        for cutoff_s in sorted((one, other))
    )
    assert (shorter.bits & ~longer.bits == 0).all()


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_the_order_of_stations_and_points_does_not_matter(seed):
    drawn = draw_offer(seed)
    rng = np.random.default_rng(seed)
    stations, points = (rng.permutation(size) for size in drawn.seconds.shape)
    offer = drawn.offer
    moved = Offer(
        offer.facility_ids[stations], offer.services, offer.offers[stations], offer.week, offer.open[stations],
        offer.counts[stations],
    )  # fmt: skip
    seconds = np.where(np.isinf(drawn.seconds), np.nan, drawn.seconds)[stations][:, points]
    times = make_times(seconds, moved.facility_ids, drawn.times.demand_ids[points], limit_s=1800.0)
    one, other = (serve(t, o, drawn_needs(), 900.0) for t, o in ((drawn.times, offer), (times, moved)))
    assert (one.bits[points] == other.bits).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 200), st.integers(0, 3), SEEDS)
def test_packed_slots_unpack_to_themselves(n_slots, n, seed):
    slots = np.random.default_rng(seed).random((n, n_slots)) < 0.5
    words = pack_slots(slots)
    assert words.shape == (n, -(-n_slots // 64))
    assert (unpack_slots(words, n_slots) == slots).all()
    for row in range(n):
        as_number = sum(int(word) << (64 * k) for k, word in enumerate(words[row]))
        assert as_number == sum(1 << slot for slot in range(n_slots) if slots[row, slot])


# --- refusals ---


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"services": ("rest", "rest")}, "named once each; named twice 1: rest"),
        ({"services": ("any",)}, "names other than any, full .* got 1: any"),
        ({"services": ("rest", " ")}, "not be blank"),
        ({"services": ("rest",), "required": ("toilet",)}, r"required services must be among .* \(rest\), got 1: toil"),
        ({"services": ("rest",), "cutoffs_s": {"toilet": 1.0}}, "services with a cutoff must be among"),
        ({"services": ("rest",), "cutoffs_s": {"rest": 0.0}}, "positive seconds, got 1: rest = 0"),
        ({"services": ("rest",), "cutoffs_s": {"rest": float("nan")}}, "positive seconds, got 1: rest = nan"),
    ],
)
def test_needs_that_contradict_themselves_are_refused(given, named):
    with pytest.raises(ConfigError, match=named):
        Needs(**given)


@pytest.mark.parametrize(
    ("needs", "cutoff_s", "named"),
    [
        (Needs(("toilett",)), 900.0, "unknown 1: 'toilett' .did you mean 'toilet'"),
        (Needs(("厕所",)), 900.0, "did you mean 'toilet'"),
        (Needs(("parking",)), 900.0, r"looked for in the offer \(rest, toilet\); not so 1: parking"),
        (
            Needs(("rest",), (), {"rest": 1800.1}),
            900.0,
            r"cutoffs of services must be at most .* \(1800 s\), got 1: rest = 1800.1 s",
        ),
        (Needs(("rest",)), 1800.1, "cutoff_s must be positive and at most the limit"),
        (Needs(()), 0.0, "cutoff_s must be positive"),
    ],
)
def test_needs_that_cannot_be_answered_are_refused(needs, cutoff_s, named):
    times, offer = small(open_=[(8,)], offers=[("rest",)], seconds=[[1.0]])
    with pytest.raises(ConfigError, match=named):
        serve(times, offer, needs, cutoff_s)


def test_the_offer_of_other_stations_is_refused():
    times, offer = small(open_=[(8,), (9,)], offers=[("rest",), ()], seconds=[[1.0], [2.0]])
    with pytest.raises(InputError, match="got 2 for 2, in another order"):
        serve(times, replace(offer, facility_ids=offer.facility_ids[::-1]), Needs(("rest",)), 900.0)
    with pytest.raises(InputError, match="ids in only one of them 2: F1, G1"):
        serve(times, replace(offer, facility_ids=np.array(["F0", "G1"], dtype=object)), Needs(("rest",)), 900.0)


def test_rows_and_slots_that_do_not_exist_are_refused():
    times, offer = small(open_=[(8,)], offers=[("rest",)], seconds=[[1.0]])
    served = serve(times, offer, Needs(("rest",)), 900.0)
    with pytest.raises(ConfigError, match="one of rest, any, full, got 'toilet'"):
        served.slots("toilet")
    for slot in (-1, 168):
        with pytest.raises(ConfigError, match=f"between 0 and 167, got {slot}"):
            served.at("rest", slot)


def test_bits_of_another_shape_are_refused():
    times, offer = small(open_=[(8,)], offers=[("rest",)], seconds=[[1.0]])
    served = serve(times, offer, Needs(("rest",)), 900.0)
    with pytest.raises(InputError, match=r"uint64 in the shape \(1, 3, 3\), got uint64 in \(1, 3, 1\)"):
        Served(served.demand_ids, served.services, served.required, served.week, served.bits[:, :, :1])
