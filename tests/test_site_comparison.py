"""Sites of a plan compared, from the plan file to the folder: the figures of by_site.csv, the shortlist, refusals."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from coverage_planner.config import read_plan
from coverage_planner.demo import demo_city
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.pipeline.run import run_plan
from coverage_planner.pipeline.site_comparison import _other_demands, run_site_comparison, write_site_comparison
from coverage_planner.report.tables import measure_outcome
from coverage_planner.scenario.scenario import Group
from drawn import draw_points
from drawn_plan import PREMISES, draw_plan

SAME = ("newly_covered_demand", "overlap_existing_demand", "catchment_demand")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("计划 比较")


@pytest.fixture(scope="module")
def plan(folder):
    return read_plan(draw_plan(folder / "数据"))


@pytest.fixture(scope="module")
def everything(plan):
    return run_site_comparison(plan, every=True)


@pytest.mark.slow
def test_all_candidates_have_the_figures_of_the_results(plan, everything):
    run = run_plan(plan)
    measured = measure_outcome(run.proposed, run.today).sites
    measured = measured[measured["group"] == "walkers"].set_index("id")
    table = everything.table.set_index("id")
    assert sorted(table.index) == sorted(run.candidates["id"])
    assert len(measured) == 2
    for name in SAME:
        assert table.loc[measured.index, name].tolist() == measured[name].tolist()
    assert table.loc[measured.index, "mean_time_s"].tolist() == pytest.approx(measured["mean_time_s"].tolist())


@pytest.mark.slow
def test_named_sites_are_compared_and_written_as_the_plan_says(plan, everything, folder):
    told = []
    run = run_site_comparison(plan, ["P4", "P2"], report=lambda name, seconds: told.append((name, seconds is None)))
    assert [name for name, begins in told if begins] == [
        "compile", "network", "read", "today", "candidates", "comparison",
    ]  # fmt: skip
    assert sorted(run.table["id"]) == ["P2", "P4"]
    assert run.choice is None
    same = everything.table.set_index("id").loc[run.table["id"], list(SAME)]
    assert same.to_numpy().tolist() == run.table[list(SAME)].to_numpy().tolist()
    sources = run.comparison.assumptions["demand_source"].dropna().tolist()
    assert sources == ["riders"]
    written = write_site_comparison(run, folder / "比较")
    record = json.loads((written / "run.json").read_text(encoding="utf-8"))
    assert record["site_comparison"]["group"] == "walkers"
    assert record["site_comparison"]["language"] == "zh"
    assert record["inputs"]
    rejected = pd.read_csv(written / "rejected.csv", encoding="utf-8-sig")
    assert len(rejected) == len(run.rejected) == record["site_comparison"]["rows"]["rejected"]
    assert "synthetic" in pd.read_csv(written / "sites.csv", encoding="utf-8-sig")["note"][0]
    assert "河西 试点" in (written / "comparison.html").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_site_comparison(run, folder / "比较")


@pytest.mark.slow
def test_without_names_the_chosen_sites_and_what_could_replace_them_are_compared(plan, everything):
    run = run_site_comparison(plan)
    study = everything.comparison
    weights = study.outcome.group.demand["demand"].to_numpy()
    reach = study.reach.toarray()
    new = {label: set((reach[row] == 2).nonzero()[0].tolist()) for row, label in enumerate(study.table["id"])}
    in_table = [row[0] for row in PREMISES if row[0] in new]
    chosen = [label for label in in_table if label in set(run.choice.solution.sites["id"])]
    expected = {*chosen, study.table["id"][0]}
    for site in chosen:
        others = set().union(*(new[label] for label in chosen if label != site))
        gain = {label: sum(weights[point] for point in new[label] - others) for label in new if label not in expected}
        best = sorted((label for label in gain if gain[label] > 0), key=lambda label: (-gain[label], label))
        expected |= set(best[:2])
    assert len(chosen) == 2
    assert set(run.table["id"]) == expected


def test_other_demand_is_each_source_alone_and_that_of_groups_alike():
    own = draw_points((0, 0), (1, 0), (2, 0)).assign(source=["orders", "census", "orders"])
    nobody = draw_points((0, 0)).assign(demand=0.0)
    groups = (
        Group("walkers", "walk", 600.0, own),
        Group("riders", "ebike", 300.0, draw_points((5, 0))),
        Group("same", "walk", 300.0, own),
        Group("nobody", "walk", 300.0, nobody),
        Group("drivers", "drive", 300.0, draw_points((9, 0)), visit="pass"),
    )
    found = _other_demands(SimpleNamespace(groups=groups), groups[0])
    assert list(found) == ["orders", "census", "riders"]
    assert found["orders"]["id"].tolist() == ["P0", "P2"]
    assert _other_demands(SimpleNamespace(groups=groups), groups[4]) == {}


@pytest.mark.slow
def test_sites_of_the_demo_have_the_figures_of_the_choice():
    run = run_site_comparison(read_plan(demo_city() / "plan.toml"))
    sites = run.choice.solution.sites.set_index("id")
    table = run.table.set_index("id").loc[sites.index]
    for name in SAME:
        assert table[name].tolist() == sites[name].tolist()
    assert table["mean_time_s"].tolist() == pytest.approx(sites["mean_time_s"].tolist())
    assert run.comparison.assumptions["cutoff_s"].tolist()[:3] == [900.0, 600.0, 1200.0]
    assert not run.manifest["warnings"] or all("candidates must lie" not in text for text in run.manifest["warnings"])


@pytest.mark.slow
def test_a_site_that_is_none_is_refused(plan):
    with pytest.raises(InputError, match=r"sites must name premises that a site can open at, not so .*P99"):
        run_site_comparison(plan, ["P1", "P99"])


def test_what_cannot_be_asked_is_refused_before_any_work(folder):
    plan = read_plan(draw_plan(folder / "ohne", siting=None))
    with pytest.raises(ConfigError, match=r"must have \[siting\] to compare sites"):
        run_site_comparison(plan, ["P1"])
    plan = read_plan(draw_plan(folder / "mit"))
    with pytest.raises(ConfigError, match="either sites must be named or all be compared"):
        run_site_comparison(plan, ["P1"], every=True)
    with pytest.raises(ConfigError, match=r"each site must be named once, got .*P1"):
        run_site_comparison(plan, ["P1", PREMISES[0][0]])
