"""Positions in the datum of an online map: named after it, the same positions, and back without a loss."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import DatumError
from coverage_planner.report.circle_columns import CIRCLE_TABLES
from coverage_planner.report.output_datum import ONLINE_FILES, in_datum, in_wgs84, online_file
from coverage_planner.report.proposal_folder import PROPOSAL_TABLES, check_proposal_folder, write_proposal
from coverage_planner.report.results import FILES, read_results, write_results
from coverage_planner.report.table_columns import TABLES
from coverage_planner.schema import Rejections
from coverage_planner.sources.datum import DATUMS, from_wgs84, to_wgs84
from drawn_outcome import draw_candidates, draw_outcome

WITH_POSITIONS = [name for name, columns in TABLES.items() if "lon" in columns and name not in CIRCLE_TABLES]
OTHERS = [datum for datum in DATUMS if datum != "wgs84"]


@pytest.fixture(scope="module")
def plan():
    return draw_outcome(proposed=True)


@pytest.fixture(scope="module")
def today():
    return draw_outcome()


@pytest.fixture(scope="module")
def plain(tmp_path_factory, plan, today):
    return write_results(plan, tmp_path_factory.mktemp("plain") / "结果", baseline=today, candidates=draw_candidates())


@pytest.fixture(scope="module", params=OTHERS)
def shifted(request, tmp_path_factory, plan, today):
    folder = tmp_path_factory.mktemp("shifted") / "结果 在线地图"
    given = {"baseline": today, "candidates": draw_candidates(), "datum": request.param}
    return request.param, write_results(plan, folder, map_page=lambda path: path.write_text("<html>"), **given)


def test_columns_carry_the_datum_and_hold_the_shifted_positions(plain, shifted):
    datum, folder = shifted
    for name in WITH_POSITIONS:
        wgs84, written = pd.read_csv(plain / f"{name}.csv"), pd.read_csv(folder / f"{name}.csv")
        assert not {"lon", "lat"} & set(written)
        assert {f"lon_{datum}", f"lat_{datum}"} < set(written)
        if wgs84.empty:
            assert name == "islands"
            continue
        lon, lat = from_wgs84(wgs84["lon"], wgs84["lat"], datum)
        np.testing.assert_allclose(written[f"lon_{datum}"], lon, atol=1e-8)
        np.testing.assert_allclose(written[f"lat_{datum}"], lat, atol=1e-8)
        assert list(written.drop(columns=[f"lon_{datum}", f"lat_{datum}"])) == list(wgs84.drop(columns=["lon", "lat"]))
        assert ((lon - wgs84["lon"]).abs() > 1e-3).all() == (datum != "cgcs2000")


def test_reopening_gives_the_same_tables_and_layers(plain, shifted):
    datum, folder = shifted
    expected, found = read_results(plain), read_results(folder)
    for name, table in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], table, check_exact=True, obj=name)
    for name, layer in expected.layers.items():
        assert found.layers[name].geometry.geom_equals_exact(layer.geometry, 0.0).all(), name
    assert (found.run["results"]["datum"], expected.run["results"]["datum"]) == (datum, "wgs84")


def test_the_workbook_says_the_datum_in_its_headings(shifted):
    datum, folder = shifted
    said = {"cgcs2000": "经度（CGCS2000）", "gcj02": "经度（GCJ-02：高德、腾讯）", "bd09": "经度（BD-09：百度）"}[datum]
    sheet = openpyxl.load_workbook(folder / "summary.xlsx")["各站点"]
    headings = [cell.value for cell in sheet[1]]
    assert said in headings
    assert "经度（WGS84）" not in headings
    first = sheet.cell(2, headings.index(said) + 1).value
    assert first == pd.read_csv(folder / "by_facility.csv")[f"lon_{datum}"][0]


def test_the_online_map_has_the_layers_in_the_datum(plain, shifted):
    datum, folder = shifted
    text = (folder / online_file(datum)).read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["datum"] == datum
    layers = read_results(plain).layers
    for name in ("facilities", "proposed_sites", "candidates", "gaps", "isochrones", "communities", "study_area"):
        features = [feature for feature in found["features"] if feature["properties"]["layer"] == name]
        expected = layers[name].to_crs(4326)
        assert len(features) == len(expected) > 0, name
        for feature, geometry in zip(features, expected.geometry, strict=True):
            written = shapely.get_coordinates(shapely.from_geojson(json.dumps(feature["geometry"])))
            back = np.column_stack(to_wgs84(*written.T, datum))
            np.testing.assert_allclose(np.sort(back, 0), np.sort(shapely.get_coordinates(geometry), 0), atol=2e-7)
    assert {feature["properties"].get("name") for feature in found["features"]} >= set(layers["facilities"]["name"])
    assert "demand" not in {feature["properties"]["layer"] for feature in found["features"]}


def test_the_map_and_the_layers_do_not_change(plain, shifted):
    datum, folder = shifted
    assert {path.name for path in folder.iterdir()} == FILES | {online_file(datum)}
    assert {path.name for path in plain.iterdir()} == FILES - {"map.html"}
    assert read_results(folder).layers["facilities"].crs == read_results(plain).layers["facilities"].crs


def test_a_folder_in_another_datum_can_be_replaced(tmp_path, shifted, today):
    shutil.copytree(shifted[1], tmp_path / "结果")
    write_results(today, tmp_path / "结果", force=True)
    assert not {path.name for path in (tmp_path / "结果").iterdir()} & set(ONLINE_FILES)


def test_synthetic_data_say_so_in_the_online_map(tmp_path, today):
    write_results(today, tmp_path / "r", datum="gcj02", synthetic=True)
    assert "合成" in json.loads((tmp_path / "r" / online_file("gcj02")).read_text(encoding="utf-8"))["note"]


def test_an_unknown_datum_is_refused_before_anything_is_written(tmp_path, today):
    with pytest.raises(DatumError, match="datum of the output must be one of"):
        write_results(today, tmp_path / "r", datum="mars")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("datum", OTHERS)
@given(
    lon=st.lists(st.floats(73.4, 135.1).map(lambda x: round(x, 7)), min_size=3, max_size=3),
    lat=st.lists(st.floats(3.8, 53.6).map(lambda x: round(x, 7)), min_size=3, max_size=3),
)
def test_the_way_back_gives_the_very_values(datum, lon, lat):
    table = pd.DataFrame({"id": ["a", "b", "c"], "lon": lon, "lat": lat})
    written = in_datum(table, datum)
    again = in_wgs84(written, datum)
    # a value's last decimal, seven of them, may be written in binary in two ways
    pd.testing.assert_frame_equal(again, table, check_exact=False, rtol=0.0, atol=1e-12)
    assert list(table) == ["id", "lon", "lat"]


def test_missing_positions_stay_missing():
    table = pd.DataFrame({"lon": [114.3, math.nan], "lat": [30.6, math.nan]})
    assert in_datum(table, "gcj02")["lon_gcj02"].isna().tolist() == [False, True]


def test_a_proposal_is_written_in_the_datum_too(tmp_path, today):
    group = next(iter(today.groups.values()))
    rejections = Rejections()
    rejections.remark(
        source="站点.csv", table="facilities", labels=["1"], row_numbers=[2], column="capacity", given=["约30人"],
        remark="=remark",
    )  # fmt: skip
    folder = write_proposal(
        tmp_path / "建议",
        network=today.network,
        coverage=group.coverage,
        demand=group.group.demand,
        facilities=today.scenario.facilities,
        gaps=group.gaps,
        candidates=draw_candidates().assign(gap_id=None),
        choice=None,
        rejected=Rejections().to_frame(),
        remarks=rejections.remarks_frame(),
        record={},
        datum="bd09",
    )
    assert (folder / online_file("bd09")).is_file()
    candidates = pd.read_csv(folder / "candidates.csv")
    lon, lat = to_wgs84(candidates["lon_bd09"], candidates["lat_bd09"], "bd09")
    expected = draw_candidates().to_crs(4326).geometry
    np.testing.assert_allclose(lon, expected.x, atol=1e-7)
    np.testing.assert_allclose(lat, expected.y, atol=1e-7)
    assert pd.read_csv(folder / "remarks.csv")["given"].tolist() == ["约30人"]
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["proposal"]["datum"] == "bd09"
    check_proposal_folder(folder, force=True)
    assert {path.stem for path in Path(folder).glob("*.csv")} == set(PROPOSAL_TABLES)
