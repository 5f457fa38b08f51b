"""Make the files of a planning office about the demo city: the same made-up district as such files really come.

Usage::

    python data/make_office_files.py                    # rewrites data/office
    python data/make_office_files.py --out elsewhere

A workbook with a title, merged cells and a total; positions read off online maps; Shapefiles in Gauss-Krüger metres
with Chinese texts in GB18030; a road layer without topology; one order per line. What stands in them comes from
``data/demo``; what is wrong with them is made here, by a seeded generator, and listed in data/README.md. The how-to
pages 'from a spreadsheet' and 'your own roads' start from these files, and the tests follow the pages.
"""

import argparse
import csv
import datetime as dt
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import shapely
from numpy.typing import NDArray

import coverage_planner as cp
from coverage_planner.sources.datum import from_wgs84

SEED = 20252
#: CGCS2000, Gauss-Krüger in zones of three degrees, central meridian 117 E: what a bureau of that place uses.
GAUSS_KRUEGER = "EPSG:4548"
CLASSES = {
    "trunk": "快速路", "trunk_link": "匝道", "primary": "主干路", "secondary": "次干路", "tertiary": "支路",
    "residential": "街坊路", "living_street": "巷弄", "unclassified": "支路", "service": "小区道路",
    "pedestrian": "步行街",
}  # fmt: skip
HOURS = {
    "24/7": "24小时",
    "Mo-Su 06:00-22:00": "6:00～22:00",
    "Mo-Su 06:30-23:00": "早6:30至晚11点",
    "Mo-Su 07:00-22:00": "每天7点-22点",
    "Mo-Su 08:30-20:00": "8：30—20：00",
    "Mo-Fr 08:30-17:30": "周一至周五 8:30-17:30",
    "Mo-Sa 08:00-18:00; PH off": "周一至周六8:00-18:00，法定节假日休息",
    "Mo-Fr 09:00-17:30; Sa 09:00-12:00": "周一至周五9:00-17:30，周六9:00-12:00",
    "Mo-Su 10:00-14:00,17:00-21:00": "10:00-14:00、17:00-21:00",
}
ORDERS = 12_000
#: A fixed day, so that the files do not change when they are made again.
DAY = dt.datetime(2025, 9, 22)  # noqa: DTZ001 - as an export has it, without a time zone


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--out", type=Path, default=here / "office", help="folder to write (default: data/office)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    demo = here / "demo"
    draw = np.random.default_rng(SEED)
    write_stations(pd.read_csv(demo / "stations.csv", encoding="utf-8-sig", dtype=str), out / "驿站台账.xlsx")
    write_premises(pd.read_csv(demo / "premises.csv", dtype=str), out / "可用场所.csv")
    write_communities(gpd.read_file(demo / "communities.geojson"), out / "社区.zip")
    write_orders(pd.read_csv(demo / "demand_riders.csv"), out / "骑手订单.csv", draw)
    write_roads(cp.read_roads(demo / "roads.osm.pbf").segments, out / "路网.zip", draw)


def write_stations(stations: pd.DataFrame, path: Path) -> None:
    """Write a ledger: title, unit, merged subdistricts, one column of coordinates, a total, a note."""
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = DAY
    sheet = book.active
    sheet.title = "台账"
    sheet.append(["户外劳动者驿站台账（合成数据）"])
    sheet.merge_cells("A1:H1")
    sheet.append(["填报单位：示范区总工会（虚构）", None, None, None, None, None, None, "2025年9月"])
    sheet.append(["序号", "所属街道", "驿站名称", "级别", "坐标（高德）", "服务内容", "开放时间", "容纳人数"])
    ordered = stations.sort_values(["街道", "编号"]).reset_index(drop=True)
    for row in ordered.itertuples(index=False):
        sheet.append(
            [
                row.编号, row.街道, row.名称, row.级别, f"{row.经度},{row.纬度}", row.服务.replace(";", "、"),
                HOURS.get(row.开放时间, row.开放时间), int(row.容量),
            ]
        )  # fmt: skip
    first = 4
    for _, rows in ordered.groupby("街道", sort=False):
        top, bottom = rows.index[0] + first, rows.index[-1] + first
        if bottom > top:
            sheet.merge_cells(start_row=top, end_row=bottom, start_column=2, end_column=2)
    planned = "云栖商业街驿站（筹建）"
    sheet.append(["S31", "云栖街道", planned, "驿站", "云栖路与梅湖路交叉口", "休息、饮水", "待定", 10])
    sheet.append(["合计", None, None, None, None, None, None, f"=SUM(H{first}:H{sheet.max_row})"])
    sheet.append(["注：坐标取自高德地图。"])
    sheet.row_dimensions[first + 2].hidden = True
    book.save(path)


def write_premises(premises: pd.DataFrame, path: Path) -> None:
    """Write premises with positions of Baidu, in GB18030."""
    lon, lat = from_wgs84(premises["lon"].astype(float), premises["lat"].astype(float), "bd09")
    table = pd.DataFrame(
        {
            "编号": premises["id"], "名称": premises["name"], "类型": premises["kind"], "百度经度": np.round(lon, 6),
            "百度纬度": np.round(lat, 6), "费用（万元）": premises["cost"], "面积（㎡）": premises["area_m2"],
            "合成数据": "是",
        }
    )  # fmt: skip
    table.to_csv(path, index=False, encoding="gb18030", lineterminator="\r\n")


def write_communities(areas: gpd.GeoDataFrame, path: Path) -> None:
    """Write communities with head counts as a zipped Shapefile in Gauss-Krüger metres."""
    table = gpd.GeoDataFrame(
        {"社区编码": areas["id"], "社区名称": areas["name"], "街道": areas["subdistrict"], "人口": areas["residents"]},
        geometry=areas.geometry,
    ).to_crs(GAUSS_KRUEGER)
    write_shapefile(table.assign(合成="是"), path)


def write_orders(riders: pd.DataFrame, path: Path, draw: np.random.Generator) -> None:
    """Write one order per line, at and around the places that riders collect from, as Amap positions."""
    share = riders["demand"].to_numpy(dtype=float)
    place = draw.choice(len(riders), size=ORDERS, p=share / share.sum())
    east, north = draw.normal(0.0, 0.0004, (2, ORDERS))
    lon, lat = from_wgs84(riders["lon"].to_numpy()[place] + east, riders["lat"].to_numpy()[place] + north, "gcj02")
    seconds = np.sort(draw.integers(0, 86_400, ORDERS))
    rider_of = draw.integers(0, 400, ORDERS)
    with path.open("w", encoding="gb18030", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["订单号", "骑手编号", "下单时间", "经度", "纬度", "合成数据"])
        for number in range(ORDERS):
            when = DAY + dt.timedelta(seconds=int(seconds[number]))
            rider = f"Q{rider_of[number]:03d}"
            rows.writerow([f"D{number + 1:06d}", rider, when, f"{lon[number]:.6f}", f"{lat[number]:.6f}", "是"])


def write_roads(segments: gpd.GeoDataFrame, path: Path, draw: np.random.Generator) -> None:
    """Write streets as a drawing has them: whole streets that cross without a common vertex, ends that fall short."""
    kept = segments[segments["highway"].isin(CLASSES)]
    texts = pd.DataFrame(
        {
            "道路名称": kept["name"].fillna(""),
            "道路等级": kept["highway"].map(CLASSES),
            "单行线": np.where(kept["oneway"].isin(["yes", "-1"]), "是", "否"),
            "限速": kept["maxspeed"].fillna(""),
            "桥隧": np.where(kept["bridge"] == "yes", "桥梁", np.where(kept["tunnel"] == "yes", "隧道", "")),
        }
    )
    lines = np.where(kept["oneway"] == "-1", shapely.reverse(kept.geometry.to_numpy()), kept.geometry.to_numpy())
    rows: list[dict[str, object]] = []
    for key, members in texts.groupby([*texts.columns], sort=True).groups.items():
        chosen = lines[kept.index.get_indexer(members)]
        said = dict(zip(texts.columns, key, strict=True))
        if said["道路等级"] != CLASSES["trunk_link"]:  # ramps of both sides would become one that passes the road below
            together = shapely.multilinestrings(chosen)
            chosen = shapely.get_parts(shapely.line_merge(together, directed=said["单行线"] == "是"))
        # vertices of junctions on straight stretches go, as they do when a street is drawn in one stroke
        drawn = shapely.simplify(chosen, 0.05)
        rows += [{**dict(zip(texts.columns, key, strict=True)), "geometry": line} for line in drawn]
    geometry = np.array([row.pop("geometry") for row in rows], dtype=object)
    minor = np.array([row["道路等级"] in ("小区道路", "街坊路", "巷弄") for row in rows])
    geometry = fall_short(geometry, np.flatnonzero(minor & (draw.random(len(rows)) < 0.15)), draw)
    table = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=geometry, crs=segments.crs)
    twice = table.iloc[draw.choice(len(table), size=12, replace=False)]
    empty = table.iloc[:5].assign(geometry=None)
    layer = gpd.GeoDataFrame(pd.concat([table, twice, empty], ignore_index=True), crs=segments.crs)
    write_shapefile(layer.to_crs(GAUSS_KRUEGER).assign(合成="是"), path)


def fall_short(lines: NDArray[np.object_], which: NDArray[np.int64], draw: np.random.Generator) -> NDArray[np.object_]:
    """Cut 0.3 to 1.2 m off the end of some lines that are long enough for it."""
    shortened = lines.copy()
    for number in which:
        length_m = shapely.length(lines[number])
        short_m = draw.uniform(0.3, 1.2)
        if length_m > 20.0:
            shortened[number] = shapely.ops.substring(lines[number], 0.0, length_m - short_m)
    return shortened


def write_shapefile(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write a zipped Shapefile with texts in GB18030 and no .cpg that says so, as many programs do."""
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / f"{path.stem}.shp"
        table.to_file(inner, encoding="gbk", engine="pyogrio")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                if part.suffix != ".cpg":
                    entry = zipfile.ZipInfo(part.name, DAY.timetuple()[:6])
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, part.read_bytes())


if __name__ == "__main__":
    main()
