"""What the circles of a plan come to, in a few lines for the screen."""

import math
from collections.abc import Sequence

import pandas as pd

from coverage_planner.config import LayerSource
from coverage_planner.coverage.offer import ANY, FULL
from coverage_planner.coverage.profile import describe_profile
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language
from coverage_planner.scenario.circle import Circle, CircleStudy
from coverage_planner.scenario.circle_group import GroupCircle
from coverage_planner.sources.services import service_name

_WORDS = {
    "zh": {
        "full": "{group}：{share:.1%} 的需求能在时限内得到全部必需服务（{services}）{was}",
        "was": "，现状 {before:.1%}",
        "least": "；最缺“{service}”，只有 {share:.1%}",
        "moment": "  {moment}：{share:.1%} 的在外人员附近有开放的站点，{n} 处开放",
        "hubs": "1+N：{n} 个服务中心带 {m} 个驿站，{lonely} 个驿站没有归属的服务中心{dropped}",
        "dropped": "（不计入覆盖）",
        "at": "{moment}：",
        "places": "{at}{n} 个站点坐不下就近来的人，最缺的是{name}，差 {people:,.0f} 人；"
        "附近有站点开放的人里 {left:,.0f} 人找不到位置",
        "inside": "圈内：{said}",
        "join": "、",
    },
    "en": {
        "full": "{group}: {share:.1%} of the demand gets all required services ({services}) within the cutoff{was}",
        "was": ", today {before:.1%}",
        "least": "; least of all {service}, {share:.1%}",
        "moment": "  {moment}: {share:.1%} of those who are about have an open station near, {n} are open",
        "hubs": "1+N: {n} hubs with {m} satellites, {lonely} satellites have no hub{dropped}",
        "dropped": " (they do not count)",
        "at": "{moment}: ",
        "places": "{at}{n} stations are too small for those who are nearest, most of all {name}, by {people:,.0f} "
        "people; {left:,.0f} people with an open station near find no place",
        "inside": "inside the circles: {said}",
        "join": ", ",
    },
}


def about_circles(study: CircleStudy, layers: Sequence[LayerSource], language: Language) -> list[str]:
    """Say who is fully served, what is lacking most, who is served at night, hubs and places.

    Parameters
    ----------
    study
        The circles of today and of the proposal.
    layers
        What is counted inside the circles.
    language
        'zh' or 'en'.
    """
    circle = study.latest
    lines: list[str] = []
    for name, group in circle.groups.items():
        before = None if circle is study.today else study.today.groups[name]
        lines += _about_group(circle, group, before, language)
    lines += [*_about_hubs(circle, language), *_about_places(circle, language)]
    return lines + _about_inside(study, layers, language)


def _about_group(circle: Circle, group: GroupCircle, before: GroupCircle | None, language: Language) -> list[str]:
    words = _WORDS[language]
    shares = group.services.set_index("service")["covered_demand_share"]
    line = words["full"].format(
        group=group.group.name,
        share=shares[FULL],
        services=words["join"].join(service_name(service, language) for service in group.needs.required),
        was=""
        if before is None
        else words["was"].format(before=before.services.set_index("service")["covered_demand_share"][FULL]),
    )
    required = shares[list(group.needs.required)]
    if len(required) > 1:
        line += words["least"].format(service=service_name(str(required.idxmin()), language), share=required.min())
    lines = [line]
    anything = group.hours[group.hours["service"] == ANY].set_index("slot")
    for moment in circle.rules.moments:
        slot = circle.rules.week.slot(moment)
        share, n_open = float(anything["covered_demand_share"][slot]), int(anything["n_open"][slot])
        if not math.isnan(share):
            lines.append(words["moment"].format(moment=speech(language).say("moment", moment), share=share, n=n_open))
    return lines


def _about_hubs(circle: Circle, language: Language) -> list[str]:
    if circle.hubs is None or circle.rules.levels is None:
        return []
    words, hub = _WORDS[language], circle.hubs.satellites["hub_id"]
    dropped = "" if circle.rules.levels.unassigned_count else words["dropped"]
    return [
        words["hubs"].format(
            n=len(circle.hubs.hubs), m=int(hub.notna().sum()), lonely=int(hub.isna().sum()), dropped=dropped
        )
    ]


def _about_places(circle: Circle, language: Language) -> list[str]:
    if circle.capacity is None:
        return []
    stations = circle.capacity.facilities
    short = stations[stations["shortage"] > 0]
    if short.empty:
        return []
    row = int(stations["shortage"].to_numpy(dtype=float).argmax())
    name = circle.facilities["name"].iloc[row] if "name" in circle.facilities else None
    moment = circle.rules.capacity_at
    near = [
        group.served.ever(ANY) if moment is None else group.served.at(ANY, circle.rules.week.slot(moment))
        for group in circle.groups.values()
    ]
    left = [group.points["unassigned_demand"].to_numpy(dtype=float) for group in circle.groups.values()]
    return [
        _WORDS[language]["places"].format(
            at="" if moment is None else _WORDS[language]["at"].format(moment=speech(language).say("moment", moment)),
            n=len(short),
            name=stations["id"].iloc[row] if pd.isna(name) else name,
            people=short["shortage"].max(),
            left=sum(float(demand[here].sum()) for demand, here in zip(left, near, strict=True)),
        )
    ]


def _about_inside(study: CircleStudy, layers: Sequence[LayerSource], language: Language) -> list[str]:
    if study.in_circle is None:
        return []
    rows = study.in_circle[
        (study.in_circle["facility_id"] == "") & (study.in_circle["scenario"] == study.latest.scenario)
    ]
    said = describe_profile(
        rows,
        units={layer.name: (layer.unit, layer.unit_en) for layer in layers},
        counted={layer.name: (layer.counted, layer.counted_en) for layer in layers},
        language=language,
    )
    return [_WORDS[language]["inside"].format(said=said)]
