"""How Numba compiles kernels: with less of LLVM than by itself. LLVM takes two thirds of the time.

Numba optimises each function three times: alone, cheaply as a module (to find pairs of reference
counts, of which kernels have next to none), in full. Here the last alone. And it makes machine code
of each function, also of those that other kernels get as bitcode. Measured on local_inertial in
float32: 0.84 of the time.

What it inlines it copies twice, and with each block all names of the function: a fifth of the time
of a step. Here the blocks share one copy of the names.
"""

import contextlib
import copy

from llvmlite.binding import parse_bitcode
from numba.core import inline_closurecall, ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, CompileResult


class KernelLibrary(JITCodeLibrary):
    """The code of one kernel, optimised once."""

    def _optimize_functions(self, ll_module):
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self):
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


class _NoEngine:
    """Where a part's environment would be told to its machine code."""

    def set_env(self, name, environment):
        pass


class PartLibrary(KernelLibrary):
    """The code of a part of kernels: bitcode, no machine code."""

    KIND = "part"
    codegen = _NoEngine()

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self):
        return self.name, self.KIND, self._get_module_for_linking().as_bitcode()


class _Copies:
    """Stands for `copy` where Numba copies the blocks of what it inlines."""

    def __init__(self):
        self._scope = self._copied = None

    def deepcopy(self, block):
        if not isinstance(block, ir.Block):
            return copy.deepcopy(block)
        if block.scope is not self._scope:  # the first block of a function
            self._scope, self._copied = block.scope, copy.deepcopy(block.scope)
        return copy.deepcopy(block, {id(self._scope): self._copied})

    def __getattr__(self, name):
        return getattr(copy, name)


@contextlib.contextmanager
def _names_copied_once():
    """Numba's lock of compilers is held meanwhile. A Numba that copies otherwise does so."""
    before = getattr(inline_closurecall, "copy", None)
    if before is None:
        yield
        return
    inline_closurecall.copy = _Copies()
    try:
        yield
    finally:
        inline_closurecall.copy = before


class _Inlining(Compiler):
    """Numba's pipeline; the names of what is inlined are copied once."""

    def compile_extra(self, func):
        with _names_copied_once():
            return super().compile_extra(func)


class KernelCompiler(_Inlining):
    """The pipeline with a kernel's library."""

    library = KernelLibrary

    def compile_extra(self, func):
        self.state.library = self.library(self.state.targetctx.codegen(), func.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(func)


class PartCompiler(KernelCompiler):
    """The pipeline of what other kernels alone call."""

    library = PartLibrary


class NoAlias(_Inlining):
    """Numba's own pipeline with the arguments marked noalias: a row's output never is a row's
    input, and LLVM need not test it at run time. Vectorised loops are optimised as Numba does.
    """

    def __init__(self, typingctx, targetctx, library, args, return_type, flags, local_types):
        flags.noalias = True
        super().__init__(typingctx, targetctx, library, args, return_type, flags, local_types)


class _Kept:
    """A target context that takes parts, too, from the cache."""

    def __init__(self, context):
        self._context = context

    def __getattr__(self, name):
        return getattr(self._context, name)

    def codegen(self):
        return self

    def unserialize_library(self, kept):
        name, kind, data = kept
        codegen = self._context.codegen()
        if kind != PartLibrary.KIND:
            return codegen.unserialize_library(kept)
        part = PartLibrary(codegen, name)
        part._shared_module = part._final_module = parse_bitcode(data)
        part._finalized = True
        return part


def rebuild(context, payload):
    """The compile result that the cache holds."""
    found = CompileResult._rebuild(_Kept(context), *payload)
    return found._replace(target_context=context)
