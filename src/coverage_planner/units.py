"""Units: seconds and metres inside; minutes and kilometres per hour only in plan files, the CLI and reports."""

from collections.abc import Callable
from typing import overload

import numpy as np
from numpy.typing import NDArray

#: A progress callback: called with (units done, units in all); raise in it to stop the work.
Progress = Callable[[int, int], None]

MS_PER_S = 1000
UNREACHED_MS = np.iinfo(np.int32).max
#: No street, limit or delay takes as long (12 days): sums of two stay within 32 bits.
LONGEST_MS = 2**30


@overload
def speed_mps(speed_kph: float) -> float: ...
@overload
def speed_mps(speed_kph: NDArray[np.float64]) -> NDArray[np.float64]: ...
def speed_mps(speed_kph: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Return a speed given in km/h in metres per second."""
    return speed_kph / 3.6


def to_milliseconds(seconds: float | NDArray[np.float64]) -> NDArray[np.int64]:
    """Round seconds to whole milliseconds, the engine's unit."""
    return np.rint(np.asarray(seconds, dtype=np.float64) * MS_PER_S).astype(np.int64)


def minutes(seconds: float) -> float:
    """Return seconds as minutes, for reports."""
    return seconds / 60.0
