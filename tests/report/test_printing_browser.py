"""Every page printed to PDF: as many sheets as it should be, of the right size, and nothing beside the paper."""

import base64
import re

import pytest

from browser import DESKTOP, FRAMES, open_browser, show
from drawn_pages import PAGES

pytestmark = pytest.mark.browser

#: Page -> width of the paper in points, sheets at least and at most. A4 is 595 x 842.
SHEETS = {"check": (595, 1, 6), "hours": (842, 1, 1)}
_ACROSS, _A4_PX = 842, (794, 1123)

# What is seen and reaches beyond the left or right edge of the paper; what a scrolling box cuts off is lost on paper too.
OUTSIDE = """
  const width = document.documentElement.clientWidth, out = [];
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !box.height || style.visibility === "hidden" || e.closest(".leaflet-pane, [aria-hidden=true]")) {
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


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", list(SHEETS))
def test_a_page_prints_on_its_sheets(driver, tmp_path, name, language):
    across, least, most = SHEETS[name]
    page = show(driver, PAGES[name](tmp_path, language), DESKTOP)
    sheets = printed(page)
    assert least <= len(sheets) <= most, (name, sheets)
    assert {round(width) for width, _ in sheets} <= {across - 1, across, across + 1}, (name, sheets)
    width, height = _A4_PX[::-1] if across == _ACROSS else _A4_PX
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.execute_async_script(FRAMES)
        assert page.execute_script(OUTSIDE) == [], (name, language)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
