"""Plan files that count services, hours, levels, capacity: what they mean, and what is refused."""

import re

import pytest

from coverage_planner.config import Plan, known_services, missing_files, read_plan
from coverage_planner.errors import ConfigError

BASE = """name = "东区"
[roads]
file = "roads.osm.pbf"
[facilities]
file = "stations.csv"
"""
WALKERS = '[[groups]]\nname = "walkers"\nmode = "walk"\ncutoff_min = 15\ndemand = { file = "demand.csv" }\n'
DRIVERS = '[[groups]]\nname = "drivers"\nmode = "drive"\ncutoff_min = 6\nmain_roads = { per_km = { primary = 5 } }\n'


@pytest.fixture
def read(tmp_path):
    for name in ("roads.osm.pbf", "stations.csv", "demand.csv", "firms.csv", "service bus.xlsx", "profiles.csv"):
        (tmp_path / name).touch()

    def read(text: str, *, require_files: bool = True) -> Plan:
        (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
        return read_plan(tmp_path / "plan.toml", require_files=require_files)

    return read


def test_the_example_of_the_documentation_is_read(read, repository):
    text = (repository / "docs" / "plan-file.md").read_text(encoding="utf-8")
    example = next(block for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[[mobile]]" in block)
    plan = read(BASE + example)
    assert plan.circle
    assert plan.services.counted == ("rest", "water", "toilet", "meals", "medicine", "charging", "legal_aid")
    assert plan.services.required == ("rest", "water", "toilet")
    assert plan.services.cutoffs_s == {"toilet": 300.0, "legal_aid": 1800.0}
    assert plan.services.also == {"toilet": ("爱心厕所",), "午睡": ("午休", "小憩")}
    assert (plan.hours.week_of, plan.hours.dates) == ("2025-09-15", ("2025-10-03", "2025-09-28"))
    assert (plan.hours.moments, plan.hours.night, plan.hours.slot_min) == (("We 23:00", "Su 07:00"), (22, 6), 60)
    assert (plan.levels.most_satellites, plan.levels.radius_m, plan.levels.radius_s) == (12, 2000.0, None)
    assert (plan.levels.unassigned_count, plan.levels.hub.services) == (False, ("legal_aid",))
    assert (plan.levels.hub.opening_hours, plan.levels.satellite.capacity) == ("24/7", 12.0)
    assert (plan.capacity.people_per_place, plan.capacity.at) == (20.0, "We 12:00")
    assert (plan.capacity.bands_s, plan.capacity.band_weights) == ((300.0, 600.0, 900.0), (1.0, 0.68, 0.22))
    assert [stops.datum for stops in plan.mobile] == ["gcj02"]
    (layer,) = plan.layers
    assert (layer.name, layer.count, layer.unit, layer.unit_en) == ("企业", "职工人数", "家", "firms")
    assert (layer.counted, layer.counted_en) == ("名职工", "workers")
    (drivers,) = plan.groups
    assert (drivers.cutoff_s, drivers.parking_s, drivers.required) == (360.0, 60.0, ("rest", "toilet"))
    assert (drivers.demand, drivers.sources) == (None, ())
    assert drivers.main_roads.per_km == {"trunk": 8.0, "primary": 5.0, "secondary": 2.0}
    assert (drivers.main_roads.sum, drivers.main_roads.spacing_m, drivers.main_roads.ahead_m) == (800.0, 500.0, 2000.0)


def test_a_plan_without_these_tables_counts_none_of_it(read):
    assert not read(BASE + WALKERS).circle
    assert read(BASE + WALKERS + "[hours]\n").circle
    assert read(BASE + WALKERS).services.required == ("rest", "water", "charging", "meals", "medicine")


def test_a_group_may_have_its_own_speed(read):
    plan = read(BASE + WALKERS + WALKERS.replace("walkers", "old") + "speed_kph = 3\n")
    assert [group.mode for group in plan.groups] == ["walk", "walk 3"]
    assert (plan.modes["walk 3"].speed_kph, plan.modes["walk 3"].rules) == (3.0, "foot")
    assert plan.modes["walk"].speed_kph == 4.8


def test_services_may_be_named_in_chinese_and_be_the_planners_own(read):
    plan = read(BASE + WALKERS + '[services]\nrequired = ["厕所", "午睡"]\ncutoff_min = { "热水" = 3 }\n')
    assert plan.services.required == ("toilet", "午睡")
    assert plan.services.cutoffs_s == {"water": 180.0}
    known_services(plan.services, {"午睡"}, {})
    with pytest.raises(ConfigError, match=r"\[services\] required must be services of the catalogue.*got 1: 午睡"):
        known_services(plan.services, set(), {})
    with pytest.raises(ConfigError, match=r"required of group 'walkers' .*got 1: tolet.*did you mean 'toilet'"):
        known_services(plan.services, {"午睡"}, {"walkers": ("tolet",)})


def test_further_spellings_may_be_given_under_a_chinese_name(read):
    services = '[services]\ncounted = ["厕所"]\nalso = { "厕所" = ["爱心公厕间"], "午睡" = ["午休"] }\n'
    plan = read(BASE + WALKERS + services)
    assert plan.services.also == {"toilet": ("爱心公厕间",), "午睡": ("午休",)}
    assert plan.services.counted == ("toilet",)


def test_every_file_is_looked_for(read):
    text = BASE + WALKERS + 'profile = "p.csv"\n[hours]\ncalendar = "c.csv"\n[[mobile]]\nfile = "bus.csv"\n'
    text += '[[layers]]\nname = "firms"\nfile = "f.csv"\n'
    missing = missing_files(read(text, require_files=False))
    assert [name.partition(" (")[0] for name in missing] == [
        "[[groups]] 1 profile", "[hours] calendar", "[[mobile]] 1 file", "[[layers]] 1 file",
    ]  # fmt: skip


WRONG = {
    BASE + WALKERS + DRIVERS + DRIVERS.replace("drivers", "more").partition("main_roads")[0]: (
        r"\[\[groups\]\] 3 must have demand .* or main_roads .*, got neither"
    ),
    BASE + WALKERS + "main_roads = { per_km = { primary = 5 } }\n": r"\[\[groups\]\] 1 must have .*, got both",
    BASE + DRIVERS.replace("= 5 }", "= -5 }"): r"main_roads.*per_km.* must be at least 0, got -5",
    BASE + DRIVERS + "speed_kph = 30\n": r"\[\[groups\]\] 1 must not have speed_kph, as the streets say",
    BASE + WALKERS + "parking_min = -1\n": r"\[\[groups\]\] 1 parking_min must be at least 0, got -1",
    BASE + WALKERS + "[services]\ncutoff_min = { toilet = 0 }\n": r"cutoff_min.* must be more than 0, got 0",
    BASE + WALKERS + '[services]\ncutoff_min = { toilet = 5, "厕所" = 6 }\n': (
        r"\[services\] cutoff_min must name each service once, got 2: toilet, 厕所 for the same"
    ),
    BASE + WALKERS + '[services]\nalso = { toilet = ["a"], meals = ["a"] }\n': (
        r"\[services\] also must have each spelling once, got twice 1: a"
    ),
    BASE + WALKERS + '[hours]\nweek_of = "2025-9-1"\n': r"\[hours\] week_of must be dates such as .*got '2025-9-1'",
    BASE + WALKERS + '[hours]\ndates = ["2025-02-30"]\n': r"\[hours\] dates must be dates .*got '2025-02-30'",
    BASE + WALKERS + '[hours]\nmoments = ["Wed 23:00"]\n': r"\[hours\] moments must be a day and a time",
    BASE + WALKERS + '[hours]\nmoments = ["We 23:00", "We 23:00"]\n': (
        r"\[hours\] moments must not repeat, got twice 1: We 23:00"
    ),
    BASE + WALKERS + "[hours]\nnight = [22]\n": r"\[hours\] night must be two different hours of the day",
    BASE + WALKERS + "[hours]\nnight = [22, 25]\n": r"\[hours\] night must be two different hours.*got \[22, 25\]",
    BASE + WALKERS + "[hours]\nnight = [6, 6]\n": r"night must be two different hours.*got \[6, 6\]",
    BASE + WALKERS + "[hours]\nslot_min = 45\n": r"\[hours\] slot_min must be one of 15, 30, 60, got 45",
    BASE + WALKERS + "[levels]\nmost_satellites = 0\nunassigned_count = false\n": "most_satellites must be at least 1",
    BASE + WALKERS + "[capacity]\n": r"\[capacity\] must have people_per_place",
    BASE + WALKERS + "[capacity]\npeople_per_place = 5\nat = 'noon'\n": r"\[capacity\] at must be a day and a time",
    BASE + WALKERS + "[capacity]\npeople_per_place = 5\nbands_min = [5, 10]\n": r"one weight per band.*\(2\), got 0",
    BASE + WALKERS + "[capacity]\npeople_per_place = 5\nbands_min = [9, 5]\nband_weights = [1, 1]\n": "must ascend",
    BASE + WALKERS + "[capacity]\npeople_per_place = 5\nbands_min = [5]\nband_weights = [1.5]\n": "at most 1, got",
    BASE + WALKERS + '[[layers]]\nfile = "firms.csv"\n': r"\[\[layers\]\] 1 must have a name",
    BASE
    + WALKERS
    + '[[layers]]\nname = "a"\nfile = "firms.csv"\n' * 2: r"\[\[layers\]\] 2 must have a name that does not",
    BASE + WALKERS + '[[mobile]]\nfile = "roads.osm.pbf"\n': r"\[\[mobile\]\] 1 osm must say which places",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_plan_names_the_key_and_what_to_do(read, text, message):
    with pytest.raises(ConfigError, match=message):
        read(text)
