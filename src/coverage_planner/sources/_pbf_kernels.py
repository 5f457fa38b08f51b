"""Compiled loops over the packed numbers of an OpenStreetMap PBF: positions of nodes, nodes of ways.

A number is a varint: seven bits per byte, least significant first, the eighth bit set on all bytes but the last.
Bytes that do not make up what they should give a result that says so, never a read beyond the data.
Source of the format: https://wiki.openstreetmap.org/wiki/PBF_Format, Protocol Buffers encoding.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled

#: Fields of a way's message: its id, and its nodes as packed differences.
_WAY_ID, _WAY_REFS = 1, 8
_PACKED = 2
#: A node id's last bits choose its mark.
MARK_BITS = 24


@compiled
def decode_differences(data: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.int64]:
    """Return the running sums of packed, zigzag-coded differences that stand in data[begin:end]."""
    count = 0
    for at in range(begin, end):
        if data[at] < 128:  # noqa: PLR2004 - the eighth bit
            count += 1
    found = np.empty(count, dtype=np.int64)
    total, value, shift, row = np.int64(0), np.int64(0), 0, 0
    for at in range(begin, end):
        byte = np.int64(data[at])
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004
            total += (value >> 1) ^ -(value & 1)
            found[row] = total
            row += 1
            value, shift = np.int64(0), 0
    return found


@compiled
def split_messages(data: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.int64]:
    """Return where the messages begin and end that make up data[begin:end], all of one field with a number below 16.

    Returns
    -------
    ndarray
        Shape (messages, 2), int64; the last row is -1 where the data are damaged.
    """
    found = np.empty(((end - begin) // 2 + 1, 2), dtype=np.int64)
    count, at = 0, np.int64(begin)
    while at < end:
        key = data[at]
        at += 1
        size, shift = np.int64(0), 0
        while at < end and data[at] >= 128:  # noqa: PLR2004
            size |= (np.int64(data[at]) & 127) << shift
            shift += 7
            at += 1
        if at < end:
            size |= np.int64(data[at]) << shift
            at += 1
        else:
            size = np.int64(-1)
        if key != data[begin] or key >= 128 or key & 7 != _PACKED or not 0 <= size <= end - at:  # noqa: PLR2004
            found[count, :] = -1
            count += 1
            break
        found[count, 0] = at
        at += size
        found[count, 1] = at
        count += 1
    return found[:count].copy()


@compiled
def locate_refs(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return of each way its id and where its nodes begin and end in the data.

    Parameters
    ----------
    data
        The bytes of a block.
    starts, ends
        Where the messages of ways begin and end in it.

    Returns
    -------
    ndarray
        Shape (ways, 3), int64; the last column is -1 where the message is damaged.
    """
    found = np.zeros((len(starts), 3), dtype=np.int64)
    for row in range(len(starts)):
        at, end = starts[row], ends[row]
        while at < end:
            # a field: what it is, then a number or how many bytes follow
            key, value = np.int64(0), np.int64(0)
            for part in range(2):
                number, shift = np.int64(0), 0
                while at < end and data[at] >= 128:  # noqa: PLR2004
                    number |= (np.int64(data[at]) & 127) << shift
                    shift += 7
                    at += 1
                if at < end:
                    number |= np.int64(data[at]) << shift
                    at += 1
                    if part == 0:
                        key = number
                    else:
                        value = number
                else:
                    key = np.int64(-1)
            is_packed = key & 7 == _PACKED
            if key < 0 or key & 7 not in (0, _PACKED) or (is_packed and not 0 <= value <= end - at):
                found[row, 2] = -1
                break
            if key == _WAY_ID << 3:
                found[row, 0] = value
            elif key == (_WAY_REFS << 3) | _PACKED:
                found[row, 1] = at
                found[row, 2] = at + value
            if is_packed:
                at += value
    return found


@compiled
def touch_ways(
    data: NDArray[np.uint8], located: NDArray[np.int64], marks: NDArray[np.uint8], kept: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each way 0 where it has no kept node, 1 where it has some, 2 where it has kept nodes only.

    Parameters
    ----------
    data, located
        The bytes of a block, and what `locate_refs` found in it.
    marks
        By the last `MARK_BITS` bits of a node id: not 0 where a kept node may have them. They spare most searches.
    kept
        Ids of kept nodes, ascending.
    """
    found = np.zeros(len(located), dtype=np.int64)
    mask = np.int64((1 << MARK_BITS) - 1)
    for row in range(len(located)):
        node, step, shift, inside, outside = np.int64(0), np.int64(0), 0, 0, 0
        for at in range(located[row, 1], located[row, 2]):
            step |= (np.int64(data[at]) & 127) << shift
            shift += 7
            if data[at] < 128:  # noqa: PLR2004
                node += (step >> 1) ^ -(step & 1)
                step, shift = np.int64(0), 0
                if marks[node & mask]:
                    low = np.searchsorted(kept, node)
                    if low < len(kept) and kept[low] == node:
                        inside += 1
                        continue
                outside += 1
        if inside:
            found[row] = 1 if outside else 2
    return found
