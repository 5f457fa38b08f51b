"""The others: HiGHS alone on the model as a textbook writes it, and PySAL spopt.

HiGHS alone gets the maximal covering model without any reduction, one row per demand point, on one thread: what it has
found and proved is noted whenever it says so. spopt builds its model in Python (PuLP) and has HiGHS solve it; it starts
from a dense matrix of costs, the making of which is not counted. What is noted of it: seconds until the model stood and
until the answer was there, and the demand that its sites cover, worked out here.
"""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack, vstack
from siting_instances import Instance

#: Farther than any limit, where a pair is not stored.
_FAR = 1e9


def covering_of(instance: Instance, cutoff_s: float) -> csr_array:
    """(demand points, candidates) of ones: which candidates cover each point."""
    times = instance.times.within(cutoff_s)
    shape = (len(times.facility_ids), len(times.demand_ids))
    return csr_array((np.ones(len(times.indices)), times.indices, times.indptr), shape=shape).T.tocsr()


def highs_mclp(instance: Instance, *, n_open: int, cutoff_s: float, limit_s: float, gap: float = 0.0) -> dict[str, Any]:
    """Solve the maximal covering model with HiGHS alone, and note what it had when."""
    import highspy

    begun = time.perf_counter()
    cover = covering_of(instance, cutoff_s)
    n_points, n_sites = cover.shape
    weights = instance.demand["demand"].to_numpy()
    covered = hstack([cover, -eye_array(n_points)])
    counted = csr_array((np.ones(n_sites), (np.zeros(n_sites, int), np.arange(n_sites))), shape=(1, n_sites + n_points))
    rows = vstack([covered, counted], format="csr")
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n_sites + n_points, n_points + 1
    model.col_cost_ = np.concatenate([np.zeros(n_sites), weights])
    model.col_lower_, model.col_upper_ = np.zeros(n_sites + n_points), np.ones(n_sites + n_points)
    model.row_lower_ = np.concatenate([np.zeros(n_points), [n_open]])
    model.row_upper_ = np.concatenate([np.full(n_points, highspy.kHighsInf), [n_open]])
    model.integrality_ = [highspy.HighsVarType.kInteger] * n_sites + [highspy.HighsVarType.kContinuous] * n_points
    model.sense_ = highspy.ObjSense.kMaximize
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    highs = highspy.Highs()
    for option, value in {
        "output_flag": False, "threads": 1, "parallel": "off", "mip_rel_gap": gap, "time_limit": limit_s,
    }.items():  # fmt: skip
        highs.setOptionValue(option, value)
    highs.passModel(model)
    built_s = time.perf_counter() - begun
    history: list[tuple[float, float, float]] = []

    def note(event: Any) -> None:
        state = event.data_out
        history.append((time.perf_counter() - begun, state.mip_primal_bound, state.mip_dual_bound))

    highs.cbMipLogging.subscribe(note)
    highs.cbMipImprovingSolution.subscribe(note)
    highs.run()
    info = highs.getInfo()
    return {
        "built_s": built_s,
        "seconds": time.perf_counter() - begun,
        "optimal": highs.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        "objective": info.objective_function_value,
        "bound": info.mip_dual_bound,
        "history": history,
    }


def dense_costs(instance: Instance, unserved_s: float | None) -> NDArray[np.float64]:
    """(demand points, candidates), seconds: what spopt starts from; `unserved_s` where a pair is out of reach."""
    costs = np.full((len(instance.candidates), len(instance.demand)), unserved_s or _FAR)
    rows = np.repeat(np.arange(len(instance.candidates)), np.diff(instance.times.indptr))
    costs[rows, instance.times.indices] = instance.times.seconds
    return np.ascontiguousarray(costs.T)


def spopt_solve(
    model: str,
    costs: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    n_open: int,
    cutoff_s: float,
    limit_s: float,
) -> dict[str, Any]:
    """Build and solve with spopt: 'MCLP', 'LSCP', 'p-median' or 'p-center'."""
    import warnings

    import pulp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own imports warn
        from spopt.locate import LSCP, MCLP, PCenter, PMedian

    begun = time.perf_counter()
    built = {
        "MCLP": lambda: MCLP.from_cost_matrix(costs, weights, cutoff_s, p_facilities=n_open),
        "LSCP": lambda: LSCP.from_cost_matrix(costs, cutoff_s),
        "p-median": lambda: PMedian.from_cost_matrix(costs, weights, p_facilities=n_open),
        "p-center": lambda: PCenter.from_cost_matrix(costs, p_facilities=n_open),
    }[model]()
    built_s = time.perf_counter() - begun
    solver = pulp.HiGHS(msg=False, threads=1, timeLimit=limit_s)
    try:
        solved = built.solve(solver, results=True)
    except RuntimeError as error:  # spopt's way to say that nothing was found
        return {"built_s": built_s, "seconds": time.perf_counter() - begun, "error": str(error)}
    took_s = time.perf_counter() - begun
    sites = [number for number, variable in enumerate(solved.fac_vars) if (variable.varValue or 0) > 0.5]
    return {
        "built_s": built_s,
        "seconds": took_s,
        "status": pulp.LpStatus[solved.problem.status],
        "objective": float(solved.problem.objective.value()),
        "mean": float(getattr(solved, "mean_dist", np.nan)),
        "share": float(getattr(solved, "perc_cov", np.nan)),
        "sites": sites,
    }
