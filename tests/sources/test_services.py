"""Services in lists of every style -> ids of the catalogue."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.services import SERVICES, find_service, parse_services, service_name
from written_files import write_csv

THREE = ("rest", "water", "charging")


@pytest.mark.parametrize(
    "text",
    [
        "休息、饮水、充电", "休息，饮水，充电", "休息；饮水;充电", "休息/饮水|充电", "休息+饮水+手机充电", "休息\n饮水\n充电",
        "①休息②饮水③充电", "1.休息 2.饮水 3.充电", "1、休息\n2、饮水\n3、充电", "(1)休息(2)饮水(3)充电", "（1）休息；（2）饮水；（3）充电。",
        "休息 饮水 充电", "休息和饮水、充电", "提供休息、饮水、充电等服务", "为户外劳动者提供休息、饮水、充电等服务", "rest; drinking water; phone charging",
        "Rest, Drinking Water & Charging", "rest;water;charging", "休息、饮水、休息、充电", "休息，，饮水、充电、无",
        "【休息】【饮水】【充电】", "休息（座椅）、饮水（热水）、充电", "休息　饮水　充电",
    ],
)  # fmt: skip
def test_a_list_in_one_cell(text):
    assert parse_services(text) == (THREE, ())


def test_what_the_catalogue_does_not_know_is_kept():
    assert parse_services("休息、看海；爬山") == (("rest",), ("看海", "爬山"))
    assert parse_services("休息、暂不提供热饭") == (("rest",), ("暂不提供热饭",))
    assert parse_services("无") == ((), ())
    assert parse_services("") == ((), ())


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("微波炉", "meals"), ("电动车充电", "ebike_charging"), ("换电柜", "battery_swap"), ("急救箱", "medicine"),
        ("卫生间", "toilet"), ("免费WiFi", "wifi"), ("WI-FI", "wifi"), ("储物柜", "storage"), ("法律咨询", "legal_aid"),
        ("培训", "training"), ("图书角", "reading"), ("洗澡", "shower"), ("修车", "vehicle_repair"), ("量血压", "health_check"),
        ("心理疏导", "counselling"), ("First Aid", "medicine"), ("ＷｉＦｉ", "wifi"), ("看海", None),
    ],
)  # fmt: skip
def test_other_words_for_a_service(text, service):
    assert find_service(text) == service


def test_no_word_stands_for_two_services():
    spellings = [
        "".join(spelling.split()).casefold()
        for service, names in SERVICES.items()
        for spelling in {service, names.zh, names.en, *names.aliases}
    ]
    once = set(spellings)
    twice = [spelling for spelling in once if spellings.count(spelling) > 1]
    assert {find_service(text) for text in twice} <= set(SERVICES)
    for service, names in SERVICES.items():
        for spelling in (service, names.zh, names.en, *names.aliases):
            assert find_service(spelling) == service


@given(
    st.lists(st.sampled_from(sorted(SERVICES)), min_size=1, max_size=8, unique=True),
    st.sampled_from("；、，|\n"),
    st.data(),
)
def test_any_spelling_of_any_list(ids, separator, data):
    said = [data.draw(st.sampled_from([SERVICES[i].zh, SERVICES[i].en, i, *SERVICES[i].aliases])) for i in ids]
    assert parse_services(separator.join(said)) == (tuple(ids), ())


def test_the_demo_citys_services_are_all_known(repository):
    with (repository / "data" / "demo" / "stations.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = [row["服务"] for row in csv.DictReader(file)]
    assert len(listed) == 30
    known = {service for text in listed for service in parse_services(text)[0]}
    assert not any(parse_services(text)[1] for text in listed)
    assert {"rest", "water", "charging", "meals", "medicine", "counselling", "health_check"} <= known


def test_names_in_both_languages():
    assert service_name("rest", "zh") == "休息"
    assert service_name("rest", "en") == "rest"
    assert service_name("water", "en") == "drinking water"
    assert service_name("看海", "en") == "看海"
    assert speech("zh").say("services", "rest;water;看海") == "休息、饮水、看海"
    assert speech("en").say("services", "rest;water") == "rest; drinking water"
    assert speech("zh").say("services", None) is None


class TestWideTables:
    def test_have_a_column_for_each_service(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv",
            "名称,经度,纬度,休息,饮水机,充电,热饭,WiFi\n甲,114.3,30.6,√,是,有,1,×\n乙,114.3,30.6,,否,无,0,✓\n丙,114.3,30.6,,,,,\n",
        )
        assert read_facilities(path)["services"].fillna("-").tolist() == ["rest;water;charging;meals", "wifi", "-"]

    @pytest.mark.parametrize(
        "header",
        [
            "饮水（台）",
            "饮水(有/无)",
            "基本服务/饮水",
            "服务_饮水",
            "服务：饮水",
            "drinking water",
            "免费饮水",
            "是否提供饮水",
        ],
    )
    def test_are_named_in_many_ways(self, tmp_path, header):
        path = write_csv(tmp_path / "a.csv", f"经度,纬度,{header}\n114.3,30.6,有\n")
        assert read_facilities(path)["services"].tolist() == ["water"]

    def test_beside_a_list(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "经度,纬度,服务,厕所\n114.3,30.6,休息、厕所,是\n114.3,30.6,,有\n")
        assert read_facilities(path)["services"].tolist() == ["rest;toilet", "toilet"]

    def test_numbers_of_things_are_a_yes_and_other_words_a_remark(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv",
            "id,经度,纬度,充电\nA,114.3,30.6,3个\nB,114.3,30.6,维修中\nC,114.3,30.6,0\nD,114.3,30.6,√\n",
        )
        rejected = Rejections()
        assert read_facilities(path, rejected=rejected)["services"].fillna("-").tolist() == [
            "charging",
            "-",
            "-",
            "charging",
        ]
        assert rejected.remarks_frame()[["row", "id", "column", "given", "remark"]].to_numpy().tolist() == [
            [3, "B", "充电", "维修中", "says neither yes nor no, taken as not offered"]
        ]

    def test_columns_of_other_things_are_left_alone(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "经度,纬度,培训,阅读\n114.3,30.6,每周三由工会举办,\n")
        assert "services" not in read_facilities(path).columns


def test_unknown_services_of_a_file_are_remarked(tmp_path):
    path = write_csv(tmp_path / "a.csv", "id,经度,纬度,服务\nA,114.3,30.6,休息、看海\nB,114.3,30.6,休息\n")
    rejected = Rejections()
    stations = read_facilities(path, rejected=rejected)
    assert stations["services"].tolist() == ["rest;看海", "rest"]
    (remark,) = rejected.remarks
    assert (remark["row"], remark["column"], remark["given"]) == (2, "services", "休息、看海")
    with pytest.warns(UserWarning, match=r"a\.csv.*not in the catalogue.*in 1: row 2 \(the first: '休息、看海'\)"):
        read_facilities(path)
