"""The trade-offs between plans in plain words; every figure of a sentence is a cell of the exported tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coverage_planner.report.cells import Cell, Sentence, write_figure
from coverage_planner.report.plan_columns import PLAN_COLUMNS
from coverage_planner.report.plan_words import plan_words
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language

#: How a figure looks that is nothing to the digits shown.
_NOTHING = frozenset({"0", "0.0", "<0.1"})
_CIRCLE_SHARES = ("full_demand_share", "full_week_share", "open_night_share")
_BETWEEN = {"zh": "、", "en": ", "}


@dataclass(frozen=True)
class SummaryPart:
    """What is said of two scenarios.

    Attributes
    ----------
    before, after
        Their names.
    sentences
        What is said, in order.
    """

    before: str
    after: str
    sentences: tuple[Sentence, ...]


def summarise_plans(tables: Mapping[str, pd.DataFrame], language: Language) -> tuple[SummaryPart, ...]:
    """Say in plain words what plans change and what they trade against each other.

    Words such as 'more' and 'less' stand only beside their measure and its figures; what is equal to the digits shown
    is called the same; what is not known is said to be not known.

    Parameters
    ----------
    tables
        `plan_tables.plan_tables`.
    language
        'zh' or 'en'.

    Returns
    -------
    tuple of SummaryPart
        First every plan against the first scenario, then the plans against each other.
    """
    teller = _Teller(tables, plan_words(language), language)
    names = list(dict.fromkeys(tables["overall"]["scenario"]))
    parts = [SummaryPart(names[0], name, tuple(teller.against_first(names[0], name))) for name in names[1:]]
    parts += [
        SummaryPart(one, other, tuple(teller.against_each_other(names[0], one, other)))
        for one, other in combinations(names[1:], 2)
    ]
    return tuple(parts)


def direction(was: Cell, now: Cell) -> str:
    """Return whether a figure goes 'up' or 'down', or is the 'same' to the digits that are shown of it."""
    if write_figure(float(was.value), was.kind) == write_figure(float(now.value), now.kind):
        return "same"
    return "up" if float(now.value) > float(was.value) else "down"


@dataclass(frozen=True)
class _Teller:
    """What sentences are made from."""

    tables: Mapping[str, pd.DataFrame]
    said: Mapping[str, str]
    language: Language

    def cell(self, table: str, row: int, column: str, *, magnitude: bool = False) -> Cell:
        value = self.tables[table][column].iloc[row]
        # fifteen minutes, not 15.0
        kind = "number" if column == "cutoff_min" else PLAN_COLUMNS[column].kind
        return Cell(table, row, column, value.item() if isinstance(value, np.generic) else value, kind, magnitude)

    def row(self, table: str, **key: str) -> int:
        found = self.tables[table]
        wanted = np.ones(len(found), dtype=np.bool_)
        for name, value in key.items():
            wanted &= (found[name] == value).to_numpy(dtype=np.bool_)
        return int(np.flatnonzero(wanted)[0])

    def say(self, key: str, cells: Mapping[str, Cell], **names: str) -> Sentence:
        return Sentence(self.said[key], cells, names)

    @property
    def groups(self) -> Sequence[str]:
        return list(dict.fromkeys(self.tables["overall"]["group"]))

    # --- a plan against the first scenario ---

    def against_first(self, base: str, plan: str) -> list[Sentence]:
        first = self.groups[0]
        row = self.row("pairs", before=base, after=plan, group=first)
        moved = {name: self.cell("pairs", row, f"{name}_demand") for name in ("gained", "lost", "neither")}
        found = [self.share(base, plan, first), self.say("gains", moved, group=first)]
        found += [self.stations(row), *self.cost(row, first)]
        found += [self.gaps(base, plan, row, first), *self.minutes(row, first)]
        found += self.measures(base, plan, first)
        return found + [self.share(base, plan, group) for group in self.groups[1:]]

    def share(self, base: str, plan: str, group: str) -> Sentence:
        was, now = (self.row("overall", scenario=name, group=group) for name in (base, plan))
        column = "covered_demand_share"
        change = self.cell("overall", now, f"change_{column}", magnitude=True)
        if np.isnan(change.value):
            return self.say("share_none", {}, group=group)
        cells = {
            "cutoff": self.cell("overall", now, "cutoff_min"),
            "was": self.cell("overall", was, column),
            "now": self.cell("overall", now, column),
            "points": change,
        }
        return self.say(f"share_{direction(cells['was'], cells['now'])}", cells, group=group, base=base)

    def stations(self, row: int, key: str = "stations_differ", **names: str) -> Sentence:
        cells = {name: self.cell("pairs", row, f"n_{name}") for name in ("opened", "closed", "changed")}
        return self.say(key, cells, **names)

    def cost(self, row: int, group: str) -> list[Sentence]:
        opened, without = (self.cell("pairs", row, column) for column in ("n_opened", "n_without_cost"))
        if not opened.value:
            return []
        if without.value:
            return [self.say("cost_missing", {"opened": opened, "without": without})]
        cost, per = (self.cell("pairs", row, name) for name in ("cost_opened", "cost_per_thousand_gained"))
        if np.isnan(per.value):
            return [self.say("cost", {"cost": cost})]
        return [self.say("cost_per", {"cost": cost, "per": per}, group=group)]

    def gaps(self, base: str, plan: str, row: int, group: str) -> Sentence:
        cells = {
            name: self.cell("pairs", row, f"n_gaps_{name}") for name in ("closed", "smaller", "left", "grown", "new")
        }
        return self.say("gaps_change", cells, group=group, base=base, plan=plan)

    def minutes(self, row: int, group: str) -> list[Sentence]:
        timed = self.cell("pairs", row, "timed_demand")
        if not timed.value:
            return []
        saved = self.cell("pairs", row, "person_minutes_saved", magnitude=True)
        key = "minutes_saved" if float(saved.value) > 0 else "minutes_lost"
        key = "minutes_same" if saved.text(self.language) in _NOTHING else key
        cells = {name: self.cell("pairs", row, f"{name}_demand") for name in ("nearer", "farther")}
        return [self.say(key, {**cells, "timed": timed, "saved": saved}, group=group)]

    def measures(self, base: str, plan: str, group: str) -> list[Sentence]:
        was, now = (self.row("overall", scenario=name, group=group) for name in (base, plan))
        found = []
        for column in _CIRCLE_SHARES:
            change = self.cell("overall", now, f"change_{column}", magnitude=True)
            if np.isnan(change.value):
                continue
            cells = {
                "was": self.cell("overall", was, column),
                "now": self.cell("overall", now, column),
                "points": change,
            }
            names = {"group": group, "base": base, "measure": PLAN_COLUMNS[column].heading(self.language)}
            found.append(self.say(f"measure_{direction(cells['was'], cells['now'])}", cells, **names))
        return found

    # --- plans against each other ---

    def against_each_other(self, base: str, before: str, after: str) -> list[Sentence]:
        rows = {group: self.row("pairs", before=before, after=after, group=group) for group in self.groups}
        found = [self.ahead(before, after)]
        for group, row in rows.items():
            found.append(self.covers(before, after, group, row))
        first = self.groups[0]
        found += self.areas(before, after, first)
        found += [self.costs(base, before, after, first)]
        found += [self.stations(rows[first], "stations_between", before=before, after=after)]
        return found

    def covered(self, group: str, *plans: str) -> tuple[Cell, Cell]:
        one, other = (
            self.cell("overall", self.row("overall", scenario=plan, group=group), "covered_demand") for plan in plans
        )
        return one, other

    def ahead(self, before: str, after: str) -> Sentence:
        sides: dict[str, list[str]] = {"up": [], "down": [], "same": []}
        for group in self.groups:
            sides[direction(*self.covered(group, before, after))].append(group)
        gainers, losers = (_BETWEEN[self.language].join(sides[side]) for side in ("up", "down"))
        if gainers and losers:
            return self.say("ahead_mixed", {}, before=before, after=after, gainers=gainers, losers=losers)
        if not gainers and not losers:
            return self.say("ahead_never", {}, before=before, after=after)
        more, less = (after, before) if gainers else (before, after)
        return self.say("ahead_all", {}, more=more, less=less, groups=gainers or losers)

    def covers(self, before: str, after: str, group: str, row: int) -> Sentence:
        difference = self.cell("pairs", row, "change_covered_demand", magnitude=True)
        more, less = (after, before) if float(difference.value) > 0 else (before, after)
        high, low = self.covered(group, more, less)
        key = "covers_same" if direction(low, high) == "same" else "covers_more"
        cells = {name: self.cell("pairs", row, f"{name}_demand") for name in ("gained", "lost", "kept")}
        cells |= {"difference": difference, "high": high, "low": low}
        return self.say(key, cells, group=group, more=more, less=less, before=before, after=after)

    def areas(self, before: str, after: str, group: str) -> list[Sentence]:
        """Say in which subdistrict each plan is ahead by most."""
        table = self.tables["by_subdistrict"]
        mine = (table["before"] == before) & (table["after"] == after) & (table["group"] == group)
        changes = table["change_covered_demand"].where(mine)
        found = []
        for more, less, sign in ((after, before, 1.0), (before, after, -1.0)):
            ahead = (sign * changes).where(sign * changes > 0).dropna()
            if ahead.empty or write_figure(float(ahead.max()), "change") in _NOTHING:
                continue
            row = int(np.flatnonzero(mine.to_numpy() & (sign * changes == ahead.max()).to_numpy())[0])
            cells = {"difference": self.cell("by_subdistrict", row, "change_covered_demand", magnitude=True)}
            found.append(self.say("area_more", cells, group=group, more=more, less=less, area=self.area(row)))
        return found

    def area(self, row: int) -> str:
        return str(speech(self.language).say("name", self.tables["by_subdistrict"]["name"].iloc[row]))

    def costs(self, base: str, before: str, after: str, group: str) -> Sentence:
        rows = [self.row("pairs", before=base, after=name, group=group) for name in (before, after)]
        costs = [self.cell("pairs", row, "cost_opened") for row in rows]
        if any(np.isnan(cost.value) for cost in costs):
            first, second = (self.cell("pairs", row, "n_without_cost") for row in rows)
            return self.say("cost_unknown", {"first": first, "second": second}, before=before, after=after)
        named: list[tuple[Any, str]] = sorted(zip(costs, (before, after), strict=True), key=lambda pair: pair[0].value)
        (low, less), (high, more) = named
        return self.say(
            "cost_same" if direction(low, high) == "same" else "cost_less",
            {"low": low, "high": high},
            less=less,
            more=more,
        )
