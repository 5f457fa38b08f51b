"""Mixed-integer programs on HiGHS (Huangfu & Hall 2018): the only place that knows highspy."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import SitingError
from coverage_planner.siting.effort import Effort

Outcome = Literal["optimal", "infeasible", "stopped"]

#: highspy declares no types for its constructor.
_new_solver: Any = highspy.Highs

#: How far a row may be missed. HiGHS's own 1e-6 let its presolve call programs infeasible that are not, where a row is
#: tight (seen with 1.15.1; ERGO-Code/HiGHS issue 1959 names the same remedy).
FEASIBILITY_TOLERANCE = 1e-9

_SEED = 1974
#: Budget of a branch and bound: how often HiGHS may ask whether to go on, times the pairs of the problem.
_WORK = 2e7
_LEAST_CALLS, _MOST_CALLS = 100, 400
#: Work between two questions of HiGHS whether to go on, in visits for each coefficient of the program: on set covering
#: and maximal covering of 7,000 to 200,000 coefficients between 2 and 20 microseconds.
_VISITS_PER_COEFFICIENT = 2500.0
#: The same between two questions of the simplex or the interior point method.
_VISITS_PER_ITERATION = 3.0
#: Relaxations with up to so many coefficients are solved by the simplex method.
_SIMPLEX_MOST = 10_000

#: Told HiGHS's incumbent and dual bound, in the units of the program; infinite where there is none yet.
Tell = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise or minimise a linear objective over columns between 0 and 1, some of them whole.

    Attributes
    ----------
    objective
        Shape (c,): coefficient of each column.
    maximise
        Whether the objective is to be large.
    whole
        Shape (c,), bool: columns that must be 0 or 1.
    lower
        Shape (c,): lower bounds of the columns; the upper bounds are 1.
    upper
        Shape (c,): upper bounds of the columns.
    rows
        (r, c), CSR: constraint coefficients.
    row_lower, row_upper
        Shapes (r,): what each row must lie between; infinite where open.
    """

    objective: NDArray[np.float64]
    maximise: bool
    whole: NDArray[np.bool_]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    rows: csr_array
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answer:
    """What HiGHS made of a program.

    Attributes
    ----------
    outcome
        'optimal' (proved, within HiGHS's tolerances), 'infeasible' (proved), or 'stopped' (a budget ran out).
    values
        Shape (c,): the best point found; None where there is none.
    bound
        HiGHS's dual bound on the objective.
    nodes, simplex_iterations, calls
        Work done; calls are how often HiGHS asked whether to go on.
    """

    outcome: Outcome
    values: NDArray[np.float64] | None
    bound: float
    nodes: int
    simplex_iterations: int
    calls: int


def solver_name() -> str:
    """Return name and version of the solver."""
    return f"HiGHS {_new_solver().version()}"


def work_allowance(pairs: int) -> int:
    """How often HiGHS may ask whether to go on, for a problem with this many pairs.

    HiGHS asks at fixed points of its work, not of the clock (each round of cuts, each node), and the work between two
    of them grows with the problem. Counting them is therefore a budget that gives the same answer on every run. Nodes
    would be one too, but most of the work is often done before the first of them is left.
    """
    return int(np.clip(_WORK / max(pairs, 1), _LEAST_CALLS, _MOST_CALLS))


def solve_program(
    program: Program,
    *,
    start: NDArray[np.float64] | None = None,
    abs_gap: float = 0.0,
    calls: int | None = None,
    node_limit: int | None = None,
    time_limit_s: float | None = None,
    effort: Effort | None = None,
    tell: Tell | None = None,
) -> Answer:
    """Solve by HiGHS's branch and bound on one thread, with a fixed seed.

    Parameters
    ----------
    program
        The program.
    start
        Shape (c,): a feasible point to start from.
    abs_gap
        Stop when objective and bound are this near.
    calls
        Stop after HiGHS asked this often whether to go on (`work_allowance`).
    node_limit
        Stop after this many nodes.
    time_limit_s
        Stop after this many seconds: not reproducible.
    effort
        Stop when it may not go on. Each question of HiGHS spends work that depends on the size of the program alone, so
        the same work limit ends the same run at the same place. Ctrl+C within `Effort.interruptible` stops HiGHS, and
        the incumbent comes back.
    tell
        Called when HiGHS has a better incumbent or bound. What it raises stops HiGHS and is raised here.

    Raises
    ------
    SitingError
        HiGHS failed; the message has its status.
    """
    if not len(program.objective):  # HiGHS says 'empty' and looks at no row
        holds = bool((program.row_lower <= 0).all() and (program.row_upper >= 0).all())
        return Answer("optimal" if holds else "infeasible", np.empty(0) if holds else None, 0.0, 0, 0, 0)
    options: dict[str, Any] = {
        "mip_rel_gap": 0.0,
        "mip_abs_gap": float(abs_gap),
        "mip_feasibility_tolerance": FEASIBILITY_TOLERANCE,
    }
    if node_limit is not None:
        options["mip_max_nodes"] = int(node_limit)
    limits = (time_limit_s, None if effort is None else effort.seconds_left())
    seconds = [left for left in limits if left is not None]
    if seconds:
        options["time_limit"] = float(max(min(seconds), 0.0))
    highs = _prepare(_translate(program), options)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    watch = _Watch(calls, effort, tell, _VISITS_PER_COEFFICIENT * (program.rows.nnz + len(program.objective)))
    asked = _run(highs, watch, highspy.cb.HighsCallbackType.kCallbackMipInterrupt)
    return _read_answer(highs, len(program.objective), asked)


def relax_program(program: Program, *, effort: Effort | None = None) -> NDArray[np.float64] | None:
    """Return dual values of the rows of a program without wholeness, shape (r,); None where there are none.

    They need not be optimal, nor even of the right sign: `prove_program` makes a bound of any. So the interior point
    method without crossover is good enough, and for all but small programs several times as quick as the simplex
    method. With an effort it is stopped when it may not go on.
    """
    n_coefficients = program.rows.nnz
    small = n_coefficients <= _SIMPLEX_MOST
    options: dict[str, Any] = {"solver": "simplex"} if small else {"solver": "ipm", "run_crossover": "off"}
    if effort is not None and effort.seconds_left() is not None:
        options["time_limit"] = effort.seconds_left()
    relaxed = replace(program, whole=np.zeros(len(program.whole), dtype=bool))
    highs = _prepare(_translate(relaxed), options)
    watch = _Watch(None, effort, None, _VISITS_PER_ITERATION * (n_coefficients + len(program.objective)))
    kinds = highspy.cb.HighsCallbackType
    _run(highs, watch, kinds.kCallbackSimplexInterrupt if small else kinds.kCallbackIpmInterrupt)
    duals = np.array(highs.getSolution().row_dual)
    return duals if len(duals) == len(program.row_lower) and np.isfinite(duals).all() else None


def _prepare(lp: highspy.HighsLp, options: dict[str, Any]) -> Any:
    """Return a silent solver on one thread that holds the program."""
    highs = _new_solver()
    common = {"output_flag": False, "threads": 1, "parallel": "off", "random_seed": _SEED}
    for name, value in {**common, **options}.items():
        highs.setOptionValue(name, value)
    highs.passModel(lp)
    return highs


def _translate(program: Program) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.objective), len(program.row_lower)
    lp.sense_ = highspy.ObjSense.kMaximize if program.maximise else highspy.ObjSense.kMinimize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.objective, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = program.rows.indptr
    lp.a_matrix_.index_ = program.rows.indices
    lp.a_matrix_.value_ = program.rows.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[flag] for flag in program.whole.astype(int)]
    return lp


@dataclass
class _Watch:
    """Looks on while HiGHS runs; `visits` is what a question costs."""

    calls: int | None
    effort: Effort | None
    tell: Tell | None
    visits: float
    asked: int = 0
    raised: list[BaseException] = field(default_factory=list)
    news: tuple[float, float] | None = None

    def must_stop(self, incumbent: float, bound: float) -> bool:
        """Count a question of HiGHS; whether it is to stop."""
        self.asked += 1
        if self.tell is not None and self.news != (incumbent, bound):
            self.news = incumbent, bound
            self.tell(incumbent, bound)
        if self.effort is not None:
            self.effort.spend(self.visits)
            if not self.effort.may_go_on():
                return True
        return _is_spent(self.asked, self.calls)


def _run(highs: Any, watch: _Watch, question: Any) -> int:
    """Run; return how often HiGHS asked whether to go on.

    Ctrl+C arrives while HiGHS asks. It must not travel through the solver's own frames, so the solver is told to stop
    and what was raised is raised again after it has.
    """

    def go_on(_kind: Any, _message: str, seen: Any, reply: Any, _data: Any) -> None:
        try:
            stop = bool(watch.raised) or watch.must_stop(seen.mip_primal_bound, seen.mip_dual_bound)
        except BaseException as error:  # noqa: BLE001 - raised again below
            watch.raised.append(error)
            stop = True
        reply.user_interrupt = stop

    highs.setCallback(go_on, None)
    highs.startCallback(question)
    highs.run()
    if watch.raised:
        raise watch.raised[0]
    return watch.asked


def _is_spent(asked: int, calls: int | None) -> bool:
    return calls is not None and asked > calls


def _read_answer(highs: Any, n_columns: int, calls: int) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    known = highspy.HighsModelStatus
    outcomes: dict[Any, Outcome] = {
        known.kOptimal: "optimal",
        known.kInfeasible: "infeasible",
        known.kUnboundedOrInfeasible: "infeasible",  # columns lie between 0 and 1: nothing is unbounded
        known.kInterrupt: "stopped",
        known.kSolutionLimit: "stopped",
        known.kIterationLimit: "stopped",
        known.kTimeLimit: "stopped",
    }
    if status not in outcomes:
        raise SitingError(
            f"HiGHS must end with an answer, got the status {highs.modelStatusToString(status)!r}; "
            "report the input that led to it"
        )
    found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    values = np.array(highs.getSolution().col_value)[:n_columns] if found else None
    nodes, iterations = max(int(info.mip_node_count), 0), max(int(info.simplex_iteration_count), 0)
    return Answer(outcomes[status], values, float(info.mip_dual_bound), nodes, iterations, calls)
