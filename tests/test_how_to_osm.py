"""docs/how-to/openstreetmap: commands parse, pieces of plan file are valid, the tables of sets are those of the program."""

import re
import shlex

import pytest

from coverage_planner.cli.parser import build_parser
from coverage_planner.config import read_plan
from coverage_planner.demo import demo_city
from coverage_planner.sources.poi_sets import POI_SETS

BLOCKS = re.compile(r"```(toml)?\n(.*?)```", re.DOTALL)


@pytest.fixture(params=["openstreetmap.md", "openstreetmap.zh-CN.md"])
def page(request, repository):
    return (repository / "docs" / "how-to" / request.param).read_text(encoding="utf-8")


def commands_of(text):
    return [line for line in text.splitlines() if line.strip().startswith("coverage-planner ")]


def test_every_command_parses(page):
    lines = [line for kind, block in BLOCKS.findall(page) if not kind for line in commands_of(block)]
    assert len(lines) >= 8
    for line in lines:
        assert build_parser().parse_args(shlex.split(line)[1:]).command in ("fetch", "clip", "check", "plan")


def test_pieces_of_plan_file_are_valid(page, tmp_path):
    [piece] = [block for kind, block in BLOCKS.findall(page) if kind]
    for file in demo_city().iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "wuchang.osm.pbf").write_bytes(b"")
    groups = piece.replace(
        "[groups.demand]", '[[groups]]\nname = "riders"\nmode = "ebike"\ncutoff_min = 5\n\n[groups.demand]'
    )
    head = (demo_city() / "plan.toml").read_text(encoding="utf-8").partition("[premises]")[0]
    (tmp_path / "plan.toml").write_text(f"{head}\n{groups}", encoding="utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert plan.groups[0].name == "riders"


def test_the_tables_of_sets_are_those_of_the_program(page):
    rows = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for cells in re.findall(r"^\| (`\w+`) \| (\S+) \| (.+?) \| ([\d.]+) \| .+ \|$", page, re.MULTILINE)
    }
    assert rows == {
        name: [one.zh, "; ".join(f"{key} = {', '.join(values)}" for key, values in one.tags.items()), f"{one.weight:g}"]
        for name, one in POI_SETS.items()
    }
