"""The same streets at another speed: times scaled in whole milliseconds, delays left as they are."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, NetworkError
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import NOT_ALLOWED, ModeGraph
from coverage_planner.units import LONGEST_MS

#: A factor is taken as the fraction that its decimals say, with at most so large a denominator.
_MOST_DENOMINATOR = 1_000_000
#: No street turns five times as fast, or as slow, by another guess of how fast people are.
_SLOWEST, _FASTEST = 0.2, 5.0


def check_speed_factor(factor: float) -> Fraction:
    """Return a factor of speed as the fraction that its decimals say: 0.8 is 4/5.

    Raises
    ------
    ConfigError
        It is no number from 0.2 to 5.
    """
    if not _SLOWEST <= factor <= _FASTEST:
        raise ConfigError(
            f"a factor of speed must be a number from {_SLOWEST:g} to {_FASTEST:g}, got {factor!r}; 0.8 is a fifth "
            "slower, 1.2 a fifth faster"
        )
    return Fraction(repr(float(factor))).limit_denominator(_MOST_DENOMINATOR)


def scale_times(milliseconds: NDArray[np.integer], factor: float) -> NDArray[np.int64]:
    """Divide times by a factor of speed: whole milliseconds, half a one rounded up, negative ones left as they are.

    Integers alone are counted with, so that no rounding in binary decides. Rounding keeps the order of times: of two
    parallel streets the faster stays the faster, or they become equal.

    Parameters
    ----------
    milliseconds
        Any shape.
    factor
        Of the speed; times are divided by it.
    """
    speed = check_speed_factor(factor)
    times = milliseconds.astype(np.int64)
    doubled = 2 * speed.numerator
    scaled = (2 * times * speed.denominator + speed.numerator) // doubled
    return np.where(times < 0, times, scaled)


def scale_mode(mode: Mode, factor: float) -> Mode:
    """Return a mode whose speeds, that of the access leg included, are so many times as high.

    Modes that drive as fast as the street allows get another share of it, so that their description says so.
    """
    factor = float(check_speed_factor(factor))
    if factor == 1:
        return mode
    walked = mode.access_speed_kph * factor
    if mode.drives:
        return replace(mode, urban_factor=mode.urban_factor * factor, access_speed_kph=walked)
    pushed = None if mode.pushing_speed_kph is None else mode.pushing_speed_kph * factor
    return replace(mode, speed_kph=mode.speed_kph * factor, access_speed_kph=walked, pushing_speed_kph=pushed)


def scale_graph(graph: ModeGraph, factor: float) -> ModeGraph:
    """Return the graph of the same streets for people who are so many times as fast.

    The time of every street is divided by the factor and rounded to whole milliseconds; what junctions and signals
    cost stays. Which streets may be used, islands and components stay, so positions on the streets do too.

    Times of streets are whole milliseconds already. A street's time is off the unrounded one by at most half a
    millisecond for either rounding, 0.5 / factor + 0.5; against a network built anew with the other speed, which rounds
    too, it differs by at most one millisecond (two below half the speed).

    Parameters
    ----------
    graph
        The graph of a mode.
    factor
        Of the speed: 0.8 is a fifth slower.

    Raises
    ------
    ConfigError
        The factor is no number from 0.2 to 5.
    NetworkError
        A street takes longer than the engine counts.
    """
    if check_speed_factor(factor) == 1:
        return graph

    def arcs(weights_ms: NDArray[np.int32], heads: NDArray[np.int32]) -> NDArray[np.int32]:
        delay = graph.delay_ms[heads].astype(np.int64)
        passed = scale_times(weights_ms - delay, factor) + delay
        if (passed >= LONGEST_MS).any():
            raise NetworkError(
                f"a street must take less than {LONGEST_MS / 3.6e6:.0f} hours; {(passed >= LONGEST_MS).sum()} do not "
                f"at {factor:g} times the speed; take a factor nearer to 1, or check the times of the streets"
            )
        return passed.astype(np.int32)

    def streets(milliseconds: NDArray[np.int32]) -> NDArray[np.int32]:
        scaled = scale_times(milliseconds, factor)
        return np.where(milliseconds == NOT_ALLOWED, NOT_ALLOWED, scaled).astype(np.int32)

    return replace(
        graph,
        mode=scale_mode(graph.mode, factor),
        forward_ms=streets(graph.forward_ms),
        backward_ms=streets(graph.backward_ms),
        weights_ms=arcs(graph.weights_ms, graph.heads),
        reverse_weights_ms=arcs(graph.reverse_weights_ms, graph.reverse_heads),
    )
