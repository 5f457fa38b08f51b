"""The notebooks run from the first cell to the last, with the public names alone."""

import ast

import nbformat
import pytest
from nbclient import NotebookClient

import coverage_planner

NAMES = ["01_first_plan", "02_the_complete_circle", "03_choose_sites"]


def _code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NAMES)
def test_uses_public_names_only_and_is_stored_without_output(repository, name):
    notebook = nbformat.read(repository / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    tree = ast.parse("\n".join(_code(notebook)))
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert imported == ["coverage_planner"]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cp"
    }
    assert used <= set(coverage_planner.__all__)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's own libraries warn of things that are not ours
@pytest.mark.parametrize("name", NAMES)
def test_runs(repository, tmp_path, name):
    notebook = nbformat.read(repository / "notebooks" / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pages = [output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert any("leaflet" in page.lower() for page in pages), "the map is shown"
    errors = [output for output in shown if output.output_type == "error"]
    assert not errors
