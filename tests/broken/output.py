"""Texts that a spreadsheet would take for formulas, or a browser for a script, in every input that has texts."""

import csv
import json
from pathlib import Path

from broken.entry import HEADER, STATIONS, rewrite_plan
from drawn_plan import PLAN
from osm_drawing import place

HIT = "document.title='hit'"
SCRIPT = f"</script><script>{HIT}</script><img src=x onerror={HIT}>"
FORMULAS = [
    '=HYPERLINK("http://x.example","点我")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "＝1+1",
    "'=1+1",
    "\t=1+1",
]
TEXTS = [*FORMULAS, SCRIPT]


def draw_hostile(folder: Path) -> Path:
    """Write a whole plan, sites and communities included, of which every text is hostile."""
    stations = [(f"{text}{n}", text, text, *STATIONS[n % 4][3:], text, text) for n, text in enumerate(TEXTS)]
    stations += [(f"{text}x", text, text, "", "", text, text) for text in TEXTS]  # refused
    _write(folder / "stations.csv", [*HEADER, "开放时间", "服务"], stations)
    corners = [place(column, row) for column, row in ((27, 21), (24, 18), (21, 24), (27, 12), (18, 24))]
    premises = [(f"{text}p", text, text, *corners[n % 5], text) for n, text in enumerate(TEXTS)]
    premises += [(f"{text}y", text, text, 0, 0, text) for text in TEXTS]  # refused
    _write(folder / "premises.csv", ["id", "name", "kind", "lon", "lat", "address"], premises)
    with (folder / "demand.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *points = csv.reader(file)
    points = [[f"{TEXTS[n % len(TEXTS)]}{n}", *point[1:]] for n, point in enumerate(points)]
    _write(folder / "demand.csv", ["id", "lon", "lat", "人数"], points)
    layer = json.loads((folder / "communities.geojson").read_text(encoding="utf-8"))
    for n, feature in enumerate(layer["features"]):
        feature["properties"] = {"id": f"{FORMULAS[n]}", "name": TEXTS[-1 - n], "subdistrict": TEXTS[n]}
    (folder / "communities.geojson").write_text(json.dumps(layer), encoding="utf-8")
    group = PLAN["groups"][0]
    return rewrite_plan(
        folder,
        name=SCRIPT,
        groups=[{**group, "name": FORMULAS[0]}],
        siting={"n_open": 2},
        premises={"file": "premises.csv"},
        communities={"file": "communities.geojson"},
    )


def _write(path: Path, header, rows) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
