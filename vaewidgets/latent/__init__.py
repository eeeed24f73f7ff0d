"""Moving in latent space: what a model must offer, paths, groups, informative dimensions.

``models`` says what is taken for a model, ``asking`` what it is asked, ``flat`` makes one of
scikit-learn's transformers, ``paths`` leads from one image or group to another,
``arithmetic`` changes codes, ``dimensions`` tells which of them matter.
"""

from vaewidgets.latent.arithmetic import attribute_direction, move_along, traverse
from vaewidgets.latent.asking import (
    Decodes,
    Encodes,
    HasSpread,
    LatentModel,
    check_codes,
    encode,
    encodes,
    has_inverse,
    has_posterior,
    images_for,
    rule_of,
    shape_of,
)
from vaewidgets.latent.dimensions import active_dimensions, information
from vaewidgets.latent.flat import FlatModel
from vaewidgets.latent.models import as_model
from vaewidgets.latent.paths import PATHS, group_path, path, sample_along

__all__ = [
    "PATHS",
    "Decodes",
    "Encodes",
    "FlatModel",
    "HasSpread",
    "LatentModel",
    "active_dimensions",
    "as_model",
    "attribute_direction",
    "check_codes",
    "encode",
    "encodes",
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
