"""The synthetic reference city: streets, ground, sewers designed for it, sites. Nothing in it is a
real place.
"""

from flood_sim.city.build import City, reference_city
from flood_sim.city.parameters import CityParameters

__all__ = ["City", "CityParameters", "reference_city"]
