"""Candidate sites compared on real streets, with stations and people that are invented: against searches of their own.

The oracle builds the network with the other speed; no time of the comparison is used in it.
"""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

import coverage_planner as cp
from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.report.site_page import draw_comparison

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

CUTOFF_S = 600.0
#: Streets are rounded to whole milliseconds twice: over some hundred of them no more than this, seconds.
ROUNDED_S = 0.5


def places_on_streets(network, n, prefix, seed):
    random = np.random.default_rng(seed)
    rows = random.choice(len(network.edges), n)
    points = network.edges.geometry.iloc[rows].interpolate(random.random(n), normalized=True)
    ids = [f"{prefix}{k}" for k in range(n)]
    return gpd.GeoDataFrame({"id": ids}, geometry=points.to_numpy(), crs=network.crs)


@pytest.mark.parametrize("file", ["osm/nanjing_xinjiekou.osm", "jinan/roads.shp"])
def test_other_speeds_and_cutoffs_are_those_of_networks_built_for_them(real_data, file):
    roads = cp.read_roads(real_data / file, **({"source_crs": "EPSG:4326"} if file.endswith(".shp") else {}))
    mode = PRESET_MODES["walk"]
    network = cp.build_network(roads, modes={"walk": mode})
    stations, sites = places_on_streets(network, 4, "F", 1), places_on_streets(network, 12, "C", 2)
    people = places_on_streets(network, 400, "D", 3)
    people = people.assign(demand=np.random.default_rng(4).integers(0, 30, 400).astype(float))
    today = cp.evaluate(cp.Scenario("today", stations), network, [cp.Group("walkers", "walk", CUTOFF_S, people)])
    study = cp.study_sites(today, sites)
    weights = people["demand"].to_numpy()
    assert study.assumptions["kind"].tolist() == ["base", "cutoff", "cutoff", "speed", "speed"]
    at_speed = {1.0: network}
    for factor in (0.8, 1.2):
        speed = mode.speed_kph * factor
        other = replace(mode, speed_kph=speed, access_speed_kph=speed)
        at_speed[factor] = cp.build_network(roads, modes={"walk": other})
    for number, one in enumerate(study.assumptions.to_dict("records")):
        built = at_speed[one["speed_factor"]]
        found = {}
        for name, table in (("near", stations), ("reached", sites)):
            times = cp.travel_times(built, table, people, mode="walk", limit_s=one["cutoff_s"] + ROUNDED_S)
            seconds = np.full((len(table), len(people)), np.inf)
            rows = np.repeat(np.arange(len(table)), np.diff(times.indptr))
            seconds[rows, times.indices] = times.seconds
            found[name] = seconds
        near = found["near"].min(axis=0)
        ranks = study.ranks[study.ranks["assumption"] == number].set_index("id")
        unsure = one["speed_factor"] != 1
        margin = ROUNDED_S if unsure else 0.0
        for row, label in enumerate(sites["id"]):
            own = found["reached"][row]
            least = weights[(own <= one["cutoff_s"] - margin) & (near > one["cutoff_s"] + margin)].sum()
            most = weights[(own <= one["cutoff_s"] + margin) & (near > one["cutoff_s"] - margin)].sum()
            assert least <= ranks["newly_covered_demand"][label] <= most
            assert unsure or least == most
    times = cp.travel_times(network, sites, people, mode="walk", limit_s=CUTOFF_S)
    best = cp.solve_mclp(times, people, sites, cutoff_s=CUTOFF_S, n_open=1, existing=today.headline.times)
    assert best.sites["id"].tolist() == study.table["id"].head(1).tolist()
    assert study.table["newly_covered_demand"].max() > 0
    assert len(draw_comparison(study, language="en").html) < 5_000_000
