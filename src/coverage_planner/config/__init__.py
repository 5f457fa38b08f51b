"""The plan file (TOML) -> checked settings: `read_plan` gives a `Plan`."""

from coverage_planner.config.change import change_plan
from coverage_planner.config.plan import (
    AreaSource,
    BandSettings,
    CandidateSettings,
    CommunitySource,
    DemandSource,
    GroupSettings,
    MapSettings,
    Plan,
    PointSource,
    RoadSource,
    SnapSettings,
    read_plan,
)
from coverage_planner.config.siting import AlternativeSettings, Model, QuotaSettings, SitingSettings, check_siting

__all__ = [
    "AlternativeSettings",
    "AreaSource",
    "BandSettings",
    "CandidateSettings",
    "CommunitySource",
    "DemandSource",
    "GroupSettings",
    "MapSettings",
    "Model",
    "Plan",
    "PointSource",
    "QuotaSettings",
    "RoadSource",
    "SitingSettings",
    "SnapSettings",
    "change_plan",
    "check_siting",
    "read_plan",
]
