"""Plans that count services, hours, levels and capacity, from the file to the folder."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from coverage_planner.cli import main
from coverage_planner.cli.circle_summary import about_circles
from coverage_planner.cli.summary import summarise
from coverage_planner.config import read_plan
from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.pipeline import run_plan, write_run
from coverage_planner.report.results import read_results
from coverage_planner.report.speech import speech
from coverage_planner.scenario.circle import CircleStudy, measure_circle
from drawn_plan import STATIONS, draw_plan, place, write_points

TABLES = {
    "services": {
        "counted": ["休息", "厕所", "午睡"], "required": ["rest", "toilet"], "cutoff_min": {"厕所": 8, "rest": 12},
        "also": {"toilet": ["爱心厕所"], "午睡": ["午休"]},
    },
    "hours": {"week_of": "2025-09-17", "dates": ["2025-10-03", "2025-09-28"], "moments": ["We 12:00", "We 23:00"]},
    "levels": {
        "radius_m": 3000, "hub": {"services": ["休息"], "opening_hours": "24/7", "capacity": 5},
        "satellite": {"services": ["休息", "厕所"], "opening_hours": "Mo-Su 08:00-20:00", "capacity": 2},
    },
    "capacity": {"people_per_place": 10, "bands_min": [5, 10], "band_weights": [1, 0.5]},
    "mobile": [{"file": "bus.csv"}],
    "layers": [{"name": "企业", "file": "firms.csv", "count": "职工", "unit": "家", "unit_en": "firms", "counted": "名职工"}],
}  # fmt: skip


def draw(folder, **changes):
    path = draw_plan(folder, **(TABLES | changes))
    rows = [
        (*STATIONS[0][:3], *place(*STATIONS[0][3:]), "休息、爱心厕所", "Mo-Fr 09:00-17:00; PH off"),
        (*STATIONS[1][:3], *place(*STATIONS[1][3:]), "", ""),
    ]
    write_points(folder / "stations.csv", ["编号", "名称", "级别", "经度", "纬度", "服务", "开放时间"], rows)
    stops = [("大巴", "东门", "周三", "22:00", "24:00", *place(24, 15), "休息;午休")]
    write_points(folder / "bus.csv", ["车辆", "停靠点", "星期", "到达", "离开", "经度", "纬度", "服务"], stops)
    firms = [("甲", *place(15, 15), 30), ("乙", *place(18, 12), ""), ("丙", *place(27, 24), 12)]
    write_points(folder / "firms.csv", ["名称", "经度", "纬度", "职工"], firms)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_plan(read_plan(draw(tmp_path_factory.mktemp("圈 层"))))


def test_the_circle_of_a_plan_is_that_of_its_tables(run):
    today = run.circle.today
    stations = today.facilities.set_index("id")
    assert stations["services"].to_dict() == {"S1": "rest;toilet", "S2": "rest;toilet", "M1": "rest;午睡"}
    assert stations["opening_hours"]["S2"] == "Mo-Su 08:00-20:00"
    assert stations["capacity"].fillna(0).to_dict() == {"S1": 5.0, "S2": 2.0, "M1": 0.0}
    assert today.rules.services == ("rest", "toilet", "午睡")
    assert today.rules.cutoffs_s == {"toilet": 480.0, "rest": 720.0}
    hours = today.groups["walkers"].hours.query("service == 'any'").set_index(["day", "hour"])
    assert hours["n_open"]["We", 12.0] == 2
    assert hours["n_open"]["We", 23.0] == 1
    assert hours["n_open"]["2025-10-03", 12.0] == 1  # S1 is closed on holidays
    assert hours["n_open"]["2025-09-28", 12.0] == 2  # a Sunday that is worked
    assert hours["n_open"]["Su", 12.0] == 1
    planned = run.circle.latest.facilities.set_index("id")
    opened = planned[planned["proposed"].fillna(value=False).astype(bool)]
    assert set(opened["services"]) == {"rest;toilet"}
    assert run.circle.latest.groups["walkers"].services["covered_demand"].sum() > 0
    assert [action.kind for action in run.proposed.scenario.actions] == ["open"] * len(opened)


def test_firms_are_counted_inside_the_circle(run):
    inside = run.circle.in_circle
    together = inside[(inside["facility_id"] == "") & (inside["scenario"] == "现状")]
    assert together[["layer", "n", "unit", "count", "counted"]].to_numpy().tolist() == [
        ["企业", 2, "家", 30.0, "名职工"]
    ]


def test_units_are_said_in_the_language_of_the_plan(tmp_path):
    plan = replace(read_plan(draw(tmp_path, language="en")), siting=None)
    inside = run_plan(plan).circle.in_circle
    assert inside[["unit", "counted"]].drop_duplicates().to_numpy().tolist() == [["firms", "people"]]


def test_rows_of_a_layer_are_not_refused_as_stations_and_their_counts_are_no_capacity(tmp_path, capsys):
    path = draw(tmp_path, siting=None, communities=None)
    firms = [("甲", *place(15, 15), 30), ("乙", *place(18, 12), -3), ("丙", *place(27, 24), "约12")]
    write_points(tmp_path / "firms.csv", ["名称", "经度", "纬度", "职工"], [*firms, ("丁", 119.0, 31.0, 4)])
    run = run_plan(read_plan(path))
    layer = run.rejected[run.rejected["source"] == "firms.csv"]
    assert set(layer["table"]) == {"layer"}
    assert layer["reason"].tolist()[0] == "count is less than 0"
    assert len(layer) == 2
    remarks = run.remarks[run.remarks["source"] == "firms.csv"]
    assert remarks[["table", "column", "given"]].to_numpy().tolist() == [
        ["layer", "position", "119.0,31.0"],
        ["layer", "职工", "约12"],
    ]
    assert speech("zh").say("reason", "count is less than 0") == "数量小于 0"
    assert "图层：1 行数量小于 0" in "\n".join(summarise(run))
    assert main(["check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "1 行未采用：数量小于 0" in said
    assert "1 行的“职工”列：约数" in said


def test_the_folder_holds_tables_lists_and_the_week(run, tmp_path):
    folder = write_run(run, tmp_path / "结果")
    results = read_results(folder)
    services = results.tables["by_service"]
    assert set(services["service"]) == {"rest", "toilet", "午睡", "any", "full"}
    assert len(results.tables["needs"]) > 0
    book = openpyxl.load_workbook(folder / "三清单.xlsx", read_only=True)
    assert book.sheetnames == ["需求清单", "资源清单", "服务清单"]
    assert "2025-10-03" in (folder / "hours.html").read_text(encoding="utf-8")
    # scenarios, groups and all of them together, services, days, hours
    assert len(results.tables["by_hour"]) == 2 * 3 * 5 * 9 * 24


def test_a_plan_without_any_of_it_has_no_circle(tmp_path):
    run = run_plan(read_plan(draw(tmp_path, **dict.fromkeys(TABLES))))
    assert run.circle is None
    assert "by_service" not in {path.stem for path in write_run(run, tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "zh",
            [
                "全部必需服务（休息、厕所）",
                "周三 23:00：",
                "1+N：1 个服务中心带",
                "个站点坐不下",
                "圈内：3 家企业、42 名职工",
            ],
        ),
        (
            "en",
            [
                "gets all required services (rest, toilet) within",
                "Wed 23:00: ",
                "1+N: 1 hubs with",
                "too small for",
                "circles: 3 firms, 42 people",
            ],
        ),
    ],
)
def test_the_command_says_what_it_comes_to(run, language, lines):
    said = "\n".join(summarise(replace(run, plan=replace(run.plan, language=language))))
    assert [line for line in lines if line not in said] == []


def test_what_is_wrong_is_found_by_the_check_too(tmp_path, capsys):
    plan = draw(tmp_path, services={"required": ["rest", "tolet"]})
    with pytest.raises(ConfigError, match=r"\[services\] required must be services .* tolet; did you mean 'toilet'"):
        run_plan(read_plan(plan))
    assert main(["check", str(plan), "--language", "en"]) == 2
    assert "tolet" in capsys.readouterr().out


def test_hours_of_a_level_are_refused_where_they_are_not_understood(tmp_path):
    levels = {**TABLES["levels"], "satellite": {"opening_hours": "瞎写"}}
    with pytest.raises(ConfigError, match=r"\[levels.satellite\] opening_hours must be opening hours.* got '瞎写'"):
        run_plan(read_plan(draw(tmp_path, levels=levels)))


def test_profiles_and_timetables_are_checked(tmp_path, capsys):
    pd.DataFrame({"kind": ["a"], **{f"h{hour:02d}": [0.5] for hour in range(24)}}).to_csv(tmp_path / "p.csv")
    groups = [
        {"name": "walkers", "mode": "walk", "cutoff_min": 10, "demand": {"file": "demand.csv"}, "profile": "p.csv"}
    ]
    plan = draw(tmp_path, groups=groups)
    write_points(tmp_path / "bus.csv", ["车辆", "停靠点"], [("大巴", "东门")])
    assert main(["check", str(plan), "--language", "en"]) == 2
    said = capsys.readouterr().out
    assert "must hold shares of the day" in said
    assert "bus.csv" in said
    with pytest.raises(SchemaError, match=r"bus\.csv must have"):
        run_plan(read_plan(plan))


def test_it_is_said_wherever_minutes_are_those_of_a_detour(tmp_path, capsys):
    drivers = {"name": "drivers", "mode": "drive", "cutoff_min": 4, "main_roads": {"per_km": {"residential": 1}}}
    path = draw(tmp_path, groups=[drivers], communities=None, siting={"n_open": 1}, **dict.fromkeys(TABLES))
    assert main(["propose", str(path), "--out", str(tmp_path / "sites")]) == 0
    assert "，绕行，4 分钟内）：现状覆盖" in capsys.readouterr().out
    assert main(["plan", str(path), "--out", str(tmp_path / "out")]) == 0
    results = read_results(tmp_path / "out")
    said = {*results.tables["overall"]["mode"], *results.layers["reached_streets"]["mode"]}
    assert said == {results.run["results"]["groups"][0]["mode"]} == {"drive (class speeds x 0.6), detour"}


def test_kinds_without_a_profile_are_found_by_the_check(tmp_path, capsys):
    table = pd.DataFrame({"kind": ["a"], **{f"h{hour:02d}": [1 / 24] for hour in range(24)}})
    table.round(6).to_csv(tmp_path / "p.csv", index=False)
    groups = [
        {"name": "walkers", "mode": "walk", "cutoff_min": 10, "demand": {"file": "demand.csv"}, "profile": "p.csv"}
    ]
    assert main(["check", str(draw(tmp_path, groups=groups, siting=None))]) == 2
    assert "全天分布表缺少这些类型的行：''" in capsys.readouterr().out


@pytest.mark.parametrize(("siting", "errors"), [({"n_open": 1}, 2), (None, 1)])
def test_levels_without_a_hub_are_refused_before_sites_are_chosen(tmp_path, capsys, siting, errors):
    path = draw(tmp_path, siting=siting)
    write_points(tmp_path / "stations.csv", ["编号", "名称", "经度", "纬度"], [("S1", "甲", *place(9, 9))])
    assert main(["check", str(path)]) == errors
    assert ("没有一个站点的级别是服务中心" in capsys.readouterr().out) == (errors == 2)
    if siting:
        with pytest.raises(InputError, match=r"satellites must have hubs .*; got new sites.* no station of the level"):
            run_plan(read_plan(path))


def test_a_sound_plan_passes_the_check(tmp_path, capsys):
    assert main(["check", str(draw(tmp_path)), "--language", "zh"]) < 2
    said = capsys.readouterr().out
    assert "流动服务停靠点" in said
    assert "图层" in said


def test_the_check_looks_at_every_service_bus(tmp_path, capsys):
    plan = draw(tmp_path, mobile=[{"file": "truck.csv"}, {"file": "bus.csv"}])
    stops = [("T1", "货车", "西门", "周一", "09:00", "09:10", *place(18, 15), "休息")]
    write_points(
        tmp_path / "truck.csv", ["编号", "车辆", "停靠点", "星期", "到达", "离开", "经度", "纬度", "服务"], stops
    )
    assert main(["check", str(plan), "--language", "en"]) < 2
    assert "T1" in capsys.readouterr().out  # ten minutes fill no slot of an hour


def test_whose_places_are_looked_at_is_said_with_the_moment(run):
    rules = replace(run.circle.today.rules, capacity_at="We 23:00")
    circle = measure_circle(run.today, rules)
    said = about_circles(CircleStudy((circle,)), (), "en")
    # at night only the bus is open, and it has no limit
    assert [line for line in said if "too small" in line] == []
    by_day = measure_circle(run.today, replace(rules, capacity_at="We 12:00", people_per_place=0.1))
    (line,) = [line for line in about_circles(CircleStudy((by_day,)), (), "en") if "too small" in line]
    left = sum(
        group.points["unassigned_demand"][group.served.at("any", rules.week.slot("We 12:00"))].sum()
        for group in by_day.groups.values()
    )
    assert line.startswith("Wed 12:00: ")
    assert f"{left:,.0f} people with an open station near" in line
