"""Candidate sites side by side: what each would add if it alone were opened, and whether its rank stands."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError, InputError, SchemaError, name_some
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.scenario.other_speed import check_speed_factor
from coverage_planner.scenario.scenario import Group, GroupOutcome, Outcome
from coverage_planner.scenario.site_assumptions import Assumption, list_assumptions
from coverage_planner.scenario.site_search import FoundTimes, find_places, search_at_speed
from coverage_planner.scenario.site_tables import (
    FIGURES,
    describe_assumptions,
    list_communities,
    list_pairs,
    list_ranks,
    site_figures,
)
from coverage_planner.schema import check_table
from coverage_planner.siting.shortlist import Shortlist, rate_shortlist
from coverage_planner.units import Progress

#: A community is on the list of gaps while more of its demand than this share is uncovered.
LISTED_ABOVE = 0.1


@dataclass(frozen=True, eq=False)
class SiteComparison:
    """A shortlist compared with today, and with itself.

    Attributes
    ----------
    today
        The stations that exist.
    group
        Name of the group that the sites are compared for.
    table
        What `compare_sites` returns: one row per candidate, the best first.
    ranks
        One row per assumption and candidate: ``assumption`` (number, 0 for what is planned), ``kind`` ('base',
        'cutoff', 'speed', 'demand'), ``cutoff_s``, ``speed_factor``, ``demand_source`` (None for the group's own),
        ``id``, ``newly_covered_demand``, ``rank``, ``rank_change`` (against the base; below zero where it climbs).
    assumptions
        One row per assumption: the same first columns, ``demand``, ``covered_demand`` (by today's stations),
        ``mode_description``.
    pairs
        One row per ordered pair of candidates that would both newly cover some of the same demand: ``id``,
        ``other_id`` (built first), ``lost_demand`` (what `id` then no longer adds), ``left_demand`` (what it still
        adds), ``lost_share`` (of what it would add alone).
    communities
        One row per candidate and community where it newly covers demand: ``id``, ``community_id``,
        ``community_name``, ``demand``, ``uncovered_before_demand``, ``uncovered_after_demand``,
        ``uncovered_before_share``, ``uncovered_after_share``, ``leaves`` (the list of gaps). Empty where the outcome
        has no communities.
    reach
        (n, d), CSR, int8, candidates as in `table`, demand points as in the group's demand table: pairs within the
        cutoff, 2 where the candidate newly covers the point, 1 where a station covers it already.
    listed_above
        A community is on the list of gaps while more of its demand than this share is uncovered.
    """

    today: Outcome
    group: str
    table: gpd.GeoDataFrame
    ranks: pd.DataFrame
    assumptions: pd.DataFrame
    pairs: pd.DataFrame
    communities: pd.DataFrame
    reach: csr_array
    listed_above: float

    def __post_init__(self) -> None:
        """Check that the tables speak of the same sites and demand."""
        n_points = len(self.today.groups[self.group].group.demand)
        if self.reach.shape != (len(self.table), n_points):
            raise InputError(
                f"reach must have a row per site of table and a column per demand point, {len(self.table)} and "
                f"{n_points}, got {self.reach.shape[0]} and {self.reach.shape[1]}; take what study_sites returns"
            )
        ids = set(self.table["id"])
        others = sorted(
            {str(label) for table in (self.ranks, self.pairs, self.communities) for label in table["id"]} - ids
        )
        if others:
            raise InputError(
                f"ranks, pairs and communities must speak of the sites of table, got {name_some(others)} too; take "
                "what study_sites returns"
            )

    @property
    def outcome(self) -> GroupOutcome:
        """Today's outcome for the group."""
        return self.today.groups[self.group]

    def synergy(self) -> pd.DataFrame:
        """Return the pairs as a matrix: what the candidate of the row loses if that of the column is built first.

        Candidates in the order of `table`; zero where they share no newly covered demand, NaN on the diagonal. The
        matrix is symmetric: each takes from the other what both would cover.
        """
        ids = self.table["id"].to_numpy(dtype=object)
        place = {label: number for number, label in enumerate(ids)}
        lost = np.zeros((len(ids), len(ids)))
        np.fill_diagonal(lost, np.nan)
        rows, columns = (self.pairs[name].map(place).to_numpy(dtype=np.int64) for name in ("id", "other_id"))
        lost[rows, columns] = self.pairs["lost_demand"].to_numpy()
        return pd.DataFrame(lost, index=pd.Index(ids, name="id"), columns=pd.Index(ids, name="other_id"))


def compare_sites(
    today: Outcome,
    candidates: gpd.GeoDataFrame,
    *,
    group: str | None = None,
    cutoffs_s: Sequence[float] | None = None,
    speed_factors: Sequence[float] = (0.8, 1.0, 1.2),
    demands: Mapping[str, gpd.GeoDataFrame] | None = None,
    listed_above: float = LISTED_ABOVE,
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Compare candidate sites: what each would add to today's stations if it alone were opened.

    Parameters
    ----------
    today
        The stations that exist, evaluated (`evaluate`) for the group. Stations count whenever they are open, for any
        service; mobile stops do not.
    candidates
        The shortlist: columns ``id`` and, if known, ``name``, ``kind``, ``cost``, ``entry_delay_s``; metric CRS. For
        example rows of `propose_candidates`, or ``solution.sites``.
    group
        Whom to compare for; the headline group by default.
    cutoffs_s
        Other cutoffs to rank under, seconds; two thirds, one and four thirds of the group's by default: 10, 15 and 20
        minutes for a 15-minute circle. Stations of today are held to the same cutoff.
    speed_factors
        Other speeds to rank under, times the mode's. Streets and access legs take longer or shorter, of candidates and
        of today's stations alike; delays at junctions and doors, and parking, stay.
    demands
        Other demand to rank under: name -> demand table (stretches of main road for a group that passes by).
    listed_above
        A community is on the list of gaps while more of its demand than this share is uncovered.
    snap_limit_m
        Farthest access leg, metres: that which `today` was evaluated with.
    threads
        How many threads; all processors by default. The result does not depend on it.
    progress
        Called with (searches done, searches in all).

    Returns
    -------
    geopandas.GeoDataFrame
        One row per candidate, the best first: the columns of `candidates` and

        - ``rank`` from 1, as `solve_mclp` would choose one site: most newly covered demand, then shortest
          demand-weighted time over all covered demand, then least cost, then smallest id;
        - ``newly_covered_demand`` (within the cutoff of it and of no station), ``newly_covered_share`` (of the demand
          that is uncovered today), ``overlap_existing_demand`` (within the cutoff of a station too),
          ``catchment_demand`` (their sum);
        - ``new_mean_time_s``, ``new_worst_time_s``: demand-weighted mean and longest time of whom it newly covers;
          ``mean_time_s``: mean over its whole catchment; NaN where there is nobody;
        - ``cost_per_person``: cost over newly covered demand; NaN with the reason in ``cost_note``;
        - ``n_communities_leaving``, ``communities_leaving`` (names, joined by '; '): those that leave the list of gaps;
        - ``most_shared_id``, ``most_shared_demand``, ``most_shared_share``: the other candidate that would take most
          from it if it were built first, and how much;
        - ``best_rank``, ``worst_rank`` over all assumptions, and the rank under each: ``rank_cutoff_600s``,
          ``rank_speed_0.8``, ``rank_demand_…``.

    Raises
    ------
    ConfigError
        An unknown group; a cutoff, factor or share that cannot be; other speeds for a group that passes by and waits at
        junctions.
    InputError
        No candidates; `today` was evaluated in another way, for example with another snap limit.
    CrsError, SchemaError
        A table is not as its schema says; a candidate has the id of a station.

    Warns
    -----
    UserWarning
        Candidates have no street within the snap limit and reach nobody.
    """
    return study_sites(
        today, candidates, group=group, cutoffs_s=cutoffs_s, speed_factors=speed_factors, demands=demands,
        listed_above=listed_above, snap_limit_m=snap_limit_m, threads=threads, progress=progress,
    ).table  # fmt: skip


def study_sites(
    today: Outcome,
    candidates: gpd.GeoDataFrame,
    *,
    group: str | None = None,
    cutoffs_s: Sequence[float] | None = None,
    speed_factors: Sequence[float] = (0.8, 1.0, 1.2),
    demands: Mapping[str, gpd.GeoDataFrame] | None = None,
    listed_above: float = LISTED_ABOVE,
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> SiteComparison:
    """Compare candidate sites, and keep what one table cannot hold: ranks, pairs, communities, who is reached.

    Parameters, errors and warnings are those of `compare_sites`.

    Returns
    -------
    SiteComparison
        Its ``table`` is what `compare_sites` returns.
    """
    chosen = _choose_group(today, group)
    _check_inputs(today, candidates, listed_above)
    others = dict(demands or {})
    for name, table in others.items():
        check_table(table, "demand", what=f"demand {name!r}")
        if table.empty:
            raise InputError(f"demand {name!r} must have at least one demand point, got none; leave it out")
    for factor in speed_factors:
        check_speed_factor(factor)
    assumptions = list_assumptions(chosen.group.cutoff_s, cutoffs_s, speed_factors, tuple(others))
    tables: dict[str | None, gpd.GeoDataFrame] = {None: chosen.group.demand}
    tables.update(others)
    places = find_places(
        today.network, chosen.group, today.scenario.facilities, candidates, list(tables.values()),
        direction=chosen.times.direction, snap_limit_m=snap_limit_m,
    )  # fmt: skip
    if len(places.lost_candidates):
        warnings.warn(
            f"candidates must lie within {snap_limit_m:g} m of a street for {chosen.group.mode}, with no obstacle "
            f"between; nobody reaches {name_some(places.lost_candidates)}; correct their places or leave them out",
            stacklevel=2,
        )
    by_speed: dict[float, list[FoundTimes]] = {}
    speeds = list(dict.fromkeys(one.speed_factor for one in assumptions))
    for done, speed in enumerate(speeds):
        alike = [one for one in assumptions if one.speed_factor == speed]
        others_too = any(one.demand_source is not None for one in alike)
        by_speed[speed] = search_at_speed(
            places, speed, max(one.cutoff_s for one in alike), n_demands=len(tables) if others_too else 1,
            threads=threads,
        )  # fmt: skip
        if progress is not None:
            progress(done + 1, len(speeds))
    found = [by_speed[one.speed_factor][list(tables).index(one.demand_source)] for one in assumptions]
    rated = [
        rate_shortlist(
            times.candidates, tables[one.demand_source], candidates, cutoff_s=one.cutoff_s, existing=times.existing
        )
        for one, times in zip(assumptions, found, strict=True)
    ]
    _require_same_today(chosen, rated[0], snap_limit_m)
    return _put_together(today, chosen.group, candidates, assumptions, rated, found, listed_above)


def _choose_group(today: Outcome, group: str | None) -> GroupOutcome:
    if group is None:
        return today.headline
    if group not in today.groups:
        raise ConfigError(
            f"group must be one that was evaluated, got {group!r}; choose one of {name_some(list(today.groups))}"
        )
    return today.groups[group]


def _check_inputs(today: Outcome, candidates: gpd.GeoDataFrame, listed_above: float) -> None:
    check_table(candidates, "candidates")
    if candidates.empty:
        raise InputError("there must be at least one candidate to compare, got none; give the rows of a shortlist")
    both = candidates["id"][candidates["id"].isin(today.scenario.facilities["id"])]
    if len(both):
        raise SchemaError(
            f"candidates must have other ids than the stations, got {name_some(both)} in both; rename them, or leave "
            "out those that are stations already"
        )
    if not 0 <= listed_above < 1:
        raise ConfigError(
            f"listed_above must be a share of a community's demand from 0 up and below 1, got {listed_above!r}; 0.1 "
            "lists communities with more than a tenth of their demand uncovered"
        )


def _require_same_today(chosen: GroupOutcome, rated: Shortlist, snap_limit_m: float) -> None:
    """Raise unless the stations cover whom they covered in the outcome given."""
    differ = rated.present != chosen.coverage.covered
    if differ.any():
        ids = chosen.coverage.points["id"].to_numpy(dtype=object)[differ]
        raise InputError(
            f"today must be evaluated on this network with the snap limit of the comparison ({snap_limit_m:g} m), but "
            f"coverage differs at {differ.sum()} demand points, {name_some(ids)}; give the same snap_limit_m to both"
        )


def _put_together(
    today: Outcome,
    group: Group,
    candidates: gpd.GeoDataFrame,
    assumptions: Sequence[Assumption],
    rated: Sequence[Shortlist],
    found: Sequence[FoundTimes],
    listed_above: float,
) -> SiteComparison:
    """Make the tables, candidates in the order of their rank."""
    base = rated[0]
    order = np.argsort(base.table["rank"].to_numpy(), kind="stable")
    ids = candidates["id"].to_numpy(dtype=object)
    pairs = list_pairs(base, ids, order)
    communities = list_communities(today, group, base, ids, order, listed_above)
    ranks = list_ranks(assumptions, rated, ids, order)
    own = candidates.drop(columns=[name for name in candidates if name in FIGURES or str(name).startswith("rank_")])
    figures = site_figures(own, base, pairs, communities, ranks, assumptions)
    table = own.assign(**{str(name): figures[name].set_axis(own.index) for name in figures})
    table = table.iloc[order].reset_index(drop=True)
    return SiteComparison(
        today, group.name, table, ranks, describe_assumptions(assumptions, rated, found), pairs, communities,
        base.reach[order], listed_above,
    )  # fmt: skip
