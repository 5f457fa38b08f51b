"""Table [siting] of the plan file: which model chooses the sites, by which rules, and how long it may work.

Which keys mean something depends on the model; others are refused, not ignored.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

from coverage_planner.config import keys
from coverage_planner.config.keys import at_least, in_minutes, more_than
from coverage_planner.errors import ConfigError, name_some

Model = Literal["mclp", "lscp", "p-median", "p-center", "backup"]


@dataclass(frozen=True)
class QuotaSettings:
    """One of [[siting.quotas]]: how many new sites must, or may, share a value of a column of the candidates."""

    column: Literal["kind", "subdistrict", "community", "gap_id"]
    at_least: int = keys.at_least(0, 0)
    at_most: int | None = keys.at_least(0, None)
    values: tuple[str, ...] | None = None


@dataclass(frozen=True)
class AlternativeSettings:
    """Table [siting.alternatives]: how many other plans to look for, how much worse, and how different they may be."""

    plans: int = at_least(1, 3)
    within: float = at_least(0, 0.02)
    differ_by: int = at_least(1, 1)


@dataclass(frozen=True)
class SitingSettings:
    """Table [siting]: the model, its size, its rules, and how far the search may go.

    Attributes
    ----------
    model, group
        What is to be best, and for which group.
    n_open, budget
        How many new sites, or what they may cost together.
    required, forbidden, quotas, min_spacing_m
        Rules that a choice keeps to.
    group_weights
        Value of the demand column ``group`` -> factor.
    partial, minimise
        LSCP: share of the demand to be covered; whether sites or cost are few.
    unserved_s
        How far times are searched by models of time; for the p-median, what people count whom no site reaches.
    backup_weight
        Backup coverage: what being covered twice is worth against being covered once.
    stages
        Sites open after each stage, ascending; empty where all open at once.
    alternatives
        What to say of other plans; None: nothing.
    mip_gap, work_limit, time_limit_s, max_candidates
        When to stop, and how many candidates to consider.
    """

    model: Model = "mclp"
    n_open: int | None = at_least(1, None)
    budget: float | None = at_least(0, None)
    group: str = ""
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    quotas: tuple[QuotaSettings, ...] = ()
    min_spacing_m: float | None = more_than(0, None)
    group_weights: Mapping[str, float] = field(default_factory=dict, metadata={"at_least": 0})
    partial: float | None = more_than(0, None)
    minimise: Literal["sites", "cost"] | None = None
    unserved_s: float | None = in_minutes("unserved_min", None)
    backup_weight: float | None = more_than(0, None)
    stages: tuple[int, ...] = at_least(1, ())
    alternatives: AlternativeSettings | None = None
    mip_gap: float = at_least(0, 0.0)
    work_limit: float | None = at_least(0, None)
    time_limit_s: float | None = more_than(0, None)
    max_candidates: int | None = at_least(1, None)

    @property
    def has_rules(self) -> bool:
        """Whether a choice must keep to more than a number or a budget."""
        return bool(self.required or self.forbidden or self.quotas or self.min_spacing_m)


#: Keys that every model takes.
_ALWAYS = ("model", "group", "required", "forbidden", "mip_gap", "work_limit", "time_limit_s", "max_candidates")
_RULES = ("quotas", "min_spacing_m", "group_weights")
#: Keys that mean something for each model.
_KEYS_OF_MODEL: Mapping[Model, tuple[str, ...]] = {
    "mclp": (*_ALWAYS, *_RULES, "n_open", "budget", "stages", "alternatives"),
    "lscp": (*_ALWAYS, *_RULES, "budget", "partial", "minimise"),
    "p-median": (*_ALWAYS, *_RULES, "n_open", "budget", "unserved_min", "stages", "alternatives"),
    "p-center": (*_ALWAYS, "n_open", "unserved_min"),
    "backup": (*_ALWAYS, *_RULES, "n_open", "budget", "backup_weight"),
}
#: Keys that say how many sites open: one takes the place of the others.
_SIZES = frozenset({"n_open", "budget", "stages"})
#: Keys of size and search that only some models take.
_OF_SOME = (
    "n_open", "budget", "stages", "partial", "minimise", "unserved_min", "backup_weight", "alternatives",
)  # fmt: skip
#: Models that open as few sites as needed, so that nobody says how many.
_UNSIZED: tuple[Model, ...] = ("lscp",)


def check_siting(siting: SitingSettings) -> None:
    """Refuse keys that contradict each other or mean nothing for the model.

    Raises
    ------
    ConfigError
        The message names the keys.
    """
    _check_model(siting)
    _check_size(siting)
    _check_lists(siting)
    for number, quota in enumerate(siting.quotas, start=1):
        _check_quota(quota, f"[[siting.quotas]] {number}")
    if siting.mip_gap >= 1:
        raise ConfigError(f"[siting] mip_gap must be a share below 1, got {siting.mip_gap:g}; 0.01 is one per cent")
    if siting.partial is not None and siting.partial > 1:
        raise ConfigError(f"[siting] partial must be a share of at most 1, got {siting.partial:g}; 0.95 is 95 per cent")
    if siting.alternatives and siting.alternatives.within >= 1:
        raise ConfigError(
            f"[siting.alternatives] within must be a share below 1, got {siting.alternatives.within:g}; 0.02 is two "
            "per cent"
        )


def change_siting(siting: SitingSettings | None, changes: Mapping[str, Any]) -> tuple[SitingSettings, list[str]]:
    """Change keys of [siting].

    A new number, budget or stages take the place of the one that was there. A new model drops the plan's keys of size
    and search that mean nothing for it; rules are never dropped but refused.

    Parameters
    ----------
    siting
        What the plan says; None where it has no [siting].
    changes
        Keys and values as they would stand in the plan file.

    Returns
    -------
    siting
        The settings, checked.
    dropped
        Keys that were left out because of the new model.

    Raises
    ------
    ConfigError
        As for a plan file.
    """
    if "alternatives" in changes and siting is not None and siting.alternatives is not None:
        changes = {**changes, "alternatives": {**asdict(siting.alternatives), **changes["alternatives"]}}
    given = keys.read_settings(SitingSettings, dict(changes), "[siting]", Path())
    named = {f.metadata.get("key", f.name): f.name for f in fields(SitingSettings)}
    kept = SitingSettings() if siting is None else siting
    default = SitingSettings()
    dropped = []
    if not _SIZES.isdisjoint(changes):
        kept = replace(kept, **{key: getattr(default, key) for key in _SIZES})
    for key in _OF_SOME if "model" in changes else ():
        is_set = getattr(kept, named[key]) != getattr(default, named[key])
        if is_set and key not in changes and key not in _KEYS_OF_MODEL[given.model]:
            kept = replace(kept, **{named[key]: getattr(default, named[key])})
            dropped.append(key)
    kept = replace(kept, **{named[key]: getattr(given, named[key]) for key in changes})
    check_siting(kept)
    return kept, dropped


def _check_model(siting: SitingSettings) -> None:
    default = SitingSettings()
    known = _KEYS_OF_MODEL[siting.model]
    for f in fields(siting):
        key = f.metadata.get("key", f.name)
        if key not in known and getattr(siting, f.name) != getattr(default, f.name):
            models = [model for model in get_args(Model) if key in _KEYS_OF_MODEL[model]]
            raise ConfigError(
                f"[siting] must not have {key} with model = {siting.model!r}, for which it means nothing (it is for "
                f"{', '.join(models)}); remove it or choose another model"
            )


def _check_size(siting: SitingSettings) -> None:
    stages = siting.stages
    if any(later <= earlier for earlier, later in pairwise(stages)):
        raise ConfigError(f"[siting] stages must ascend, got {list(stages)}; say how many sites are open after each")
    if stages and siting.budget is not None:
        raise ConfigError("[siting] must have stages or budget, got both; stages count sites, remove one of the two")
    if stages and siting.n_open not in {None, stages[-1]}:
        raise ConfigError(
            f"[siting] n_open must be the last of the stages, {stages[-1]}, or left out, got {siting.n_open}; correct "
            "one of the two"
        )
    sizes = ["n_open", "budget"] if "budget" in _KEYS_OF_MODEL[siting.model] else ["n_open"]
    given = [key for key in sizes if getattr(siting, key) is not None]
    if siting.model in _UNSIZED or (stages and not given):
        return
    if not given:
        raise ConfigError(
            f"[siting] must have {' or '.join(sizes)} with model = {siting.model!r}, got neither; say how many sites "
            f"open{', or how much they may cost' if len(sizes) > 1 else ''}"
        )
    if len(given) > 1:
        raise ConfigError("[siting] must have n_open or budget, got both; remove one of the two")


def _check_lists(siting: SitingSettings) -> None:
    for key in ("required", "forbidden"):
        twice = [name for name, n in Counter(getattr(siting, key)).items() if n > 1]
        if twice:
            raise ConfigError(f"[siting] {key} must not repeat an id, so does {name_some(twice)}; remove one of each")
    both = [name for name in siting.required if name in siting.forbidden]
    if both:
        raise ConfigError(f"[siting] required and forbidden must not share an id, both have {name_some(both)}; choose")
    n_open = siting.stages[-1] if siting.stages else siting.n_open
    if n_open is not None and len(siting.required) > n_open:
        raise ConfigError(
            f"[siting] n_open counts the required sites too and must be at least {len(siting.required)}, got {n_open}; "
            "raise it or require fewer"
        )


def _check_quota(quota: QuotaSettings, at: str) -> None:
    if not quota.at_least and quota.at_most is None:
        raise ConfigError(f"{at} must have at_least, at_most or both, got neither for {quota.column!r}; add one")
    if quota.at_most is not None and quota.at_least > quota.at_most:
        raise ConfigError(
            f"{at} at_most must be no less than at_least, got {quota.at_most} and {quota.at_least} for "
            f"{quota.column!r}; correct them"
        )
