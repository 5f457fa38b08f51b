"""Packed arrays come back as they were."""

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coverage_planner.errors import InputError
from coverage_planner.report.packed import pack, pack_json, unpack, unpack_json

DTYPES = {"u8": np.uint8, "i32": np.int32, "f32": np.float32, "f64": np.float64}


@settings(max_examples=60)
@given(st.sampled_from(list(DTYPES)).flatmap(lambda kind: st.tuples(
    st.just(kind), arrays(DTYPES[kind], st.integers(0, 30)))))  # fmt: skip
def test_every_array_comes_back(case):
    kind, values = case
    back = unpack(json.loads(json.dumps(pack(values, kind))))
    assert back.dtype == DTYPES[kind]
    np.testing.assert_array_equal(back, values)


@settings(max_examples=60)
@given(arrays(np.int32, st.integers(0, 12).map(lambda n: n * 6)), st.sampled_from([1, 2, 3]))
def test_differences_come_back_even_over_the_ends_of_32_bits(values, stride):
    np.testing.assert_array_equal(unpack(pack(values, "i32", delta=True, stride=stride)), values)


def test_the_form_is_the_one_that_is_written_down():
    packed = pack([[10, 20], [11, 18]], "i32", delta=True, stride=2)
    assert {key: packed[key] for key in "tnds"} == {"t": "i32", "n": 4, "d": True, "s": 2}
    raw = zlib.decompress(base64.b64decode(packed["z"]))
    assert np.frombuffer(raw, dtype="<i4").tolist() == [10, 20, 1, -2]


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"whole numbers from 0 to 255 for 'u8', got 0 to 256; choose a wider type"):
        pack([0, 256], "u8")
    with pytest.raises(InputError, match=r"whole numbers .* for 'i32', got 0\.5 to 1\.0"):
        pack([0.5, 1.0], "i32")
    with pytest.raises(InputError, match="must be of whole numbers"):
        pack([0.5], "f32", delta=True)
    with pytest.raises(InputError, match="stride must divide the length 3, got 2"):
        pack([1, 2, 3], "i32", delta=True, stride=2)


@pytest.mark.parametrize(
    "broken", [{"n": 3}, {"z": "!"}, {"z": base64.b64encode(b"abc").decode()}, {"n": None}, {"z": None}]
)
def test_broken_arrays_are_refused(broken):
    with pytest.raises(InputError, match="write the data again"):
        unpack(pack([1, 2], "i32") | broken)
    with pytest.raises(InputError, match="write the data again"):
        unpack_json(pack_json([1, 2]) | broken)


def test_other_types_are_refused():
    with pytest.raises(InputError, match="type among u8, i32, f32, f64, got 'i64'"):
        unpack(pack([1], "i32") | {"t": "i64"})
    text = base64.b64encode(zlib.compress(b"{")).decode()
    with pytest.raises(InputError, match="packed JSON must be JSON"):
        unpack_json({"t": "json", "n": 1, "z": text})


def test_json_comes_back_and_plain_values_stay():
    value = [{"名": "<script>", "paths": [[[1, -2, 3]]]}, None, 0.5]
    assert unpack_json(pack_json(value)) == value
    assert unpack_json(value) is value
    assert unpack_json({"t": "else"}) == {"t": "else"}
