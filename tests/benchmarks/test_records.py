"""The benchmark of records runs from end to end; its own assertions hold the counts together."""

import json
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.real_data
def test_a_quick_run_counts_the_drawn_orders(real_data, repository, tmp_path):
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "--quick", "--only", "records"]
    command += ["--data", str(real_data), "--cache", str(tmp_path / "缓存 a"), "--results", str(tmp_path / "结果.md")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert re.search(r"^\| ours: hexagons \|", done.stdout, flags=re.MULTILINE)
    measured = json.loads((tmp_path / "缓存 a" / "results.json").read_text(encoding="utf-8"))["sections"]["records"]
    by_way = {row["way"]: row for row in measured}
    assert by_way["hexagons"]["counted"] == by_way["pandas"]["counted"] == 20_000
    assert by_way["riders"]["withheld"] >= by_way["hexagons"]["withheld"]
    assert by_way["read"]["counted"] == by_way["read_pandas"]["counted"] == 20_000
    assert by_way["hours"]["counted"] == pytest.approx(20_000 / 8, rel=0.1)
