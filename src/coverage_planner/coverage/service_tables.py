"""Figures of who is served: by service over the week, and by hour."""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.measure import require_same_rows
from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer, require_described
from coverage_planner.coverage.serving import Served, unpack_slots
from coverage_planner.coverage.week import Week
from coverage_planner.errors import InputError, name_some
from coverage_planner.schema import check_table

_HOURS = 24
_MINUTES = 60
#: Sums of weights are made in whole numbers of less than this, exactly.
_SUM_BITS = 62
_BLOCK = 4096


def hour_shares(
    demand: gpd.GeoDataFrame, profile: pd.DataFrame | None, week: Week
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find which share of a day's demand falls into each slot.

    Parameters
    ----------
    demand
        Column ``kind`` where the profile tells kinds apart; blank or missing is ''.
    profile
        Index ``kind`` ('' is every kind without a row of its own), columns 0 to 23, each row the shares of the day,
        which add up to 1. An hour of several slots is split evenly. None: the same share in every slot.
    week
        The slots.

    Returns
    -------
    tuple
        Shape (d,), the row of each demand point's kind; and shape (k, h), the share of the day in each slot: those of
        one day add up to 1.

    Raises
    ------
    InputError
        The profile has not 24 shares that add up to 1 in every row, or a kind of demand has no row in it.
    """
    per_hour = _MINUTES / week.slot_min
    n_slots = len(week.starts)
    if profile is None:
        return np.zeros(len(demand), dtype=np.int64), np.full((1, n_slots), 1 / (_HOURS * per_hour))
    check_profile(profile)
    hour = (week.starts - week.starts.astype("datetime64[D]")).astype("timedelta64[h]").astype(np.int64)
    return profile_rows(profile, demand), profile.to_numpy(dtype=np.float64)[:, hour] / per_hour


def profile_rows(profile: pd.DataFrame, demand: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Find the row of each demand point's kind in a profile, as for `hour_shares`.

    Raises
    ------
    InputError
        A kind of demand has no row in it.
    """
    kinds = profile.index.astype(str)
    given = demand["kind"].fillna("").astype(str) if "kind" in demand else pd.Series("", index=demand.index)
    rows = kinds.get_indexer(pd.Index(given))
    rows = np.where(rows < 0, kinds.get_indexer(pd.Index([""]))[0], rows).astype(np.int64)
    if (rows < 0).any():
        unknown = sorted(set(given[rows < 0]))
        raise InputError(
            "the profile over the day must have a row for every kind of demand, or one with a blank kind for all "
            f"others; it has {name_some(map(repr, kinds))}, and none for {name_some(map(repr, unknown))}; add rows"
        )
    return np.asarray(rows, dtype=np.int64)


def check_profile(profile: pd.DataFrame, what: str = "the profile over the day") -> None:
    """Raise unless each row of a profile has 24 shares of a day that add up to 1.

    Raises
    ------
    InputError
        Other columns, repeated or missing rows, negative shares, or another sum.
    """
    if not profile.columns.equals(pd.RangeIndex(_HOURS)) or profile.index.has_duplicates or profile.empty:
        raise InputError(
            f"{what} must have the columns 0 to 23 and one row per kind of demand, got the columns "
            f"{name_some(profile.columns)} and the rows {name_some(profile.index)}; correct the table"
        )
    shares = profile.to_numpy(dtype=np.float64)
    wrong = ~((shares >= 0).all(axis=1) & (np.abs(shares.sum(axis=1) - 1.0) < 1e-6))  # noqa: PLR2004 - rounding of sums
    if wrong.any():
        raise InputError(
            f"every row of {what} must hold shares of a day, none negative, that add up to 1; not so for "
            f"{name_some(profile.index[wrong])}; correct them"
        )


def measure_services(
    served: Served,
    demand: gpd.GeoDataFrame,
    offer: Offer,
    needs: Needs,
    cutoff_s: float,
    *,
    profile: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure the coverage with each service over the ordinary week.

    Parameters
    ----------
    served
        Who is served when.
    demand
        The demand table of these points (columns ``id``, ``demand``).
    offer, needs, cutoff_s
        What `served` was made from.
    profile
        As for `hour_shares`.

    Returns
    -------
    pandas.DataFrame
        One row per service, then 'any' and 'full': ``service``; ``cutoff_s`` (of 'full': that of the required services,
        NaN where they have several); ``n_facilities`` (stations that count and offer it; for 'full' all required
        services by themselves); ``demand``; ``covered_demand`` and ``covered_demand_share`` (served in some slot of the
        week); ``covered_point_share`` (likewise, weights ignored); ``covered_always_share`` (of demand, served in every
        slot); ``covered_hour_share`` (of demand, each slot weighted by the demand that falls into it). Shares are NaN
        without demand.

    Raises
    ------
    ConfigError
        A service was not looked for in the offer.
    CrsError, InputError, SchemaError
        The demand table is not the one that `served` was made for.
    """
    weights, unit = _weights(served, demand)
    require_described(offer, needs.services)
    hours = measure_hours(served, demand, offer, profile=profile)
    week = hours.loc[hours["slot"] < served.week.n_ordinary].groupby("service", sort=False)
    by_hour = week["covered_demand"].sum() / week["demand"].sum()
    total = int(weights.sum())
    rows = []
    for what in served.rows:
        ever = served.ever(what)
        covered = int(weights[ever].sum())
        always = int(weights[served.always(what)].sum())
        rows.append(
            {
                "service": what,
                "cutoff_s": _cutoff_of(what, needs, cutoff_s),
                "n_facilities": int(offer.counted(_asked(what, needs.required)).sum()),
                "demand": total * unit,
                "covered_demand": covered * unit,
                "covered_demand_share": covered / total if total else np.nan,
                "covered_point_share": float(ever.mean()) if len(ever) else np.nan,
                "covered_always_share": always / total if total else np.nan,
                "covered_hour_share": by_hour[what] if total else np.nan,
            }
        )
    return pd.DataFrame(rows)


def measure_hours(
    served: Served, demand: gpd.GeoDataFrame, offer: Offer, *, profile: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Measure the coverage with each service in every slot.

    Parameters
    ----------
    served
        Who is served when.
    demand
        The demand table of these points (columns ``id``, ``demand``, and ``kind`` where the profile asks for it).
    offer
        What `served` was made from.
    profile
        As for `hour_shares`.

    Returns
    -------
    pandas.DataFrame
        One row per service ('any' and 'full' last) and slot: ``service``; ``slot``, ``date``, ``day``, ``kind``,
        ``hour`` as `Week.labels` has them; ``n_open`` (stations that count, offer it and are open; for 'full' all
        required services by themselves); ``demand`` (what falls into the slot, so that a day adds up to its demand);
        ``covered_demand``; ``covered_demand_share`` (NaN where no demand falls into the slot).

    Raises
    ------
    CrsError, InputError, SchemaError
        The demand table is not the one that `served` was made for, or the profile does not fit it.
    """
    weights, unit = _weights(served, demand)
    kinds, shares = hour_shares(demand, profile, served.week)
    all_of_them = np.zeros(len(shares), dtype=np.int64)
    np.add.at(all_of_them, kinds, weights)
    present = _over_kinds(np.broadcast_to(all_of_them[:, np.newaxis], shares.shape), shares)
    labels = served.week.labels()
    tables = []
    for what in served.rows:
        covered = _over_kinds(_covered_weights(served, what, weights, kinds, len(shares)), shares)
        n_open = offer.open[offer.counted(_asked(what, served.required))].sum(axis=0)
        with np.errstate(invalid="ignore"):
            share = np.where(present > 0, covered, np.nan) / present
        figures = {"n_open": n_open, "demand": present * unit, "covered_demand": covered * unit}
        tables.append(labels.assign(service=what, **figures, covered_demand_share=share))
    first = ["service", *labels.columns]
    return pd.concat(tables, ignore_index=True)[[*first, *(name for name in tables[0] if name not in first)]]


def _asked(what: str, required: tuple[str, ...]) -> tuple[str, ...]:
    """Name the services that one station must offer to serve by itself."""
    return () if what == ANY else required if what == FULL else (what,)


def _cutoff_of(what: str, needs: Needs, cutoff_s: float) -> float:
    if what != FULL:
        return needs.cutoff_s(what, cutoff_s)
    cutoffs = {needs.cutoff_s(service, cutoff_s) for service in needs.required} or {float(cutoff_s)}
    return cutoffs.pop() if len(cutoffs) == 1 else np.nan


def _weights(served: Served, demand: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], float]:
    """Return demand as whole numbers of a small unit, so that sums are exact in any order, and that unit.

    The unit is a power of two: weights that are whole numbers or hold few digits stay as they are, others lose what is
    below 2^-62 of the largest possible sum.
    """
    check_table(demand, "demand")
    require_same_rows(demand, served.demand_ids, "demand")
    values = demand["demand"].to_numpy(dtype=np.float64)
    most = float(values.max(initial=0.0)) * max(len(values), 1)
    exponent = _SUM_BITS - int(np.frexp(most)[1]) if most else 0
    return np.rint(np.ldexp(values, exponent)).astype(np.int64), float(np.ldexp(1.0, -exponent))


def _covered_weights(
    served: Served, what: str, weights: NDArray[np.int64], kinds: NDArray[np.int64], n_kinds: int
) -> NDArray[np.int64]:
    """Shape (k, h): weight of the served points of each kind in each slot, block by block of points."""
    words, n_slots = served.bits[:, served.row(what)], len(served.week.starts)
    covered = np.zeros((n_kinds, n_slots), dtype=np.int64)
    for kind, block in _blocks(kinds, n_kinds):
        covered[kind] += np.einsum("d,dh->h", weights[block], unpack_slots(words[block], n_slots))
    return covered


def _blocks(kinds: NDArray[np.int64], n_kinds: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the demand points of each kind, a few thousand at a time."""
    order = np.argsort(kinds, kind="stable")
    ends = np.searchsorted(kinds[order], np.arange(n_kinds + 1))
    for kind in range(n_kinds):
        for start in range(ends[kind], ends[kind + 1], _BLOCK):
            yield kind, order[start : min(start + _BLOCK, ends[kind + 1])]


def _over_kinds(weights: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum weights times shares over the kinds, one kind after the other."""
    return np.asarray(np.add.reduce(weights * shares, axis=0))
