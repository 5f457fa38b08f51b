import json
import re
from html import unescape
from html.parser import HTMLParser

import folium
import numpy as np
import pytest
import shapely

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.report import styles
from coverage_planner.report.map_data import map_data
from coverage_planner.report.map_page import draw_map_data
from coverage_planner.report.maps import draw_map
from coverage_planner.report.words import _TEXTS, words
from drawn_circle import draw_study
from drawn_map_data import draw_circles, draw_outcomes
from drawn_map_data import draw_map_data as drawn_data
from drawn_outcome import (
    HOSTILE,
    SITE_NAME,
    at,
    draw_candidates,
    draw_demand,
    draw_facilities,
    draw_network,
    draw_outcome,
    draw_sites,
    frame,
)

DATA = re.compile(r'<script type="application/json" id="coverage-data">(.*?)</script>', re.DOTALL)
OPENING = re.compile(r"page\.words, page\.options\)\)\((.*)\);")


def page_of(drawn: folium.Map) -> str:
    return drawn.get_root().render()


def data_of(page: str) -> dict:
    return json.loads(DATA.search(page)[1])


def opening_of(page: str) -> dict:
    return json.loads(OPENING.search(page)[1])


@pytest.fixture(scope="module")
def today():
    return draw_outcome()


@pytest.fixture(scope="module")
def proposed():
    return draw_outcome(
        proposed=True, groups=(("骑手", "walk", 360.0), ("外卖", "ebike", 300.0), ("货运", "drive", 300.0))
    )


@pytest.fixture(scope="module")
def page(today, proposed):
    drawn = draw_map(proposed, baseline=today, sites=draw_sites(), candidates=draw_candidates(), synthetic=True)
    return page_of(drawn)


class Links(HTMLParser):
    """What a page's elements point to, and its style sheets; scripts are no elements."""

    def __init__(self):
        super().__init__()
        self.targets, self.styles, self.scripts, self.in_tag = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.in_tag = tag
        self.targets += [value for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]
        self.styles += [value for name, value in attrs if name == "style"]

    def handle_data(self, data):
        {"style": self.styles, "script": self.scripts}.get(self.in_tag, []).append(data)


def test_the_file_points_to_nothing_outside_itself(page):
    links = Links()
    links.feed(page)
    assert links.targets == []
    urls = re.findall(r"url\(([^)]*)\)", " ".join(links.styles))
    assert urls
    assert all(url.startswith(("data:", "#")) for url in urls)
    assert "@import" not in page
    assert "sourceMappingURL" not in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1.0" />' in page
    assert "user-scalable" not in page
    for word in ("jquery", "bootstrap", "awesome", "jsdelivr", "cloudflare"):
        assert word not in page.lower()


def test_a_script_is_ended_by_our_tags_alone(page):
    assert page.count("<script") == page.count("</script>") == 5  # Leaflet, ours, the data, and two of folium


def test_a_file_with_a_chinese_path_is_utf8_and_the_same_each_time(today, tmp_path):
    folder = tmp_path / "结果 一"
    folder.mkdir()
    for name in ("地图 1.html", "地图 2.html"):
        draw_map(today).save(folder / name)
    first, second = ((folder / name).read_bytes() for name in ("地图 1.html", "地图 2.html"))
    assert first == second
    assert "charset=UTF-8" in first[:1024].decode("utf-8")
    assert "江北服务中心" in first.decode("utf-8")


def test_a_map_drawn_twice_renders_twice_alike(today):
    drawn = draw_map(today)
    assert page_of(drawn) == page_of(drawn)


def test_a_notebook_shows_the_map_in_a_frame(today):
    shown = draw_map(today)._repr_html_()
    assert "<iframe" in shown
    assert "coveragePlanner.open" in shown
    assert "<script>" not in shown  # all of it is inside the frame's srcdoc, escaped
    inside = unescape(re.search(r'srcdoc="([^"]*)"', shown)[1])
    assert data_of(inside)["title"] == "现状"


def test_folium_keeps_its_own_links(today):
    before = list(folium.Map.default_js)
    draw_map(today)
    assert before
    assert folium.Map.default_js == before


def test_further_folium_layers_can_be_added(today):
    drawn = draw_map(today)
    group = folium.FeatureGroup(name="extra layer").add_to(drawn)
    folium.LayerControl().add_to(drawn)
    page = page_of(drawn)
    assert f"var {group.get_name()} = L.featureGroup" in page
    assert f'"extra layer" : {group.get_name()}' in page


def test_harmful_names_stay_text(page):
    assert "<script>alert" not in page
    assert "alert(1)</script>" not in page
    data = data_of(page)
    assert HOSTILE in [station["name"] for station in data["stations"]]
    assert HOSTILE in [community["name"] for community in data["communities"]]
    assert HOSTILE in [candidate["name"] for candidate in data["candidates"]]


@pytest.mark.parametrize("where", ["title", "scenario", "group", "source", "tiles_attribution", "tiles", "approval"])
def test_harmful_text_in_the_frame_stays_text(where):
    outcome = draw_outcome(
        groups=((HOSTILE if where == "group" else "骑手", "walk", 360.0),),
        network=draw_network(source=HOSTILE) if where == "source" else None,
    )
    if where == "scenario":
        scenario = type(outcome.scenario)(HOSTILE, outcome.scenario.facilities)
        outcome = type(outcome)(scenario, outcome.network, outcome.groups, None, None)
    address = "https://tiles.invalid/{z}/{x}/{y}.png" + (HOSTILE if where == "tiles" else "")
    page = page_of(
        draw_map(
            outcome,
            baseline=outcome,
            title=HOSTILE if where == "title" else None,
            tiles=address,
            tiles_attribution=HOSTILE if where == "tiles_attribution" else None,
            approval=HOSTILE if where == "approval" else None,
        )
    )
    assert "<script>alert" not in page
    assert "alert(1)</script>" not in page
    assert page.count("<script") == page.count("</script>") == 5
    data = data_of(page)
    shown = [data["title"], *data["attributions"], data["tiles"][0]["attribution"], data["tiles"][0]["url"]]
    shown += [data["groups"][0]["name"], data["scenarios"][0]["name"], data["approval"] or ""]
    assert any(HOSTILE in text for text in shown)


# --- what the page is given ---


def test_the_page_gets_the_data_the_words_and_the_options(page, today, proposed):
    data = data_of(page)
    assert [scenario["name"] for scenario in data["scenarios"]] == ["现状", "方案A"]
    assert [group["name"] for group in data["groups"]] == ["骑手"]  # the groups that both scenarios have
    assert data["attributions"] == ["© OpenStreetMap contributors, ODbL"]
    assert data["synthetic"] is True
    shares = [scenario["groups"][0]["figures"]["covered_demand_share"] for scenario in data["scenarios"]]
    assert shares == [o.headline.coverage.covered_demand_share for o in (today, proposed)]
    opening = opening_of(page)
    assert opening["options"]["language"] == "zh"
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    assert "group" not in opening["options"]
    assert len(opening["words"]) > 50


def test_the_other_language_and_group(proposed):
    page = page_of(draw_map(proposed, group="货运", language="en", title="Plan"))
    assert opening_of(page)["options"]["language"] == "en"
    assert opening_of(page)["options"]["group"] == "货运"
    assert [group["name"] for group in data_of(page)["groups"]] == ["骑手", "外卖", "货运"]
    assert data_of(page)["title"] == "Plan"
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>Plan</title>" in page


def test_base_maps_are_offered_and_none_is_asked(today):
    page = page_of(
        draw_map(
            today, tiles="https://tiles.invalid/{z}/{x}/{y}.png", tiles_attribution="© X", tianditu_key="0af", osm=True
        )
    )
    tianditu, osm, own = data_of(page)["tiles"]
    assert (own["url"], own["attribution"]) == ("https://tiles.invalid/{z}/{x}/{y}.png", "© X")
    assert osm["url"] == "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
    assert {"LAYER=vec", "tk=0af", "TILEMATRIX={z}"} <= set(tianditu["url"].split("&"))
    assert "LAYER=cva" in tianditu["labels"]
    assert "https://t{s}.tianditu.gov.cn/vec_w/wmts" in tianditu["url"]
    assert tianditu["subdomains"] == "01234567"
    assert data_of(page_of(draw_map(today)))["tiles"] == []


def test_sites_are_numbered_in_the_order_that_is_given():
    sites = frame({"id": ["C1", "C2"], "name": [SITE_NAME, "二"]}, [shapely.Point(at(5, 1)), shapely.Point(at(5, 3))])
    outcome = draw_outcome()
    times = draw_outcome(facilities=outcome.scenario.with_sites("方案", sites).facilities)
    for order, numbers in ((["C1", "C2"], [2, 3]), (["C2", "C1"], [3, 2])):
        drawn = draw_map(times, sites=sites.set_index("id").loc[order].reset_index())
        found = data_of(page_of(drawn))["sites"]
        assert [(site["number"], site["station"]) for site in found] == list(zip([1, 2], numbers, strict=True))


def test_proposed_facilities_are_sites_without_a_table_of_them(proposed):
    data = data_of(page_of(draw_map(proposed)))
    (site,) = data["sites"]
    assert data["stations"][site["station"]]["name"] == SITE_NAME
    assert data["scenarios"][0]["role"] == "proposed"


def test_both_circles_are_in_the_page_where_a_study_is_given():
    outcomes = draw_outcomes()
    study = draw_study(*outcomes)
    data = data_of(page_of(draw_map(outcomes[1], baseline=outcomes[0], circle=study)))
    assert [len(scenario["mobile"]) for scenario in data["scenarios"]] == [1, 1]
    assert [link["hub_lack"] for link in data["scenarios"][1]["hub_links"]] == [None, "hubs_full"]
    alone = data_of(page_of(draw_map(outcomes[1], circle=study.latest)))
    assert alone["week"]["moments"] == ["We 23:00"]
    with pytest.raises(InputError, match="circle must be that of scenario '方案A', got that of 1: 现状"):
        draw_map(outcomes[1], circle=draw_circles(outcomes)[0])


def test_a_scenario_without_stations_is_drawn():
    outcome = draw_outcome(facilities=draw_facilities().iloc[:0].astype({"id": str}))
    data = data_of(page_of(draw_map(outcome)))
    assert data["stations"] == []
    assert data["scenarios"][0]["groups"][0]["figures"]["covered_demand"] == 0


def test_the_frame_is_the_study_area_or_all_streets():
    data = drawn_data().content
    (south, west), (north, east) = data["bounds"]
    area = draw_outcome().study_area.to_crs("EPSG:4326").total_bounds
    assert (west, south, east, north) == pytest.approx(tuple(area), abs=1e-6)
    outcome = draw_outcome(study_area=None, communities=None)
    (south, west), (north, east) = map_data([outcome]).content["bounds"]
    edges = outcome.network.edges.to_crs("EPSG:4326").total_bounds
    assert (west, south, east, north) == pytest.approx(tuple(edges), abs=1e-5)


# --- refusals ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "fr"}, "language must be one of.*'fr'"),
        ({"group": "司机"}, "group must be one of the groups of outcome.*'司机'"),
        ({"tiles": "https://tiles.invalid/{z}"}, r"tiles must be an https:// or http:// address with \{z\}, \{x\}"),
        ({"tiles": "file:///{z}/{x}/{y}"}, "tiles must be an https:// or http:// address"),
        ({"tianditu_key": "a&b"}, "tianditu_key must be a key .* got 'a&b'; apply for one"),
        ({"tianditu_key": ""}, "tianditu_key must be a key .* got ''"),
    ],
)
def test_unknown_choices_are_refused(today, options, message):
    with pytest.raises(ConfigError, match=message):
        draw_map(today, **options)


def test_a_group_that_the_data_have_not_is_refused():
    with pytest.raises(ConfigError, match=r"group must be one of the groups of the map \(骑手, 步行 <b>\), got 'x'"):
        draw_map_data(drawn_data(), group="x")


def test_a_baseline_must_know_the_group(today, proposed):
    with pytest.raises(ConfigError, match="groups of baseline"):
        draw_map(proposed, baseline=today, group="外卖")


def test_a_baseline_must_have_the_same_demand(proposed):
    demand = draw_demand().iloc[1:].reset_index(drop=True)
    baseline = draw_outcome(demand=demand)
    with pytest.raises(InputError, match=r"same demand points.*got 23 and 24 points.*1: D0"):
        draw_map(proposed, baseline=baseline)


def test_sites_must_be_proposed_facilities_of_the_scenario(today):
    with pytest.raises(InputError, match="sites must be proposed sites of scenario '现状'; not so 1: C7"):
        draw_map(today, sites=draw_sites())


# --- words, colours, size ---


def test_both_languages_fill_in_the_same_values():
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    assert set(words("zh")) == set(words("en"))
    for key, (chinese, english) in _TEXTS.items():
        assert places(chinese) == places(english), key
        assert chinese
        assert english


@pytest.mark.parametrize("ends", [styles.BAND_ENDS, styles.SHARE_ENDS])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_classes_differ_in_lightness_alone_already(ends, count):
    light = [styles.luminance(colour) for colour in styles.ramp(ends, count)]
    steps = np.diff(light)
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert np.abs(steps).min() > 0.05


def test_a_district_stays_small(tmp_path):
    network = draw_network(60, 60)
    assert len(network.edges) > 7000
    rng = np.random.default_rng(7)
    facilities = frame(
        {"id": [f"F{i}" for i in range(30)]}, [shapely.Point(at(*place)) for place in rng.uniform(0, 59, (30, 2))]
    )
    outcome = draw_outcome(
        groups=(("骑手", "walk", 1100.0),), facilities=facilities, network=network, study_area=None, communities=None
    )
    draw_map(outcome, baseline=outcome).save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size < 1_000_000
