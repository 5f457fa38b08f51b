"""Where a mode loses time at nodes: junctions and signals, as whole milliseconds per node.

The rules, with what was measured on real data, stand in ``docs/methods-network.md``. In short:

1. A *junction* of a mode is a node where at least three arms of street meet that the mode may use in some direction.
   A footway makes no junction for cars.
2. A *signal* is a node tagged ``highway=traffic_signals``, or a ``highway=crossing`` with ``crossing=traffic_signals``
   or ``crossing:signals=yes``. It costs the signal's delay in place of the junction's; the larger of the two counts.
3. OpenStreetMap often maps the signals of one junction on its approaches. One that stands on a two-way street within
   30 m of a junction is that junction's signal; one on a one-way street is left out where that junction has a signal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.network.modes import Mode
from coverage_planner.units import to_milliseconds

#: How far before or behind a junction, in metres along the street, a signal still belongs to it.
SIGNAL_REACH_M = 30.0
#: The fewest arms of a junction; where two meet, a street merely goes on.
_JUNCTION, _PASSAGE = 3, 2


def find_signals(nodes: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which nodes are signals, at a junction or at a crossing.

    Parameters
    ----------
    nodes
        Any of the columns `coverage_planner.schema.NODE_TAGS`; of a list ``a;b`` every value counts.

    Returns
    -------
    numpy.ndarray
        Shape (n,), bool.
    """

    def has(tag: str, value: str) -> NDArray[np.bool_]:
        if tag not in nodes:
            return np.zeros(len(nodes), dtype=bool)
        codes, texts = pd.factorize(nodes[tag])
        said = [value in {part.strip().lower() for part in str(text).split(";")} for text in texts]
        return np.asarray([*said, False], dtype=bool)[codes]  # missing values have code -1: the last entry

    at_crossing = has("highway", "crossing")
    signalised = has("crossing", "traffic_signals") | has("crossing:signals", "yes")
    return has("highway", "traffic_signals") | (at_crossing & signalised)


def node_delays(
    ends: NDArray[np.int64],
    length_m: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    is_signal: NDArray[np.bool_],
    blocked: NDArray[np.bool_],
    modes: Mapping[str, Mode],
) -> NDArray[np.int32]:
    """Work out what passing each node costs each mode.

    Parameters
    ----------
    ends
        Shape (s, 2): end nodes of each piece of street, before barriers are opened.
    length_m
        Shape (s,): length of each piece.
    allowed
        Shape (s, 2 x modes): whether each mode may go along the piece, and against it.
    is_signal
        Shape (n,): whether each node is a signal.
    blocked
        Shape (n, modes): whether a barrier on the node stops the mode. Nobody passes there, so nobody waits.
    modes
        Mode name -> `Mode`, in the order of the columns.

    Returns
    -------
    numpy.ndarray
        Shape (n, modes), int32: milliseconds; zero for modes without delays and where nobody can pass.
    """
    delay_ms = np.zeros(blocked.shape, dtype=np.int32)
    for k, mode in enumerate(modes.values()):
        if not mode.has_delays:
            continue
        streets = _list_arms(ends, length_m, allowed[:, 2 * k : 2 * k + 2], blocked[:, k])
        junction = streets.arms >= _JUNCTION
        delay_s = np.where(junction, mode.junction_delay_s, 0.0)
        if mode.signal_delay_s:
            signalised = _place_signals(streets, is_signal)
            delay_s[signalised] = np.maximum(delay_s[signalised], mode.signal_delay_s)
        delay_ms[:, k] = to_milliseconds(delay_s)
    return delay_ms


@dataclass(frozen=True, eq=False)
class _Streets:
    """The streets of one mode: arms per node (0 where a barrier stops it), and the arms themselves as CSR.

    Arm 2 s leaves the first end of piece s, arm 2 s + 1 its last end; `there` and `back` say whether the mode may leave
    and come by an arm. Arms and pieces are those of the whole network; the CSR holds the mode's own.
    """

    ends: NDArray[np.int64]
    length_m: NDArray[np.float64]
    there: NDArray[np.bool_]
    back: NDArray[np.bool_]
    arms: NDArray[np.int64]
    indptr: NDArray[np.int64]
    incident: NDArray[np.int64]


def _list_arms(
    ends: NDArray[np.int64], length_m: NDArray[np.float64], allowed: NDArray[np.bool_], blocked: NDArray[np.bool_]
) -> _Streets:
    flat = ends.ravel()
    own = np.flatnonzero(np.repeat(allowed.any(axis=1), 2))
    counts = np.bincount(flat[own], minlength=len(blocked))
    incident = own[np.argsort(flat[own], kind="stable")]
    indptr = np.concatenate(([0], np.cumsum(counts)))
    arms = np.where(blocked, 0, counts)
    return _Streets(flat, length_m, allowed.ravel(), allowed[:, ::-1].ravel(), arms, indptr, incident)


def _place_signals(streets: _Streets, is_signal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say at which nodes a mode waits for a signal: each is where it is mapped, or at the junction it belongs to."""
    signalised = is_signal & (streets.arms >= _JUNCTION)
    beside: dict[int, list[int]] = {}
    alone = []
    for signal in np.flatnonzero(is_signal & (streets.arms == _PASSAGE)).tolist():
        found = [place for arm in _arms_at(streets, signal) if (place := _nearest_junction(streets, signal, arm))]
        if not found:
            alone.append(signal)
            continue
        _, junction, two_way = min(found)
        if two_way:
            signalised[junction] = True
        else:
            beside[signal] = [node for _, node, _ in found]
    # only now is it known which junctions have signals
    own = signalised.copy()
    signalised[alone] = True
    for signal, junctions in beside.items():
        signalised[signal] = not own[junctions].any()
    return signalised


def _arms_at(streets: _Streets, node: int) -> list[int]:
    arms: list[int] = streets.incident[streets.indptr[node] : streets.indptr[node + 1]].tolist()
    return arms


def _nearest_junction(streets: _Streets, start: int, arm: int) -> tuple[float, int, bool] | None:
    """Follow a street from a node by one of its arms to the first junction; distance, node, whether it is two-way.

    None where the street ends, or no junction lies within `SIGNAL_REACH_M`.
    """
    walked_m = 0.0
    two_way = True
    while True:
        walked_m += float(streets.length_m[arm // 2])
        two_way &= bool(streets.there[arm] and streets.back[arm])
        node = int(streets.ends[arm ^ 1])
        if walked_m > SIGNAL_REACH_M or node == start or streets.arms[node] < _PASSAGE:
            return None
        if streets.arms[node] >= _JUNCTION:
            return walked_m, node, two_way
        first, second = _arms_at(streets, node)
        arm = second if first == arm ^ 1 else first
