import networkx as nx
import numpy as np
import pyproj
import pytest

from coverage_planner import Rejections, build_network, read_roads
from coverage_planner.errors import ConfigError, DatumError, InputError, SourceError
from coverage_planner.sources.datum import from_wgs84
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.roadnet_text import SHORTER

GEOD = pyproj.Geod(ellps="WGS84")
NODES = {11113456629: (28.70, 115.84, 0), 2: (28.70, 115.85, 1), 3: (28.71, 115.85, 0)}
MOVES = ["1 0 0 0 1 0 0 0 1"] * 2
ROADS = [
    (11113456629, 2, 1000.0, 16.666666666666668, 3, 3),
    (2, 3, 1200.0, 11.11111111111111, 3, 0),
    (3, 11113456629, 1600.0, 5.5, 0, 2),
]


def write(path, nodes=NODES, roads=ROADS, tail=("1", "2 1 2 3 -1")):
    lines = [str(len(nodes)), *(f"{lat} {lon} {number} {signal}" for number, (lat, lon, signal) in nodes.items())]
    lines.append(str(len(roads)))
    for number, road in enumerate(roads):
        lines += [" ".join(map(str, (*road, 2 * number + 1, 2 * number + 2))), *MOVES]
    path.write_text("\n".join([*lines, *tail]) + "\n", encoding="utf-8")
    return path


def straight_m(one, two, nodes=NODES):
    (lat1, lon1, _), (lat2, lon2, _) = nodes[one], nodes[two]
    return GEOD.inv(lon1, lat1, lon2, lat2)[2]


def test_roads_lengths_speeds_directions_and_signals(tmp_path):
    roads = read_roads(write(tmp_path / "路网.txt"))
    table = roads.segments
    assert table[["u", "v"]].to_numpy().tolist() == [[11113456629, 2], [2, 3], [3, 11113456629]]
    assert table["length_m"].tolist() == [1000.0, 1200.0, 1600.0]
    assert table["maxspeed"].tolist() == ["60", "40", "19.8"]
    assert table["oneway"].isna().tolist() == [True, False, False]
    assert table["oneway"].tolist()[1:] == ["yes", "-1"]
    assert set(table["highway"]) == {"road"}
    assert roads.nodes[["node_id", "highway"]].to_numpy().tolist() == [[2, "traffic_signals"]]
    assert table.crs.to_epsg() == 32650
    assert len(build_network(roads).nodes) == 3


def test_lengths_below_the_straight_line_are_lengthened_and_told(tmp_path):
    short = [
        (11113456629, 2, 400.0, 10, 3, 3),
        (2, 3, round(straight_m(2, 3)), 10, 3, 3),
        (3, 11113456629, 1600.0, 10, 3, 3),
    ]
    path = write(tmp_path / "r.txt", roads=short)
    rejected = Rejections()
    with pytest.warns(
        UserWarning, match=r"1 of 3 are.*1 of them by more than a tenth.*stated as 0\.41 of it.*lines 1: 6;"
    ):
        table = read_roads(path, rejected=rejected).segments
    assert table["length_m"].tolist()[0] == pytest.approx(straight_m(11113456629, 2), abs=1e-6)
    assert table["length_m"].tolist()[2] == 1600.0
    # whole metres round a length below the straight line: that changes nothing worth a word
    assert table["length_m"].tolist()[1] == pytest.approx(straight_m(2, 3), abs=0.51)
    remarks = rejected.remarks_frame()
    assert remarks[["row", "column", "remark"]].to_numpy().tolist() == [[6, "length_m", SHORTER]]
    assert remarks["given"].tolist() == [f"400 m, straight line {straight_m(11113456629, 2):.1f} m"]


def test_positions_come_out_of_their_datum(tmp_path):
    shifted = {
        number: (*map(float, from_wgs84(lon, lat, "bd09")[::-1]), signal)
        for number, (lat, lon, signal) in NODES.items()
    }
    plain = read_roads(write(tmp_path / "a.txt")).segments
    back = read_roads(write(tmp_path / "b.txt", nodes=shifted), datum="bd09").segments
    offsets = np.array(back.geometry.distance(plain.geometry))
    assert offsets.max() < 0.01
    raw = read_roads(tmp_path / "b.txt").segments
    assert raw.geometry.distance(plain.geometry).min() > 300
    with pytest.raises(DatumError):
        read_roads(tmp_path / "b.txt", datum="nad27")


@pytest.mark.parametrize(("spoil", "match"), [
    (lambda _lines: ["hello world"], r"'hello world' in place of a count in line 1"),
    (lambda _lines: [], r"an end after 0 lines"),
    (lambda lines: lines[:3], r"an end after 3 of at least 4 lines"),
    (lambda lines: lines[:9], r"an end after 9 of at least 14 lines"),
    (lambda lines: [*lines[:2], "28.7 115.8 x 0", *lines[3:]], r"'28.7 115.8 x 0' in place of 4 numbers in line 3"),
    (lambda lines: [*lines[:5], "1 2 3", *lines[6:]], r"'1 2 3' in place of 8 numbers in line 6"),
    (lambda lines: [*lines[:2], "28.7 115.8 1.5 0", *lines[3:]], r"ids that are no whole numbers"),
    (lambda lines: lines[:4], r"an end after 4 lines, before line 5"),
])  # fmt: skip
def test_other_texts_are_refused(tmp_path, spoil, match):
    path = write(tmp_path / "r.txt")
    path.write_text("\n".join(spoil(path.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    with pytest.raises(SourceError, match=match):
        read_roads(path)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "r.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(SourceError, match="no text at 0"):
        read_roads(tmp_path / "r.txt")


@pytest.mark.parametrize(("road", "reason"), [
    ((2, 99, 10.0, 10, 3, 3), "an end is no intersection of the file"),
    ((2, 2, 10.0, 10, 3, 3), "both ends are the same intersection"),
    ((2, 3, 0.0, 10, 3, 3), "length_m is not a positive number"),
    ((2, 3, 1200.0, 10, 0, 0), "neither direction has lanes"),
])  # fmt: skip
def test_roads_that_cannot_be_used(tmp_path, road, reason):
    path = write(tmp_path / "r.txt", roads=[ROADS[0], road])
    with pytest.raises(InputError, match=rf"{reason} in lines 1: 9;"):
        read_roads(path)
    rejected = Rejections()
    assert len(read_roads(path, rejected=rejected).segments) == 1
    assert rejected.to_frame()[["table", "row", "reason"]].to_numpy().tolist() == [["roads", 9, reason]]
    with pytest.raises(InputError, match="at least one usable road"):
        read_roads(write(path, roads=[road]), rejected=Rejections())


def test_intersections_must_make_sense(tmp_path):
    with pytest.raises(InputError, match=r"latitude and longitude in degrees, in this order; not so in lines 1: 2"):
        read_roads(write(tmp_path / "r.txt", nodes={**NODES, 11113456629: (115.84, 28.70, 0)}))
    path = write(tmp_path / "r.txt")
    path.write_text(path.read_text(encoding="utf-8").replace(" 3 0\n", " 2 0\n", 1), encoding="utf-8")
    with pytest.raises(InputError, match="repeated: 1: 2"):
        read_roads(path)


def test_arguments_for_line_layers_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="noding, join_within_m must be left out"):
        read_roads(write(tmp_path / "r.txt"), noding="crossings", join_within_m=2)


@pytest.mark.real_data
@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_nanchang(real_data, datum):
    rejected, cleaning = Rejections(), RoadCleaning()
    with pytest.warns(UserWarning, match="shorter than the straight line"):
        roads = read_roads(real_data / "nanchang" / "roadnet.txt", datum=datum, rejected=rejected, cleaning=cleaning)
    table = roads.segments
    graph = nx.Graph(zip(table["u"], table["v"], strict=True))
    assert (len(graph), len(table), nx.number_connected_components(graph)) == (2067, 3041, 1)
    assert len(roads.nodes) == 1004
    assert rejected.rows == []
    straight = np.hypot(
        *(np.array([line.coords[-1] for line in table.geometry]) - [line.coords[0] for line in table.geometry]).T
    )
    assert (table["length_m"].to_numpy() >= straight * 0.999).all()
    worst = rejected.remarks_frame()["given"].str.extract(r"([\d.]+) m, straight line ([\d.]+) m").astype(float)
    assert ((worst[0] / worst[1]) < 0.68).sum() == 30  # about 1 % of the roads
    assert cleaning.totals["parts"][0] == 1
