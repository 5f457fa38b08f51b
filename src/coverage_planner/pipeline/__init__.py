"""Every stage of a plan once, in order: `run_plan`; its siting part: `run_proposal`; its network: `build_from_file`."""

from coverage_planner.pipeline.proposal import ProposalRun, run_proposal, write_proposal
from coverage_planner.pipeline.run import PlanRun, run_plan, write_run
from coverage_planner.pipeline.streets import build_from_file, keep_streets, save_network

__all__ = [
    "PlanRun",
    "ProposalRun",
    "build_from_file",
    "keep_streets",
    "run_plan",
    "run_proposal",
    "save_network",
    "write_proposal",
    "write_run",
]
