"""What planners read in the place of words of ours."""

import pytest

from coverage_planner.network.modes import Mode
from coverage_planner.report.speech import speech


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("outside the study area", "在研究范围之外"),
        ("outside the study area and its margin of 1250 m", "在研究范围及其外围 1250 米之外"),
        ("id stands in an earlier row already", "编号与前面的行重复"),
        ("demand is less than 0", "需求小于 0"),
        ("demand is not a finite number", "需求不是有效数字"),
        ("lon is blank", "经度（WGS84）为空"),
        (
            "too far: no street within 200 m that can be reached on foot; serves nobody",
            "离道路过远：200 米内没有步行可达的道路",
        ),
        (
            "behind an obstacle: no street for walk within 400 m that can be reached on foot",
            "被阻隔：400 米内没有步行可达的道路",
        ),
        ("no_station_in_reach", "附近没有站点"),
        ("a reason that nobody has translated", "a reason that nobody has translated"),
    ],
)
def test_reasons_are_said_in_chinese_where_they_are_known(reason, chinese):
    assert speech("zh").say("reason", reason) == chinese


def test_reasons_of_refusal_stay_as_they_are_in_english():
    assert speech("en").say("reason", "outside the study area") == "outside the study area"
    assert speech("en").say("reason", "barrier").startswith("a barrier")


def test_inputs_and_modes_have_names():
    assert [speech(language).say("table", "premises") for language in ("zh", "en")] == ["可用场所", "premises"]
    assert speech("zh").say("mode", "walk (4.8 km/h)") == "步行 (4.8 km/h)"
    drive = Mode("drive", "motorcar", 30.0, urban_factor=0.6, junction_delay_s=2.5, signal_delay_s=20).describe()
    assert speech("zh").say("mode", drive) == "驾车 (30 km/h x 0.6, 每个路口 2.5 秒, 每处信号灯 20 秒)"
    assert speech("en").say("mode", drive) == "by car (30 km/h x 0.6, 2.5 s per junction, 20 s per signal)"
    courier = Mode("own", "bicycle", 15.0, pushing_speed_kph=4.5).describe()
    assert speech("zh").say("mode", courier) == "own (15 km/h, 推行 4.5 km/h)"
    assert speech("en").say("mode", courier) == "own (15 km/h, pushed 4.5 km/h)"
    assert speech("zh").say("mode", "drive (class speeds x 0.6), detour") == "驾车 (按道路等级车速 x 0.6)，绕行"
    assert (
        speech("en").say("mode", "truck (class speeds x 0.5), detour") == "by truck (road class speeds x 0.5), detour"
    )
    assert speech("zh").say("name", "walk") == "walk"  # a planner's own text


def test_headings_of_a_table_of_its_own():
    assert speech("zh").heading("reason", "gaps") == "主要原因"
    assert speech("zh").heading("reason", "rejected") == "原因"
    assert speech("en").heading("mode", "islands") == "Mode"


def test_proofs_are_said_in_the_language():
    assert speech("zh").say("status", "feasible") == "已证明界限"
    assert speech("zh").say("proof", "duals recomputed") == "对偶值重新核算"
    assert speech("zh").say("how", "exact: no-good cuts, HiGHS 1.15.1") == "精确: no-good cuts, HiGHS 1.15.1"
    assert speech("en").say("tie_break", "search: the work ended") == "search: the work ended"
    assert speech("zh").say("proof", "a proof that nobody has translated") == "a proof that nobody has translated"
