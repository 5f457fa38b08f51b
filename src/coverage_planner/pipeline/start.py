"""What every run of a plan begins with: compiled code, the network, the tables, and what is wrong between them."""

from dataclasses import dataclass
from pathlib import Path

from coverage_planner.config import Plan
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.checks import (
    require_connected,
    warn_of_datum,
    warn_of_lost_communities,
    warn_of_missing_margin,
)
from coverage_planner.pipeline.inputs import Inputs, read_inputs
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.pipeline.streets import Streets, prepare_streets
from coverage_planner.pipeline.warm_up import WarmUp, warm_up
from coverage_planner.scenario.scenario import Group
from coverage_planner.schema import Rejections


@dataclass(frozen=True, eq=False)
class Start:
    """What a run has in hand before it measures anything.

    Attributes
    ----------
    warmed
        Whether the search had to be compiled first, and how long that took.
    streets
        The road network and where it comes from.
    inputs
        The tables.
    groups
        Who travels, in the plan's order.
    """

    warmed: WarmUp
    streets: Streets
    inputs: Inputs
    groups: tuple[Group, ...]

    @property
    def network(self) -> RoadNetwork:
        """The road network."""
        return self.streets.network


def begin(plan: Plan, watch: Stopwatch, rejected: Rejections, *, network_folder: Path | None, rebuild: bool) -> Start:
    """Do the stages 'compile', 'network' and 'read'.

    Parameters
    ----------
    plan
        The plan.
    watch
        Times the stages.
    rejected
        Rows that cannot be used are added to it.
    network_folder, rebuild
        See `prepare_streets`.

    Raises
    ------
    CoveragePlannerError
        An input or setting is wrong; the message says which and what to do.
    """
    with watch.stage("compile"):
        warmed = warm_up(plan.siting.model if plan.siting else None)
    with watch.stage("network"):
        streets = prepare_streets(plan, rejected, network_folder=network_folder, rebuild=rebuild)
    network = streets.network
    with watch.stage("read"):
        inputs = read_inputs(plan, streets, rejected)
    warn_of_lost_communities(inputs)
    groups = tuple(
        Group(
            g.name,
            g.mode,
            g.cutoff_s,
            inputs.demand[g.name],
            visit="stay" if g.main_roads is None else "pass",
            parking_s=g.parking_s,
            profile=inputs.profiles.get(g.name),
            required=g.required,
        )
        for g in plan.groups
    )
    require_connected(network, small_component_m=plan.snap.small_component_m)
    warn_of_datum(plan, network, inputs)
    warn_of_missing_margin(plan, network, inputs)
    return Start(warmed, streets, inputs, groups)
