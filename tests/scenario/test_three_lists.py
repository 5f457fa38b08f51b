"""Every figure of the three lists, counted again by loops over points and pairs."""

import math
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.coverage.capacity import assign_with_room
from coverage_planner.coverage.reasons import SERVICE_REASONS, explain_unserved
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.scenario.group_times import group_times, with_parking
from coverage_planner.scenario.list_resources import Host
from coverage_planner.scenario.nearest_giving import find_nearest_giving
from coverage_planner.scenario.three_lists import build_three_lists
from coverage_planner.traveltime.times import travel_times
from drawn_lists import BY_DAY, HOSTILE, NIGHT, SERVICES, WEEK, draw_lists, draw_town
from drawn_times import make_times

KINDS = ("any", "service", "night", "room")


@pytest.fixture(scope="module")
def town():
    return draw_town()


#: The first draw holds every kind of row.
SEEDS = [21, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (0, 1, 2, 3, 6, 11, 13, 17, 22, 29))]


@pytest.fixture(scope="module", params=SEEDS)
def drawn(request, town):
    return draw_lists(request.param, town)


@pytest.fixture(scope="module")
def lists(drawn):
    return build_three_lists(drawn.today, most=None, **drawn.given)


# --- the rules, in loops ---


def seconds_of(times, row, column):
    """Time of a pair; None where it is beyond the limit."""
    for place in range(times.indptr[row], times.indptr[row + 1]):
        if times.indices[place] == column:
            return float(times.seconds[place])
    return None


def is_near(times, row, column, cutoff_s):
    seconds = seconds_of(times, row, column)
    return seconds is not None and seconds <= cutoff_s


def is_bus(circle, row):
    return said(circle.facilities["vehicle"].iloc[row]) is not None


def faults_of(circle, row, service, slots, kind="service"):
    """What keeps a station from giving a service, or just from being open, in one of some slots."""
    offer, faults = circle.offer, []
    if kind == "any" and is_bus(circle, row):
        return ["it is a bus"]
    if not offer.counts[row]:
        faults.append("give_hub")
    if service is not None and not offer.offers[row, SERVICES.index(service)]:
        faults.append("add_service")
    if not any(offer.open[row, slot] for slot in slots):
        faults.append("open_longer")
    return faults


def is_given(circle, group, column, service, slots, cutoff_s, kind):
    times = circle.groups[group].times
    return any(
        is_near(times, row, column, cutoff_s) and not faults_of(circle, row, service, slots, kind)
        for row in range(len(circle.facilities))
    )


def said(value):
    return None if pd.isna(value) else value


def community_of(communities, point):
    for row, area in enumerate(communities.geometry):
        if area.intersects(point):
            return row
    return None


WHOLE_WEEK = list(range(WEEK.n_ordinary))
NIGHT_SLOTS = [slot for slot in range(len(WEEK.starts)) if NIGHT[slot]]


def lacks_by_loops(drawn):
    """(group, kind, service) -> cutoff, slots, and demand that lacks it, point by point; and each point's community."""
    found, places = {}, {}
    for group, serving in drawn.today.groups.items():
        demand, cutoff_s = serving.group.demand, serving.group.cutoff_s
        asked = [("any", None, cutoff_s, WHOLE_WEEK)]
        asked += [("service", s, serving.needs.cutoffs_s.get(s, cutoff_s), WHOLE_WEEK) for s in serving.needs.services]
        asked += [("night", None, cutoff_s, NIGHT_SLOTS), ("room", None, cutoff_s, WHOLE_WEEK)]
        places[group] = [community_of(drawn.communities, point) for point in demand.geometry]
        for kind, service, cutoff, slots in asked:
            missing = {}
            for column, weight in enumerate(demand["demand"]):
                has_one = is_given(drawn.today, group, column, None, WHOLE_WEEK, cutoff_s, "any")
                if kind == "any":
                    amount = 0.0 if has_one else weight
                elif not has_one:
                    amount = 0.0
                elif kind == "room":
                    amount = serving.capacity.points["unassigned_demand"].iloc[column]
                else:
                    amount = 0.0 if is_given(drawn.today, group, column, service, slots, cutoff, kind) else weight
                if amount > 0:
                    missing[column] = amount
            found[group, kind, service] = (cutoff, slots, missing)
    return found, places


@pytest.fixture(scope="module")
def expected(drawn):
    """Needs by loops: (group, kind, service, community) -> cutoff, slots and missing demand by point."""
    lacks, places = lacks_by_loops(drawn)
    needs = {}
    for (group, kind, service), (cutoff, slots, missing) in lacks.items():
        for column, amount in missing.items():
            key = (group, kind, service, places[group][column])
            needs.setdefault(key, (cutoff, slots, {}))[2][column] = amount
    return needs


def keys_of(table, communities):
    rows = {name: row for row, name in enumerate(communities["id"])}
    return [
        (need.group, need.lack, need.service, None if need.community_id is None else rows[need.community_id])
        for need in table.itertuples()
    ]


# --- needs ---


def test_needs_are_who_lacks_what_where(drawn, lists, expected):
    keys = keys_of(lists.needs, drawn.communities)
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(expected)
    for key, need in zip(keys, lists.needs.to_dict("records"), strict=True):
        cutoff, _, missing = expected[key]
        serving = drawn.today.groups[key[0]]
        inside = [
            weight
            for weight, point in zip(serving.group.demand["demand"], serving.group.demand.geometry, strict=True)
            if community_of(drawn.communities, point) == key[3]
        ]
        assert need["demand"] == pytest.approx(math.fsum(missing.values()))
        assert need["demand_share"] == pytest.approx(math.fsum(missing.values()) / math.fsum(inside))
        assert need["n_points"] == len(missing)
        assert need["cutoff_s"] == cutoff
        assert need["required"] == (key[1] != "service" or key[2] in serving.needs.required)
        assert need["mode"] == serving.times.mode_description
        if key[3] is not None:
            assert need["community"] == drawn.communities["name"].iloc[key[3]]
            assert need["subdistrict"] == said(drawn.communities["subdistrict"].iloc[key[3]])
        else:
            assert need["community"] is None


def test_needs_are_ranked_by_demand_required_ones_first(drawn, lists):
    groups = list(drawn.today.groups)
    ids = [None if pd.isna(label) else label for label in lists.needs["community_id"]]
    order = []
    for need, label in zip(lists.needs.to_dict("records"), ids, strict=True):
        services = drawn.today.groups[need["group"]].needs.services
        place = services.index(need["service"]) if need["service"] else -1
        area = len(drawn.communities) if label is None else list(drawn.communities["id"]).index(label)
        kind, group = KINDS.index(need["lack"]), groups.index(need["group"])
        order.append((not need["required"], -need["demand"], area, group, kind, place))
    assert order == sorted(order)
    assert lists.needs["rank"].tolist() == list(range(1, len(order) + 1))
    assert lists.needs["need_id"].tolist() == [f"N{rank:03d}" for rank in lists.needs["rank"]]


def test_the_reason_is_that_of_most_demand(drawn, lists, expected):
    searched = {}
    for key, need in zip(keys_of(lists.needs, drawn.communities), lists.needs.to_dict("records"), strict=True):
        group, kind, service, _ = key
        _, slots, missing = expected[key]
        serving, offer = drawn.today.groups[group], drawn.today.offer
        sums = dict.fromkeys(SERVICE_REASONS, 0.0)
        if kind == "room":
            sums["capacity_full"] = math.fsum(missing.values())
        else:
            open_ = offer.open.copy()
            if kind == "night":
                for slot in range(open_.shape[1]):
                    if slot not in slots:
                        open_[:, slot] = False
            rows = [row for row in range(len(open_)) if kind != "any" or not is_bus(drawn.today, row)]
            stations = drawn.today.facilities.iloc[rows].reset_index(drop=True)
            if (group, len(rows)) not in searched:
                found = group_times(drawn.network, stations, [serving.group], limit_s={group: serving.times.limit_s})
                searched[group, len(rows)] = found[group]
            fewer = replace(
                offer, facility_ids=offer.facility_ids[rows], offers=offer.offers[rows], open=open_[rows],
                counts=offer.counts[rows],
            )  # fmt: skip
            reasons = explain_unserved(
                searched[group, len(rows)], serving.group.demand, drawn.network, stations, fewer,
                cutoff_s=serving.group.cutoff_s, needs=serving.needs, service=service,
            )  # fmt: skip
            for column, amount in missing.items():
                sums[reasons.iloc[column]] += amount
        assert need["reason"] == next(reason for reason in SERVICE_REASONS if sums[reason] == max(sums.values()))
        assert need["reason_share"] == pytest.approx(max(sums.values()) / math.fsum(missing.values()))


def test_the_nearest_station_is_that_of_most_demand(drawn, lists, expected):
    far = {
        group: travel_times(
            drawn.network, with_parking(drawn.today.facilities, serving.group.parking_s), serving.group.demand,
            mode=serving.group.mode, limit_s=3600.0,
        )
        for group, serving in drawn.today.groups.items()
    }  # fmt: skip
    for key, need in zip(keys_of(lists.needs, drawn.communities), lists.needs.to_dict("records"), strict=True):
        group, kind, service, _ = key
        _, slots, missing = expected[key]
        nearest = {}
        for column, amount in missing.items():
            able = [
                (seconds_of(far[group], row, column), row)
                for row in range(len(drawn.today.facilities))
                if not faults_of(drawn.today, row, service, slots, kind)
                and seconds_of(far[group], row, column) is not None
            ]
            if able:
                seconds, row = min(able)
                nearest.setdefault(row, []).append((amount, seconds))
        if not nearest:
            assert need["nearest_id"] is None
            assert need["nearest_demand"] == 0
            assert np.isnan(need["nearest_time_s"])
            continue
        sums = {row: math.fsum(amount for amount, _ in pairs) for row, pairs in nearest.items()}
        best = min(sums, key=lambda row: (-sums[row], row))
        mean = math.fsum(amount * seconds for amount, seconds in nearest[best]) / sums[best]
        assert need["nearest_id"] == drawn.today.facilities["id"].iloc[best]
        assert need["nearest_name"] == said(drawn.today.facilities["name"].iloc[best])
        assert need["nearest_demand"] == pytest.approx(sums[best])
        assert need["nearest_time_s"] == pytest.approx(mean, rel=1e-6)


# --- resources ---


def resources_by_loops(drawn, key, need):
    """Who could give what is lacking: [(kind, id, change, demand, mean time)], and the demand that somebody reaches."""
    group, kind, service, _ = key
    cutoff, slots, missing = need
    host, found, reached = drawn.host, [], set()
    may_host = (service is None or host.services is None or service in host.services) and (
        host.open is None or any(host.open[slot] for slot in slots)
    )
    for what, table, times in (
        ("premises", drawn.candidates, drawn.candidate_times[group]),
        ("station", drawn.today.facilities, drawn.today.groups[group].times),
    ):
        ranked = []
        for row, label in enumerate(table["id"]):
            change = "open_site" if may_host else None
            if what == "station":
                change = ";".join(faults_of(drawn.today, row, service, slots)) or (
                    "add_room" if kind == "room" else None
                )
            near = [column for column in missing if is_near(times, row, column, cutoff)]
            if what == "station" and kind == "any" and is_bus(drawn.today, row):
                continue
            if change is None or not near:
                continue
            reached.update(near)
            demand = math.fsum(missing[column] for column in near)
            mean = math.fsum(missing[column] * seconds_of(times, row, column) for column in near) / demand
            ranked.append((-round(demand, 9), round(mean, 6), row, label, change, demand, mean))
        found += [(what, label, change, demand, mean) for *_, label, change, demand, mean in sorted(ranked)]
    return found, math.fsum(missing[column] for column in reached)


def test_resources_are_all_that_could_give_it_alone(drawn, lists, expected):
    needs = lists.needs
    seen = 0
    for key, need in zip(keys_of(needs, drawn.communities), needs.to_dict("records"), strict=True):
        rows = lists.resources[lists.resources["need_id"] == need["need_id"]]
        found, reachable = resources_by_loops(drawn, key, expected[key])
        assert list(zip(rows["kind"], rows["id"], rows["change"], strict=True)) == [row[:3] for row in found]
        np.testing.assert_allclose(rows["demand"].astype(float), [row[3] for row in found], rtol=1e-12)
        np.testing.assert_allclose(rows["mean_time_s"].astype(float), [row[4] for row in found], rtol=1e-12)
        np.testing.assert_allclose(rows["demand_share"].astype(float) * need["demand"], rows["demand"].astype(float))
        kinds = [row[0] for row in found]
        assert [need["n_premises"], need["n_stations"]] == [kinds.count("premises"), kinds.count("station")]
        assert need["reachable_demand"] == pytest.approx(reachable)
        places = [[*range(1, kinds.count("premises") + 1)], [*range(1, kinds.count("station") + 1)]]
        assert rows["rank"].tolist() == [*places[0], *places[1]]
        assert (rows["community"].tolist(), rows["lack"].tolist()) == (
            [need["community"]] * len(rows), [need["lack"]] * len(rows),
        )  # fmt: skip
        seen += len(rows)
    assert seen == len(lists.resources)
    tables = {"premises": drawn.candidates.set_index("id"), "station": drawn.today.facilities.set_index("id")}
    for row in lists.resources.to_dict("records"):
        place = tables[row["kind"]].loc[row["id"]]
        assert row["name"] == said(place["name"])
        assert row["services"] == said(place.get("services"))
        assert row["place_kind"] == said(place["kind"])


def test_a_change_does_serve_what_is_said(drawn, lists, expected):
    """Do what the list says to one station, and count again who is served."""
    done = 0
    needs = dict(zip(lists.needs["need_id"], keys_of(lists.needs, drawn.communities), strict=True))
    for row in lists.resources[(lists.resources["kind"] == "station") & (lists.resources["lack"] != "room")].to_dict(
        "records"
    ):
        group, kind, service, _ = needs[row["need_id"]]
        cutoff, slots, missing = expected[needs[row["need_id"]]]
        place = list(drawn.today.facilities["id"]).index(row["id"])
        offer = drawn.today.offer
        offers, open_, counts = offer.offers.copy(), offer.open.copy(), offer.counts.copy()
        for change in row["change"].split(";"):
            if change == "give_hub":
                counts[place] = True
            elif change == "add_service":
                offers[place, SERVICES.index(service)] = True
            else:
                open_[place, slots] = True
        changed = SimpleNamespace(
            facilities=drawn.today.facilities, groups=drawn.today.groups,
            offer=replace(offer, offers=offers, open=open_, counts=counts),
        )  # fmt: skip
        gained = [missing[c] for c in missing if is_given(changed, group, c, service, slots, cutoff, kind)]
        assert row["demand"] == pytest.approx(math.fsum(gained))
        done += 1
    assert done


def test_the_best_few_are_listed_and_all_are_counted(drawn, lists):
    few = build_three_lists(drawn.today, most=1, **drawn.given)
    pd.testing.assert_frame_equal(few.needs, lists.needs)
    first = lists.resources[lists.resources["rank"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(few.resources, first)


# --- services, and the match ---


def brings_by_loops(drawn, expected, row, needs):
    """What one station of the proposal brings: [(need, demand, mean time)]."""
    label, brings = drawn.planned.facilities["id"].iloc[row], []
    for name, key in needs.items():
        group, kind, service, _ = key
        cutoff, slots, missing = expected[key]
        times = drawn.planned.groups[group].times
        pairs = []
        if kind == "room":
            before, after = (circle.groups[group].capacity.parts for circle in (drawn.today, drawn.planned))
            ids = drawn.today.groups[group].group.demand["id"]
            for column, amount in missing.items():
                was, now = (
                    parts[(parts["facility_id"] == label) & (parts["demand_id"] == ids[column])][
                        "assigned_demand"
                    ].sum()
                    for parts in (before, after)
                )
                more = min(amount, max(0.0, now - was))
                if more > 0:
                    pairs.append((more, seconds_of(times, row, column)))
        elif not faults_of(drawn.planned, row, service, slots, kind):
            pairs = [
                (amount, seconds_of(times, row, column))
                for column, amount in missing.items()
                if is_near(times, row, column, cutoff)
            ]
        if pairs:
            total = math.fsum(amount for amount, _ in pairs)
            brings.append((name, total, math.fsum(amount * seconds for amount, seconds in pairs) / total))
    return brings


def test_services_are_what_new_and_changed_stations_bring(drawn, lists, expected):
    today = list(drawn.today.facilities["id"])
    keys = keys_of(lists.needs, drawn.communities)
    rows = []
    for row, label in enumerate(drawn.planned.facilities["id"]):
        old, new = drawn.today.offer, drawn.planned.offer
        if label in today:
            at = today.index(label)
            same = (old.offers[at] == new.offers[row]).all() and (old.open[at] == new.open[row]).all()
            if same and old.counts[at] == new.counts[row]:
                continue
        brings = brings_by_loops(drawn, expected, row, dict(zip(lists.needs["need_id"], keys, strict=True)))
        change = "changed" if label in today else "new"
        rows += [(label, change, *bring) for bring in brings] or [(label, change, None, 0.0, np.nan)]
    found = lists.services
    assert list(zip(found["site_id"], found["change"], found["need_id"], strict=True)) == [row[:3] for row in rows]
    np.testing.assert_allclose(found["demand"].astype(float), [row[3] for row in rows], rtol=1e-12)
    np.testing.assert_allclose(found["mean_time_s"].astype(float), [row[4] for row in rows], rtol=1e-9)
    places = drawn.planned.facilities.set_index("id")
    for row in found.to_dict("records"):
        place = places.loc[row["site_id"]]
        at = community_of(drawn.communities, place.geometry)
        assert row["site_community"] == (None if at is None else drawn.communities["name"].iloc[at])
        for name in ("name", "services", "level"):
            assert row[name] == said(place[name])


def test_each_need_says_what_answers_it(drawn, lists, expected):
    for key, need in zip(keys_of(lists.needs, drawn.communities), lists.needs.to_dict("records"), strict=True):
        group, kind, service, _ = key
        cutoff, slots, missing = expected[key]
        left = drawn.planned.groups[group].capacity.points["unassigned_demand"]
        gained = []
        for column, amount in missing.items():
            if kind == "room":
                gained.append(max(0.0, amount - left.iloc[column]))
            elif is_given(drawn.planned, group, column, service, slots, cutoff, kind):
                gained.append(amount)
        assert need["planned_demand"] == pytest.approx(math.fsum(gained))
        assert need["n_planned"] == (lists.services["need_id"] == need["need_id"]).sum()
        answer = "possible" if need["n_premises"] + need["n_stations"] else "nothing"
        if math.fsum(gained) > 0:
            answer = "planned" if math.fsum(gained) > need["demand"] - 1e-9 else "part planned"
        assert need["answer"] == answer
    done = set(zip(lists.services["need_id"], lists.services["site_id"], strict=True))
    new = set(drawn.planned.facilities["id"]) - set(drawn.today.facilities["id"])
    marks = [
        row.id in new if row.kind == "premises" else (row.need_id, row.id) in done
        for row in lists.resources.itertuples()
    ]
    assert any(marks)
    assert lists.resources["planned"].tolist() == marks


def test_the_first_draw_holds_every_kind_of_row(town):
    drawn = draw_lists(SEEDS[0], town)
    lists = build_three_lists(drawn.today, **drawn.given)
    assert set(lists.needs["lack"]) == set(KINDS)
    changes = {change for row in lists.resources["change"] for change in row.split(";")}
    assert changes == {"open_site", "give_hub", "add_service", "open_longer", "add_room"}
    assert set(lists.needs["answer"]) == {"planned", "part planned", "possible", "nothing"}
    assert set(lists.services["change"]) == {"new", "changed"}
    assert lists.services.loc[lists.services["lack"] == "room", "demand"].sum() > 0


# --- edges ---


def test_without_a_proposal_or_premises_the_needs_are_the_same(drawn, lists):
    given = {**drawn.given, "planned": None, "candidates": None, "candidate_times": None, "host": None}
    alone = build_three_lists(drawn.today, most=None, **given)
    same = [name for name in lists.needs if name not in ("n_premises", "reachable_demand", "planned_demand",
                                                         "n_planned", "answer")]  # fmt: skip
    pd.testing.assert_frame_equal(alone.needs[same], lists.needs[same])
    assert alone.services.empty
    assert (alone.resources["kind"] == "station").all()
    assert set(alone.needs["answer"]) <= {"possible", "nothing"}
    assert list(alone.services) == list(lists.services)
    assert not alone.resources["planned"].any()


def test_where_nothing_is_lacking_the_lists_are_empty(town):
    drawn = draw_lists(0, town)
    empty = {
        name: SimpleNamespace(**{**vars(found), "group": replace(found.group, demand=found.group.demand.assign(demand=0.0)),
                                 "capacity": None})
        for name, found in drawn.today.groups.items()
    }  # fmt: skip
    today = SimpleNamespace(facilities=drawn.today.facilities, offer=drawn.today.offer, groups=empty)
    lists = build_three_lists(today, **drawn.given | {"planned": None})
    full = build_three_lists(drawn.today, **drawn.given)
    assert len(lists.needs) == len(lists.resources) == len(lists.services) == 0
    assert list(lists.needs) == list(full.needs)
    assert list(lists.resources) == list(full.resources)


def test_the_stop_of_a_service_bus_is_no_station(town):
    drawn = draw_lists(SEEDS[0], town)

    def without_bus(circle):
        return SimpleNamespace(**{**vars(circle), "facilities": circle.facilities.drop(columns="vehicle")})

    lists = build_three_lists(drawn.today, **drawn.given)
    parked = build_three_lists(without_bus(drawn.today), **drawn.given | {"planned": without_bus(drawn.planned)})
    lacking = [found.needs.loc[found.needs["lack"] == "any", "demand"].sum() for found in (lists, parked)]
    assert lacking[0] > lacking[1]
    buses = set(drawn.today.facilities.loc[drawn.today.facilities["vehicle"].notna(), "id"])
    any_ = lists.resources[lists.resources["lack"] == "any"]
    assert not set(any_["id"]) & buses
    assert set(lists.resources["id"]) & buses, "it can give services, and stay at night"


def test_nobody_lacks_room_where_all_are_closed_at_the_moment_of_capacity(town):
    drawn = draw_lists(SEEDS[0], town)
    groups = {}
    for name, found in drawn.today.groups.items():
        none = np.zeros(len(drawn.today.facilities), dtype=bool)
        capacity = assign_with_room(
            found.times, found.group.demand, np.ones(len(none)), cutoff_s=found.group.cutoff_s, open_=none
        )
        groups[name] = SimpleNamespace(**{**vars(found), "capacity": capacity})
    today = SimpleNamespace(**{**vars(drawn.today), "groups": groups})
    assert "room" in set(build_three_lists(drawn.today, **drawn.given).needs["lack"])
    assert "room" not in set(build_three_lists(today, **drawn.given | {"planned": None}).needs["lack"])


def test_without_slots_of_night_nobody_lacks_one(town):
    drawn = draw_lists(SEEDS[0], town)
    lists = build_three_lists(drawn.today, **drawn.given | {"night": np.zeros(len(NIGHT), dtype=bool)})
    assert "night" not in set(lists.needs["lack"])


def test_a_premises_gives_what_it_would_host_when_it_would_be_open(town):
    drawn = draw_lists(2, town)
    for host, banned in (
        (Host(("water",)), lambda row: row["lack"] == "service" and row["service"] != "water"),
        (Host(None, BY_DAY), lambda row: row["lack"] == "night"),
    ):
        found = build_three_lists(drawn.today, **drawn.given | {"host": host}).resources
        rows = found[found["kind"] == "premises"].to_dict("records")
        assert rows
        assert not any(banned(row) for row in rows)


def test_those_who_pass_by_have_the_nearest_of_their_detours():
    times = make_times([[100.0, 300.0, np.nan], [100.0, 200.0, 50.0], [10.0, 10.0, 10.0]], ["A", "B", "C"], list("abc"))
    group = SimpleNamespace(visit="pass")
    lack = SimpleNamespace(missing=np.array([1.0, 1.0, 0.0]))
    row, seconds = find_nearest_giving(
        None, None, SimpleNamespace(group=group, times=times), lack, np.array([True, True, False])
    )
    assert row.tolist() == [0, 1, -1]
    np.testing.assert_array_equal(seconds, [100.0, 200.0, np.nan])


def turn(table):
    return table.iloc[::-1].reset_index(drop=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"most": 0}, "most must be at least 1"),
        ({"night": NIGHT[:5]}, "night must be true or false for each of the 192 slots"),
        ({"night": np.ones(len(NIGHT), dtype=bool)}, r"ordinary week \(slots 0 to 167\), got the slots 24"),
        ({"host": Host(None, NIGHT[:5])}, "host.open must have one value"),
        ({"candidate_times": None}, "candidate_times must have the times of every group, missing 2"),
        (lambda d: {"candidates": turn(d.candidates)}, "must be those of the candidates, in the same order"),
        (
            lambda d: {"candidate_times": dict.fromkeys(d.candidate_times, d.candidate_times["=riders"])},
            "candidate_times of group '走路的' must have the demand points of today",
        ),
        (
            lambda d: {"planned": SimpleNamespace(**{**vars(d.planned), "groups": {}})},
            "the proposal must have the groups of today",
        ),
        (
            lambda d: {"planned": SimpleNamespace(**{**vars(d.planned), "offer": replace(
                d.planned.offer, services=("a", "b", "c"))})},
            "the proposal must have the services of today",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(town, change, message):
    drawn = draw_lists(0, town)
    with pytest.raises((ConfigError, InputError), match=message):
        build_three_lists(drawn.today, **drawn.given | (change if isinstance(change, dict) else change(drawn)))


def test_times_must_reach_as_far_as_the_cutoffs(town):
    drawn = draw_lists(0, town)
    short = {name: times.within(100.0) for name, times in drawn.candidate_times.items()}
    with pytest.raises(ConfigError, match="at most the limit of the search"):
        build_three_lists(drawn.today, **drawn.given | {"candidate_times": short})


def test_communities_may_be_in_another_crs_and_names_are_theirs(town):
    drawn = draw_lists(1, town)
    lists = build_three_lists(drawn.today, **drawn.given)
    moved = drawn.communities.to_crs("EPSG:32649")
    again = build_three_lists(drawn.today, **drawn.given | {"communities": moved})
    pd.testing.assert_frame_equal(again.needs, lists.needs)
    assert HOSTILE[1] in set(lists.needs["community"])
    whole = gpd.GeoDataFrame(
        {"id": ["all"], "name": ["全部"]}, geometry=[shapely.box(-1e5, -1e5, 1e5, 1e5)], crs=moved.crs
    )
    whole = whole.set_crs(drawn.communities.crs, allow_override=True)
    one = build_three_lists(drawn.today, **drawn.given | {"communities": whole})
    assert set(one.needs["community"]) == {"全部"}
    assert set(one.needs["subdistrict"]) == {None}
    assert one.needs["demand"].sum() == pytest.approx(lists.needs["demand"].sum())
