"""Needs, resources and services as a planner reads them: what stands in each row, in Chinese or English."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coverage_planner.report.column_kinds import Column
from coverage_planner.report.speech import Speech, speech
from coverage_planner.report.words import Language
from coverage_planner.scenario.three_lists import ThreeLists
from coverage_planner.units import minutes

#: Sheet -> its name, and what stands above its table.
SHEETS: Mapping[str, tuple[str, str]] = {
    "needs": ("需求清单", "Needs"),
    "resources": ("资源清单", "Resources"),
    "services": ("服务清单", "Services"),
}
REMARKS: Mapping[str, tuple[str, str]] = {
    "needs": (
        "每行为一个社区、一类人群的一项缺项：必需项在前，按涉及需求排序；到不了任何站点的人只列入“任一站点”。",
        (
            "One row per community, group and lack: required ones first, then by demand. Who reaches no station at all "
            "stands under 'any station' only."
        ),
    ),
    "resources": (
        "每项需求周边可用的场所和可改造的站点，按单独可解决的需求排序；同一需求可由多处解决，各行不可相加。",
        (
            "Premises and stations around each need, by the demand that each would serve alone; they overlap, so rows "
            "do not add up."
        ),
    ),
    "services": (
        "方案中新增或改造的站点给各社区带来什么；同一需求可由多处解决，各行不可相加。",
        "What new and changed stations bring to each community; they overlap, so rows do not add up.",
    ),
}

#: Sheet -> columns: kind, heading in Chinese and in English.
LIST_COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "needs": {
        "rank": Column("count", "排序", "Rank"),
        "need_id": Column("text", "需求编号", "Need"),
        "subdistrict": Column("text", "街道", "Subdistrict"),
        "community": Column("text", "社区", "Community"),
        "group": Column("text", "人群", "Who"),
        "lacking": Column("text", "缺什么", "What is lacking"),
        "required": Column("flag", "必需", "Required"),
        "demand": Column("number", "涉及需求", "Demand concerned"),
        "demand_share": Column("share", "占该社区该人群", "Share of the group's demand there"),
        "reason": Column("text", "主要原因", "Main reason"),
        "cutoff_min": Column("minutes", "时限（分钟）", "Cutoff (min)"),
        "nearest": Column("text", "最近的可用站点", "Nearest station that has it"),
        "nearest_min": Column("minutes", "到该站点（分钟）", "Time to it (min)"),
        "n_resources": Column("count", "周边资源数", "Resources"),
        "reachable_demand": Column("number", "周边资源可解决的需求", "Demand that these could serve"),
        "with_resources": Column("text", "可用资源（可解决的需求）", "Resources (demand each would serve)"),
        "planned_demand": Column("number", "方案已解决的需求", "Demand that the plan serves"),
        "with_sites": Column("text", "方案中的站点（解决的需求）", "Planned stations (demand each serves)"),
        "answer": Column("text", "落实情况", "Answer"),
    },
    "resources": {
        "need_id": Column("text", "需求编号", "Need"),
        "community": Column("text", "社区", "Community"),
        "group": Column("text", "人群", "Who"),
        "lacking": Column("text", "缺什么", "What is lacking"),
        "rank": Column("count", "排序", "Rank"),
        "kind": Column("text", "资源类型", "Resource"),
        "id": Column("text", "编号", "Id"),
        "name": Column("text", "名称", "Name"),
        "place_kind": Column("text", "场所种类", "Kind of place"),
        "change": Column("text", "需要做什么", "What has to be done"),
        "demand": Column("number", "单独可解决的需求", "Demand it would serve alone"),
        "demand_share": Column("share", "占该项需求", "Share of the need"),
        "mean_min": Column("minutes", "平均时间（分钟）", "Mean time (min)"),
        "services": Column("text", "现有服务", "Services today"),
        "opening_hours": Column("text", "现开放时间", "Opening hours today"),
        "cost": Column("number", "成本", "Cost"),
        "area_m2": Column("number", "面积（平方米）", "Floor area (m²)"),
        "planned": Column("flag", "已列入方案", "In the plan"),
    },
    "services": {
        "site_id": Column("text", "站点编号", "Station"),
        "name": Column("text", "名称", "Name"),
        "place_kind": Column("text", "场所种类", "Kind of place"),
        "change": Column("text", "新增或改造", "New or changed"),
        "level": Column("text", "级别", "Level"),
        "services": Column("text", "提供的服务", "Services"),
        "opening_hours": Column("text", "开放时间", "Opening hours"),
        "capacity": Column("number", "容量", "Capacity"),
        "site_community": Column("text", "所在社区", "Stands in"),
        "need_id": Column("text", "对应需求编号", "Need"),
        "community": Column("text", "受益社区", "For which community"),
        "group": Column("text", "人群", "Who"),
        "lacking": Column("text", "解决什么", "What it gives"),
        "demand": Column("number", "新解决的需求", "Demand newly served"),
        "demand_share": Column("share", "占该项需求", "Share of the need"),
        "mean_min": Column("minutes", "平均时间（分钟）", "Mean time (min)"),
    },
}

#: What stands in the lists -> how it is said.
_WORDS: Mapping[str, tuple[str, str]] = {
    "lack_any": ("任一站点", "any station"),
    "lack_night": ("夜间开放", "open at night"),
    "lack_room": ("站点容量", "room"),
    "kind_premises": ("可用场所", "premises"),
    "kind_station": ("现有站点", "station"),
    "change_new": ("新增", "new"),
    "change_changed": ("改造", "changed"),
    "open_site": ("新设站点", "open a station"),
    "give_hub": ("归入服务中心", "assign it to a hub"),
    "add_service": ("增加服务：{service}", "add {service}"),
    "open_longer": ("延长开放时间", "open longer"),
    "open_at_night": ("夜间开放", "open at night"),
    "add_room": ("扩充容量", "add room"),
    "planned": ("方案已解决", "planned"),
    "part planned": ("方案部分解决", "planned in part"),
    "possible": ("方案未解决，周边有资源", "not planned, resources around"),
    "nothing": ("暂无可用资源", "nothing answers it"),
    "mobile": ("流动服务", "mobile service"),
    "nowhere": ("（不在任何社区）", "(in no community)"),
    "no_need": ("（未对应任何需求）", "(answers no need)"),
    "between": ("；", "; "),
    "with_figure": ("{name}（{demand:,.1f}）", "{name} ({demand:,.1f})"),
}


def list_tables(lists: ThreeLists, language: Language) -> dict[str, pd.DataFrame]:
    """Return the three lists as they stand in the workbook: columns of `LIST_COLUMNS`, words said, minutes.

    Parameters
    ----------
    lists
        `build_three_lists`.
    language
        'zh' or 'en'.

    Returns
    -------
    dict
        'needs', 'resources', 'services' -> table. In 'needs' the columns ``with_resources`` and ``with_sites`` name
        what answers a need in the other two.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    said = speech(language)
    words = {key: texts[0 if language == "zh" else 1] for key, texts in _WORDS.items()}
    rows = {
        "needs": _needs(lists, said, words),
        "resources": [_resource(row, said, words) for row in _records(lists.resources)],
        "services": [_service(row, said, words) for row in _records(lists.services)],
    }
    return {name: _table(LIST_COLUMNS[name], found) for name, found in rows.items()}


def _table(columns: Mapping[str, Column], rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Put rows into a table; columns of text are objects, None where there is none."""
    types = {name: object if column.kind == "text" else None for name, column in columns.items()}
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=types[name]) for name in columns})


def _needs(lists: ThreeLists, said: Speech, words: Mapping[str, str]) -> list[dict[str, Any]]:
    resources = _answers(lists.resources, "id", words)
    sites = _answers(lists.services, "site_id", words)
    return [
        {
            **row,
            "community": row["community"] or words["nowhere"],
            "lacking": _lacking(row, said, words),
            "reason": said.say("reason", row["reason"]),
            "cutoff_min": minutes(row["cutoff_s"]),
            "nearest": row["nearest_name"] or row["nearest_id"],
            "nearest_min": minutes(row["nearest_time_s"]),
            "n_resources": row["n_premises"] + row["n_stations"],
            "with_resources": resources.get(row["need_id"]),
            "with_sites": sites.get(row["need_id"]),
            "answer": words[row["answer"]],
        }
        for row in _records(lists.needs)
    ]


def _resource(row: dict[str, Any], said: Speech, words: Mapping[str, str]) -> dict[str, Any]:
    return {
        **row,
        "community": row["community"] or words["nowhere"],
        "lacking": _lacking(row, said, words),
        "kind": words[f"kind_{row['kind']}"],
        "place_kind": words["mobile"] if row["place_kind"] == "mobile" else row["place_kind"],
        "change": _change(row, said, words),
        "mean_min": minutes(row["mean_time_s"]),
        "services": said.say("services", row["services"]),
    }


def _service(row: dict[str, Any], said: Speech, words: Mapping[str, str]) -> dict[str, Any]:
    answers = row["need_id"] is not None
    return {
        **row,
        "change": words[f"change_{row['change']}"],
        "place_kind": words["mobile"] if row["place_kind"] == "mobile" else row["place_kind"],
        "level": said.say("level", row["level"]),
        "services": said.say("services", row["services"]),
        "site_community": row["site_community"] or words["nowhere"],
        "community": (row["community"] or words["nowhere"]) if answers else None,
        "lacking": _lacking(row, said, words) if answers else words["no_need"],
        "mean_min": minutes(row["mean_time_s"]),
    }


def _lacking(row: Mapping[str, Any], said: Speech, words: Mapping[str, str]) -> str:
    """Say what is lacking: the service, or words of ours for the other kinds."""
    if row["lack"] == "service":
        return str(said.say("service", row["service"]))
    return words[f"lack_{row['lack']}"]


def _change(row: Mapping[str, Any], said: Speech, words: Mapping[str, str]) -> str:
    """Say what has to be done about a premises or a station."""
    parts = []
    for name in row["change"].split(";"):
        key = "open_at_night" if name == "open_longer" and row["lack"] == "night" else name
        # a planner's name of a service may hold braces: it is put in, never formatted
        service = said.say("service", row["service"]) or ""
        parts.append(words[key].replace("{service}", service))
    return words["between"].join(parts)


def _answers(table: pd.DataFrame, label: str, words: Mapping[str, str]) -> dict[str, str]:
    """Need -> the names of what answers it, with the demand of each."""
    named: dict[str, list[str]] = {}
    for row in _records(table):
        if row["need_id"] is not None:
            text = words["with_figure"].format(name=row["name"] or row[label], demand=row["demand"])
            named.setdefault(row["need_id"], []).append(text)
    return {need: words["between"].join(texts) for need, texts in named.items()}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment] # names of columns are text
    return rows
