"""With the folder of real data given, a real-data test that does not run fails the session."""

import os
import subprocess
import sys

import pytest

SKIPPING = """
import pytest


@pytest.mark.real_data
def test_that_skips():
    pytest.skip("no reason")


def test_that_runs():
    pass
"""


@pytest.mark.parametrize(("given", "code"), [(True, 1), (False, 0)])
def test_a_skipped_real_data_test_fails_the_session_only_where_the_folder_is_given(repository, tmp_path, given, code):
    file = tmp_path / "test_drawn.py"
    file.write_text(SKIPPING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", str(file), "-c", str(repository / "pyproject.toml"), "-p", "conftest"]
    command += ["-p", "no:cacheprovider", *([f"--real-data={tmp_path}"] if given else [])]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    environment |= {"PYTHONPATH": str(repository / "tests"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False)

    assert done.returncode == code, done.stdout + done.stderr
    assert "1 passed, 1 skipped" in done.stdout
    assert ("tests that had to run and were skipped" in done.stdout) is given
