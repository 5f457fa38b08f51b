"""Search for the choice of sites that covers most, with a proven bound, until the effort is spent.

Greedy adding and interchange give a first choice. Then, in turns: prices bound what any choice covers and settle
candidates, so that the problem shrinks; tabu search looks around the best choice among the candidates that prices hold
for promising; and HiGHS solves what is left once it is small. Every number that steers the search counts work, never
the clock, so that the same work limit gives the same sites on any number of threads.
"""

from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._covering_programs import rules_left, write_choice, write_covering
from coverage_planner.siting._covering_tree import CoveringTree
from coverage_planner.siting._highs import solve_program, work_allowance
from coverage_planner.siting._infeasible import find_choice
from coverage_planner.siting._interchange import add_by_rules, add_greedily, interchange, interchange_by_rules
from coverage_planner.siting._prices import Prices, Room, find_prices, first_prices, prove_bound, settle, sum_rows
from coverage_planner.siting._problem import CoveringProblem, restrict, restrict_groups, take_sample
from coverage_planner.siting._programs import scale_for
from coverage_planner.siting.effort import VISITS_PER_UNIT, Effort, SearchState
from coverage_planner.siting.rules import Rules

_Sites = NDArray[np.int64]
#: Up to this many pairs HiGHS is quicker than searching for prices first.
_EASY_PAIRS = 3_000
#: Up to this many pairs branching begins after so many turns; beyond, when prices are as good as they get.
_BRANCHED_EARLY, _FIRST_TURNS = 200_000, 4
#: Beyond this many pairs HiGHS would not get past its first node within a minute; with rules that nothing else can
#: keep it is asked up to the second number.
_SOLVER_PAIRS_MOST, _RULED_PAIRS_MOST = 80_000, 1_000_000
#: Work of a turn: visits for prices and for each tabu search, and steps of prices.
_PRICE_VISITS, _TABU_VISITS, _TABU_VISITS_PER_PAIR = 5e8, 1.5e8, 1e3
_STEPS_LEAST, _STEPS_MOST = 10, 200
#: Tabu searches of a turn: as many whatever the number of threads.
_TABU_RUNS = 4
_TENURE = 6
_SEED = 1974
#: Turns without any news until HiGHS is asked about what is left, and until the search gives up.
_STALLED, _GIVEN_UP = 3, 60
#: From so many pairs on, one of so many neighbouring groups is looked at first, for this share of the effort.
_SAMPLED_FROM, _STRIDE, _SAMPLED_SHARE = 8_000_000, 8, 0.25
#: Steps from prices that were found on a sample are this share of Polyak's.
_LENGTH_AFTER_SAMPLE = 0.2
_WHOLE = 0.5


@dataclass
class CoveringSearch:
    """A choice, its bound, and what is settled; candidates by their numbers in `whole`.

    Attributes
    ----------
    whole, rules, effort, pool
        The problem, what the choice must keep to, how far to go, and threads.
    present, grain
        Demand that existing facilities cover, in grains, and what a grain is worth.
    is_sample
        Whether the problem stands for a larger one: then nothing is settled and nothing proved.
    sites, covered, bound
        The best choice, ascending; what it covers and what none can exceed, in grains beyond `present`.
    opened, closed
        Candidates that every choice as good holds, or lacks, ascending.
    part, free, room, prices
        The problem that is left, which candidates it has, what may open there, prices of its groups.
    """

    whole: CoveringProblem
    rules: Rules
    effort: Effort
    present: int
    grain: float
    pool: Executor | None = None
    is_sample: bool = False
    sites: _Sites = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    covered: int = -1
    bound: int = 0
    proof: str = "duals recomputed"
    price_steps: int = 0
    tabu_searches: int = 0
    branches: int = 0
    nodes: int = 0
    simplex_iterations: int = 0

    def __post_init__(self) -> None:
        """Open what is required and close what is forbidden."""
        n = self.whole.n_candidates
        budget = self.rules.budget
        self._room = (
            Room(np.ones(n), float(self.rules.n_open or 0), is_number=True)
            if budget is None
            else Room(self.rules.cost, budget, is_number=False)
        )
        too_dear = np.setdiff1d(
            np.flatnonzero(self._room.cost > self._room.budget - self._room.cost[self.rules.required].sum()),
            self.rules.required,
        )
        if self._room.is_number:
            too_dear = too_dear[:0]
        self.opened = self.rules.required
        self.closed = np.union1d(self.rules.forbidden, too_dear)
        self.bound = int(self.whole.weights.sum())
        self._asked, self._turn, self._branched = -1, 0, False
        self._random = np.random.default_rng(_SEED)
        self._leave_out(None)

    def run(self) -> None:
        """Search until the optimum is proved, the effort is spent, or nothing helps any more."""
        self._start()
        quiet = 0
        most_quiet = 1 if self.is_sample else _GIVEN_UP
        while self._is_open() and quiet < most_quiet:
            before = self.covered, self.bound, self.part.n_pairs
            if not self.is_sample:
                self._finish(quiet)
            if self._is_open() and not self.prices.are_settled:
                self._price()
            if self._is_open():
                self._look_around()
            news = (before[0], before[2]) != (self.covered, self.part.n_pairs) or not self.prices.are_settled
            quiet = 0 if news else quiet + 1
        self._settle()

    def _finish(self, quiet: int) -> None:
        """Hand what is left to branch and bound, once it is small or nothing else helps."""
        is_large = self.part.n_pairs > _BRANCHED_EARLY
        if self.part.n_pairs <= _EASY_PAIRS:
            self._ask_solver()
        elif not (self.rules.are_simple and self.room.is_number):
            if not is_large or quiet == _STALLED:
                self._ask_solver()
        elif self._turn >= _FIRST_TURNS and (not is_large or quiet > _STALLED):
            while self._is_open() and not self.prices.are_settled:
                self._price()
            if self._is_open() and self.part.n_pairs:
                self._branch()

    def _branch(self) -> None:
        """Split by regions until nothing is left that could cover more, or the effort is spent."""
        if self._branched:
            return
        self._branched = True

        def tell(sites: _Sites | None, bound: int) -> None:
            self._lower(bound)
            if sites is not None:
                self._adopt(self._with(sites))
            self._report("branch and bound")

        tree = CoveringTree(self.part, int(self.room.budget), self.covered - self._base, self.bound - self._base, tell)
        tree.search(self.prices, self.effort, self.pool)
        self.branches += tree.n_branches
        self._settle()

    def _is_open(self) -> bool:
        return self.covered < self.bound and self.effort.may_go_on()

    def _report(self, stage: str) -> None:
        self.effort.report(
            stage, (self.present + max(self.covered, 0)) * self.grain, (self.present + self.bound) * self.grain
        )

    # --- what is left ---

    def _leave_out(self, prices: Prices | None) -> None:
        """Make the problem that is left of what is settled; prices of joined groups are added up."""
        if prices is None:
            self.part, self.free = restrict(self.whole, self.opened, self.closed)
            self.prices = first_prices(self.part)
        else:
            before = self.part
            opened, closed = (np.flatnonzero(np.isin(self.free, sites)) for sites in (self.opened, self.closed))
            self.part, kept, group = restrict_groups(before, opened, closed)
            self.free = self.free[kept]
            stays = group >= 0
            price = np.bincount(
                group[stays], weights=(before.weights * prices.share)[stays], minlength=len(self.part.weights)
            )
            share = np.clip(price / self.part.weights, 0.0, 1.0)
            self.prices = replace(prices, share=share, leaning=prices.leaning[kept])
        self.room = self._room.left(self.free, self.opened)
        self._base = self.whole.covered(self.opened)
        self._rules_left = rules_left(self.rules, self.opened, self.free)

    def _settle(self) -> None:
        """Settle candidates by the prices; leave them out where that makes the problem much smaller."""
        if self.is_sample or self.covered < 0 or not self.part.n_pairs:
            return
        opened, closed = settle(self.part, self.room, self.prices, self.covered - self._base, self.pool)
        if len(opened) + len(closed) == 0:
            return
        self.opened = np.union1d(self.opened, self.free[opened])
        self.closed = np.union1d(self.closed, self.free[closed])
        self._leave_out(self.prices)

    def _lower(self, bound: int) -> None:
        """Take a bound on what is left; choices that are left out cover less than the one in hand."""
        self.bound = max(min(self.bound, self._base + bound), self.covered)

    def _adopt(self, sites: _Sites) -> bool:
        """Take a choice that covers more and keeps the rules."""
        covered = self.whole.covered(sites)
        if covered <= self.covered or self.rules.broken_by(sites):
            return False
        self.sites, self.covered = np.sort(sites), covered
        self.bound = max(self.bound, covered)  # a proof by HiGHS holds within its tolerance
        return True

    def _with(self, sites: _Sites) -> _Sites:
        """Numbers in `whole` of a choice of what is left, with the opened ones."""
        return np.union1d(self.opened, self.free[sites])

    def _chosen(self) -> _Sites:
        """Numbers in what is left of the choice in hand."""
        return np.flatnonzero(np.isin(self.free, self.sites))

    # --- the turns ---

    def _start(self) -> None:
        """Take a first choice; until prices are known, all demand that candidates reach is the bound."""
        self._lower(int(self.part.weights.sum()))
        if self.rules.are_simple and self.part.n_pairs > _SAMPLED_FROM:
            self._search_sample()
        elif self.rules.are_simple:
            self._adopt(self._with(add_greedily(self.part, self.room)))
            self._report("greedy")
            if self._is_open():
                self._interchange(self._chosen())
        else:
            greedy = add_by_rules(self.whole, self.rules)
            self._adopt(find_choice(self.rules) if self.rules.broken_by(greedy) else greedy)
            self._report("greedy")
            self._adopt(interchange_by_rules(self.whole, self.rules, self.sites, self.effort))
        self._report("interchange")

    def _search_sample(self) -> None:
        """Search a sample of the demand: its choice and its prices are a good start."""
        sample, group = take_sample(self.part, _STRIDE)
        n = sample.n_candidates
        nothing = np.empty(0, dtype=np.int64)
        rules = replace(
            self.rules,
            n_candidates=n,
            n_open=int(self.room.budget) if self.room.is_number else None,
            cost=self.room.cost,
            budget=None if self.room.is_number else self.room.budget,
            required=nothing,
            forbidden=nothing,
            ids=self.rules.ids[self.free],
        )
        left = self.effort.seconds_left()
        effort = Effort(
            "max",
            gap=self.effort.gap,
            work_limit=_SAMPLED_SHARE * self.effort.work_left() / VISITS_PER_UNIT,
            time_limit_s=None if left is None else max(_SAMPLED_SHARE * left, 1e-9),
        )

        def watch(_state: SearchState) -> None:
            effort.interrupted = self.effort.interrupted

        effort.progress = watch
        search = CoveringSearch(sample, rules, effort, 0, self.grain, self.pool, is_sample=True)
        search.run()
        self.effort.spend(effort.work * VISITS_PER_UNIT + 3.0 * self.part.n_pairs)
        self.tabu_searches += search.tabu_searches
        self._adopt(self._with(search.sites))
        self._report("sample")
        share = np.append(search.prices.share, 1.0)[group]
        self.prices = Prices(share, search.prices.leaning, _LENGTH_AFTER_SAMPLE, search.prices.steps)
        self._lower(prove_bound(self.part, self.room, self.prices, self.pool))
        self._report("sample")
        self._settle()

    def _adopt_by_rules(self, value: NDArray[np.float64]) -> None:
        """Take the choice with the largest sum of values that keeps all rules, and exchange from there."""
        answer = solve_program(write_choice(self._rules_left, value), effort=self.effort)
        if answer.values is not None:
            sites = self._with(np.flatnonzero(answer.values > _WHOLE))
            if not self.rules.broken_by(sites):
                self._adopt(interchange_by_rules(self.whole, self.rules, sites, self.effort))

    def _interchange(self, sites: _Sites) -> None:
        found, spent = interchange(self.part, self.room, sites)
        self.effort.spend(spent)
        self._adopt(self._with(found))

    def _price(self) -> None:
        """Find better prices, bound and settle by them, and try the candidates that they lean to."""
        reached = self.part.n_pairs + 1.0
        self.prices = find_prices(
            self.part,
            self.room,
            covered=self.covered - self._base,
            steps=int(np.clip(_PRICE_VISITS / reached, _STEPS_LEAST, _STEPS_MOST)),
            effort=self.effort,
            start=self.prices,
            pool=self.pool,
        )
        self.price_steps = self.prices.steps
        self.effort.spend(2.0 * self.part.n_pairs)
        self._lower(prove_bound(self.part, self.room, self.prices, self.pool))
        leaning = self.prices.leaning
        if self.part.n_pairs > _SAMPLED_FROM:
            pass  # the sample has tried them
        elif self.rules.are_simple:
            fit = np.cumsum(self.room.cost[np.argsort(-leaning, kind="stable")]) <= self.room.budget
            self._interchange(np.argsort(-leaning, kind="stable")[: int(fit.argmin()) if not fit.all() else len(fit)])
        else:
            self._adopt_by_rules(leaning)
        self._report("prices")
        self._settle()
        if not self.part.n_pairs:
            self.bound = self.covered

    def _look_around(self) -> None:
        """Search among promising candidates from changed choices, then exchange among all."""
        self._turn += 1
        promising = self._promising()
        few, kept = restrict(self.part, np.empty(0, dtype=np.int64), np.setdiff1d(np.arange(len(self.free)), promising))
        room = self.room.left(kept, np.empty(0, dtype=np.int64))
        starts = [self._start_for(few, room, kept, run) for run in range(_TABU_RUNS)]
        seeds = [int(seed) for seed in self._random.integers(1, 2**31, _TABU_RUNS)]
        tenures = [int(tenure) for tenure in self._random.integers(2, 2 + _TENURE, _TABU_RUNS)]

        visits = min(_TABU_VISITS, _TABU_VISITS_PER_PAIR * few.n_pairs)

        def search(run: int) -> tuple[_Sites, float]:
            return interchange(few, room, starts[run], tenure=tenures[run], visits=visits, seed=seeds[run])

        runs = range(_TABU_RUNS)
        few.by_group  # noqa: B018 - made once, before the threads ask for it
        found = list(map(search, runs) if self.pool is None else self.pool.map(search, runs))
        self.tabu_searches += len(found)
        self.effort.spend(sum(spent for _, spent in found))
        better = [self._adopt(self._with(kept[sites])) for sites, _ in found]
        if any(better):
            self._interchange(self._chosen())
            self._report("search")
            self._settle()

    def _promising(self) -> _Sites:
        """Candidates chosen, lately among the best earners, or near them at the last prices; now more, now fewer."""
        earned = sum_rows(self.part, self.part.weights * self.prices.share, self.pool)
        ranking, n_fit = self.room.rank(earned)
        leaning = np.flatnonzero(self.prices.leaning > 0.001)  # noqa: PLR2004 - as good as never
        more = 4 if self._turn % 2 else 12
        return np.unique(np.concatenate((self._chosen(), ranking[: max(40, more * n_fit)], leaning)))

    def _start_for(self, few: CoveringProblem, room: Room, kept: _Sites, run: int) -> _Sites:
        """Choose where a tabu search starts: a part of the choice in hand, or of what prices lean to, filled up."""
        chosen = np.flatnonzero(np.isin(kept, self._chosen()))
        chance = self.prices.leaning[kept] + 1e-4
        if run % 2 == 0:
            stays = self._random.permutation(chosen)[
                : len(chosen) - int(self._random.integers(0, len(chosen) // 2 + 2))
            ]
        else:
            n_drawn = min(int(self._random.integers(1, max(len(chosen), 1) + 1)), len(kept))
            drawn = self._random.choice(len(kept), n_drawn, replace=False, p=chance / chance.sum())
            fits = np.cumsum(room.cost[drawn]) <= room.budget
            stays = drawn[: int(fits.argmin()) if not fits.all() else len(fits)]
        blurred = replace(few, weights=np.rint(few.weights * self._random.uniform(0.5, 1.5, len(few.weights))))
        return add_greedily(blurred, room, stays)

    def _ask_solver(self) -> None:
        """Hand what is left to HiGHS, unless it is too large."""
        part = self.part
        if not part.n_pairs or not len(self.free):
            self._lower(0)
            return
        most = _SOLVER_PAIRS_MOST if self.rules.are_simple else _RULED_PAIRS_MOST
        if part.n_pairs > most or part.n_pairs == self._asked:
            return
        self._asked = part.n_pairs
        chosen = np.isin(self.free, self.sites)
        held = part.count(np.flatnonzero(chosen)) > 0
        scale = scale_for(part.weights.sum())
        answer = solve_program(
            write_covering(part, self._rules_left),
            start=np.concatenate((chosen, held)).astype(float),
            abs_gap=self.effort.gap * (self.present + self.covered) * scale,
            calls=work_allowance(part.n_pairs),
            effort=self.effort,
        )
        self.nodes += answer.nodes
        self.simplex_iterations += answer.simplex_iterations
        if answer.values is not None:
            self._adopt(self._with(np.flatnonzero(answer.values[: len(self.free)] > _WHOLE)))
        reached = (self.covered - self._base) * scale
        if answer.outcome == "optimal" and answer.bound < max(reached + scale, reached * (1 + 1e-9)):
            self.bound, self.proof = self.covered, "branch and bound, HiGHS"
        self._report("branch and bound")
