"""Every stage of a plan once, in order: `run_plan`; and its network alone: `build_from_file`."""

from coverage_planner.pipeline.run import PlanRun, run_plan, write_run
from coverage_planner.pipeline.streets import build_from_file, keep_streets, save_network

__all__ = ["PlanRun", "build_from_file", "keep_streets", "run_plan", "save_network", "write_run"]
