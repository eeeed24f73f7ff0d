"""Groups of images found without labels, and how well they agree with labels.

``methods`` is the way in; ``mixtures``, ``trees``, ``density`` and ``graphs`` hold the methods,
``settings`` what each can be asked for, ``louvain`` the communities of a graph, ``starts`` the
choice among restarts, ``samples`` what large collections need; ``clustering`` is what comes out,
``scores`` compares it with true classes.
"""

from vaewidgets.clusters.clustering import NOISE, Clustering, Representatives
from vaewidgets.clusters.methods import METHODS, cluster
from vaewidgets.clusters.scores import scores

__all__ = ["METHODS", "NOISE", "Clustering", "Representatives", "cluster", "scores"]
