"""A scenario of ten minutes with sewers, as files."""

from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD, NETWORK

TEXT = (
    GOOD + '[drainage]\nkind = "swmm"\nnetwork = "n.inp"\ncoupling_step_s = 1\nrouting_step_s ='
    " 1\n[output]\ninterval_s = 60\n"
)


def written(folder, text=TEXT):
    """The scenario, loaded from its files in the folder."""
    (folder / "n.inp").write_text(NETWORK)
    (folder / "s.toml").write_text(text)
    return load_scenario(folder / "s.toml")
