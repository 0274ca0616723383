"""The tutorial is run as it stands: a user with a DEM and an .inp has a compared pair of portfolios
in fewer than ten commands.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_tutorial_works_in_fewer_than_ten_commands(tmp_path):
    blocks = re.findall(
        r"```sh\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert 5 < len(blocks) < 10
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = ""
    for block in blocks:
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert done.returncode == 0, block + done.stderr
        assert "Traceback" not in done.stderr
        said += done.stdout
    (damage,) = [
        line.split() for line in said.splitlines() if line.split()[:2] == ["outcome", "damage"]
    ]
    assert float(damage[3]) < float(damage[2]) and "cause:" in said
    page = (tmp_path / "my" / "before" / "report" / "report.html").read_text(encoding="utf-8")
    assert "sewers_and_green" in page and "<script src" not in page
    assert (tmp_path / "my" / "check" / "messages.csv").is_file() and (
        tmp_path / "my" / "both" / "measures.json"
    ).is_file()
