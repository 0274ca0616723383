"""How compiled kernels are kept: in one folder of one's own (cache_place.py), or nowhere.

Left to itself, Numba takes the next place it knows where a folder cannot be written, without a
word. What it loads is code. So here nothing is loaded from, or saved to, any other folder than the
one chosen at import. A folder that cannot be written is read. A file in it that cannot be read, is
cut, or holds something else, is compiled anew. What cannot be saved is compiled at each start, and
that is said.
"""

import contextlib
import logging
from pathlib import Path

from numba.core import sigutils
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator

from flood_kernels.cache_place import WAY_OUT, choose_folder
from flood_kernels.pipelines import rebuild

FOLDER = choose_folder()


def cache_folder() -> Path:
    """Where this process keeps compiled kernels; the same until it ends."""
    return FOLDER


class _Place(UserProvidedCacheLocator):
    """A folder below FOLDER, whether it can be written or not."""

    def __init__(self, py_func, py_file):
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno
        self._cache_path = str(FOLDER / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func, py_file):
        return cls(py_func, py_file)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = (_Place,)

    def rebuild(self, target_context, payload):
        return rebuild(target_context, payload)


_said: set[str] = set()


def _say_once(kind: str, text: str) -> None:
    if kind not in _said:
        _said.add(kind)
        logging.getLogger(__name__).warning(text)


class KernelCache(FunctionCache):
    """Numba's cache of one function, in FOLDER alone; trouble with its files costs a compilation,
    never the run.
    """

    _impl_class = _Implementation

    def load_overload(self, sig, target_context):
        """The compiled function for these types of arguments; None where there is none, or none
        that can be read.
        """
        try:
            found = super().load_overload(sig, target_context)
            if found is None or tuple(found.signature.args) == tuple(
                sigutils.normalize_signature(sig)[0]
            ):
                return found
            trouble = "it holds another function"  # of two processes that saved at once
        except MemoryError:
            raise
        except Exception as error:  # a cut file raises whatever its bytes happen to mean
            trouble = f"{type(error).__name__}: {error}"
        _say_once(
            "damaged",
            f"a compiled kernel in {self.cache_path} cannot be read ({trouble}); it is compiled"
            " anew",
        )
        with contextlib.suppress(OSError):  # save_overload says it
            self.flush()
        return None

    def save_overload(self, sig, data):
        """Keep a compiled function; where that fails, say so."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _say_once(
                "unkept",
                f"compiled kernels cannot be kept in {FOLDER} ({error.strerror or error}): each"
                f" start compiles them anew, some minutes; way out: {WAY_OUT}",
            )
