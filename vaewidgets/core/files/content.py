"""What a model file holds besides the networks, and the check of it when it is read."""

from __future__ import annotations

import math
import numbers
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

import torch

from vaewidgets.core.files.before import check_after
from vaewidgets.images import ImageRule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vaewidgets.core.loop.options import Options
    from vaewidgets.core.networks.registry import Architecture
    from vaewidgets.images import Images

# Who watched, where it was computed and where it was kept are no part of a model.
PASSING = {"device", "progress", "checkpoint"}
ENTRIES = {"parameters", "history", "outcome", "active_dimensions", "trained_with"}
LATER = {"image_rule"}  # entries that came later: older files lack them


class Model(Protocol):
    """What is asked of a model that is kept in a file."""

    checkpoint: Any
    history_: list[dict[str, float]]
    outcome_: str
    active_dimensions_: NDArray[np.bool_]
    trained_with_: dict[str, Any]
    image_rule_: ImageRule

    def __init__(self, **parameters: Any) -> None:
        """Take parameters by name; all have a default."""

    def get_params(self, deep: bool = ...) -> dict[str, Any]:
        """Return the parameters by name."""

    def check_params(self) -> None:
        """Raise ValueError or TypeError for a parameter that is not accepted."""

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size."""

    @classmethod
    def _check_content(cls, content: dict[str, Any], architecture: Architecture) -> None:
        """Raise ValueError or TypeError where a file's content does not belong to this model."""


def provenance(images: Images, seed: int, options: Options) -> dict[str, Any]:
    """Return what must be equal for another fit to give the same bits."""
    return {
        "vaewidgets": metadata.version("vaewidgets"),
        "torch": torch.__version__,
        "device": options.device.type,
        "n_threads": options.n_threads or "by pace",
        "seed": seed,
        "n_images": len(images),
        "images_sha256": images.fingerprint,
    }


def parameters_of(model: Model) -> dict[str, Any]:
    """Return the parameters that belong to a model, as plain JSON values."""
    return {
        name: _plain(value)
        for name, value in sorted(model.get_params(deep=False).items())
        if name not in PASSING
    }


def content_of(model: Model) -> dict[str, Any]:
    """Return parameters and history as plain JSON values."""
    return {
        "parameters": parameters_of(model),
        "history": model.history_,
        "outcome": model.outcome_,
        "active_dimensions": model.active_dimensions_.tolist(),
        "trained_with": model.trained_with_,
        "image_rule": model.image_rule_.as_dict(),
    }


def check_content(model: type[Model], content: dict[str, Any], architecture: Architecture) -> None:
    """Raise ValueError or TypeError where the content is not what :func:`content_of` writes."""
    if content.keys() - LATER != ENTRIES:
        raise ValueError(f"content has the entries {sorted(content)}, expected {sorted(ENTRIES)}")
    ImageRule.from_dict(content.get("image_rule"))
    parameters, history = content["parameters"], content["history"]
    expected = set(model().get_params(deep=False)) - PASSING
    if not isinstance(parameters, dict) or parameters.keys() != expected:
        raise ValueError(f"parameters must be exactly {sorted(expected)}")
    restored = model(**restored_parameters(parameters), device="cpu")
    restored.check_params()
    expected_here = restored.architecture(*_size(architecture))
    if expected_here.code == "given":  # how many codes, and how long, only the data told
        sizes: dict[str, Any] = {
            "n_latent": architecture.n_latent,
            "n_known": architecture.n_known,
        }
        expected_here = replace(expected_here, **sizes)
    if expected_here != architecture:
        raise ValueError("the parameters and the architecture do not belong together")
    if not isinstance(history, list) or not all(map(_is_record, history)):
        raise ValueError("history must be a list of tables of finite numbers")
    active = content["active_dimensions"]
    if (
        not isinstance(active, list)
        or len(active) != architecture.n_latent
        or not all(type(flag) is bool for flag in active)
    ):
        raise ValueError("active_dimensions must be one true or false for each dimension")
    if not isinstance(content["outcome"], str):
        raise ValueError("outcome must be a word")
    if not isinstance(content["trained_with"], dict):
        raise ValueError("trained_with must be a table")
    check_after(content)


def restored_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as they were given: JSON knows no tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }


def _size(architecture: Architecture) -> tuple[int, int, int]:
    return architecture.height, architecture.width, architecture.channels


def _is_record(record: Any) -> bool:
    """Whether this is one epoch of a history."""
    return isinstance(record, dict) and all(
        type(value) in {int, float} and math.isfinite(value) for value in record.values()
    )


def _plain(value: Any) -> Any:
    """Turn numpy numbers into Python's; what has no JSON form (a RandomState) into None."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return None
