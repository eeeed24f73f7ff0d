"""Finding encoder and decoder in what somebody trained, and reading what they give."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

Spread = Tensor | None


def both(encoder: Any, decoder: Any) -> tuple[Any, Any]:
    """Find encoder and decoder of one module that has both."""
    for name, part in (("encoder", encoder), ("decoder", decoder)):
        if not callable(part) and not (part is None and name == "decoder"):
            raise TypeError(
                f"{name} is {part!r}; accepted: a torch module, or a function of tensors"
            )
        if isinstance(part, type):
            raise TypeError(f"{name} is the class {part.__name__}; accepted: a trained module")
    if decoder is not None:
        found = getattr(decoder, "decode", None) if isinstance(decoder, nn.Module) else None
        return encoder_of(encoder), found if callable(found) else decoder
    if not isinstance(encoder, nn.Module):
        return encoder, None
    if callable(getattr(encoder, "encode", None)):
        return encoder.encode, getattr(encoder, "decode", None)
    parts = (getattr(encoder, "encoder", None), getattr(encoder, "decoder", None))
    return parts if all(isinstance(part, nn.Module) for part in parts) else (encoder, None)


def encoder_of(encoder: Any) -> Any:
    """Return what encodes of a module that may do more."""
    found = getattr(encoder, "encode", None) if isinstance(encoder, nn.Module) else None
    return found if callable(found) else encoder


def module_of(part: Any) -> nn.Module | None:
    """Return the module that a part is, or is a method of."""
    owner = getattr(part, "__self__", part)
    return owner if isinstance(owner, nn.Module) else None


def copied(part: Any, name: str, memo: dict[int, Any]) -> Any:
    """Copy a module, or the module of a method, frozen and in eval mode; functions as they are."""
    module = module_of(part)
    if module is None:
        return part
    try:
        copied = copy.deepcopy(module, memo).eval().requires_grad_(False)
    except (RuntimeError, TypeError) as error:
        raise TypeError(
            f"{name}: {type(module).__name__} cannot be copied ({error}); accepted: a function "
            "that calls it"
        ) from error
    return copied if module is part else getattr(copied, part.__name__)


def mean_and_std(encoded: Any, spread: str) -> tuple[Tensor, Spread]:
    """Read what an encoder gave."""
    encoded = getattr(encoded, "latent_dist", encoded)
    if isinstance(encoded, Tensor):
        return encoded, None
    if isinstance(encoded, (tuple, list)) and all(isinstance(part, Tensor) for part in encoded):
        if len(encoded) == 1:
            return encoded[0], None
        if len(encoded) in (2, 3):  # (mean, spread), or (images, mean, spread)
            mean, second = encoded[-2:]
            return mean, second if spread == "std" else torch.exp(0.5 * second)
    mean = getattr(encoded, "mean", None)
    for name in ("stddev", "std"):
        std = getattr(encoded, name, None)
        if isinstance(mean, Tensor) and isinstance(std, Tensor):
            return mean, std
    raise TypeError(
        f"encoder gives {named(encoded)}; accepted: a tensor, (mean, log_var), or a distribution "
        "with mean and stddev. Pass a function that picks one: lambda x: net(x).pooler_output"
    )


def tensor_of(decoded: Any, name: str) -> Tensor:
    """Read what a decoder gave: a tensor, the first of several, or that of an object."""
    if isinstance(decoded, (tuple, list)) and decoded:
        decoded = decoded[0]
    sample = getattr(decoded, "sample", None)
    mean = getattr(decoded, "mean", None)
    if isinstance(sample, Tensor):
        decoded = sample
    elif isinstance(mean, Tensor):
        decoded = mean
    if not isinstance(decoded, Tensor):
        raise TypeError(f"{name} gives {named(decoded)}; accepted: a tensor of images")
    return decoded


def check_encoded(mean: Tensor, std: Spread, again: Tensor) -> None:
    """Refuse codes that no widget could work with."""
    if mean.dim() < 2 or len(mean) != 2 or mean.numel() == 0:
        raise ValueError(f"encoder gives codes of shape {tuple(mean.shape)} for 2 images")
    if std is not None and std.shape != mean.shape:
        raise ValueError(
            f"encoder gives a mean of shape {tuple(mean.shape)} and a spread of "
            f"{tuple(std.shape)}; accepted: equal shapes"
        )
    if not torch.allclose(mean, again, rtol=1e-3, atol=1e-3, equal_nan=True):
        raise ValueError(
            "encoder gives other codes for the same images each time: does it sample? Accepted: "
            "one that returns the mean, or the mean and a spread"
        )


def named(given: Any) -> str:
    """Name what a network gave."""
    if isinstance(given, (tuple, list)):
        return f"{len(given)} things ({', '.join(type(part).__name__ for part in given[:4])})"
    return type(given).__name__
