"""The tables at the door: what is refused, with which words."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.errors import (
    ConfigError,
    CoveragePlannerError,
    CrsError,
    DatumError,
    InfeasibleError,
    InputError,
    NetworkError,
    SchemaError,
    SitingError,
    SnapError,
    SourceError,
    name_some,
)
from coverage_planner.schema import NODE_TAGS, ROAD_TAGS, TABLES, Rejections, Roads, check_table, require_metric
from coverage_planner.units import minutes, speed_mps, to_milliseconds
from drawn import CRS, draw_points, draw_roads

GOOD = draw_points((0, 0), (10, 10), (20, 20))


def with_column(**columns):
    return GOOD.assign(**columns)


def test_good_tables_pass():
    check_table(GOOD, "demand")
    check_table(GOOD, "facilities")
    check_table(draw_roads({"A": (0, 0), "B": (9, 9)}, [("AB", {})]).segments, "segments")
    check_table(GOOD.assign(name=None, cost=[1.0, np.nan, 0.0]), "candidates")  # optional numbers may be missing
    check_table(GOOD.iloc[:0], "demand")


@pytest.mark.parametrize(
    ("table", "name", "error", "message"),
    [
        (pd.DataFrame({"id": ["a"]}), "demand", SchemaError, r"demand must be a GeoDataFrame, got DataFrame; read it"),
        (GOOD.drop(columns="demand"), "demand", SchemaError, r"must have the columns \['demand'\], got \['id', 'geometry'\]"),
        (GOOD.set_crs(None, allow_override=True), "demand", CrsError, "got none; set it with"),
        (GOOD.to_crs("EPSG:4326"), "demand", CrsError, "must be in a projected CRS in metres, got EPSG:4326; reproject"),
        (GOOD.to_crs("EPSG:2263"), "demand", CrsError, "must be in metres, got a CRS in US survey foot"),
        (with_column(demand=[1.0, np.nan, 2.0]), "demand", SchemaError, "finite numbers; not so in 1: P1; fill them in"),
        (with_column(demand=[1.0, np.inf, 2.0]), "demand", SchemaError, "finite numbers; not so in 1: P1"),
        (with_column(demand=[-1.0, 2.0, -3.0]), "demand", SchemaError, "at least 0; less in 2: P0, P2; correct"),
        (with_column(demand=["1", "2", "3"]), "demand", SchemaError, "must be numbers, got (object|str)"),
        (with_column(capacity=[1.0, -2.0, np.nan]), "facilities", SchemaError, "facilities.capacity must be at least 0; less in 1"),
        (with_column(id=["a", "b", "a"]), "demand", SchemaError, r"id must not repeat; repeated in 2: a, a; make"),
        (with_column(id=["a", None, "c"]), "demand", SchemaError, "filled in every row; missing in 1 rows"),
        (with_column(id=[1, 2, 3]), "demand", SchemaError, r"id must be text, got int64; convert it with \.astype\(str\)"),
        (with_column(geometry=[shapely.Point(0, 0), None, shapely.Point()]), "demand", SchemaError, "must have a geometry; empty in 2: P1, P2"),
        (with_column(geometry=[shapely.Point(0, np.inf)] * 3), "demand", SchemaError, "coordinates of demand must be finite; not so in 3"),
    ],
)  # fmt: skip
def test_bad_tables_are_refused(table, name, error, message):
    with pytest.raises(error, match=message):
        check_table(table, name)


def test_the_message_names_the_file_when_told():
    with pytest.raises(SchemaError, match=r"^stations\.csv must have the columns"):
        check_table(GOOD.drop(columns="id"), "facilities", what="stations.csv")


def test_whole_numbers_are_asked_for_where_ids_are():
    segments = draw_roads({"A": (0, 0), "B": (9, 9)}, [("AB", {})]).segments
    with pytest.raises(SchemaError, match=r"segments\.u must be whole numbers, got float64"):
        check_table(segments.assign(u=1.5), "segments")


def test_many_labels_are_counted_and_five_are_shown():
    assert name_some(f"D{k}" for k in range(7)) == "7: D0, D1, D2, D3, D4, …"
    assert name_some([3]) == "1: 3"
    assert name_some(["a", "b"], most=1) == "2: a, …"


def test_require_metric_takes_series_too():
    require_metric(GOOD.geometry, "points")
    with pytest.raises(CrsError, match="points must be"):
        require_metric(GOOD.geometry.to_crs(4326), "points")


def test_roads_share_one_crs():
    roads = draw_roads({"A": (500_000, 0), "B": (500_009, 9)}, [("AB", {})])
    elsewhere = gpd.GeoDataFrame({"kind": []}, geometry=[], crs="EPSG:32651")
    with pytest.raises(CrsError, match=rf"Roads\.obstacles must share the CRS of Roads\.segments \({CRS}\)"):
        Roads(roads.segments, roads.nodes, elsewhere, "x")
    with pytest.raises(CrsError, match=r"Roads\.nodes must share"):
        Roads(roads.segments, elsewhere, roads.obstacles, "x")


def test_rejections_are_a_table():
    rejected = Rejections()
    assert list(rejected.to_frame().columns) == ["table", "source", "row", "id", "reason"]
    rejected.add(source="a.csv", table="demand", labels=["D1", 7], reason="no place", row_numbers=np.array([2, 9]))
    assert rejected.to_frame().to_dict("records") == [
        {"table": "demand", "source": "a.csv", "row": 2, "id": "D1", "reason": "no place"},
        {"table": "demand", "source": "a.csv", "row": 9, "id": "7", "reason": "no place"},
    ]
    with pytest.raises(ValueError, match=r"shorter|longer"):
        rejected.add(source="a", table="demand", labels=["x"], reason="y", row_numbers=[1, 2])


def test_the_segment_table_knows_every_road_tag():
    names = {column.name for column in TABLES["segments"]}
    assert names == {"u", "v", "length_m", *ROAD_TAGS}
    assert len(set(ROAD_TAGS)) == len(ROAD_TAGS)
    assert len(set(NODE_TAGS)) == len(NODE_TAGS)


@pytest.mark.parametrize(
    ("child", "parents"),
    [
        (ConfigError, (CoveragePlannerError, ValueError)),
        (InputError, (CoveragePlannerError, ValueError)),
        (CrsError, (InputError,)),
        (SchemaError, (InputError,)),
        (DatumError, (InputError,)),
        (NetworkError, (CoveragePlannerError,)),
        (SnapError, (NetworkError,)),
        (SourceError, (CoveragePlannerError,)),
        (SitingError, (CoveragePlannerError,)),
        (InfeasibleError, (SitingError,)),
    ],
)
def test_the_tree_of_errors(child, parents):
    assert all(issubclass(child, parent) for parent in parents)
    assert not issubclass(NetworkError, ValueError)


def test_units():
    assert speed_mps(3.6) == 1
    assert minutes(90) == 1.5
    assert to_milliseconds(np.array([0.0004, 0.0006, 1.5])).tolist() == [0, 1, 1500]
    assert to_milliseconds(2).dtype == np.int64
