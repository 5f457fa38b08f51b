"""A city clipped out of OpenStreetMap files of growing size: time and memory, beside `osmium extract`.

The largest real extract at hand is Porto (3 MB). Larger files are made of it: copies side by side, every object under
a number of its own, real streets in an unreal arrangement; nodes first, then ways, then relations, as published files
have them. The area is the middle of one copy, so what is kept stays the same while the file grows. Each run is a
process of its own; seconds are by the clock, memory is the most that was resident (Linux).
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tables import table

TITLE = "Clipping OpenStreetMap files"
_SOURCE = "osm/porto_portugal.osm.pbf"
_COPIES, _QUICK_COPIES = (1, 40, 120, 400), (1, 4)
#: Ids of a copy are those of Porto and this much more; coordinates are moved by steps on a grid.
_ID_STEP, _GRID, _STEP_NANO = 3_600_000_000, 20, 500_000_000
_BOX = (-8.64, 41.14, -8.60, 41.17)
_MARGIN_M = 1000
_SMALL_BOX = (-8.62, 41.15, -8.616, 41.153)
_CHINA_MB = 1400


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _signed(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _raise_first(data: Any, begin: int, end: int, shift: int) -> bytes:
    """Return packed differences of which the first, and so every sum, is larger by `shift`."""
    from coverage_planner.sources.pbf_blocks import read_varint

    first, at = read_varint(data, begin, end)
    return _varint(_signed((first >> 1 ^ -(first & 1)) + shift)) + bytes(data[at:end])


def _shift_object(data: bytes, begin: int, end: int, packed: int, shift: int) -> bytes:
    """Return a way or relation under a new number; `packed` is the field of its nodes or members."""
    from coverage_planner.sources.pbf_blocks import read_fields

    parts = []
    for number, value in read_fields(data, begin, end):
        if isinstance(value, int):
            parts.append(_varint(number << 3) + _varint(value + shift if number == 1 else value))
        elif number == packed and value[1] > value[0]:
            parts.append(_message(number, _raise_first(data, *value, shift)))
        else:
            parts.append(_message(number, data[slice(*value)]))
    return b"".join(parts)


def _shift_block(data: bytes, copy: int) -> bytes:
    """Return a block with all its objects under new numbers and in another place."""
    from coverage_planner.sources.pbf_blocks import read_fields

    shift = copy * _ID_STEP
    parts = []
    for number, value in read_fields(data, 0, len(data)):
        if number != 2:
            if isinstance(value, tuple):
                parts.append(_message(number, data[slice(*value)]))
            continue
        group = []
        for kind, span in read_fields(data, *value):
            if kind == 2:
                dense = [
                    _message(field, _raise_first(data, *part, shift) if field == 1 else data[slice(*part)])
                    for field, part in read_fields(data, *span)
                ]
                group.append(_message(2, b"".join(dense)))
            else:
                group.append(_message(kind, _shift_object(data, *span, {3: 8, 4: 9}[kind], shift)))
        parts.append(_message(2, b"".join(group)))
    lat, lon = (copy // _GRID) * _STEP_NANO, (copy % _GRID) * _STEP_NANO
    return b"".join(parts) + _varint(19 << 3) + _varint(lat) + _varint(20 << 3) + _varint(lon)


def _frame(content: bytes) -> bytes:
    blob = _varint(2 << 3) + _varint(len(content)) + _message(3, zlib.compress(content, 6))
    header = _message(1, b"OSMData") + _varint(3 << 3) + _varint(len(blob))
    return len(header).to_bytes(4, "big") + header + blob


def _blocks(source: Path) -> Iterator[tuple[str, bytes]]:
    from coverage_planner.sources.pbf_blocks import inflate, open_block, read_frames

    for frame in read_frames(source):
        if frame.kind == "OSMData":
            data = inflate(frame)
            assert data is not None
            (kind,) = open_block(frame).kinds
            yield kind, data


def make_copies(source: Path, copies: int, out: Path) -> Path:
    """Write a file of many copies of another one; kept between runs."""
    from coverage_planner.sources.pbf_blocks import read_frames

    if out.exists():
        return out
    blocks = list(_blocks(source))
    unfinished = out.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(next(read_frames(source)).data)
        for wanted in "nwr":
            for copy in range(copies):
                for kind, data in blocks:
                    if kind == wanted:
                        file.write(_frame(_shift_block(data, copy)))
    unfinished.replace(out)
    return out


def _clip(path: Path, out: Path, box: tuple[float, ...], copies: int) -> None:
    import geopandas as gpd
    import shapely

    from coverage_planner.sources.osm_clip import clip_osm

    steps = [(copy % _GRID * _STEP_NANO / 1e9, copy // _GRID * _STEP_NANO / 1e9) for copy in range(copies)]
    boxes = [shapely.box(box[0] + east, box[1] + north, box[2] + east, box[3] + north) for east, north in steps]
    area = gpd.GeoDataFrame(geometry=boxes, crs=4326)
    clip_osm(path, out, study_area=area, margin_m=0.0)


def _run(command: list[str]) -> tuple[float, float, float]:
    """Return the seconds by the clock, the seconds of processor and the megabytes of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def _ways_to_clip(path: Path, out: Path, box: tuple[float, ...]) -> dict[str, list[str]]:
    edges = ",".join(map(str, box))
    ways = {"clip_osm": [sys.executable, __file__, "--clip", str(path), str(out), f"--box={edges}"]}
    if shutil.which("osmium"):
        for strategy in ("simple", "smart"):
            ways[f"osmium extract -s {strategy}"] = [
                "osmium", "extract", "-s", strategy, "-b", edges, str(path), "-o", str(out), "-O", "--no-progress",
            ]  # fmt: skip
    return ways


def measure(data: Path, cache: Path, *, quick: bool = False, rounds: int = 1) -> dict[str, Any]:
    source = data / _SOURCE
    half = _MARGIN_M / 111_000
    box = (_BOX[0] - half, _BOX[1] - half, _BOX[2] + half, _BOX[3] + half)
    out = cache / "clipped.osm.pbf"
    runs = []
    smallest = make_copies(source, 1, cache / "porto_1.osm.pbf")
    _run(_ways_to_clip(smallest, out, box)["clip_osm"])  # compiles, once
    for copies in _QUICK_COPIES if quick else _COPIES:
        start = time.perf_counter()
        path = make_copies(source, copies, cache / f"porto_{copies}.osm.pbf")
        made_s = time.perf_counter() - start
        subprocess.run(["cat", str(path)], stdout=subprocess.DEVNULL, check=True)  # from memory, for all alike
        best: dict[str, tuple[float, float, float]] = {}
        for _ in range(rounds):
            for name, command in _ways_to_clip(path, out, box).items():
                taken = _run(command)
                best[name] = min(best.get(name, taken), taken)
        for name, (seconds, cpu_s, mb) in best.items():
            run = {"copies": copies, "file_mb": path.stat().st_size / 1e6, "how": name}
            runs.append({**run, "s": seconds, "cpu_s": cpu_s, "mb": mb})
        print(f"{copies} copies: made in {made_s:.0f} s", file=sys.stderr, flush=True)
    copies = (_QUICK_COPIES if quick else _COPIES)[-1 if quick else -2]
    edges = ",".join(map(str, _SMALL_BOX))
    path = cache / f"porto_{copies}.osm.pbf"
    command = [sys.executable, __file__, "--clip", str(path), str(out), f"--box={edges}", "--copies", str(copies)]
    taken = min(_run(command) for _ in range(rounds))
    scattered = dict(zip(("s", "cpu_s", "mb"), taken, strict=True)) | {"copies": copies}
    return {"runs": runs, "scattered": scattered, "nodes_per_copy": 347_944}


def _cell(run: dict[str, Any]) -> str:
    return f"{run['s']:.1f} s, {run['cpu_s']:.1f} s, {run['mb']:,.0f} MB"


def report(measured: dict[str, Any]) -> str:
    runs = measured["runs"]
    names = list(dict.fromkeys(run["how"] for run in runs))
    rows = []
    for copies in dict.fromkeys(run["copies"] for run in runs):
        here = {run["how"]: run for run in runs if run["copies"] == copies}
        first = here["clip_osm"]
        nodes = copies * measured["nodes_per_copy"] / 1e6
        row = [str(copies), f"{first['file_mb']:,.0f}", f"{nodes:,.1f}"]
        rows.append([*row, *(_cell(here[name]) for name in names)])
    text = [
        "A square of 5 km out of files of growing size: seconds by the clock, of processor, most resident memory.",
        table(["copies of Porto", "file, MB", "nodes, million", *names], rows),
    ]
    rates = []
    for name in names:
        small, large = (run for run in (runs[names.index(name)], runs[names.index(name) - len(names)]))
        per_mb, cpu = ((large[key] - small[key]) / (large["file_mb"] - small["file_mb"]) for key in ("s", "cpu_s"))
        china_s = small["s"] + per_mb * (_CHINA_MB - small["file_mb"])
        rates.append([name, f"{1000 * per_mb:.1f}", f"{1000 * cpu:.1f}", f"{china_s:.0f}"])
    text += [
        f"Per MB of file, largest against smallest. A file of {_CHINA_MB:,} MB, China's, is reckoned, not measured.",
        table(["how -", "ms per MB", "ms of processor per MB", f"{_CHINA_MB:,} MB, s"], rates),
    ]
    scattered = measured["scattered"]
    text.append(
        f"A square of 300 m in each of the {scattered['copies']} copies, so that nearly every block holds something "
        f"that is kept and is read twice, as may be in a real file: {_cell(scattered)}."
    )
    return "\n\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path("cache/benchmarks"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--clip", nargs=2, type=Path, metavar=("FILE", "OUT"), help="clip --box once and stop")
    parser.add_argument("--box", type=lambda text: tuple(map(float, text.split(","))), default=_BOX)
    parser.add_argument("--copies", type=int, default=1, help="clip the box out of so many copies, for --clip")
    given = parser.parse_args()
    if given.clip:
        _clip(*given.clip, given.box, given.copies)
        return
    given.cache.mkdir(parents=True, exist_ok=True)
    print(report(measure(given.data, given.cache, quick=given.quick, rounds=given.rounds)))


if __name__ == "__main__":
    main()
