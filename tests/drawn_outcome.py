"""A small outcome drawn by hand: streets every 200 m, two stations, one proposed site, names that mean harm."""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point, Polygon, box, get_parts, union_all

from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.scenario.scenario import Group, GroupOutcome, Outcome, Scenario
from coverage_planner.schema import Roads
from coverage_planner.traveltime.times import TravelTimes

CRS = "EPSG:32650"
EAST, NORTH = 380_000.0, 3_170_000.0
HOSTILE = "<script>alert(1)</script> & \"'</script> {{ 7 * 7 }} {% raise %} {# #} 100%"
SITE_NAME = "滨江花园门卫室"


def at(column: float, row: float) -> tuple[float, float]:
    return EAST + 200 * column, NORTH + 200 * row


def frame(data: dict, geometry: list) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(data, geometry=geometry, crs=CRS)


def draw_network(
    n_columns: int = 7, n_rows: int = 5, *, source: str = "© OpenStreetMap contributors, ODbL"
) -> RoadNetwork:
    nodes = {(c, r): i for i, (c, r) in enumerate((c, r) for r in range(n_rows) for c in range(n_columns))}
    pairs = [((c, r), (c + 1, r)) for r in range(n_rows) for c in range(n_columns - 1)]
    pairs += [((c, r), (c, r + 1)) for r in range(n_rows - 1) for c in range(n_columns)]
    classes = ["primary", "residential", "tertiary", "secondary", "footway"]
    segments = frame(
        {
            "u": [nodes[a] for a, _ in pairs],
            "v": [nodes[b] for _, b in pairs],
            "length_m": 200.0,
            "highway": [classes[a[1] % 5] if a[1] == b[1] else classes[a[0] % 5] for a, b in pairs],
        },
        [LineString([at(*a), at(*b)]) for a, b in pairs],
    )
    river = LineString([at(4.5, -1), at(4.6, 2), at(4.4, n_rows)]).buffer(40)
    obstacles = frame({"kind": ["water", "railway"]}, [river, LineString([at(-1, 2.5), at(n_columns, 2.6)])])
    return build_network(Roads(segments, frame({"node_id": np.zeros(0, dtype=np.int64)}, []), obstacles, source))


def draw_demand() -> gpd.GeoDataFrame:
    places = [(c + 0.5, r + 0.5) for r in range(4) for c in range(6)]
    return frame(
        {"id": [f"D{i}" for i in range(len(places))], "demand": [10.0 * (i % 5) for i in range(len(places))]},
        [Point(at(*place)) for place in places],
    )


def draw_facilities() -> gpd.GeoDataFrame:
    return frame(
        {
            "id": ["F1", "F2"],
            "name": ["江北服务中心", HOSTILE],
            "level": ["hub", "satellite"],
            "services": ["休息;充电;饮水", None],
            "opening_hours": ["Mo-Su 08:00-22:00", None],
            "capacity": [40.0, np.nan],
        },
        [Point(at(1, 1)), Point(at(2, 3))],
    )


def draw_sites() -> gpd.GeoDataFrame:
    return frame(
        {"id": ["C7"], "name": [SITE_NAME], "kind": ["gatehouse"], "cost": [12.5], "order": [1]},
        [Point(at(5, 1))],
    )


def draw_candidates() -> gpd.GeoDataFrame:
    return frame(
        {"id": ["C7", "C8"], "name": [SITE_NAME, HOSTILE], "kind": ["gatehouse", "pharmacy"], "gap_id": ["G01", "G01"]},
        [Point(at(5, 1)), Point(at(5, 3))],
    )


def draw_communities() -> gpd.GeoDataFrame:
    x, y = at(0, 0)
    return frame(
        {
            "id": ["A1", "A2", "A3", "A4"],
            "name": ["江北社区", HOSTILE, "江南社区", "河滩"],
            "subdistrict": ["滨江街道", "滨江街道", "南岸街道", None],
        },
        [box(x, y, x + 400, y + 800), box(x + 400, y, x + 800, y + 800), box(x + 800, y, x + 1200, y + 800),
         box(x + 1200, y, x + 1300, y + 800)],
    )  # fmt: skip


def draw_times(facilities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, limit_s: float, mode: str) -> TravelTimes:
    """Times of block distances; snap tables as the engine gives them."""
    places = np.array([(p.x, p.y) for p in facilities.geometry]).reshape(-1, 2)
    homes = np.array([(p.x, p.y) for p in demand.geometry])
    metres = np.abs(places[:, None, :] - homes[None, :, :]).sum(axis=2)
    seconds = (metres / (4.8 / 3.6)).astype(np.float32)
    rows, columns = np.nonzero(seconds <= limit_s)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=len(facilities)))).astype(np.int64)
    return TravelTimes(
        facilities["id"].to_numpy(dtype=object), demand["id"].to_numpy(dtype=object), indptr,
        columns.astype(np.int32), seconds[rows, columns], limit_s, "to_facility", mode, PRESET_MODES[mode].describe(),
        draw_snaps(facilities), draw_snaps(demand),
    )  # fmt: skip


def draw_snaps(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame(
        {
            "id": points["id"].to_list(),
            "edge": 0,
            "fraction": 0.5,
            "access_m": 5.0,
            "on_island": False,
            "status": "snapped",
        },
        points.geometry.to_list(),
    )


def draw_group(
    name: str, mode: str, cutoff_s: float, facilities: gpd.GeoDataFrame, network: RoadNetwork, demand: gpd.GeoDataFrame
) -> GroupOutcome:
    times = draw_times(facilities, demand, cutoff_s, mode)
    coverage = measure_coverage(times, demand, cutoff_s)
    cutoffs = [cutoff_s / 3, cutoff_s * 2 / 3, cutoff_s]
    diamonds = [
        union_all([p.buffer(cutoff * 4.8 / 3.6, quad_segs=1) for p in facilities.geometry] or [Polygon()])
        for cutoff in cutoffs
    ]
    isochrones = frame({"cutoff_s": cutoffs}, diamonds)
    pieces = [(edge, cutoff, part) for cutoff, diamond, inner in zip(cutoffs, diamonds, [Polygon(), *diamonds[:-1]], strict=True)
              for edge, line in enumerate(network.edges.geometry)
              if not (part := line.intersection(diamond).difference(inner)).is_empty and part.length > 1]  # fmt: skip
    reached = frame(
        {"edge": [p[0] for p in pieces], "time_s": [p[1] for p in pieces], "band_s": [p[1] for p in pieces]},
        [p[2] for p in pieces],
    ).explode(ignore_index=True)
    return GroupOutcome(
        Group(name, mode, cutoff_s, demand), times, coverage, draw_shares(coverage, mode), isochrones, reached,
        draw_gaps(coverage, demand),
    )  # fmt: skip


def draw_shares(coverage, mode: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "covered_demand_share": coverage.covered_demand_share,
                "covered_point_share": coverage.covered_point_share,
                "covered_area_share": 0.512,
                "covered_road_share": np.nan,
                "straight_line_demand_share": min(1.0, coverage.covered_demand_share + 0.125),
                "demand": float(coverage.points["demand"].sum()),
                "covered_demand": coverage.covered_demand,
                "mean_time_s": 400.0,
                "mode": mode,
                "cutoff_s": coverage.cutoff_s,
            }
        ]
    )


def draw_gaps(coverage, demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    missing = demand[~coverage.covered]
    parts = [part for part in get_parts(union_all(missing.geometry.buffer(120).to_list())) if not part.is_empty]
    n = len(parts)
    return frame(
        {
            "id": [f"G{i:02d}" for i in range(1, n + 1)],
            "rank": list(range(1, n + 1)),
            "uncovered_demand": [missing["demand"][missing.within(part)].sum() for part in parts],
            "n_points": [int(missing.within(part).sum()) for part in parts],
            "reason": ["barrier"] * n,
            "reason_shares": ["barrier 82 %; no_station_in_reach 18 %"] * n,
            "nearest_facility_m": [512.4] * n,
        },
        parts,
    )


def draw_outcome(*, proposed: bool = False, groups: tuple = (("骑手", "walk", 360.0),), **tables) -> Outcome:
    network = tables.pop("network", None) or draw_network()
    facilities = tables.pop("facilities", None)
    demand = tables.pop("demand", None)
    demand = draw_demand() if demand is None else demand
    scenario = Scenario("现状", draw_facilities() if facilities is None else facilities)
    if proposed:
        scenario = scenario.with_sites("方案A", draw_sites())
    x, y = at(0, 0)
    area = frame({"id": ["S"]}, [box(x - 100, y - 100, x + 1400, y + 900)])
    outcomes = {
        name: draw_group(name, mode, cutoff, scenario.facilities, network, demand) for name, mode, cutoff in groups
    }
    return Outcome(scenario, network, outcomes, **({"study_area": area, "communities": draw_communities()} | tables))
