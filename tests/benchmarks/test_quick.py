"""The benchmarks run from end to end; their figures are no matter of tests, that the engines agree is."""

import json
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.real_data
def test_a_quick_run_compares_the_engines_and_prints_the_tables(real_data, repository, tmp_path):
    results = tmp_path / "结果 1.md"
    published = (repository / "benchmarks" / "RESULTS.md").read_bytes()
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "--quick", "--only", "engine", "sweep"]
    command += ["--data", str(real_data), "--cache", str(tmp_path / "缓存 a"), "--results", str(results)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert re.search(r"^Machine: .* Seed \d+; \d{4}-\d\d-\d\d\.$", done.stdout, flags=re.MULTILINE)
    for limit in ("walking 1,200 m", "e-bike 3,750 m"):
        row = re.search(rf"^\| Wuhan \| {limit} \|(.*)\|$", done.stdout, flags=re.MULTILINE)
        nodes, arcs, pairs, _, networkx, scipy = (cell.strip() for cell in row[1].split("|"))
        assert int(nodes.replace(",", "")) < int(arcs.replace(",", ""))
        assert int(pairs.replace(",", "")) > 100  # more than the sources themselves
        assert float(networkx.split()[0]) > 0
        assert float(scipy.split()[0]) > 0
    assert "ours = ours x2 = scipy = networkx" in done.stdout
    assert "The times of all nodes are the same." in done.stdout
    text = results.read_text(encoding="utf-8")
    assert "## Many-to-many searches" in text
    assert "## Nearest facility for every node" in text
    figures = json.loads((tmp_path / "缓存 a" / "results.json").read_text(encoding="utf-8"))
    assert [case["mode"] for case in figures["sections"]["engine"]] == ["walk", "ebike"]
    assert (repository / "benchmarks" / "RESULTS.md").read_bytes() == published
