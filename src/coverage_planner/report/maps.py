"""Outcome -> one HTML file that opens in any browser with no network."""

from dataclasses import replace
from typing import TYPE_CHECKING

import folium
import geopandas as gpd

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.report.map_data import map_data
from coverage_planner.report.map_page import draw_map_data
from coverage_planner.report.map_tiles import base_maps
from coverage_planner.report.siting_tables import Choice
from coverage_planner.report.tables import is_proposed
from coverage_planner.report.words import Language, words
from coverage_planner.scenario.circle import Circle, measure_circle
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.siting.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coverage_planner.scenario.circle import CircleStudy


def draw_map(
    outcome: Outcome,
    *,
    baseline: Outcome | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    sites: gpd.GeoDataFrame | None = None,
    solution: Choice | Solution | None = None,
    circle: "Circle | CircleStudy | None" = None,
    group: str | None = None,
    language: Language = "zh",
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    tianditu_key: str | None = None,
    osm: bool = False,
    synthetic: bool = False,
    title: str | None = None,
    approval: str | None = None,
    boundary_source: str | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> folium.Map:
    """Draw an outcome as a map whose ``.save(path)`` writes one self-contained file.

    The page carries the street network and searches it itself, in the engine's whole milliseconds: another scenario,
    group, service or hour is coloured at once, and a click anywhere finds the nearest open station. No tile server is
    needed. Geometry is simplified and rounded for display only. Texts of the tables are shown as text, whatever they
    contain. What the page holds is written down in docs/map-data.md.

    Parameters
    ----------
    outcome
        The scenario drawn.
    baseline
        The scenario it is compared with, usually today's: it can be chosen, and what is gained and lost be shown.
        Groups that only one of both has are left out.
    candidates
        Candidate places (columns of the candidates table).
    sites
        The order in which the proposed sites are numbered, by their ``id``; that of the scenario by default.
    solution
        How the proposed sites were chosen; the certificate stands in the map.
    circle
        Services, hours, levels and capacities of `outcome`, or of both scenarios: services and hours can be chosen.
        That of the baseline is measured by the same rules where only one is given.
    group
        Which group is shown first; the headline group by default.
    language
        'zh' or 'en'.
    tiles
        URL template of an online base map (``…/{z}/{x}/{y}.png``), off at first: nothing is requested until someone
        turns it on.
    tiles_attribution
        Whom to name for the tiles, as plain text.
    tianditu_key, osm
        Offer Tianditu (天地图) with this key, or OpenStreetMap's tiles, in the same way.
    synthetic
        Whether the data are made up; the map then says so in its title box and attribution line.
    title
        Heading of the map; the scenarios' names by default.
    approval
        The map approval number (审图号).
    boundary_source
        Where the boundaries come from.
    snap_limit_m
        Farthest access leg, metres, as for the outcome.

    Returns
    -------
    folium.Map
        Further folium layers can be added to it; those that need jQuery, Bootstrap or icon fonts must bring them. In
        notebooks it shows itself, with no network either.

    Raises
    ------
    ConfigError
        Unknown language or group; an address of tiles or a key that is none.
    InputError
        The baseline has other demand points or streets; a site is no proposed facility of the scenario; there is
        nothing to draw: no streets, stations or areas.
    """
    words(language)  # refuses an unknown one
    _check_group(outcome, baseline, group)
    outcomes = _comparable(outcome, baseline)
    chosen = Choice(solution, candidates) if isinstance(solution, Solution) else solution
    data = map_data(
        outcomes,
        circles=_circles(outcomes, circle, snap_limit_m),
        candidates=candidates,
        choice=chosen,
        sites=None if sites is None else _site_order(outcome, sites),
        title=title,
        synthetic=synthetic,
        tiles=base_maps(tiles=tiles, tiles_attribution=tiles_attribution, tianditu_key=tianditu_key, osm=osm),
        approval=approval,
        boundary_source=boundary_source,
        snap_limit_m=snap_limit_m,
    )
    return draw_map_data(data, language=language, group=group)


def _check_group(outcome: Outcome, baseline: Outcome | None, group: str | None) -> None:
    name = next(iter(outcome.groups)) if group is None else group
    for side, given in (("outcome", outcome), ("baseline", baseline)):
        if given is not None and name not in given.groups:
            raise ConfigError(
                f"group must be one of the groups of {side}, which has {sorted(given.groups)}, got {name!r}; "
                "name one of them, or evaluate both scenarios for the same groups"
            )


def _comparable(outcome: Outcome, baseline: Outcome | None) -> list[Outcome]:
    """Return both scenarios with the groups that both have."""
    if baseline is None:
        return [outcome]
    both = [name for name in outcome.groups if name in baseline.groups]
    return [replace(side, groups={name: side.groups[name] for name in both}) for side in (baseline, outcome)]


def _circles(
    outcomes: "Sequence[Outcome]", circle: "Circle | CircleStudy | None", snap_limit_m: float
) -> "list[Circle] | None":
    """Return the circle of each outcome."""
    if circle is None:
        return None
    given: Sequence[Circle] = circle.circles if hasattr(circle, "circles") else (circle,)
    known = {found.scenario: found for found in given}
    latest = known.get(outcomes[-1].scenario.name)
    if latest is None:
        raise InputError(
            f"circle must be that of scenario {outcomes[-1].scenario.name!r}, got that of {name_some(known)}; measure "
            "the circle of the outcome that is drawn"
        )
    return [
        known.get(outcome.scenario.name) or measure_circle(outcome, latest.rules, snap_limit_m=snap_limit_m)
        for outcome in outcomes
    ]


def _site_order(outcome: Outcome, sites: gpd.GeoDataFrame) -> list[str]:
    """Return the ids of the sites in the order in which they are numbered."""
    facilities = outcome.scenario.facilities
    known = {str(label) for label in facilities["id"][is_proposed(facilities)]}
    wanted = [str(label) for label in sites["id"]]
    unknown = [label for label in wanted if label not in known]
    if unknown:
        raise InputError(
            f"sites must be proposed sites of scenario {outcome.scenario.name!r}; not so {name_some(unknown)}; "
            "evaluate the scenario with_sites(…)"
        )
    return wanted
