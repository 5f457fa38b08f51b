"""How the command line speaks: examples that parse, both languages, JSON for machines, quiet, pages that open."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys

import geopandas as gpd
import pytest

from coverage_planner.cli import _HOMES, main
from coverage_planner.cli.answer import Answer
from coverage_planner.cli.examples import EXAMPLES
from coverage_planner.cli.help_format import wrap
from coverage_planner.cli.language import language_of_locale, language_of_results, language_of_words, system_language
from coverage_planner.cli.parser import build_parser
from coverage_planner.cli.warned import about_warnings
from coverage_planner.notebooks import NOTEBOOKS
from drawn_plan import PLAN, draw_plan, draw_streets

CHINESE = re.compile("[\u3400-\u9fff]")


def commands(language="en"):
    [found] = [a.choices for a in build_parser(language)._actions if isinstance(a, argparse._SubParsersAction)]
    return found


@pytest.fixture(autouse=True)
def _english_computer(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A small plan with one group, and what `plan --json` printed of it."""
    folder = tmp_path_factory.mktemp("manner") / "规划 一"
    return draw_plan(folder, groups=PLAN["groups"][:1], siting={"n_open": 1})


# --- help ---


def test_every_command_has_a_home_and_examples():
    assert set(commands()) == set(_HOMES)
    assert set(commands()) <= set(EXAMPLES)


@pytest.mark.parametrize("name", commands())
def test_every_example_parses_and_stands_in_the_help(name):
    [zh, en] = [commands(language)[name].format_help() for language in ("zh", "en")]
    assert len(EXAMPLES[name]) >= 2
    for line, chinese, english in EXAMPLES[name]:
        given = build_parser().parse_args(shlex.split(line))
        assert given.command == name
        assert f"    coverage-planner {line}\n" in zh + "\n"
        assert f"    coverage-planner {line}\n" in en + "\n"
        assert f"  {chinese}\n" in zh
        assert f"  {english}\n" in en
        assert CHINESE.search(chinese)
        assert not CHINESE.search(english)


def test_the_examples_of_the_program_s_own_help_parse():
    for language in ("zh", "en"):
        lines = re.findall(r"^  coverage-planner (.+)$", build_parser(language).format_help(), re.MULTILINE)
        assert len(lines) >= 5
        for line in lines:
            build_parser().parse_args(shlex.split(line))


@pytest.mark.parametrize("name", commands())
def test_help_says_every_option_in_the_language_that_is_asked_for(name):
    for language in ("zh", "en"):
        command = commands(language)[name]
        assert command.description
        for action in command._actions:
            assert action.help, action.option_strings
            assert (
                bool(CHINESE.search(action.help)) == (language == "zh") or "药店" in action.help or "审" in action.help
            )
        text = command.format_help()
        assert ("用法：coverage-planner" if language == "zh" else "usage: coverage-planner") in text
        for option in ("--language", "--json", "--quiet", "-h, --help"):
            assert option in text


def test_the_computer_s_language_is_that_of_help(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with pytest.raises(SystemExit):
        main(["plan", "--help"])
    assert "方案文件" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["plan", "--language", "en", "--help"])
    assert "the plan file" in capsys.readouterr().out


def test_lines_of_help_are_cut_where_the_screen_ends():
    assert wrap("建好的路网保存和查找的地方，名为 PLAN.network", 20) == [
        "建好的路网保存和查找",
        "的地方，名为",
        "PLAN.network",
    ]
    assert wrap("关于“服务中心”的说明。", 12) == ["关于“服务中", "心”的说明。"]
    assert wrap("words stay whole", 9) == ["words", "stay", "whole"]
    assert wrap("", 9) == [""]


@pytest.mark.parametrize("name", commands())
def test_no_line_of_help_is_wider_than_the_screen(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    for line in commands("zh")[name].format_help().split("例：")[0].splitlines():
        assert sum(1 + (character > "\u2e80") for character in line) <= 90, line


# --- which language ---


def test_the_language_of_a_computer(monkeypatch):
    assert [language_of_locale(name) for name in ("zh_CN.UTF-8", "zh_TW", "ZH_cn", "en_US", "C", "de_DE", "")] == [
        "zh", "zh", "zh", "en", "en", "en", "en",
    ]  # fmt: skip
    if sys.platform != "win32":
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        assert system_language() == "en"
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        assert system_language() == "zh"
        monkeypatch.setenv("LC_MESSAGES", "en_GB")
        assert system_language() == "en"
        monkeypatch.setenv("LC_ALL", "")
        assert system_language() == "en"


def test_the_language_of_words_and_of_results(tmp_path):
    assert language_of_words(["plan", "--language", "zh"]) == "zh"
    assert language_of_words(["plan", "--language=zh", "x"]) == "zh"
    assert language_of_words(["plan", "--language"]) == "en"
    assert language_of_words([]) == "en"
    (tmp_path / "run.json").write_text('{"results": {"language": "zh"}}', encoding="utf-8")
    assert language_of_results(tmp_path) == "zh"
    (tmp_path / "run.json").write_text("[]", encoding="utf-8")
    assert language_of_results(tmp_path) == "en"
    assert language_of_results(tmp_path / "nothing") == "en"


# --- for machines ---


def asked(words, capsys):
    """Run a command with --json; return exit code, the object, and what stood on standard error."""
    code = main([*words, "--json"])
    printed = capsys.readouterr()
    return code, json.loads(printed.out), printed.err


def documented(repository, name):
    """The keys that docs/how-to/command-line.md lists for a command."""
    text = (repository / "docs" / "how-to" / "command-line.md").read_text(encoding="utf-8")
    [row] = re.findall(rf"^\| `{name}` \| (.+) \|$", text, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row))


@pytest.mark.slow
def test_a_plan_and_a_proposal_for_machines(drawn, repository, capsys):
    code, plan, err = asked(["plan", str(drawn), "--out", str(drawn.parent / "结果")], capsys)
    assert (code, err) == (0, "")
    assert plan["command"] == "plan"
    assert set(plan) == documented(repository, "plan") | {"command"}
    shares = {role: one["groups"]["walkers"]["covered_demand_share"] for role, one in plan["scenarios"].items()}
    assert shares["today"] < shares["proposed"] < 1
    assert [site["id"] for site in plan["sites"]] == plan["solution"]["sites"]
    code, sites, err = asked(["propose", str(drawn), "--out", str(drawn.parent / "选址")], capsys)
    assert (code, err) == (0, "")
    assert set(sites) == documented(repository, "propose") | {"command"}
    assert sites["covered_demand_share_today"] == pytest.approx(shares["today"])
    assert sites["network"]["reused"] == str(drawn.with_suffix(".network"))


def test_a_check_a_network_and_notebooks_for_machines(drawn, repository, tmp_path, capsys):
    code, check, _ = asked(["check", str(drawn), "--html", str(tmp_path / "c.html")], capsys)
    assert code == check["exit_code"]
    assert set(check) == documented(repository, "check") | {"command"}
    assert check["written"] == [str(tmp_path / "c.html")]
    roads = draw_streets(tmp_path / "roads.osm")
    code, network, err = asked(["network", str(roads), str(tmp_path / "n"), "--modes", "walk"], capsys)
    assert (code, err) == (0, "")
    assert set(network) == documented(repository, "network") | {"command"}
    assert 0 < network["modes"]["walk"]["open_m"] <= network["length_m"]
    code, copied, err = asked(["notebooks", str(tmp_path / "notebooks")], capsys)
    assert (code, err) == (0, "")
    assert set(copied) == documented(repository, "notebooks") | {"command"}
    assert copied["notebooks"] == list(NOTEBOOKS)


@pytest.fixture(scope="module")
def results(drawn):
    """Two results folders of the drawn plan: with one new site and with two."""
    folder = drawn.parent
    other = draw_plan(folder / "other", groups=PLAN["groups"][:1], siting={"n_open": 2})
    for plan, out in ((drawn, "one site"), (other, "two sites")):
        assert main(["plan", str(plan), "--out", str(folder / out), "--quiet"]) == 0
    return folder / "one site", folder / "two sites"


@pytest.mark.slow
def test_saved_results_are_drawn_reported_and_compared(results, repository, tmp_path, capsys):
    one, two = results
    before = (one / "map.html").read_bytes()
    code, drawn, err = asked(["map", str(one), "--out", str(tmp_path / "en.html"), "--language", "en"], capsys)
    assert (code, err) == (0, "")
    assert set(drawn) == documented(repository, "map") | {"command"}
    assert drawn["bytes"] == (tmp_path / "en.html").stat().st_size
    assert '"language":"en"' in (tmp_path / "en.html").read_text(encoding="utf-8").replace(" ", "")
    assert (one / "map.html").read_bytes() == before
    assert main(["map", str(one), "--out", str(tmp_path / "en.html")]) == 2
    assert "the page must not exist yet" in capsys.readouterr().err
    assert main(["map", str(one), "--out", str(tmp_path / "no" / "en.html")]) == 2
    assert "in a folder that exists" in capsys.readouterr().err
    assert main(["map", str(one)]) == 0
    assert capsys.readouterr().out == f"地图：{one / 'map.html'}\n"
    code, compared, err = asked(
        ["compare", str(one), str(two), "--out", str(tmp_path / "c"), "--names", "A", "B"], capsys
    )
    assert (code, err) == (0, "")
    assert set(compared) == documented(repository, "compare") | {"command"}
    assert compared["scenarios"] == ["现状", "A", "B"]
    assert len(compared["summary"]) > 5
    assert (tmp_path / "c" / "comparison.html").stat().st_size > 100_000


@pytest.mark.slow
def test_a_report_of_saved_results(results, repository, tmp_path, capsys):
    code, report, err = asked(
        ["report", str(results[0]), "--out", str(tmp_path / "r.html"), "--language", "en"], capsys
    )
    assert (code, err) == (0, "")
    assert set(report) == documented(repository, "report") | {"command"}
    assert 'lang="en"' in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_premises_of_a_plan_are_compared(drawn, repository, tmp_path, capsys):
    words = ["compare", str(drawn), "--sites", "P2,P1", "--out", str(tmp_path / "s")]
    code, compared, err = asked(words, capsys)
    assert (code, err) == (0, "")
    assert set(compared) == documented(repository, "compare --sites") | {"command"}
    assert {site["id"] for site in compared["sites"]} == {"P1", "P2"}
    assert [site["rank"] for site in compared["sites"]] == [1, 2]
    assert (tmp_path / "s" / "comparison.html").is_file()


def test_isochrones_and_gaps_are_layers_for_a_gis(drawn, repository, tmp_path, capsys):
    words = ["isochrones", str(drawn), "--out", str(tmp_path / "圈.geojson"), "--minutes", "10,4"]
    code, record, err = asked(words, capsys)
    assert (code, err) == (0, "")
    assert set(record) == documented(repository, "isochrones") | {"command"}
    layer = gpd.read_file(tmp_path / "圈.geojson")
    assert layer.crs.to_epsg() == 4326
    assert layer["cutoff_s"].tolist() == [band["cutoff_s"] for band in record["isochrones"]] == [240.0, 600.0]
    metric = layer.to_crs(layer.estimate_utm_crs())
    assert [band["area_km2"] for band in record["isochrones"]] == pytest.approx(metric.area / 1e6, rel=1e-3)
    assert metric.geometry[1].buffer(1).contains(metric.geometry[0])
    code, record, err = asked(["gaps", str(drawn), "--out", str(tmp_path / "缺口.gpkg")], capsys)
    assert (code, err) == (0, "")
    assert set(record) == documented(repository, "gaps") | {"command"}
    shares = record["groups"]["walkers"]
    uncovered = shares["demand"] * (1 - shares["covered_demand_share"])
    assert sum(gap["uncovered_demand"] for gap in record["gaps"]) == pytest.approx(uncovered)
    layer = gpd.read_file(tmp_path / "缺口.gpkg")
    assert layer.crs.is_projected
    assert layer["id"].tolist() == [gap["id"] for gap in record["gaps"]]
    places = gpd.points_from_xy(*([gap[axis] for gap in record["gaps"]] for axis in ("lon", "lat")), crs=4326)
    assert layer.geometry.buffer(1).contains(gpd.GeoSeries(places).to_crs(layer.crs)).all()
    assert main(["gaps", str(drawn), "--out", str(tmp_path / "缺口.gpkg")]) == 2
    assert "the layer must not exist yet" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["圈.geojson", "缺口.gpkg"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["gaps", "plan.toml", "--out", "gaps.docx"],
            "the layer must be a file of a known kind (.gpkg, .geojson, .json)",
        ),
        (["isochrones", "plan.toml", "--out", "no/x.gpkg"], "the layer must be in a folder that exists"),
        (["map", "nothing"], "nothing must be a results folder"),
        (["report", "nothing"], "nothing must be a results folder"),
        (["compare", "nothing", "nobody", "--out", "x"], "nothing must be a results folder"),
        (["compare", "nothing", "--out", "x"], "compare needs at least two results folders, got 1: nothing"),
        (["compare", "a", "b", "--out", "x", "--rebuild"], "--network and --rebuild go with a plan file"),
        (["compare", "a", "b", "--sites", "P1", "--out", "x"], "--sites and --all go with one plan file"),
        (["compare", "plan.toml", "--out", "x"], "the plan must be a readable file"),
    ],
)
def test_results_and_plans_that_are_not_there(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_plan_that_chooses_no_sites_has_none_to_compare(tmp_path, capsys):
    plan = draw_plan(tmp_path, siting=None)
    assert main(["compare", str(plan), "--out", str(tmp_path / "x")]) == 2
    assert "a plan must have [siting] to compare sites" in capsys.readouterr().err
    assert main(["compare", str(plan), "--sites", " ,", "--out", str(tmp_path / "x")]) == 2
    assert "--sites must name premises" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["plan", "nothing.toml", "--out", "x"], "SourceError", "the plan must be a readable file"),
        (["propose", "nothing.toml", "--out", "x"], "SourceError", "the plan must be a readable file"),
        (["network", "nothing.osm", "x"], "SourceError", "nothing.osm"),
        (["clip", "a.osm.pbf", "b.osm.pbf", "--area", "nothing.geojson"], "SourceError", "nothing.geojson"),
    ],
)
def test_errors_for_machines(tmp_path, monkeypatch, capsys, words, kind, said):
    monkeypatch.chdir(tmp_path)
    code, record, err = asked(words, capsys)
    assert code == 2
    assert record["command"] == words[0]
    assert record["error"]["kind"] == kind
    assert said in record["error"]["message"]
    assert err == f"coverage-planner: {record['error']['message']}\n"
    assert list(tmp_path.iterdir()) == []


def test_words_that_cannot_be_understood_for_machines(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["plan", "plan.toml", "--json"])
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert json.loads(printed.out) == {
        "command": None,
        "error": {
            "kind": "UsageError",
            "message": "the following arguments are required: --out (for examples: coverage-planner plan --help)",
        },
    }
    assert "usage: coverage-planner plan" in printed.err
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--help", "--json"])
    assert not ended.value.code


def interrupt(*_args, **_options):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "已中断；没有写入任何内容"), ("en", "interrupted; nothing was written")]
)
def test_an_interruption_is_said_in_both_languages_and_for_machines(
    drawn, tmp_path, monkeypatch, capsys, language, said
):
    monkeypatch.setattr("coverage_planner.pipeline.proposal.begin", interrupt)
    words = ["propose", str(drawn), "--out", str(tmp_path / "x"), "--language", language]
    code, record, err = asked(words, capsys)
    assert code == 130
    assert record == {"command": "propose", "error": {"kind": "Interrupted", "message": said}}
    assert err == f"coverage-planner: {said}\n"


@pytest.mark.slow
def test_a_console_in_another_encoding_gets_json_in_ascii(tmp_path):
    command = [
        sys.executable,
        "-c",
        "from coverage_planner.cli import main; main()",
        "plan",
        "没有.toml",
        "--out",
        "x",
        "--json",
    ]
    done = subprocess.run(
        command, capture_output=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "gbk"}
    )
    assert "没有.toml" in json.loads(done.stdout.decode("ascii"))["error"]["message"]


# --- quiet, and pages ---


def test_quiet_says_nothing_but_errors(drawn, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["propose", str(drawn), "--out", str(out), "--quiet"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert (out / "certificate.txt").is_file()
    assert main(["propose", str(drawn), "--out", str(out), "--quiet"]) == 2
    assert "must not exist yet" in capsys.readouterr().err


def test_a_page_is_opened_only_when_asked_for(tmp_path, monkeypatch, capsys):
    opened = []
    page = tmp_path / "地 图.html"
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("coverage_planner.cli._command", lambda _: lambda _: Answer(["done"], {}, page=page))
    assert main(["plan", "plan.toml", "--out", "x"]) == 0
    assert opened == []
    assert main(["plan", "plan.toml", "--out", "x", "--open"]) == 0
    assert opened == [page.as_uri()]
    assert capsys.readouterr().out == "done\ndone\n"


# --- the pages ---


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "README.zh-CN.md",
        "docs/how-to/command-line.md",
        "docs/how-to/notebooks.md",
        "docs/how-to/notebooks.zh-CN.md",
    ],
)
def test_every_command_of_a_page_parses(repository, page):
    text = (repository / page).read_text(encoding="utf-8")
    lines = [
        *re.findall(r"^coverage-planner (.+)$", text, re.MULTILINE),
        *re.findall(r"\| `coverage-planner ([^`]+)` \|", text),
    ]
    assert len(lines) >= 2
    for line in lines:
        words = shlex.split(line.split(" > ")[0])
        if "COMMAND" not in words and "--help" not in words:
            build_parser().parse_args(words)


def test_the_pages_of_commands_name_them_all(repository):
    chinese, text = (
        (repository / "docs" / "how-to" / name).read_text(encoding="utf-8")
        for name in ("command-line.zh-CN.md", "command-line.md")
    )
    listed = [re.findall(r"^\| `([a-z]+ ?[^`]*)` \| [^|`]+ \| \[", page, re.MULTILINE) for page in (chinese, text)]
    assert listed[0] == listed[1]
    assert [name for name in commands() if f"| `{name} " not in text and f"| `{name}` " not in text] == []
    for name in commands():
        assert re.search(rf"^\| `{name}` \| ", text, re.MULTILINE), name


def test_what_a_run_warns_of_is_said_in_the_language_of_its_summary():
    known = (
        "309 of 600 demand of 货车司机 (points 2: a, b) lies nearer to the edge of the streets than people travel; what "
        "lies beyond the edge is not seen; give roads and stations 3667 m around it"
    )
    assert "离路网边缘" in about_warnings([known], "zh")[0]
    assert "nearer to the edge" not in about_warnings([known], "zh")[0]
    assert known in about_warnings([known], "en")[0]
    assert "something else" in about_warnings(["something else"], "zh")[0]
