"""The row loops are vectorised, on every processor: a small edit silently loses a factor of two to
ten. Looked for in the generated assembly.
"""

import platform

import pytest

from assembly import faults, hot_loop, work
from flood_kernels.prefetch import AT_ONCE
from row_loops import (
    ASK_AHEAD,
    LEFT_OUT,
    MAIN,
    NOT_IN_VECTORS,
    PRECISIONS,
    TARGETS,
    calls,
    look_at,
    row_loops,
)

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly"
)
ROOTED = """
.LBB0_1:
	vmovups	(%rdi,%rax,4), %ymm0
	vmulps	%ymm0, %ymm1, %ymm0
	vsqrtps	%ymm0, %ymm0
	vcmpltps	%ymm0, %ymm2, %ymm3
	vfmadd213ps	(%rsi,%rax,4), %ymm0, %ymm2
	vmovups	%ymm2, (%rsi,%rax,4)
	addq	$8, %rax
	cmpq	%rax, %rcx
	jne	.LBB0_1
"""
LEFT_OVER = """
.LBB0_2:
	vmulss	(%rdi,%rax,4), %xmm1, %xmm0
	vsqrtss	%xmm0, %xmm0, %xmm0
	vucomiss	%xmm0, %xmm2
	vfmadd213ss	(%rsi,%rax,4), %xmm0, %xmm2
	incq	%rax
	jne	.LBB0_2
	retq
"""


def test_the_reader_counts_what_a_loop_does():
    assert dict(hot_loop(ROOTED + LEFT_OVER, "float32")) == {"ymm": 4}
    assert dict(work(LEFT_OVER.splitlines(), "float32")) == {"one": 3, "root": 1} and not work(
        LEFT_OVER.splitlines(), "float64"
    )
    assert faults(ROOTED + LEFT_OVER, "float32", "ymm") == []


@pytest.mark.parametrize(
    ("text", "width", "wrong"),
    [
        (LEFT_OVER, "ymm", "no loop works in vectors"),
        (ROOTED, "zmm", "4 operations on ymm, not zmm"),
        (ROOTED.replace("ymm", "xmm"), "ymm", "4 operations on xmm, not ymm"),
        (
            ROOTED.replace("vcmpltps\t%ymm0, %ymm2, %ymm3", "vcmpltps\t%xmm0, %xmm2, %xmm3"),
            "ymm",
            "1 operations on xmm, not ymm",
        ),
        (
            ROOTED.replace("vsqrtps\t%ymm0, %ymm0", "vsqrtss\t%xmm0, %xmm0, %xmm0"),
            "ymm",
            "1 roots of single numbers",
        ),
        (
            ROOTED.replace("vmulps\t%ymm0, %ymm1, %ymm0", "vmulss\t%xmm0, %xmm1, %xmm0"),
            "ymm",
            "1 operations on single numbers",
        ),
        (
            ROOTED.replace("vsqrtps", "vmovups").replace("vcmpltps", "vmovups") + LEFT_OVER,
            "ymm",
            "another loop does 4 operations on single numbers",
        ),
        (ROOTED.replace("ps\t", "pd\t"), "ymm", "no loop works in vectors"),
        (ROOTED.replace("jne\t.LBB0_1", "jne\t.LBB0_0"), "ymm", "no loop works in vectors"),
    ],
)
def test_the_reader_sees_what_is_lost(text, width, wrong):
    assert faults(text, "float32", width) == [wrong]


def test_single_roots_are_taken_where_registers_are_xmm():
    text = ROOTED.replace("vsqrtps\t%ymm0, %ymm0", "sqrtss\t%xmm0, %xmm0").replace("ymm", "xmm")
    assert faults(text, "float32", "xmm") == []


def test_before_avx2_integers_are_xmm_and_double_roots_are_single():
    mixed = ROOTED.replace("vcmpltps\t%ymm0, %ymm2, %ymm3", "vcmpltps\t%xmm0, %xmm2, %xmm3")
    rooted = ROOTED.replace("vsqrtps\t%ymm0, %ymm0", "vsqrtss\t%xmm0, %xmm0, %xmm0")
    doubles = ROOTED.replace("ps\t", "pd\t").replace("vsqrtpd\t%ymm0", "vsqrtsd\t%xmm0, %xmm0")
    assert faults(mixed, "float32", "avx") == faults(doubles, "float64", "avx") == []
    assert faults(rooted, "float32", "avx") == ["1 roots of single numbers"]
    half = ["4 operations on xmm, not ymm"]
    assert faults(ROOTED.replace("ymm", "xmm"), "float32", "avx") == half


def test_every_vectorised_loop_is_looked_at():
    names = {
        function.py_func.__name__ for precision in PRECISIONS for _, function, _ in calls(precision)
    }
    assert names == row_loops() - set(NOT_IN_VECTORS)


def held(found, seen):
    """No fault in as many loops; each loop asks for all lines of the next rows: 64 bytes each,
    AT_ONCE numbers a row, four rows or five.
    """
    assert found["faults"] == {} and found["seen"] == seen, found
    for name, asked in found["asked"].items():
        loop, precision = name.split()
        rows, size = (5, 4) if loop == "fold_cells" else (4, 4 if precision == "float32" else 8)
        assert asked >= rows * AT_ONCE * size // 64, name


def test_row_loops_are_vectorised_on_this_machine():
    found = look_at("all")
    left_out = LEFT_OUT.get(found["width"], {})
    held(found, len([name for p in PRECISIONS for name, *_ in calls(p) if name not in left_out]))
    assert {name.split()[0] for name in found["asked"]} == set(ASK_AHEAD)


@pytest.mark.parametrize("cpu", TARGETS)
def test_main_loops_are_vectorised_on_other_processors(cpu):
    """Compiled for them, never run. All loops and more processors:
    benchmarks/reliability/processors.py.
    """
    held(look_at("main", cpu, *TARGETS[cpu]), sum(map(len, MAIN.values())))
