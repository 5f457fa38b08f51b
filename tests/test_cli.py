"""The command line: what it prints, what it returns, and what it leaves behind."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import coverage_planner as cp
from coverage_planner.cli import main
from coverage_planner.cli.parser import build_parser
from coverage_planner.report.results import CIRCLE_FILES, FILES, LISTS_FILES, REPORT_FILE
from drawn_plan import PLAN, PREMISES, draw_plan, draw_streets, write_points
from osm_drawing import place

HEAVY = (
    "geopandas",
    "pandas",
    "numpy",
    "shapely",
    "numba",
    "osmnx",
    "osmium",
    "folium",
    "highspy",
    "scipy",
    "networkx",
    "pyarrow",
    "pyproj",
    "tqdm",
)
ALONE = PLAN["groups"][:1]
COMMANDS = [
    "demo",
    "plan",
    "propose",
    "check",
    "isochrones",
    "gaps",
    "map",
    "compare",
    "report",
    "notebooks",
    "fetch",
    "clip",
    "network",
]


@pytest.fixture(autouse=True)
def _english_computer(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run: plan file and results folder; copy before changing."""
    folder = tmp_path_factory.mktemp("cli")
    plan = draw_plan(folder / "规划 一", siting={"n_open": 1})
    assert main(["plan", str(plan), "--out", str(folder / "规划 一" / "结果")]) == 0
    return plan, folder / "规划 一" / "结果"


def program() -> Path:
    return Path(sysconfig.get_path("scripts")) / (
        "coverage-planner.exe" if sys.platform == "win32" else "coverage-planner"
    )


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# --- starting ---


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_starting_loads_none_of_the_heavy_libraries(arguments):
    script = (
        "import sys\nfrom coverage_planner.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_help_names_the_commands_and_shows_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert "coverage-planner demo" in printed
    assert "coverage-planner plan plan.toml --out results" in printed
    for name in COMMANDS:
        assert re.search(rf"^    {name} ", printed, re.MULTILINE), name


def test_the_commands_tested_are_all_there_are():
    [commands] = [action.choices for action in build_parser()._actions if isinstance(action.choices, dict)]
    assert list(commands) == COMMANDS


def test_the_version_is_the_package_s(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"coverage-planner {cp.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["plna"], "invalid choice: 'plna'"),
        (["plan", "plan.toml"], "--out"),
        (["plan", "plan.toml", "--out", "x", "--language", "de"], "invalid choice: 'de'"),
        (["plan", "plan.toml", "--out", "x", "--froce"], "unrecognized arguments: --froce"),
    ],
)
def test_a_command_line_that_cannot_be_understood(capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert said in printed.err
    assert "usage: coverage-planner" in printed.err


# --- a plan that works ---


def test_a_run_prints_shares_sites_and_certificate_and_nothing_else(finished, capsys):
    plan, _ = finished
    out = plan.parent / "结果 二"
    assert main(["plan", str(plan), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    overall = cp.read_results(out).tables["overall"].set_index(["scenario", "group"])["covered_demand_share"]
    lines = printed.out.splitlines()
    assert printed.err == ""
    assert lines[0] == "数据为人工合成，不是真实城市。"
    assert lines[1].startswith(
        f"walkers（步行 (4.8 km/h)，10 分钟内）：覆盖 {overall['方案', 'walkers']:.1%} 的需求，"
        f"现状 {overall['现状', 'walkers']:.1%}；直线半径 800 米会算成 "
    )
    assert lines[2].startswith(
        f"riders（电动自行车 (15 km/h)，4 分钟内）：覆盖 {overall['方案', 'riders']:.1%} 的需求，"
    )
    assert lines[3].startswith("最大覆盖选址（MCLP）：1 个站点，连同现有站点覆盖需求 54；已证明最优（HiGHS")
    assert lines[3].endswith("：没有任何别的 1 处选址能覆盖更多")
    assert lines[4] == "  1. 康泰药房（药店）：依次增加覆盖需求 35"
    assert lines[5].startswith(f"路网取自 {plan.with_suffix('.network')}（20")
    assert lines[6] == f"结果：{out}（先打开 map.html）"
    assert len(lines) == 7
    assert {path.name for path in out.iterdir()} == FILES


def test_english_on_request(finished, capsys):
    plan, _ = finished
    out = plan.parent / "english"
    assert main(["plan", str(plan), "--out", str(out), "--language", "en"]) == 0
    printed = capsys.readouterr().out
    assert "The data are synthetic, not a real city." in printed
    assert "walkers (on foot (4.8 km/h), within 10 minutes): 73.0% of the demand is covered, today 25.7%" in printed
    assert "a straight-line radius of 800 m would have claimed" in printed
    assert "  1. 康泰药房 (药店): adds 35 covered demand" in printed
    assert f"results: {out} (open map.html first)" in printed
    results = cp.read_results(out)
    assert results.tables["overall"]["scenario"].unique().tolist() == ["today", "proposed"]
    assert "Overall" in openpyxl.load_workbook(out / "summary.xlsx").sheetnames
    assert results.run["results"]["language"] == "en"
    assert "synthetic" in (out / "map.html").read_text(encoding="utf-8").lower()


def test_rejected_rows_are_said(tmp_path, capsys):
    plan = draw_plan(tmp_path, groups=ALONE, siting=None, premises=None)
    rows = [("D1", *place(18, 18), 3), ("D2", *place(18, 18), -3), ("D3", *place(1, 1), 3)]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    write_points(tmp_path / "stations.csv", ["id", "lon", "lat"], [("S1", *place(15, 12))])
    assert main(["plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    printed = capsys.readouterr().out
    assert "2 input rows were not used; rejected.csv gives the reasons" in printed
    assert "  demand: 1 x demand is less than 0" in printed
    assert "proved" not in printed
    assert pd.read_csv(tmp_path / "out" / "rejected.csv", encoding="utf-8-sig")["row"].tolist() == [3, 4]


def test_a_warning_stands_in_the_summary_and_not_on_the_error_stream(tmp_path, capsys):
    plan = draw_plan(tmp_path, groups=ALONE)
    everywhere = [(f"S{c}{r}", *place(c, r)) for c in range(12, 31, 3) for r in range(12, 28, 3)]
    write_points(tmp_path / "stations.csv", ["id", "lon", "lat"], everywhere)
    assert main(["plan", str(plan), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "注意：没有拟新增站点：没有服务缺口；" in printed.out
    assert printed.err == ""


# --- the results folder ---


def test_results_are_replaced_only_by_force(finished, capsys):
    plan, results = finished
    out = plan.parent / "again"
    shutil.copytree(results, out)
    before = contents(out)
    assert main(["plan", str(plan), "--out", str(out)]) == 2
    assert "the results folder must not exist yet" in capsys.readouterr().err
    assert contents(out) == before
    assert main(["plan", str(plan), "--out", str(out), "--force", "--language", "en"]) == 0
    assert cp.read_results(out).run["results"]["language"] == "en"
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_results_with_a_file_of_somebody_s_own_are_not_replaced_even_by_force(finished, capsys):
    plan, results = finished
    out = plan.parent / "with notes"
    shutil.copytree(results, out)
    (out / "会议纪要.docx").write_text("notes", encoding="utf-8")
    before = contents(out)
    assert main(["plan", str(plan), "--out", str(out), "--force"]) == 2
    assert "会议纪要.docx" in capsys.readouterr().err
    assert contents(out) == before


# --- what goes wrong on the way ---


def interrupt(*_args, **_options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("stage", ["start.read_inputs", "run.build_grids", "siting.answer", "run.draw_map_data"])
def test_an_interrupted_run_leaves_nothing(finished, capsys, monkeypatch, stage):
    plan, _ = finished
    before = contents(plan.parent)
    monkeypatch.setattr(f"coverage_planner.pipeline.{stage}", interrupt)
    assert main(["plan", str(plan), "--out", str(plan.parent / "halb" / "never")]) == 130
    printed = capsys.readouterr()
    assert printed.err == "coverage-planner: interrupted; nothing was written\n"
    assert printed.out == ""
    assert contents(plan.parent) == before


def test_an_interrupted_replacement_leaves_the_old_results(finished, monkeypatch):
    plan, results = finished
    before = contents(plan.parent)
    monkeypatch.setattr("coverage_planner.pipeline.run.draw_map_data", interrupt)
    assert main(["plan", str(plan), "--out", str(results), "--force"]) == 130
    assert contents(plan.parent) == before


def test_a_bug_keeps_its_traceback_and_leaves_nothing(finished, monkeypatch):
    plan, _ = finished
    before = contents(plan.parent)

    def broken(*_args, **_options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("coverage_planner.pipeline.run.draw_map_data", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["plan", str(plan), "--out", str(plan.parent / "never")])
    assert contents(plan.parent) == before


def test_a_console_that_has_no_chinese_gets_its_message_all_the_same(tmp_path):
    plan = draw_plan(tmp_path / "规划", groups=[{**ALONE[0], "name": "骑手", "mode": "步行"}])
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [program(), "plan", plan, "--out", tmp_path / "结果"], capture_output=True, check=False, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"coverage-planner: [[groups]] 1 mode must be one of walk, bicycle, ebike, drive")
    assert b"Traceback" not in done.stderr


# --- the demo ---


@pytest.mark.slow
def test_the_demo_writes_its_results_into_a_folder_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    printed = capsys.readouterr().out
    assert "数据为人工合成，不是真实城市。" in printed
    assert "已证明最优" in printed
    results = cp.read_results("coverage-planner-demo")
    files = FILES | CIRCLE_FILES | {LISTS_FILES["zh"], REPORT_FILE}
    assert {path.name for path in (tmp_path / "coverage-planner-demo").iterdir()} == files
    assert results.run["results"]["synthetic"] is True
    overall = results.tables["overall"].set_index(["scenario", "group"])
    assert 0.55 <= overall.loc[("现状", "户外劳动者"), "covered_demand_share"] <= 0.85
    assert overall.loc[("方案", "户外劳动者"), "change_covered_demand"] > 0
    assert (tmp_path / "coverage-planner-demo" / "map.html").stat().st_size < 5_000_000
    report = tmp_path / "coverage-planner-demo" / "report.html"
    assert f"报告：{report}（可打印为 PDF）" in printed


def test_the_demo_goes_where_it_is_told(tmp_path, monkeypatch, capsys):
    plan = draw_plan(tmp_path)
    monkeypatch.setattr("coverage_planner.cli.plan_commands.demo_city", lambda: plan.parent)
    out = tmp_path / "演示 结果"
    assert main(["demo", str(out), "--language", "en"]) == 0
    assert f"results: {out} (open map.html first)" in capsys.readouterr().out
    assert cp.read_results(out).run["results"]["language"] == "en"
    assert main(["demo", str(out)]) == 2


def test_a_site_has_one_number_on_the_map_in_the_tables_and_on_the_screen(tmp_path, capsys):
    plan = draw_plan(tmp_path, siting={"n_open": 3})
    rows = [(*premises[:4], *place(*premises[4:])) for premises in reversed(PREMISES)]  # the best stands last
    write_points(tmp_path / "premises.csv", ["id", "name", "kind", "cost", "lon", "lat"], rows)
    assert main(["plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    results = cp.read_results(tmp_path / "out")
    sites = results.tables["by_site"].query("group == 'walkers'")
    assert list(sites["number"]) == list(sites["order"]) == [1, 2, 3]
    assert [line.partition(" (")[0] for line in printed] == [
        f"  {number}. {name}" for number, name in zip(sites["number"], sites["name"], strict=True)
    ]
    # by_site counts what sites cover together at each of them; what is printed adds up to the whole gain
    added = [float(line.partition(": adds ")[2].partition(" ")[0]) for line in printed]
    overall = results.tables["overall"].query("group == 'walkers'")
    assert sum(added) == pytest.approx(overall["change_covered_demand"].iloc[-1])
    assert sum(added) < sites["newly_covered_demand"].sum()
    drawn = json.loads((tmp_path / "out" / "map_data.json").read_text(encoding="utf-8"))
    named = [(site["number"], drawn["stations"][site["station"]]["name"]) for site in drawn["sites"]]
    assert named == list(zip(sites["number"], sites["name"], strict=True))


def test_a_site_without_a_name_is_called_by_its_id(tmp_path, capsys):
    plan = draw_plan(tmp_path, siting={"n_open": 1})
    rows = [
        (key, name if key == "P5" else "", kind, cost, *place(*corner)) for key, name, kind, cost, *corner in PREMISES
    ]
    write_points(tmp_path / "premises.csv", ["id", "name", "kind", "cost", "lon", "lat"], rows)
    assert main(["plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    assert "  1. P2 (" in capsys.readouterr().out


def test_a_drive_that_is_not_there_is_refused(tmp_path, capsys, monkeypatch):
    plan = draw_plan(tmp_path)
    real = Path.exists
    gone = tmp_path.resolve().parents
    monkeypatch.setattr(Path, "exists", lambda self: self not in [*gone, tmp_path, gone[-1]] and real(self))
    assert main(["plan", str(plan), "--out", str(tmp_path / "out")]) == 2
    assert "must be in a place that can be written to" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Windows are closed in another way")
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    plan = draw_plan(tmp_path / "规划 一", siting=None)
    running = subprocess.Popen(
        [program(), "check", plan],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    running.stdout.close()
    _, said = running.communicate()
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said
    assert running.returncode == 0


def test_a_network_is_built_for_the_modes_that_are_named(tmp_path, capsys):
    roads = draw_streets(tmp_path / "roads.osm")
    assert main(["network", str(roads), str(tmp_path / "网络"), "--modes", "walk, truck", "--language", "en"]) == 0
    assert list(cp.read_network(tmp_path / "网络").graphs) == ["walk", "truck"]
    capsys.readouterr()
    assert main(["network", str(roads), str(tmp_path / "other"), "--modes", "walk,plane"]) == 2
    assert "--modes must be among walk, bicycle, ebike, drive, courier, truck, got plane" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
