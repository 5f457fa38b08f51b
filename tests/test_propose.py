"""`propose` and the siting options of a plan: every option does what it says, on the drawn plan, by brute force."""

import itertools
import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from coverage_planner.cli import main
from coverage_planner.cli.parser import build_parser
from coverage_planner.cli.progress import describe_search
from coverage_planner.cli.records import proposal_record
from coverage_planner.cli.siting_options import siting_changes
from coverage_planner.cli.summary import about_choice
from coverage_planner.config import change_plan, read_plan
from coverage_planner.errors import CoveragePlannerError
from coverage_planner.pipeline import run_plan, run_proposal, write_run
from coverage_planner.pipeline.siting import propose
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.report.proposal_folder import FILES, PROPOSAL_LAYERS, PROPOSAL_TABLES
from coverage_planner.schema import Rejections
from coverage_planner.siting.effort import SearchState
from drawn_plan import (
    PEOPLE,
    PLAN,
    PREMISES,
    STATIONS,
    WALK_CUTOFF_S,
    WALK_MPS,
    draw_plan,
    seconds_between,
    write_points,
)
from osm_drawing import place

ALONE = PLAN["groups"][:1]
CORNERS = {row[0]: row[4:] for row in PREMISES}
COST = {row[0]: row[3] for row in PREMISES}
KIND = {row[0]: row[2] for row in PREMISES}
FROM_STATIONS = seconds_between([station[3:] for station in STATIONS], PEOPLE, WALK_MPS)
FROM_PREMISES = seconds_between(CORNERS.values(), PEOPLE, WALK_MPS)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The drawn plan's folder; the network is built once and kept beside the plan."""
    folder = tmp_path_factory.mktemp("propose") / "规划 一"
    plan = draw_plan(folder, groups=ALONE, siting={"n_open": 2})
    assert main(["propose", str(plan), "--out", str(folder / "warm")]) == 0
    return plan


@pytest.fixture(scope="module")
def begun(drawn):
    """The drawn plan run once; what options change needs streets and tables no second time."""
    return run_proposal(read_plan(drawn), network_folder=drawn.with_suffix(".network"))


@pytest.fixture
def proposed(begun):
    """Choose the drawn plan's sites with options of the command line; returns what --json prints."""

    def run(*options: str) -> dict:
        given = build_parser().parse_args(["propose", "plan.toml", "--out", "out", *options])
        plan, _ = change_plan(begun.plan, siting_changes(given))
        start = begun.start
        parts = (plan, start.network, start.inputs, begun.present)
        proposal = propose(*parts, watch=Stopwatch(), rejected=Rejections())
        return proposal_record(replace(begun, plan=plan, proposal=proposal), Path("out"))

    return run


def covered(sites, times: int = 1) -> float:
    """Demand within the cutoff of at least so many stations and sites."""
    near = [FROM_STATIONS[corner] for corner in FROM_STATIONS] + [FROM_PREMISES[CORNERS[site]] for site in sites]
    return sum(
        weight
        for corner, weight in PEOPLE.items()
        if sum(seconds[corner] <= WALK_CUTOFF_S for seconds in near) >= times
    )


def nearest(sites) -> dict[tuple, float]:
    near = [FROM_STATIONS[corner] for corner in FROM_STATIONS] + [FROM_PREMISES[CORNERS[site]] for site in sites]
    return {corner: min(seconds[corner] for seconds in near) for corner in PEOPLE}


def choices(n=None, *, keep=lambda _: True):
    sizes = range(len(CORNERS) + 1) if n is None else [n]
    return [choice for size in sizes for choice in itertools.combinations(sorted(CORNERS), size) if keep(set(choice))]


# --- the models and their options, by brute force ---


def test_the_plan_s_own_number(proposed):
    found = proposed()
    assert found["solution"]["objective"] == pytest.approx(max(map(covered, choices(2))))
    assert len(found["sites"]) == 2


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (["--n-open", "3"], choices(3)),
        (["--budget", "28"], choices(keep=lambda s: sum(COST[site] for site in s) <= 28)),
        (["--require", "P5"], choices(2, keep=lambda s: "P5" in s)),
        (["--forbid", "P1", "P2"], choices(2, keep=lambda s: not {"P1", "P2"} & s)),
        (
            ["--n-open", "3", "--require", "P4", "--forbid", "P2"],
            choices(3, keep=lambda s: "P4" in s and "P2" not in s),
        ),
        (["--quota", "kind<=0:药店,银行网点"], choices(2, keep=lambda s: not {"P1", "P2"} & s)),
        (["--quota", "kind=1:门卫室"], choices(2, keep=lambda s: "P5" in s)),
        (["--quota", "subdistrict>=1:河西街道"], choices(2, keep=lambda s: "P5" in s)),
        (
            ["--n-open", "3", "--quota", "community<=1"],
            choices(3, keep=lambda s: not {"P1", "P3"} <= s and not {"P2", "P4"} <= s),
        ),
    ],
)
def test_numbers_budgets_and_rules_equal_trying_every_choice(proposed, options, allowed):
    found = proposed(*options)
    assert tuple(sorted(found["solution"]["sites"])) in allowed
    assert found["solution"]["objective"] == pytest.approx(max(map(covered, allowed)))
    assert found["solution"]["status"] == "optimal"


def test_sites_keep_their_distance(proposed, drawn):
    everywhere = gpd.GeoSeries.from_xy(*zip(*(place(*corner) for corner in CORNERS.values()), strict=True), crs=4326)
    points = dict(zip(CORNERS, everywhere.to_crs(read_plan(drawn).crs or 32650), strict=True))
    apart = lambda s: all(points[a].distance(points[b]) >= 700 for a, b in itertools.combinations(s, 2))  # noqa: E731
    near = choices(3, keep=apart)
    assert near != choices(3)
    found = proposed("--n-open", "3", "--min-spacing", "700")
    assert tuple(sorted(found["solution"]["sites"])) in near
    assert found["solution"]["objective"] == pytest.approx(max(map(covered, near)))


def test_the_fewest_sites_that_cover_a_share(proposed):
    total = sum(PEOPLE.values())
    enough = [len(choice) for choice in choices() if covered(choice) >= 0.8 * total]
    found = proposed("--model", "lscp", "--partial", "0.8")
    assert found["solution"]["objective"] == min(enough)
    cheap = [sum(COST[site] for site in choice) for choice in choices() if covered(choice) >= 0.8 * total]
    found = proposed("--model", "lscp", "--partial", "0.8", "--minimise", "cost")
    assert found["solution"]["objective"] == pytest.approx(min(cheap))


def test_the_shortest_mean_time(proposed):
    def weighted(sites):
        return sum(PEOPLE[corner] * min(seconds, 2 * WALK_CUTOFF_S) for corner, seconds in nearest(sites).items())

    found = proposed("--model", "p-median", "--n-open", "2")
    assert found["solution"]["objective"] == pytest.approx(min(map(weighted, choices(2))), abs=0.1)
    assert "人" not in found["solution"]["certificate_en"]
    assert "counted at 20 minutes" in found["solution"]["certificate_en"]


def test_the_shortest_longest_time(proposed):
    def longest(sites):
        return max(seconds for corner, seconds in nearest(sites).items() if PEOPLE[corner])

    found = proposed("--model", "p-center", "--n-open", "2")
    assert found["solution"]["objective"] == pytest.approx(min(map(longest, choices(2))), abs=0.01)


def test_covered_twice(proposed):
    def worth(sites):
        return covered(sites) + 0.8 * covered(sites, 2)

    found = proposed("--model", "backup", "--n-open", "2", "--backup-weight", "0.8")
    assert found["solution"]["objective"] == pytest.approx(max(map(worth, choices(2))))


def test_weights_of_groups_of_the_demand(tmp_path):
    plan = draw_plan(tmp_path, groups=ALONE, siting={"n_open": 1, "group_weights": {"夜班": 10}})
    rows = [(f"D{n}", *place(*corner), 1, "夜班" if corner == (27, 12) else "白班") for n, corner in enumerate(PEOPLE)]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand", "人群"], rows)
    run = run_proposal(read_plan(plan))
    assert run.choice.solution.sites["id"].tolist() == ["P4"]  # stands where the night shift is, alone
    assert run.choice.question.demand == len(PEOPLE) + 9
    plain = run_proposal(read_plan(draw_plan(tmp_path / "plain", groups=ALONE, siting={"n_open": 1})))
    assert plain.choice.solution.sites["id"].tolist() == ["P2"]


# --- stages and other plans ---


def test_stages_open_one_after_the_other(proposed):
    found = proposed("--stages", "1,3")
    assert [row["n_sites"] for row in found["stages"]] == [1, 3]
    for row in found["stages"]:
        best = max(map(covered, choices(row["n_sites"])))
        first = [site["id"] for site in found["sites"]][: row["n_sites"]]
        assert row["objective"] == pytest.approx(covered(first))
        assert row["bound"] >= best - 1e-9
        assert row["loss"] == pytest.approx(row["bound"] - row["objective"])
    assert [site["stage"] for site in found["sites"]] == [1, 2, 2]
    assert found["solution"]["objective"] == pytest.approx(covered(found["solution"]["sites"]))


def test_other_plans_and_replacements(proposed):
    found = proposed("--alternatives", "3", "--within", "0.5")
    ranked = sorted(map(covered, choices(2)), reverse=True)
    assert [row["objective"] for row in found["plans"]] == pytest.approx(ranked[:4])
    chosen = set(found["solution"]["sites"])
    for row in found["site_values"]:
        left = chosen - {row["id"]}
        assert row["marginal_value"] == pytest.approx(covered(chosen) - covered(left))
        instead = max(covered(left | {other}) for other in set(CORNERS) - chosen)
        assert row["replacement_loss"] == pytest.approx(covered(chosen) - instead)


# --- what a plan run says of it ---


def test_a_plan_run_writes_the_tables_of_its_choice(tmp_path):
    siting = {"n_open": 2, "alternatives": {"plans": 2, "within": 0.5}, "forbidden": ["P3"]}
    run = run_plan(read_plan(draw_plan(tmp_path, groups=ALONE, siting=siting)))
    folder = write_run(run, tmp_path / "out")
    choice = pd.read_csv(folder / "choice.csv", encoding="utf-8-sig")
    assert choice["model"].tolist() == ["MCLP"]
    assert "在同样的限制条件下，没有任何别的 2 处选址能覆盖更多" in choice["certificate_zh"][0]
    assert len(pd.read_csv(folder / "plans.csv", encoding="utf-8-sig")) == 3
    assert pd.read_csv(folder / "site_values.csv", encoding="utf-8-sig")["order"].tolist() == [1, 2]
    assert set(gpd.read_file(folder / "result.gpkg", layer="plan_sites")["plan"]) == {0, 1, 2}
    candidates = gpd.read_file(folder / "result.gpkg", layer="candidates").set_index("id")
    assert candidates.loc["P5", ["subdistrict", "community"]].tolist() == ["河西街道", "山南社区"]


def test_proposing_and_planning_choose_the_same(tmp_path):
    plan = read_plan(draw_plan(tmp_path, siting={"n_open": 2, "group": "riders"}))
    whole, alone = run_plan(plan), run_proposal(plan)
    assert alone.choice.solution.sites["id"].tolist() == whole.solution.sites["id"].tolist()
    assert alone.choice.solution.objective == whole.solution.objective
    assert alone.covered_share == pytest.approx(whole.today.groups["riders"].shares["covered_demand_share"].iloc[0])


def test_a_search_that_is_interrupted_keeps_what_it_has_and_says_so(drawn):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread receives Ctrl+C")

    pressed = []

    def press(state: SearchState) -> None:
        if not pressed:  # twice would end the program
            pressed.append(state)
            os.kill(os.getpid(), signal.SIGINT)

    run = run_proposal(read_plan(drawn), search=press, network_folder=drawn.with_suffix(".network"))
    assert run.choice.solution.interrupted
    assert len(run.choice.solution.sites) == 2
    assert run.choice.solution.bound >= max(map(covered, choices(2)))
    assert "the search was interrupted" in about_choice(run.choice, "en")[0]
    assert "搜索被中断" in about_choice(run.choice, "zh")[0]


def test_what_the_bar_shows():
    state = SearchState("prices", 1.0, 2.0, 1234.0, 1250.0, 16 / 1234)
    assert describe_search(state, "en") == "prices 1,234, bound 1,250, gap 1.3 % (Ctrl+C keeps it)"
    assert describe_search(state, "zh") == "prices 已得 1,234，界限 1,250，差距 1.3 %（Ctrl+C 保留当前结果）"
    begun = SearchState("greedy", 0.0, 0.0, float("nan"), float("nan"), float("inf"))
    assert describe_search(begun, "en") == "greedy –, bound –, gap – (Ctrl+C keeps it)"


# --- the folder ---


def test_the_folder_holds_tables_layers_and_a_certificate_in_both_languages(drawn, tmp_path, capsys):
    out = tmp_path / "选址 结果"
    assert main(["propose", str(drawn), "--out", str(out), "--alternatives", "2", "--within", "0.5"]) == 0
    printed = capsys.readouterr()
    assert {path.name for path in out.iterdir()} == FILES
    certificate = (out / "certificate.txt").read_text(encoding="utf-8-sig").splitlines()
    assert certificate[0] == "synthetic data 合成数据"
    assert certificate[1] in printed.out
    assert "没有任何别的 2 处选址能覆盖更多" in certificate[1]
    assert "no other choice of 2 sites covers more" in certificate[2]
    for name, columns in PROPOSAL_TABLES.items():
        table = pd.read_csv(out / f"{name}.csv", encoding="utf-8-sig")
        assert list(table) == [*columns, "note"], name
    for name, (_, columns) in PROPOSAL_LAYERS.items():
        layer = gpd.read_file(out / "proposal.gpkg", layer=name)
        assert list(layer) == [*columns, "geometry"], name
        assert layer.crs.is_projected
    sites = pd.read_csv(out / "sites.csv", encoding="utf-8-sig")
    assert sites["added_demand"].sum() == pytest.approx(covered(sites["id"]) - covered([]))
    assert sites["lon"].tolist() == pytest.approx([place(*CORNERS[key])[0] for key in sites["id"]], abs=1e-6)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["proposal"]["solution"]["sites"] == sites["id"].tolist()
    assert record["plan"]["siting"]["alternatives"]["plans"] == 2
    assert "现状覆盖" in printed.out
    assert "其他方案（精确: " in printed.out
    assert printed.out.splitlines()[-1].startswith(f"结果：{out}")


def test_json_is_all_that_is_printed(drawn, tmp_path, capsys):
    assert main(["propose", str(drawn), "--out", str(tmp_path / "out"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["folder"] == str(tmp_path / "out")
    assert record["sites"][0]["order"] == 1
    assert record["solution"]["certificate_en"].startswith("maximal covering (MCLP): 2 sites")


def test_the_folder_is_replaced_only_by_force_and_only_if_it_is_a_proposal(drawn, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["propose", str(drawn), "--out", str(out)]
    assert main(command) == 0
    assert main(command) == 2
    assert "the proposal folder must not exist yet" in capsys.readouterr().err
    assert main([*command, "--force", "--language", "en"]) == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    assert main([*command, "--force"]) == 2
    assert "notes.txt" in capsys.readouterr().err
    assert main(["plan", str(drawn), "--out", str(out), "--force"]) == 2  # results do not replace a proposal


def test_nothing_to_gain_is_said(tmp_path, capsys):
    plan = draw_plan(tmp_path, groups=ALONE)
    everywhere = [(f"S{c}{r}", *place(c, r)) for c in range(12, 31, 3) for r in range(12, 28, 3)]
    write_points(tmp_path / "stations.csv", ["id", "lon", "lat"], everywhere)
    assert main(["propose", str(plan), "--out", str(tmp_path / "out")]) == 0
    assert "没有可改善之处" in capsys.readouterr().out
    assert "Nothing can be gained" in (tmp_path / "out" / "certificate.txt").read_text(encoding="utf-8-sig")
    assert pd.read_csv(tmp_path / "out" / "sites.csv", encoding="utf-8-sig").empty


# --- what is refused, and what options do to the plan ---


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--require", "P9"], r"\[siting\] required must name premises that a site can open at, not so 1: P9"),
        (["--forbid", "P9"], r"\[siting\] forbidden must name premises .* not so 1: P9"),
        (["--n-open", "0"], r"\[siting\] n_open must be at least 1, got 0"),
        (["--budget", "1", "--require", "P1"], "must not cost more than the budget"),
        (["--budget", "-1"], r"\[siting\] budget must be at least 0"),
        (["--n-open", "9"], "n_open must be at most the number of candidates"),
        (["--quota", "kind"], "--quota must be a column"),
        (["--quota", "floor<=1"], r"\[\[siting\.quotas\]\] 1 column must be one of 'kind'"),
        (["--weight", "夜班"], "--weight must be GROUP=FACTOR"),
        (["--weight", "夜班=2"], "group"),
        (["--model", "mlcp"], r"\[siting\] model must be one of 'mclp'"),
        (["--model", "p-center", "--quota", "kind<=1"], "must not have quotas with model = 'p-center'"),
        (["--group", "pilots"], r"\[siting\] group must be the name of a group"),
        (["--gap", "1"], r"\[siting\] mip_gap must be a share below 1"),
        (["--stages", "3,2"], r"\[siting\] stages must ascend"),
    ],
)
def test_what_is_wrong_is_named(proposed, options, said):
    with pytest.raises(CoveragePlannerError, match=said):
        proposed(*options)


def test_after_an_error_nothing_is_written(drawn, tmp_path, capsys):
    assert main(["propose", str(drawn), "--out", str(tmp_path / "out"), "--require", "P9"]) == 2
    assert "[siting] required must name premises" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_numbers_exclude_each_other_on_the_command_line(drawn, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["propose", str(drawn), "--out", str(tmp_path / "out"), "--n-open", "2", "--budget", "9"])
    assert "not allowed with" in capsys.readouterr().err


def test_a_model_without_a_number_says_which_keys_it_does_not_use(drawn, tmp_path, capsys):
    command = ["propose", str(drawn), "--out", str(tmp_path / "out"), "--model", "lscp", "--partial", "0.5"]
    assert main([*command, "--language", "en"]) == 0
    assert "the model lscp has no use for these keys of the plan: n_open" in capsys.readouterr().out


def test_a_plan_without_siting_takes_it_from_the_options(tmp_path, capsys):
    plan = draw_plan(tmp_path, groups=ALONE, siting=None)
    assert main(["propose", str(plan), "--out", str(tmp_path / "out")]) == 2
    assert "a plan must have [siting] to propose sites" in capsys.readouterr().err
    assert main(["propose", str(plan), "--out", str(tmp_path / "out"), "--n-open", "1"]) == 0


def test_required_premises_far_from_any_gap_are_candidates_all_the_same(tmp_path):
    near = write_far_premises(tmp_path, {"n_open": 1})
    assert "P9" not in run_proposal(read_plan(near)).proposal.candidates["id"].tolist()
    required = write_far_premises(tmp_path / "again", {"n_open": 2, "required": ["P9"], "max_candidates": 2})
    run = run_proposal(read_plan(required))
    assert "P9" in run.choice.solution.sites["id"].tolist()
    assert len(run.proposal.candidates) == 2


def write_far_premises(folder, siting):
    """The drawn plan with premises beside the station, and a reach so short that no gap is near them."""
    plan = draw_plan(folder, groups=ALONE, siting=siting, candidates={"reach_min": 3})
    rows = [(*premises[:4], *place(*premises[4:])) for premises in PREMISES] + [
        ("P9", "站旁", "药店", 1, *place(15, 12))
    ]
    write_points(folder / "premises.csv", ["id", "name", "kind", "cost", "lon", "lat"], rows)
    return plan
