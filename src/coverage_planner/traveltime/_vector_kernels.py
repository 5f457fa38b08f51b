"""Vector instructions for rows of sixteen lanes, one 32-bit whole number each.

They are written in LLVM's own vectors because its optimiser does not find them in a loop over one array. They run on
every processor: where there are no registers of that length, LLVM uses shorter ones.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: How many sources are searched for at once.
LANES = 16
_INT = ir.IntType(32)
_ROW = ir.VectorType(_INT, LANES)


def _splat(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    nothing = ir.Constant(_ROW, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))


def _row(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, number: ir.Value) -> ir.Value:
    data = context.make_array(kind)(context, builder, array).data
    begin = builder.gep(data, [builder.mul(number, ir.Constant(number.type, LANES))])
    return builder.bitcast(begin, _ROW.as_pointer())


def _call_reduction(builder: ir.IRBuilder, name: str, row: ir.Value) -> ir.Value:
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_INT, [_ROW]), name)  # type: ignore[no-untyped-call]
    return builder.call(reduce, [row])


def _relax_row(_typing: Any, left: Any, _tail: Any, _head: Any, _ms: Any) -> tuple[Any, Any]:
    """Raise the lanes of `head` to those of `tail` less `ms`; return the highest lane that was raised, 0 if none."""
    signature = types.int32(left, types.uint64, types.uint64, types.int32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, tail, head, ms = arguments
        source = _row(context, builder, signature.args[0], array, tail)
        target = _row(context, builder, signature.args[0], array, head)
        offered = builder.sub(builder.load(source, align=4), _splat(builder, ms))
        present = builder.load(target, align=4)
        raised = builder.icmp_signed(">", offered, present)
        builder.store(builder.select(raised, offered, present), target, align=4)
        news = builder.select(raised, offered, ir.Constant(_ROW, [0] * LANES))
        return _call_reduction(builder, "llvm.vector.reduce.smax.v16i32", news)

    return signature, generate


def _meet_rows(_typing: Any, left: Any, _u: Any, _from_u: Any, _v: Any, _from_v: Any, out: Any) -> tuple[Any, Any]:
    """Fill `out` with the better of the lanes of `u` less `from_u` and of `v` less `from_v`.

    Return the lanes that are positive, one bit each.
    """
    signature = types.uint64(left, types.uint64, types.int32, types.uint64, types.int32, out)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, u, from_u, v, from_v, out = arguments
        at_u = builder.load(_row(context, builder, signature.args[0], array, u), align=4)
        at_v = builder.load(_row(context, builder, signature.args[0], array, v), align=4)
        by_u = builder.sub(at_u, _splat(builder, from_u))
        by_v = builder.sub(at_v, _splat(builder, from_v))
        best = builder.select(builder.icmp_signed(">", by_u, by_v), by_u, by_v)
        target = _row(context, builder, signature.args[5], out, ir.Constant(ir.IntType(64), 0))
        builder.store(best, target, align=4)
        above = builder.icmp_signed(">", best, ir.Constant(_ROW, [0] * LANES))
        return builder.zext(builder.bitcast(above, ir.IntType(LANES)), ir.IntType(64))

    return signature, generate


def _lowest_bit(_typing: Any, word: Any) -> tuple[Any, Any]:
    """Return the number of the lowest bit set in a word that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(word), generate


#: The three as numba calls them: without the typing context, which it adds itself.
relax_row: Any = intrinsic(_relax_row)
meet_rows: Any = intrinsic(_meet_rows)
lowest_bit: Any = intrinsic(_lowest_bit)
