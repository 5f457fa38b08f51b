"""Opening the map's page in a browser, and what its tests ask of it."""

from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from browser import DESKTOP, FRAMES, show
from coverage_planner.report.map_data import MapData
from coverage_planner.report.map_page import draw_map_data

WAIT_S = 20

# Sum of the opacity of all pixels that a pane's canvases show.
INK = """
  return [...document.querySelectorAll(`.leaflet-${arguments[0]}-pane canvas`)].reduce((sum, canvas) => {
    if (!canvas.width || !canvas.height) return sum;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 3; i < data.length; i += 4) sum += data[i];
    return sum;
  }, 0);
"""
OVERFLOWING = """
  return [...document.querySelectorAll(".cp-box, .cp-sheet-top, .cp-side-body, .cp-popup, .cp-dialog[open]")]
    .filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1).map((box) => box.className);
"""


def save_maps(data: MapData, folder: Path) -> dict[str, Path]:
    """Both languages of a map, in files with Chinese names and spaces."""
    paths = {language: folder / f"地图 {language}.html" for language in ("zh", "en")}
    for language, path in paths.items():
        draw_map_data(data, language=language).save(path)
    return paths


def open_map(driver: webdriver.Chrome, path: Path, size: tuple[int, int] = DESKTOP) -> webdriver.Chrome:
    """Open a map anew and wait until it is drawn; its app is `window.app`."""
    page = show(driver, path, size)
    WebDriverWait(page, WAIT_S, poll_frequency=0.02).until(lambda d: state(d) is not None)
    assert state(page) == "ready"
    page.execute_async_script("const done = arguments[0]; coverageApp.then((app) => { window.app = app; done(); });")
    return page


def state(page: webdriver.Chrome) -> str | None:
    """What the page says of itself."""
    return page.execute_script("return document.documentElement.dataset.coverage ?? null")


def run(page: webdriver.Chrome, script: str, *given: Any) -> Any:
    """Run a script in the page and wait until what it changed is drawn."""
    answer = page.execute_script(script, *given)
    page.execute_async_script(FRAMES)
    return answer


def ink(page: webdriver.Chrome, pane: str) -> int:
    """How much a pane's canvases show."""
    page.execute_async_script(FRAMES)
    return page.execute_script(INK, pane)


def switch(page: webdriver.Chrome, key: str) -> None:
    """Click a layer's box or a shading's button in the legend."""
    run(page, f"document.querySelector(\"[data-layer='{key}'] input, [data-shading='{key}'] input\").click()")


def popup(page: webdriver.Chrome) -> dict[str, str]:
    """The title and rows of the open popup."""
    script = """
      const box = [...document.querySelectorAll(".leaflet-popup .cp-popup")].pop();
      const rows = [...box.querySelectorAll("tr")].map((row) => [row.children[0].textContent, row.children[1].textContent]);
      return Object.fromEntries([["title", box.querySelector("h2").textContent], ...rows]);
    """
    return page.execute_script(script)
