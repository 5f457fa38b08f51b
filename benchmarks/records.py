"""Records counted into cells: 1, 3 and 10 million drawn orders in Wuhan, time and peak memory, beside what is usual.

The orders are drawn: six in ten around 3,000 places on the streets that grow rarer as their rank grows, the others
along all streets, every metre alike, both with a normal deviation; 20,000 riders; 30 days; a remark in Chinese. The
file is UTF-8. Each way of counting runs in a process of its own, so that its peak memory is its own. The peers do less:
they check no row, know no study area, withhold nothing; pandas and DuckDB count squares of 200 m, of which DuckDB takes
a degree for a constant number of metres; H3 counts its cells of level 9 (0.1 km², three times as large as our
hexagons), position by position, as its Python package does. Peers that are not installed are left out.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psutil
import shapely
from machine import peak_mib
from numpy.typing import NDArray
from pyproj import Transformer
from tables import seconds, table

TITLE = "Records counted into cells"
_CRS = "EPSG:32650"
_HEADER = "订单号,骑手,下单时间,经度,纬度,备注\n"
_CELL_M = 200.0
_MILLIONS = (1, 3, 10)
_BLOCK = 500_000


def draw_orders(path: Path, roads: Path, n: int, seed: int) -> None:
    """Write a file of orders, block by block."""
    rng = np.random.default_rng(seed)
    lines = gpd.read_parquet(roads).to_crs(_CRS).geometry.to_numpy()
    length_m = shapely.length(lines)
    to_degrees = Transformer.from_crs(_CRS, 4326, always_xy=True)

    def on_streets(count: int) -> NDArray[np.float64]:
        chosen = lines[rng.choice(len(lines), count, p=length_m / length_m.sum())]
        return shapely.get_coordinates(shapely.line_interpolate_point(chosen, rng.random(count), normalized=True))

    hot = on_streets(3000)
    share = 1.0 / np.arange(1, len(hot) + 1)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as out:
        out.write(_HEADER)
        for done in range(0, n, _BLOCK):
            count = min(_BLOCK, n - done)
            n_hot = count * 6 // 10
            xy = np.vstack([hot[rng.choice(len(hot), n_hot, p=share / share.sum())], on_streets(count - n_hot)])
            xy += rng.normal(0.0, 40.0, xy.shape)
            lon, lat = to_degrees.transform(*rng.permutation(xy).T)
            rider = rng.integers(0, 20_000, count)
            moment = np.datetime64("2024-05-01", "s") + rng.integers(0, 30 * 86_400, count)
            columns = zip(
                range(done, done + count), rider.tolist(), np.datetime_as_string(moment).tolist(), lon.tolist(),
                lat.tolist(), strict=True,
            )  # fmt: skip
            rows = (f"{k},R{r:05d},{t.replace('T', ' ')},{x:.6f},{y:.6f},少放辣\n" for k, r, t, x, y in columns)
            out.writelines(rows)
    part.replace(path)


def _ours(path: Path, data: Path, **options: Any) -> dict[str, Any]:
    from coverage_planner.schema import Rejections
    from coverage_planner.sources.areas import read_study_area
    from coverage_planner.sources.records import RecordTally, count_records

    area = read_study_area(data / "areas" / "districts.gpkg", where={"city": ["Wuhan"]}, crs=_CRS)
    if options.pop("by_street", False):
        options["streets"] = gpd.read_parquet(data / "wuhan" / "roads.parquet").to_crs(_CRS)
    else:
        options["cell_m"] = _CELL_M
    tally = RecordTally()

    def count() -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what is withheld
            demand = count_records(path, study_area=area, tally=tally, rejected=Rejections(), **options)
        assert demand["demand"].sum() == tally.demand
        refused = sum(tally.refused.values())
        assert tally.rows == tally.counted + tally.outside + tally.other_times + refused
        return {"cells": tally.cells, "counted": tally.counted, "withheld_cells": tally.withheld_cells,
                "withheld": tally.withheld_demand}  # fmt: skip

    return _timed(count)


def _pandas_whole(path: Path, _data: Path) -> dict[str, Any]:
    import pandas as pd

    def count() -> dict[str, Any]:
        frame = pd.read_csv(path, usecols=["经度", "纬度"])
        return _by_square(frame)

    return _timed(count)


def _by_square(frame: Any) -> dict[str, Any]:
    x, y = Transformer.from_crs(4326, _CRS, always_xy=True).transform(frame["经度"], frame["纬度"])
    frame["column"], frame["row"] = np.floor(x / _CELL_M), np.floor(y / _CELL_M)
    counts = frame.groupby(["column", "row"]).size()
    return {"cells": len(counts), "counted": int(counts.sum())}


def _pandas_chunks(path: Path, _data: Path) -> dict[str, Any]:
    import pandas as pd

    def count() -> dict[str, Any]:
        total = None
        for frame in pd.read_csv(path, usecols=["经度", "纬度"], chunksize=_BLOCK):
            x, y = Transformer.from_crs(4326, _CRS, always_xy=True).transform(frame["经度"], frame["纬度"])
            frame["column"], frame["row"] = np.floor(x / _CELL_M), np.floor(y / _CELL_M)
            counts = frame.groupby(["column", "row"]).size()
            total = counts if total is None else total.add(counts, fill_value=0)
        return {"cells": len(total), "counted": int(total.sum())}

    return _timed(count)


def _h3(path: Path, _data: Path) -> dict[str, Any]:
    import h3.api.basic_int as h3
    import pandas as pd

    def count() -> dict[str, Any]:
        total = None
        for frame in pd.read_csv(path, usecols=["经度", "纬度"], chunksize=_BLOCK):
            cells = [h3.latlng_to_cell(lat, lon, 9) for lon, lat in zip(frame["经度"], frame["纬度"], strict=True)]
            counts = pd.Series(cells).value_counts()
            total = counts if total is None else total.add(counts, fill_value=0)
        return {"cells": len(total), "counted": int(total.sum())}

    return _timed(count)


def _duckdb(path: Path, _data: Path) -> dict[str, Any]:
    import duckdb

    def count() -> dict[str, Any]:
        link = duckdb.connect(config={"threads": 1})
        rows = link.execute(
            'SELECT floor("经度" * 95800.0 / 200.0) AS a, floor("纬度" * 110900.0 / 200.0) AS b, count(*) '
            "FROM read_csv(?, header = true) GROUP BY a, b",
            [str(path)],
        ).fetchnumpy()
        return {"cells": len(rows["a"]), "counted": int(rows["count_star()"].sum())}

    return _timed(count)


def _read_ours(path: Path, _data: Path) -> dict[str, Any]:
    from coverage_planner.sources.record_cells import numbers_of
    from coverage_planner.sources.record_stream import open_records, stream_records

    def read() -> dict[str, Any]:
        counted = 0
        for chunk in stream_records(open_records(path), {"lon": "经度", "lat": "纬度"}):
            counted += int(np.isfinite(numbers_of(chunk.cells["lon"])[0] + numbers_of(chunk.cells["lat"])[0]).sum())
        return {"cells": 0, "counted": counted}

    return _timed(read)


def _read_pandas(path: Path, _data: Path) -> dict[str, Any]:
    import pandas as pd

    def read() -> dict[str, Any]:
        chunks = pd.read_csv(path, usecols=["经度", "纬度"], chunksize=_BLOCK)
        return {"cells": 0, "counted": sum(int(chunk.notna().all(axis=1).sum()) for chunk in chunks)}

    return _timed(read)


def _timed(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    before = psutil.Process().memory_info().rss / 2**20
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    took = {"seconds": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}
    return found | took | {"before_mib": before, "peak_mib": _own_peak_mib()}


def _own_peak_mib() -> float:
    """Peak of this program; what Linux calls the peak of a process is at least what its parent held when it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mib()
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


#: Name -> what the tables call it, the package it needs, what runs it.
WAYS: dict[str, tuple[str, str, Callable[[Path, Path], dict[str, Any]]]] = {
    "hexagons": ("ours: hexagons", "", _ours),
    "riders": ("ours: hexagons, at least 10 riders", "", lambda p, d: _ours(p, d, columns={"rider": "骑手"})),
    "hours": ("ours: hexagons, 11 to 14 o'clock", "", lambda p, d: _ours(p, d, hours=(11, 14))),
    "gcj02": ("ours: hexagons, from GCJ-02", "", lambda p, d: _ours(p, d, datum="gcj02")),
    "streets": ("ours: streets", "", lambda p, d: _ours(p, d, by_street=True)),
    "pandas": ("pandas: squares, the whole file", "pandas", _pandas_whole),
    "pandas_chunks": ("pandas: squares, in chunks", "pandas", _pandas_chunks),
    "h3": ("H3: level 9, in chunks", "h3", _h3),
    "duckdb": ("DuckDB: squares, 1 thread", "duckdb", _duckdb),
    "read": ("ours: reading two columns", "", _read_ours),
    "read_pandas": ("pandas: reading them, in chunks", "pandas", _read_pandas),
}


def measure(data: Path, cache: Path, *, seed: int, quick: bool) -> list[dict[str, Any]]:
    """Measure every way on every size, each in a process of its own."""
    measured = []
    for n in [20_000] if quick else [millions * 1_000_000 for millions in _MILLIONS]:
        path = cache / f"orders_{n}_{seed}.csv"
        if not path.exists():
            print(f"records: drawing {n:,}", file=sys.stderr, flush=True)
            draw_orders(path, data / "wuhan" / "roads.parquet", n, seed)
        for way, (_, package, _) in WAYS.items():
            if package and importlib.util.find_spec(package) is None:
                continue
            print(f"records: {n:,} {way}", file=sys.stderr, flush=True)
            command = [sys.executable, __file__, way, str(path), "--data", str(data)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
            measured.append({"way": way, "n": n, "bytes": path.stat().st_size} | json.loads(done.stdout))
    return measured


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the tables."""
    sizes = sorted({row["n"] for row in measured})
    by_way = {way: {row["n"]: row for row in measured if row["way"] == way} for way in WAYS}
    rows = [
        [
            WAYS[way][0],
            *(seconds(of[n]["cpu_s"]) for n in sizes),
            seconds(of[sizes[-1]]["seconds"]),
            f"{of[sizes[0]]['before_mib']:.0f}",
            *(f"{of[n]['peak_mib']:.0f}" for n in sizes),
            f"{of[sizes[-1]]['cells']:,}" if of[sizes[-1]]["cells"] else "",
        ]
        for way, of in by_way.items()
        if of
    ]
    called = [f"{n / 1e6:g} M" for n in sizes]
    headings = [
        "way -", *(f"{size}, CPU s" for size in called), f"{called[-1]}, s by the clock", "before, MiB",
        *(f"{size}, peak MiB" for size in called), "cells",
    ]  # fmt: skip
    missing = [WAYS[way][0] for way, of in by_way.items() if not of]
    last = by_way["hexagons"][sizes[-1]]
    riders = by_way["riders"][sizes[-1]]
    return (
        f"{', '.join(f'{n:,}' for n in sizes)} drawn orders ({last['bytes'] / 2**20:,.0f} MiB the largest file); "
        "'before' is what the process held before it opened the file.\n\n"
        + table(headings, rows)
        + f"\n\nOf {last['counted']:,} orders in {last['cells']:,} hexagons of {_CELL_M:g} m, {last['withheld']:,.0f} "
        f"in {last['withheld_cells']:,} cells are withheld for fewer than 10 records; {riders['withheld']:,.0f} in "
        f"{riders['withheld_cells']:,} for fewer than 10 riders."
        + (f" Not installed: {'; '.join(missing)}." if missing else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="one way of counting one file of records")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    print(json.dumps(WAYS[given.way][2](given.file, given.data)))


if __name__ == "__main__":
    main()
