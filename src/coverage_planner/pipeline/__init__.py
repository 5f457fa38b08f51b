"""Every stage of a plan once, in order: `run_plan`."""

from coverage_planner.pipeline.run import PlanRun, run_plan, write_run

__all__ = ["PlanRun", "run_plan", "write_run"]
