"""The plan file (TOML) -> checked settings: `read_plan` gives a `Plan`."""

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
    SitingSettings,
    SnapSettings,
    read_plan,
)

__all__ = [
    "AreaSource",
    "BandSettings",
    "CandidateSettings",
    "CommunitySource",
    "DemandSource",
    "GroupSettings",
    "MapSettings",
    "Plan",
    "PointSource",
    "RoadSource",
    "SitingSettings",
    "SnapSettings",
    "read_plan",
]
