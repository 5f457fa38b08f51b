"""Real files that nobody here wrote go through `check` and `plan` with only a plan file written for them.

Where a place has streets but neither stations nor demand, small tables of them are made up here, and the plan says so.
"""

import csv
import json
import random
import warnings
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from coverage_planner.cli import main
from coverage_planner.pipeline.doctor import check_plan

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

GROUP = """
[[groups]]
name = "walkers"
mode = "walk"
cutoff_min = 15
"""


@pytest.fixture
def write(tmp_path, real_data):
    """Write a plan file; DATA in it is the folder of real files."""

    def write(text: str) -> Path:
        plan = tmp_path / "plan.toml"
        plan.write_text(text.replace("DATA", real_data.as_posix()), encoding="utf-8")
        return plan

    return write


@pytest.fixture
def planned(tmp_path, capsys):
    """Run `plan`, which must succeed; return run.json, the rejected rows and what was said."""

    def planned(plan: Path) -> tuple[dict, list[dict], str]:
        out = tmp_path / "out"
        code = main(["plan", str(plan), "--out", str(out), "--force"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        with (out / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
            rejected = list(csv.DictReader(file))
        return json.loads((out / "run.json").read_text(encoding="utf-8")), rejected, printed.out + printed.err

    return planned


def checked(plan: Path):
    """Check a plan; return the report, its inputs by key, and the findings' codes."""
    report = check_plan(plan, language="en")
    return report, {found.key: found for found in report.inputs}, {finding.code for finding in report.findings}


def says(report) -> str:
    return "\n".join(f"{f.input}: {f.what.en} {f.advice.en}" for f in report.findings)


def make_up_points(folder: Path, places, n_stations: int = 4, n_demand: int = 60) -> str:
    """Write stations and demand a few metres beside given places; return the tables of a plan."""
    rng = random.Random(5)  # noqa: S311 - made-up places
    chosen = rng.sample(sorted(places), n_stations + n_demand)
    rows = [(lon + rng.uniform(-1e-4, 1e-4), lat + rng.uniform(-1e-4, 1e-4)) for lon, lat in chosen]
    stations = pd.DataFrame(rows[:n_stations], columns=["lon", "lat"])
    stations.assign(name=[f"made up {n}" for n in range(n_stations)]).to_csv(folder / "stations.csv", index=False)
    demand = pd.DataFrame(rows[n_stations:], columns=["lon", "lat"])
    demand.assign(demand=[rng.randint(1, 50) for _ in rows[n_stations:]]).to_csv(folder / "demand.csv", index=False)
    return f'[facilities]\nfile = "stations.csv"\n{GROUP}demand = {{ file = "demand.csv" }}\n'


def corners(lines) -> set[tuple[float, float]]:
    return {tuple(line.coords[0]) for line in lines if line is not None and line.geom_type == "LineString"}


def rows_of(run: dict, table: str) -> dict:
    return next(entry for entry in run["inputs"] if entry["table"] == table)


WUHAN = """
name = "武汉"
[roads]
file = 'DATA/wuhan/roads.parquet'
attribution = "OpenStreetMap contributors"
[study_area]
file = 'DATA/areas/districts.gpkg'
where = { city = ["Wuhan"], name = [DISTRICTS] }
[facilities]
file = 'DATA/wuhan/FILE'
columns = { name = "Name_POI", kind = "Category" }
DATUM
[[groups]]
name = "walkers"
mode = "walk"
cutoff_min = 15
demand = { file = 'DATA/wuhan/population_20plus_2020_100m.tif', minimum = 1 }
"""
CENTRE = '"江岸区", "江汉区", "硚口区", "汉阳区", "武昌区", "青山区", "洪山区"'


def wuhan(file: str, *, datum: str = "", districts: str = CENTRE) -> str:
    said = f'datum = "{datum}"' if datum else ""
    text = WUHAN.replace("DATUM", said).replace("FILE", file)
    return text.replace("DISTRICTS", districts)


@pytest.mark.parametrize("file", ["places.csv", "popular_places.csv"])
@pytest.mark.parametrize(("declared", "fits"), [("", False), ("gcj02", True), ("bd09", False)])
def test_wuhans_places_are_gcj02_whatever_is_declared(write, file, declared, fits):
    report, inputs, _ = checked(write(wuhan(file, datum=declared)))
    stations = inputs["[facilities]"]
    assert "GCJ-02" in stations.datum.en
    assert stations.datum_fits is fits
    assert report.exit_code == 1
    assert stations.read == {"places.csv": 430, "popular_places.csv": 1676}[file]
    assert stations.rejected + stations.outside + stations.kept == stations.read


def test_a_plan_for_wuchang(write, planned, real_data):
    """Stations of one kind, a grid of people in degrees, one district of a layer of ninety-three."""
    text = wuhan("places.csv", datum="gcj02", districts='"武昌区"')
    text = text.replace('kind = "Category" }', 'kind = "Category" }\nwhere = { Category = ["商场"] }')
    run, rejected, _ = planned(write(text))
    places = pd.read_csv(real_data / "wuhan" / "places.csv")
    entry = rows_of(run, "facilities")
    assert entry["read"] == int((places["Category"] == "商场").sum())
    assert entry["read"] == entry["kept"] + entry["rejected"]
    assert len([row for row in rejected if row["table"] == "facilities"]) == entry["rejected"]
    people = rows_of(run, "demand of walkers")
    assert people["kept"] > 1000
    assert "GCJ-02" not in " ".join(run["warnings"])


def test_the_sum_of_wuhans_grid_is_kept(write):
    """9,491,334 people in the whole raster; those of the thirteen districts are all but the outer edge."""
    report, inputs, _ = checked(
        write(
            WUHAN.replace(", name = [DISTRICTS]", "")
            .replace("DATUM", "")
            .replace("FILE", "places.csv")
            .replace(", minimum = 1", "")
        )
    )
    demand = inputs["[[groups]] 1 demand"]
    assert 0.98 * 9_491_334 < demand.total <= 9_491_334
    assert report.exit_code == 1


def test_nanchangs_roads_have_no_datum_that_could_be_known(write, planned, tmp_path, real_data):
    file = real_data / "nanchang" / "roadnet.txt"
    nodes = [line.split() for line in file.read_text(encoding="ascii").splitlines()[1:2068]]
    tables = make_up_points(tmp_path, {(float(lon), float(lat)) for lat, lon, *_ in nodes})
    plan = write(f"synthetic = true\nname = '南昌'\n[roads]\nfile = 'DATA/nanchang/roadnet.txt'\n{tables}")
    report, inputs, _ = checked(plan)
    assert inputs["[roads]"].read == 3041
    # four points tell nothing, and sixty beside these very roads only that they agree with them
    assert inputs["[facilities]"].datum_fits is None
    assert inputs["[[groups]] 1 demand"].datum_fits is True
    assert "to the nearest street" in inputs["[[groups]] 1 demand"].datum.en
    assert "shorter than the straight line" in says(report)
    assert report.exit_code == 1
    run, rejected, _ = planned(plan)
    assert rows_of(run, "roads")["read"] == 3041
    assert [row for row in rejected if row["table"] == "roads"] == []


def test_jinan_has_no_prj(write, planned, tmp_path, real_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        lines = pyogrio.read_dataframe(real_data / "jinan" / "roads.shp")
    assert len(lines) == 28_597
    tables = make_up_points(tmp_path, corners(lines.geometry))
    text = f"synthetic = true\nname = '济南'\n[roads]\nfile = 'DATA/jinan/roads.shp'\nSAID\n{tables}"
    report, _, _ = checked(write(text.replace("SAID", "")))
    assert report.exit_code == 2
    assert "roads.shp" in says(report)
    assert ".prj" in says(report)
    plan = write(text.replace("SAID", "source_crs = 'EPSG:4326'"))
    report, inputs, _ = checked(plan)
    assert inputs["[roads]"].read == 28_597
    assert report.exit_code < 2
    counts = report.streets.cleaning.summary().set_index("what")["count"]
    assert counts["duplicate"] > 10_000  # the way back of streets that are drawn once for each direction
    run, rejected, _ = planned(plan)
    assert [(row["table"], row["row"]) for row in rejected] == [("roads", "22644")]  # a line of no length
    assert counts["lines"] + 1 == 28_597
    assert rows_of(run, "roads")["kept"] == counts["segments"]


def test_zhengzhou_is_466_pieces_by_the_ends_of_its_lines(write, planned, tmp_path, real_data):
    """Cut at the vertices that lines share they are ten; what only crosses, and what stops short, is joined if asked."""
    lines = gpd.read_file(real_data / "zhengzhou" / "roads.geojson")
    tables = make_up_points(tmp_path, corners(lines.geometry[~lines["highway"].str.startswith(("motorway", "trunk"))]))
    text = f"synthetic = true\nname = '郑州'\n[roads]\nfile = 'DATA/zhengzhou/roads.geojson'\nNODING\n{tables}"
    shared, inputs, _ = checked(write(text.replace("NODING", "")))
    assert inputs["[roads]"].read == len(lines) == 1085
    counts = shared.streets.cleaning.summary().set_index("what")["count"]
    assert counts["parts by line ends"] == 466
    assert counts["parts"] < 20
    assert "dangling ends" in says(shared)
    plan = write(text.replace("NODING", 'noding = "crossings"\njoin_within_m = 5'))
    cut, _, _ = checked(plan)
    counts = cut.streets.cleaning.summary().set_index("what")["count"]
    assert counts["crossing"] > 0
    assert counts["joined end"] > 0
    assert counts["kept apart: bridge"] > 500  # its elevated roads
    assert cut.exit_code == shared.exit_code == 1
    run, rejected, _ = planned(plan)
    assert rejected == []
    assert rows_of(run, "roads")["kept"] == counts["segments"]


def test_new_yorks_empty_rows_are_all_listed(write, planned, tmp_path, real_data):
    file = real_data / "newyork" / "roads_2014.zip"
    box = gpd.GeoDataFrame(geometry=[shapely.box(-73.99, 40.73, -73.96, 40.76)], crs=4326)
    box.to_file(tmp_path / "area.geojson")
    lines = pyogrio.read_dataframe(f"/vsizip/{file}/roadNYC2014/roadNYC2014.shp", columns=["highway"])
    empty = set((lines.index[lines.geometry.isna()] + 1).tolist())
    assert len(empty) == 2879
    inside = lines[
        lines.intersects(shapely.box(-73.988, 40.732, -73.962, 40.758))
        & (lines["highway"].isin(["residential", "footway", "secondary", "tertiary"]))
    ]
    tables = make_up_points(tmp_path, corners(inside.geometry))
    text = "synthetic = true\nname = 'New York'\nlanguage = 'en'\n[roads]\nfile = 'DATA/newyork/roads_2014.zip'\n"
    text += "[study_area]\nfile = 'area.geojson'\n" + tables
    plan = write(text)
    report, inputs, _ = checked(plan)
    assert report.exit_code == 1
    assert inputs["[roads]"].rejected == 2879
    run, rejected, _ = planned(plan)
    assert {int(row["row"]) for row in rejected if row["table"] == "roads"} == empty
    assert rows_of(run, "roads")["rejected"] == 2879


def test_futian_as_a_graph(write, planned, tmp_path, real_data):
    """An OSMnx graph of the most detailed walking streets: nothing is lost, and stations stand on them."""
    import networkx as nx

    graph = nx.read_graphml(real_data / "shenzhen" / "futian.graphml")
    assert (len(graph), graph.number_of_edges()) == (1751, 4009)
    tables = make_up_points(tmp_path, {(float(node["x"]), float(node["y"])) for _, node in graph.nodes(data=True)})
    plan = write(f"synthetic = true\nname = '福田'\n[roads]\nfile = 'DATA/shenzhen/futian.graphml'\n{tables}")
    report, _, _ = checked(plan)
    assert report.exit_code < 2
    run, rejected, _ = planned(plan)
    assert rejected == []
    assert 2000 < rows_of(run, "roads")["kept"] <= 4009


@pytest.mark.parametrize(
    ("file", "stations", "demand"),
    [
        ("shenzhen_longgang.osm", '{ amenity = ["library", "university"] }', "{ amenity = true, shop = true }"),
        ("nanjing_xinjiekou.osm", '{ amenity = ["bank"] }', '{ amenity = ["restaurant", "cafe", "fast_food"] }'),
    ],
)
def test_city_centres_as_openstreetmap_gives_them(write, planned, file, stations, demand):
    """Streets, stations and demand of one file; nothing is made up."""
    plan = write(
        f"name = '城区'\n[roads]\nfile = 'DATA/osm/{file}'\n[facilities]\nfile = 'DATA/osm/{file}'\nosm = {stations}\n"
        f"{GROUP}demand = {{ file = 'DATA/osm/{file}', osm = {demand} }}\n"
    )
    report, inputs, _ = checked(plan)
    assert report.exit_code < 2
    run, _, _ = planned(plan)
    for key, table in (("[facilities]", "facilities"), ("[[groups]] 1 demand", "demand of walkers")):
        assert inputs[key].read == rows_of(run, table)["read"] > 0


def test_hexagons_of_porto_alegre(write, planned, real_data):
    plan = write(
        "name = 'Porto Alegre'\nlanguage = 'en'\n[roads]\nfile = 'DATA/osm/porto_alegre_poa.osm.pbf'\n"
        f"[facilities]\nfile = 'DATA/osm/poa_points_of_interest.csv'\n{GROUP}"
        "demand = { file = 'DATA/osm/poa_hexgrid.csv' }\n"
    )
    report, inputs, _ = checked(plan)
    demand = inputs["[[groups]] 1 demand"]
    assert demand.read == 1227
    assert demand.total == pd.read_csv(real_data / "osm" / "poa_hexgrid.csv")["population"].sum()
    assert inputs["[facilities]"].datum_fits is not False
    assert report.exit_code < 2
    run, rejected, _ = planned(plan)
    assert rows_of(run, "demand of walkers")["read"] == 1227
    assert [row for row in rejected if row["table"].startswith("demand")] == []


def test_shops_and_banks_of_las_palmas(write, planned):
    """2,225 shops, 418 restaurants and 135 banks as nodes, a few more as outlines, and a coast."""
    file = "DATA/osm/las_palmas_2023.osm.pbf"
    plan = write(
        f"name = 'Las Palmas'\nlanguage = 'en'\n[roads]\nfile = '{file}'\n[facilities]\nfile = '{file}'\n"
        f"osm = {{ amenity = ['bank'] }}\n[premises]\nfile = '{file}'\nosm = {{ shop = true }}\n{GROUP}"
        f"demand = {{ file = '{file}', osm = {{ amenity = ['restaurant'] }} }}\n"
    )
    report, inputs, _ = checked(plan)
    merged = {"[premises]": 1}  # Centro Comercial La Minilla is there as a node and as its outline
    for key, nodes, others in (("[facilities]", 135, 2), ("[premises]", 2225, 53), ("[[groups]] 1 demand", 418, 10)):
        twice = merged.get(key, 0)
        assert inputs[key].kept == nodes + others - twice
        assert sum(label.startswith("n") for label in inputs[key].points["id"]) == nodes - twice
    assert report.exit_code < 2
    run, _, _ = planned(plan)
    assert rows_of(run, "facilities")["read"] == 137
    assert rows_of(run, "demand of walkers")["read"] == 428
