"""Small files of stations, written by the tests of the readers."""

import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio

STATIONS = [
    {"编号": "S1", "名称": "中心站", "经度": 114.30, "纬度": 30.60, "级别": "服务中心", "容量": 40},
    {"编号": "S2", "名称": "银行驿站", "经度": 114.31, "纬度": 30.61, "级别": "驿站", "容量": None},
    {"编号": "S3", "名称": None, "经度": 114.32, "纬度": 30.59, "级别": "临时点", "容量": 8.5},
]


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding, newline="")
    return path


def write_workbook(path: Path, rows, title: str = "Sheet1", extra_sheets=()) -> Path:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name in extra_sheets:
        book.create_sheet(name).append(["名称", "经度", "纬度"])
        book[name].append(["二号", 114.5, 30.5])
    book.save(path)
    return path


def as_layer(rows=STATIONS, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows)
    points = gpd.points_from_xy(table["经度"], table["纬度"])
    return gpd.GeoDataFrame(table.drop(columns=["经度", "纬度"]), geometry=points, crs=crs)


def write_stations(path: Path) -> Path:
    if path.suffix == ".csv":
        pd.DataFrame(STATIONS).to_csv(path, index=False, encoding="utf-8-sig")
    elif path.suffix == ".tsv":
        pd.DataFrame(STATIONS).to_csv(path, index=False, sep="\t", encoding="utf-8")
    elif path.suffix == ".xlsx":
        write_workbook(path, [list(STATIONS[0]), *(list(row.values()) for row in STATIONS)])
    elif path.suffix == ".parquet":
        as_layer().to_parquet(path)
    elif path.suffix == ".zip":
        pyogrio.write_dataframe(as_layer(), path.with_suffix(".shp"), encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in path.parent.glob(f"{path.stem}.[!z]*"):
                archive.write(part, part.name)
    else:
        pyogrio.write_dataframe(as_layer(), path, encoding="utf-8" if path.suffix == ".shp" else None)
    return path
