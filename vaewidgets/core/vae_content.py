"""What the file of a VAE holds besides the networks, and the check of it when it is read."""

from __future__ import annotations

import math
import numbers
from importlib import metadata
from typing import TYPE_CHECKING, Any

import torch

from vaewidgets.core.objectives import LIKELIHOODS

if TYPE_CHECKING:
    from vaewidgets.core.networks.registry import Architecture
    from vaewidgets.core.training import Options
    from vaewidgets.core.vae import VAE
    from vaewidgets.images import Images

# Of the parameters only those: who watched, and where it was computed, are no part of a model.
PARAMETERS = {
    "n_latent",
    "network",
    "likelihood",
    "beta",
    "warm_up",
    "max_epochs",
    "batch_size",
    "learning_rate",
    "random_state",
    "n_threads",
}
ENTRIES = {"parameters", "history", "outcome", "active_dimensions", "trained_with"}


def provenance(images: Images, seed: int, options: Options) -> dict[str, Any]:
    """Return what must be equal for another fit to give the same bits."""
    return {
        "vaewidgets": metadata.version("vaewidgets"),
        "torch": torch.__version__,
        "device": options.device.type,
        "n_threads": options.n_threads or torch.get_num_threads(),
        "seed": seed,
        "n_images": len(images),
        "images_sha256": images.fingerprint,
    }


def content_of(vae: VAE) -> dict[str, Any]:
    """Return parameters and history as plain JSON values."""
    parameters = {name: _plain(getattr(vae, name)) for name in sorted(PARAMETERS)}
    return {
        "parameters": parameters,
        "history": vae.history_,
        "outcome": vae.outcome_,
        "active_dimensions": vae.active_dimensions_.tolist(),
        "trained_with": vae.trained_with_,
    }


def check_content(content: dict[str, Any], architecture: Architecture) -> None:
    """Raise ValueError where the content is not what :func:`content_of` writes."""
    if content.keys() != ENTRIES:
        raise ValueError(f"content has the entries {sorted(content)}, expected {sorted(ENTRIES)}")
    parameters, history = content["parameters"], content["history"]
    if not isinstance(parameters, dict) or parameters.keys() != PARAMETERS:
        raise ValueError(f"parameters must be exactly {sorted(PARAMETERS)}")
    if not all(value is None or type(value) in {str, int, float} for value in parameters.values()):
        raise ValueError("parameters must be names and numbers")
    if parameters["n_latent"] != architecture.n_latent:
        raise ValueError("n_latent in parameters and in architecture differ")
    if parameters["likelihood"] not in LIKELIHOODS:
        raise ValueError(f"likelihood is {parameters['likelihood']!r}")
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


def _is_record(record: Any) -> bool:
    """Whether this is one epoch of a history."""
    return isinstance(record, dict) and all(
        type(value) in {int, float} and math.isfinite(value) for value in record.values()
    )


def _plain(value: Any) -> Any:
    """Turn numpy numbers into Python's; what has no JSON form (a RandomState) into None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else None
