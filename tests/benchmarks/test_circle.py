"""The benchmark of the circle runs from end to end; it asserts itself that the plain recipe marks the same points."""

import json
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.real_data
def test_a_quick_run_measures_the_circle(real_data, repository, tmp_path):
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "--quick", "--only", "circle"]
    command += ["--data", str(real_data), "--cache", str(tmp_path / "缓存 a"), "--results", str(tmp_path / "结果.md")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert re.search(r"^\| 1,000 \| 40 \|", done.stdout, flags=re.MULTILINE)
    assert "The masks take 240 bytes per demand point and group." in done.stdout
    measured = json.loads((tmp_path / "缓存 a" / "results.json").read_text(encoding="utf-8"))["sections"]["circle"]
    (case,) = measured
    assert case["hours"] == 168
    assert case["compared"] == 4 * 10 * 8 * 1000  # groups, rows, hours, points
    assert 0 < case["full_share"]["walkers"] < case["full_share"]["drivers"] <= 1
