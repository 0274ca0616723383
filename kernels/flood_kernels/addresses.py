"""A compiled kernel handed to another one by its address. The caller is then compiled without it:
else Numba puts a copy of it into every caller, and LLVM optimises each copy again.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.errors import TypingError
from numba.extending import (
    NativeValue,
    intrinsic,
    register_model,
    typeof_impl,
    unbox,
)


class AddressType(types.Type):
    """Where a function of these argument types lies, which returns nothing."""

    def __init__(self, arguments):
        self.arguments = tuple(arguments)
        self._hash = hash(self.arguments)
        super().__init__(f"Address({', '.join(str(a) for a in self.arguments)})")

    @property
    def key(self):
        return self.arguments

    def __hash__(self):  # asked at every call: half a millisecond where it is counted anew
        return self._hash

    def __reduce__(self):
        return AddressType, (self.arguments,)  # another process hashes otherwise


class Address:
    """A dispatcher's function for some types of arguments; compiled, or read from the cache,
    here.
    """

    def __init__(self, dispatcher, arguments):
        """dispatcher : of a function that returns nothing; arguments : its Numba types."""
        dispatcher.compile(tuple(arguments))
        self._kept = dispatcher.overloads[tuple(arguments)]  # its code lives as long as this object
        if self._kept.signature.return_type != types.none:
            raise TypeError(f"{dispatcher} returns something")
        library, name = self._kept.library, self._kept.fndesc.llvm_func_name
        self.number = library.get_pointer_to_function(name)
        if not self.number:
            raise RuntimeError(f"{dispatcher} has no address")
        self.numba_type = AddressType(arguments)


class NoAddress:
    """Stands where a kernel of these types is not called."""

    number = 0

    def __init__(self, arguments):
        self.numba_type = AddressType(arguments)


@typeof_impl.register(NoAddress)
@typeof_impl.register(Address)
def _typeof(value, context):
    return value.numba_type


@register_model(AddressType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.IntType(64))


@unbox(AddressType)
def _unbox(kind, value, context):
    held = context.pyapi.object_getattr_string(value, "number")
    number = context.pyapi.long_as_longlong(held)
    context.pyapi.decref(held)
    return NativeValue(number)


@intrinsic
def call(typingctx, address, arguments):
    """Call the function at `address` with a tuple of arguments of exactly its types."""
    if not isinstance(address, AddressType) or not isinstance(arguments, types.BaseTuple):
        return None
    given = tuple(types.unliteral(a) for a in arguments.types)
    if given != address.arguments:
        wrong = [(a, b) for a, b in zip(given, address.arguments, strict=False) if a != b]
        raise TypingError(f"the kernel at this address takes other types: {wrong}")

    def generate(context, builder, signature, values):
        kinds = signature.args[1].types
        handed = cgutils.unpack_tuple(builder, values[1])
        handed = [
            context.cast(builder, value, kind, wanted)
            for value, kind, wanted in zip(handed, kinds, address.arguments, strict=True)
        ]
        convention = context.call_conv
        kind = convention.get_function_type(types.none, address.arguments)
        place = builder.inttoptr(values[0], kind.as_pointer())
        status, _ = convention.call_function(builder, place, types.none, address.arguments, handed)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(address, arguments), generate
