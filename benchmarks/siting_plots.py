"""The way to a choice and its proof, drawn: incumbent, bound and gap over time, beside HiGHS alone and spopt."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OURS, HIGHS, SPOPT = "coverage-planner", "HiGHS alone", "spopt"
_COLOURS = {OURS: "#1f6fb2", HIGHS: "#c4622d", SPOPT: "#6b6b6b"}
_LEAST_GAP = 1e-4


def way(history: list[list[Any]], end_s: float) -> NDArray[np.float64]:
    """(k, 3): seconds, incumbent and bound, for drawing steps up to the end; NaN where there is none yet."""
    rows = np.array([row[:3] for row in history], dtype=np.float64).reshape(-1, 3)
    rows[np.abs(rows) > 1e15] = np.nan
    return np.vstack([rows, [end_s, *rows[-1, 1:]]]) if len(rows) else rows


def draw(ways: dict[str, NDArray[np.float64]], whole: float, remarks: list[str], title: str, path: Path) -> None:
    """Draw the ways of several solvers to a maximum; `whole` is all demand."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name, rows in ways.items():
        if not len(rows):
            continue
        seconds, found, bound = np.maximum(rows[:, 0], 0.05), rows[:, 1], rows[:, 2]
        style = {"color": _COLOURS[name], "where": "post"}
        left.step(seconds, 100 * found / whole, label=f"{name}: found", **style)
        left.step(seconds, 100 * np.minimum(bound, whole) / whole, label=f"{name}: bound", linestyle="--", **style)
        gap = (np.minimum(bound, whole) - found) / found
        right.step(seconds, 100 * np.maximum(gap, _LEAST_GAP), label=name, **style)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("seconds, building included")
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=8)
    left.set_ylabel("demand covered, % of all")
    right.set_yscale("log")
    right.set_ylabel("gap, % (bound no larger than all demand)")
    figure.suptitle(title, fontsize=11)
    if remarks:
        figure.supxlabel("; ".join(remarks), fontsize=8)
    figure.savefig(path, dpi=90, metadata={"Software": ""})
    plt.close(figure)
