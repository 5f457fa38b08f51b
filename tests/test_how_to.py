"""docs/how-to: each piece of plan file is valid, and says the same as the command under it; no option is left out."""

import itertools
import re
import shlex
from dataclasses import fields

import pytest

from coverage_planner.cli.examples import EXAMPLES
from coverage_planner.cli.parser import build_parser
from coverage_planner.cli.siting_options import siting_changes
from coverage_planner.config import SitingSettings, change_plan, read_plan
from coverage_planner.demo import demo_city

BLOCKS = re.compile(r"```(toml)?\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs" / "how-to" / "choose-sites.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a piece of plan file into a copy of the demo's plan, in place of the tables it has; returns the plan."""
    demo = demo_city()
    folder = tmp_path_factory.mktemp("how to")
    for file in demo.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    text = (demo / "plan.toml").read_text(encoding="utf-8")
    first, rest = text.split("[[groups]]", 1)
    without_siting = re.sub(r"\[siting\]\nn_open = 5\n", "", rest)

    def write(piece: str):
        groups = "" if "[[groups]]" in piece else f"[[groups]]{without_siting}"
        (folder / "plan.toml").write_text(f"{first}{groups}\n{piece}", encoding="utf-8")
        return read_plan(folder / "plan.toml")

    return write


def asked(line: str):
    given = build_parser().parse_args(shlex.split(line, comments=True)[1:])
    assert given.command == "propose"
    return siting_changes(given)


def commands_of(text: str) -> list[str]:
    return [line.split(" > ")[0].strip() for line in text.splitlines() if "coverage-planner propose" in line]


def test_each_piece_of_plan_file_says_the_same_as_the_command_under_it(page, written):
    blocks = [(kind, text) for kind, text in BLOCKS.findall(page)]
    pairs = [
        (piece, command)
        for (kind, piece), (_, command) in itertools.pairwise(blocks)
        if kind == "toml" and "coverage-planner propose" in command
    ]
    assert len(pairs) >= 10
    demo = read_plan(demo_city() / "plan.toml")
    for piece, command in pairs:
        plan = written(piece)
        changed, _ = change_plan(demo, asked(command.strip()))
        assert plan.siting == changed.siting, piece


def test_every_command_can_be_given_to_the_demo(page):
    demo = read_plan(demo_city() / "plan.toml")
    lines = [line for _, text in BLOCKS.findall(page) for line in commands_of(text)]
    examples = [f"coverage-planner {line}" for line, _, _ in EXAMPLES["propose"]]
    assert len(examples) == 7
    for line in [*lines, *examples]:
        changed, _ = change_plan(demo, asked(line))
        assert changed.siting is not None


def test_no_key_and_no_option_is_left_out(page):
    keys = [f.metadata.get("key", f.name) for f in fields(SitingSettings)]
    assert [key for key in keys if key not in page] == []
    [commands] = [action.choices for action in build_parser()._actions if isinstance(action.choices, dict)]
    options = [option for action in commands["propose"]._actions for option in action.option_strings]
    known = {"-h", "--help", "--force", "--language", "--network", "--rebuild", "--minimise", "--out", "--quiet"}
    assert [option for option in options if option not in page and option not in known] == []
