"""The complete circle of a plan -> layers of the map: hubs with their satellites, gaps at moments, mobile stops."""

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from coverage_planner.report import drawing, styles
from coverage_planner.report.circle_layers import hub_links
from coverage_planner.report.circle_tables import satellites, station_facts
from coverage_planner.report.map_view import MapLayer, View
from coverage_planner.report.panel import label_html, line_sign, mark_sign, swatch
from coverage_planner.report.popups import gap_popup, minutes_text, number, place_popup, records_of
from coverage_planner.scenario.scenario import Outcome

if TYPE_CHECKING:
    from coverage_planner.report.drawing import Piece
    from coverage_planner.scenario.circle import Circle

#: Mark on the map -> key of its text in the legend.
_MARKS = {
    "linked-hub": "hub_with_count",
    "linked-satellite": "level_satellite",
    "lonely-satellite": "satellite_of_none",
}
#: Text in a mark, and rows of its popup besides those of a station.
_Marked = tuple[str, list[tuple[str, str]]]
_ROOM = ("nearest_demand", "assigned_demand", "shortage")


def describe_outcome(outcome: Outcome, circle: "Circle") -> Outcome:
    """Return an outcome whose stations say what their level adds, their open hours, their hub and how full they get.

    Parameters
    ----------
    outcome
        The scenario.
    circle
        Its circle.
    """
    facilities = outcome.scenario.facilities
    facts = station_facts(circle).drop(columns="scenario").set_index("id")
    facts = facts.assign(hub=facts["hub_name"].where(facts["hub_name"].notna(), facts["hub_id"]))
    if circle.capacity is not None:
        room = circle.capacity.facilities.set_index("id").rename(columns={"capacity": "room"})
        room = room.assign(shortage=room["shortage"].where(room["shortage"] > 0))
        facts = facts.join(room[["room", *_ROOM]])
    added = facts.reindex(facilities["id"]).reset_index(drop=True).set_index(facilities.index)
    described = facilities.assign(**{str(name): added[name] for name in added})
    return replace(outcome, scenario=replace(outcome.scenario, facilities=described))


def draw_circle(view: View, circle: "Circle") -> list[MapLayer]:
    """Return the layers: hubs with their satellites, gaps at each moment, mobile stops.

    Parameters
    ----------
    view
        The scenario of `describe_outcome` as one group sees it.
    circle
        Its circle.
    """
    return [_hub_links(view, circle), *_gaps_at(view, circle), _mobile_stops(view, circle)]


def _hub_links(view: View, circle: "Circle") -> MapLayer:
    """Draw a line from each satellite to its hub; mark hubs with their number of satellites, and lonely satellites."""
    key, words = "hub-links", view.words
    pieces: list[Piece] = []
    keys = []
    links = hub_links([circle], view.outcome.network.crs)
    if links is not None and len(links):
        style = {"color": styles.HUB_LINK, "weight": styles.HUB_LINK_WEIGHT, "opacity": 0.9}
        pieces += drawing.lines(links.geometry, pane="links", style=style)
        keys.append((line_sign(styles.HUB_LINK, weight=2.5), words["hub_link"]))
    stations = view.outcome.scenario.facilities
    records = {record["id"]: record for record in records_of(stations, view.group.coverage.facilities)}
    places = stations.set_index("id").geometry
    for mark, rows in (_hubs(view, circle) | _satellites(view, circle)).items():
        if not rows:
            continue
        size = styles.LEVEL_SIZES[mark]
        known = [(place_popup(records[label], words), more) for label, (_, more) in rows.items()]
        pieces += drawing.pins(
            gpd.GeoSeries([places[label] for label in rows], crs=stations.crs),
            class_name=f"cp-{mark}", size=(size, size), anchor=(size // 2, size // 2),
            texts=[text for text, _ in rows.values()],
            popups=[replace(popup, rows=[*popup.rows, *more]) for popup, more in known], above=200,
        )  # fmt: skip
        keys.append((mark_sign(f"cp-{mark}", min(size, 16)), words[_MARKS[mark]]))
    return MapLayer(key, label_html(key, view.layer_text("hub_links"), keys=keys), pieces, shown=False)


def _hubs(view: View, circle: "Circle") -> dict[str, dict[str, _Marked]]:
    """Return what stands in the mark of each hub, by id, and what its popup says besides."""
    if circle.hubs is None:
        return {}
    words = view.words
    marked = {}
    for record in circle.hubs.hubs.to_dict("records"):
        count, most = number(record["n_satellites"]), record["most_satellites"]
        many = count if pd.isna(most) else words["of_most"].format(count=count, most=number(float(most)))
        rows = [(words["n_satellites"], many)]
        if not pd.isna(record["mean_distance_m"]):
            rows.append((words["mean_distance_m"], f"{record['mean_distance_m']:,.0f} m"))
        marked[str(record["id"])] = (count, rows)
    return {"linked-hub": marked}


def _satellites(view: View, circle: "Circle") -> dict[str, dict[str, _Marked]]:
    """Return the same of satellites, those of a hub and those of none apart."""
    words = view.words
    marked: dict[str, dict[str, _Marked]] = {"linked-satellite": {}, "lonely-satellite": {}}
    table = satellites([circle])
    for record in [] if table is None else table.to_dict("records"):
        lonely = pd.isna(record["hub_id"])
        rows = [(words["hub"], words["no_hub" if record["counts"] else "not_counted"])] if lonely else []
        if isinstance(record["hub_lack"], str):
            rows.append((words["hub_lack"], words[f"hub_lack_{record['hub_lack']}"]))
        if not pd.isna(record["distance_m"]):
            rows.append((words["distance_m"], f"{record['distance_m']:,.0f} m"))
        if not pd.isna(record["time_s"]):
            rows.append((words["time"], minutes_text(record["time_s"], words)))
        marked["lonely-satellite" if lonely else "linked-satellite"][str(record["id"])] = ("", rows)
    return marked


def _gaps_at(view: View, circle: "Circle") -> list[MapLayer]:
    """Draw, for each moment, the areas that no station serves then."""
    gaps: gpd.GeoDataFrame = circle.groups[view.group_name].gaps
    layers = []
    for place, moment in enumerate(dict.fromkeys(gaps["moment"])):
        rows = gaps[gaps["moment"] == moment]
        day, space, time = str(moment).partition(" ")
        said = f"{view.words.get(f'day_{day}', day)}{space}{time}"
        style = {
            "color": styles.GAP_AT, "weight": 1.5, "dashArray": "2 4", "fillColor": styles.GAP_AT, "fillOpacity": 0.28,
        }  # fmt: skip
        pieces: list[Piece] = []
        for shape, record in zip(rows.geometry, records_of(rows), strict=True):
            popup = gap_popup(record, view.words)
            popup = replace(popup, title=f"{popup.title} · {said}")
            pieces += drawing.area(view.simple(shape), rows.crs, pane="gaps", style=style, popup=popup)
        sign = swatch(styles.GAP_AT, opacity=0.28, border=f"1.5px dotted {styles.GAP_AT}")
        text = view.words["gaps_at_moment"].format(moment=said)
        if view.named:
            text = view.words["in_scenario"].format(layer=text, scenario=view.outcome.scenario.name)
        key = f"gaps-at-{place}"
        layers.append(MapLayer(key, label_html(key, text, sign), pieces, shown=False))
    return layers


def _mobile_stops(view: View, circle: "Circle") -> MapLayer:
    """Draw the stops of service buses and vending trucks."""
    facilities = circle.facilities
    stops = facilities.head(0)
    if "vehicle" in facilities:
        stops = facilities[facilities["vehicle"].notna()]
    facts = station_facts(circle)[["id", "open_h_per_week"]]
    popups = [place_popup(record, view.words) for record in records_of(stops, facts)]
    pieces = drawing.pins(stops.geometry, class_name="cp-stop", size=(14, 14), anchor=(7, 7), popups=popups, above=150)
    label = label_html("mobile-stops", view.words["mobile_stops"], mark_sign("cp-stop", 12))
    return MapLayer("mobile-stops", label, pieces, shown=True)
