"""`python -m flood_sim.cli`: the console without its script."""

from flood_sim.cli.entry import main

main()
