"""The notebooks run from the first cell to the last with the public names alone, and ask no server for anything."""

import ast
import html
import re
import time

import nbformat
import pytest
from nbclient import NotebookClient

import coverage_planner
from browser import CHROMEDRIVER, CHROMIUM, complaints, open_browser, requested_urls, show
from coverage_planner.notebooks import NOTEBOOKS, copy_notebooks, notebook_files

NAMES = list(NOTEBOOKS)
#: Those whose frames are opened in a browser besides: the map with services and hours, and both comparisons.
OPENED = {"02_the_complete_circle.ipynb": 1, "04_compare_plans.ipynb": 2}
#: What makes a browser ask for something; a link that somebody has to click is none.
ASKS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|image|use)\b[^>]*?\b(?:src|srcset|href)\s*=\s*["']?\s*(?:https?:)?//
    |<link\b[^>]*?\bhref\s*=\s*["']?\s*(?:https?:)?//
    |@import\s+(?:url\()?\s*["']?\s*(?:https?:)?//
    |\burl\(\s*["']?\s*(?:https?:)?//""",
    re.IGNORECASE | re.VERBOSE,
)

#: A page of ours says by itself when it is drawn.
STATE = "return document.documentElement.dataset.coverage || ''"


def _read(name):
    return nbformat.read(notebook_files() / name, as_version=4)


def _code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_the_list_is_what_is_there(repository):
    assert sorted(path.name for path in (repository / "notebooks").glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_uses_public_names_only_and_is_stored_without_output(name):
    notebook = _read(name)
    nbformat.validate(notebook)
    tree = ast.parse("\n".join(_code(notebook)))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"coverage_planner"}
    assert {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} <= {"pathlib"}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cp"
    }
    assert used <= set(coverage_planner.__all__)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if "outputs" in cell)


@pytest.mark.parametrize("name", NAMES)
def test_reads_in_chinese_and_english(name):
    said = [cell.source for cell in _read(name).cells if cell.cell_type == "markdown"]
    assert re.match(r"# \d\d · .*[a-z] · .*[\u4e00-\u9fff]", said[0])
    assert "**Question: " in said[0]
    assert "**问题：" in said[0]
    assert "synthetic" in said[0]
    assert sum(bool(re.search("[\u4e00-\u9fff]{6}", text)) for text in said) > len(said) / 2


def test_what_asks_for_something_is_found():
    for page in (
        '<script src="https://example.org/a.js">', "<link rel=stylesheet href=//example.org/a.css>",
        '<img alt="" src="http://example.org/a.png">', "<style>@import url(https://example.org/a.css)</style>",
        '<div style="background: url(//example.org/a.png)">', "<iframe src='https://example.org'>",
    ):  # fmt: skip
        assert ASKS.search(page), page
    assert not ASKS.search('<a href="https://example.org">x</a><img src="data:image/png;base64,//">')


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn of things that are not ours
@pytest.mark.parametrize("name", NAMES)
def test_runs(tmp_path, name):
    notebook = _read(name)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    assert not [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"]
    pages = [output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert any("leaflet" in page.lower() for page in pages), "the map is shown"
    for page in pages:
        whole = html.unescape(html.unescape(page))  # a page inside a frame's srcdoc
        assert "OpenStreetMap contributors" not in whole, "the demo city is none of theirs"
        found = ASKS.search(whole)
        assert found is None, whole[found.start() - 100 : found.end() + 200]
    if name in OPENED and CHROMIUM and CHROMEDRIVER:
        frames = [page for page in pages if "<iframe" in page]
        assert len(frames) == OPENED[name]
        opens_with_no_complaint(frames, tmp_path)


def opens_with_no_complaint(frames, folder):
    """Frames as JupyterLab shows them: their maps open, nothing is asked for, nothing is complained about."""
    page = folder / "notebook.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>x</title>{''.join(frames)}", encoding="utf-8")
    with open_browser(folder) as driver:
        show(driver, page)
        for place in range(len(frames)):
            driver.switch_to.frame(place)
            until = time.monotonic() + 20
            while (state := driver.execute_script(STATE)) not in ("ready", "failed") and time.monotonic() < until:
                time.sleep(0.1)
            assert state == "ready", driver.execute_script("return document.body.innerText")[:500]
            driver.switch_to.default_content()
        assert complaints(driver) == []
        assert [
            url for url in requested_urls(driver) if not url.startswith(("file:", "data:", "blob:", "about:"))
        ] == []


# --- the copy ---


def test_they_are_copied_with_their_data_whole(tmp_path):
    folder = copy_notebooks(tmp_path / "我的 笔记本")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, "README.md", "demo", "office"])
    for name in NAMES:
        assert (folder / name).read_bytes() == (notebook_files() / name).read_bytes()
    for copy, source in (("demo", coverage_planner.demo_city()), ("office", coverage_planner.office_files())):
        there = {path.name: path.read_bytes() for path in source.iterdir() if path.is_file()}
        assert {path.name: path.read_bytes() for path in (folder / copy).iterdir()} == there
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert all(name in text for name in NAMES)
    assert "jupyter lab" in text


def test_the_copy_beside_a_notebook_is_what_it_reads(tmp_path, monkeypatch):
    folder = copy_notebooks(tmp_path / "n")
    monkeypatch.chdir(folder)
    assert coverage_planner.demo_city("demo") == folder / "demo"
    assert coverage_planner.office_files("office") == folder / "office"
    monkeypatch.chdir(tmp_path)
    assert coverage_planner.demo_city("demo") == coverage_planner.demo_city()


def test_only_an_earlier_copy_is_replaced(tmp_path):
    folder = copy_notebooks(tmp_path / "n")
    (folder / NAMES[0]).write_text("changed", encoding="utf-8")
    (folder / ".ipynb_checkpoints").mkdir()
    with pytest.raises(ValueError, match="must not exist yet"):
        copy_notebooks(folder)
    copy_notebooks(folder, force=True)
    assert (folder / NAMES[0]).read_bytes() == (notebook_files() / NAMES[0]).read_bytes()
    (folder / "thesis.docx").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=r"thesis\.docx"):
        copy_notebooks(folder, force=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("# mine", encoding="utf-8")
    with pytest.raises(ValueError, match="only a notebooks folder can be replaced"):
        copy_notebooks(other, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n", "other"]
