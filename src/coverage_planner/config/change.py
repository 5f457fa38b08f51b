"""A plan with other keys in [siting], for example those of the command line."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coverage_planner.config.plan import Plan, check_groups
from coverage_planner.config.siting import change_siting


def change_plan(plan: Plan, changes: Mapping[str, Any]) -> tuple[Plan, list[str]]:
    """Change keys of a plan's [siting], for example from the command line.

    Parameters
    ----------
    plan
        The plan.
    changes
        Keys and values as they would stand in the plan file.

    Returns
    -------
    plan
        The changed plan.
    dropped
        Keys that were left out because they mean nothing for the new model.

    Raises
    ------
    ConfigError
        As for a plan file.
    """
    siting, dropped = change_siting(plan.siting, changes)
    changed = replace(plan, siting=replace(siting, group=siting.group or plan.groups[0].name))
    check_groups(changed)
    return changed, dropped
