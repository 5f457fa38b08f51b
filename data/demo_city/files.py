"""Writing the demo city: every file says that its content is synthetic."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import osmium
import shapely
from pyproj import Transformer
from shapely import Polygon

from coverage_planner.sources.datum import from_wgs84
from demo_city.areas import Community
from demo_city.demand import DAY, DRIVERS_DAY, Place, shares_of_day
from demo_city.mobile import Stop
from demo_city.places import Premises, Station
from demo_city.plan import PLAN
from demo_city.streets import Key, NodedWay, Points, as_polygon, key_of, position

METRIC_CRS = "EPSG:32650"
#: Where the city's centre is put: on the open water of a lake, so that nobody takes it for a real place.
ORIGIN_LON_LAT = (116.30, 29.10)
NAME = "示范区"
MARK = "synthetic"


class Globe:
    """Positions of the city on the globe."""

    def __init__(self) -> None:
        to_metric = Transformer.from_crs("EPSG:4326", METRIC_CRS, always_xy=True)
        self._origin = np.round(np.array(to_metric.transform(*ORIGIN_LON_LAT)))
        self._to_lon_lat = Transformer.from_crs(METRIC_CRS, "EPSG:4326", always_xy=True)

    def lon_lat(self, points: Points, digits: int = 7) -> Points:
        """Return WGS 84 longitude and latitude, shape (n, 2), of metres about the centre."""
        moved = np.asarray(points, dtype=np.float64).reshape(-1, 2) + self._origin
        return np.round(np.column_stack(self._to_lon_lat.transform(moved[:, 0], moved[:, 1])), digits)

    def polygon(self, shape: Polygon) -> dict[str, object]:
        """Return a polygon as GeoJSON geometry."""
        rings = [shape.exterior, *shape.interiors]
        return {"type": "Polygon", "coordinates": [self.lon_lat(shapely.get_coordinates(r)).tolist() for r in rings]}


def write_roads(
    path: Path,
    ways: Sequence[NodedWay],
    node_tags: Mapping[Key, Mapping[str, str]],
    river: Polygon,
    lakes: Iterable[Polygon],
    globe: Globe,
) -> None:
    """Write streets, walls, the railway and water as an OSM PBF; the river with its islands is a multipolygon."""
    lines: list[tuple[Sequence[Key], Mapping[str, str]]] = [(way.keys, way.tags) for way in ways]
    rings = [river.exterior, *river.interiors]
    river_ways = range(len(lines) + 1, len(lines) + 1 + len(rings))
    lines += [(_ring_keys(ring), {}) for ring in rings]
    lines += [(_ring_keys(lake.exterior), {"natural": "water", "water": "lake"}) for lake in lakes]
    numbers: dict[Key, int] = {}
    for keys, _ in lines:
        for key in keys:
            numbers.setdefault(key, len(numbers) + 1)
    places = globe.lon_lat(np.array([position(key) for key in numbers]))
    header = osmium.io.Header()
    header.set("generator", "data/make_demo_city.py: SYNTHETIC DATA, a city that does not exist")
    header.add_box(osmium.osm.Box(*places.min(axis=0).tolist(), *places.max(axis=0).tolist()))
    path.unlink(missing_ok=True)
    target = osmium.io.File(str(path), "pbf,add_metadata=false")
    with osmium.SimpleWriter(target, header=header) as writer:
        for (key, number), place in zip(numbers.items(), places.tolist(), strict=True):
            writer.add_node(
                osmium.osm.mutable.Node(id=number, location=tuple(place), tags=dict(node_tags.get(key, {})))
            )
        for number, (keys, tags) in enumerate(lines, start=1):
            marked = {**tags, MARK: "yes"}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[numbers[key] for key in keys], tags=marked))
        members = [("w", number, "outer" if k == 0 else "inner") for k, number in enumerate(river_ways)]
        tags = {"type": "multipolygon", "natural": "water", "water": "river", "name": "示范江", MARK: "yes"}
        writer.add_relation(osmium.osm.mutable.Relation(id=1, members=members, tags=tags))


def _ring_keys(ring: shapely.LinearRing) -> list[Key]:
    return [key_of(point) for point in ring.coords]


def write_areas(folder: Path, communities: Sequence[Community], globe: Globe) -> None:
    """Write the communities and, as their union, the study area."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": c.id, "name": c.name, "subdistrict": c.subdistrict, "residents": c.residents, MARK: True,
            },
            "geometry": globe.polygon(c.shape),
        }
        for c in communities
    ]  # fmt: skip
    _write_geojson(folder / "communities.geojson", "communities", features)
    study = as_polygon(shapely.coverage_union_all([c.shape for c in communities]))
    feature = {"type": "Feature", "properties": {"name": NAME, MARK: True}, "geometry": globe.polygon(study)}
    _write_geojson(folder / "study_area.geojson", "study_area", [feature])


def _write_geojson(path: Path, name: str, features: Sequence[object]) -> None:
    """Write features one a line."""
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    head = json.dumps({"type": "FeatureCollection", "name": name, MARK: True}, ensure_ascii=False)
    _write_text(path, f'{head[:-1]}, "features": [\n{lines}\n]}}\n')


def write_stations(path: Path, stations: Sequence[Station], globe: Globe) -> None:
    """Write the stations as a planner's own table: Chinese headers, GCJ-02, a byte order mark for spreadsheets."""
    wgs84 = globe.lon_lat(np.array([station.at for station in stations]))
    lon, lat = from_wgs84(wgs84[:, 0], wgs84[:, 1], "gcj02")
    header = ["编号", "名称", "级别", "经度", "纬度", "服务", "开放时间", "容量", "街道", "合成数据"]
    rows = [
        [s.id, s.name, s.level, f"{x:.6f}", f"{y:.6f}", s.services, s.opening_hours, s.capacity, s.subdistrict, "是"]
        for s, x, y in zip(stations, lon, lat, strict=True)
    ]
    _write_csv(path, header, rows, encoding="utf-8-sig")


def write_premises(path: Path, premises: Sequence[Premises], globe: Globe) -> None:
    """Write the premises, WGS 84."""
    places = globe.lon_lat(np.array([p.at for p in premises]), digits=6)
    rows = [
        [p.id, p.name, p.kind, f"{x:.6f}", f"{y:.6f}", f"{p.cost:.1f}", p.area_m2, "yes"]
        for p, (x, y) in zip(premises, places, strict=True)
    ]
    _write_csv(path, ["id", "name", "kind", "lon", "lat", "cost", "area_m2", MARK], rows)


def write_demand(path: Path, prefix: str, places: Sequence[Place], globe: Globe) -> None:
    """Write demand points, WGS 84."""
    at = globe.lon_lat(np.array([p.at for p in places]), digits=6)
    rows = [
        [f"{prefix}{n:04d}", p.name, p.kind, f"{x:.6f}", f"{y:.6f}", p.people, "yes"]
        for n, (p, (x, y)) in enumerate(zip(places, at, strict=True), start=1)
    ]
    _write_csv(path, ["id", "name", "kind", "lon", "lat", "demand", MARK], rows)


def write_stops(path: Path, stops: Sequence[Stop], globe: Globe) -> None:
    """Write the stops of vehicles as a planner's own table, GCJ-02 like the stations."""
    wgs84 = globe.lon_lat(np.array([stop.at for stop in stops]))
    lon, lat = from_wgs84(wgs84[:, 0], wgs84[:, 1], "gcj02")
    header = ["车辆", "停靠点", "星期", "到达", "离开", "经度", "纬度", "服务", "容量", "合成数据"]
    rows = [
        [s.vehicle, s.name, s.days, s.arrives, s.leaves, f"{x:.6f}", f"{y:.6f}", s.services, s.capacity, "是"]
        for s, x, y in zip(stops, lon, lat, strict=True)
    ]
    _write_csv(path, header, rows, encoding="utf-8-sig")


def write_firms(path: Path, firms: Sequence[Place], globe: Globe) -> None:
    """Write firms with their workers, WGS 84."""
    at = globe.lon_lat(np.array([firm.at for firm in firms]), digits=6)
    rows = [
        [f"E{n:04d}", firm.name, firm.kind, f"{x:.6f}", f"{y:.6f}", firm.people, "yes"]
        for n, (firm, (x, y)) in enumerate(zip(firms, at, strict=True), start=1)
    ]
    _write_csv(path, ["id", "name", "kind", "lon", "lat", "workers", MARK], rows)


def write_organisations(path: Path, organisations: Sequence[Place], globe: Globe) -> None:
    """Write organisations, WGS 84."""
    at = globe.lon_lat(np.array([place.at for place in organisations]), digits=6)
    rows = [
        [f"G{n:03d}", place.name, place.kind, f"{x:.6f}", f"{y:.6f}", "yes"]
        for n, (place, (x, y)) in enumerate(zip(organisations, at, strict=True), start=1)
    ]
    _write_csv(path, ["id", "name", "kind", "lon", "lat", MARK], rows)


def write_profiles(folder: Path) -> None:
    """Write the share of people present in each hour: by kind of demand, and of drivers by class of road."""
    _write_days(folder / "demand_profiles.csv", DAY)
    for drivers, days in DRIVERS_DAY.items():
        _write_days(folder / f"profiles_{drivers}.csv", days)


def _write_days(path: Path, days: Mapping[str, Sequence[int]]) -> None:
    rows = [[kind, *(f"{share:.4f}" for share in shares_of_day(day)), "yes"] for kind, day in days.items()]
    _write_csv(path, ["kind", *(f"h{hour:02d}" for hour in range(24)), MARK], rows)


def write_plan(path: Path) -> None:
    """Write the plan file of the demo."""
    _write_text(path, PLAN)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
