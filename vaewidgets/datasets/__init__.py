"""Collections to begin with: embedded, downloaded and simulated ones.

``embedded`` holds what comes with the installed packages, ``mnist`` the MNIST family,
``power_grid`` simulated transients of a power grid with true labels.
"""

from vaewidgets.datasets.embedded import load_digits
from vaewidgets.datasets.mnist import load_fashion_mnist, load_mnist
from vaewidgets.datasets.power_grid import make_power_grid, power_grid_buses

__all__ = [
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "make_power_grid",
    "power_grid_buses",
]
