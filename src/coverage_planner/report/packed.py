"""Arrays of numbers -> short texts that stand in JSON, and back; assets/map_arrays.js reads them in the page.

A packed array is ``{"t": type, "n": length, "z": text}``, with ``"d": true`` and perhaps ``"s": stride`` where each
value is written as its difference to the one before (of the same column, where `stride` numbers belong together). The
text is the base64 of the zlib stream of the little-endian bytes. With the type 'json' it is that of a JSON text of n
bytes.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage_planner.errors import InputError

Kind = Literal["u8", "i32", "f32", "f64"]
#: A packed array, as JSON holds it.
Packed = dict[str, Any]

_TYPES: Mapping[str, np.dtype[Any]] = {
    "u8": np.dtype("u1"),
    "i32": np.dtype("<i4"),
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
}
_JSON = "json"
#: More work than this saves hardly a percent and takes twice as long.
_LEVEL = 6


def pack(values: ArrayLike, kind: Kind, *, delta: bool = False, stride: int = 1) -> Packed:
    """Pack an array of numbers.

    Parameters
    ----------
    values
        Numbers of any shape, read row by row; NaN only for 'f32' and 'f64'.
    kind
        'u8', 'i32', 'f32' or 'f64'.
    delta
        Whether to write differences, which are small where neighbours are alike; only for 'i32'.
    stride
        How many numbers belong together, such as 2 for pairs of longitude and latitude.

    Returns
    -------
    dict
        What `unpack` reads; plain JSON.

    Raises
    ------
    InputError
        Numbers that the type cannot hold; differences of another type; a stride that does not fit the length.
    """
    given = np.asarray(values).ravel()
    dtype = _TYPES[kind]
    if delta and kind != "i32":
        raise InputError(f"differences must be of whole numbers ('i32'), got {kind!r}; pack it without delta")
    if stride < 1 or len(given) % stride:
        raise InputError(f"stride must divide the length {len(given)}, got {stride}; correct it")
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        whole = given.dtype.kind in "iub" or bool((np.rint(given) == given).all())
        if not whole or (len(given) and not (info.min <= given.min() and given.max() <= info.max)):
            raise InputError(
                f"values must be whole numbers from {info.min} to {info.max} for {kind!r}, got {given.min()} to "
                f"{given.max()}; choose a wider type"
            )
    exact = given.astype(dtype)
    packed: Packed = {"t": kind, "n": len(given)}
    if delta:
        exact = _differences(exact, stride)
        packed["d"] = True
        if stride > 1:
            packed["s"] = stride
    packed["z"] = base64.b64encode(zlib.compress(exact.tobytes(), _LEVEL)).decode("ascii")
    return packed


def pack_json(value: Any) -> Packed:
    """Pack plain JSON, such as a long list of shapes, whose digits take a third of the room so."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    return {"t": _JSON, "n": len(text), "z": base64.b64encode(zlib.compress(text, _LEVEL)).decode("ascii")}


def unpack(packed: Mapping[str, Any]) -> NDArray[Any]:
    """Unpack an array.

    Parameters
    ----------
    packed
        What `pack` returned, or the same read from JSON.

    Returns
    -------
    numpy.ndarray
        Shape (n,), of the type's dtype (uint8, int32, float32 or float64).

    Raises
    ------
    InputError
        It is no packed array, or its text does not hold as many values as it says.
    """
    dtype = _TYPES.get(str(packed.get("t")))
    if dtype is None:
        raise InputError(f"a packed array must be of a type among {', '.join(_TYPES)}, got {packed.get('t')!r}")
    values = np.frombuffer(_inflate(packed, dtype.itemsize), dtype=dtype)
    if packed.get("d"):
        values = values.reshape(-1, int(packed.get("s", 1))).cumsum(axis=0, dtype=np.int64)
    return values.reshape(-1).astype(dtype.newbyteorder("="))


def unpack_json(packed: Any) -> Any:
    """Unpack what `pack_json` returned; anything else, which is plain already, comes back as it is.

    Raises
    ------
    InputError
        The text does not hold as many bytes as it says, or is no JSON.
    """
    if not isinstance(packed, Mapping) or packed.get("t") != _JSON:
        return packed
    try:
        return json.loads(_inflate(packed, 1))
    except ValueError as error:
        raise InputError(f"packed JSON must be JSON in UTF-8, got: {error}; write the data again") from error


def _inflate(packed: Mapping[str, Any], item_size: int) -> bytes:
    try:
        n = int(packed["n"])
        raw = zlib.decompress(base64.b64decode(packed["z"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise InputError(
            f"what is packed must have 't', 'n' and 'z' as docs/map-data.md says, got: {error!r}; write the data again"
        ) from error
    if len(raw) != n * item_size:
        raise InputError(
            f"{n} packed values {packed['t']!r} must take {n * item_size} bytes, got {len(raw)}; write the data again"
        )
    return raw


def _differences(values: NDArray[Any], stride: int) -> NDArray[Any]:
    """Each value minus the one before, of the same column; sums of 32 bits that run over come back the same way."""
    rows = values.reshape(-1, stride).astype(np.int64)
    steps = np.diff(rows, axis=0, prepend=0)
    return steps.astype(np.int32).astype("<i4").reshape(-1)
