"""Compiled loops of the p-median: what candidates earn at given prices, and what an exchange of sites would save.

Pairs stand by demand point, the nearest candidate first, so every loop over the pairs of a point ends as soon as the
rest is too far to matter. All sums are of whole numbers: their order does not matter.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled

_NONE = np.int32(-1)


@compiled
def earn(
    first: NDArray[np.int64],
    site: NDArray[np.int32],
    times: NDArray[np.int32],
    weight: NDArray[np.int64],
    price: NDArray[np.int64],
    earned: NDArray[np.int64],
) -> int:
    """Add to `earned` what each candidate makes of the prices: price less cost, where that is positive.

    Returns the number of pairs visited.
    """
    visits = 0
    for i in range(len(weight)):
        k, end = first[i], first[i + 1]
        while k < end:
            margin = price[i] - weight[i] * np.int64(times[k])
            if margin <= 0:
                break
            earned[site[k]] += margin
            k += 1
        visits += k - first[i] + 1
    return visits


@compiled
def keep_pairs(
    first: NDArray[np.int64],
    site: NDArray[np.int32],
    times: NDArray[np.int32],
    weight: NDArray[np.int64],
    base: NDArray[np.int64],
    number: NDArray[np.int64],
    kept_first: NDArray[np.int64],
    kept_site: NDArray[np.int32],
    kept_times: NDArray[np.int32],
) -> int:
    """Keep the pairs below the base whose candidate has a number from 0 up, under that number; return how many."""
    place = 0
    for i in range(len(weight)):
        for k in range(first[i], first[i + 1]):
            if weight[i] * np.int64(times[k]) >= base[i]:
                break
            j = number[site[k]]
            if j >= 0:
                kept_site[place], kept_times[place] = j, times[k]
                place += 1
        kept_first[i + 1] = place
    return place


@compiled
def serve(
    first: NDArray[np.int64],
    site: NDArray[np.int32],
    times: NDArray[np.int32],
    weight: NDArray[np.int64],
    price: NDArray[np.int64],
    opened: NDArray[np.float64],
    served: NDArray[np.float64],
) -> int:
    """Write into `served` how much of the opened candidates (1, or a part of one) is worth each point's price.

    Returns the number of pairs visited.
    """
    visits = 0
    for i in range(len(weight)):
        k, end = first[i], first[i + 1]
        count = 0.0
        while k < end and weight[i] * np.int64(times[k]) < price[i]:
            count += opened[site[k]]
            k += 1
        served[i] = count
        visits += k - first[i] + 1
    return visits


@compiled
def renew(
    first: NDArray[np.int64],
    site: NDArray[np.int32],
    times: NDArray[np.int32],
    weight: NDArray[np.int64],
    base: NDArray[np.int64],
    points: NDArray[np.int64],
    slot_of: NDArray[np.int32],
    near: NDArray[np.int64],
    second: NDArray[np.int64],
    slot: NDArray[np.int32],
    other: NDArray[np.int32],
    gain: NDArray[np.int64],
    loss: NDArray[np.int64],
    extra: NDArray[np.int64],
) -> int:
    """Find the two nearest open sites of some points anew, and with them what exchanges save.

    Parameters
    ----------
    first, site, times, weight, base
        A `MedianProblem`.
    points
        The points, each once.
    slot_of
        Shape (n,): slot of each open candidate, else -1.
    near, second, slot, other
        Shapes (m,): cost of the nearest and the second nearest open site of each point, and their slots (-1: none).
    gain
        Shape (n,): what opening a candidate saves.
    loss
        Shape (slots,): what closing the site of a slot costs.
    extra
        Shape (n, slots): what is counted too much in both when the candidate takes the place of that site.

    Returns
    -------
    int
        Pairs visited.
    """
    visits = 0
    for place in range(len(points)):
        i = points[place]
        start, end, w = first[i], first[i + 1], weight[i]
        for sign in (-1, 1):
            k = start
            if sign == 1:
                near[i], second[i], slot[i], other[i] = base[i], base[i], _NONE, _NONE
                while k < end:
                    s = slot_of[site[k]]
                    if s >= 0:
                        if slot[i] >= 0:
                            second[i], other[i] = w * np.int64(times[k]), s
                            break
                        near[i], slot[i] = w * np.int64(times[k]), s
                    k += 1
                visits += k - start + 1
            one, two, s = near[i], second[i], slot[i]
            if s >= 0:
                loss[s] += sign * (two - one)
            k = start
            while k < end:
                cost = w * np.int64(times[k])
                if cost >= two:
                    break
                j = site[k]
                if cost < one:
                    gain[j] += sign * (one - cost)
                if s >= 0:
                    extra[j, s] += sign * (two - max(one, cost))
                k += 1
            visits += k - start + 1
    return visits


@compiled
def find_exchange(
    gain: NDArray[np.int64],
    loss: NDArray[np.int64],
    extra: NDArray[np.int64],
    slot_of: NDArray[np.int32],
    size: NDArray[np.int64],
    holder: NDArray[np.int64],
    room: int,
    found: NDArray[np.int64],
) -> None:
    """Write the exchange that saves most into `found`: saving, candidate to open, slot of the site to close.

    Only exchanges that save something and keep to the room count: what the sizes of the open sites may grow by. Of
    equal ones the first candidate, then the first slot. `holder` has the site of each slot, -1 where it is empty.
    """
    found[:] = 0
    for j in range(len(gain)):
        if slot_of[j] >= 0:
            continue
        for s in range(len(loss)):
            saving = gain[j] + extra[j, s] - loss[s]
            if saving > found[0] and holder[s] >= 0 and size[j] - size[holder[s]] <= room:
                found[0], found[1], found[2] = saving, j, s
