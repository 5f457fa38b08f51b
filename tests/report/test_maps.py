import json
import re
from html import unescape
from html.parser import HTMLParser

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.report import drawing, styles
from coverage_planner.report.maps import draw_map
from coverage_planner.report.words import _TEXTS, words
from drawn_outcome import (
    CRS,
    HOSTILE,
    SITE_NAME,
    at,
    draw_candidates,
    draw_communities,
    draw_demand,
    draw_facilities,
    draw_network,
    draw_outcome,
    draw_sites,
    frame,
)

LAYER = re.compile(r"var coverage_(\w+) = coveragePlanner\.draw\(map_coverage, (.*)\);")
FRAME = re.compile(r"coveragePlanner\.frame\(map_coverage, (.*)\);")
SHOWN = re.compile(r"^\s*coverage_(\w+)\.addTo\(map_coverage\);", re.MULTILINE)


def page_of(drawn: folium.Map) -> str:
    return drawn.get_root().render()


def layers_of(page: str) -> dict:
    return {name: json.loads(pieces) for name, pieces in LAYER.findall(page)}


def frame_of(page: str) -> dict:
    return json.loads(FRAME.search(page)[1])


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", html))


def decode(paths: list) -> list[np.ndarray]:
    """What map.js does: steps in millionths of a degree, each path from where the one before ended."""
    places = np.cumsum(np.concatenate([np.reshape(path, (-1, 2)) for path in paths]), axis=0) / 1e6
    return np.split(places, np.cumsum([len(path) // 2 for path in paths])[:-1])


def drawn_lines(pieces: list) -> gpd.GeoSeries:
    lines = [
        shapely.LineString(path) for piece in pieces if piece["kind"] == "lines" for path in decode(piece["paths"])
    ]
    return gpd.GeoSeries(lines, crs="EPSG:4326").to_crs(CRS)


def drawn_areas(pieces: list) -> gpd.GeoSeries:
    shapes = []
    for piece in pieces:
        if piece["kind"] == "areas":
            rings = iter(decode([ring for polygon in piece["paths"] for ring in polygon]))
            polygons = [[next(rings) for _ in polygon] for polygon in piece["paths"]]
            shapes.append(shapely.MultiPolygon([(parts[0], parts[1:]) for parts in polygons]))
    return gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(CRS)


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
    for word in ("jquery", "bootstrap", "awesome", "jsdelivr", "cloudflare"):
        assert word not in page.lower()


def test_a_script_is_ended_by_our_tags_alone(page):
    assert page.count("<script>") == page.count("</script>") == 4  # Leaflet, ours, and two of folium


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
    assert "coveragePlanner.draw" in shown
    assert "<script>" not in shown  # all of it is inside the frame's srcdoc, escaped


def test_folium_keeps_its_own_links(today):
    before = list(folium.Map.default_js)
    draw_map(today)
    assert before
    assert folium.Map.default_js == before


def test_further_folium_layers_can_be_added(today):
    drawn = draw_map(today)
    group = folium.FeatureGroup(name="extra layer").add_to(drawn)
    page = page_of(drawn)
    assert f"var {group.get_name()} = L.featureGroup" in page
    assert f'"extra layer" : {group.get_name()}' in page


def test_harmful_names_stay_text(page):
    assert "<script>alert" not in page
    assert "alert(1)</script>" not in page
    layers = layers_of(page)
    titles = {
        popup["title"]
        for pieces in layers.values()
        for piece in pieces
        for popup in [*piece.get("popups", []), *([piece["popup"]] if "popup" in piece else [])]
    }
    assert HOSTILE in titles
    assert f"1 号 · {SITE_NAME}" in titles


@pytest.mark.parametrize("where", ["title", "scenario", "group", "source", "tiles_attribution", "tiles"])
def test_harmful_text_in_the_frame_stays_text(where):
    outcome = draw_outcome(
        groups=((HOSTILE if where == "group" else "骑手", "walk", 360.0),),
        network=draw_network(source=HOSTILE) if where == "source" else None,
    )
    baseline = outcome
    if where == "scenario":
        scenario = type(outcome.scenario)(HOSTILE, outcome.scenario.facilities)
        outcome = type(outcome)(scenario, outcome.network, outcome.groups, None, None)
    page = page_of(
        draw_map(
            outcome,
            baseline=baseline,
            title=HOSTILE if where == "title" else None,
            tiles=f"https://tiles.invalid/{{z}}/{{x}}/{{y}}.png?{HOSTILE}"
            if where == "tiles"
            else "https://tiles.invalid/{z}",
            tiles_attribution=HOSTILE if where == "tiles_attribution" else None,
        )
    )
    assert "<script>alert" not in page
    assert "alert(1)</script>" not in page
    assert page.count("<script>") == page.count("</script>") == 4
    frame, tiles = frame_of(page), layers_of(page)["tiles"][0]
    shown = text_of(frame["title"]) + " ".join(unescape(text) for text in frame["attributions"])
    assert HOSTILE in shown + unescape(tiles["attribution"]) + tiles["url"]


PLACE = st.tuples(st.floats(-3000, 3000, width=32), st.floats(-3000, 3000, width=32))


@settings(deadline=None)
@given(st.lists(st.lists(PLACE, min_size=2, max_size=4), min_size=1, max_size=4))
def test_lines_come_back_within_a_quarter_metre(paths):
    lines = gpd.GeoSeries([shapely.LineString(np.array(path) + at(0, 0)) for path in paths], crs=CRS)
    pieces = drawing.lines(lines, pane="streets", style={})
    kept = drawn_lines(pieces).union_all() if pieces else shapely.LineString()
    assert lines.difference(kept.buffer(0.25)).length.max() < 0.5  # a line of less than a rounding step is no line
    assert kept.difference(lines.union_all().buffer(0.25)).length < 0.5


def test_every_street_is_drawn_once_quiet_ones_thinner(page, proposed):
    pieces = [piece for piece in layers_of(page)["streets"] if piece["pane"] == "streets"]
    assert drawn_lines(pieces).length.sum() == pytest.approx(proposed.network.edges.length.sum(), abs=5)
    weights = [piece["style"]["weight"] for piece in pieces]
    assert len(weights) == 5
    assert weights == sorted(weights)
    thin = drawn_lines(pieces[:1]).union_all()
    footways = proposed.network.edges[proposed.network.edges["highway"] == "footway"].union_all()
    assert shapely.hausdorff_distance(thin, footways) < 1


def test_streets_far_from_the_study_area_are_left_out():
    x, y = at(0, 0)
    area = frame({"id": ["S"]}, [shapely.box(x - 10, y - 10, x + 10, y + 10)])
    outcome = draw_outcome(network=draw_network(12, 2), study_area=area, communities=None)
    page = page_of(draw_map(outcome))
    drawn = drawn_lines([p for p in layers_of(page)["streets"] if p["pane"] == "streets"])
    assert 1400 < drawn.length.sum() < outcome.network.edges.length.sum() / 2
    (south, west), (north, east) = frame_of(page)["bounds"]
    assert (east - west, north - south) == pytest.approx((0.0002, 0.00018), rel=0.1)


def test_bands_nest_without_overlap_and_cover_the_isochrones(page, proposed):
    pieces = layers_of(page)["bands"]
    bands = drawn_areas(pieces)
    isochrones = proposed.headline.isochrones
    assert len(bands) == 3
    whole = isochrones.union_all().intersection(proposed.study_area.union_all().buffer(500))
    assert bands.union_all().symmetric_difference(whole).area < 0.01 * whole.area
    assert bands.area.sum() == pytest.approx(bands.union_all().area, rel=0.005)
    assert bands[0].symmetric_difference(isochrones.geometry[0]).area < 0.02 * isochrones.geometry[0].area
    colours = [piece["style"]["fillColor"] for piece in pieces]
    assert colours == styles.ramp(styles.BAND_ENDS, 3)


def test_reached_streets_keep_their_length_and_colour(page, proposed):
    pieces = layers_of(page)["reached"]
    table = proposed.headline.reached_streets
    assert drawn_lines(pieces).length.sum() == pytest.approx(table.length.sum(), rel=0.005)
    assert [piece["style"]["color"] for piece in pieces] == styles.ramp(styles.BAND_ENDS, 3)[::-1]
    near = table[table["band_s"] == table["band_s"].min()]
    assert drawn_lines(pieces[-1:]).length.sum() == pytest.approx(near.length.sum(), rel=0.01)


def test_communities_are_coloured_by_their_share(page, proposed):
    by_title = {piece["popup"]["title"]: piece for piece in layers_of(page)["communities"]}
    assert set(by_title) == {"江北社区", HOSTILE, "江南社区", "河滩"}
    assert by_title["河滩"]["style"]["fillColor"] == styles.SHARE_UNKNOWN
    rows = dict(by_title["江北社区"]["popup"]["rows"])
    assert rows["街道"] == "滨江街道"
    demand = proposed.headline.group.demand
    inside = demand.within(draw_communities().geometry[0]).to_numpy()
    share = demand["demand"][inside & proposed.headline.coverage.covered].sum() / demand["demand"][inside].sum()
    assert rows["需求覆盖率"] == f"{share:.1%}"
    colour = by_title["江北社区"]["style"]["fillColor"]
    assert colour == styles.ramp(styles.SHARE_ENDS, 5)[styles.share_class(share)]
    assert "现状覆盖率" in rows


def test_popups_of_stations_say_what_is_known_and_no_more(page):
    hub, satellite = layers_of(page)["stations"]
    assert dict(hub["popups"][0]["rows"]) | {"级别": "服务中心", "服务": "休息 · 充电 · 饮水", "容量": "40 人"} == dict(
        hub["popups"][0]["rows"]
    )
    labels = [label for label, _ in satellite["popups"][0]["rows"]]
    assert not {"服务", "开放时间", "容量"} & set(labels)
    assert {"级别", "覆盖需求（含重叠）"} <= set(labels)
    assert hub["size"] > satellite["size"]


def test_sites_say_what_they_cover_that_was_not_covered(page, today, proposed):
    rows = dict(layers_of(page)["sites"][0]["popups"][0]["rows"])
    before, after = today.headline.coverage, proposed.headline.coverage
    gained = after.points["demand"][after.covered & ~before.covered].sum()
    assert gained > 0
    assert rows["新增覆盖需求（含相互重叠）"] == f"{gained:,.0f}"  # the only new site: nobody else can have covered it
    reach = after.facilities.set_index("id")["catchment_demand"]["C7"]
    assert rows["与现有站点重叠的需求"] == f"{reach - gained:,.0f}"
    assert rows["成本"] == "12.5"
    assert rows["建设次序"] == "1"


def test_sites_gain_on_the_stations_that_exist_without_a_baseline(page, proposed):
    sites = draw_sites().assign(newly_covered_demand=1e6)  # of another group: not believed
    alone = layers_of(page_of(draw_map(proposed, sites=sites)))["sites"][0]["popups"][0]["rows"]
    assert alone == layers_of(page)["sites"][0]["popups"][0]["rows"]


def test_gaps_say_their_demand_and_reasons_in_words(page):
    gap = layers_of(page)["gaps"][0]
    rows = dict(gap["popup"]["rows"])
    assert gap["popup"]["title"] == "缺口 G01"
    assert rows["原因"] == "有阻隔，绕行过远 82 %; 附近没有站点 18 %"
    assert rows["到最近站点的直线距离"] == "512 m"
    assert layers_of(page)["gaps"][-1]["texts"] == ["G01"]


def test_the_title_box_says_who_how_fast_how_long_and_what_a_circle_would_have_claimed(page, today, proposed):
    text = text_of(frame_of(page)["title"])
    before, after = (o.headline.coverage.covered_demand_share for o in (today, proposed))
    assert "骑手 · 步行 4.8 km/h · 6 分钟 · 前往站点" in text
    assert f"{before:.1%} →" in text
    assert f"{after:.1%}" in text
    assert f"{(after - before) * 100:+.1f} 个百分点" in text
    assert "直线半径 480 m" in text
    assert f"{min(1, after + 0.125):.1%}" in text
    assert "外卖 · 电动自行车 15 km/h · 5 分钟" in text
    assert "货运 · 驾车，按道路等级车速 × 0.6 · 5 分钟" in text
    assert "–" in text  # the road share is not known


def test_the_other_language_and_group(proposed):
    page = page_of(draw_map(proposed, group="货运", language="en", title="Plan"))
    text = text_of(frame_of(page)["title"])
    assert "货运 · by car, road class speeds × 0.6 · 5 min · to the station" in text
    assert "A straight line would have claimed" in text
    assert frame_of(page)["lang"] == "en"
    assert not re.search("[\u4e00-\u9fff]", re.sub("骑手|外卖|货运|方案A", "", text))


def test_synthetic_data_say_so_and_real_data_do_not(page, today):
    frame = frame_of(page)
    assert "合成数据 · synthetic data" in frame["title"]
    assert "合成数据 · synthetic data" in frame["attributions"]
    assert frame["attributions"][0] == "© OpenStreetMap contributors, ODbL"
    real = page_of(draw_map(today))
    assert "合成数据" not in real
    assert "synthetic" not in frame_of(real)["title"]


def test_tiles_are_off_at_first(today):
    page = page_of(draw_map(today, tiles="https://tiles.invalid/{z}/{x}/{y}.png", tiles_attribution="© X"))
    assert layers_of(page)["tiles"] == [
        {"kind": "tiles", "url": "https://tiles.invalid/{z}/{x}/{y}.png", "attribution": "© X"}
    ]
    assert "tiles" not in SHOWN.findall(page)
    assert "streets" in SHOWN.findall(page)


def test_one_shading_is_on_at_first(page):
    assert set(SHOWN.findall(page)) == {"bands", "sites", "stations", "gaps", "study_area", "streets"}


def test_empty_layers_are_left_out():
    everywhere = frame({"id": ["F1"], "name": ["站"]}, [shapely.Point(at(3, 2))])
    outcome = draw_outcome(groups=(("骑手", "walk", 3600.0),), facilities=everywhere, study_area=None, communities=None)
    assert outcome.headline.gaps.empty
    page = page_of(draw_map(outcome, candidates=draw_candidates().iloc[:0], sites=draw_sites().iloc[:0]))
    assert set(layers_of(page)) == {"bands", "no_shading", "stations", "reached", "streets"}
    (south, west), (north, east) = frame_of(page)["bounds"]
    edges = outcome.network.edges.to_crs("EPSG:4326").total_bounds
    assert (west, south, east, north) == pytest.approx(tuple(edges), abs=1e-6)


def test_a_scenario_without_stations_is_drawn():
    outcome = draw_outcome(facilities=draw_facilities().iloc[:0].astype({"id": str}))
    page = page_of(draw_map(outcome))
    layers = layers_of(page)
    assert {"gaps", "streets", "communities"} <= set(layers)
    assert {"no_shading", "communities"} & set(SHOWN.findall(page)) == {"no_shading"}
    assert not {"stations", "bands", "reached"} & set(layers)


def test_proposed_facilities_are_sites_without_a_table_of_them(proposed):
    layers = layers_of(page_of(draw_map(proposed)))
    assert layers["sites"][0]["texts"] == ["1"]
    assert SITE_NAME in layers["sites"][0]["popups"][0]["title"]
    assert sum(len(piece["popups"]) for piece in layers["stations"]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "fr"}, "language must be one of.*'fr'"),
        ({"group": "司机"}, "group must be one of the groups of outcome.*'司机'"),
    ],
)
def test_unknown_choices_are_refused(today, options, message):
    with pytest.raises(ConfigError, match=message):
        draw_map(today, **options)


def test_a_baseline_must_know_the_group(today, proposed):
    with pytest.raises(ConfigError, match="groups of baseline"):
        draw_map(proposed, baseline=today, group="外卖")


def test_a_baseline_must_have_the_same_demand(proposed):
    demand = draw_demand().iloc[1:].reset_index(drop=True)
    baseline = draw_outcome(demand=demand)
    with pytest.raises(InputError, match=r"same demand points.*got 23 and 24 points.*1: D0"):
        draw_map(proposed, baseline=baseline)


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


@given(st.floats(0, 1))
def test_share_classes_hold_their_share(share):
    number = styles.share_class(share)
    assert share <= styles.SHARE_CLASSES[number]
    assert number == 0 or share > styles.SHARE_CLASSES[number - 1]


def test_a_district_stays_under_five_megabytes(tmp_path):
    network = draw_network(60, 60)
    assert len(network.edges) > 7000
    rng = np.random.default_rng(7)
    facilities = frame(
        {"id": [f"F{i}" for i in range(30)]}, [shapely.Point(at(*place)) for place in rng.uniform(0, 59, (30, 2))]
    )
    outcome = draw_outcome(
        groups=(("骑手", "walk", 1100.0),), facilities=facilities, network=network, study_area=None, communities=None
    )
    assert len(outcome.headline.reached_streets) > 5000
    draw_map(outcome, baseline=outcome).save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size < 1_500_000
