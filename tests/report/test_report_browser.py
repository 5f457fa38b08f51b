"""The report in Chromium: it asks no network, complains of nothing, and prints to a PDF of A4 pages with its text."""

import base64
import re
import zlib

import pytest

from browser import DESKTOP, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.report_page import write_report
from coverage_planner.report.results import write_results
from drawn_choice import draw_choice
from drawn_circle import draw_study
from drawn_outcome import draw_candidates, draw_outcome

pytestmark = pytest.mark.slow
A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("report browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("报告") / "results"
    plan, today = draw_outcome(proposed=True), draw_outcome()
    write_results(
        plan, folder, baseline=today, candidates=draw_candidates(), solution=draw_choice(),
        circle=draw_study(today, plan), run={"plan": {"name": "示范区"}}, synthetic=True,
    )  # fmt: skip
    return write_report(folder)


def print_pdf(driver) -> bytes:
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    return base64.b64decode(printed["data"])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_asks_nobody_and_is_no_wider_than_the_screen(driver, page, size):
    show(driver, page, size)
    assert all(url.startswith(("file:", "data:")) for url in requested_urls(driver))
    assert complaints(driver) == []
    assert driver.execute_script("return document.documentElement.scrollWidth") <= size[0]
    assert driver.execute_script("return [...document.images].every((i) => i.complete && i.naturalWidth > 0)")


def test_it_prints_to_a4_pages_with_title_and_numbers(driver, page):
    show(driver, page)
    pdf = print_pdf(driver)
    n_pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    boxes = {tuple(round(float(x)) for x in box.split()[2:]) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)}
    assert boxes == {A4_POINTS}
    streams = [found for found in re.findall(rb"stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL) if found[:1] == b"x"]
    drawn = b"".join(zlib.decompressobj().decompress(stream) for stream in streams)
    assert drawn.count(b"BT") > 10 * n_pages  # text, not pictures of it
    assert pdf.count(b"/ToUnicode") >= 1  # that can be searched and copied
    chapters = driver.execute_script("return [...document.querySelectorAll('.chapter')].map((part) => part.id)")
    assert chapters == ["findings", "maps", "charts", "tables", "method", "data", "limits", "settings"]
    assert n_pages > len(chapters) - 2  # two chapters may go on where the one before ends


def test_nothing_is_cut_off_on_paper(driver, page):
    show(driver, page)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        width = round((210 - 36) / 25.4 * 96)
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        wide = driver.execute_script(
            "return [...document.querySelectorAll('table, img, p, li, dd, h1, h2')]"
            ".filter((part) => part.getBoundingClientRect().right > arguments[0] + 1).map((part) => part.outerHTML)",
            width,
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert wide == []
