"""Every page printed to PDF: as many sheets as it should be, of the right size, and nothing beside the paper."""

import base64
import re

import pytest

from browser import DESKTOP, FRAMES, open_browser, show
from drawn_pages import PAGES
from screenshots import wait_until_drawn

pytestmark = pytest.mark.browser

#: Page -> width of the paper in points (A4 is 595 x 842), sheets at least and at most, margins left and right in mm.
SHEETS = {
    "check": (595, 1, 6, 24),
    "hours": (842, 1, 1, 20),
    "map": (842, 1, 1, 20),
    "sites": (842, 2, 8, 22),
    "plans": (595, 3, 12, 24),
    "report": (595, 8, 30, 36),
}
_MM_PER_POINT, _PX_PER_POINT = 25.4 / 72, 96 / 72

# What is seen and reaches beyond the left or right edge of the paper; what a scrolling box cuts off is lost on paper too.
OUTSIDE = """
  const width = document.documentElement.clientWidth, out = [];
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !box.height || style.visibility === "hidden" || e.closest(".leaflet-container, [aria-hidden=true]")) {
      continue;
    }
    const cut = ["auto", "scroll"].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
    if (cut || box.right > width + 1 || box.left < -1) {
      out.push(`${e.tagName}.${e.className} ${Math.round(box.left)}..${Math.round(box.right)} of ${width}`);
    }
  }
  return out.slice(0, 5);
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def printed(page) -> list[tuple[float, float]]:
    """Print as the page's own style says, with its colours; sizes of the sheets in points."""
    made = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    pdf = base64.b64decode(made["data"])
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) == len(re.findall(rb"/Type /Page\b", pdf)) > 0
    return [(float(width), float(height)) for width, height in boxes]


# English words are longer: pages of text are printed in English alone.
@pytest.mark.parametrize(("name", "language"), [(name, "en") for name in SHEETS] + [("hours", "zh"), ("map", "zh")])
def test_a_page_prints_on_its_sheets(driver, tmp_path, name, language):
    across, least, most, margins_mm = SHEETS[name]
    page = show(driver, PAGES[name](tmp_path, language), DESKTOP)
    wait_until_drawn(page)
    sheets = printed(page)
    assert least <= len(sheets) <= most, (name, sheets)
    assert {round(width) for width, _ in sheets} <= {across - 1, across, across + 1}, (name, sheets)
    inside_px = int((across - margins_mm / _MM_PER_POINT) * _PX_PER_POINT)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    metrics = {"width": inside_px, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.execute_async_script(FRAMES)
        assert page.execute_script(OUTSIDE) == [], (name, language)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        page.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": False})
