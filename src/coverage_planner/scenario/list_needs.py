"""The list of needs (需求清单): one row per community, group and lack."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.reasons import SERVICE_REASONS, explain_unserved
from coverage_planner.scenario.lacks import GroupServing, Lack, LackKind, Serving, giving, only_stations
from coverage_planner.scenario.nearest_giving import Search, find_nearest_giving, largest_part

#: Why people find no room.
_NO_ROOM = "capacity_full"

COLUMNS = (
    "need_id", "rank", "community_id", "community", "subdistrict", "group", "mode", "lack", "service", "required",
    "cutoff_s", "demand", "demand_share", "n_points", "reason", "reason_share", "nearest_id", "nearest_name",
    "nearest_demand", "nearest_time_s",
)  # fmt: skip

#: Columns that say which lack and which community a row of `list_needs` is of: row of the list of lacks, and row of the
#: communities, one more than the last for points in none.
KEYS = ("lack_row", "area")


def list_needs(
    today: Serving,
    lacks: Sequence[Lack],
    area: Mapping[str, NDArray[np.int64]],
    communities: gpd.GeoDataFrame,
    search: Search,
) -> pd.DataFrame:
    """List who lacks what, where, and why.

    Parameters
    ----------
    today
        The stations, what they offer, and who is served.
    lacks
        What the groups lack.
    area
        Group name -> row of the community of each demand point.
    communities
        The communities.
    search
        How far the nearest station is looked for.

    Returns
    -------
    pandas.DataFrame
        The columns of `ThreeLists.needs` up to ``nearest_time_s``, and `KEYS`. Needs without demand are left out.
    """
    rows = []
    for number, lack in enumerate(lacks):
        found = today.groups[lack.group]
        reasons = _reasons(today, found, lack, search)
        row, seconds = find_nearest_giving(search, today.facilities, found, lack, giving(today, lack))
        weight = found.group.demand["demand"].to_numpy(dtype=np.float64)
        for place in np.unique(area[lack.group][lack.missing > 0]):
            inside = area[lack.group] == place
            own = inside & (lack.missing > 0)
            missing = lack.missing[own]
            reason, part = _main_reason(reasons[own], missing)
            nearest, nearest_demand, nearest_time_s = largest_part(row[own], seconds[own], missing)
            rows.append(
                {
                    "lack_row": number,
                    "area": int(place),
                    **_community(communities, int(place)),
                    "group": lack.group,
                    "mode": found.times.mode_description,
                    "lack": lack.kind,
                    "service": lack.service,
                    "required": lack.required,
                    "cutoff_s": lack.cutoff_s,
                    "demand": float(missing.sum()),
                    "demand_share": float(missing.sum() / weight[inside].sum()),
                    "n_points": int(own.sum()),
                    "reason": reason,
                    "reason_share": part,
                    "nearest_id": _label(today.facilities, nearest, "id"),
                    "nearest_name": _label(today.facilities, nearest, "name"),
                    "nearest_demand": nearest_demand,
                    "nearest_time_s": nearest_time_s,
                }
            )
    needs = pd.DataFrame(rows, columns=[*KEYS, *COLUMNS[2:]])
    return _rank(needs, list(today.groups))


def _rank(needs: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """Put required needs first, then those of most demand; equal ones by community, group and kind of lack."""
    kinds = list(get_args(LackKind))
    order = np.lexsort(
        (
            needs["lack_row"].to_numpy(dtype=np.int64),
            np.array([kinds.index(kind) for kind in needs["lack"]], dtype=np.int64),
            np.array([groups.index(group) for group in needs["group"]], dtype=np.int64),
            needs["area"].to_numpy(dtype=np.int64),
            -needs["demand"].to_numpy(dtype=np.float64),
            ~needs["required"].to_numpy(dtype=bool),
        )
    )
    ranked = needs.iloc[order].reset_index(drop=True)
    width = max(3, len(str(len(ranked))))
    rank = np.arange(1, len(ranked) + 1)
    ranked.insert(0, "rank", rank)
    ranked.insert(0, "need_id", np.array([f"N{number:0{width}d}" for number in rank], dtype=object))
    return ranked.astype({"demand": np.float64, "required": bool, "n_points": np.int64})


def _reasons(today: Serving, found: GroupServing, lack: Lack, search: Search) -> NDArray[np.object_]:
    """Shape (d,): why each point lacks it."""
    if lack.kind == "room":
        return np.full(len(lack.missing), _NO_ROOM, dtype=object)
    facilities, times, offer = today.facilities, found.times, today.offer
    if lack.kind == "any":
        facilities, times, offer = only_stations(today, lack.group)
    if lack.kind == "night":
        offer = replace(offer, open=offer.open & lack.slots)  # as if the stations were open at night only
    reasons: NDArray[np.object_] = explain_unserved(
        times,
        found.group.demand,
        search.network,
        facilities,
        offer,
        cutoff_s=found.group.cutoff_s,
        needs=found.needs,
        service=lack.service,
    ).to_numpy(dtype=object)
    return reasons


def _main_reason(reasons: NDArray[np.object_], missing: NDArray[np.float64]) -> tuple[str, float]:
    """Return the reason of most demand, of equally frequent ones the first of `SERVICE_REASONS`, and its share."""
    sums = {reason: float(missing[reasons == reason].sum()) for reason in SERVICE_REASONS}
    main = max(sums, key=lambda reason: sums[reason])
    return main, sums[main] / float(missing.sum())


def _community(communities: gpd.GeoDataFrame, row: int) -> dict[str, Any]:
    """Name a community; nothing where points lie in none."""
    if row == len(communities):
        return {"community_id": None, "community": None, "subdistrict": None}
    return {
        "community_id": communities["id"].iloc[row],
        "community": communities["name"].iloc[row],
        "subdistrict": _label(communities, row, "subdistrict"),
    }


def _label(table: pd.DataFrame, row: int, column: str) -> str | None:
    """Return a text of a table; None where there is none."""
    if row < 0 or column not in table or pd.isna(table[column].iloc[row]):
        return None
    return str(table[column].iloc[row])
