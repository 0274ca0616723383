"""Reads x86 assembly: how wide the vectors of a loop are. Numba's own inspect_asm gives the text
(AT&T syntax); nothing here is run.
"""

import re
from collections import Counter

# Sums, products, quotients, roots, comparisons: of packed (p) or single (s) numbers, in float32 (s)
# or float64 (d).
WORK = re.compile(
    r"v?(?P<name>add|sub|mul|div|sqrt|min|max|u?comi|cmp\w*?|fn?m(?:add|sub)(?:132|213|231)?)(?P<many>[ps]?)(?P<kind>[sd])$"
)
REGISTERS = ("xmm", "ymm", "zmm")  # 16, 32, 64 bytes
SUFFIX = {"float32": "s", "float64": "d"}


def blocks(assembly):
    """Label and instructions of each stretch between two labels."""
    name, lines, found = "", [], []
    for line in assembly.splitlines():
        if label := re.match(r"([.\w$]+):", line):
            found.append((name, lines))
            name, lines = label[1], []
        elif re.match(r"\s+[a-z]", line):
            lines.append(line.strip())
    return [*found, (name, lines)]


def is_loop(name, lines):
    """Whether a block jumps back to its own beginning: vectorised loops have no branch inside."""
    return any(re.match(rf"j\w+\s+{re.escape(name)}$", line) for line in lines)


def work(lines, precision):
    """Operations of this precision by the widest register they use; single numbers under "one", but
    "root" for single roots.
    """
    found = Counter()
    for line in lines:
        operation = WORK.match(line.split()[0]) if line.strip() else None
        if operation and operation["kind"] == SUFFIX[precision]:
            if operation["many"] == "p":
                found[max((r for r in REGISTERS if f"%{r}" in line), key=REGISTERS.index)] += 1
            else:
                found["root" if operation["name"] == "sqrt" else "one"] += 1
    return found


def loops(assembly, precision):
    """Work of each loop."""
    return [work(lines, precision) for name, lines in blocks(assembly) if is_loop(name, lines)]


def hot_loop(assembly, precision):
    """Work of the block that does most of it in vectors; empty where no loop uses any."""
    return max(
        loops(assembly, precision),
        key=lambda w: sum(2**n * w[r] for n, r in enumerate(REGISTERS)),
        default=Counter(),
    )


def faults(assembly, precision, width):
    """What keeps a row loop from full vectors of an instruction set; no text: it has them. width :
    its register, or "avx": AVX without AVX2.

    - One loop works in registers of this width, and in no narrower one: a number of another size
    beside the floats would halve them.
    - Nothing in it is done number by number. Roots may be where the registers are xmm: LLVM takes
    packed ones for no faster there. The same with AVX alone: its integers, and so what is selected
    by them, are xmm, and its packed double roots are no faster.
    - It does at least what any other loop does number by number: what is left over at the end of a
    row, not the row.
    """
    hot = hot_loop(assembly, precision)
    if not any(hot[r] for r in REGISTERS):
        return ["no loop works in vectors"]
    before_avx2, width = width == "avx", "ymm" if width == "avx" else width
    narrower = [r for r in REGISTERS if hot[r] and r != width]
    if before_avx2 and hot["ymm"]:
        narrower = []
    found = [f"{hot[r]} operations on {r}, not {width}" for r in narrower]
    if hot["one"]:
        found.append(f"{hot['one']} operations on single numbers")
    slow_roots = width == "xmm" or (before_avx2 and precision == "float64")
    if hot["root"] and not slow_roots:
        found.append(f"{hot['root']} roots of single numbers")
    most = max(w["one"] + w["root"] for w in loops(assembly, precision))
    if sum(hot[r] for r in REGISTERS) + hot["root"] < most:
        found.append(f"another loop does {most} operations on single numbers")
    return found
