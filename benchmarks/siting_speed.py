"""Choosing sites: how near the optimum, how well proved, how fast; beside published optima, HiGHS alone and spopt.

    python benchmarks/siting_speed.py --only median cities --data ../shared/data --cache cache/benchmarks

Every case runs in a process of its own (`siting_cases.py`), one after the other, and every objective is worked out anew
from the chosen sites. What was measured is kept in the scratch folder part by part, so that one part can be measured
again; the tables, of all parts, go to SITING.md beside this script. Gaps are proved ones, as the solution states them.
"""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import machine
import siting_plots
import siting_tables
from siting_cases import Case, run_apart
from siting_files import SAN_FRANCISCO_OPEN, SAN_FRANCISCO_RADIUS_M
from siting_instances import SMALL_RADIUS_M, SMALL_SIZES
from siting_tables import (
    BARS,
    PEER_MODELS,
    PLOT,
    PLOTTED,
    QUICK_BARS,
    SPOPT_LIMIT_S,
    SPOPT_PATIENCE_S,
    Found,
    went_wrong,
)
from tables import replace_sections

TITLE = "Choosing sites"
RESULTS = "SITING.md"
SEED = 20260101
_SMALL_OPEN = list(range(1, 9))

_NOT_YET = {"missing": "not measured"}

Cases = dict[str, Case]


def median_cases(quick: bool) -> Cases:
    names = ["pmed1", "pmed6"] if quick else [f"pmed{number}" for number in range(1, 41)]
    limit_s = 5.0 if quick else 60.0
    return {name: {"solver": "p_median", "instance": name, "limit_s": limit_s} for name in names}


def center_cases(quick: bool) -> Cases:
    names = ["pmed1"] if quick else [f"pmed{number}" for number in range(1, 41)]
    return {name: {"solver": "p_center", "instance": name, "limit_s": 5.0 if quick else 60.0} for name in names}


def small_cases(quick: bool) -> Cases:
    sizes, counts = ((324,), [1, 3]) if quick else (SMALL_SIZES, _SMALL_OPEN)
    return {
        f"{solver} {size}": {
            "solver": solver, "instance": f"small {size}", "limit_s": 30.0, "n_open": counts,
            "cutoff_s": SMALL_RADIUS_M, "patience_s": 30.0 * len(counts) + 90,
        }
        for size in sizes
        for solver in ("mclp", "highs")
    }  # fmt: skip


def francisco_cases(quick: bool) -> Cases:
    del quick  # it is small
    one = {"instance": "San Francisco", "limit_s": 30.0, "n_open": SAN_FRANCISCO_OPEN}
    asked = {"MCLP": "mclp", "LSCP": "lscp", "p-median": "p_median", "p-center": "p_center"}
    cases: Cases = {}
    for model, solver in asked.items():
        radius = {"cutoff_s": SAN_FRANCISCO_RADIUS_M} if solver in ("mclp", "lscp") else {}
        cases[f"ours {model}"] = one | radius | {"solver": solver, "warm": solver != "p_center"}
        cases[f"spopt {model}"] = one | {"solver": "spopt", "model": model, "cutoff_s": SAN_FRANCISCO_RADIUS_M}
    return cases


def peer_cases(quick: bool) -> Cases:
    instance, limit_s = ("peer-quick-wuhan", 10.0) if quick else ("peer-wuhan", SPOPT_LIMIT_S)
    cases: Cases = {}
    for model, solver in PEER_MODELS.items():
        one = {"instance": instance, "limit_s": limit_s, "served": model == "LSCP"}
        cases[f"ours {model}"] = one | {"solver": solver, "warm": True}
        cases[f"spopt {model}"] = one | {"solver": "spopt", "model": model, "patience_s": SPOPT_PATIENCE_S}
    return cases


def city_cases(quick: bool) -> Cases:
    return {
        f"mclp {name} {limit_s:g}": {"solver": "mclp", "instance": name, "limit_s": limit_s, "warm": True}
        for name, limit_s, _, _ in (QUICK_BARS if quick else BARS)
    }


def city_median_cases(quick: bool) -> Cases:
    asked = [("quick-ebike-wuhan", 3.0)] if quick else [(name, limit_s) for name, limit_s, _, _ in BARS]
    return {
        f"p_median {name} {limit_s:g}": {"solver": "p_median", "instance": name, "limit_s": limit_s, "warm": True}
        for name, limit_s in asked
    }


def convergence_cases(quick: bool) -> Cases:
    name, limit_s = ("quick-ebike-wuhan", 3.0) if quick else (PLOTTED, 120.0)
    one = {"instance": name, "limit_s": limit_s}
    return {
        siting_plots.OURS: one | {"solver": "mclp", "warm": True},
        siting_plots.HIGHS: one | {"solver": "highs"},
        siting_plots.SPOPT: one | {"solver": "spopt", "model": "MCLP", "patience_s": SPOPT_PATIENCE_S},
    }


def draw_convergence(found: Found, folder: Path) -> None:
    """Draw what the convergence cases have noted into a folder."""
    ours, theirs = found[siting_plots.OURS], found[siting_plots.SPOPT]
    if went_wrong(ours):
        return
    whole = ours["instance"]["demand_in_all"]
    ways = {
        name: siting_plots.way(one["history"], [one["seconds"], one["objective"], one["bound"]], whole)
        for name, one in found.items()
        if name != siting_plots.SPOPT and went_wrong(one) is None
    }
    remark = (
        f"spopt: {went_wrong(theirs)}"
        if went_wrong(theirs)
        else f"spopt: its model stood after {theirs['built_s']:.0f} s, the answer came after {theirs['seconds']:.0f} s"
    )
    answer = None if went_wrong(theirs) else (theirs["seconds"], theirs["checked"])
    head = ours["instance"]
    title = f"MCLP, {head['name']}: {head['n_open']} of {head['n_candidates']:,} candidates"
    siting_plots.draw(ways, answer, whole, remark, title, folder / PLOT)


#: Part -> heading, cases, report.
PARTS: dict[str, tuple[str, Callable[[bool], Cases], Callable[[Found], str]]] = {
    "median": ("p-median: OR-Library pmed1 to pmed40", median_cases, siting_tables.median_report),
    "center": ("p-center: OR-Library pmed1 to pmed40", center_cases, siting_tables.center_report),
    "small": ("Maximal covering with hundreds of points", small_cases, siting_tables.small_report),
    "francisco": ("San Francisco, beside spopt", francisco_cases, siting_tables.francisco_report),
    "peer": ("Total time beside spopt", peer_cases, siting_tables.peer_report),
    "cities": ("Cities", city_cases, siting_tables.city_report),
    "city-medians": ("Cities, p-median", city_median_cases, siting_tables.city_report),
    "convergence": ("The way there", convergence_cases, siting_tables.convergence_report),
}


def measure(
    data: Path, cache: Path, *, seed: int, quick: bool, parts: list[str] | None = None, anew: bool = True
) -> dict[str, Any]:
    """Measure parts, keep them, and return the figures of all parts measured so far."""
    path = cache / f"siting-figures{'-quick' if quick else ''}.json"
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in parts or PARTS:
        cases = PARTS[part][1](quick)
        kept = {} if anew else figures.get(part, {}).get("cases", {})
        kept = {key: kept[key] for key in cases if key in kept and not _may_end_otherwise(kept[key])}
        day = datetime.now(UTC).date().isoformat()
        figures[part] = {"day": day, "load": machine.load().strip(), "asked": list(cases), "cases": kept}
        for key, case in cases.items():
            if key not in kept:
                kept[key] = run_apart(case, data, cache, seed=seed, patience_s=case.get("patience_s"))
                path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        figures[part]["cases"] = {key: kept[key] for key in cases}
        path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def _may_end_otherwise(one: dict[str, Any]) -> bool:
    """Whether a case gave no figure for another reason than time."""
    return "missing" in one or ("error" in one and not one["error"].startswith("stopped"))


def _found(figures: dict[str, Any], part: str) -> Found:
    """What was found of a part, whether measured to the end or not."""
    return dict.fromkeys(figures[part].get("asked", []), _NOT_YET) | figures[part]["cases"]


def report(figures: dict[str, Any]) -> str:
    """Draw the tables of all parts measured."""
    texts = []
    for part, (heading, _, draw) in PARTS.items():
        if part in figures:
            taken = f"Taken {figures[part]['day']}. {figures[part]['load']}".strip()
            texts.append(f"### {heading}\n\n{draw(_found(figures, part))}\n\n{taken}")
    return "\n\n".join(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description="figures of choosing sites, part by part")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path("cache/benchmarks"))
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to measure; all by default")
    parser.add_argument("--quick", action="store_true", help="few cases with short limits; prints only")
    parser.add_argument("--resume", action="store_true", help="keep the cases already measured")
    parser.add_argument("--tables", action="store_true", help="measure nothing, write the tables of what was measured")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    data, cache = given.data.resolve(), given.cache.resolve()
    here = Path(__file__).resolve().parent
    if given.tables:
        kept = cache / f"siting-figures{'-quick' if given.quick else ''}.json"
        figures = json.loads(kept.read_text(encoding="utf-8"))
    else:
        figures = measure(data, cache, seed=given.seed, quick=given.quick, parts=given.only, anew=not given.resume)
    text = report(figures)
    print(text)
    if not given.quick:
        write(figures, text, here, seed=given.seed)


def write(figures: dict[str, Any], text: str, here: Path, *, seed: int) -> None:
    """Put the tables into SITING.md and draw the plot beside it."""
    if "convergence" in figures:
        draw_convergence(_found(figures, "convergence"), here)
    intro = f"`python benchmarks/siting_speed.py`, seed {seed}. {machine.describe()}"
    replace_sections(here / RESULTS, {TITLE: f"{intro}\n\n{text}"})


if __name__ == "__main__":
    main()
