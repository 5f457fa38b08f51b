"""How long pages take to open in headless Chromium with no network, how much memory they take, how fast they answer.

Every opening has a browser of its own with an empty profile, as when a file is double-clicked. The clock is the page's
own: it starts with the navigation. A page is drawn when the screen has been painted with what it shows: when our map
says that it is ready, or, for pages that draw while they load, at the second frame after their load event.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service

SIZE = (1366, 768)
_SCRIPT_S = 30.0
#: Runs before anything of the page: notes when it is drawn.
_WATCH = """
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnAt = performance.now(); }));
  const ours = () => document.querySelector("meta[name=generator][content^='coverage-planner']")
    || typeof coveragePlanner !== "undefined";
  addEventListener("load", () => {
    if (!ours()) { drawn(); return; }
    const look = () => {
      const state = document.documentElement.dataset.coverage;
      if (state === "ready") drawn();
      else if (state === "failed") window.drawnAt = -1;
      else setTimeout(look, 5);
    };
    look();
  });
"""
#: Milliseconds from an act on the page's app until the second frame after it has answered.
_ANSWER = """
  const done = arguments[arguments.length - 1], given = arguments[1];
  const AsyncFunction = (async () => {}).constructor, act = new AsyncFunction("app", "args", arguments[0]);
  const frames = () => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
  window.coverageApp.then(async (app) => {
    await frames();
    const start = performance.now();
    await act(app, given);
    await frames();
    done(performance.now() - start);
  }).catch((error) => done(String(error)));
"""


class BrowserMissingError(RuntimeError):
    """No Chromium to measure with."""


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Start Chromium with an empty profile and without a network."""
    binary, driver_path = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if binary is None or driver_path is None:
        raise BrowserMissingError("needs chromium and chromedriver on the path")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        options.page_load_strategy = "none"  # a page that takes minutes shall not hold the driver
        for flag in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={SIZE[0]},{SIZE[1]}",
        ):  # fmt: skip
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(driver_path))
        try:
            driver.set_script_timeout(_SCRIPT_S)
            metrics = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
            yield driver
        finally:
            driver.quit()


def open_page(driver: webdriver.Chrome, path: Path, timeout_s: float) -> float | None:
    """Open a page; return seconds until it is drawn, None where it is not within the timeout or breaks."""
    driver.get(path.resolve().as_uri())
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            drawn = driver.execute_script("return location.protocol === 'file:' ? window.drawnAt : undefined;")
        except TimeoutException:  # the page is busy
            continue
        except WebDriverException:  # the tab has crashed
            return None
        if drawn is not None:
            return drawn / 1000 if drawn >= 0 else None
        time.sleep(0.05)
    return None


def _page_process(driver: webdriver.Chrome) -> psutil.Process | None:
    """Return the largest process that draws pages: that of the page which was opened."""
    found: list[tuple[int, psutil.Process]] = []
    for child in psutil.Process(driver.service.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # gone meanwhile
            if "--type=renderer" in child.cmdline():
                found.append((child.memory_info().rss, child))
    return max(found, key=lambda one: one[0])[1] if found else None


def cpu_s(driver: webdriver.Chrome) -> float:
    """Return the seconds of CPU that the page's process has taken: other work on the machine disturbs them little."""
    process = _page_process(driver)
    return 0.0 if process is None else sum(process.cpu_times()[:2])


def memory_mib(driver: webdriver.Chrome) -> dict[str, float]:
    """Return what the page holds after a collection: JavaScript heap, arrays beside it, and its whole process."""
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    usage: dict[str, Any] = driver.execute_cdp_cmd("Runtime.getHeapUsage", {})
    process = _page_process(driver)
    return {
        "heap_mib": usage["usedSize"] / 2**20,
        "arrays_mib": usage.get("backingStorageSize", 0) / 2**20,
        "process_mib": 0.0 if process is None else process.memory_info().rss / 2**20,
    }


def answer_ms(driver: webdriver.Chrome, act: str, *args: object) -> float:
    """Return how long our map takes to answer an act until the screen shows it, milliseconds."""
    took = driver.execute_async_script(_ANSWER, act, list(args))
    assert isinstance(took, (int, float)), took
    return float(took)


def measure_page(
    path: Path, *, rounds: int, timeout_s: float, acts: dict[str, list[tuple[Any, ...]]] | None = None
) -> dict[str, Any]:
    """Open a page some times, each in a browser of its own; the acts are tried in the last.

    Parameters
    ----------
    path
        The page.
    rounds
        Openings; one that fails is the last.
    timeout_s
        Longest time for one opening.
    acts
        Name -> turns, each the body of a function of (app, args) and its arguments.

    Returns
    -------
    dict
        ``mib`` of the file, ``opened_s`` (None where it did not), ``cpu_s`` of the page's process by then, memory, and
        the median of each act in milliseconds.
    """
    figures: dict[str, Any] = {"mib": path.stat().st_size / 2**20, "opened_s": None}
    taken: list[float] = []
    worked: list[float] = []
    for turn in range(rounds):
        with browser() as driver:
            opened_s = open_page(driver, path, timeout_s)
            if opened_s is None:
                return figures
            taken.append(opened_s)
            worked.append(cpu_s(driver))
            if turn == rounds - 1:
                figures |= memory_mib(driver)
                for name, turns in (acts or {}).items():
                    figures[f"{name}_ms"] = median(answer_ms(driver, *one) for one in turns)
    return figures | {"opened_s": median(taken), "opened_all_s": taken, "cpu_s": median(worked)}
