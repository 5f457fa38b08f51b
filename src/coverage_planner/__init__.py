"""Who reaches a service station within 15 minutes over the streets, who does not, and where the next should open.

The public names are loaded when first used, so that importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coverage_planner.config.plan import Plan, read_plan
    from coverage_planner.coverage.capacity import Assignment, assign_with_room, find_shortages
    from coverage_planner.coverage.catchments import measure_catchments
    from coverage_planner.coverage.equity import Equity, measure_equity
    from coverage_planner.coverage.floating_catchment import FloatingCatchment, floating_catchment
    from coverage_planner.coverage.gaps import find_gaps
    from coverage_planner.coverage.hours import OpenSlots, open_slots
    from coverage_planner.coverage.levels import HubAssignment, Level, Levels, apply_levels, assign_hubs
    from coverage_planner.coverage.measure import Coverage, assign_nearest, measure_coverage
    from coverage_planner.coverage.nearest_open import nearest_open
    from coverage_planner.coverage.offer import Needs, Offer, describe_offer
    from coverage_planner.coverage.profile import describe_profile, profile_areas, profile_service_areas
    from coverage_planner.coverage.reasons import explain_unserved
    from coverage_planner.coverage.service_tables import measure_hours, measure_services
    from coverage_planner.coverage.serving import Served, serve
    from coverage_planner.coverage.week import Week, build_week
    from coverage_planner.datum_detection import DatumVerdict, detect_datum
    from coverage_planner.demo import demo_city, office_files
    from coverage_planner.network.build import build_network
    from coverage_planner.network.files import read_network, write_network
    from coverage_planner.network.main_roads import build_stretches
    from coverage_planner.network.modes import DEFAULT_MODES, PRESET_MODES, Mode
    from coverage_planner.network.road_network import RoadNetwork
    from coverage_planner.network.snap import Positions, snap_points
    from coverage_planner.pipeline.doctor import check_plan
    from coverage_planner.pipeline.run import PlanRun, run_plan, write_run
    from coverage_planner.report.heat_map import draw_hours
    from coverage_planner.report.maps import draw_map
    from coverage_planner.report.plan_folders import write_comparison
    from coverage_planner.report.plan_page import draw_plans
    from coverage_planner.report.plan_results import compare_results
    from coverage_planner.report.plan_summary import summarise_plans
    from coverage_planner.report.report_page import write_report
    from coverage_planner.report.results import read_results, write_results
    from coverage_planner.report.site_page import draw_comparison
    from coverage_planner.report.three_lists import write_three_lists
    from coverage_planner.scenario.circle import Circle, CircleStudy, measure_circle
    from coverage_planner.scenario.circle_rules import CircleRules
    from coverage_planner.scenario.compare import Comparison, compare
    from coverage_planner.scenario.compare_sites import SiteComparison, compare_sites, study_sites
    from coverage_planner.scenario.evaluate import evaluate
    from coverage_planner.scenario.group_times import group_times
    from coverage_planner.scenario.scenario import Action, Group, Outcome, Scenario
    from coverage_planner.scenario.three_lists import ThreeLists, build_three_lists
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
    from coverage_planner.sources.calendar import Calendar, read_calendar
    from coverage_planner.sources.hours import parse_hours
    from coverage_planner.sources.mobile import read_mobile_stops
    from coverage_planner.sources.osm import fetch_pois, fetch_roads
    from coverage_planner.sources.osm_clip import clip_osm
    from coverage_planner.sources.poi_sets import POI_SETS
    from coverage_planner.sources.poi_table import PoiTally
    from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
    from coverage_planner.sources.pois import read_pois
    from coverage_planner.sources.population import read_population
    from coverage_planner.sources.profiles import read_profile
    from coverage_planner.sources.records import RecordTally, count_records
    from coverage_planner.sources.road_cleaning import RoadCleaning
    from coverage_planner.sources.roads import read_roads
    from coverage_planner.sources.services import SERVICES, parse_services, service_name
    from coverage_planner.sources.spread import spread_counts
    from coverage_planner.traveltime.detours import detour_times
    from coverage_planner.traveltime.isochrone import isochrones
    from coverage_planner.traveltime.nearest import nearest_facilities
    from coverage_planner.traveltime.reach import reached_streets
    from coverage_planner.traveltime.times import TravelTimes, travel_times

_HOMES = {
    "Action": "scenario.scenario",
    "Alternatives": "siting.alternatives",
    "apply_levels": "coverage.levels",
    "assign_hubs": "coverage.levels",
    "assign_nearest": "coverage.measure",
    "assign_with_room": "coverage.capacity",
    "Assignment": "coverage.capacity",
    "build_network": "network.build",
    "build_stretches": "network.main_roads",
    "build_three_lists": "scenario.three_lists",
    "build_week": "coverage.week",
    "Calendar": "sources.calendar",
    "check_plan": "pipeline.doctor",
    "Circle": "scenario.circle",
    "CircleRules": "scenario.circle_rules",
    "CircleStudy": "scenario.circle",
    "clip_osm": "sources.osm_clip",
    "compare": "scenario.compare",
    "compare_results": "report.plan_results",
    "compare_sites": "scenario.compare_sites",
    "Comparison": "scenario.compare",
    "count_records": "sources.records",
    "Coverage": "coverage.measure",
    "DatumVerdict": "datum_detection",
    "DEFAULT_MODES": "network.modes",
    "demo_city": "demo",
    "describe_offer": "coverage.offer",
    "describe_profile": "coverage.profile",
    "detect_datum": "datum_detection",
    "detour_times": "traveltime.detours",
    "draw_comparison": "report.site_page",
    "draw_hours": "report.heat_map",
    "draw_map": "report.maps",
    "draw_plans": "report.plan_page",
    "Equity": "coverage.equity",
    "evaluate": "scenario.evaluate",
    "explain_unserved": "coverage.reasons",
    "fetch_pois": "sources.osm",
    "fetch_roads": "sources.osm",
    "find_alternatives": "siting.alternatives",
    "find_area_problems": "sources.area_topology",
    "find_gaps": "coverage.gaps",
    "find_shortages": "coverage.capacity",
    "floating_catchment": "coverage.floating_catchment",
    "FloatingCatchment": "coverage.floating_catchment",
    "Group": "scenario.scenario",
    "group_times": "scenario.group_times",
    "HubAssignment": "coverage.levels",
    "isochrones": "traveltime.isochrone",
    "Level": "coverage.levels",
    "Levels": "coverage.levels",
    "measure_catchments": "coverage.catchments",
    "measure_circle": "scenario.circle",
    "measure_coverage": "coverage.measure",
    "measure_equity": "coverage.equity",
    "measure_hours": "coverage.service_tables",
    "measure_services": "coverage.service_tables",
    "Mode": "network.modes",
    "nearest_facilities": "traveltime.nearest",
    "nearest_open": "coverage.nearest_open",
    "Needs": "coverage.offer",
    "Offer": "coverage.offer",
    "office_files": "demo",
    "open_slots": "coverage.hours",
    "OpeningOrder": "siting.sequence",
    "OpenSlots": "coverage.hours",
    "Outcome": "scenario.scenario",
    "parse_hours": "sources.hours",
    "parse_services": "sources.services",
    "Plan": "config.plan",
    "PlanRun": "pipeline.run",
    "POI_SETS": "sources.poi_sets",
    "PoiTally": "sources.poi_table",
    "Positions": "network.snap",
    "PRESET_MODES": "network.modes",
    "profile_areas": "coverage.profile",
    "profile_service_areas": "coverage.profile",
    "propose_candidates": "siting.candidates",
    "Quota": "siting.rules",
    "reached_streets": "traveltime.reach",
    "read_areas": "sources.areas",
    "read_buildings": "sources.buildings",
    "read_calendar": "sources.calendar",
    "read_candidates": "sources.points",
    "read_demand": "sources.points",
    "read_facilities": "sources.points",
    "read_mobile_stops": "sources.mobile",
    "read_network": "network.files",
    "read_plan": "config.plan",
    "read_pois": "sources.pois",
    "read_population": "sources.population",
    "read_profile": "sources.profiles",
    "read_results": "report.results",
    "read_roads": "sources.roads",
    "read_study_area": "sources.areas",
    "RecordTally": "sources.records",
    "Rejections": "schema",
    "RoadCleaning": "sources.road_cleaning",
    "RoadNetwork": "network.road_network",
    "Roads": "schema",
    "run_plan": "pipeline.run",
    "Scenario": "scenario.scenario",
    "SearchState": "siting.effort",
    "serve": "coverage.serving",
    "Served": "coverage.serving",
    "service_name": "sources.services",
    "SERVICES": "sources.services",
    "SiteComparison": "scenario.compare_sites",
    "snap_points": "network.snap",
    "Solution": "siting.solution",
    "solve_backup_coverage": "siting.backup",
    "solve_lscp": "siting.lscp",
    "solve_mclp": "siting.mclp",
    "solve_p_center": "siting.p_center",
    "solve_p_median": "siting.p_median",
    "solve_sequence": "siting.sequence",
    "spread_counts": "sources.spread",
    "study_sites": "scenario.compare_sites",
    "summarise_plans": "report.plan_summary",
    "ThreeLists": "scenario.three_lists",
    "travel_times": "traveltime.times",
    "TravelTimes": "traveltime.times",
    "Week": "coverage.week",
    "write_comparison": "report.plan_folders",
    "write_network": "network.files",
    "write_report": "report.report_page",
    "write_results": "report.results",
    "write_run": "pipeline.run",
    "write_three_lists": "report.three_lists",
}

__version__ = "0.1.0"
__all__ = [
    "DEFAULT_MODES",
    "POI_SETS",
    "PRESET_MODES",
    "SERVICES",
    "Action",
    "Alternatives",
    "Assignment",
    "Calendar",
    "Circle",
    "CircleRules",
    "CircleStudy",
    "Comparison",
    "Coverage",
    "DatumVerdict",
    "Equity",
    "FloatingCatchment",
    "Group",
    "HubAssignment",
    "Level",
    "Levels",
    "Mode",
    "Needs",
    "Offer",
    "OpenSlots",
    "OpeningOrder",
    "Outcome",
    "Plan",
    "PlanRun",
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
    "Served",
    "SiteComparison",
    "Solution",
    "ThreeLists",
    "TravelTimes",
    "Week",
    "apply_levels",
    "assign_hubs",
    "assign_nearest",
    "assign_with_room",
    "build_network",
    "build_stretches",
    "build_three_lists",
    "build_week",
    "check_plan",
    "clip_osm",
    "compare",
    "compare_results",
    "compare_sites",
    "count_records",
    "demo_city",
    "describe_offer",
    "describe_profile",
    "detect_datum",
    "detour_times",
    "draw_comparison",
    "draw_hours",
    "draw_map",
    "draw_plans",
    "evaluate",
    "explain_unserved",
    "fetch_pois",
    "fetch_roads",
    "find_alternatives",
    "find_area_problems",
    "find_gaps",
    "find_shortages",
    "floating_catchment",
    "group_times",
    "isochrones",
    "measure_catchments",
    "measure_circle",
    "measure_coverage",
    "measure_equity",
    "measure_hours",
    "measure_services",
    "nearest_facilities",
    "nearest_open",
    "office_files",
    "open_slots",
    "parse_hours",
    "parse_services",
    "profile_areas",
    "profile_service_areas",
    "propose_candidates",
    "reached_streets",
    "read_areas",
    "read_buildings",
    "read_calendar",
    "read_candidates",
    "read_demand",
    "read_facilities",
    "read_mobile_stops",
    "read_network",
    "read_plan",
    "read_pois",
    "read_population",
    "read_profile",
    "read_results",
    "read_roads",
    "read_study_area",
    "run_plan",
    "serve",
    "service_name",
    "snap_points",
    "solve_backup_coverage",
    "solve_lscp",
    "solve_mclp",
    "solve_p_center",
    "solve_p_median",
    "solve_sequence",
    "spread_counts",
    "study_sites",
    "summarise_plans",
    "travel_times",
    "write_comparison",
    "write_network",
    "write_report",
    "write_results",
    "write_run",
    "write_three_lists",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
