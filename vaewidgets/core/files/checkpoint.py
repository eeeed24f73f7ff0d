"""Model files: a directory with ``manifest.json`` and ``weights.safetensors``.

While a model is trained, ``training.safetensors`` beside them holds what else the training needs
to go on. The manifest says what the model is in names and numbers, and holds the SHA-256 of the
other files, for neither JSON nor safetensors notices a flipped bit. Nothing in a file is
imported, unpickled or executed. Everything is checked before a tensor is handed out: a file is
loaded whole or refused with one kind of error, :class:`CheckpointError`, that gives the reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors

from vaewidgets.core.loop.resume import Snapshot
from vaewidgets.core.networks.registry import Architecture, EncoderDecoder, channels_last
from vaewidgets.disk import flush_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMAT = "vaewidgets-model"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
TRAINING = "training.safetensors"
MAX_MANIFEST = 16 * 2**20  # bytes; a history of 300 epochs takes 0.05 MB
MAX_HEADER = 2**20  # bytes of safetensors header; a header of 66 MB took 55 s and 2 GB to parse


class CheckpointError(ValueError):
    """A model file that cannot be trusted or read; the message gives the reason."""


@dataclass(frozen=True)
class Checkpoint:
    """A model as it is kept in a file.

    Attributes
    ----------
    model : str
        Which estimator ("VAE").
    networks : EncoderDecoder
        The trained networks, on the CPU when loaded.
    content : dict
        What the estimator keeps besides: plain JSON values, to be checked by the estimator.
    training : Snapshot or None
        Where its training stands; None once that has ended.
    """

    model: str
    networks: EncoderDecoder
    content: dict[str, Any]
    training: Snapshot | None = None


def stands(path: str | os.PathLike[str]) -> bool:
    """Whether there is something at ``path`` that :func:`load_checkpoint` would read.

    An empty directory is none.
    """
    target = _target(path)
    if target.is_dir():
        return any(target.iterdir())
    return target.exists() or _previous(target).exists()


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a model, replacing an older one there; a crash at any moment leaves a whole model.

    The files are written beside, flushed to the disk, and take their place by renaming; the
    older model is kept as ``.<name>.previous`` until the new one stands, and
    :func:`load_checkpoint` finds it there should the machine stop between the two renamings.

    Parameters
    ----------
    path : path
        Directory of the model; its parent must exist.
    checkpoint : Checkpoint
        What is written.

    Raises
    ------
    FileExistsError
        There is something else than a model at ``path``.
    FileNotFoundError
        The folder around it does not exist.
    OSError
        The disk is full, read-only, ...; what was there before still is.
    """
    target = _target(path)
    _refuse_to_replace(target)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to save a model in")
    files = {WEIGHTS: _packed(checkpoint.networks.state_dict())}
    training = checkpoint.training
    if training is not None:
        files[TRAINING] = _packed(_beside_weights(training.tensors))
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": checkpoint.model,
        "architecture": checkpoint.networks.architecture.as_dict(),
        "weights": _entry(files[WEIGHTS]),
        "training": None
        if training is None
        else {"file": _entry(files[TRAINING]), "numbers": training.numbers},
        "content": checkpoint.content,
    }
    text = json.dumps(manifest, indent=1, allow_nan=False).encode()
    beside = target.with_name(f".{target.name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        beside.mkdir()
        for name, raw in files.items():
            _write(beside / name, raw)
        _write(beside / MANIFEST, text)
        flush_folder(beside)
        _swap(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def load_checkpoint(
    path: str | os.PathLike[str],
    model: str,
    check_content: Callable[[dict[str, Any], Architecture], None],
) -> Checkpoint:
    """Read a model whole, or refuse it.

    Parameters
    ----------
    path : path
        Directory written by :func:`save_checkpoint`.
    model : str
        The estimator that is expected.
    check_content : callable
        The estimator's check of its ``content``; raises where something is wrong.

    Raises
    ------
    CheckpointError
        Anything missing, damaged, too large, of another kind, or not what the manifest says.
    """
    directory = _target(path)
    if not directory.exists() and _previous(directory).exists():
        directory = _previous(directory)
    with _one_error(directory):
        manifest = _read_manifest(directory)
        if manifest["model"] != model:
            raise CheckpointError(f"it holds a {manifest['model']!r}, not a {model!r}")
        sizes = manifest["architecture"]
        if not isinstance(sizes, dict):
            raise CheckpointError("architecture is not a table of names and integers")
        architecture = Architecture(**sizes)
        check_content(manifest["content"], architecture)
        networks = architecture.outline()  # shapes only: nothing is allocated yet
        weights = _read_weights(directory, manifest["weights"], networks)
        networks.load_state_dict(weights, assign=True)
        training = _read_training(directory, manifest["training"], networks)
        channels_last(networks)
        networks.eval().requires_grad_(False)
        return Checkpoint(model, networks, manifest["content"], training)


@contextmanager
def _one_error(directory: Path) -> Iterator[None]:
    """Turn whatever reading raises into a CheckpointError that names the directory."""
    try:
        yield
    except (
        CheckpointError,
        OSError,
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
        RuntimeError,
        SafetensorError,
    ) as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"cannot load the model in {directory}: {reason}") from error


def _read_manifest(directory: Path) -> dict[str, Any]:
    """Read the manifest and check its outline."""
    raw = _read(directory / MANIFEST, MAX_MANIFEST)
    try:
        manifest = json.loads(raw, parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{MANIFEST} is not JSON ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise CheckpointError(f"{MANIFEST} is not of the format {FORMAT!r}")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise CheckpointError(
            f"format_version is {version!r}; this version of vaewidgets reads {FORMAT_VERSION}"
        )
    expected = {"format", "format_version", "model", "architecture", "weights", "training"}
    expected.add("content")
    if manifest.keys() != expected:
        raise CheckpointError(
            f"{MANIFEST} has the entries {sorted(manifest)}, expected {sorted(expected)}"
        )
    if not isinstance(manifest["content"], dict):
        raise CheckpointError("content is not a table")
    return manifest


def _read_weights(
    directory: Path, entry: Any, networks: EncoderDecoder
) -> dict[str, torch.Tensor]:
    """Read the weights; check bytes against the manifest and tensors against the shapes."""
    wanted = networks.state_dict()
    tensors = _read_tensors(directory / WEIGHTS, entry, _size(wanted))
    _check_tensors(tensors, wanted)
    return tensors


def _read_training(directory: Path, entry: Any, networks: EncoderDecoder) -> Snapshot | None:
    """Read the state of a training; what it holds is checked where it is put back."""
    if entry is None:
        return None
    if not isinstance(entry, dict) or entry.keys() != {"file", "numbers"}:
        raise CheckpointError("training must give exactly file and numbers")
    if not isinstance(entry["numbers"], dict):
        raise CheckpointError("the numbers of the training are not a table")
    weights = networks.state_dict()
    # the weights of the last epoch, two moments of each, and the generators
    tensors = _read_tensors(directory / TRAINING, entry["file"], 4 * _size(weights) + MAX_HEADER)
    tensors |= {f"module.{name}": tensor for name, tensor in weights.items()}
    return Snapshot(tensors, entry["numbers"])


def _read_tensors(file: Path, entry: Any, most: int) -> dict[str, torch.Tensor]:
    """Read a file of tensors of at most ``most`` bytes and check it against the manifest."""
    if not isinstance(entry, dict) or entry.keys() != {"bytes", "sha256"}:
        raise CheckpointError(f"the entry of {file.name} must give exactly bytes and sha256")
    raw = _read(file, most + MAX_HEADER)
    if len(raw) != entry["bytes"]:
        raise CheckpointError(f"{file.name} has {len(raw)} bytes, the manifest {entry['bytes']!r}")
    if hashlib.sha256(raw).hexdigest() != entry["sha256"]:
        raise CheckpointError(f"{file.name} is damaged: its SHA-256 is not that of the manifest")
    if int.from_bytes(raw[:8], "little") > MAX_HEADER:
        raise CheckpointError(f"{file.name} has a header above {MAX_HEADER} bytes")
    return parse_safetensors(raw)


def _check_tensors(tensors: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    """Refuse missing or extra tensors, wrong shapes or types, numbers that are not finite."""
    for problem, names in (
        ("lacks", wanted.keys() - tensors.keys()),
        ("has the unknown", tensors.keys() - wanted.keys()),
    ):
        if names:
            raise CheckpointError(f"{WEIGHTS} {problem} {', '.join(sorted(names)[:5])}")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape or tensor.dtype != wanted[name].dtype:
            raise CheckpointError(
                f"{name} is {tensor.dtype} of shape {tuple(tensor.shape)}, the architecture "
                f"asks for {wanted[name].dtype} of shape {tuple(wanted[name].shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{name} has a number that is not finite")


def _packed(tensors: dict[str, torch.Tensor]) -> bytes:
    return to_safetensors({name: t.detach().cpu().contiguous() for name, t in tensors.items()})


def _beside_weights(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of a training that the file of the weights does not hold."""
    return {name: t for name, t in tensors.items() if not name.startswith("module.")}


def _entry(raw: bytes) -> dict[str, Any]:
    return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _size(tensors: dict[str, torch.Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors.values())


def _refuse_constant(name: str) -> None:
    """JSON has no NaN or Infinity; Python's reader would let them pass."""
    raise CheckpointError(f"{MANIFEST} holds {name}")


def _read(file: Path, limit: int) -> bytes:
    """Read a plain file of at most ``limit`` bytes into memory.

    Into memory and not mapped: a mapped file that another process cuts short ends the program.
    """
    # no links (they may lead anywhere) and no waiting for the other end of a pipe
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(file, flags | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(f"{file.name} is not a plain file")
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise CheckpointError(f"{file.name} has more than the {limit} bytes that it may have")
    return raw


def _write(file: Path, raw: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with file.open("wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())


def _swap(beside: Path, target: Path) -> None:
    """Put the finished directory in place of the older one, if any."""
    previous = _previous(target)
    if target.exists():
        shutil.rmtree(previous, ignore_errors=True)
        target.rename(previous)
    try:
        beside.rename(target)
    except OSError:
        if previous.exists():
            previous.rename(target)
        raise
    flush_folder(target.parent)
    shutil.rmtree(previous, ignore_errors=True)


def _target(path: str | os.PathLike[str]) -> Path:
    """Return the absolute directory, so that it has a name even for "."."""
    return Path(path).resolve()


def _previous(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _refuse_to_replace(target: Path) -> None:
    """Raise unless there is nothing, an empty directory or a model at ``target``."""
    if not target.exists() and not target.is_symlink():
        return
    if target.is_dir() and not target.is_symlink():
        names = {entry.name for entry in target.iterdir()}
        if not names or (MANIFEST in names and names <= {MANIFEST, WEIGHTS, TRAINING}):
            return
    raise FileExistsError(
        f"path {str(target)!r} is there and is not a model; accepted: a new name or the directory "
        "of a saved model"
    )
