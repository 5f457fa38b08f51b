"""What is wrong with the streets themselves: islands, lengths, classes, source."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.config import Plan
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.checks import ROADS
from coverage_planner.pipeline.streets import Streets
from coverage_planner.report.check_page_cleaning import said_of
from coverage_planner.report.findings import Finding, Said, StreetCheck
from coverage_planner.report.words import words
from coverage_planner.sources.road_cleaning import RoadCleaning

_M_PER_KM = 1000.0
#: What a road layer was changed by -> what to do about it.
_CLEANED = {
    "duplicate": Said("无需处理；双向各画一遍的道路只留一条", "nothing: a street drawn once each way is one street"),
    "overlap": Said(
        "请在 GIS 中看看这些路是否画重了；时间不受影响",
        "look in a GIS whether these streets are drawn twice; times are not changed by it",
    ),
    "crossing": Said(
        "若其中有立交而属性未注明（bridge、tunnel、layer），请补上属性",
        "if one of them is a bridge that no column tells (bridge, tunnel, layer), fill that in",
    ),
    "joined end": Said(
        "请在地图上抽查：不该相连的把 [roads] join_within_m 改小",
        "look at some on the map: if they should not be joined lower [roads] join_within_m",
    ),
    "near end of another level": Said(
        "若两处本该相连，请更正桥隧属性", "if they should meet, correct the columns of bridges and tunnels"
    ),
    "dangling end": Said(
        "断头路本属正常；若在路口附近，可在 [roads] 设 join_within_m",
        "dead ends are common; where they stop short of a junction, set join_within_m in [roads]",
    ),
}
#: A share of the streets on islands from which their number is more than the usual driveways and courtyards.
_MANY_ISLANDS = 0.05
#: A length may be this much shorter than the straight line before it is wrong; rounding and projection explain less.
_SHORTER = 0.98
#: Streets cut off at the margin that is wanted reach a little less at the corners.
_NEARLY = 0.8
#: Lengths of less are too short to be judged.
_SHORT_M = 5.0


def mode_name(mode: str) -> Said:
    """Return what a mode is called; a plan's own modes keep their name."""
    return Said(words("zh").get(mode, mode), words("en").get(mode, mode))


def list_modes(network: RoadNetwork) -> pd.DataFrame:
    """Say per mode how much is open and how much of it lies on islands: see `StreetCheck.modes`."""
    length_m = network.edges["length_m"].to_numpy()
    return pd.DataFrame(
        [
            {
                "mode": name,
                "described": graph.mode.describe(),
                "open_km": float(length_m[graph.allowed].sum()) / _M_PER_KM,
                "island_km": float(length_m[graph.island].sum()) / _M_PER_KM,
                "islands": len(np.unique(graph.component[graph.island & (graph.component >= 0)])),
            }
            for name, graph in network.graphs.items()
        ]
    )


def find_islands(network: RoadNetwork) -> list[Finding]:
    """Say per mode how much street is joined to nothing else."""
    found = []
    for name, graph in network.graphs.items():
        length_m = network.edges["length_m"].to_numpy()
        open_m, island_m = float(length_m[graph.allowed].sum()), float(length_m[graph.island].sum())
        if not island_m:
            continue
        share, mode = island_m / open_m, mode_name(name)
        found.append(
            Finding(
                "warning" if share > _MANY_ISLANDS else "note",
                "islands",
                ROADS,
                Said(
                    f"{mode.zh}：{open_m / _M_PER_KM:,.1f} 公里可通行道路中，{island_m / _M_PER_KM:,.1f} 公里"
                    f"（{share:.1%}）是与主路网不相连的孤岛",
                    f"{mode.en}: {island_m / _M_PER_KM:,.1f} of {open_m / _M_PER_KM:,.1f} km open ({share:.1%}) are "
                    "islands, joined to nothing else",
                ),
                Said(
                    "在地图上查看：有人或站点的孤岛多半缺了一段连接，请补画道路；没有人的可以不管",
                    "look at them on the map: where people or stations are, a connection is probably missing and "
                    "should be drawn; the others do no harm",
                ),
                where=network.edges.geometry[graph.island],
            )
        )
    return found


def find_short_lengths(network: RoadNetwork) -> list[Finding]:
    """Find streets that are shorter, by their own column of lengths, than the straight line between their ends."""
    edges = network.edges
    ends = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    straight_m = np.hypot(*(ends[edges["u"].to_numpy()] - ends[edges["v"].to_numpy()]).T)
    length_m = edges["length_m"].to_numpy()
    wrong = (straight_m > _SHORT_M) & (length_m < _SHORTER * straight_m)
    if not wrong.any():
        return []
    part = length_m[wrong] / straight_m[wrong]
    return [
        Finding(
            "warning",
            "shorter than the straight line",
            ROADS,
            Said(
                f"{wrong.sum():,} 条道路（{wrong.mean():.1%}）的长度小于两端的直线距离，最小只有 {part.min():.0%}；"
                "经过这些路的时间会算短",
                f"{wrong.sum():,} streets ({wrong.mean():.1%}) are shorter than the straight line between their ends, "
                f"the worst {part.min():.0%} of it; times over them come out too short",
            ),
            Said(
                "请更正长度列，或不用该列：长度由线形计算",
                "correct the column of lengths, or leave it out: lengths are then taken from the lines",
            ),
            where=edges.geometry[wrong],
        )
    ]


def find_unnamed_source(plan: Plan, network: RoadNetwork) -> list[Finding]:
    """Say that nobody is named for the streets; maps must name their source."""
    if plan.roads.attribution or "OpenStreetMap" in network.source or "©" in network.source:
        return []
    return [
        Finding(
            "note",
            "no attribution",
            ROADS,
            Said(
                f"不知道道路数据来自谁、许可如何：文件只称“{network.source}”",
                f"nobody is named for the streets, nor a licence: all that is known is '{network.source}'",
            ),
            Said(
                '在 [roads] 中写 attribution，例如 attribution = "© OpenStreetMap contributors, ODbL"；地图上会注明',
                'add attribution to [roads], for example attribution = "© OpenStreetMap contributors, ODbL"; maps '
                "then say so",
            ),
        )
    ]


def find_reach(network: RoadNetwork, study_area: gpd.GeoDataFrame | None, wanted_m: float) -> list[Finding]:
    """Say how far the streets reach beyond the study area, where that is less than people travel."""
    if study_area is None:
        return []
    area = study_area.geometry.union_all()
    extent = shapely.convex_hull(shapely.multilinestrings(network.edges.geometry.to_numpy()))
    if not shapely.intersects(extent, area):
        return [
            Finding(
                "error",
                "streets elsewhere",
                ROADS,
                Said("道路全部在研究范围之外", "the streets all lie outside the study area"),
                Said("请核对道路文件、研究范围和它们的坐标系", "check the road file, the study area and their CRS"),
            )
        ]
    covered = float(shapely.area(shapely.intersection(area, extent)) / shapely.area(area))
    reach_m = float(shapely.distance(shapely.boundary(extent), area)) if shapely.contains(extent, area) else 0.0
    if reach_m >= wanted_m * _NEARLY:
        return []
    beyond = "" if covered > _SHORTER else f"，只盖住研究范围的 {covered:.0%}"
    of_area = "" if covered > _SHORTER else f" and cover only {covered:.0%} of it"
    return [
        Finding(
            "warning",
            "short margin of streets",
            ROADS,
            Said(
                f"道路最窄处只超出研究范围 {reach_m:,.0f} 米{beyond}，而人们在时限内可走 {wanted_m:,.0f} 米",
                f"the streets reach only {reach_m:,.0f} m beyond the study area at the narrowest{of_area}, while "
                f"people travel up to {wanted_m:,.0f} m within the cutoff",
            ),
            Said(
                f"请换一份范围更大的道路文件：各方向都超出研究范围 {wanted_m:,.0f} 米",
                f"take a road file that reaches {wanted_m:,.0f} m beyond the study area on all sides",
            ),
        )
    ]


def islands_of(network: RoadNetwork) -> gpd.GeoDataFrame:
    """Return the streets that are islands for every mode that may use them."""
    allowed = np.column_stack([graph.allowed for graph in network.graphs.values()])
    island = np.column_stack([graph.island for graph in network.graphs.values()])
    alone = allowed.any(axis=1) & (island | ~allowed).all(axis=1)
    return network.edges[alone]


def find_cleaned(cleaning: RoadCleaning) -> list[Finding]:
    """Say what reading a road layer changed, one finding per kind that somebody may want to look at."""
    if cleaning.before is None:
        return []
    changes = cleaning.changes
    found = []
    for what, advice in _CLEANED.items():
        rows = changes[changes["what"] == what]
        if rows.empty:
            continue
        said = said_of(what)
        where = rows.geometry[~(rows.geometry.isna() | rows.geometry.is_empty)]
        found.append(
            Finding(
                "note",
                f"roads: {what}",
                ROADS,
                Said(f"{len(rows):,} 处{said.zh}", f"{len(rows):,} {said.en}"),
                advice,
                rows=tuple(int(row) for row in rows["row"]),
                where=where if len(where) else None,
            )
        )
    return found


def count_lines(cleaning: RoadCleaning, refused: int) -> tuple[int, int] | None:
    """Return how many rows a road layer has and how many of them count; None for other formats."""
    if "lines" not in cleaning.totals:
        return None
    lines = cleaning.totals["lines"][0]
    twice = int((cleaning.changes["what"] == "duplicate").sum())
    return lines + refused, lines - twice


def draw_streets(streets: Streets, cleaning: RoadCleaning | None) -> StreetCheck:
    """Return what the report shows of the streets."""
    network = streets.network
    return StreetCheck(
        edges=network.edges,
        modes=list_modes(network),
        islands=islands_of(network),
        obstacles=network.obstacles,
        attribution=network.source,
        cleaning=None if cleaning is None or cleaning.before is None else cleaning,
    )
