"""Plan files: what they mean, and what a planner is told when one is wrong."""

import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from coverage_planner.config import AlternativeSettings, Plan, QuotaSettings, SitingSettings, change_plan, read_plan
from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.network.modes import PRESET_MODES, Mode
from coverage_planner.sources.aliases import ALIASES

ROADS = '[roads]\nfile = "roads.osm.pbf"\n'
FACILITIES = '[facilities]\nfile = "stations.csv"\n'
GROUP = '[[groups]]\nname = "walkers"\nmode = "walk"\ncutoff_min = 15\ndemand = { file = "demand.csv" }\n'
SHORTEST = f'name = "东区"\n{ROADS}{FACILITIES}{GROUP}'
SITING = SHORTEST + "[siting]\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "规划 一"
    (folder / "数据").mkdir(parents=True)
    for name in ("roads.osm.pbf", "roads.gpkg", "stations.csv", "demand.csv", "people.tif", "数据/社区 表.shp"):
        (folder / name).touch()
    return folder


@pytest.fixture
def read(folder):
    def read(text: str, encoding: str = "utf-8") -> Plan:
        (folder / "plan.toml").write_text(text, encoding=encoding)
        return read_plan(folder / "plan.toml")

    return read


def blocks_of(repository: Path) -> list[str]:
    text = (repository / "docs" / "plan-file.md").read_text(encoding="utf-8")
    return re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)


def test_the_shortest_plan_has_defaults(read, folder):
    plan = read(SHORTEST)
    assert plan.path == folder / "plan.toml"
    assert (plan.name, plan.language, plan.crs, plan.synthetic) == ("东区", "zh", None, False)
    assert (plan.roads.file, plan.roads.margin_m) == (folder / "roads.osm.pbf", None)
    assert plan.facilities.form == "table"
    assert plan.facilities.datum == "wgs84"
    assert (plan.study_area, plan.communities, plan.premises, plan.siting) == (None, None, None, None)
    (group,) = plan.groups
    assert (group.name, group.mode, group.cutoff_s) == ("walkers", "walk", 900.0)
    assert group.demand.file == folder / "demand.csv"
    assert (group.demand.minimum, group.demand.sum, group.demand.weights) == (None, None, {})
    assert plan.bands.cutoffs_s == (300.0, 600.0, 900.0)
    assert (plan.candidates.spacing_m, plan.candidates.reach_s) == (150.0, None)
    assert (plan.snap.limit_m, plan.snap.small_component_m) == (200.0, 2000.0)
    assert plan.modes == PRESET_MODES
    assert plan.map.tiles is None


def test_the_full_plan_of_the_documentation_is_read(read, folder, repository):
    shortest, full, several, _ = blocks_of(repository)
    for name in re.findall(r'file = "([^"]+)"', shortest + full + several):
        (folder / name).touch()
    assert read(shortest).groups[0].cutoff_s == 900.0
    riders = read(shortest[: shortest.index("[[groups]]")] + several).groups[0]
    assert [source.form for source in riders.sources] == ["records", "areas", "osm"]
    assert [source.sum for source in riders.sources] == [3000.0, 1000.0, 500.0]
    plan = read(full)
    assert plan.crs == "EPSG:32650"
    assert plan.roads.margin_m == 2000.0
    assert plan.roads.columns == {"highway": "道路等级", "oneway": "单行"}
    assert plan.study_area.where == {"name": ("洪山区",)}
    assert plan.communities.columns == {"name": "社区", "subdistrict": "街道"}
    assert plan.communities.encoding == "gb18030"
    assert (plan.facilities.datum, plan.facilities.sheet) == ("gcj02", "现状")
    assert plan.premises.form == "osm"
    assert plan.premises.osm == {"amenity": ("bank", "pharmacy"), "shop": True}
    walkers, riders = plan.groups
    assert walkers.demand.form == "raster"
    assert (walkers.demand.minimum, walkers.demand.sum) == (0.5, 20000.0)
    assert riders.cutoff_s == 300.0
    assert riders.demand.weights == {"restaurant": 3.0, "mall": 20.0}
    assert (plan.siting.n_open, plan.siting.group, plan.siting.max_candidates) == (5, "riders", 2000)
    assert (plan.siting.time_limit_s, plan.siting.mip_gap, plan.siting.work_limit) == (60.0, 0.01, 120.0)
    assert (plan.siting.model, plan.siting.required, plan.siting.forbidden) == ("mclp", ("C12",), ("C3", "C40"))
    assert plan.siting.min_spacing_m == 400.0
    assert plan.siting.quotas == (
        QuotaSettings("subdistrict", at_least=1),
        QuotaSettings("kind", at_most=2, values=("bank", "pharmacy")),
    )
    assert plan.candidates.reach_s == 900.0
    assert plan.bands.cutoffs_s == (300.0, 600.0, 900.0)
    assert plan.modes["walk"] == Mode("walk", "foot", 4.5)
    assert plan.modes["cargo_bike"] == Mode("cargo_bike", "bicycle", 11.0)
    assert plan.modes["drive"].urban_factor == 0.8
    assert (plan.modes["drive"].junction_delay_s, plan.modes["drive"].signal_delay_s) == (3.0, 20.0)
    default_speeds = PRESET_MODES["drive"].class_speeds_kph
    assert plan.modes["drive"].class_speeds_kph == {**default_speeds, "residential": 20.0}
    assert plan.modes["ebike"] == PRESET_MODES["ebike"]
    assert plan.map.tiles.startswith("https://")
    assert (plan.map.osm, plan.map.approval_number) == (True, "鄂S(2026)000号")


def test_the_documentation_names_every_key_and_every_alias(repository):
    text = (repository / "docs" / "plan-file.md").read_text(encoding="utf-8")

    def keys_of(kind):
        for f in fields(kind):
            hint = get_type_hints(kind)[f.name]
            if f.metadata.get("key", f.name):
                yield f.metadata.get("key", f.name)
            for inner in (hint, *get_args(hint), *(part for of in get_args(hint) for part in get_args(of))):
                if is_dataclass(inner):
                    yield from keys_of(inner)

    keys = set(keys_of(Plan)) - {"rules"}
    assert {"cutoff_min", "n_open", "minutes", "spacing_m", "speed_kph", "weights"} <= keys
    assert [key for key in keys if f"{key}`" not in text and f"[{key}" not in text] == []
    assert [alias for names in ALIASES.values() for alias in names if alias not in text] == []


def test_headline_group_is_sited_for_unless_another_is_named(read):
    assert read(SHORTEST + "[siting]\nn_open = 2\n").siting.group == "walkers"


def test_stages_say_how_many_sites_open(read):
    siting = read(SITING + "stages = [3, 5, 10]\nalternatives = { plans = 2 }\n").siting
    assert (siting.stages, siting.n_open, siting.budget) == ((3, 5, 10), None, None)
    assert siting.alternatives == AlternativeSettings(plans=2, within=0.02, differ_by=1)


def test_models_take_their_own_keys(read):
    siting = read(SITING + "model = 'lscp'\npartial = 0.95\nminimise = 'cost'\n").siting
    assert siting == SitingSettings(model="lscp", group="walkers", partial=0.95, minimise="cost")
    siting = read(SITING + "model = 'p-median'\nbudget = 40\nunserved_min = 30\n").siting
    assert siting == SitingSettings(model="p-median", group="walkers", budget=40.0, unserved_s=1800.0)


def test_keys_can_be_changed_without_the_file(read):
    plan = read(SITING + "n_open = 2\nrequired = ['P1']\nalternatives = { plans = 5 }\n")
    changed, dropped = change_plan(plan, {"budget": 9, "alternatives": {"within": 0.1}})
    assert (changed.siting.n_open, changed.siting.budget, changed.siting.required) == (None, 9.0, ("P1",))
    assert changed.siting.alternatives == AlternativeSettings(plans=5, within=0.1)
    assert dropped == []
    changed, dropped = change_plan(plan, {"model": "lscp"})
    assert (changed.siting.n_open, changed.siting.alternatives, changed.siting.required) == (None, None, ("P1",))
    assert dropped == ["n_open", "alternatives"]
    assert change_plan(read(SHORTEST), {"n_open": 3})[0].siting == SitingSettings(n_open=3, group="walkers")
    with pytest.raises(ConfigError, match=r"\[siting\] has no key 'n_opn'"):
        change_plan(plan, {"n_opn": 2})
    with pytest.raises(ConfigError, match="n_open must be a whole number"):
        change_plan(plan, {"n_open": 2.5})
    assert plan.siting.n_open == 2


def test_paths_start_from_the_plan_files_folder_whatever_the_working_directory(read, folder, monkeypatch):
    read(SHORTEST)
    monkeypatch.chdir(folder)
    assert read_plan("plan.toml").roads.file == folder / "roads.osm.pbf"
    plan = read(
        f"{SHORTEST}[communities]\nfile = \"数据/社区 表.shp\"\n[study_area]\nfile = '{folder / 'roads.gpkg'}'\n"
    )
    assert plan.communities.file == folder / "数据" / "社区 表.shp"
    assert plan.study_area.file == folder / "roads.gpkg"


def test_a_byte_order_mark_does_not_matter(read):
    assert read(SHORTEST, "utf-8-sig") == read(SHORTEST)


def test_settings_cannot_be_changed(read):
    with pytest.raises(FrozenInstanceError):
        read(SHORTEST).name = "西区"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.osm.pbf", "osm"),
        ("A.OSM", "osm"),
        ("a.osm.gz", "osm"),
        ("a.osm.bz2", "osm"),
        ("a.pbf", "osm"),
    ],
)
def test_openstreetmap_files_are_known_by_their_name(read, folder, name, form):
    (folder / name).touch()
    plan = read(SHORTEST + f'[premises]\nfile = "{name}"\nosm = {{ amenity = ["bank"] }}\n')
    assert plan.premises.form == form


def test_missing_files_are_named_all_at_once(read, folder):
    text = SHORTEST.replace("stations.csv", "stationen.csv").replace("demand.csv", "no/demand.csv")
    with pytest.raises(ConfigError) as caught:
        read(text + '[study_area]\nfile = "area.gpkg"\n')
    message = str(caught.value)
    assert "missing 3: " in message
    assert f"[facilities] file ({folder / 'stationen.csv'})" in message
    assert f"[[groups]] 1 demand file ({folder / 'no' / 'demand.csv'})" in message
    assert f"[study_area] file ({folder / 'area.gpkg'})" in message
    assert "roads.osm.pbf" not in message


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match=r"the plan must be a readable file.*none\.toml"):
        read_plan(tmp_path / "none.toml")


def test_a_plan_that_is_not_utf8(read):
    with pytest.raises(ConfigError, match=r"plan\.toml must be text in UTF-8"):
        read(SHORTEST, "gb18030")


@pytest.mark.parametrize(
    ("text", "line"),
    [("name = 东区\n", 1), ('name = "a"\n[roads]\nfile = "C:\\data\\roads.shp"\n', 3), ('name = "a"\nname = "b"\n', 2)],
)
def test_a_plan_that_is_not_toml_names_the_line(read, text, line):
    with pytest.raises(ConfigError, match=rf"plan\.toml must be TOML.*line {line}\b.*quotes"):
        read(text)


WRONG = {
    # unknown keys
    SHORTEST + "[siting]\nn_opn = 5\n": r"\[siting\] has no key 'n_opn'; did you mean 'n_open'\?",
    "nmae = 'a'\n" + SHORTEST: r"the plan file has no key 'nmae'; did you mean 'name'\?; its keys are name, roads",
    SHORTEST + "[path]\n": "has no key 'path'",
    SHORTEST + "cutoff_s = 900\n": r"\[\[groups\]\] 1 has no key 'cutoff_s'",
    SHORTEST.replace('demand.csv"', 'demand.csv", minimun = 1'): r"\[\[groups\]\] 1 demand has no key 'minimun'",
    SHORTEST + "[modes.walk]\nspeed = 5\n": r"\[modes\.walk\] has no key 'speed'; did you mean 'speed_kph'",
    SHORTEST + "[modes.walk]\nname = 'a'\n": r"\[modes\.walk\] has no key 'name'",
    SHORTEST + "[modes.drive]\nclass_speeds_kph = { primry = 50 }\n": "has no key 'primry'; did you mean 'primary'",
    # missing keys
    "": "the plan file must have name, roads, facilities, groups, got",
    f'name = "a"\n{ROADS}{GROUP}': "the plan file must have facilities, got name, roads, groups",
    f'name = "a"\n{FACILITIES}{GROUP}[roads]\n': r"\[roads\] must have file, got no keys",
    SHORTEST + "[siting]\nmip_gap = 0\n": r"\[siting\] must have n_open",
    SHORTEST + "[[groups]]\nname = 'b'\nmode = 'walk'\n": r"\[\[groups\]\] 2 must have cutoff_min, got name, mode",
    SHORTEST + "[modes.skateboard]\nspeed_kph = 9\n": r"\[modes\.skateboard\] must have rules and speed_kph",
    SHORTEST + "[modes.wolk]\nspeed_kph = 9\n": "did you mean 'walk'",
    SHORTEST + "[modes.walk]\nrules = 'bicycle'\n": r"\[modes\.walk\] must have rules and speed_kph",
    # wrong types
    SHORTEST + "[siting]\nn_open = 'five'\n": r"\[siting\] n_open must be a whole number, got 'five'",
    SHORTEST + "[siting]\nn_open = 2.5\n": r"\[siting\] n_open must be a whole number, got 2\.5",
    SHORTEST + "[siting]\nn_open = true\n": "must be a whole number, got True",
    SHORTEST + "[snap]\nlimit_m = '200'\n": r"\[snap\] limit_m must be a number, got '200'",
    SHORTEST + "[snap]\nlimit_m = nan\n": "must be a number, got nan",
    SHORTEST + "[snap]\nlimit_m = inf\n": "must be a number, got inf",
    "synthetic = 1\n" + SHORTEST: "synthetic must be true or false, got 1",
    SHORTEST.replace('"东区"', '""'): "name must be a text in quotes, got ''",
    SHORTEST.replace('"东区"', "2024-01-01"): "name must be a text in quotes, got datetime",
    SHORTEST.replace('"stations.csv"', "1"): r"\[facilities\] file must be a path in quotes, got 1",
    "language = 'de'\n" + SHORTEST: "language must be one of 'zh', 'en', got 'de'",
    f"{SHORTEST}[premises]\nfile = 'a.csv'\ndatum = 'gcj-02'\n": "datum must be one of 'wgs84', .*got 'gcj-02'",
    "roads = 'roads.gpkg'\n" + SHORTEST.replace(ROADS, ""): "roads must be a table of keys, got 'roads.gpkg'",
    SHORTEST.replace("[[groups]]", "[groups]"): r"write \[\[groups\]\] with double brackets",
    f"groups = []\nname = 'a'\n{ROADS}{FACILITIES}": r"groups must be a list with at least one entry, got \[\]",
    SHORTEST.replace('{ file = "demand.csv" }', '"demand.csv"'): r"\[\[groups\]\] 1 demand must be a table of keys",
    f"{SHORTEST}[study_area]\nfile = 'a.gpkg'\nwhere = {{ name = '洪山区' }}\n": "name must be a list",
    f"{SHORTEST}[study_area]\nfile = 'a.gpkg'\nwhere = ['洪山区']\n": "where must be a table of names and values",
    f"{SHORTEST}[study_area]\nfile = 'a.gpkg'\nwhere = {{ year = [2020] }}\n": "year 1 must be a text in quotes",
    f"{SHORTEST}[premises]\nfile = 'a.osm'\nosm = {{ shop = false }}\n": "shop must be one of True, got False",
    f"{SHORTEST}[premises]\nfile = 'a.osm'\nosm = {{ shop = [] }}\n": "shop must be a list with at least one entry",
    "modes = 'walk'\n" + SHORTEST: "modes must be a table of names and values, got 'walk'",
    "modes = { walk = 5 }\n" + SHORTEST: r"walk must be a table of keys, got 5",
    SHORTEST + "[modes.drive]\nclass_speeds_kph = 50\n": "class_speeds_kph must be a table of names and values, got 50",
    # bounds
    SHORTEST.replace("= 15", "= 0"): r"\[\[groups\]\] 1 cutoff_min must be more than 0, got 0",
    SHORTEST.replace("= 15", "= -5"): "cutoff_min must be more than 0, got -5",
    SHORTEST + "[siting]\nn_open = 0\n": r"\[siting\] n_open must be at least 1, got 0",
    SHORTEST + "[snap]\nsmall_component_m = -1\n": "small_component_m must be at least 0, got -1",
    SHORTEST + "[candidates]\nspacing_m = 0\n": "spacing_m must be more than 0, got 0",
    SHORTEST + "[bands]\nminutes = [0, 15]\n": r"\[bands\] minutes must be more than 0, got 0",
    SHORTEST + "[modes.drive]\nsignal_delay = 20\n": r"\[modes.drive\] has no key 'signal_delay'; did you mean 'signal_delay_s'",
    SHORTEST + "[modes.drive]\nsignal_delay_s = -1\n": "mode 'drive': signal_delay_s must be at least 0 and below 3600, got -1",
    SHORTEST + "[modes.ebike]\njunction_delay_s = inf\n": r"\[modes\.ebike\] junction_delay_s must be a number, got inf",
    SHORTEST + "[modes.walk]\nspeed_kph = 0\n": "mode 'walk': speed_kph must be positive and below 1000, got 0",
    SHORTEST.replace('demand.csv"', 'demand.csv", sum = 0'): "1 demand sum must be more than 0, got 0",
    f"{SHORTEST}[[groups]]\nname = 'b'\nmode = 'walk'\ncutoff_min = 5\n"
    "demand = { file = 'a.osm', osm = { shop = true }, weights = { mall = -1 } }\n": "weights must be at least 0, got -1",
    # siting
    SITING + "model = 'mlcp'\n": r"\[siting\] model must be one of 'mclp', 'lscp', .*got 'mlcp'",
    SITING + "n_open = 2\nbudget = 9\n": r"\[siting\] must have n_open or budget, got both",
    SITING: r"\[siting\] must have n_open or budget with model = 'mclp', got neither",
    SITING + "model = 'p-center'\n": r"\[siting\] must have n_open with model = 'p-center'",
    SITING + "model = 'p-center'\nbudget = 9\n": r"must not have budget with model = 'p-center'.*it is for mclp, lscp, p-median, backup",
    SITING + "model = 'lscp'\nn_open = 2\n": r"must not have n_open with model = 'lscp'",
    SITING + "n_open = 2\npartial = 0.9\n": r"must not have partial with model = 'mclp'.*it is for lscp",
    SITING + "n_open = 2\nunserved_min = 30\n": r"must not have unserved_min with model = 'mclp'.*it is for p-median, p-center",
    SITING + "n_open = 2\nminimise = 'cost'\n": "must not have minimise",
    SITING + "model = 'lscp'\npartial = 1.5\n": r"\[siting\] partial must be a share of at most 1, got 1\.5",
    SITING + "model = 'lscp'\npartial = 0\n": "partial must be more than 0",
    SITING + "model = 'lscp'\nminimise = 'time'\n": "minimise must be one of 'sites', 'cost'",
    SITING + "n_open = 2\nmip_gap = 1\n": r"\[siting\] mip_gap must be a share below 1, got 1",
    SITING + "n_open = 2\nwork_limit = -1\n": r"\[siting\] work_limit must be at least 0, got -1",
    SITING + "budget = -1\n": r"\[siting\] budget must be at least 0, got -1",
    SITING + "n_open = 2\nmin_spacing_m = 0\n": r"\[siting\] min_spacing_m must be more than 0",
    SITING + "n_open = 2\nrequired = 'P1'\n": r"\[siting\] required must be a list",
    SITING + "n_open = 2\nrequired = ['P1', 'P2', 'P1']\n": r"\[siting\] required must not repeat an id, so does 1: P1",
    SITING + "n_open = 2\nrequired = ['P1']\nforbidden = ['P2', 'P1']\n": r"required and forbidden must not share an id, both have 1: P1",
    SITING + "n_open = 1\nrequired = ['P1', 'P2']\n": r"n_open counts the required sites too and must be at least 2, got 1",
    SITING + "n_open = 2\ngroup_weights = { riders = -1 }\n": r"\[siting.group_weights\] must be at least 0, got -1",
    SITING + "stages = [3, 3]\n": r"\[siting\] stages must ascend, got \[3, 3\]",
    SITING + "stages = [0, 3]\n": r"\[siting\] stages must be at least 1, got 0",
    SITING + "stages = [2, 3]\nn_open = 4\n": r"\[siting\] n_open must be the last of the stages, 3, or left out, got 4",
    SITING + "stages = [2, 3]\nbudget = 4\n": r"\[siting\] must have stages or budget, got both",
    SITING + "model = 'p-center'\nn_open = 3\nstages = [2, 3]\n": r"must not have stages with model = 'p-center'",
    SITING + "n_open = 2\n[siting.alternatives]\nwithin = 2\n": r"\[siting\.alternatives\] within must be a share below 1",
    SITING + "n_open = 2\n[siting.alternatives]\nplan = 2\n": r"\[siting\.alternatives\] has no key 'plan'; did you mean 'plans'",
    SITING + "n_open = 2\n[siting.quotas]\ncolumn = 'kind'\n": r"write \[\[siting\.quotas\]\] with double brackets",
    SITING + "n_open = 2\n[[siting.quotas]]\nat_most = 1\n": r"\[\[siting\.quotas\]\] 1 must have column, got at_most",
    SITING + "n_open = 2\n[[siting.quotas]]\ncolumn = 'street'\nat_most = 1\n": r"\[\[siting\.quotas\]\] 1 column must be one of 'kind', 'subdistrict'",
    SITING + "n_open = 2\n[[siting.quotas]]\ncolumn = 'kind'\n": r"\[\[siting\.quotas\]\] 1 must have at_least, at_most or both, got neither",
    SITING + "n_open = 2\n[[siting.quotas]]\ncolumn = 'kind'\nat_least = 2\nat_most = 1\n": r"\[\[siting\.quotas\]\] 1 at_most must be no less than at_least",
    SITING + "n_open = 2\n[[siting.quotas]]\ncolumn = 'kind'\nat_most = -1\n": r"\[\[siting\.quotas\]\] 1 at_most must be at least 0, got -1",
    # contradictions
    SHORTEST + GROUP: r"\[\[groups\]\] 1 name must not repeat, got 'walkers' twice",
    SHORTEST.replace('"walk"', '"wlak"'): r"\[\[groups\]\] 1 mode must be one of walk, .*got 'wlak'; did you mean 'walk'",
    SHORTEST + "[siting]\nn_open = 1\ngroup = 'riders'\n": r"\[siting\] group must be the name of a group \(walkers\)",
    SHORTEST + "[bands]\nminutes = [5, 10]\n": r"\[bands\] minutes must ascend to .* cutoff of 15, got \[5\.0, 10\.0\]",
    SHORTEST + "[bands]\nminutes = [10, 5, 15]\n": r"\[bands\] minutes must ascend",
    "crs = 'EPSG:4326'\n" + SHORTEST: "crs must be projected and in metres, got 'EPSG:4326'",
    "crs = 'EPSG:2263'\n" + SHORTEST: "crs must be projected and in metres",
    "crs = 'UTM'\n" + SHORTEST: "crs must be a CRS that PROJ knows, got 'UTM'",
    SHORTEST.replace(ROADS, ROADS + "source_crs = 'x'\n"): r"\[roads\] source_crs must be a CRS that PROJ knows",
    f"{SHORTEST}[premises]\nfile = 'roads.osm.pbf'\n": r"\[premises\] osm must say which places",
    f"{SHORTEST}[premises]\nfile = 'people.tif'\n": r"\[premises\] file must have points, got the raster people\.tif",
    f"{SHORTEST}[premises]\nfile = 'stations.csv'\nosm = {{ shop = true }}\n": r"\[premises\] must not have osm",
    f"{SHORTEST}[premises]\nfile = 'roads.osm.pbf'\nosm = {{ shop = true }}\ndatum = 'gcj02'\n": "must not have datum",
    SHORTEST.replace('demand.csv"', "people.tif\", sheet = 'a'"): "1 demand must not have sheet, .* is a raster",
    SHORTEST.replace('demand.csv"', 'demand.csv", minimum = 1'): "1 demand must not have minimum",
    SHORTEST.replace('demand.csv"', 'demand.csv", weights = { mall = 2 }'): "1 demand must not have weights",
    SHORTEST + "[modes.walk]\nurban_factor = 0.5\n": r"\[modes\.walk\] must have rules = 'motorcar'",
    SHORTEST + "[map]\ntiles = 'https://tiles.example.org'\n": r"\[map\] tiles_attribution must be given",
    SHORTEST + "[map]\ntiles = 'https://tiles.example.org'\ntiles_attribution = 'X'\n": (
        r"\[map\] tiles must be an https:// or http:// address with \{z\}, \{x\} and \{y\}, got 'https://tiles.example.org'"
    ),
    SHORTEST + "[map]\ntianditu_key = '<key>'\n": r"\[map\] tianditu_key must be a key \(tk\) of Tianditu.*got '<key>'",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_plan_names_the_key_and_what_to_do(read, text, message):
    with pytest.raises(ConfigError, match=message):
        read(text)


def test_modes_of_cars_keep_their_rules(read):
    text = (
        "[modes.truck]\nrules = 'motorcar'\nspeed_kph = 25\nurban_factor = 0.5\nclass_speeds_kph = { primary = 40 }\n"
    )
    assert read(SHORTEST + text).modes["truck"] == Mode(
        "truck", "motorcar", 25.0, class_speeds_kph={"primary": 40.0}, urban_factor=0.5
    )
    assert read(SHORTEST + "[modes.drive]\nrules = 'foot'\nspeed_kph = 4\n").modes["drive"] == Mode(
        "drive", "foot", 4.0
    )


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        ('{ file = "a.gpkg", spread = "buildings" }', r"must have buildings.*got spread = 'buildings' and buildings = None"),
        ('{ file = "a.gpkg", spread = "streets", buildings = "a.gpkg" }', "must have buildings"),
        ('{ file = "a.csv", cell_m = 200, on_streets = true }', r"\[\[groups\]\] 1 demand must have cell_m .* or on_streets, got both"),
        ('{ file = "a.csv", cell_m = 200, header_row = 3 }', r"must not have header_row, as a.csv is read as records"),
        ('[{ file = "a.csv" }, { file = "a.csv", spacing_m = 5 }]', r"\[\[groups\]\] 1 demand 2 must not have spacing_m"),
        ('[{ file = "a.csv" }, { file = "b.csv" }]', r"\[\[groups\]\] 1 demand 2 file .*b.csv"),
        ("[]", "must be a list with at least one entry"),
    ],
)  # fmt: skip
def test_sources_of_demand_are_checked_one_by_one(read, folder, repository, demand, message):
    shortest = blocks_of(repository)[0]
    for name in [*re.findall(r'file = "([^"]+)"', shortest), "a.csv", "a.gpkg"]:
        (folder / name).touch()
    with pytest.raises(ConfigError, match=message):
        read(shortest.replace('{ file = "demand.csv" }', demand))
