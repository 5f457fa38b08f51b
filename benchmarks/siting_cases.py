"""One case of the siting benchmark in a process of its own: solve, check, note time, memory and the way there.

    python benchmarks/siting_cases.py '{"solver": "mclp", "instance": "ebike-wuhan", "limit_s": 30}' --data … --cache …

What a model says of its choice is worked out again here from the chosen sites alone, in plain numpy.
"""

import argparse
import importlib
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import siting_peers
from machine import load as machine_load
from machine import peak_mib
from numpy.typing import NDArray
from siting_files import SAN_FRANCISCO_RADIUS_M, load_pmed, load_san_francisco, read_san_francisco
from siting_instances import FAMILIES, SMALL_RADIUS_M, Instance, load_instance, make_small

SOLVERS = {
    "mclp": "solve_mclp",
    "lscp": "solve_lscp",
    "p_median": "solve_p_median",
    "p_center": "solve_p_center",
}
#: Demand that no site reaches counts as this many seconds away: twice the reach of the cities.
UNSERVED_S = 1800.0
_NO_END = 1e9
_WARM_UP = "quick-ebike-wuhan"

Case = dict[str, Any]


def find_solver(name: str) -> Callable[..., Any] | None:
    """Return a solver of the library, or None where this version has none."""
    try:
        module = importlib.import_module(f"coverage_planner.siting.{name}")
    except ModuleNotFoundError:
        return None
    found: Callable[..., Any] | None = getattr(module, SOLVERS[name], None)
    return found


def load(name: str, data: Path, cache: Path, seed: int) -> Instance:
    """Load an instance by its name: 'pmed7', 'San Francisco', 'small 402', or a family of the cities."""
    if name.startswith("pmed"):
        return load_pmed(name, data)
    if name == "San Francisco":
        return load_san_francisco(data)
    if name.startswith("small"):
        return make_small(int(name.split()[1]), seed=seed)
    return load_instance(name, data, cache, seed=seed)


def load_for(case: Case, data: Path, cache: Path, seed: int) -> Instance:
    """Load the instance of a case."""
    instance = load(case["instance"], data, cache, seed)
    return served_only(instance) if case.get("served") else instance


def served_only(instance: Instance) -> Instance:
    """Leave out the demand that no candidate reaches: set covering asks for all."""
    from dataclasses import replace

    times, demand = instance.times, instance.demand
    kept = np.zeros(len(demand), dtype=bool)
    kept[times.indices] = True
    number = np.cumsum(kept) - 1
    fewer = replace(
        times,
        demand_ids=times.demand_ids[kept],
        indices=number[times.indices].astype(np.int32),
        demand_snaps=times.demand_snaps[kept].reset_index(drop=True),
    )
    header = instance.header | {"n_demand": int(kept.sum())}
    return replace(instance, header=header, times=fewer, demand=demand[kept].reset_index(drop=True))


def rate(solver: str, instance: Instance, chosen: NDArray[np.int64], cutoff_s: float, unserved_s: float) -> float:
    """Work out the objective of a choice from the times."""
    times, weights = instance.times, instance.demand["demand"].to_numpy()
    nearest = np.full(len(weights), np.inf)
    for row in chosen:
        part = slice(times.indptr[row], times.indptr[row + 1])
        np.minimum.at(nearest, times.indices[part], times.seconds[part].astype(np.float64))
    if solver == "mclp":
        return float(weights[nearest <= cutoff_s].sum())
    if solver == "lscp":
        return float(len(chosen)) if (nearest <= cutoff_s).all() else float("nan")
    if solver == "p_center":
        return float(nearest[weights > 0].max())
    return float((weights * np.minimum(nearest, unserved_s)).sum())


def arguments_of(case: Case, instance: Instance, solve: Callable[..., Any]) -> dict[str, Any]:
    """Write down the arguments of a solver: the clock ends it, not the work."""
    header, solver = instance.header, case["solver"]
    asked: dict[str, Any] = {"mip_gap": case.get("gap", 0.0), "time_limit_s": case["limit_s"]}
    if "work_limit" in signature(solve).parameters:
        asked["work_limit"] = _NO_END
    if solver != "lscp":
        asked["n_open"] = case.get("n_open") or header["n_open"]
    if solver in ("mclp", "lscp"):
        asked["cutoff_s"] = case.get("cutoff_s") or header.get("reach_m") or header["limit_s"]
    if solver == "p_median" and header["n_pairs"] < header["n_candidates"] * header["n_demand"]:
        asked["unserved_s"] = UNSERVED_S
    return asked


def run_case(case: Case, data: Path, cache: Path, seed: int) -> dict[str, Any]:
    """Solve one case in this process; a list of site counts is solved one after the other."""
    if isinstance(case.get("n_open"), list):
        return _gather([run_case(case | {"n_open": n_open}, data, cache, seed) for n_open in case["n_open"]])
    if case["solver"] in ("highs", "spopt"):
        return _run_peer(case, data, cache, seed)
    solve = find_solver(case["solver"])
    if solve is None:
        return {"missing": f"{SOLVERS[case['solver']]} is not in this version"}
    if case.get("warm"):
        small = served_only(load(_WARM_UP, data, cache, seed))
        asked = arguments_of({"solver": case["solver"], "limit_s": 2.0}, small, solve)
        solve(small.times, small.demand, small.candidates, **asked)
    instance = load_for(case, data, cache, seed)
    before_mib = peak_mib()
    asked = arguments_of(case, instance, solve)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    solution = solve(instance.times, instance.demand, instance.candidates, **asked)
    took_s, took_cpu_s = time.perf_counter() - begun, time.process_time() - begun_cpu
    chosen = np.flatnonzero(np.isin(instance.times.facility_ids, solution.sites["id"].to_numpy(dtype=object)))
    limit = asked.get("unserved_s", np.inf)
    return {
        "instance": {key: value for key, value in instance.header.items() if key != "centres"},
        "seconds": took_s,
        "cpu_s": took_cpu_s,
        "load": machine_load(),
        "said_seconds": solution.seconds,
        "objective": solution.objective,
        "checked": rate(case["solver"], instance, chosen, asked.get("cutoff_s", np.inf), limit),
        "bound": solution.bound,
        "gap": solution.gap,
        "status": solution.status,
        "proof": solution.proof,
        "tie_break": solution.tie_break,
        "n_sites": len(solution.sites),
        "sites": chosen.tolist(),
        "work": {key: float(value) for key, value in solution.work.items()},
        "history": [[state.seconds, state.objective, state.bound, state.stage] for state in solution.history],
        "before_mib": before_mib,
        "peak_mib": peak_mib(),
    } | _extras(instance, chosen, data)


def _gather(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return runs[0] if "missing" in runs[0] else {"runs": runs}


def _extras(instance: Instance, chosen: NDArray[np.int64], data: Path) -> dict[str, float]:
    """Work out, for San Francisco, what spopt's reference states: people's mean metres, and the share of the tracts."""
    if instance.header["name"] != "San Francisco":
        return {}
    metres, people = read_san_francisco(data)
    nearest = metres[chosen].min(axis=0)
    return {
        "metres": math.fsum(people * nearest) / math.fsum(people),
        "share_of_points": float((nearest <= SAN_FRANCISCO_RADIUS_M).mean()),
    }


def _run_peer(case: Case, data: Path, cache: Path, seed: int) -> dict[str, Any]:
    instance = load_for(case, data, cache, seed)
    n_open = case.get("n_open") or instance.header.get("n_open")
    cutoff_s = case.get("cutoff_s") or instance.header.get("limit_s") or SMALL_RADIUS_M
    if case["solver"] == "highs":
        found = siting_peers.highs_mclp(instance, n_open=n_open, cutoff_s=cutoff_s, limit_s=case["limit_s"])
    else:
        weights = instance.demand["demand"].to_numpy()
        if case["instance"] == "San Francisco":
            costs = np.ascontiguousarray(read_san_francisco(data)[0].T)  # to the last digit
        else:
            costs = siting_peers.dense_costs(instance, UNSERVED_S if case["model"] == "p-median" else None)
        found = siting_peers.spopt_solve(
            case["model"], costs, weights, n_open=n_open, cutoff_s=cutoff_s, limit_s=case["limit_s"]
        )
        if case["model"] == "MCLP" and "sites" in found:
            found["checked"] = rate("mclp", instance, np.array(found["sites"], dtype=np.int64), cutoff_s, np.inf)
    extras = _extras(instance, np.array(found["sites"], dtype=np.int64), data) if "sites" in found else {}
    return found | {"peak_mib": peak_mib()} | extras


def run_apart(case: Case, data: Path, cache: Path, *, seed: int, patience_s: float | None = None) -> dict[str, Any]:
    """Solve one case in a process of its own; what fails, or does not end, is said in the answer."""
    patience_s = patience_s or 2 * case["limit_s"] + 90
    print(f"siting: {case}", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, json.dumps(case), "--data", str(data), "--cache", str(cache)]
    try:
        done = subprocess.run(
            [*command, "--seed", str(seed)],
            capture_output=True, text=True, check=False, encoding="utf-8", timeout=patience_s,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {patience_s:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"error": last[:300]}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description="one case of the siting benchmark")
    parser.add_argument("case", type=json.loads)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    unknown = given.case["instance"] not in FAMILIES and given.case["instance"].split()[0].rstrip("0123456789") not in (
        "pmed", "small", "San",
    )  # fmt: skip
    if unknown:
        parser.error(f"instance must be a family, 'pmedN', 'small N' or 'San Francisco', got {given.case['instance']}")
    print(json.dumps(run_case(given.case, given.data.resolve(), given.cache.resolve(), given.seed)))


if __name__ == "__main__":
    main()
