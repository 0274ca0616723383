"""Many runs: portfolios x storms x draws x failure sets on dask.distributed; a catalogue, and what
it says of the projects.
"""

from flood_sim.study.spec.study import Study, list_studies, load_study

__all__ = ["Study", "list_studies", "load_study"]
