"""Asking for memory before it is needed.

A row of a band is read once a step. The processor's own prefetcher follows a few streams within a
page; a band has five (depth, carry, two fields of flow, bed) of one page a row each, and the
arithmetic fills the window in which it could wait for several lines at once. Asked for a row ahead,
a block of columns at a time, they are there (docs/decisions/007 has what it gains). All lines of a
row at once gain nothing: the processor holds a few dozen of them under way and stops.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

AT_ONCE = 128  # columns that are computed between two requests: eight lines an array of float32
_LINE = 64  # bytes
_INTO_SECOND_LEVEL = 2  # a row and its work space do not fit the first level


@intrinsic
def fetch(typingctx, row, start):
    """Ask for the lines of AT_ONCE columns from row[start] on (one dimension, contiguous); changes
    nothing, may look past the row's end.
    """

    def generate(context, builder, signature, arguments):
        array, index = signature.args
        data = context.make_array(array)(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0",
        )
        begin = builder.bitcast(
            builder.gep(data, [context.cast(builder, arguments[1], index, types.intp)]), byte
        )
        for offset in range(0, AT_ONCE * array.dtype.bitwidth // 8, _LINE):
            place = builder.gep(begin, [ir.Constant(ir.IntType(64), offset)])
            builder.call(
                prefetch, [place, number(0), number(_INTO_SECOND_LEVEL), number(1)]
            )  # to be read; data, not instructions
        return context.get_dummy_value()

    return types.void(row, start), generate
