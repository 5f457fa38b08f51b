"""The benchmark of the maps runs from end to end: our page and plain folium open, ours answers."""

import json
import subprocess
import sys

import pytest

from browser import CHROMEDRIVER, CHROMIUM


@pytest.mark.slow
@pytest.mark.real_data
def test_a_quick_run_opens_the_pages(real_data, repository, tmp_path):
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("browser test: needs chromium and chromedriver on the path")
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "--quick", "--only", "maps"]
    command += ["--data", str(real_data), "--cache", str(tmp_path / "缓存 a"), "--results", str(tmp_path / "结果.md")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", cwd=tmp_path)
    assert "| Nanjing | 750 |" in done.stdout
    (city,) = json.loads((tmp_path / "缓存 a" / "results.json").read_text(encoding="utf-8"))["sections"]["maps"]
    ours, plain = city["pages"]["ours"], city["pages"]["folium.GeoJson"]
    for page in (ours, plain):
        assert 0 < page["opened_s"] < 60
        assert 0 < page["mib"] < 5
        assert page["cpu_s"] > 0
    assert 0 < ours["hour_ms"] < 10_000
    assert 0 < ours["click_ms"] < 10_000
