import pytest

from coverage_planner.sources.osm_tags import most_restrictive


@pytest.mark.parametrize(("tag", "values", "strictest"), [
    ("highway", ["residential", "steps"], "steps"),
    ("highway", ["path", "steps", "footway"], "steps"),
    ("highway", ["pedestrian", "living_street"], "pedestrian"),
    ("highway", ["primary", "motorway_link"], "motorway_link"),
    ("highway", ["tertiary", "secondary"], "secondary"),
    ("oneway", ["no", "yes"], "yes"),
    ("maxspeed", ["60", "100"], "60"),
    ("maxspeed", ["none", "80"], "80"),
    ("maxspeed", ["30 mph", "40"], "40"),
    ("maxspeed", ["20 mph", "40"], "20 mph"),
    ("access", ["yes", "private", "permissive"], "private"),
    ("foot", ["designated", "no"], "no"),
    ("bridge", ["no", "viaduct"], "viaduct"),
    ("name", ["B Street", "A Street"], "A Street"),
])  # fmt: skip
def test_of_several_values_the_one_that_lets_fewest_pass_counts(tag, values, strictest):
    assert most_restrictive(tag, values) == most_restrictive(tag, values[::-1]) == strictest
