"""The tables of the siting benchmark say what was reached, what was missed and what failed."""

import importlib
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest


@pytest.fixture
def tables(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("siting_tables")


def _solved(name, published, found, **changed):
    instance = {"name": name, "n_demand": 100, "n_open": 5, "p_median": published, "p_center": published}
    solved = {
        "instance": instance, "checked": found, "objective": found, "gap": 0.0, "status": "optimal", "seconds": 1.0,
        "cpu_s": 0.5,
    }  # fmt: skip
    return solved | changed


def test_an_optimum_not_found_is_counted_and_shown(tables):
    found = {
        "pmed1": _solved("pmed1", 5819, 5819.0),
        "pmed2": _solved("pmed2", 4093, 4100.0, gap=0.02, status="feasible"),
        "pmed3": {"error": "stopped after 210 s"},
        "pmed4": {"missing": "solve_p_median is not in this version"},
    }
    text = tables.median_report(found)
    assert "found on 1 of 4 (to reach: all; **missed**)" in text
    assert "| pmed2 | 100 | 5 | 4093 | **4100** | 2 % | 1 | 0.5 |" in text
    assert "stopped after 210 s without an answer" in text
    assert "solve_p_median is not in this version" in text


def test_all_optima_found_reach_the_bar(tables):
    found = {f"pmed{number}": _solved(f"pmed{number}", 7, 7.0) for number in range(1, 41)}
    assert "found on 40 of 40 (to reach: all; reached)" in tables.median_report(found)
    assert "of the first twenty on 20 (to reach: all 20; reached)" in tables.center_report(found)
    found["pmed20"]["status"] = "feasible"
    assert "of the first twenty on 19 (to reach: all 20; **missed**)" in tables.center_report(found)


def test_an_objective_that_the_sites_do_not_give_is_told(tables):
    text = tables.median_report({"pmed1": _solved("pmed1", 5819, 5819.0, objective=5818.0)})
    assert "1 objectives stated differ from what the sites give" in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "3 %, 8 GiB reached"),
        ({"gap": 0.031}, "3 %, 8 GiB **missed**"),
        ({"peak_mib": 8200.0}, "3 %, 8 GiB **missed**"),
        ({"seconds": 400.0}, "3 %, 8 GiB **missed**"),
    ],
)
def test_a_bar_holds_only_with_gap_memory_and_time(tables, changed, said):
    head = {"n_candidates": 10_000, "n_demand": 1_000_000, "n_open": 50, "points_per_candidate": 20929.0, "n_pairs": 9}
    one = _solved("largest-porto", 1, 5.0, gap=0.029, seconds=299.0, peak_mib=7000.0) | changed | {"instance": head}
    assert said in tables.city_report({"mclp largest-porto 300": one})


def test_a_peer_that_never_ends_gives_a_lower_bound_of_the_ratio(tables):
    ours = {"objective": 10.0, "status": "optimal", "gap": 0.0, "seconds": 2.0}
    stopped = {"error": f"stopped after {tables.SPOPT_PATIENCE_S:.0f} s"}
    late = {"objective": 9.0, "status": "Optimal", "built_s": 20.0, "seconds": 20.0 + tables.SPOPT_LIMIT_S}
    quick = {"objective": 10.0, "status": "Optimal", "built_s": 20.0, "seconds": 30.0}
    found = {f"ours {model}": ours for model in tables.PEER_MODELS}
    found |= {"spopt MCLP": stopped, "spopt LSCP": late, "spopt p-median": quick}
    text = tables.peer_report(found)
    assert "more than 145 (reached)" in text
    assert "9 (out of time, called Optimal)" in text
    assert "more than 70 (reached)" in text
    assert "| 15 (**missed**) |" in text


@pytest.mark.slow
@pytest.mark.real_data
def test_a_quick_run_prints_the_tables_and_draws_the_way(real_data, repository, tmp_path):
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "--quick", "--only", "siting"]
    command += ["--data", str(real_data), "--cache", str(tmp_path / "缓存 a"), "--results", str(tmp_path / "结果.md")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert "failed" not in done.stdout
    assert "found on 2 of 2 (to reach: all; reached)" in done.stdout
    assert "optimum proved on 2 of 2 (to reach: all, in seconds; reached)" in done.stdout
    peer = r"8 \| yes " if find_spec("spopt") else r"not installed \(pulp\) "  # it comes with the extra 'benchmarks'
    assert re.search(rf"^\| LSCP \| (8 \| )?{peer}", done.stdout, flags=re.MULTILINE)
    assert "2982.1268579890657; reached" in done.stdout
    text = (tmp_path / "SITING.md").read_text(encoding="utf-8")
    assert "## Choosing sites" in text
    assert "### Cities" in text
    assert (tmp_path / "siting_convergence.png").stat().st_size < 200_000
    assert not (tmp_path / "结果.md").exists()
