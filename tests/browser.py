"""Headless Chromium for tests of pages: what it shows, what it asks for, what it complains about."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
DESKTOP, PHONE = (1366, 768), (390, 844)
#: Waits until what was changed is drawn.
FRAMES = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"


@contextmanager
def open_browser(folder: Path, *, width: int = 1366, height: int = 768) -> Iterator[webdriver.Chrome]:
    """Start Chromium with an empty profile in `folder`; the window's inside is width x height."""
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("browser test: needs chromium and chromedriver on the path")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    try:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get("about:blank")  # the profile's own start page asks for things of its own
        requested_urls(driver)
        complaints(driver)
        yield driver
    finally:
        driver.quit()


def show(driver: webdriver.Chrome, path: Path, size: tuple[int, int] = DESKTOP) -> webdriver.Chrome:
    """Open a page anew at a size, and forget what was asked for before."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get("about:blank")
    requested_urls(driver)
    driver.get(path.as_uri())
    driver.execute_async_script(FRAMES)
    return driver


def requested_urls(driver: webdriver.Chrome) -> list[str]:
    """Everything the page asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def complaints(driver: webdriver.Chrome) -> list[str]:
    """Everything the console was told since the last call."""
    return [f"{entry['level']}: {entry['message']}" for entry in driver.get_log("browser")]
