import itertools
import math

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import LineString

from coverage_planner.sources.joining import join_ends, loose_ends
from coverage_planner.sources.line_steps import find_ends, line_numbers
from coverage_planner.sources.noding import node_lines


def node(lines, levels=None, **options):
    starts = np.concatenate([[0], np.cumsum([len(line.coords) for line in lines])]).astype(np.int64)
    x, y = shapely.get_coordinates(lines).T
    levels = np.zeros(len(lines), dtype=np.int64) if levels is None else np.array(levels, dtype=np.int64)
    return node_lines(starts, x, y, levels, **options)


def steps(noding):
    """The steps between neighbouring vertices: (line, node, node, place, place)."""
    lines = noding.lines
    line = line_numbers(lines.starts)
    for at in np.flatnonzero(line[1:] == line[:-1]).tolist():
        u, v = int(lines.node_ids[at]), int(lines.node_ids[at + 1])
        if u != v:
            yield int(line[at]), u, v, (lines.x[at], lines.y[at]), (lines.x[at + 1], lines.y[at + 1])


def graph_of(noding):
    return nx.Graph((u, v) for _, u, v, _, _ in steps(noding))


def spot(place):
    return tuple(math.floor(value * 1e5 + 0.37) for value in place)


def spots(noding):
    """The steps as pairs of places, whichever way they run: what two nodings of the same lines have in common."""
    return sorted(tuple(sorted([spot(a), spot(b)])) for _, _, _, a, b in steps(noding))


def oracle_steps(lines):
    """The same of the noded union that GEOS makes; it drops what lies on each other."""
    union = shapely.unary_union(lines)
    found = set()
    for part in shapely.get_parts(union):
        for a, b in itertools.pairwise(part.coords):
            found.add(tuple(sorted([spot(a), spot(b)])))
    return found


places = st.tuples(st.integers(0, 7), st.integers(0, 7))
drawn_lines = st.lists(places, min_size=2, max_size=4).filter(
    lambda steps: all(a != b for a, b in itertools.pairwise(steps))
)
layers = st.lists(
    drawn_lines.map(lambda steps: LineString([(10 * x, 10 * y) for x, y in steps])), min_size=1, max_size=7
)


@given(layers)
def test_lines_are_cut_where_geos_cuts_them(lines):
    noding = node(lines)
    assert set(spots(noding)) == oracle_steps(lines)
    # nodes: one for each place, and as many ways out of it as in the union
    ours, theirs = graph_of(noding), nx.Graph(oracle_steps(lines))
    assert sorted(dict(ours.degree).values()) == sorted(dict(theirs.degree).values())
    assert nx.number_connected_components(ours) == nx.number_connected_components(theirs)


@given(layers)
def test_every_line_keeps_its_way_and_its_length(lines):
    noding = node(lines)
    for number, line in enumerate(lines):
        drawn = [(a, b) for of, _, _, a, b in steps(noding) if of == number]
        assert sum(math.dist(a, b) for a, b in drawn) == pytest.approx(line.length, abs=1e-6)
        assert drawn[0][0] == line.coords[0]
        assert drawn[-1][1] == line.coords[-1]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(drawn))
    given_vertices = shapely.get_coordinates(lines)
    kept = noding.origin >= 0
    assert (given_vertices[noding.origin[kept]] == np.column_stack([noding.lines.x, noding.lines.y])[kept]).all()
    assert sorted(noding.origin[kept]) == list(range(len(given_vertices)))


@given(layers.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(range(len(lines))))), st.data())
def test_the_order_of_rows_changes_nothing_in_any_bit(drawn, data):
    lines, order = drawn
    levels = data.draw(st.lists(st.integers(-1, 1), min_size=len(lines), max_size=len(lines)))
    shaken = [LineString(np.array(line.coords) + 0.1 * (n % 3)) for n, line in enumerate(lines)]

    def outcome(which):
        noding = node([shaken[n] for n in which], [levels[n] for n in which])
        noding, _ = join_ends(noding, 2.5)
        lines = noding.lines
        line = line_numbers(lines.starts)
        as_drawn = [
            (which[noding.parent[line[n]]], x, y) for n, (x, y) in enumerate(zip(lines.x, lines.y, strict=True))
        ]
        together = {}
        for (number, x, y), node_id in zip(as_drawn, lines.node_ids.tolist(), strict=True):
            together.setdefault(node_id, []).append((levels[number], x, y))
        return sorted((levels[n], x, y) for n, x, y in as_drawn), sorted(sorted(group) for group in together.values())

    assert outcome(range(len(lines))) == outcome(order)


@given(layers, st.data())
def test_levels_keep_apart_what_passes_and_let_ends_down(lines, data):
    levels = data.draw(st.lists(st.integers(0, 1), min_size=len(lines), max_size=len(lines)))
    assume(all(line.is_simple for line in lines))
    # the oracle: each level noded on its own, and every end joined to all that is in its place
    expected = nx.Graph()
    for level in set(levels):
        own = [line for line, at in zip(lines, levels, strict=True) if at == level]
        for a, b in oracle_steps(own):
            expected.add_edge((level, a), (level, b))
    for line, level in zip(lines, levels, strict=True):
        for end in () if line.is_ring else (line.coords[0], line.coords[-1]):
            through = {at for other, at in zip(lines, levels, strict=True) if passes(other, end)}
            assume(len(through) <= 1)
            here = spot(end)
            for other, at in zip(lines, levels, strict=True):
                if at != level and other.distance(shapely.Point(end)) < 1e-9:
                    near = min((n for n in expected if n[0] == at), key=lambda n: math.dist(n[1], here))
                    if near[1] != here:  # on the inside of a step of the other level: its ends hang together
                        near = next(n for n in on_step(expected, at, here))
                    expected.add_edge((level, here), near)
    ours = graph_of(node(lines, levels))
    assert nx.number_connected_components(ours) == nx.number_connected_components(expected)


def passes(line, place):
    """Whether a line passes through a place: it is on it and is not its end."""
    return line.distance(shapely.Point(place)) < 1e-9 and (
        line.is_ring or place not in (line.coords[0], line.coords[-1])
    )


def on_step(graph, level, here):
    for a, b in graph.edges:
        if a[0] == b[0] == level:
            step = LineString([a[1], b[1]])
            if step.distance(shapely.Point(here)) < 5:
                yield a


def meets(lines, levels=None, within_m=0.0, **options):
    """Whether all lines hang together."""
    noding = node(lines, levels, **options)
    if within_m:
        noding, _ = join_ends(noding, within_m)
    return nx.is_connected(graph_of(noding))


CROSS = [LineString([(0, 0), (10, 0)]), LineString([(5, -5), (5, 5)])]


def test_a_bridge_passes_and_its_end_lands():
    assert meets(CROSS)
    assert not meets(CROSS, [0, 1])
    assert meets(CROSS, [1, 1])
    assert not meets(CROSS, [1, 2])
    # the same with a common vertex in the middle
    bent = [LineString([(0, 0), (5, 0), (10, 0)]), LineString([(5, -5), (5, 0), (5, 5)])]
    assert meets(bent)
    assert not meets(bent, [0, 1])
    # a bridge that ends on the street: in its middle, at its vertex, at its end
    for x in (3, 5, 10):
        assert meets([bent[0], LineString([(x, 0), (x, 9)])], [0, 1])


def test_where_two_levels_pass_an_end_belongs_to_its_own():
    #        bridge
    #  street--+--street      a ramp (level 1) ends on the bridge, a lane (level 0) on the street, all in one place
    lines = [*CROSS, LineString([(5, 0), (8, 8)]), LineString([(5, 0), (8, -8)])]
    noding = node(lines, [0, 1, 1, 0])
    parts = [{0, 3}, {1, 2}]
    found = graph_of(noding)
    owner = {}
    for line, u, v, _, _ in steps(noding):
        owner.setdefault(line, set()).update((u, v))
    for part in parts:
        one, two = part
        assert owner[one] & owner[two]
    assert nx.number_connected_components(found) == 2
    # one that belongs to neither takes the nearest, the lower of two
    lowest = node([*CROSS, LineString([(5, 0), (8, 8)])], [0, 2, 1])
    assert {tuple(sorted(part)) for part in _lines_of_parts(lowest)} == {(0, 2), (1,)}


def _lines_of_parts(noding):
    ends = {}
    for line, u, _, _, _ in steps(noding):
        ends.setdefault(line, u)
    return [[line for line, u in ends.items() if u in part] for part in nx.connected_components(graph_of(noding))]


def test_a_loop_on_the_ground_crosses_itself_and_a_spiral_ramp_does_not():
    loop = LineString([(0, 0), (10, 0), (10, 10), (5, 10), (5, -5)])
    assert max(dict(graph_of(node([loop])).degree).values()) == 4
    assert max(dict(graph_of(node([loop], [1])).degree).values()) == 2
    assert node([loop], [1]).kept_apart.line.tolist() == [0]


def test_motorways_cross_nothing_but_their_ramps_end_on_them():
    ramp = LineString([(2, -7), (2, 0)])
    assert not meets(CROSS, bridged=np.array([True, False]))
    noding = node([*CROSS, ramp], bridged=np.array([True, False, False]))
    assert {tuple(sorted(part)) for part in _lines_of_parts(noding)} == {(0, 2), (1,)}


def test_found_places_name_their_lines():
    lines = [LineString([(0, 0), (10, 0)]), LineString([(5, -5), (5, 5)]), LineString([(2, 0), (2, 5)]),
             LineString([(8, -5), (8, 5)])]  # fmt: skip
    noding = node(lines, [0, 0, 0, 1])
    assert [(*sorted(pair), *place) for pair, place in _named(noding.crossings)] == [(0, 1, 5, 0)]
    assert [(*pair, *place) for pair, place in _named(noding.touches)] == [(2, 0, 2, 0)]
    assert [(*sorted(pair), *place) for pair, place in _named(noding.kept_apart)] == [(0, 3, 8, 0)]


def _named(found):
    for line, other, x, y in zip(found.line, found.other, found.x, found.y, strict=True):
        yield (int(line), int(other)), (float(x), float(y))


def test_a_millimetre_is_a_touch_and_a_centimetre_is_not():
    street = LineString([(0, 0), (100, 7)])
    foot = np.array([50, 3.5])
    away = np.array([-7, 100]) / math.hypot(7, 100)
    for gap_m, touches in ((0.0, True), (0.0009, True), (0.01, False)):
        lane = LineString([foot + gap_m * away, foot + 30 * away])
        assert meets([street, lane]) is touches
    # a vertex of the street a hair beside the crossing is the crossing
    bent = LineString([(0, 0), (4.9996, 0), (10, 0)])
    noding = node([bent, CROSS[1]])
    assert len(noding.lines.x) == 3 + 3
    assert meets([bent, CROSS[1]])


def test_lines_that_run_along_each_other_share_their_vertices():
    lines = [LineString([(0, 0), (10, 0)]), LineString([(12, 0), (4, 0), (4, 9)])]
    noding = node(lines)
    assert set(spots(noding)) == oracle_steps(lines)
    assert len(spots(noding)) == len(oracle_steps(lines)) + 1  # the stretch from 4 to 10 is there twice


# --- near ends ---


def joined(lines, within_m, levels=None):
    noding = node(lines, levels)
    with_joins, joins = join_ends(noding, within_m)
    return with_joins, sorted(zip(joins.line.tolist(), joins.other.tolist(), strict=True)), joins


STREET = LineString([(0, 0), (100, 0)])


def test_an_end_joins_the_street_it_stops_short_of():
    lane = LineString([(40, 0.8), (40, 30)])
    assert not meets([STREET, lane])
    noding, pairs, joins = joined([STREET, lane], 1.0)
    assert pairs == [(1, 0)]
    assert joins.x.tolist() == [[40, 40]]
    assert joins.y.tolist() == [[0.8, 0]]
    assert nx.is_connected(graph_of(noding))
    assert noding.parent.tolist() == [0, 1, 1]  # the join draws out the lane
    assert joined([STREET, lane], 0.79)[1] == []


def test_joins_run_the_way_of_the_line_that_they_draw_out():
    for coords, way in (([(40, 30), (40, 0.8)], [0.8, 0.0]), ([(40, 0.8), (40, 30)], [0.0, 0.8])):
        noding, _, _ = joined([STREET, LineString(coords)], 1.0)
        assert noding.lines.y[-2:].tolist() == way


def test_both_halves_of_a_street_join_the_one_they_cross_and_not_each_other():
    halves = [LineString([(40, 0.5), (40, 30)]), LineString([(40, -0.5), (40, -30)])]
    _, pairs, _ = joined([STREET, *halves], 2.0)
    assert pairs == [(1, 0), (2, 0)]


def test_four_ends_around_a_place_all_hang_together():
    arms = [LineString([(a, b), (30 * a, 30 * b)]) for a, b in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    noding, pairs, _ = joined(arms, 1.5)
    assert len(pairs) == 3
    assert nx.is_connected(graph_of(noding))


def test_a_line_is_reached_at_its_own_end_where_that_is_hardly_farther():
    corner = LineString([(100.3, 0.5), (100.3, 40)])
    _, _, joins = joined([STREET, corner], 1.0)
    assert joins.x[0].tolist() in ([100.3, 100], [100, 100.3])
    beside = LineString([(99.4, 0.2), (99.4, 40)])  # its foot is 0.2 m away, the street's end 0.6
    _, _, joins = joined([STREET, beside], 1.0)
    assert joins.x[0].tolist() == [99.4, 99.4]


def test_a_stub_does_not_join_the_street_it_hangs_on():
    stub = LineString([(40, 0), (41, 1.5)])
    noding, pairs, _ = joined([STREET, stub], 3.0)
    assert pairs == []
    assert len(loose_ends(noding)) == 3


def test_a_ring_that_nearly_closes_is_closed_and_a_hook_is_not():
    ring = LineString([(0, 0), (50, 0), (50, 50), (0, 50), (0, 0.6)])
    noding, pairs, _ = joined([ring], 1.0)
    assert pairs == [(0, 0)]
    assert set(dict(graph_of(noding).degree).values()) == {2}
    hook = LineString([(0, 0), (1, 0), (1, 0.9), (0, 0.9)])
    assert joined([hook], 1.0)[1] == []


def test_ends_never_join_another_level():
    lane = LineString([(40, 0.5), (40, 30)])
    for levels in ([0, 1], [1, 0], [0, -1]):
        noding, pairs, joins = joined([STREET, lane], 2.0, levels)
        assert pairs == []
        assert not nx.is_connected(graph_of(noding))
        assert joins.apart_line.tolist() == [1]
        assert joins.apart_other.tolist() == [0]
    # but a bridge whose end is off by what rounding makes comes down
    on_it = LineString([(40, 0.04), (40, 30)])
    assert joined([STREET, on_it], 2.0, [0, 1])[1] == [(1, 0)]
    assert joined([STREET, on_it], 2.0, [1, 0])[1] == [], "a lane under a bridge does not come up"


@given(layers, st.data())
def test_joins_are_short_on_one_level_and_only_ever_connect(lines, data):
    levels = data.draw(st.lists(st.integers(0, 1), min_size=len(lines), max_size=len(lines)))
    within_m = data.draw(st.sampled_from([0.3, 1.0, 3.0]))
    # shaken, so that ends stop short of each other and of lines
    shaken = [LineString(np.array(line.coords) + np.array([0.31, 0.17]) * (n % 4)) for n, line in enumerate(lines)]
    before = node(shaken, levels)
    after, joins = join_ends(before, within_m)
    lengths = np.hypot(np.diff(joins.x, axis=1), np.diff(joins.y, axis=1)).ravel()
    assert (lengths <= within_m).all()
    surfacing = (np.array(levels)[joins.line] != 0) & (lengths <= 0.1)
    assert (surfacing | (np.array(levels)[joins.line] == np.array(levels)[joins.other])).all()
    assert len(after.lines.starts) == len(before.lines.starts) + len(joins.line)
    # a join starts at an end that met nothing, and ends on the other line
    loose = set(zip(before.lines.x[loose_ends(before)], before.lines.y[loose_ends(before)], strict=True))
    for line, other, x, y in zip(joins.line, joins.other, joins.x, joins.y, strict=True):
        assert (x[0], y[0]) in loose
        assert shaken[line].distance(shapely.Point(x[0], y[0])) < 1e-9
        assert shaken[other].distance(shapely.Point(x[1], y[1])) < 1e-9
    # the lines stay as they are: only joins are new
    longer = sum(math.dist(a, b) for *_, a, b in steps(after)) - sum(math.dist(a, b) for *_, a, b in steps(before))
    assert longer == pytest.approx(lengths.sum(), abs=1e-6)
    parts = nx.number_connected_components
    assert parts(graph_of(after)) <= parts(graph_of(before))


def test_ends_are_those_of_open_lines():
    lines = [STREET, LineString([(0, 9), (9, 9), (9, 18), (0, 9)])]
    x, y = shapely.get_coordinates(lines).T
    assert find_ends(np.array([0, 2, 6]), x, y).tolist() == [True, True, False, False, False, False]
