"""The instances that siting is measured on: seeded, as their headers say, and read as their publishers mean them."""

import importlib
import json
from itertools import combinations

import numpy as np
import pytest


@pytest.fixture
def load_script(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module


@pytest.fixture
def files(load_script):
    return load_script("siting_files")


@pytest.fixture
def instances(load_script):
    return load_script("siting_instances")


def test_of_an_edge_that_stands_twice_the_last_cost_counts_in_either_direction(files, tmp_path):
    path = tmp_path / "pmed 一.txt"
    path.write_text(" 4 5 2 \n 1 2 30 \n 2 3 4 \n 3 4 1 \n 2 1 7 \n 3 2 9 \n", encoding="ascii")
    n_open, costs = files.read_pmed(path)
    assert n_open == 2
    assert costs.tolist() == [[0, 7, 16, 17], [7, 0, 9, 10], [16, 9, 0, 1], [17, 10, 1, 0]]


def test_a_file_with_other_edges_than_it_says_is_refused(files, tmp_path):
    path = tmp_path / "pmed.txt"
    path.write_text("3 3 1\n1 2 5\n2 3 5\n", encoding="ascii")
    with pytest.raises(ValueError, match="must have 3 edges"):
        files.read_pmed(path)


def test_published_optima_are_read_past_the_heading(files, tmp_path):
    path = tmp_path / "opt.txt"
    path.write_text("Data file   Optimal solution value\npmed1 5819\npmed40 13 ", encoding="ascii")
    assert files.read_optima(path) == {"pmed1": 5819, "pmed40": 13}


def test_a_matrix_becomes_times_without_the_pairs_beyond_the_limit(instances):
    costs = np.array([[0.0, 5.0, np.inf], [7.0, 2.0, 4.0]])
    instance = instances.instance_from_costs("drawn", costs, np.array([1.0, 2.0, 3.0]), limit=5.0, n_open=1)
    times = instance.times
    assert times.indptr.tolist() == [0, 2, 4]
    assert times.indices.tolist() == [0, 1, 1, 2]
    assert times.seconds.tolist() == [0.0, 5.0, 2.0, 4.0]
    assert instance.demand["demand"].tolist() == [1.0, 2.0, 3.0]
    assert list(instance.candidates["id"]) == list(times.facility_ids)
    assert instance.header["n_pairs"] == 4


def test_small_instances_repeat_with_their_seed_and_are_as_they_say(instances):
    one, again, other = (instances.make_small(120, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.times.seconds, again.times.seconds)
    assert np.array_equal(one.demand["demand"], again.demand["demand"])
    assert not np.array_equal(one.demand["demand"], other.demand["demand"])
    near = one.times.within(instances.SMALL_RADIUS_M)
    assert len(near.indices) / 120 == pytest.approx(one.header["points_per_candidate"], abs=0.05)
    xy = np.column_stack([one.demand.geometry.x, one.demand.geometry.y])
    row = np.repeat(np.arange(120), np.diff(one.times.indptr))
    assert one.times.seconds == pytest.approx(np.hypot(*(xy[row] - xy[one.times.indices]).T), rel=1e-6)


def test_people_are_denser_where_the_streets_are(instances):
    random = np.random.default_rng(3)
    dense, loose = random.normal(0, 800, (400, 2)), random.uniform(-20_000, 20_000, (200, 2))
    xy = np.concatenate([dense, loose])
    centres = instances.find_centres(xy, np.full(len(xy), 100.0), np.random.default_rng(4))
    assert np.hypot(*centres[0]) < 3000
    assert len(np.unique(centres, axis=0)) == len(centres) == 7
    near, far = instances.density_at(np.array([[0.0, 0.0], [60_000.0, 0.0]]), centres)
    assert near > 10 * far


def test_highs_alone_finds_what_trying_all_choices_finds(instances, load_script):
    instance = instances.make_small(14, seed=5)
    cases, peers = load_script("siting_cases"), load_script("siting_peers")
    values = [cases.rate("mclp", instance, np.array(chosen), 150.0, np.inf) for chosen in combinations(range(14), 3)]
    found = peers.highs_mclp(instance, n_open=3, cutoff_s=150.0, limit_s=20.0)
    assert found["optimal"]
    assert found["objective"] == pytest.approx(max(values))
    assert max(values) > min(values)


def test_objectives_are_worked_out_from_the_sites_alone(instances, load_script):
    cases = load_script("siting_cases")
    costs = np.array([[0.0, 5.0, 9.0, np.inf], [7.0, 2.0, 4.0, 6.0], [1.0, 1.0, 1.0, np.inf]])
    instance = instances.instance_from_costs("drawn", costs, np.array([1.0, 2.0, 3.0, 4.0]))
    both, first = np.array([0, 1]), np.array([0])
    assert cases.rate("mclp", instance, both, 4.5, np.inf) == 6.0
    assert cases.rate("p_median", instance, both, np.inf, np.inf) == 0 + 4 + 12 + 24
    assert cases.rate("p_median", instance, first, np.inf, 100.0) == 0 + 10 + 27 + 400
    assert cases.rate("p_center", instance, both, np.inf, np.inf) == 6.0
    assert cases.rate("lscp", instance, both, 6.0, np.inf) == 2.0
    assert np.isnan(cases.rate("lscp", instance, first, 9.0, np.inf))


def test_demand_that_nobody_reaches_can_be_left_out(instances, load_script):
    costs = np.array([[0.0, np.inf, 9.0, 2.0], [7.0, np.inf, 4.0, np.inf]])
    instance = instances.instance_from_costs("drawn", costs, np.array([1.0, 2.0, 3.0, 4.0]))
    fewer = load_script("siting_cases").served_only(instance)
    assert fewer.demand["demand"].tolist() == [1.0, 3.0, 4.0]
    assert list(fewer.times.demand_ids) == list(fewer.demand["id"])
    assert fewer.times.indices.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.real_data
def test_published_files_hold_what_their_publishers_say(files, real_data):
    instance = files.load_pmed("pmed1", real_data)
    assert (instance.header["n_demand"], instance.header["n_open"]) == (100, 5)
    assert (instance.header["p_median"], instance.header["p_center"]) == (5819, 127)
    optima = files.read_optima(real_data / "siting" / "pmed" / "kcenteropt.txt")
    assert len(optima) == 40
    assert optima["pmed40"] == 13
    metres, people = files.read_san_francisco(real_data)
    assert metres.shape == (16, 205)
    chosen = metres[[1, 2, 5, 10]].min(axis=0)  # spopt's choice for four stores
    assert (people * chosen).sum() / people.sum() == pytest.approx(files.SAN_FRANCISCO_MEAN_M, rel=1e-14)
    assert (chosen <= files.SAN_FRANCISCO_RADIUS_M).mean() == pytest.approx(files.SAN_FRANCISCO_COVERED, abs=1e-5)


@pytest.mark.slow
@pytest.mark.real_data
def test_a_city_instance_is_made_once_and_its_header_says_what_it_is(instances, real_data, tmp_path):
    cache = tmp_path / "缓存 a"
    cache.mkdir()
    one = instances.load_instance("quick-ebike-wuhan", real_data, cache, seed=7)
    made = sorted((cache / "siting").iterdir())
    again = instances.load_instance("quick-ebike-wuhan", real_data, cache, seed=7)
    assert np.array_equal(one.times.seconds, again.times.seconds)
    assert [path.suffix for path in made] == [".json", ".npz"]
    header = json.loads(made[0].read_text(encoding="utf-8"))
    assert (header["n_open"], header["reach"], header["seed"]) == (5, "e-bike 3,750 m", 7)
    assert header["n_pairs"] == len(one.times.indices) == 200 * header["points_per_candidate"]
    assert (one.times.seconds <= 900).all()
    weights = one.demand["demand"].to_numpy()
    away = np.hypot(one.demand.geometry.x - header["centres"][0][0], one.demand.geometry.y - header["centres"][0][1])
    near, far = weights[away < np.quantile(away, 0.2)], weights[away > np.quantile(away, 0.8)]
    assert near.mean() > 3 * far.mean()
