"""What SWMM would open for an .inp: our reading of its lines, tokens and sections, and what it is
given instead.
"""

import numpy as np
import pytest

from flood_sim.core.errors import InputError
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.drainage.inp_files import LONGEST_LINE, SECTIONS, close_files, section_of, tokens

HEAD = "[OPTIONS]\nFLOW_UNITS CMS\n"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('a  "b c"\td;e', ["a", "b c", "d"]),
        ('"a"b', ["a", "b"]),
        ('a"b c"', ['a"b', 'c"']),
        ('"open to the end', ["open to the end"]),
        ('"a;b"', ["a"]),
        (" \t\r", []),
        ("a\x0bb\u00a0c", ["a\x0bb\u00a0c"]),
        ('""x', ["", "x"]),
    ],
)
def test_tokens_are_swmms(line, found):
    assert tokens(line) == found


def test_sections_are_found_by_their_first_letters():
    assert section_of("[files]") == section_of("[FILEX") == "[FILE" and section_of("[FIL]") is None
    assert all(section_of(name + "S]") == name for name in SECTIONS if name not in ("[INLET",))


def test_a_data_file_is_named_by_its_whole_path_and_a_used_one_is_a_copy(tmp_path):
    """Blanks in names, a comment behind; SWMM opens USE files for writing: the user's stays as it
    is.
    """
    (tmp_path / "my rain.dat").write_text("x")
    (tmp_path / "hot.hsf").write_text("hot")
    (tmp_path / "n.inp").write_text(
        HEAD + '[TIMESERIES]\nT FILE "my rain.dat" ; comment\n[FILES]\nUSE HOTSTART hot.hsf\n'
    )
    (tmp_path / "work").mkdir()
    inp = close_files(read_inp(tmp_path / "n.inp"), tmp_path / "work")
    assert f'T FILE "{tmp_path / "my rain.dat"}"' in inp.lines
    used = tokens(inp.lines[-1])
    assert used[:2] == ["USE", "HOTSTART"] and used[2].startswith(str(tmp_path / "work"))


def test_every_line_is_told_at_once(tmp_path):
    (tmp_path / "n.inp").write_text(
        HEAD + "[FILES]\nSAVE OUTFLOWS x\nUSE RDII ../y\n[TIMESERIES]\nT FILE /etc/passwd\n"
    )
    with pytest.raises(InputError) as error:
        read_inp(tmp_path / "n.inp")
    assert [f.place for f in error.value.findings] == [
        "n.inp, line 4",
        "n.inp, line 5",
        "n.inp, line 7",
    ]
    assert {f.code for f in error.value.findings} == {"E106"} and "remove the line" in str(
        error.value
    )


def test_allowed_folders_are_allowed(tmp_path):
    for name in ("nets", "rain"):
        (tmp_path / name).mkdir()
    (tmp_path / "rain" / "a.dat").write_text("x")
    (tmp_path / "nets" / "n.inp").write_text(HEAD + "[TIMESERIES]\nT FILE ../rain/a.dat\n")
    read_inp(tmp_path / "nets" / "n.inp", (tmp_path,))
    with pytest.raises(InputError, match="leaves the scenario's folder"):
        read_inp(tmp_path / "nets" / "n.inp", (tmp_path / "nets",))


def test_what_swmm_would_split_otherwise_is_refused_or_cut(tmp_path):
    """A long comment is cut: SWMM would read its end as a line; a long line of data, a line break
    in a name and an odd header are refused.
    """
    long = close_files(InpFile(tmp_path / "n.inp", ["[JUNCTIONS]", "J 1 2 ;" + "x" * 2000]))
    assert long.lines[1] == "J 1 2"
    for lines in (["J " + "1 " * LONGEST_LINE], ["J\n[FILES]"], ['"[FILES]"'], ["[SECRETS]"]):
        with pytest.raises(InputError, match="E401"):
            close_files(InpFile(tmp_path / "n.inp", ["[JUNCTIONS]", *lines]))


def test_random_lines_never_name_a_file_that_is_not_looked_at(tmp_path):
    """Drawn from the parts of such lines: whatever passes holds no SAVE and no path outside, by a
    second reading of the text.
    """
    draw = np.random.default_rng(11)
    parts = [
        "[FILES]",
        "[files",
        '"[FILE"',
        "[TIMESERIES]",
        "[TITLE]",
        " ",
        "\t",
        '"',
        ";",
        "SAVE",
        "USE",
        "OUTFLOWS",
        "T",
        "FILE",
        "/etc/passwd",
        "\n",
        "x" * 1020,
    ]
    passed = 0
    for _ in range(3000):
        text = "".join(draw.choice(parts, draw.integers(1, 14)))
        try:
            inp = close_files(InpFile(tmp_path / "n.inp", text.split("\n")))
        except InputError:
            continue
        passed += 1
        section = ""
        for line in (
            chunk
            for whole in inp.lines
            for chunk in (whole[k : k + 1023] for k in range(0, len(whole) + 1, 1023))
        ):
            head = line.split(";")[0].replace('"', " ").split()
            if line.lstrip(" \t").startswith("["):
                section = head[0].upper()
            elif section.startswith("[FILE"):
                assert not head or (head[0].upper() == "USE" and "/etc/passwd" not in head), text
            elif (
                section.startswith("[TIMESERIES")
                and len(head) > 2
                and head[1] == "FILE"
                and line.lstrip(" \t")[:1] != '"'
            ):
                assert "/etc/passwd" not in head[2], text
    assert passed > 300
