"""Simulated transients of a power grid with true labels.

``network`` holds the network in its steady state, ``stages`` what it is between two switchings,
``swing`` the simulation, ``scenarios`` the events drawn at random, ``labels`` what is true of a
simulation, ``rendering`` the way from voltages to gray, ``maps`` the whole way.
"""

from vaewidgets.datasets.power_grid.maps import make_power_grid, power_grid_buses

__all__ = ["make_power_grid", "power_grid_buses"]
