"""What a page does with map data, in plain Python from docs/map-data.md: the oracle of its numbers."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coverage_planner.report.packed import unpack, unpack_json

NEVER = 2**31


def unpack_all(value: Any) -> Any:
    """Unpack every packed array in JSON."""
    if isinstance(value, Mapping):
        if {"t", "n", "z"} <= value.keys():
            return unpack_json(value) if value["t"] == "json" else unpack(value)
        return {key: unpack_all(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [unpack_all(item) for item in value]
    return value


class Page:
    """Map data, opened."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.data = unpack_all(content)
        self.back = self.data["direction"] == "to_facility"

    def arcs(self, mode: int) -> list[list[tuple[int, int]]]:
        """Where a search goes on from each node, and what it costs until that node has been passed."""
        streets, of = self.data["streets"], self.data["modes"][mode]
        delay = of["delay"] if of["delay"] is not None else np.zeros(streets["n_nodes"], dtype=int)
        onward: list[list[tuple[int, int]]] = [[] for _ in range(streets["n_nodes"])]
        backward = of["forward"] if of["backward"] is None else of["backward"]  # left out where it is the same
        for u, v, there, back in zip(streets["u"], streets["v"], of["forward"], backward, strict=True):
            if there >= 0:
                tail, head = (v, u) if self.back else (u, v)
                onward[tail].append((int(head), int(there) + int(delay[head])))
            if back >= 0:
                tail, head = (u, v) if self.back else (v, u)
                onward[tail].append((int(head), int(back) + int(delay[head])))
        return onward

    def point_times(self, group: int, stations: Sequence[int]) -> list[int]:
        """Milliseconds of each demand point to the nearest of these stations; NEVER where there is none."""
        found = self.data["groups"][group]
        if found["pairs"] is not None:
            return self._detours(found, stations)
        dist, times = self._search(found, stations), []
        for point in range(found["points"]["n"]):
            edge, best = found["points"]["edge"][point], NEVER
            if edge >= 0:
                best = self._from_ends(found["points"], point, dist)
                beside = [station for station in stations if found["stations"]["edge"][station] == edge]
                best = min([best, *(self._direct(found["points"], found["stations"], point, at) for at in beside)])
            times.append(best)
        return times

    def _search(self, found: Mapping[str, Any], stations: Sequence[int]) -> list[int]:
        """Milliseconds until each node has been passed, coming from the nearest of these stations."""
        streets, doors = self.data["streets"], found["stations"]
        onward, dist, queue = self.arcs(found["mode"]), [NEVER] * streets["n_nodes"], []
        for station in stations:
            edge = doors["edge"][station]
            for end, name in enumerate("uv"):
                seed = int(doors["seed"][2 * station + end])
                if edge >= 0 and seed >= 0:
                    heapq.heappush(queue, (seed, int(streets[name][edge])))
        while queue:
            time, node = heapq.heappop(queue)
            if time >= dist[node]:
                continue
            dist[node] = time
            for head, cost in onward[node]:
                if time + cost < dist[head]:
                    heapq.heappush(queue, (time + cost, head))
        return dist

    def _from_ends(self, points: Mapping[str, Any], point: int, dist: Sequence[int]) -> int:
        best, edge = NEVER, points["edge"][point]
        for end, name in enumerate("uv"):
            offset, known = int(points["offset"][2 * point + end]), dist[self.data["streets"][name][edge]]
            if offset >= 0 and known < NEVER:
                best = min(best, known + offset)
        return best

    @staticmethod
    def _direct(points: Mapping[str, Any], doors: Mapping[str, Any], point: int, station: int) -> int:
        best = NEVER
        for way in range(2):
            here, there = int(doors["along"][2 * station + way]), int(points["along"][2 * point + way])
            if here >= 0 and there >= here:
                best = min(best, int(doors["access"][station]) + there - here + int(points["access"][point]))
        return best

    @staticmethod
    def _detours(found: Mapping[str, Any], stations: Sequence[int]) -> list[int]:
        times, pairs = [NEVER] * found["points"]["n"], found["pairs"]
        for station in stations:
            for row in range(pairs["first"][station], pairs["first"][station + 1]):
                point = pairs["point"][row]
                times[point] = min(times[point], int(pairs["ms"][row]))
        return times

    def is_open(self, station: int, slot: int | None) -> bool:
        """Whether a station is open in a slot, or without one in some slot of the ordinary week."""
        week, per = self.data["week"], -(-len(self.data["week"]["slots"]) // 8)
        slots = range(week["n_ordinary"]) if slot is None else [slot]
        return any(self.data["open"][station * per + k // 8] >> (k % 8) & 1 for k in slots)

    def chosen(self, scenario: int, what: str, slot: int | None) -> list[int]:
        """Stations that count for a service ('': the headline coverage) at an hour."""
        of = self.data["scenarios"][scenario]
        if what == "":
            return of["stations"]
        counted = [station for station in of["counts"] if self.is_open(station, slot)]
        return [s for s in counted if what == "any" or what in self.data["stations"][s]["services"]]

    def covered(self, group: int, scenario: int, what: str = "", slot: int | None = None) -> np.ndarray:
        """Whether each demand point is served."""
        found = self.data["groups"][group]
        if what == "full" and slot is None:
            bits = self.data["scenarios"][scenario]["groups"][group]["full_ever"]
            return np.array([bool(bits[p // 8] >> (p % 8) & 1) for p in range(found["points"]["n"])])
        if what == "full":
            needed = found["required"] or ["any"]
            return np.all([self.covered(group, scenario, service, slot) for service in needed], axis=0)
        cutoff = found["cutoffs_ms"].get(what, found["cutoff_ms"])
        times = self.point_times(group, self.chosen(scenario, what, slot))
        return np.array([time <= cutoff for time in times])

    def demand_at(self, group: int, slot: int) -> np.ndarray:
        """How much of each point's demand falls into a slot."""
        found, week = self.data["groups"][group], self.data["week"]
        weight, per_hour = found["points"]["weight"], 60 / week["slot_min"]
        if found["profile"] is None:
            return weight / (24 * per_hour)
        hour = int(week["slots"][slot]["hour"])
        return weight * found["profile"].reshape(-1, 24)[found["points"]["kind"], hour] / per_hour
