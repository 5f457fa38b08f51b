"""Who reaches a service station within 15 minutes over the streets, who does not, and where the next should open.

The public names are loaded when first used, so that importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coverage_planner.coverage.catchments import measure_catchments
    from coverage_planner.coverage.gaps import find_gaps
    from coverage_planner.coverage.measure import Coverage, assign_nearest, measure_coverage
    from coverage_planner.datum_detection import DatumVerdict, detect_datum
    from coverage_planner.demo import demo_city
    from coverage_planner.network.build import build_network
    from coverage_planner.network.files import read_network, write_network
    from coverage_planner.network.modes import DEFAULT_MODES, Mode
    from coverage_planner.network.road_network import RoadNetwork
    from coverage_planner.network.snap import Positions, snap_points
    from coverage_planner.report.maps import draw_map
    from coverage_planner.report.results import read_results, write_results
    from coverage_planner.scenario.compare import Comparison, compare
    from coverage_planner.scenario.evaluate import evaluate
    from coverage_planner.scenario.scenario import Group, Outcome, Scenario
    from coverage_planner.schema import Rejections, Roads
    from coverage_planner.siting.alternatives import Alternatives, find_alternatives
    from coverage_planner.siting.backup import solve_backup_coverage
    from coverage_planner.siting.candidates import propose_candidates
    from coverage_planner.siting.effort import SearchState
    from coverage_planner.siting.lscp import solve_lscp
    from coverage_planner.siting.mclp import solve_mclp
    from coverage_planner.siting.p_center import solve_p_center
    from coverage_planner.siting.p_median import solve_p_median
    from coverage_planner.siting.rules import Quota
    from coverage_planner.siting.sequence import OpeningOrder, solve_sequence
    from coverage_planner.siting.solution import Solution
    from coverage_planner.sources.area_topology import find_area_problems
    from coverage_planner.sources.areas import read_areas, read_study_area
    from coverage_planner.sources.buildings import read_buildings
    from coverage_planner.sources.osm import fetch_pois, fetch_roads
    from coverage_planner.sources.osm_clip import clip_osm
    from coverage_planner.sources.poi_sets import POI_SETS
    from coverage_planner.sources.poi_table import PoiTally
    from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
    from coverage_planner.sources.pois import read_pois
    from coverage_planner.sources.population import read_population
    from coverage_planner.sources.records import RecordTally, count_records
    from coverage_planner.sources.road_cleaning import RoadCleaning
    from coverage_planner.sources.roads import read_roads
    from coverage_planner.sources.spread import spread_counts
    from coverage_planner.traveltime.isochrone import isochrones
    from coverage_planner.traveltime.nearest import nearest_facilities
    from coverage_planner.traveltime.reach import reached_streets
    from coverage_planner.traveltime.times import TravelTimes, travel_times

_HOMES = {
    "Alternatives": "siting.alternatives",
    "assign_nearest": "coverage.measure",
    "build_network": "network.build",
    "clip_osm": "sources.osm_clip",
    "compare": "scenario.compare",
    "Comparison": "scenario.compare",
    "count_records": "sources.records",
    "Coverage": "coverage.measure",
    "DatumVerdict": "datum_detection",
    "DEFAULT_MODES": "network.modes",
    "demo_city": "demo",
    "detect_datum": "datum_detection",
    "draw_map": "report.maps",
    "evaluate": "scenario.evaluate",
    "fetch_pois": "sources.osm",
    "fetch_roads": "sources.osm",
    "find_alternatives": "siting.alternatives",
    "find_area_problems": "sources.area_topology",
    "find_gaps": "coverage.gaps",
    "Group": "scenario.scenario",
    "isochrones": "traveltime.isochrone",
    "measure_catchments": "coverage.catchments",
    "measure_coverage": "coverage.measure",
    "Mode": "network.modes",
    "nearest_facilities": "traveltime.nearest",
    "OpeningOrder": "siting.sequence",
    "Outcome": "scenario.scenario",
    "POI_SETS": "sources.poi_sets",
    "PoiTally": "sources.poi_table",
    "Positions": "network.snap",
    "propose_candidates": "siting.candidates",
    "Quota": "siting.rules",
    "reached_streets": "traveltime.reach",
    "read_areas": "sources.areas",
    "read_buildings": "sources.buildings",
    "read_candidates": "sources.points",
    "read_demand": "sources.points",
    "read_facilities": "sources.points",
    "read_network": "network.files",
    "read_pois": "sources.pois",
    "read_population": "sources.population",
    "read_results": "report.results",
    "read_roads": "sources.roads",
    "read_study_area": "sources.areas",
    "RecordTally": "sources.records",
    "Rejections": "schema",
    "RoadCleaning": "sources.road_cleaning",
    "RoadNetwork": "network.road_network",
    "Roads": "schema",
    "Scenario": "scenario.scenario",
    "SearchState": "siting.effort",
    "snap_points": "network.snap",
    "Solution": "siting.solution",
    "solve_backup_coverage": "siting.backup",
    "solve_lscp": "siting.lscp",
    "solve_mclp": "siting.mclp",
    "solve_p_center": "siting.p_center",
    "solve_p_median": "siting.p_median",
    "solve_sequence": "siting.sequence",
    "spread_counts": "sources.spread",
    "travel_times": "traveltime.times",
    "TravelTimes": "traveltime.times",
    "write_network": "network.files",
    "write_results": "report.results",
}

__version__ = "0.1.0"
__all__ = [
    "DEFAULT_MODES",
    "POI_SETS",
    "Alternatives",
    "Comparison",
    "Coverage",
    "DatumVerdict",
    "Group",
    "Mode",
    "OpeningOrder",
    "Outcome",
    "PoiTally",
    "Positions",
    "Quota",
    "RecordTally",
    "Rejections",
    "RoadCleaning",
    "RoadNetwork",
    "Roads",
    "Scenario",
    "SearchState",
    "Solution",
    "TravelTimes",
    "assign_nearest",
    "build_network",
    "clip_osm",
    "compare",
    "count_records",
    "demo_city",
    "detect_datum",
    "draw_map",
    "evaluate",
    "fetch_pois",
    "fetch_roads",
    "find_alternatives",
    "find_area_problems",
    "find_gaps",
    "isochrones",
    "measure_catchments",
    "measure_coverage",
    "nearest_facilities",
    "propose_candidates",
    "reached_streets",
    "read_areas",
    "read_buildings",
    "read_candidates",
    "read_demand",
    "read_facilities",
    "read_network",
    "read_pois",
    "read_population",
    "read_results",
    "read_roads",
    "read_study_area",
    "snap_points",
    "solve_backup_coverage",
    "solve_lscp",
    "solve_mclp",
    "solve_p_center",
    "solve_p_median",
    "solve_sequence",
    "spread_counts",
    "travel_times",
    "write_network",
    "write_results",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
