"""Compiled searches over many batches of sources: pairs written down, or added up."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._lane_kernels import Sources, Targets, Work, copy_part, search_batch
from coverage_planner.traveltime._vector_kernels import LANES


@compiled
def _grown(array: NDArray[np.int32], used: int | np.int64, wanted: int | np.int64) -> NDArray[np.int32]:
    larger = np.empty(wanted, np.int32)
    copy_part(array, np.int64(0), larger, np.int64(0), used)
    return larger


@compiled
def many_to_many(
    begin: int,
    end: int,
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    targets: Targets,
    work: Work,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search from sources `begin` to `end` (exclusive; `begin` a multiple of the lanes) to all targets within `limit`.

    Parameters
    ----------
    first, arcs, shift
        A `network.search_graph.SearchGraph`.
    limit
        Milliseconds.

    Returns
    -------
    counts, targets, times
        Targets per source, their numbers rising within a source, milliseconds.
    """
    full = limit + 1
    counts = np.zeros(end - begin, np.int64)
    out_targets, out_times = np.empty(4096, np.int32), np.empty(4096, np.int32)
    total = np.int64(0)
    lane_targets, lane_times = np.empty(LANES * 256, np.int32), np.empty(LANES * 256, np.int32)
    filled = np.zeros(LANES, np.uint64)
    for batch in range(begin, end, LANES):
        lane_targets, lane_times, room = search_batch(
            first, arcs, shift, limit, sources, batch, targets, work, full, lane_targets, lane_times, filled
        )
        for lane in range(min(LANES, end - batch)):
            count = int(filled[lane]) - lane * room
            counts[batch - begin + lane] = count
            if total + count > len(out_targets):
                wanted = max(int(total) + count, 2 * len(out_targets))
                out_targets, out_times = _grown(out_targets, total, wanted), _grown(out_times, total, wanted)
            copy_part(lane_targets, lane * room, out_targets, total, count)
            copy_part(lane_times, lane * room, out_times, total, count)
            total += count
    return counts, out_targets[:total], out_times[:total]


@compiled
def place_rows(
    rows: NDArray[np.int64],
    counts: NDArray[np.int64],
    found: NDArray[np.int32],
    times: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    milliseconds: NDArray[np.int32],
) -> None:
    """Copy the results of one chunk, source by source, to their rows of the whole."""
    taken = np.int64(0)
    for k in range(len(rows)):
        begin = indptr[rows[k]]
        copy_part(found, taken, indices, begin, counts[k])
        copy_part(times, taken, milliseconds, begin, counts[k])
        taken += counts[k]


@compiled
def sum_targets(
    begin: int,
    end: int,
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    targets: Targets,
    work: Work,
    weights: NDArray[np.float64],
    cutoffs: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Search as `many_to_many` does and add up the targets of each source instead of writing them down.

    Returns
    -------
    points, sums, weighted_ms
        Shape (end - begin, cutoffs): targets within each rising cutoff, their weights, and weights times milliseconds.
        Targets are added in rising order, so that sums do not depend on how sources are put together.
    """
    full = limit + 1
    n_cutoffs = len(cutoffs)
    points = np.zeros((end - begin, n_cutoffs), np.int64)
    sums, weighted_ms = np.zeros((end - begin, n_cutoffs)), np.zeros((end - begin, n_cutoffs))
    lane_targets, lane_times = np.empty(LANES * 256, np.int32), np.empty(LANES * 256, np.int32)
    filled = np.zeros(LANES, np.uint64)
    for batch in range(begin, end, LANES):
        lane_targets, lane_times, room = search_batch(
            first, arcs, shift, limit, sources, batch, targets, work, full, lane_targets, lane_times, filled
        )
        for lane in range(min(LANES, end - batch)):
            row = batch - begin + lane
            for place in range(lane * room, filled[lane]):
                band = 0
                while lane_times[place] > cutoffs[band]:
                    band += 1
                weight = weights[lane_targets[place]]
                points[row, band] += 1
                sums[row, band] += weight
                weighted_ms[row, band] += weight * lane_times[place]
            for band in range(1, n_cutoffs):
                points[row, band] += points[row, band - 1]
                sums[row, band] += sums[row, band - 1]
                weighted_ms[row, band] += weighted_ms[row, band - 1]
    return points, sums, weighted_ms
