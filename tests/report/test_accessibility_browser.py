"""Every page against axe-core: WCAG 2.1 A and AA, contrast among them, at the sizes of a desk and of a phone.

axe-core is no part of the repository: ``npm pack axe-core``, unpack it, ``--axe package/axe.min.js``.
"""

import pytest

from browser import DESKTOP, PHONE, open_browser, show
from drawn_pages import PAGES
from screenshots import wait_until_drawn

pytestmark = pytest.mark.slow

RUN = """
  const done = arguments[0], tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }).then(
    (found) => done(found.violations.map((rule) =>
      [rule.id, rule.nodes.length, ...rule.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + " " + n.failureSummary)])),
    (error) => done([String(error)]));
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        started.set_script_timeout(60)
        yield started


def violations(page, axe) -> list:
    """What axe-core finds in the page that is open, as lists of rule, number of places and the first of them."""
    page.execute_script(axe)
    return page.execute_async_script(RUN)


def test_the_rules_find_what_is_wrong(driver, axe, tmp_path):
    path = tmp_path / "wrong.html"
    path.write_text('<!DOCTYPE html><title>x</title><img src="x.png"><p style="color:#bbb">pale</p>', encoding="utf-8")
    found = {rule for rule, *_ in violations(show(driver, path), axe)}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", list(PAGES))
def test_nothing_is_out_of_reach(driver, axe, tmp_path, page, language):
    path = PAGES[page](tmp_path, language)
    for size in (DESKTOP, PHONE):
        show(driver, path, size)
        wait_until_drawn(driver)
        assert violations(driver, axe) == [], (page, language, size)
