"""Codes to points in the plane, and the child process that t-SNE and UMAP run in.

``projection`` is the way in, ``embedding`` the program of the child, ``process`` starts, follows
and ends it.
"""

from vaewidgets.projections.projection import (
    LABELS,
    METHODS,
    Projection,
    ProjectionJob,
    project,
    project_in_background,
)

__all__ = [
    "LABELS",
    "METHODS",
    "Projection",
    "ProjectionJob",
    "project",
    "project_in_background",
]
