"""Options and fixtures shared by all tests."""

from pathlib import Path

import hypothesis
import pytest

# The same examples on every run and machine; --hypothesis-profile=explore looks for new ones.
# No deadline: machines are noisy, and a slow one is no fault of the code.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("explore", max_examples=500)
hypothesis.settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parents[1]
MUST_RUN = ("real_data", "browser")


def pytest_addoption(parser):
    parser.addoption(
        "--real-data", default=None, help="folder of real data (../shared/data); without it those tests skip"
    )
    parser.addoption(
        "--axe", default=None, help="axe.min.js of the npm package axe-core; without it the tests of accessibility skip"
    )


def pytest_configure(config):
    """Drop compiled code that is older than any compiled loop: numba does not see that a function it called changed."""
    if hasattr(config, "workerinput"):
        return  # one process of several
    sources = list((REPOSITORY / "src").rglob("*_kernels.py"))
    newest = max(source.stat().st_mtime for source in sources)
    for folder in {source.parent / "__pycache__" for source in sources}:
        for compiled in folder.glob("*.nb[ci]"):
            if compiled.stat().st_mtime < newest:
                compiled.unlink()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.slow)


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
def axe(request) -> str:
    """The script of axe-core, which checks pages for accessibility; it is no part of the repository."""
    given = request.config.getoption("--axe")
    if given is None:
        pytest.skip("accessibility test: `npm pack axe-core`, unpack it, give --axe package/axe.min.js")
    path = Path(given).resolve()
    if not path.is_file():
        pytest.fail(f"--axe must name axe.min.js of the npm package axe-core, got {path}")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


def _skipped_but_must_run(reporter) -> list[str]:
    skipped = reporter.stats.get("skipped", [])
    return [report.nodeid for report in skipped if any(mark in report.keywords for mark in MUST_RUN)]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """With the folder given, a real-data or browser test that did not run fails the session."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--real-data") and reporter and _skipped_but_must_run(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    missing = _skipped_but_must_run(terminalreporter)
    if config.getoption("--real-data") and missing:
        terminalreporter.section("tests that had to run and were skipped")
        for nodeid in missing:
            terminalreporter.line(nodeid)
