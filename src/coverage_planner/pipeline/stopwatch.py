"""Seconds and peak memory of each stage, for the run's manifest."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

_EVERY_S = 0.02
_MIB = 1024 * 1024

#: Called when a stage begins (seconds None) and when it ends.
StageReport = Callable[[str, float | None], None]


@dataclass
class Stopwatch:
    """Measures named stages; memory is the largest resident set of the process seen while a stage ran.

    The operating systems do not agree on a resettable peak, so a thread looks fifty times a second; spikes shorter than
    that can be missed.
    """

    report: StageReport | None = None
    stages: list[dict[str, object]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside the ``with`` block."""
        if self.report is not None:
            self.report(name, None)
        process, peak, done = psutil.Process(), [0], threading.Event()

        def watch() -> None:
            while True:
                peak[0] = max(peak[0], process.memory_info().rss)
                if done.wait(_EVERY_S):
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            done.set()
            watcher.join()
        peak[0] = max(peak[0], process.memory_info().rss)
        self.stages.append({"stage": name, "seconds": round(seconds, 3), "peak_memory_mib": round(peak[0] / _MIB, 1)})
        if self.report is not None:
            self.report(name, seconds)
