"""The public names: they resolve, they agree with each other, and importing them is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import coverage_planner as cp

HEAVY = (
    "geopandas",
    "pandas",
    "numpy",
    "shapely",
    "numba",
    "osmnx",
    "networkx",
    "scipy",
    "folium",
    "highspy",
    "osmium",
    "pyarrow",
    "pyproj",
)


@pytest.mark.parametrize("name", cp.__all__)
def test_every_public_name_resolves(name):
    assert getattr(cp, name) is not None


def test_the_list_and_the_homes_agree():
    assert set(cp._HOMES) == set(cp.__all__)
    assert len(set(cp.__all__)) == len(cp.__all__)
    assert set(cp.__all__) <= set(dir(cp))


def test_the_imports_for_type_checkers_agree_with_the_homes():
    tree = ast.parse(Path(cp.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.name: node.module.removeprefix("coverage_planner.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == cp._HOMES


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="module 'coverage_planner' has no attribute 'nothing'"):
        cp.nothing  # noqa: B018


def test_every_public_function_and_class_has_a_docstring():
    for name in cp.__all__:
        thing = getattr(cp, name)
        if callable(thing):
            assert thing.__doc__, name
            assert thing.__module__.startswith("coverage_planner."), name


def loaded_after(statement):
    """Heavy modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import coverage_planner") == []


def test_looking_at_the_names_loads_nothing_heavy():
    assert loaded_after("import coverage_planner; dir(coverage_planner); coverage_planner.__version__") == []


def test_building_networks_needs_neither_networkx_nor_osmnx_nor_the_map_and_solver():
    loaded = loaded_after("import coverage_planner as cp; cp.build_network; cp.travel_times; cp.RoadNetwork")
    assert set(loaded).isdisjoint({"networkx", "osmnx", "folium", "highspy", "osmium"})
