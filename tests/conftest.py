"""Options and fixtures shared by all tests."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--real-data", default=None, help="folder of real data (../shared/data); without it those tests skip"
    )


@pytest.fixture(scope="session")
def real_data(request) -> Path:
    given = request.config.getoption("--real-data")
    if given is None:
        pytest.skip("real-data test: give the folder with --real-data ../shared/data")
    folder = Path(given).resolve()
    if not folder.is_dir():
        pytest.fail(f"--real-data must name a folder, got {folder}")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY
