"""Records counted by cell: the same as counting them one by one, whatever the chunks; nobody is shown alone."""

import csv
from collections import Counter
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity
from pyproj import Transformer

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SchemaError, SourceError
from coverage_planner.schema import Rejections
from coverage_planner.sources import record_faults, record_stream
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.datum import from_wgs84
from coverage_planner.sources.records import RecordTally, count_records
from drawn_records import AREA, CRS, X0, Y0, at, degrees, nearest_centre, quietly, write


def test_records_are_counted_by_hexagon_and_few_are_withheld(tmp_path):
    rows = at(505, 505, 12) + at(1200, 1200, 9) + at(1600, 400, 10)
    path = write(tmp_path / "订单 1.csv", rows)
    tally = RecordTally()
    with pytest.warns(
        UserWarning,
        match=r"1 of 3 cells of 订单 1\.csv have fewer than 10 records and are withheld.*; 9 of 31 in sum are in them",
    ):
        demand = count_records(path, cell_m=200, study_area=AREA, crs=CRS, tally=tally)
    assert list(demand.columns) == ["id", "demand", "kind", "geometry"]
    assert sorted(demand["demand"]) == [10, 12]
    assert set(demand["kind"]) == {"hexagon"}
    assert demand.crs == CRS
    for x, y, n in ((505, 505, 12), (1600, 400, 10)):
        point = demand.geometry[demand["demand"] == n].iloc[0]
        assert (round(point.x, 3), round(point.y, 3)) == nearest_centre(X0 + x, Y0 + y, 200.0)
    assert vars(tally) == {
        "rows": 31, "counted": 31, "outside": 0, "other_times": 0, "refused": {}, "cells": 3, "withheld_cells": 1,
        "demand": 22.0, "withheld_demand": 9.0,
    }  # fmt: skip
    everything = count_records(path, cell_m=200, study_area=AREA, crs=CRS, minimum=1)
    assert sorted(everything["demand"]) == [9, 10, 12]


def test_riders_count_once_where_they_are_named(tmp_path):
    # the first cell has many records of two riders, the second few of three; a record without a rider counts as nobody
    rows = [f"{row},{rider}" for row, rider in zip(at(500, 500, 20), ["张三", "李四"] * 10, strict=True)]
    rows += [f"{row},{rider}" for row, rider in zip(at(1200, 1200, 4), ["张三", "李四", "王五", ""], strict=True)]
    path = write(tmp_path / "a.csv", rows, "lon,lat,骑手")
    with pytest.warns(UserWarning, match="fewer than 3 riders and are withheld.*; 20 of 24"):
        demand = count_records(path, cell_m=200, study_area=AREA, minimum=3, columns={"rider": "骑手"})
    assert demand["demand"].tolist() == [4]
    assert sorted(quietly(path, cell_m=200, minimum=3)["demand"]) == [4, 20]


def test_weights_are_summed_to_the_millionth(tmp_path):
    rows = [f"{row},{weight}" for row, weight in zip(at(500, 500, 10), ["0.1"] * 9 + ["2.5"], strict=True)]
    path = write(tmp_path / "a.csv", rows, "lon,lat,件数")
    assert quietly(path, cell_m=200, columns={"weight": "件数"})["demand"].tolist() == [3.4]
    assert quietly(path, cell_m=200)["demand"].tolist() == [10]
    write(path, [f"{row},{w}" for row, w in zip(at(500, 500, 13), [*["1"] * 9, "", "-1", "viele", "1000001"], strict=True)],
          "lon,lat,w")  # fmt: skip
    rejected = Rejections()
    assert quietly(path, cell_m=200, columns={"weight": "w"}, minimum=9, rejected=rejected)["demand"].tolist() == [9]
    assert [(one["row"], one["reason"]) for one in rejected.rows] == [
        (row, "the weight is no number from 0 to 1000000") for row in (11, 12, 13, 14)
    ]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_the_datum_is_converted(tmp_path, datum):
    lon, lat = from_wgs84(*(np.full(10, value) for value in degrees(500, 500)), datum)
    path = write(tmp_path / "a.csv", [f"{x:.8f},{y:.8f}" for x, y in zip(lon, lat, strict=True)])
    plain = quietly(write(tmp_path / "b.csv", at(500, 500, 10)), cell_m=50)
    assert quietly(path, cell_m=50, datum=datum)["id"].tolist() == plain["id"].tolist()


def test_coordinates_in_metres(tmp_path):
    x, y = Transformer.from_crs(CRS, 4547, always_xy=True).transform(X0 + 500, Y0 + 500)
    path = write(tmp_path / "a.csv", [f"{x:.3f},{y:.3f}"] * 10, "X坐标,Y坐标")
    columns = {"lon": "X坐标", "lat": "Y坐标"}
    demand = quietly(path, cell_m=50, source_crs="EPSG:4547", columns=columns)
    assert demand["id"].tolist() == quietly(write(tmp_path / "b.csv", at(500, 500, 10)), cell_m=50)["id"].tolist()
    with pytest.raises(DatumError, match="must be in longitude and latitude"):
        quietly(path, cell_m=50, source_crs="EPSG:4547", columns=columns, datum="gcj02")
    write(path, [f"{x:.3f},{y:.3f}"] * 10 + ["1e400,5", ",5", "0,0"], "X坐标,Y坐标")
    with pytest.raises(
        InputError, match=r"x and y are zero in 1: row 14; x is blank in 1: row 13; x is not a number of "
    ):
        quietly(path, cell_m=50, source_crs="EPSG:4547", columns=columns)


def test_surveyors_metres_and_metres_taken_for_degrees(tmp_path):
    x, y = Transformer.from_crs(CRS, 4547, always_xy=True).transform(X0 + 500, Y0 + 500)
    path = write(tmp_path / "a.csv", [f"{y:.3f},{x:.3f}"] * 10, "X,Y")
    with pytest.raises(InputError, match=r"x of a\.csv must count to the east .* look exchanged, as surveyors write"):
        quietly(path, cell_m=50, source_crs="EPSG:4547")
    write(path, [f"{x:.3f},{y:.3f}"] * 10, "X,Y")
    with pytest.raises(InputError, match=r"degrees, got what look like metres in 10 of 10 .*EPSG:4547"):
        quietly(path, cell_m=50)


def test_columns_named_after_another_datum_are_warned_of(tmp_path):
    path = write(tmp_path / "a.csv", at(500, 500, 12), "百度经度,百度纬度")
    with pytest.warns(UserWarning, match="BD-09|bd09"):
        count_records(path, cell_m=200, study_area=AREA)
    assert len(count_records(path, cell_m=20_000, crs=CRS, minimum=1, datum="bd09")) == 1


def test_a_day_and_an_hour_in_one_number_are_no_seconds(tmp_path):
    times = (2024050211, 1714620600)
    rows = [f"{row},{time}" for row, time in zip(at(500, 500, 2), times, strict=True)]
    path = write(tmp_path / "a.csv", rows, "lon,lat,下单时间")
    rejected = Rejections()
    assert quietly(path, cell_m=200, hours=(11, 12), minimum=1, rejected=rejected)["demand"].tolist() == [1]
    assert [(one["row"], one["reason"]) for one in rejected.rows] == [(2, "the time is not understood")]


def test_hours_and_dates(tmp_path):
    times = [
        "2024-05-01 10:59:59", "2024-05-01 11:00:00", "2024/5/1 13:59", "2024-05-01T14:00:00", "20240502113000",
        "1714620600", "1714620600000", "2024-05-02T03:30:00Z", "2024-05-02T11:30:00+08:00", "2024-05-03", "mittags", "",
    ]  # fmt: skip
    rows = [f"{row},{time}" for row, time in zip(at(500, 500, len(times)), times, strict=True)]
    path = write(tmp_path / "a.csv", rows, "lon,lat,下单时间")
    rejected, tally = Rejections(), RecordTally()
    demand = quietly(path, cell_m=200, hours=(11, 14), minimum=1, rejected=rejected, tally=tally)
    assert demand["demand"].tolist() == [7]
    assert tally.other_times == 3
    assert {one["row"]: one["reason"] for one in rejected.rows} == {
        12: "the time is not understood", 13: "the time is blank",
    }  # fmt: skip

    def count(**options):
        return quietly(path, cell_m=200, minimum=1, rejected=Rejections(), **options)["demand"].tolist()

    assert count(dates=("2024-05-02", "2024-05-02")) == [5]
    assert count(dates=("2024-05-02", "2024-05-03")) == [6]
    assert count(hours=(13, 24)) == [2]
    assert count(hours=(14, 11)) == [3]
    assert count(hours=(3, 4), utc_offset_h=0) == [4]
    assert quietly(path, cell_m=200)["demand"].tolist() == [12]  # without either, times are not looked at


@pytest.mark.parametrize("wrong", [(11,), "11-14", (11, 11), (-1, 5), (5, 25), ("a", 3)])
def test_hours_that_cannot_be(tmp_path, wrong):
    with pytest.raises(ConfigError, match="hours must be two"):
        quietly(write(tmp_path / "a.csv", at(1, 1), "lon,lat"), cell_m=200, hours=wrong)


@pytest.mark.parametrize("wrong", [("2024-05-01",), ("2024-5-1", "2024-05-02"), ("2024-05-02", "2024-05-01")])
def test_dates_that_cannot_be(tmp_path, wrong):
    with pytest.raises(ConfigError, match="dates"):
        quietly(write(tmp_path / "a.csv", at(1, 1), "lon,lat"), cell_m=200, dates=wrong)


BAD_ROWS = {
    "": "more or fewer cells than the first row has names",
    "114.3": "more or fewer cells than the first row has names",
    "1,2,3,4": "more or fewer cells than the first row has names",
    ",30.6,x": "longitude is blank",
    "114.3,,x": "latitude is blank",
    "abc,30.6,x": "longitude is not a number of degrees",
    "114.3,inf,x": "latitude is not a number of degrees",
    "114.3,1_0,x": "latitude is not a number of degrees",
    "200,30.6,x": "longitude is outside -180 to 180 (for x and y in metres say source_crs)",
    "114.3,-91,x": "latitude is outside -90 to 90 (for x and y in metres say source_crs)",
    "0,0.0,x": "longitude and latitude are zero",
    "１１４,30,x": "longitude is not a number of degrees",
}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_rows_that_cannot_be_used_are_listed_and_written_out(tmp_path, encoding):
    good = [f'{row},"备注 {k}, 多辣\n不要葱"' for k, row in enumerate(at(500, 500, 30))]
    rows = [one for pair in zip(good, list(BAD_ROWS)[1:] * 3, strict=False) for one in pair]
    path = write(tmp_path / "记录.csv", rows, "经度,纬度,备注", encoding)
    rejected, tally = Rejections(), RecordTally()
    listed = tmp_path / "拒绝 a.csv"
    demand = quietly(path, cell_m=200, rejected=rejected, rejected_file=listed, tally=tally)
    assert demand["demand"].tolist() == [30]
    # the header is row 1; a line break in a cell makes no row
    expected = {2 * k + 3: BAD_ROWS[row] for k, row in enumerate((list(BAD_ROWS)[1:] * 3)[:30])}
    assert {one["row"]: one["reason"] for one in rejected.rows} == expected
    with listed.open(encoding="utf-8-sig", newline="") as stream:
        written = list(csv.reader(stream))
    assert written == [["row", "reason"], *([str(row), expected[row]] for row in sorted(expected))]
    assert tally.refused == Counter(expected.values())
    assert tally.rows == 60
    with pytest.raises(
        InputError, match=r"every row of 记录\.csv must be usable: .*longitude is blank in 3: row 7, row 29"
    ):
        quietly(path, cell_m=200)


def test_blank_lines_in_the_middle_are_told(tmp_path):
    path = write(tmp_path / "a.csv", [*at(500, 500, 9), "", *at(500, 500, 1)])
    rejected = Rejections()
    quietly(path, cell_m=200, rejected=rejected)
    assert [(one["row"], one["reason"]) for one in rejected.rows] == [(11, "longitude is blank")]


def test_of_many_bad_rows_the_first_are_listed_and_the_others_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(record_faults, "LISTED_ROWS", 3)
    path = write(tmp_path / "a.csv", [*at(500, 500, 10), *["x,1"] * 8, *["1,x"] * 2])
    rejected = Rejections()
    quietly(path, cell_m=200, rejected=rejected, rejected_file=tmp_path / "r.csv")
    assert [(one["row"], one["reason"]) for one in rejected.rows] == [
        (20, "latitude is not a number of degrees"), (21, "latitude is not a number of degrees"),
        *((row, "longitude is not a number of degrees") for row in (12, 13, 14)),
        (14, "longitude is not a number of degrees: 5 more rows after this one"),
    ]  # fmt: skip
    assert len((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()) == 11


def test_records_outside_the_study_area_are_counted_apart(tmp_path):
    rows = at(500, 500, 10) + at(-5, 500, 3) + at(5000, 90_000, 2) + ["-70,-30"]
    tally = RecordTally()
    demand = quietly(write(tmp_path / "a.csv", rows), cell_m=200, tally=tally)
    assert demand["demand"].tolist() == [10]
    assert (tally.counted, tally.outside) == (10, 6)
    # without a study area all count
    assert count_records(tmp_path / "a.csv", cell_m=200, crs=CRS, minimum=1)["demand"].sum() == 16


def test_cells_on_the_border_stand_inside_the_study_area(tmp_path):
    edge = [row for y in range(20, 2000, 40) for row in at(3, y, 10)]
    demand = quietly(write(tmp_path / "a.csv", edge), cell_m=300)
    assert demand["demand"].sum() == 490 + 10
    assert demand.within(AREA.geometry[0].buffer(1e-6)).all()


def test_streets(tmp_path):
    lines = [((0, 100), (1000, 100)), ((0, 300), (1000, 300)), ((0, 1900), (0, 1900)), ((1000, 1000), (3200, 1000))]
    shapes = [shapely.LineString([(X0 + x, Y0 + y) for x, y in line]) for line in lines]
    streets = gpd.GeoDataFrame({"name": ["一", None, "三", "四"]}, geometry=shapes, crs=CRS)
    rows = at(500, 160, 11) + at(200, 260, 10) + at(200, 201, 10) + at(1500, 1900, 2) + at(1900, 1010, 10)
    path = write(tmp_path / "a.csv", rows)
    rejected = Rejections()
    demand = quietly(path, streets=streets.to_crs(4326), rejected=rejected)
    assert demand["id"].tolist() == ["s0", "s1", "s3"]
    assert demand["demand"].tolist() == [11, 20, 10]
    assert demand["name"].fillna("-").tolist() == ["一", "-", "四"]
    assert set(demand["kind"]) == {"street"}
    # the middle of a street; of the one that leaves the study area, the middle of the part inside
    places = shapely.get_coordinates(demand.geometry.to_numpy()) - (X0, Y0)
    np.testing.assert_allclose(places, [(500, 100), (500, 300), (1500, 1000)], atol=1e-3)
    assert [one["reason"] for one in rejected.rows] == ["no street within 100 m"] * 2
    labelled = quietly(path, streets=streets.assign(id=[7, 8, 9, 10]), street_within_m=1000.0)
    assert labelled["id"].tolist() == ["7", "8", "10"]
    assert labelled["demand"].sum() == 43
    assert count_records(path, streets=streets, minimum=1, rejected=rejected).crs == CRS
    assert count_records(path, streets=streets.to_crs(4326), minimum=1, rejected=rejected).crs == "EPSG:32650"


@pytest.mark.parametrize("angle", [61, 67, 73])
def test_a_street_along_the_border_stands_inside(tmp_path, angle):
    turned = gpd.GeoSeries([shapely.affinity.rotate(AREA.geometry[0], angle, origin=(X0, Y0))], crs=CRS)
    corners = shapely.get_coordinates(turned[0].exterior)
    sides = [shapely.LineString([a, a + 0.77 * (b - a)]) for a, b in pairwise(corners)]
    x, y = (corners[:-1] * 0.6 + corners[1:] * 0.4).mean(axis=0) * 0.01 + np.mean(corners[:-1], axis=0) * 0.99
    inner = [shapely.line_interpolate_point(side, 0.4, normalized=True) for side in sides]
    rows = [
        row
        for point in inner
        for row in at(point.x + (x - point.x) * 0.01 - X0, point.y + (y - point.y) * 0.01 - Y0, 10)
    ]
    area = turned.to_frame("geometry")
    streets = gpd.GeoDataFrame(geometry=sides, crs=CRS)
    for how in ({"streets": streets}, {"cell_m": 900}):
        demand = quietly(write(tmp_path / "a.csv", rows), study_area=area, minimum=1, **how)
        assert demand["demand"].sum() == 40
        assert demand.intersects(turned[0]).all()


@pytest.mark.parametrize(("separator", "suffix"), [("\t", ".tsv"), ("\t", ".txt"), (";", ".csv"), (",", ".txt")])
def test_separators(tmp_path, separator, suffix):
    rows = [row.replace(",", separator) + separator + "甲，乙" for row in at(500, 500, 10)]
    path = write(tmp_path / f"a{suffix}", rows, separator.join(["lon", "lat", "备注"]), "gb18030")
    assert quietly(path, cell_m=200)["demand"].tolist() == [10]


def test_arguments_that_cannot_be(tmp_path):
    path = write(tmp_path / "a.csv", at(500, 500, 10))
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(X0, Y0), (X0 + 9, Y0)])], crs=CRS)
    for options in ({}, {"cell_m": 200, "streets": streets}):
        with pytest.raises(ConfigError, match="either by cell_m or by streets"):
            quietly(path, **options)
    for cell_m in (0.5, -200, np.nan, np.inf):
        with pytest.raises(ConfigError, match="cell_m must be at least 1 m"):
            quietly(path, cell_m=cell_m)
    for minimum in (0, 2.5, True):
        with pytest.raises(ConfigError, match="minimum must be a whole number of at least 1"):
            quietly(path, cell_m=200, minimum=minimum)
    with pytest.raises(ConfigError, match="street_within_m must be above 0"):
        quietly(path, streets=streets, street_within_m=0)
    with pytest.raises(ConfigError, match="got neither crs nor study_area"):
        count_records(path, cell_m=200)
    with pytest.raises(CrsError, match="streets must have a CRS"):
        quietly(path, streets=streets.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match="study_area must have a CRS"):
        quietly(path, cell_m=200, study_area=AREA.set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="study_area must hold at least one polygon"):
        quietly(path, cell_m=200, study_area=AREA.iloc[:0])
    with pytest.raises(InputError, match="streets must have a line in the study area"):
        quietly(path, streets=streets.translate(90_000).to_frame("geometry"))
    with pytest.raises(DatumError, match="got 'mars'"):
        quietly(path, cell_m=200, datum="mars")
    with pytest.raises(ConfigError, match=r"columns for a\.csv must be among .* got \['orders'\]"):
        quietly(path, cell_m=200, columns={"orders": "lon"})
    with pytest.raises(SchemaError, match=r"a\.csv must have the columns that `columns` names"):
        quietly(path, cell_m=200, columns={"rider": "骑手"})
    with pytest.raises(SchemaError, match=r"a\.csv must have columns for time"):
        quietly(path, cell_m=200, hours=(11, 14))
    with pytest.raises(ConfigError, match="encoding must be one that Python knows"):
        quietly(path, cell_m=200, encoding="marsian")
    with pytest.raises(SourceError, match="the list of refused records must be a file that can be written"):
        quietly(path, cell_m=200, rejected_file=tmp_path / "none" / "r.csv")


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(SourceError, match="found nothing"):
        quietly(tmp_path / "none.csv", cell_m=200)
    (tmp_path / "a.xlsx").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"records must be a file of a known kind .* got a\.xlsx"):
        quietly(tmp_path / "a.xlsx", cell_m=200)
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(InputError, match="must have the names of its columns in the first row"):
        quietly(tmp_path / "a.csv", cell_m=200)
    (tmp_path / "a.csv").write_bytes("lon,lat,备注\n".encode("gb18030")[:-2] + b"\xff\n114,30,x\n")
    with pytest.raises(InputError, match=r"the first row of a\.csv must be text in gb18030"):
        quietly(tmp_path / "a.csv", cell_m=200)
    write(tmp_path / "a.csv", [])
    with pytest.raises(InputError, match="must have a record that counts, got none of 0"):
        quietly(tmp_path / "a.csv", cell_m=200)
    write(tmp_path / "a.csv", at(500, 500, 9))
    with pytest.raises(InputError, match="a cell must have enough records to be shown, got none: 1 of 1 cells"):
        quietly(tmp_path / "a.csv", cell_m=200)
    write(tmp_path / "a.csv", [*at(500, 500, 9), '"114.3,30.6', *at(500, 500, 9)])
    with pytest.raises(InputError, match=r"well-formed CSV file, got after row 10: row 11 goes on to the end"):
        quietly(tmp_path / "a.csv", cell_m=200, rejected=Rejections())
    write(tmp_path / "a.csv", [*at(500, 500, 9), '"114.3,30.6', *at(500, 500, 1), '"', *at(500, 500, 9)])
    rejected = Rejections()
    assert quietly(tmp_path / "a.csv", cell_m=200, rejected=rejected)["demand"].tolist() == [18]
    assert [(one["row"], one["reason"]) for one in rejected.rows] == [
        (11, "a cell over several lines, in a row of more or fewer cells")
    ]
    write(tmp_path / "a.csv", [*at(500, 500, 9), '"' + "x" * 70, *at(500, 500, 200)])
    with monkeypatch.context() as patch:
        patch.setattr(record_stream, "BLOCK_BYTES", 1000)
        with pytest.raises(InputError, match=r"well-formed CSV file, got after row .*straddling object"):
            quietly(tmp_path / "a.csv", cell_m=200, rejected=Rejections())
    write(tmp_path / "a.csv", [row.split(",")[1] + "," + row.split(",")[0] for row in at(500, 500, 20)])
    with pytest.raises(InputError, match="look swapped: 20 of 20 rows"):
        quietly(tmp_path / "a.csv", cell_m=200)


def test_progress_is_told_in_bytes_and_can_stop_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(record_stream, "BLOCK_BYTES", 512)
    path = write(tmp_path / "a.csv", at(500, 500, 200))
    told = []
    quietly(path, cell_m=200, progress=lambda done, total: told.append((done, total)))
    assert len(told) > 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (path.stat().st_size,) * 2

    def stop(_done, _all):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quietly(path, cell_m=200, progress=stop)


@pytest.mark.real_data
def test_check_ins_of_wuhan(real_data):
    path = real_data / "wuhan" / "places.csv"
    wuhan = read_study_area(real_data / "areas" / "districts.gpkg", where={"city": ["Wuhan"]}, crs=CRS)
    columns = {"weight": "Checkin user number"}
    tally = RecordTally()
    demand = quietly(
        path,
        cell_m=1000,
        study_area=wuhan,
        datum="gcj02",
        columns=columns,
        minimum=2,
        tally=tally,
        rejected=Rejections(),
    )
    with path.open(encoding="utf-8-sig", newline="") as stream:
        total = sum(int(row["Checkin user number"]) for row in csv.DictReader(stream))
    assert tally.rows == 430
    assert tally.refused == {}
    if not tally.outside:
        assert tally.demand + tally.withheld_demand == total
    assert demand["demand"].sum() == tally.demand > total / 2
