"""Compiling before the work: all of it, once, and said."""

import os
import re
import subprocess
import sys

import pytest

from coverage_planner.pipeline.warm_up import warm_up
from drawn_plan import draw_plan, write_points
from osm_drawing import place

COUNT_AFTER = """
from pathlib import Path
from coverage_planner.config import read_plan
from coverage_planner.pipeline import keep_streets, run_plan, write_run
from coverage_planner.pipeline.warm_up import _kernels, warm_up

first = warm_up("mclp")
again = warm_up("mclp")
plan, out = Path({plan!r}), Path({out!r})
before = {{kernel.__name__: set(map(str, kernel.stats.cache_misses)) for kernel in _kernels()}}
for network_folder in (None, out.with_name("net"), out.with_name("net")):
    run = run_plan(read_plan(plan), network_folder=network_folder)
    assert run.warmed.compiled == 0
    if network_folder is not None and run.streets.reused is None:
        keep_streets(run.streets, network_folder)
assert run.streets.reused
assert len(run.network.obstacles) == 1
write_run(run, out)
after = {{kernel.__name__: set(map(str, kernel.stats.cache_misses)) for kernel in _kernels()}}
late = {{name: kinds - before.get(name, set()) for name, kinds in after.items()}}
print(first.compiled, again.compiled, {{name: kinds for name, kinds in late.items() if kinds}})
"""


def run_fresh(command, cache):
    """Run a command of Python's with compiled code in a folder of its own."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, encoding="utf-8", check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("model", [None, "mclp", "p-median"])
def test_warming_up_twice_compiles_nothing_more(model):
    warm_up(model)
    assert warm_up(model).compiled == 0


@pytest.mark.slow
def test_nothing_is_left_to_compile_when_a_plan_runs_on_a_built_or_reopened_network(tmp_path):
    plan = draw_plan(tmp_path)
    rows = [(f"D{n}", *place(c + 0.7, 18.8), 1) for n, c in enumerate(range(14, 28))]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    rails = '<way id="901" version="1"><nd ref="2512"/><nd ref="3127"/><tag k="railway" v="rail"/></way></osm>'
    roads = tmp_path / "roads.osm"
    roads.write_text(roads.read_text(encoding="utf-8").replace("</osm>", rails), encoding="utf-8")
    script = COUNT_AFTER.format(plan=str(plan), out=str(tmp_path / "out"))
    compiled, *rest = run_fresh(["-c", script], tmp_path / "cache").split(maxsplit=2)
    assert int(compiled) >= 5
    assert rest == ["0", "{}\n"]


@pytest.mark.slow
def test_the_first_run_says_how_long_it_compiled_and_the_second_does_not(tmp_path):
    plan = draw_plan(tmp_path, siting=None)
    command = ["-m", "coverage_planner.cli", "plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]
    script = f"import sys; from coverage_planner.cli import main; sys.exit(main({[*command[2:], '--force']!r}))"
    first, second = (run_fresh(["-c", script], tmp_path / "cache") for _ in range(2))
    [seconds] = re.findall(r"^compiled the search once: (\d+\.\d) s; kept for the next runs$", first, re.MULTILINE)
    assert float(seconds) > 0.5
    assert "compiled" not in second
