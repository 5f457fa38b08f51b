"""Counts of records against counting them one by one, in any order and any chunks."""

import datetime as dt
import math
from collections import Counter, defaultdict

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from coverage_planner.errors import InputError
from coverage_planner.schema import Rejections
from coverage_planner.sources import record_stream
from coverage_planner.sources.records import RecordTally
from drawn_records import AREA, CRS, X0, Y0, at, degrees, nearest_centre, quietly, write

PLACES = st.tuples(st.integers(-300, 2300), st.integers(-300, 2300))
CELLS = st.sampled_from(["x", "", "nan", " 1 ", "+114.3", "1e1000"])
RECORDS = st.lists(
    st.tuples(PLACES, st.integers(0, 5), st.sampled_from(["", "1", "0.25", "3.000001", "-1"]), st.none() | CELLS),
    min_size=1,
    max_size=80,
)


@given(records=RECORDS, block=st.sampled_from([200, 333, 1 << 20]), minimum=st.integers(1, 4), by_rider=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_are_those_of_counting_one_by_one(tmp_path, records, block, minimum, by_rider):
    # few places, so that records meet in cells
    places = [(x // 150 * 150 + 20, y // 150 * 150 + 20) for (x, y), *_ in records]
    lon, lat = degrees(*np.array(places, dtype=float).T)
    lon_texts = [f"{value:.7f}" if cell is None else cell for value, (*_, cell) in zip(lon, records, strict=True)]
    lat_texts = [f"{value:.7f}" for value in lat]
    rows = [
        f"{x},{y},{'' if rider == 0 else f'R{rider}'},{weight}"
        for x, y, (_, rider, weight, _) in zip(lon_texts, lat_texts, records, strict=True)
    ]
    path = write(tmp_path / "a.csv", rows, "lon,lat,r,w")
    counted, people, refused = defaultdict(float), defaultdict(set), 0
    to_metric = Transformer.from_crs(4326, CRS, always_xy=True)
    for number, (lon_text, lat_text, (_, rider, weight, _)) in enumerate(
        zip(lon_texts, lat_texts, records, strict=True)
    ):
        try:
            x, y = to_metric.transform(float(lon_text), float(lat_text))
        except ValueError:
            x = y = math.nan
        if not math.isfinite(x) or weight in ("", "-1"):
            refused += 1
        elif X0 <= x <= X0 + 2000 and Y0 <= y <= Y0 + 2000:
            cell = nearest_centre(x, y, 170.0)
            counted[cell] += float(weight)
            people[cell].add((rider or None) if by_rider else number)
    n_people = {cell: len(found - {None}) for cell, found in people.items()}
    expected = {cell: round(total, 6) for cell, total in counted.items() if n_people[cell] >= minimum}
    columns = {"weight": "w", **({"rider": "r"} if by_rider else {})}
    tally = RecordTally()

    def run():
        options = {"columns": columns, "rejected": Rejections(), "tally": tally}
        return quietly(path, cell_m=170.0, minimum=minimum, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_stream, "BLOCK_BYTES", block)
        if not expected:
            with pytest.raises(InputError, match=r"enough (records|riders)|must have a record that counts"):
                run()
            return
        demand = run()
    assert sorted(round(value, 6) for value in demand["demand"]) == sorted(expected.values())
    assert tally.refused == ({} if not refused else tally.refused)
    assert sum(tally.refused.values()) == refused
    assert tally.withheld_cells == len(counted) - len(expected)
    assert tally.demand + tally.withheld_demand == pytest.approx(sum(counted.values()))
    middles = {
        (round(point.x, 3), round(point.y, 3)): round(value, 6)
        for point, value in zip(demand.geometry, demand["demand"], strict=True)
    }
    inside = {cell: total for cell, total in expected.items() if AREA.contains(shapely.Point(cell))[0]}
    assert inside.items() <= middles.items()


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_chunks_nor_order_matter(tmp_path, seed):
    rng = np.random.default_rng(seed)
    lon, lat = degrees(*rng.normal(1000, 400, (2, 400)))
    moments = [
        dt.datetime(2024, 5, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=int(s)) for s in rng.integers(0, 86400 * 3, 400)
    ]
    forms = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S.5"]
    rows = [
        f"{x:.6f},{y:.6f},{moment.strftime(forms[form])},R{rider},{weight:.3f}"
        for x, y, moment, form, rider, weight in zip(
            lon,
            lat,
            moments,
            rng.integers(0, rng.integers(1, 5), 400),
            rng.integers(0, 40, 400),
            rng.random(400),
            strict=True,
        )
    ]
    rows += ["x,y,z,r,1", "1,2"] * 3
    results = []
    for block in (1 << 20, 300, 1000):
        rng.shuffle(rows)
        path = write(tmp_path / "a.csv", rows, "lon,lat,time,r,w")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(record_stream, "BLOCK_BYTES", block)
            results.append(
                quietly(
                    path, cell_m=120, minimum=3, hours=(6, 20), rejected=Rejections(),
                    columns={"time": "time", "rider": "r", "weight": "w"},
                )
            )  # fmt: skip
    assert results[0].equals(results[1])
    assert results[0].equals(results[2])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_nearest_street_is_that_of_shapely(tmp_path, seed):
    rng = np.random.default_rng(seed)
    shapes = [shapely.LineString(X0 + rng.uniform(0, 1) + xy + (0, Y0 - X0)) for xy in rng.uniform(0, 2000, (25, 3, 2))]
    streets = gpd.GeoDataFrame(geometry=shapes, crs=CRS)
    x, y = rng.uniform(0, 2000, (2, 150))
    path = write(tmp_path / "a.csv", [row for pair in zip(x, y, strict=True) for row in at(*pair, digits=9)])
    demand = quietly(path, streets=streets, minimum=1, street_within_m=60.0, rejected=Rejections())
    points = shapely.points(X0 + x, Y0 + y)
    far = np.array([[shape.distance(point) for shape in shapes] for point in points])
    reached = far.min(axis=1) <= 60.0
    expected = Counter(f"s{row}" for row in far.argmin(axis=1)[reached])
    assert dict(zip(demand["id"], demand["demand"], strict=True)) == expected
