"""The plan file (TOML) -> checked settings: `read_plan` gives a `Plan`."""

from coverage_planner.config.change import change_plan
from coverage_planner.config.circle import LayerSource, MainRoads, known_services
from coverage_planner.config.plan import (
    BandSettings,
    CandidateSettings,
    GroupSettings,
    MapSettings,
    OutputSettings,
    Plan,
    SnapSettings,
    circle_sources,
    missing_files,
    point_sources,
    read_plan,
)
from coverage_planner.config.report import DataNote, ReportSettings
from coverage_planner.config.siting import AlternativeSettings, Model, QuotaSettings, SitingSettings, check_siting
from coverage_planner.config.sources import AreaSource, CommunitySource, DemandSource, PointSource, RoadSource

__all__ = [
    "AlternativeSettings",
    "AreaSource",
    "BandSettings",
    "CandidateSettings",
    "CommunitySource",
    "DataNote",
    "DemandSource",
    "GroupSettings",
    "LayerSource",
    "MainRoads",
    "MapSettings",
    "Model",
    "OutputSettings",
    "Plan",
    "PointSource",
    "QuotaSettings",
    "ReportSettings",
    "RoadSource",
    "SitingSettings",
    "SnapSettings",
    "change_plan",
    "check_siting",
    "circle_sources",
    "known_services",
    "missing_files",
    "point_sources",
    "read_plan",
]
