"""The page's own search in Chromium against the Python engine on any network: loops, one-way streets, delays."""

import json

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coverage_planner.report.packed import pack, pack_json, unpack
from coverage_planner.traveltime.nearest import search_nearest
from coverage_planner.traveltime.reach import reached_pieces, search_reach
from engine_page import ask, bare_data, engine_browser, load
from strategies import networks, positions

pytestmark = pytest.mark.browser

DIRECTIONS = ("to_facility", "from_facility")
NOBODY = np.int64(np.iinfo(np.int64).max)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with engine_browser(tmp_path_factory.mktemp("engine")) as driver:
        yield driver


@st.composite
def searches(draw):
    """A network with stations and points on it, some on one street, some of them on none."""
    network = draw(networks(most_edges=10))
    doors = draw(positions(network, prefix="F", most=5))
    places = draw(positions(network, most=8))
    bands_ms = sorted(draw(st.lists(st.integers(1, 300_000), min_size=1, max_size=3, unique=True)))
    return network, doors, places, bands_ms


def joined(pieces):
    """Pieces as (edge, band, start, stop), those of one band that touch joined: the page parts them by station too."""
    rows = []
    for edge, band, start, stop in zip(pieces["edge"], pieces["band"], pieces["start"], pieces["stop"], strict=True):
        if rows and rows[-1][:2] == [edge, band] and rows[-1][3] == start:
            rows[-1][3] = stop
        else:
            rows.append([edge, band, start, stop])
    return np.array(rows, dtype=float).reshape(-1, 4)


def told_apart(doors, places, graph):
    """Shape (p,): points of which the data tell whether they are ahead of the stations on their street.

    The data hold milliseconds: on a one-way street a place less than one ahead of another, or behind it, is beside it.
    """
    clear = np.ones(len(places.ids), dtype=bool)
    for point, (edge, fraction) in enumerate(zip(places.edge, places.fraction, strict=True)):
        ms = max(graph.forward_ms[edge], graph.backward_ms[edge])
        one_way = min(graph.forward_ms[edge], graph.backward_ms[edge]) < 0
        beside = (
            (doors.edge == edge)
            & (doors.fraction != fraction)
            & (np.rint(doors.fraction * ms) == np.rint(fraction * ms))
        )
        clear[point] = edge < 0 or not (one_way and beside.any())
    return clear


@given(case=searches(), direction=st.sampled_from(DIRECTIONS))
@settings(max_examples=40, phases=[Phase.generate])
def test_any_network_is_searched_to_the_millisecond(browser, case, direction):
    network, doors, places, bands_ms = case
    graph, reverse, limit_ms = network.graph("go"), direction == "to_facility", bands_ms[-1]
    load(browser, bare_data(network, "go", doors, places, reverse=reverse, bands_ms=bands_ms))
    got = ask(
        browser,
        "const s = model.search(0, model.chosen(0)); const { ms, station } = model.pointNearest(0, s);"
        "return { dist: s.dist, label: s.label, ms, station, pieces: model.pieces(0, s, arguments[0]),"
        " reach: model.reach(0, 0).pieces.metres };",
        bands_ms,
    )
    reach = search_reach(network, graph, doors, limit_ms=limit_ms, direction=direction)
    assert got["dist"] == reach.dist.tolist()
    assert got["label"] == reach.label.tolist()
    words = search_nearest(network, graph, doors, places, limit_ms=limit_ms, reverse=reverse)[:, 0]
    there, clear = words != NOBODY, told_apart(doors, places, graph)
    assert np.array(got["ms"])[clear].tolist() == np.where(there, words >> 32, -1)[clear].tolist()
    assert np.array(got["station"])[clear].tolist() == np.where(there, words & 0xFFFFFFFF, -1)[clear].tolist()
    wanted = reached_pieces(reach, bands_ms)
    np.testing.assert_allclose(joined(got["pieces"]), joined(wanted), rtol=0, atol=1e-12)
    length_m = np.rint(network.edges["length_m"].to_numpy() * 1000)[wanted["edge"]] / 1000
    metres = np.bincount(wanted["band"], weights=length_m * (wanted["stop"] - wanted["start"]), minlength=len(bands_ms))
    np.testing.assert_allclose(got["pieces"]["metres"], metres, atol=1e-6)
    np.testing.assert_allclose(got["reach"], metres, atol=1e-6)


@given(case=searches(), data=st.data())
@settings(max_examples=15)
def test_what_changes_between_two_sets_of_stations_adds_up(browser, case, data):
    network, doors, places, bands_ms = case
    content = bare_data(network, "go", doors, places, reverse=True, bands_ms=bands_ms)
    before = data.draw(st.lists(st.sampled_from(range(len(doors.ids))), unique=True).map(sorted))
    content["scenarios"].append({**content["scenarios"][0], "name": "before", "stations": before})
    load(browser, content)
    got = ask(
        browser,
        "const [to, from] = [model.reach(0, 0), model.reach(0, 1)]; const change = model.change(from, to);"
        "return { to: to.pieces, from: from.pieces, change };",
    )
    length_m = np.rint(network.edges["length_m"].to_numpy() * 1000) / 1000

    def holds(pieces, edge, place):
        rows = zip(pieces["edge"], pieces["start"], pieces["stop"], strict=True)
        return any(of == edge and start <= place <= stop for of, start, stop in rows)

    kept, lost, gained = got["change"]["metres"]
    np.testing.assert_allclose(kept + lost, sum(got["from"]["metres"]), atol=1e-6)
    np.testing.assert_allclose(kept + gained, sum(got["to"]["metres"]), atol=1e-6)
    assert lost <= 1e-9 * length_m.sum(), "stations were only added"
    for edge, start, stop, band in zip(*(got["change"][key] for key in ("edge", "start", "stop", "band")), strict=True):
        middle = (start + stop) / 2
        assert (holds(got["from"], edge, middle), holds(got["to"], edge, middle)) == [
            (True, True), (True, False), (False, True)
        ][band]  # fmt: skip


# --- arrays ---


def test_arrays_are_unpacked_as_python_packs_them(browser):
    rng = np.random.default_rng(3)
    whole = rng.integers(-(2**31), 2**31, 999)
    near = np.cumsum(rng.integers(-5, 5, (500, 2)), axis=0)
    tree = {
        "a": [pack(whole, "i32"), {"b": pack(near, "i32", delta=True, stride=2)}],
        "c": pack(rng.integers(0, 256, 77), "u8"),
        "d": pack([0.1, -1e300, np.inf], "f64"),
        "e": pack_json({"名": ["<b>", None, 2.5]}),
        "f": [[1, 2], "text", None, pack([], "i32")],
    }
    driver_says = browser.execute_async_script(
        "const done = arguments[1]; const tree = JSON.parse(arguments[0]); const before = JSON.stringify(tree);"
        "coverageArrays.unpackAll(tree).then((made) => done([JSON.stringify(made, (k, v) => ArrayBuffer.isView(v) ?"
        " [...v].map(String) : v), before === JSON.stringify(tree)]));",
        json.dumps(tree),
    )
    got, unchanged = json.loads(driver_says[0]), driver_says[1]
    assert unchanged, "what is given stays as it is"
    assert [int(v) for v in got["a"][0]] == whole.tolist()
    assert [int(v) for v in got["a"][1]["b"]] == near.ravel().tolist()
    assert [int(v) for v in got["c"]] == unpack(tree["c"]).tolist()
    assert got["d"] == ["0.1", "-1e+300", "Infinity"]
    assert got["e"] == {"名": ["<b>", None, 2.5]}
    assert got["f"] == [[1, 2], "text", None, []]


def test_rounding_memory_and_bits_are_those_of_python(browser):
    values = [*np.arange(-3, 4, 0.5), 2.499999, 0.49999999999999994, 4503599627370495.5]
    got = browser.execute_script(
        "const { rint, memory, bitAt } = coverageArrays; const made = []; const recall = memory(2);"
        "for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) recall(key, () => made.push(key));"
        "const bits = Uint8Array.of(5, 128, 0, 1);"
        "return [arguments[0].map((value) => rint(value) + 0), made.join(''),"
        " [...Array(16).keys()].map((bit) => [bitAt(bits, 2, 0, bit), bitAt(bits, 2, 1, bit)])];",
        values,
    )
    assert got[0] == np.rint(values).tolist()
    assert got[1] == "abcb", "the one used longest ago is forgotten first"
    packed = np.array([[5, 128], [0, 1]], dtype=np.uint8)
    assert np.array(got[2]).T.tolist() == np.unpackbits(packed, axis=1, bitorder="little").tolist()
