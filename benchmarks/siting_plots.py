"""The way to a choice and its proof, drawn: incumbent, bound and gap over time, beside HiGHS alone and spopt."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OURS, HIGHS, SPOPT = "coverage-planner", "HiGHS alone", "spopt"
_COLOURS = {OURS: "#1f6fb2", HIGHS: "#c4622d", SPOPT: "#6b6b6b"}
_LEAST_GAP = 1e-4
#: What a solver states that has found nothing yet.
_ENDLESS = 1e15


def way(history: list[list[Any]], last: list[float], whole: float) -> NDArray[np.float64]:
    """(k, 3): seconds, incumbent and bound, for drawing steps up to the last; no bound is larger than all demand."""
    rows = np.array([row[:3] for row in [*history, last]], dtype=np.float64)
    found = np.where(np.abs(rows[:, 1]) > _ENDLESS, np.nan, rows[:, 1])
    return np.column_stack([rows[:, 0], found, np.fmin(rows[:, 2], whole)])


def draw(
    ways: dict[str, NDArray[np.float64]],
    answer: tuple[float, float] | None,
    whole: float,
    remark: str,
    title: str,
    path: Path,
) -> None:
    """Draw the ways of several solvers to a maximum.

    `answer` is when spopt came with what, if it did; `whole` is all demand.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name, rows in ways.items():
        seconds, found, bound = np.maximum(rows[:, 0], 0.05), rows[:, 1], rows[:, 2]
        style = {"color": _COLOURS[name], "where": "post"}
        left.step(seconds, 100 * found / whole, label=f"{name}: found", **style)
        left.step(seconds, 100 * bound / whole, label=f"{name}: bound", linestyle="--", **style)
        gap = (bound - found) / found
        right.step(seconds, 100 * np.maximum(gap, _LEAST_GAP), label=name, **style)
    if answer:
        left.plot(answer[0], 100 * answer[1] / whole, "x", color=_COLOURS[SPOPT], label=f"{SPOPT}: answer")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("seconds, building included")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=8, loc="center right" if axes is left else "best")
    left.set_ylabel("demand covered, % of all")
    right.set_yscale("log")
    right.set_ylabel("gap, % (bound no larger than all demand)")
    figure.suptitle(title, fontsize=11)
    figure.supxlabel(remark, fontsize=8)
    figure.savefig(path, dpi=90, metadata={"Software": ""})
    plt.close(figure)
