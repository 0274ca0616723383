"""What the kernels' own pipelines rely on inside Numba is there, and used."""

import numba

from flood_kernels import pipelines


def test_the_names_of_what_is_inlined_are_copied_once(monkeypatch):
    """Numba would copy the scope with each block: a fifth of the time of a step."""
    scopes = []
    copied = pipelines._Copies.deepcopy

    def deepcopy(self, block):
        found = copied(self, block)
        if hasattr(found, "scope"):
            scopes.append(found.scope)
        return found

    monkeypatch.setattr(pipelines._Copies, "deepcopy", deepcopy)

    @numba.njit(inline="always")
    def larger(a, b):
        if a > b:
            return a
        return b

    @numba.njit(pipeline_class=pipelines.KernelCompiler)
    def kernel(a, b):
        return larger(a, b) + 1.0

    assert kernel(1.0, 2.0) == 3.0
    assert len(scopes) >= 3 * len({id(scope) for scope in scopes}) > 0


def test_a_numba_that_copies_otherwise_is_left_alone(monkeypatch):
    monkeypatch.delattr("numba.core.inline_closurecall.copy")
    with pipelines._names_copied_once():
        pass
