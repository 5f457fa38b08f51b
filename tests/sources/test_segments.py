from collections import Counter
from itertools import pairwise

import networkx as nx
import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.sources.segments import WGS84, Lines, cut_lines, draw_pieces

NODE_PLACES = {node: (114.0 + node % 5 / 1000, 30.0 + node // 5 / 1000) for node in range(20)}
NOTHING = np.empty(0, dtype=np.int64)


def lines_of(ways, unknown=()):
    refs = np.array([node for way in ways for node in way], dtype=np.int64)
    places = np.array([(np.nan, np.nan) if node in unknown else NODE_PLACES[node] for node in refs.tolist()])
    places = places.reshape(-1, 2)
    starts = np.cumsum([0, *map(len, ways)], dtype=np.int64)
    return Lines(starts, refs, places[:, 0], places[:, 1])


def paths_of(pieces):
    return [pieces.node_ids[one : other + 1].tolist() for one, other in zip(pieces.first, pieces.last, strict=True)]


def steps(paths):
    """How often each pair of different neighbours stands in the paths, with its direction."""
    return Counter((one, other) for path in paths for one, other in pairwise(path) if one != other)


ways_drawn = st.lists(st.lists(st.integers(0, 19), max_size=8), max_size=8)
some_nodes = st.sets(st.integers(0, 19), max_size=4)


@given(ways=ways_drawn, barriers=some_nodes, unknown=some_nodes)
def test_cutting_keeps_every_step_and_cuts_exactly_where_it_must(ways, barriers, unknown):
    pieces = cut_lines(lines_of(ways, unknown), np.array(sorted(barriers), dtype=np.int64))
    paths = paths_of(pieces)

    known_steps = Counter({pair: n for pair, n in steps(ways).items() if not unknown & set(pair)})
    assert steps(paths) == known_steps
    assert all(path[0] != path[1] for path in paths)
    for line, path in zip(pieces.line.tolist(), paths, strict=True):
        assert set(path) <= set(ways[line])

    # inside a piece stands no barrier, and no node that any piece passes a second time
    uses = Counter(node for path in paths for node in path[1:-1])
    at_ends = {node for path in paths for node in (path[0], path[-1])}
    for node, times in uses.items():
        assert times == 1
        assert node not in at_ends
        assert node not in barriers

    # no cut without a reason: an end that one way merely passes, once, is a barrier
    for line, way in enumerate(ways):
        own = [path for number, path in zip(pieces.line.tolist(), paths, strict=True) if number == line]
        for before, after in pairwise(own):
            cut = after[0]
            if before[-1] != cut or cut in barriers:
                continue
            elsewhere = sum(node == cut for other in ways for node in other) > 1
            assert elsewhere or unknown & set(way)


@given(ways=ways_drawn, unknown=some_nodes)
def test_pieces_connect_what_the_ways_connect(ways, unknown):
    paths = paths_of(cut_lines(lines_of(ways, unknown), NOTHING))
    whole = nx.Graph([pair for pair in steps(ways) if not unknown & set(pair)])
    cut = nx.Graph((path[0], path[-1]) for path in paths)
    assert nx.number_connected_components(whole) == nx.number_connected_components(cut)
    for component in nx.connected_components(cut):
        assert component <= nx.node_connected_component(whole, next(iter(component)))


@given(ways=st.lists(st.lists(st.integers(0, 19), min_size=2, max_size=8), min_size=1, max_size=6))
def test_lengths_are_those_of_each_path_on_the_ellipsoid(ways):
    pieces = cut_lines(lines_of(ways), NOTHING)
    geometry, lengths = draw_pieces(pieces, WGS84, pyproj.CRS.from_epsg(32650))
    geod = pyproj.Geod(ellps="WGS84")
    expected = [geod.line_length(*zip(*(NODE_PLACES[node] for node in path), strict=True)) for path in paths_of(pieces)]
    assert lengths.tolist() == pytest.approx(expected, abs=1e-6)
    assert [len(line.coords) for line in geometry] == [len(path) for path in paths_of(pieces)]


def test_projected_lengths_are_planar_and_in_metres():
    feet = pyproj.CRS.from_epsg(2263)
    lines = Lines(np.array([0, 3]), np.arange(3), np.array([0.0, 300.0, 300.0]), np.array([0.0, 400.0, 1400.0]))
    _, lengths = draw_pieces(cut_lines(lines, NOTHING), feet, pyproj.CRS.from_epsg(32618))
    assert lengths.tolist() == pytest.approx([1500 * 1200 / 3937])


def test_no_lines_give_no_pieces():
    pieces = cut_lines(lines_of([]), NOTHING)
    assert len(pieces.line) == 0
    geometry, lengths = draw_pieces(pieces, WGS84, pyproj.CRS.from_epsg(32650))
    assert len(geometry) == len(lengths) == 0
