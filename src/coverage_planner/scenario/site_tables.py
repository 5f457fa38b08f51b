"""The tables of a comparison of candidate sites: figures, pairs, communities, ranks, assumptions."""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.coverage.areas import assign_areas
from coverage_planner.scenario.scenario import Group, Outcome
from coverage_planner.scenario.site_assumptions import Assumption, rank_column
from coverage_planner.scenario.site_search import FoundTimes
from coverage_planner.siting.shortlist import Shortlist

#: Why there is no cost per person.
NO_COST, NOBODY_NEW = "no cost given", "covers nobody new"
#: Figures that `rate_shortlist` gives as they are.
_MEASURED = (
    "overlap_existing_demand", "catchment_demand", "mean_time_s", "new_mean_time_s", "new_worst_time_s",
)  # fmt: skip
#: Columns that a comparison adds to a candidates table, besides those of `rank_column`.
FIGURES = (
    "rank", "newly_covered_demand", "newly_covered_share", *_MEASURED, "cost_per_person", "cost_note",
    "n_communities_leaving", "communities_leaving", "most_shared_id", "most_shared_demand", "most_shared_share",
    "best_rank", "worst_rank",
)  # fmt: skip
_COMMUNITY_COLUMNS = (
    "id", "community_id", "community_name", "demand", "uncovered_before_demand", "uncovered_after_demand",
    "uncovered_before_share", "uncovered_after_share", "leaves",
)  # fmt: skip


def site_figures(
    candidates: gpd.GeoDataFrame,
    base: Shortlist,
    pairs: pd.DataFrame,
    communities: pd.DataFrame,
    ranks: pd.DataFrame,
    assumptions: Sequence[Assumption],
) -> pd.DataFrame:
    """Return the figures of each candidate, in the order of the candidates table."""
    ids = candidates["id"]
    newly = base.table["newly_covered_demand"].to_numpy()
    uncovered = float(base.amount(np.array([base.grains[~base.present].sum()]))[0])
    cost = (
        candidates["cost"].to_numpy(dtype=float, na_value=np.nan) if "cost" in candidates else np.full(len(ids), np.nan)
    )
    unknown = np.isnan(cost)
    note = np.select([unknown, newly <= 0], [NO_COST, NOBODY_NEW], "")
    leaving = communities[communities["leaves"]].groupby("id", sort=False)["community_name"].agg(list)
    names = [leaving.get(label, []) for label in ids]
    most = pairs.sort_values(["lost_demand"], ascending=False, kind="stable").drop_duplicates("id").set_index("id")
    own_ranks = ranks.groupby("id")["rank"]
    figures = base.table[["rank", "newly_covered_demand"]].assign(
        newly_covered_share=newly / uncovered if uncovered > 0 else np.nan,
        **{name: base.table[name] for name in _MEASURED},
        cost_per_person=np.divide(cost, newly, out=np.full(len(ids), np.nan), where=~unknown & (newly > 0)),
        cost_note=_text(None if text == "" else text for text in note),
        n_communities_leaving=[len(one) for one in names],
        communities_leaving=_text("; ".join(map(str, one)) or None for one in names),
        most_shared_id=_text(most["other_id"].get(label) for label in ids),
        most_shared_demand=ids.map(most["lost_demand"]).fillna(0.0).to_numpy(dtype=float),
        most_shared_share=ids.map(most["lost_share"]).to_numpy(dtype=float),
        best_rank=ids.map(own_ranks.min()).to_numpy(),
        worst_rank=ids.map(own_ranks.max()).to_numpy(),
    )
    others = {
        rank_column(one): ids.map(ranks[ranks["assumption"] == number].set_index("id")["rank"]).to_numpy()
        for number, one in enumerate(assumptions)
        if one.kind != "base"
    }
    return figures.assign(**others)


def _text(values: Iterable[object]) -> pd.Series:
    """Return a column of text, None where there is none."""
    return pd.Series(list(values), dtype=object)


def list_pairs(base: Shortlist, ids: NDArray[np.object_], order: NDArray[np.int64]) -> pd.DataFrame:
    """List what each candidate loses if another is built first, candidates in the order of their rank."""
    shared = base.shared()[order][:, order]
    shared.sort_indices()
    row = np.repeat(np.arange(len(ids)), np.diff(shared.indptr))
    newly = base.table["newly_covered_demand"].to_numpy()[order][row]
    ranked = ids[order]
    return pd.DataFrame(
        {
            "id": ranked[row],
            "other_id": ranked[shared.indices],
            "lost_demand": shared.data.astype(np.float64),
            "left_demand": newly - shared.data,
            "lost_share": shared.data / newly,
        }
    )


def list_communities(
    today: Outcome,
    group: Group,
    base: Shortlist,
    ids: NDArray[np.object_],
    order: NDArray[np.int64],
    listed_above: float,
) -> pd.DataFrame:
    """List the communities where each candidate newly covers demand, before and after."""
    areas = today.communities
    if areas is None or areas.empty:
        kinds = {"demand": float, "leaves": bool}
        return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, object)) for name in _COMMUNITY_COLUMNS})
    area = assign_areas(group.demand, areas).to_numpy()
    inside = np.flatnonzero(area >= 0)
    n_areas = len(areas)
    demand = np.bincount(area[inside], weights=base.grains[inside], minlength=n_areas).astype(np.float64)
    left = np.where(base.present, 0.0, base.grains)
    before = np.bincount(area[inside], weights=left[inside], minlength=n_areas).astype(np.float64)
    member = csr_array((base.grains[inside], (inside, area[inside])), shape=(len(area), n_areas))
    gained = (base.new[order] @ member).tocsr()
    gained.eliminate_zeros()
    gained.sort_indices()
    site, where = np.repeat(np.arange(len(ids)), np.diff(gained.indptr)), gained.indices
    after: NDArray[np.float64] = before[where] - gained.data
    limit = listed_above * demand[where]
    facts = areas[["id", "name"]].to_numpy(dtype=object)[where]
    columns = (
        ids[order][site], facts[:, 0], facts[:, 1], base.amount(demand[where]), base.amount(before[where]),
        base.amount(after), before[where] / demand[where], after / demand[where],
        (before[where] > limit) & (after <= limit),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(_COMMUNITY_COLUMNS, columns, strict=True)))


def list_ranks(
    assumptions: Sequence[Assumption], rated: Sequence[Shortlist], ids: NDArray[np.object_], order: NDArray[np.int64]
) -> pd.DataFrame:
    """List the rank of each candidate under each assumption."""
    base = rated[0].table["rank"].to_numpy()
    tables = []
    for number, (one, shortlist) in enumerate(zip(assumptions, rated, strict=True)):
        table = pd.DataFrame(
            {
                **one.record(number),
                "id": ids,
                "newly_covered_demand": shortlist.table["newly_covered_demand"],
                "rank": shortlist.table["rank"],
                "rank_change": shortlist.table["rank"] - base,
            },
            index=np.arange(len(ids)),
        )
        tables.append(table.iloc[order])
    return pd.concat(tables, ignore_index=True).astype({"demand_source": object})


def describe_assumptions(
    assumptions: Sequence[Assumption], rated: Sequence[Shortlist], found: Sequence[FoundTimes]
) -> pd.DataFrame:
    """List the assumptions, and whom the stations of today cover under each."""
    rows = []
    for number, (one, shortlist, times) in enumerate(zip(assumptions, rated, found, strict=True)):
        sums = [float(shortlist.grains.sum()), float(shortlist.grains[shortlist.present].sum())]
        demand, covered = shortlist.amount(np.array(sums))
        rows.append(
            {
                **one.record(number), "demand": float(demand), "covered_demand": float(covered),
                "mode_description": times.candidates.mode_description,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"demand_source": object})
