"""Integers as wide as the floats beside them, and choices that read both sides."""

import numba
import numpy as np
import pytest

from flood_kernels.vectors import choose, whole


@pytest.mark.parametrize(("real", "width"), [(np.float32, np.int32), (np.float64, np.int64)])
def test_a_whole_number_is_as_wide_as_the_floats_beside_it(real, width):
    compiled = numba.njit(lambda number, like: whole(number, like))
    for like in (real(0.5), np.full(3, 0.5, real)):
        for number in (True, 7, np.int64(7)):
            assert type(whole(number, like)) is width and whole(number, like) == compiled(
                number, like
            ) == int(number)
    assert {signature.return_type for signature in compiled.nopython_signatures} == {
        numba.from_dtype(np.dtype(width))
    }


def test_a_choice_takes_one_side_bit_for_bit():
    compiled = numba.njit(lambda condition, yes, no: choose(condition, yes, no))
    for yes, no in ((np.float32(-0.0), np.float32(np.nan)), (np.float32(1e-45), np.float32(2.0))):
        assert (
            np.float32(compiled(True, yes, no)).tobytes() == yes.tobytes()
            and np.float32(compiled(False, yes, no)).tobytes() == no.tobytes()
        )
