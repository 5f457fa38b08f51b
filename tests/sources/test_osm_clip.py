import shutil
import subprocess
from collections import Counter

import geopandas as gpd
import numpy as np
import osmium
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage_planner import read_pois, read_roads
from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError
from coverage_planner.sources import osm_reading
from coverage_planner.sources.osm_clip import clip_osm
from coverage_planner.sources.poi_table import PoiTally
from osm_drawing import STEP, place, write_osm

# A street that leaves the region to the east and one that stays outside; a lake of two ways, one of them outside; a
# relation of stops; a way that crosses the region without a node in it.
NODES = {
    1: (0, 0), 2: (1, 0, {"barrier": "gate"}), 3: (5, 0), 4: (9, 0), 5: (9, 9), 6: (0, 1), 7: (5, 1), 8: (5, 6),
    9: (0, 6), 10: (-9, 0.5), 11: (9, 0.5), 12: (1, 1, {"shop": "kiosk", "name": "小卖部"}), 13: (8, 8, {"shop": "far"}),
}  # fmt: skip
WAYS = [
    (1, [1, 2, 3, 4], {"highway": "residential", "name": "东街"}),
    (2, [4, 5], {"highway": "residential"}),
    (3, [9, 6, 7], {}),
    (4, [7, 8, 9], {}),
    (5, [10, 11], {"highway": "path"}),
    (6, [3, 99], {"highway": "service"}),
]
RELATIONS = [
    (1, [("w", 3, "outer"), ("w", 4, "outer")], {"type": "multipolygon", "natural": "water"}),
    (2, [("n", 12, "stop"), ("n", 5, "stop")], {"type": "site"}),
    (3, [("w", 2, ""), ("r", 1, "")], {"type": "route"}),
    (4, [("w", 1, ""), ("w", 4, "")], {"type": "route"}),
]


def box(west, south, east, north):
    return gpd.GeoDataFrame(geometry=[shapely.box(*place(west, south), *place(east, north))], crs=4326)


AREA = box(-0.5, -0.5, 1.5, 1.5)


def content(path):
    """Every object of a file with all that it says."""
    found = {"n": {}, "w": {}, "r": {}}
    for one in osmium.FileProcessor(str(path)):
        tags = tuple(sorted((tag.k, tag.v) for tag in one.tags))
        if one.is_node():
            found["n"][one.id] = (one.location.x, one.location.y, tags)
        elif one.is_way():
            found["w"][one.id] = ([node.ref for node in one.nodes], tags)
        else:
            found["r"][one.id] = ([(m.type, m.ref, m.role) for m in one.members], tags)
    return found


def expected(everything, region):
    """The same clip by plain loops over the whole content."""
    inside = {one for one, (x, y, _) in everything["n"].items() if region.intersects(shapely.Point(x / 1e7, y / 1e7))}
    ways = {one for one, (refs, _) in everything["w"].items() if inside & set(refs)}
    kept = {"n": inside, "w": ways}
    relations = {
        one
        for one, (members, _) in everything["r"].items()
        if any(ref in kept.get(kind, ()) for kind, ref, _ in members)
    }
    for one in relations:
        members, tags = everything["r"][one]
        if ("type", "multipolygon") in tags:
            ways = ways | {ref for kind, ref, _ in members if kind == "w" and ref in everything["w"]}
    nodes = inside | {ref for one in ways for ref in everything["w"][one][0] if ref in everything["n"]}
    chosen = {"n": nodes, "w": ways, "r": relations}
    return {kind: {one: everything[kind][one] for one in sorted(ids)} for kind, ids in chosen.items()}


@pytest.fixture
def big(tmp_path):
    return write_osm(tmp_path / "大 file.osm.pbf", NODES, WAYS, RELATIONS)


def test_what_lies_in_the_region_is_kept_whole(big, tmp_path):
    out = tmp_path / "部分.osm.pbf"
    clip = clip_osm(big, out, study_area=AREA)
    found = content(out)
    assert {kind: sorted(objects) for kind, objects in found.items()} == {
        "n": [1, 2, 3, 4, 6, 7, 8, 9, 12],
        "w": [1, 3, 4],
        "r": [1, 2, 4],
    }
    assert found == expected(content(big), AREA.geometry.iloc[0])
    assert (clip.nodes, clip.ways, clip.relations, clip.nodes_read, clip.ways_read) == (9, 3, 3, 13, 6)
    assert (clip.nodes_completed, clip.ways_completed) == (5, 1)
    assert (clip.bytes_read, clip.bytes_written) == (big.stat().st_size, out.stat().st_size)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["大 file.osm.pbf", "部分.osm.pbf"]


@st.composite
def small_files(draw):
    """Nodes, ways and relations of any shape, with references that lead nowhere."""
    nodes = draw(
        st.dictionaries(st.integers(1, 2**40), st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30)
    )
    some_node = st.sampled_from([*nodes, 7])
    way_ids = sorted(draw(st.sets(st.integers(1, 2**33), max_size=9)))
    ways = [(one, draw(st.lists(some_node, max_size=5)), {"highway": "path"}) for one in way_ids]
    member = st.tuples(st.just("n"), some_node, st.just("")) | st.tuples(
        st.just("w"), st.sampled_from([*way_ids, 5]), st.just("")
    )
    kinds = st.sampled_from(["multipolygon", "route"])
    relation_ids = sorted(draw(st.sets(st.integers(1, 99), max_size=4)))
    relations = [(one, draw(st.lists(member, max_size=4)), {"type": draw(kinds)}) for one in relation_ids]
    return dict(sorted(nodes.items())), ways, relations


@pytest.mark.slow
@given(
    small_files(),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(["", ",pbf_compression=none", ",pbf_dense_nodes=false"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_clipped_as_plain_loops_do(tmp_path_factory, drawn, column, row, how):
    folder = tmp_path_factory.mktemp("any")
    plain = write_osm(folder / "plain.osm.pbf", *drawn)
    big = folder / "big.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(big), f"pbf{how}")) as writer:
        osmium.apply(str(plain), writer)
    area = box(column - 0.5, row - 0.5, column + 2.5, row + 2.5)
    everything = content(big)
    wanted = expected(everything, area.geometry.iloc[0])
    inside = any(
        area.geometry.iloc[0].intersects(shapely.Point(x / 1e7, y / 1e7)) for x, y, _ in everything["n"].values()
    )
    if not inside:
        with pytest.raises(InputError, match="must hold nodes of big"):
            clip_osm(big, folder / "out.osm.pbf", study_area=area)
        assert not (folder / "out.osm.pbf").exists()
        return
    clip_osm(big, folder / "out.osm.pbf", study_area=area)
    assert content(folder / "out.osm.pbf") == wanted


def test_a_margin_takes_more_and_any_crs_does(big, tmp_path):
    clip_osm(big, tmp_path / "a.osm.pbf", study_area=AREA, margin_m=1200)
    assert 13 in content(tmp_path / "a.osm.pbf")["n"]
    clip_osm(big, tmp_path / "b.osm.pbf", study_area=AREA.to_crs(4547))
    clip_osm(big, tmp_path / "c.osm.pbf", study_area=AREA)
    assert content(tmp_path / "b.osm.pbf") == content(tmp_path / "c.osm.pbf")


def test_the_header_says_whence_and_of_when(tmp_path):
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2026-01-02T03:04:05Z")
    big = tmp_path / "china.osm.pbf"
    with osmium.SimpleWriter(str(big), header=header) as writer:
        writer.add_node(
            osmium.osm.mutable.Node(id=1, version=3, location=place(0, 0), timestamp="2020-01-01T00:00:00Z")
        )
    clip = clip_osm(big, tmp_path / "out.osm.pbf", study_area=AREA)
    assert clip.data_date == "2026-01-02T03:04:05Z"
    with osmium.io.Reader(str(tmp_path / "out.osm.pbf")) as reader:
        new = reader.header()
    assert new.get("osmosis_replication_timestamp") == "2026-01-02T03:04:05Z"
    assert new.get("generator") == "coverage-planner: part of china.osm.pbf. © OpenStreetMap contributors, ODbL 1.0"
    assert new.get("sorting") == "Type_then_ID"
    assert new.box().bottom_left.lon == pytest.approx(place(-0.5, -0.5)[0])
    versions = [(one.version, one.timestamp.year) for one in osmium.FileProcessor(str(tmp_path / "out.osm.pbf"))]
    assert versions == [(3, 2020)]


def test_an_earlier_file_is_replaced_and_progress_ends_at_the_end(big, tmp_path):
    out = tmp_path / "out.osm.pbf"
    out.write_bytes(b"old")
    told = []
    clip_osm(big, out, study_area=AREA, progress=lambda *step: told.append(step))
    assert content(out)["w"].keys() == {1, 3, 4}
    size = big.stat().st_size
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_stopping_leaves_the_earlier_file(big, tmp_path):
    out = tmp_path / "out.osm.pbf"
    out.write_bytes(b"old")

    def stop(_done, _all):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clip_osm(big, out, study_area=AREA, progress=stop)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.osm.pbf", "大 file.osm.pbf"]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_file_cut_short_is_refused(big, tmp_path, share):
    data = big.read_bytes()
    big.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceError, match=r"must be readable to its end, got 大 file"):
        clip_osm(big, tmp_path / "out.osm.pbf", study_area=AREA)
    assert [path.name for path in tmp_path.iterdir()] == [big.name]


@pytest.mark.slow
@given(st.data())
@settings(max_examples=50, deadline=None)
def test_damage_is_refused_or_harmless(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path = write_osm(folder / "big.osm.pbf", NODES, WAYS, RELATIONS)
    plain = folder / "plain.osm.pbf"  # without the check sums of zlib, so that damage reaches the loops
    with osmium.SimpleWriter(osmium.io.File(str(plain), "pbf,pbf_compression=none")) as writer:
        osmium.apply(str(path), writer)
    content = bytearray(plain.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    plain.write_bytes(content)
    try:
        clip_osm(plain, folder / "out.osm.pbf", study_area=AREA)
    except (SourceError, InputError):
        assert not (folder / "out.osm.pbf").exists()


def test_files_that_cannot_be_clipped_in_one_pass_say_so(tmp_path):
    mixed = tmp_path / "mixed.osm.pbf"
    with osmium.SimpleWriter(str(mixed)) as writer:
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2]))
        writer.add_node(osmium.osm.mutable.Node(id=1, location=place(0, 0)))
    repeated = tmp_path / "repeated.osm.pbf"
    with osmium.SimpleWriter(str(repeated)) as writer:
        for one in (2, 1, 1):
            writer.add_node(osmium.osm.mutable.Node(id=one, location=place(0, 0)))
    unsaved = write_osm(tmp_path / "unsaved.osm.pbf", {-1: (0, 0), -2: (1, 0)}, [(1, [-1, -2], {"highway": "path"})])
    for path in (mixed, repeated, unsaved):
        with pytest.raises(SourceError, match=r"sort it: osmium sort|then relations"):
            clip_osm(path, tmp_path / "out.osm.pbf", study_area=AREA)
    history = tmp_path / "h.osh.pbf"
    with osmium.SimpleWriter(str(history)) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, version=1, visible=True, location=place(0, 0)))
    with pytest.raises(SourceError, match="one version of each object"):
        clip_osm(history, tmp_path / "out.osm.pbf", study_area=AREA)


def test_names_that_do_not_do_are_refused(big, tmp_path):
    for out in ("out.osm", "out.pbf", "nowhere/out.osm.pbf", big.name):
        with pytest.raises(ConfigError, match="the clipped file must"):
            clip_osm(big, tmp_path / out, study_area=AREA)
    with pytest.raises(SourceError, match="must exist, got no file"):
        clip_osm(tmp_path / "none.osm.pbf", tmp_path / "out.osm.pbf", study_area=AREA)
    with pytest.raises(SourceError, match=r"only \.osm\.pbf files"):
        clip_osm(tmp_path / "a.osm", tmp_path / "out.osm.pbf", study_area=AREA)
    with pytest.raises(ConfigError, match="margin_m"):
        clip_osm(big, tmp_path / "out.osm.pbf", study_area=AREA, margin_m=-1)
    with pytest.raises(CrsError, match="study_area must have a CRS"):
        clip_osm(big, tmp_path / "out.osm.pbf", study_area=AREA.set_crs(None, allow_override=True))
    with pytest.raises(InputError, match=r"got none of 13 .*check the study area's CRS"):
        clip_osm(big, tmp_path / "out.osm.pbf", study_area=box(50, 50, 51, 51))


def same_roads(one, other):
    """Whether two sets of roads are equal, but for columns in which nobody has a value."""
    for name in ("segments", "nodes", "obstacles"):
        first, second = (getattr(roads, name).dropna(axis="columns", how="all") for roads in (one, other))
        assert len(first) == len(second)
        assert set(first.columns) == set(second.columns)
        assert first.equals(second[list(first.columns)]), name
    assert one.source == other.source


def test_large_files_are_clipped_while_reading(big, monkeypatch):
    whole = read_roads(big, study_area=AREA, margin_m=100), read_pois(big, {"shop": True}, study_area=AREA)
    monkeypatch.setattr(osm_reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(osm_reading, "BEYOND_M", 10 * STEP * 1e5)
    same_roads(whole[0], read_roads(big, study_area=AREA, margin_m=100))
    tally = PoiTally()
    monkeypatch.setattr(osm_reading, "BEYOND_M", 0)
    assert whole[1].equals(read_pois(big, {"shop": True}, study_area=AREA, tally=tally))
    # the other shop is not among those found: its node was clipped away, with three others
    assert (tally.found, tally.outside, tally.nodes_clipped, tally.kept) == (1, 0, 4, 1)


def test_a_large_file_that_is_not_sorted_is_read_whole(tmp_path, monkeypatch):
    unsaved = write_osm(tmp_path / "u.osm.pbf", {-1: (0, 0), -2: (1, 0)}, [(1, [-1, -2], {"highway": "path"})])
    whole = read_roads(unsaved, study_area=AREA)
    monkeypatch.setattr(osm_reading, "LARGE_BYTES", 0)
    same_roads(whole, read_roads(unsaved, study_area=AREA))


PLACES = [
    ("porto_portugal", (-8.64, 41.14, -8.60, 41.17)),
    ("porto_portugal", (-8.70, 41.20, -8.66, 41.26)),
    ("las_palmas_2023", (-15.45, 28.09, -15.41, 28.15)),
    ("las_palmas_2023", (-15.60, 27.95, -15.50, 28.05)),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "bounds"), PLACES)
def test_streets_of_a_real_clip_are_those_of_the_whole_file(real_data, monkeypatch, name, bounds):
    path = real_data / "osm" / f"{name}.osm.pbf"
    area = gpd.GeoDataFrame(geometry=[shapely.box(*bounds)], crs=4326)
    whole = read_roads(path, study_area=area, margin_m=500)
    monkeypatch.setattr(osm_reading, "LARGE_BYTES", 0)
    part = read_roads(path, study_area=area, margin_m=500)
    same_roads(whole, part)


@pytest.mark.real_data
def test_points_of_interest_of_a_real_clip_are_those_of_the_whole_file(real_data, monkeypatch):
    path = real_data / "osm" / "las_palmas_2023.osm.pbf"
    area = gpd.GeoDataFrame(geometry=[shapely.box(-15.45, 28.09, -15.41, 28.15)], crs=4326)
    tags = {"amenity": True, "shop": True, "leisure": True}
    whole = read_pois(path, tags, study_area=area)
    monkeypatch.setattr(osm_reading, "LARGE_BYTES", 0)
    part = read_pois(path, tags, study_area=area)
    assert len(whole) > 1000
    assert whole.equals(part)


@pytest.mark.real_data
@pytest.mark.skipif(shutil.which("osmium") is None, reason="the command osmium (Debian: osmium-tool) is not here")
@pytest.mark.parametrize(("name", "bounds"), PLACES)
def test_osmium_tool_keeps_the_same_objects(real_data, tmp_path, name, bounds):
    path = real_data / "osm" / f"{name}.osm.pbf"
    peer, ours = tmp_path / "peer.osm.pbf", tmp_path / "ours.osm.pbf"
    subprocess.run(["osmium", "extract", "-s", "smart", "-b", ",".join(map(str, bounds)), path, "-o", peer], check=True)
    clip_osm(path, ours, study_area=gpd.GeoDataFrame(geometry=[shapely.box(*bounds)], crs=4326))
    found, same = content(ours), content(peer)
    assert found["w"] == same["w"]
    # nodes within a metre of the edge may lie on the other side of it, which is drawn in metres here
    edge = gpd.GeoSeries([shapely.box(*bounds).boundary], crs=4326).to_crs(3857).iloc[0]
    differ = found["n"].keys() ^ same["n"].keys()
    places = [(x / 1e7, y / 1e7) for x, y, _ in ((found["n"] | same["n"])[one] for one in differ)]
    assert (
        all(gpd.GeoSeries(gpd.points_from_xy(*zip(*places, strict=True)), crs=4326).to_crs(3857).distance(edge) < 1)
        if places
        else True
    )
    assert all(found["n"][one] == same["n"][one] for one in found["n"].keys() & same["n"].keys())
    # osmium-tool also keeps the relations that have kept relations as members
    assert found["r"].keys() <= same["r"].keys()
    more = same["r"].keys() - found["r"].keys()
    assert all(any(kind == "r" for kind, _, _ in same["r"][one][0]) for one in more)
    assert Counter(one for one in found["r"] if found["r"][one] != same["r"][one]) == Counter()
    assert np.all(np.diff(list(found["n"])) > 0)
