"""A plan file and stations to edit, beside what was fetched of a place."""

import csv
from pathlib import Path

from coverage_planner.report.words import Language
from coverage_planner.sources.fetched_place import AREA, POIS, STREETS, FetchedPlace

_PLAN, _STATIONS = "plan.toml", "stations.csv"
#: The community centres stand in for stations until the planner names the real ones.
_STAND_IN = "community_centres"
_OPEN = 5
_PREMISES = ("community_centres", "banks", "pharmacies", "fuel", "convenience", "supermarkets", "delivery_hubs")

_TEXT = {
    "zh": """\
# {label}：由 coverage-planner fetch 生成，数据日期 {date}。
# 来源 OpenStreetMap（© OpenStreetMap contributors, ODbL 1.0）。
# 运行前请编辑 stations.csv：其中是 OpenStreetMap 上的社区服务中心等地点，只是占位，不是真实驿站。
# 需求为各类场所乘以默认权重（我们的假设，见 docs/how-to/openstreetmap.zh-CN.md），有真实数据时请替换。
""",
    "en": """\
# {label}: made by coverage-planner fetch of data of {date} from OpenStreetMap (© OpenStreetMap contributors, ODbL 1.0).
# Edit stations.csv first: it holds community centres of OpenStreetMap, which stand in for stations and are none.
# Demand is places times default weights (our assumption, see docs/how-to/openstreetmap.md): replace it by real counts.
""",
}
_GROUPS = {"zh": ("户外劳动者", "骑手"), "en": ("street workers", "riders")}
_COLUMNS = {"zh": ("名称", "经度", "纬度", "类型"), "en": ("name", "lon", "lat", "kind")}


def write_plan_files(fetched: FetchedPlace, folder: Path, *, language: Language) -> None:
    """Write a plan file and a list of stations, unless the fetched folder already has them: they may be edited.

    Parameters
    ----------
    fetched
        What was fetched.
    folder
        Where to write.
    language
        Of the comments, groups and columns.
    """
    if not (fetched.folder / _PLAN).exists():
        (folder / _PLAN).write_text(_plan(fetched, language), encoding="utf-8")
    if not (fetched.folder / _STATIONS).exists():
        stations = fetched.pois[fetched.pois["set"] == _STAND_IN].to_crs("EPSG:4326")
        names = stations["name"].fillna(stations["id"])
        rows = zip(names, stations.geometry.x.round(7), stations.geometry.y.round(7), stations["kind"], strict=True)
        with (folder / _STATIONS).open("w", encoding="utf-8-sig", newline="") as file:  # Excel asks for the mark
            csv.writer(file).writerows([_COLUMNS[language], *rows])


def _plan(fetched: FetchedPlace, language: Language) -> str:
    name = fetched.label.replace("\\", "\\\\").replace('"', '\\"')
    walkers, riders = _GROUPS[language]
    quoted = ", ".join(f'"{one}"' for one in _PREMISES)
    area = fetched.area.to_crs(fetched.pois.crs).union_all()
    n_premises = int((fetched.pois["set"].isin(_PREMISES) & fetched.pois.intersects(area)).sum())
    siting = f"\n[siting]\nn_open = {min(_OPEN, n_premises)}\n" if n_premises else ""
    return f"""{_TEXT[language].format(label=fetched.label, date=fetched.data_date or "?")}
name = "{name}"
language = "{language}"

[roads]
file = "{STREETS}"
margin_m = {fetched.margin_m:g}

[study_area]
file = "{AREA}"

[facilities]
file = "{_STATIONS}"
datum = "wgs84"

[premises]
file = "{POIS}"
where = {{ set = [{quoted}] }}

[[groups]]
name = "{walkers}"
mode = "walk"
cutoff_min = 15
demand = {{ file = "{POIS}" }}

[[groups]]
name = "{riders}"
mode = "ebike"
cutoff_min = 5
demand = {{ file = "{POIS}" }}
{siting}"""
