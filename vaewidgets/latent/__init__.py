"""Moving in latent space: what a model must offer, paths, groups, informative dimensions.

``models`` says what is taken for a model, ``paths`` leads from one image or group to another,
``arithmetic`` changes codes, ``dimensions`` tells which of them matter.
"""

from vaewidgets.latent.arithmetic import attribute_direction, move_along, traverse
from vaewidgets.latent.dimensions import active_dimensions, information
from vaewidgets.latent.models import (
    FlatModel,
    LatentModel,
    as_model,
    check_codes,
    encode,
    has_inverse,
    has_posterior,
    images_for,
    rule_of,
    shape_of,
)
from vaewidgets.latent.paths import PATHS, group_path, path, sample_along

__all__ = [
    "PATHS",
    "FlatModel",
    "LatentModel",
    "active_dimensions",
    "as_model",
    "attribute_direction",
    "check_codes",
    "encode",
    "group_path",
    "has_inverse",
    "has_posterior",
    "images_for",
    "information",
    "move_along",
    "path",
    "rule_of",
    "sample_along",
    "shape_of",
    "traverse",
]
