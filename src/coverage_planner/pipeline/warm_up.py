"""Compile the search before it is needed, and say how long that took: once per computer, then it is read from disk."""

import gc
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.config import Model
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import DEFAULT_MODES
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.schema import Roads
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.p_median import solve_p_median
from coverage_planner.traveltime.isochrone import isochrones
from coverage_planner.traveltime.times import travel_times

_CRS = 32650
_MODE = "walk"
_CUTOFF_S = 30.0
_NEAR_S = 10.0


@dataclass(frozen=True)
class WarmUp:
    """What warming up took.

    Attributes
    ----------
    seconds
        Time in all.
    compiled
        How many functions were compiled; 0 where all were read from disk.
    """

    seconds: float
    compiled: int


def warm_up(model: Model | None = None) -> WarmUp:
    """Compile or load every compiled function that a plan needs, by running all of it on three streets.

    numba keeps what it compiled beside the program or, where that cannot be written to, in the user's own cache folder;
    it compiles anew after an update of the program or of numba. Loops that only very large problems need are compiled
    when one comes.

    Parameters
    ----------
    model
        The model that sites are chosen with; None: none are.

    Returns
    -------
    WarmUp
        Seconds, and how many functions were compiled.
    """
    started, before = time.perf_counter(), _count_compiled()
    with _few_collections():
        _run_all()
        if model is not None:
            _choose_sites(model == "p-median")
    return WarmUp(time.perf_counter() - started, _count_compiled() - before)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Keep Python from looking for garbage among all that is imported, again and again: a tenth of the time."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(50_000, 20, 20)
    if not frozen:
        gc.freeze()
    try:
        yield
    finally:
        if not frozen:
            gc.unfreeze()
        gc.set_threshold(*thresholds)


@cache
def _run_all() -> None:
    """Evaluate a scenario of one station, which leaves one of two workers uncovered, and draw its own isochrone."""
    network = _tiny_network()
    workers = _points(["A", "B"], [(10.0, 5.0), (90.0, 5.0)]).assign(demand=1.0)
    station = _points(["S"], [(5.0, 5.0)])
    evaluate(Scenario("compiling", station), network, [Group(_MODE, _MODE, _CUTOFF_S, workers)])
    isochrones(network, station, mode=_MODE, cutoffs_s=[_CUTOFF_S], cell_m=50.0)


@cache
def _choose_sites(by_time: bool) -> None:
    """Choose three of nine sites for twenty workers along a street."""
    network = _tiny_network()
    workers = _points([f"D{i:02}" for i in range(20)], [(5.0 * i, 0.0) for i in range(20)])
    workers = workers.assign(demand=[1.0 + i % 3 for i in range(20)])
    places = _points([f"C{i}" for i in range(9)], [(11.0 * i, 0.0) for i in range(9)])
    times = travel_times(network, places, workers, mode=_MODE, limit_s=2 * _NEAR_S)
    station = travel_times(network, places.head(1).assign(id="S"), workers, mode=_MODE, limit_s=2 * _NEAR_S)
    if by_time:
        solve_p_median(times, workers, places, n_open=3, unserved_s=2 * _NEAR_S, existing=station)
    else:
        solve_mclp(times, workers, places, n_open=3, cutoff_s=_NEAR_S, existing=station)


def _points(ids: list[str], places: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": ids}, geometry=shapely.points(places), crs=_CRS)


def _tiny_network() -> RoadNetwork:
    """Three streets in a ring, of which one is joined of two pieces, and a river."""
    xy = np.array([(0, 0), (50, 0), (100, 0), (50, 80)], dtype=float)
    ends = np.array([(0, 1), (1, 2), (2, 3), (3, 0)])
    segments = gpd.GeoDataFrame(
        {"u": ends[:, 0], "v": ends[:, 1], "length_m": 50.0}, geometry=shapely.linestrings(xy[ends]), crs=_CRS
    )
    nodes = gpd.GeoDataFrame({"node_id": np.empty(0, dtype=np.int64)}, geometry=[], crs=_CRS)
    river = gpd.GeoDataFrame({"kind": ["water"]}, geometry=[shapely.box(40.0, 10.0, 60.0, 40.0)], crs=_CRS)
    return build_network(Roads(segments, nodes, river, "three streets"), modes={_MODE: DEFAULT_MODES[_MODE]})


def _count_compiled() -> int:
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in _kernels())


def _kernels() -> Iterable[Any]:
    """Find numba's dispatchers, which stand in modules of one kind of name."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("coverage_planner.") and name.endswith("_kernels")
    ]
    found = [value for module in modules for value in vars(module).values() if hasattr(value, "stats")]
    return {id(kernel): kernel for kernel in found}.values()  # one that other modules import stands in these too
