"""The pictures of the README: pages of a results folder in headless Chromium, as PNG of few colours.

    coverage-planner demo /tmp/demo && python tests/screenshots.py /tmp/demo docs/images

Every page is drawn anew from the folder, in its language; a browser with no network opens it, waits until it says that
it is drawn, does what a reader would do first (an hour, a click), and takes the picture.
"""

import argparse
import base64
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from selenium import webdriver

from browser import DESKTOP, FRAMES, PHONE, open_browser, show
from coverage_planner.report.plan_folders import compare_folders
from coverage_planner.report.redraw import redraw_map
from coverage_planner.report.report_page import write_report
from coverage_planner.report.words import Language

#: Most bytes of a picture in the repository.
MOST_BYTES = 300_000
#: Numbers of colours tried, until a picture is small enough.
_COLOURS = (256, 128, 64, 32)
_WAIT_S = 30.0


@dataclass(frozen=True)
class Shot:
    """A picture: of which page, how large, after which acts.

    Attributes
    ----------
    name
        Name of the file, without ``.png``.
    draw
        Makes the page: results folder, folder to write to -> the page.
    size
        Inner width and height of the window, pixels.
    act
        JavaScript run once the page is drawn, with ``app`` the app of its map; empty does nothing.
    """

    name: str
    draw: Callable[[Path, Path], Path]
    size: tuple[int, int] = DESKTOP
    act: str = ""


def wait_until_drawn(driver: webdriver.Chrome) -> None:
    """Wait until a page with a map says that it is drawn; pages without one are."""
    state = (
        "return typeof coveragePlanner === 'undefined' ? 'ready' : document.documentElement.dataset.coverage || 'busy'"
    )
    end = time.monotonic() + _WAIT_S
    while (found := driver.execute_script(state)) != "ready":
        if found == "failed" or time.monotonic() > end:
            raise RuntimeError(f"a page must be drawn within {_WAIT_S:g} s, it is {found}: {driver.current_url}")
        time.sleep(0.05)
    driver.execute_async_script(FRAMES)


def take(driver: webdriver.Chrome, page: Path, path: Path, size: tuple[int, int] = DESKTOP, act: str = "") -> Path:
    """Open a page, act, and write its picture."""
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    show(driver, page, size)
    wait_until_drawn(driver)
    if act:
        script = "const done = arguments[0], app = await window.coverageApp;" + act + "; setTimeout(done, 600);"
        driver.execute_async_script(f"(async (...arguments) => {{ {script} }})(arguments[arguments.length - 1]);")
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
    write_small(base64.b64decode(picture), path)
    return path


def write_small(png: bytes, path: Path) -> None:
    """Write a picture with as many colours as keep it small enough; those of small marks are kept too."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in _COLOURS:
        made = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE).save(
            made, format="PNG", optimize=True
        )
        if made.tell() <= MOST_BYTES:
            break
    path.write_bytes(made.getvalue())


def take_all(folder: Path, out: Path, shots: Sequence[Shot]) -> list[Path]:
    """Take pictures of the pages of a results folder."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, open_browser(Path(scratch)) as driver:
        taken = []
        for shot in shots:
            made = Path(scratch) / shot.name
            made.mkdir()
            taken.append(take(driver, shot.draw(folder, made), out / f"{shot.name}.png", shot.size, shot.act))
    return taken


def _map(language: Language) -> Callable[[Path, Path], Path]:
    return lambda folder, made: redraw_map(folder, made / "map.html", language=language)


def _report(folder: Path, made: Path) -> Path:
    return write_report(folder, made / "report.html", language="zh")


def _hours(folder: Path, made: Path) -> Path:
    return Path(shutil.copy(folder / "hours.html", made))


def _plans(folder: Path, made: Path) -> Path:
    return compare_folders([folder], made / "plans", language="zh").folder / "comparison.html"


#: An hour of the evening, with all required services asked for.
_EVENING = 'app.set({ what: "full", slot: 2 * 24 + 20 })'
#: Someone asks for the nearest station from the middle of the map.
_CLICK = "app.click.at(app.middle())"
#: The page scrolled to its maps.
_TO_MAPS = 'document.querySelector(".map").scrollIntoView({ block: "center" })'
SHOTS = (
    Shot("map-zh", _map("zh")),
    Shot("map-en", _map("en")),
    Shot("map-hour-zh", _map("zh"), act=_EVENING),
    Shot("map-click-en", _map("en"), act=_CLICK),
    Shot("map-phone-zh", _map("zh"), PHONE),
    Shot("plans-zh", _plans, act=_TO_MAPS),
    Shot("report-zh", _report, (860, 1120)),
)


def main() -> None:
    """Take the pictures of the README."""
    parser = argparse.ArgumentParser(description="pictures of the pages of a results folder")
    parser.add_argument("results", type=Path, help="a results folder, for example of `coverage-planner demo DIR`")
    parser.add_argument("out", type=Path, help="folder for the pictures: docs/images")
    given = parser.parse_args()
    for path in take_all(given.results, given.out, SHOTS):
        print(f"{path} {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
