"""Valhalla for the benchmarks: tiles and answers from a process of another interpreter (`valhalla_worker`)."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORKER = Path(__file__).with_name("valhalla_worker.py")

#: Costings that weigh nothing but length, at a speed that is the same everywhere: `shortest` switches every preference
#: and penalty off. What stays in Valhalla's times, and no option takes out: seconds at crossings (on foot) and turns.
COSTINGS: Mapping[str, str] = {"walk": "pedestrian", "bicycle": "bicycle", "drive": "auto"}
SPEED_OPTIONS: Mapping[str, str] = {"walk": "walking_speed", "bicycle": "cycling_speed", "drive": "fixed_speed"}
NEUTRAL_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "walk": {
        "shortest": True,
        "max_hiking_difficulty": 6,
        "step_penalty": 0,
        "elevator_penalty": 0,
        "gate_cost": 0,
        "private_access_penalty": 0,
    },
    "bicycle": {"shortest": True, "bicycle_type": "Mountain", "avoid_bad_surfaces": 0, "use_hills": 1, "gate_cost": 0},
    "drive": {"shortest": True, "disable_hierarchy_pruning": True, "gate_cost": 0, "toll_booth_cost": 0},
}


@dataclass(frozen=True)
class Answers:
    """What a batch gave: answers as parsed JSON, seconds by the clock per request, CPU seconds of the batch."""

    parsed: list[Any]
    seconds: list[float]
    cpu_seconds: float


class Valhalla:
    """A running worker; made by `start_valhalla`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, action: str, requests: Sequence[Mapping[str, Any]], *, keep: int | None = None) -> Answers:
        """Send requests for one of the actor's actions and wait; a refusal is ``{"error": …}``.

        All are answered and timed; of the answers the first `keep` come back (all by default).
        """
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        texts = [json.dumps(request) for request in requests]
        json.dump({"action": action, "requests": texts, "keep": len(texts) if keep is None else keep}, pipe_in)
        pipe_in.write("\n")
        pipe_in.flush()
        line = pipe_out.readline()
        if not line:
            raise RuntimeError(f"the Valhalla worker ended with {self._process.wait()}")
        got = json.loads(line)
        return Answers([json.loads(answer) for answer in got["answers"]], got["seconds"], got["cpu_seconds"])


def build_tiles(python: str, pbf: Path, folder: Path) -> dict[str, Any]:
    """Build Valhalla's tiles of a PBF in a folder; ``seconds``, ``peak_mib``, ``version``."""
    done = subprocess.run(
        [python, str(_WORKER), "build", str(pbf), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return dict(json.loads(done.stdout))


@contextmanager
def start_valhalla(python: str, folder: Path) -> Iterator[Valhalla]:
    """Run a worker on the tiles in a folder."""
    process = subprocess.Popen(
        [python, str(_WORKER), "serve", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield Valhalla(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def location(lon: float, lat: float) -> dict[str, Any]:
    """Return a place right where it is: not moved to a junction nearby, nor off a street that leads to few others."""
    return {"lon": lon, "lat": lat, "node_snap_tolerance": 0, "minimum_reachability": 0}


def costing(mode: str, speed_kph: float) -> dict[str, Any]:
    """Return the part of a request that makes Valhalla travel at one speed, by the shortest way."""
    name = COSTINGS[mode]
    return {
        "costing": name,
        "costing_options": {name: {**NEUTRAL_OPTIONS[mode], SPEED_OPTIONS[mode]: speed_kph}},
    }
