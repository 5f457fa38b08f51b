"""How each input of a plan is read and looked at, one at a time."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from coverage_planner.config import (
    AreaSource,
    CommunitySource,
    DemandSource,
    GroupSettings,
    LayerSource,
    Plan,
    PointSource,
)
from coverage_planner.errors import InputError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import snap_points
from coverage_planner.pipeline import doctor_areas, doctor_points, doctor_streets
from coverage_planner.pipeline.checks import ROADS, find_lost_communities, find_missing_margin, find_pieces
from coverage_planner.pipeline.demand import scale_demand
from coverage_planner.pipeline.doctor_datum import judge_datum
from coverage_planner.pipeline.doctor_reading import Reading, of_message, read_alone, with_rows
from coverage_planner.pipeline.inputs import MOBILE, layer_source, read_communities, read_points
from coverage_planner.pipeline.margins import farthest_m
from coverage_planner.pipeline.streets import Streets, prepare_streets
from coverage_planner.report.findings import Finding, InputCheck, Named, Said
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.record_faults import count_refused
from coverage_planner.sources.road_cleaning import RoadCleaning

STUDY_AREA, COMMUNITIES, FACILITIES = "[study_area]", "[communities]", "[facilities]"
_CALLED = {
    "facilities": Said("站点", "stations"),
    "premises": Said("可用场所", "premises"),
    "demand": Said("需求点", "demand points"),
    MOBILE: Said("流动服务停靠点", "mobile stops"),
    "layer": Said("图层中的点", "points of the layer"),
}
#: Tables whose points count in the margin of the study area too.
_IN_MARGIN = ("facilities", MOBILE, "layer")


@dataclass(frozen=True, eq=False)
class Ground:
    """What points are checked against; parts that could not be read are None."""

    plan: Plan
    study_area: gpd.GeoDataFrame | None
    streets: Streets | None
    communities: gpd.GeoDataFrame | None

    @property
    def network(self) -> RoadNetwork | None:
        """The streets."""
        return None if self.streets is None else self.streets.network

    @property
    def crs(self) -> Any:
        """The CRS of everything; None where nothing decides it, then each input takes the UTM zone of its place."""
        if self.network is not None:
            return self.network.edges.crs
        if self.study_area is not None:
            return self.study_area.crs
        return None if self.plan.crs is None else CRS.from_user_input(self.plan.crs)

    @property
    def margin_m(self) -> float:
        """How far roads and stations reach beyond the study area."""
        if self.plan.roads.margin_m is not None:
            return self.plan.roads.margin_m
        return max(farthest_m(self.plan, group) for group in self.plan.groups)


def look_at_study_area(plan: Plan, source: AreaSource) -> Reading[gpd.GeoDataFrame]:
    """Read the study area."""
    reading = read_alone(
        InputCheck(STUDY_AREA, "study_area", source.file.name),
        lambda _rejected: read_study_area(
            source.file,
            datum=source.datum,
            source_crs=source.source_crs,
            crs=plan.crs,
            sheet=source.sheet,
            encoding=source.encoding,
            where=source.where or None,
        ),
    )
    return reading if reading.found is None else reading.adding(read=len(reading.found), kept=len(reading.found))


def look_at_streets(plan: Plan, study_area: gpd.GeoDataFrame | None, cleaning: RoadCleaning) -> Reading[Streets]:
    """Read the streets, build their network and look at it; `cleaning` is filled."""
    reading = read_alone(
        InputCheck(ROADS, "roads", plan.roads.file.name),
        lambda rejected: prepare_streets(plan, rejected, cleaning=cleaning),
    )
    streets = reading.found
    if streets is None:
        return reading
    network = streets.network
    wanted_m = max(farthest_m(plan, group) for group in plan.groups)
    pieces, refused = int(str(streets.notes["rows"]["kept"])), len(reading.rejected.rows)
    read, kept = doctor_streets.count_lines(cleaning, refused) or (pieces + refused, pieces)
    return reading.adding(
        [
            *find_pieces(network, small_component_m=plan.snap.small_component_m),
            *doctor_streets.find_cleaned(cleaning),
            *doctor_streets.find_islands(network),
            *doctor_streets.find_short_lengths(network),
            *doctor_streets.find_reach(network, study_area, wanted_m),
            *doctor_streets.find_unnamed_source(plan, network),
        ],
        read=read,
        kept=kept,
    )


def look_at_communities(ground: Ground, source: CommunitySource) -> Reading[gpd.GeoDataFrame]:
    """Read the communities and look at them by themselves and in the study area."""
    reading = read_alone(
        InputCheck(COMMUNITIES, "areas", source.file.name),
        lambda rejected: read_communities(source, ground.crs, rejected),
    )
    if reading.found is None:
        return reading
    return reading.adding(
        doctor_areas.find_odd_areas(COMMUNITIES, reading.found, ground.study_area),
        read=len(reading.found) + len(reading.rejected.rows),
        kept=len(reading.found),
    )


# --- points ---


def look_at_points(
    ground: Ground, key: str, source: PointSource, group: GroupSettings | None
) -> Reading[tuple[gpd.GeoDataFrame, int]]:
    """Read an input of points and look at it by itself, in the study area, over the streets and in the communities.

    Parameters
    ----------
    ground
        What it is looked at against.
    key
        Its name in the plan file.
    source
        Its table in the plan.
    group
        Whose demand it is; None for stations, premises, mobile stops and layers.
    """
    table = "demand" if group is not None else _table_of(key)
    read_as = "facilities" if table == "layer" else table
    who = "" if group is None else group.name
    if isinstance(source, DemandSource) and source.label:
        who = f"{who} · {source.label}"
    if isinstance(source, LayerSource):
        who = source.name
    check = InputCheck(key, table, source.file.name, group=who)
    reading = read_alone(
        check,
        lambda rejected: read_points(
            read_as,
            layer_source(source) if isinstance(source, LayerSource) else source,
            ground.crs,
            ground.study_area,
            ground.margin_m,
            rejected,
            ground.network,
            calendar=ground.plan.hours.calendar,
        ),
    )
    if reading.found is None:
        return reading
    points, rows = reading.found
    named = Named(key, _CALLED[table])
    inside, findings = _inside(ground, named, points, table)
    reading = reading.adding(
        [*findings, *_by_itself(named, points, table)],
        read=rows + count_refused(reading.rejected.rows),
        kept=int(inside.sum()),
        outside=int((~inside).sum()),
        total=float(points["demand"][inside].sum()) if "demand" in points.columns else float("nan"),
        points=points,
    )
    if source.form == "table":  # `plan` lists them as refused
        reading.rejected.add(
            source=source.file.name,
            table=read_as,
            labels=points["id"].to_numpy()[~inside],
            reason=f"outside {_region(ground, table).en}",
        )
    reading = reading.adding(how=(*reading.check.how, *_how(source, points)))
    kept = points[inside].reset_index(drop=True)
    if ground.network is not None and len(kept):
        reading = _over_streets(reading, ground, named, kept, ground.network, source, group)
    if group is not None and isinstance(source, DemandSource) and len(kept):
        reading = reading.adding(
            [
                *_without_people(key, kept, source, group.name),
                *find_lost_communities(group.name, kept, ground.communities, key=key),
            ]
        )
    return with_rows(reading, source.file.name) if source.form == "table" else reading


def _table_of(key: str) -> str:
    """Return what an input without demand is, by its key in the plan file."""
    kinds = {FACILITIES: "facilities", "[[mobile]]": MOBILE, "[[layers]]": "layer"}
    return kinds.get(key.partition(" ")[0], "premises")


def _how(source: PointSource, points: gpd.GeoDataFrame) -> list[Said]:
    """Say what was done to an input besides reading it."""
    how = []
    if source.form == "raster":
        with rasterio.open(source.file) as raster:
            own = raster.crs.to_string()
        to = points.crs.to_string()
        how.append(
            Said(
                f"栅格的坐标系是 {own}：按格子中心换算到 {to}，无需处理",
                f"the raster is in {own}: the middle of each cell was converted to {to}; nothing needs to be done",
            )
        )
    if isinstance(source, DemandSource) and source.sum is not None:
        how.append(
            Said(
                f"需求按方案的 sum 折算为合计 {source.sum:,.0f}",
                f"the demand is scaled to a sum of {source.sum:,.0f}, as the plan says",
            )
        )
    return how


def _inside(
    ground: Ground, named: Named, points: gpd.GeoDataFrame, table: str
) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Find which points count, and say which do not."""
    if ground.study_area is None:
        return np.ones(len(points), dtype=bool), []
    area = ground.study_area.to_crs(points.crs).geometry.union_all()
    if table in _IN_MARGIN:
        area = shapely.buffer(area, ground.margin_m)
    shapely.prepare(area)
    inside = np.asarray(shapely.intersects(area, points.geometry.to_numpy()))
    return inside, doctor_points.find_outside(named, points, ~inside, _region(ground, table), area=area)


def _region(ground: Ground, table: str) -> Said:
    """Say where points of a table count."""
    if table not in _IN_MARGIN:
        return Said("研究范围", "the study area")
    metres = f"{ground.margin_m:.0f}"
    return Said(f"研究范围及其外围 {metres} 米", f"the study area and its margin of {metres} m")


def _without_people(key: str, points: gpd.GeoDataFrame, source: DemandSource, group: str) -> list[Finding]:
    try:
        scale_demand(points, source, group)
    except InputError as error:
        return [of_message("error", "no demand", key, str(error))]
    return []


def _by_itself(named: Named, points: gpd.GeoDataFrame, table: str) -> list[Finding]:
    if table == "demand":
        return doctor_points.find_piles(named, points)
    if table in (MOBILE, "layer"):  # a bus comes again, and many firms share a house
        return []
    return doctor_points.find_twins(named, points, like=table == "facilities")


def _over_streets(
    reading: Reading[tuple[gpd.GeoDataFrame, int]],
    ground: Ground,
    named: Named,
    points: gpd.GeoDataFrame,
    network: RoadNetwork,
    source: PointSource,
    group: GroupSettings | None,
) -> Reading[tuple[gpd.GeoDataFrame, int]]:
    """Look at points over the streets: of the group whose demand they are, else of the group that sites are for."""
    plan = ground.plan
    wanted = plan.siting.group if plan.siting else plan.groups[0].name
    mode = group.mode if group else next(g.mode for g in plan.groups if g.name == wanted)
    limit_m = plan.snap.limit_m
    snap, positions = doctor_points.check_snaps(network, points, mode, limit_m)
    findings = [
        *doctor_points.find_unsnapped(
            named, points, positions, mode, limit_m, others=_has_other_street(named, network, points, mode, limit_m)
        ),
        *doctor_points.find_on_islands(named, points, positions, mode),
        *doctor_points.find_behind_barriers(named, network, points, positions, mode),
    ]
    verdict = judge_datum(named, points, network, source, mode)
    findings += verdict.findings if verdict.said.en else doctor_points.find_far_snaps(named, snap)
    if group is not None:
        findings += find_missing_margin(plan, network, group, points, key=named.key)
    return reading.adding(findings, snap=snap, datum=verdict.said, datum_fits=verdict.fits)


def _has_other_street(named: Named, network: RoadNetwork, points: gpd.GeoDataFrame, mode: str, limit_m: float) -> bool:
    """Whether a station has a street for another mode in use: then it serves somebody."""
    if _table_of(named.key) not in _IN_MARGIN:
        return False
    others = (name for name in network.graphs if name != mode)
    return any(bool(snap_points(network, points, other, limit_m=limit_m).snapped.any()) for other in others)
