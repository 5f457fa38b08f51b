"""What a shortlist is ranked under: the plan's own cutoff, speed and demand, and each of them changed alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coverage_planner.errors import ConfigError

#: What differs from the plan.
AssumptionKind = Literal["base", "cutoff", "speed", "demand"]
#: Other cutoffs, as shares of the group's: 10 and 20 minutes for a 15-minute circle.
CUTOFF_SHARES = (2 / 3, 1.0, 4 / 3)


@dataclass(frozen=True)
class Assumption:
    """One setting under which candidates are ranked.

    Attributes
    ----------
    kind
        What differs from the plan; 'base' where nothing does.
    cutoff_s
        Longest acceptable time, seconds.
    speed_factor
        Of the mode's speed.
    demand_source
        Name of the demand table; None for the group's own.
    """

    kind: AssumptionKind
    cutoff_s: float
    speed_factor: float = 1.0
    demand_source: str | None = None

    def record(self, number: int) -> dict[str, Any]:
        """Return the columns that say in tables which assumption it is."""
        return {
            "assumption": number,
            "kind": self.kind,
            "cutoff_s": self.cutoff_s,
            "speed_factor": self.speed_factor,
            "demand_source": self.demand_source,
        }


def list_assumptions(
    cutoff_s: float, cutoffs_s: Sequence[float] | None, speed_factors: Sequence[float], demands: Sequence[str]
) -> list[Assumption]:
    """List the assumptions: the plan's own first, then each cutoff, speed and demand that differs, one at a time.

    Parameters
    ----------
    cutoff_s
        The group's own.
    cutoffs_s
        Others; None: `CUTOFF_SHARES` of the group's.
    speed_factors
        Of the mode's speed; 1 is the plan's own.
    demands
        Names of other demand tables.

    Raises
    ------
    ConfigError
        A cutoff is not positive.
    """
    cutoffs = [cutoff_s * share for share in CUTOFF_SHARES] if cutoffs_s is None else list(cutoffs_s)
    wrong = [cutoff for cutoff in cutoffs if not cutoff > 0]
    if wrong:
        raise ConfigError(f"cutoffs_s must be positive, got {wrong[0]:g} s; correct it")
    return [
        Assumption("base", cutoff_s),
        *(Assumption("cutoff", one) for one in sorted(set(cutoffs) - {cutoff_s})),
        *(Assumption("speed", cutoff_s, one) for one in sorted(set(speed_factors) - {1.0})),
        *(Assumption("demand", cutoff_s, demand_source=name) for name in demands),
    ]


def rank_column(assumption: Assumption) -> str:
    """Return the column that holds the ranks under an assumption."""
    if assumption.kind == "cutoff":
        return f"rank_cutoff_{assumption.cutoff_s:g}s"
    if assumption.kind == "speed":
        return f"rank_speed_{assumption.speed_factor:g}"
    return f"rank_demand_{assumption.demand_source}"
