"""Codes to points in the plane or to fewer dimensions, and the process that does it.

``projection`` is the way to maps, ``reduction`` the way to codes for clustering; ``embedding`` is
the program of the child in which t-SNE and UMAP run, ``process`` starts, follows and ends it, and
``rows`` makes codes ready for it.
"""

from vaewidgets.projections.projection import (
    LABELS,
    METHODS,
    Projection,
    ProjectionJob,
    as_method,
    project,
    project_in_background,
)
from vaewidgets.projections.reduction import Reduction, reduce_codes

__all__ = [
    "LABELS",
    "METHODS",
    "Projection",
    "ProjectionJob",
    "Reduction",
    "as_method",
    "project",
    "project_in_background",
    "reduce_codes",
]
