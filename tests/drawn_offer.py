"""Weeks, offers and times drawn at random from a seed, with ties, closed stations and pairs at the very cutoff."""

from dataclasses import dataclass

import numpy as np

from coverage_planner.coverage.offer import Offer
from coverage_planner.coverage.week import Week
from coverage_planner.traveltime.times import TravelTimes
from drawn_times import make_times

MONDAY = np.datetime64("2025-06-09T00:00", "m")
HOLIDAY = np.datetime64("2025-10-03T00:00", "m")
SERVICES = ("rest", "water", "toilet")
SECONDS = (0.0, 0.001, 299.999, 300.0, 300.001, 600.0, 899.999, 900.0, 900.001, 1800.0, np.inf)


def make_week(slot_min=60, *, holidays=1):
    """An ordinary week in June and some days of the National Day holiday behind it."""
    per_day = 24 * 60 // slot_min
    within = np.arange(per_day) * np.timedelta64(slot_min, "m")
    days = [MONDAY + np.timedelta64(k, "D") for k in range(7)]
    days += [HOLIDAY + np.timedelta64(k, "D") for k in range(holidays)]
    starts = np.concatenate([day + within for day in days])
    return Week(starts, slot_min, ("ordinary",) * 7 + ("holiday",) * holidays, 7 * per_day)


@dataclass(frozen=True)
class Drawn:
    """Seconds of all pairs (f, d), inf where there is none, the times made of them, and the offer."""

    seconds: np.ndarray
    times: TravelTimes
    offer: Offer


def draw_offer(seed, *, slot_min=60, most_stations=5, most_points=4, few_hours=False):
    """Draw up to so many stations and demand points."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(0, most_stations + 1)), int(rng.integers(1, most_points + 1))
    seconds = np.where(rng.random((n, d)) < 0.7, rng.choice(SECONDS, (n, d)), rng.integers(0, 1_800_000, (n, d)) / 1000)
    week = make_week(slot_min, holidays=int(rng.integers(0, 3)))
    hour = np.arange(len(week.starts)) * slot_min // 60 % 24
    patterns = [
        np.ones(len(hour), dtype=bool),
        np.zeros(len(hour), dtype=bool),
        (hour >= 8) & (hour < 20),
        (hour >= 22) | (hour < 6),
        rng.random(len(hour)) < 0.5,
        np.arange(len(hour)) == len(hour) - 1,
    ]
    open_ = np.array([patterns[k] for k in rng.integers(0, len(patterns), n)], dtype=bool).reshape(n, len(hour))
    if few_hours:
        open_ &= rng.random((n, len(hour))) < 0.1
    offer = Offer(
        facility_ids=np.array([f"F{k}" for k in range(n)], dtype=object),
        services=SERVICES,
        offers=rng.random((n, len(SERVICES))) < 0.6,
        week=week,
        open=open_,
        counts=rng.random(n) < 0.8,
    )
    times = make_times(
        np.where(np.isinf(seconds), np.nan, seconds), offer.facility_ids, [f"D{k}" for k in range(d)], limit_s=1800.0
    )
    return Drawn(seconds, times, offer)
