"""The tables of the siting benchmark: what was found and proved, and whether the bars are reached."""

from collections.abc import Callable
from typing import Any

import numpy as np
from siting_cases import UNSERVED_S
from siting_files import SAN_FRANCISCO_COVERED, SAN_FRANCISCO_MEAN_M
from siting_instances import SMALL_RADIUS_M
from tables import seconds, table

PLOT = "siting_convergence.png"
PLOTTED = "ebike-wuhan"
PEER_MODELS = {"MCLP": "mclp", "LSCP": "lscp", "p-median": "p_median"}
SPOPT_LIMIT_S, SPOPT_PATIENCE_S = 120.0, 300.0
#: Instance, seconds, largest gap (per cent) and memory (GiB) to reach.
BARS: list[tuple[str, float, float | None, float | None]] = [
    ("walk-wuhan", 30.0, 0.5, None),
    ("walk-porto", 30.0, 0.5, None),
    ("ebike-wuhan", 30.0, 2.0, None),
    ("ebike-porto", 30.0, 2.0, None),
    ("ebike-wuhan", 120.0, 1.0, None),
    ("ebike-porto", 120.0, 1.0, None),
    ("largest-porto", 300.0, 3.0, 8.0),
]
QUICK_BARS: list[tuple[str, float, float | None, float | None]] = [("quick-ebike-wuhan", 3.0, 2.0, None)]
_CLOSE = 1e-6
#: Of the seconds after which a process was stopped, what its start and loading may have taken at most.
_LOADING_S = 10.0
#: What a solver states that has nothing yet.
_ENDLESS = 1e15

Found = dict[str, dict[str, Any]]


def percent(share: float) -> str:
    """Write a share in per cent, with as many figures as it takes to tell it from zero."""
    return "∞" if not abs(share) < _ENDLESS else f"{100 * share:.3g} %"


def went_wrong(found: dict[str, Any]) -> str | None:
    """Say why there is no figure, or None where there is one."""
    if "missing" in found:
        return str(found["missing"])
    if found.get("error", "").startswith("stopped"):
        return f"{found['error']} without an answer"
    if "No module named" in found.get("error", ""):  # a peer comes with the extra 'benchmarks'
        return f"not installed ({found['error'].split()[-1].strip(chr(39))})"
    return f"failed: {found['error']}" if "error" in found else None


def _whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < _ENDLESS else "nothing"


def verdict(holds: bool) -> str:
    return "reached" if holds else "**missed**"


def _optima_table(found: Found, key: str, *, bars: Callable[[list[dict[str, Any]]], str]) -> str:
    rows, measured = [], []
    for name, one in found.items():
        wrong = went_wrong(one)
        if wrong:
            rows.append([name, "", "", "", wrong, "", "", ""])
            continue
        published, head = one["instance"][key], one["instance"]
        right = abs(one["checked"] - published) <= _CLOSE * published
        measured.append(one | {"right": right})
        rows.append(
            [
                name, head["n_demand"], head["n_open"], published,
                f"{one['checked']:.10g}" if right else f"**{one['checked']:.10g}**",
                "optimal" if one["status"] == "optimal" else percent(one["gap"]), seconds(one["seconds"]),
                seconds(one["cpu_s"]),
            ]
        )  # fmt: skip
    headings = ["instance -", "points", "sites", "published optimum", "found", "proved gap", "seconds", "CPU s"]
    wrong_sums = sum(not _agrees(one) for one in measured)
    said = f" {wrong_sums} objectives stated differ from what the sites give." if wrong_sums else ""
    return f"{bars(measured)}{said}\n\n{table(headings, rows)}"


def _agrees(one: dict[str, Any]) -> bool:
    return abs(one["checked"] - one["objective"]) <= _CLOSE * max(abs(one["checked"]), 1)


def median_report(found: Found) -> str:
    def bars(measured: list[dict[str, Any]]) -> str:
        n, right = len(found), sum(one["right"] for one in measured)
        within = {
            limit: sum(one["gap"] <= limit and one["seconds"] <= 1.1 * 60 for one in measured)
            for limit in (0.01, 0.001)
        }
        slowest = max((one["seconds"] for one in measured), default=0.0)
        enough = round(0.75 * n)
        return (
            f"Published optimum found on {right} of {n} (to reach: all; {verdict(right == n)}); gap proved at most 1 % "
            f"on {within[0.01]} (all; {verdict(within[0.01] == n)}) and at most 0.1 % on {within[0.001]} ({enough}; "
            f"{verdict(within[0.001] >= enough)}), with a limit of 60 s each; slowest {seconds(slowest)} s, median "
            f"{seconds(float(np.median([one['seconds'] for one in measured] or [0])))} s."
        )

    return _optima_table(found, "p_median", bars=bars)


def center_report(found: Found) -> str:
    def bars(measured: list[dict[str, Any]]) -> str:
        first = {f"pmed{number}" for number in range(1, 21)} & set(found)
        good = {one["instance"]["name"] for one in measured if one["right"] and one["status"] == "optimal"}
        return (
            f"Published optimum found and proved on {len(good)} of {len(measured)} measured; of the first twenty on "
            f"{len(good & first)} (to reach: all {len(first)}; {verdict(good >= first)}). Limit 60 s each."
        )

    return _optima_table(found, "p_center", bars=bars)


def small_report(found: Found) -> str:
    rows, proved, asked = [], 0, 0
    for key, one in found.items():
        if not key.startswith("mclp"):
            continue
        wrong, other = went_wrong(one), found[key.replace("mclp", "highs")]
        if wrong or went_wrong(other):
            rows.append([key.split()[1], wrong or went_wrong(other), *[""] * 6])
            continue
        ours, highs = one["runs"], other["runs"]
        same = sum(
            mine["checked"] == mine["objective"] and abs(mine["checked"] - theirs["objective"]) < 0.5
            for mine, theirs in zip(ours, highs, strict=True)
            if theirs["optimal"]
        )
        optimal = sum(mine["status"] == "optimal" for mine in ours)
        proved, asked = proved + optimal, asked + len(ours)
        rows.append(
            [
                ours[0]["instance"]["n_demand"],
                f"{ours[0]['instance']['points_per_candidate']:.0f}",
                f"{optimal} of {len(ours)}",
                seconds(max(mine["seconds"] for mine in ours)),
                seconds(sum(mine["seconds"] for mine in ours)),
                f"{sum(theirs['optimal'] for theirs in highs)} of {len(highs)}",
                seconds(max(theirs["seconds"] for theirs in highs)),
                same,
            ]
        )  # fmt: skip
    headings = [
        "points = candidates", "points per candidate", "proved optimal", "slowest, s", "all, s",
        "HiGHS alone: proved", "slowest, s", "same optimum",
    ]  # fmt: skip
    return (
        f"Blocks drawn by seed, {SMALL_RADIUS_M:.0f} m as the crow flies, 1 to 8 sites: optimum proved on {proved} of "
        f"{asked} (to reach: all, in seconds; {verdict(proved == asked and asked > 0)}).\n\n{table(headings, rows)}"
    )


def francisco_report(found: Found) -> str:
    rows = []
    for model in ("p-median", "MCLP", "LSCP", "p-center"):
        ours, theirs = found[f"ours {model}"], found[f"spopt {model}"]
        wrong = went_wrong(ours) or went_wrong(theirs)
        if wrong:
            rows.append([model, wrong, *[""] * 5])
            continue
        values = [one["metres" if model == "p-median" else "objective"] for one in (ours, theirs)]
        alike = abs(values[0] - values[1]) <= _CLOSE * abs(values[1])
        rows.append(
            [
                model, *(f"{value:.17g}" if model == "p-median" else f"{value:.10g}" for value in values),
                "yes" if alike else "**no**", "yes" if ours["sites"] == theirs["sites"] else "no",
                seconds(ours["seconds"]), seconds(theirs["seconds"]),
            ]
        )  # fmt: skip
    headings = ["model -", "ours", "spopt", "objectives agree", "same sites", "seconds", "spopt's"]
    covered = found["ours MCLP"].get("share_of_points")
    share = "" if covered is None else (
        f" Four stores cover {covered:.3%} of the tracts within 5 km (spopt's reference: {SAN_FRANCISCO_COVERED:.3%}; "
        f"{verdict(abs(covered - SAN_FRANCISCO_COVERED) < 1e-5)})."
    )  # fmt: skip
    mean = found["ours p-median"].get("metres")
    said = "" if mean is None else (
        f" The mean of our four stores, worked out from the metres as read: {mean!r} (to reach: "
        f"{SAN_FRANCISCO_MEAN_M!r}; {verdict(abs(mean - SAN_FRANCISCO_MEAN_M) < 1e-9 * mean)})."
    )  # fmt: skip
    intro = "205 tracts, 16 stores; p-median as people's mean metres, MCLP in people."
    return f"{intro}{said}{share}\n\n{table(headings, rows)}"


def peer_report(found: Found) -> str:
    rows = []
    for model in PEER_MODELS:
        ours, theirs = found[f"ours {model}"], found[f"spopt {model}"]
        wrong = went_wrong(ours)
        if wrong:
            rows.append([model, wrong, *[""] * 5])
            continue
        state = f"{ours['objective']:,.10g} ({'optimal' if ours['status'] == 'optimal' else percent(ours['gap'])})"
        if went_wrong(theirs):
            stopped = theirs.get("error", "").startswith("stopped")
            least = (float(theirs["error"].split()[2]) - _LOADING_S) / ours["seconds"] if stopped else 0.0
            ratio = f"more than {least:,.0f} ({verdict(least >= 50)})" if stopped else "–"
            rows.append([model, state, seconds(ours["seconds"]), went_wrong(theirs), "", "", ratio])
            continue
        late = theirs["seconds"] - theirs["built_s"] >= 0.98 * SPOPT_LIMIT_S
        ratio = theirs["seconds"] / ours["seconds"]
        rows.append(
            [
                model, state, seconds(ours["seconds"]),
                f"{theirs['objective']:,.10g} ({'out of time, called ' if late else ''}{theirs['status']})",
                seconds(theirs["built_s"]), seconds(theirs["seconds"]),
                f"{'more than ' if late else ''}{ratio:,.0f} ({verdict(ratio >= 50)})",
            ]
        )  # fmt: skip
    headings = [
        "model -", "ours", "seconds", "spopt with HiGHS", "its building, s", "its total, s",
        "its total over ours (to reach 50)",
    ]  # fmt: skip
    return (
        "500 candidates, 5,000 demand points of Wuhan, e-bike 15 minutes, 10 sites; the LSCP without the demand that "
        f"no candidate reaches; p-median with {UNSERVED_S:.0f} s for demand out of reach. From travel times (theirs: a "
        f"dense matrix) to the answer, one thread each; HiGHS inside spopt was given {SPOPT_LIMIT_S:.0f} s.\n\n"
        + table(headings, rows)
    )


def city_report(found: Found) -> str:
    rows = []
    for solver, label in (("mclp", "MCLP"), ("p_median", "p-median")):
        for name, limit_s, gap, memory in [*BARS, *QUICK_BARS]:
            one = found.get(f"{solver} {name} {limit_s:g}")
            if one is None:
                continue
            wrong = went_wrong(one)
            if wrong:
                rows.append([label, name, f"{limit_s:g}", wrong, *[""] * 9])
                continue
            head, peak = one["instance"], one["peak_mib"] / 1024
            holds = one["gap"] <= (gap or 0) / 100 and (memory is None or peak < memory)
            in_time = one["seconds"] <= 1.1 * limit_s
            to_reach = f"{gap:g} %" + (f", {memory:g} GiB" if memory else "")
            rows.append(
                [
                    label, name, f"{limit_s:g}", f"{head['n_candidates']:,} x {head['n_demand']:,}", head["n_open"],
                    f"{head['points_per_candidate']:,.0f}", f"{head['n_pairs']:,}",
                    f"{one['checked']:,.10g}{'' if _agrees(one) else ' **(stated otherwise)**'}", percent(one["gap"]),
                    f"{to_reach} {verdict(holds and in_time)}" if solver == "mclp" else "none set",
                    seconds(one["seconds"]), seconds(one["cpu_s"]), f"{peak:.1f}",
                ]
            )  # fmt: skip
    headings = [
        "model -", "instance -", "limit, s", "candidates x demand", "sites", "points per candidate", "pairs",
        "objective", "proved gap", "to reach", "seconds", "CPU s", "peak GiB",
    ]  # fmt: skip
    return (
        "Seconds are those from travel times to solution; memory is the peak of the whole process, travel times "
        f"included; p-median: demand out of reach counts {UNSERVED_S:.0f} s.\n\n" + table(headings, rows)
    )


def convergence_report(found: Found) -> str:
    rows = []
    for name, one in found.items():
        wrong = went_wrong(one)
        if wrong:
            rows.append([name, wrong, "", "", ""])
            continue
        value = one.get("checked", one["objective"])
        bound = one.get("bound")
        rows.append(
            [
                name, _whole(value), "none given" if bound is None else _whole(bound),
                "none given" if bound is None else percent((bound - value) / value if value else np.inf),
                seconds(one["seconds"]),
            ]
        )  # fmt: skip
    return (
        f"![incumbent, bound and gap over time]({PLOT})\n\nMCLP on {PLOTTED}, 120 s. HiGHS alone has the model as a "
        "textbook writes it. spopt says nothing on its way and gives no bound.\n\n"
        + table(["solver -", "found", "bound", "gap", "seconds"], rows)
    )
