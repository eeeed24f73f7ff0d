"""The folder in which a training keeps itself, to go on there after whatever cut it short."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.core.files.before import Before
from vaewidgets.core.files.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, stands
from vaewidgets.core.files.content import parameters_of
from vaewidgets.core.inference import active_dimensions

if TYPE_CHECKING:
    from vaewidgets.core.files.content import Model
    from vaewidgets.core.loop.resume import Snapshot
    from vaewidgets.core.networks.registry import Architecture, EncoderDecoder
    from vaewidgets.images import Images

# Bits may differ with these, results hardly: worth a warning, not a refusal.
CIRCUMSTANCES = ("vaewidgets", "torch", "device", "n_threads")


class KeptTraining:
    """A training that is kept in a folder, begun now or earlier.

    What is kept is a model file like any other, with the state of the training beside the
    weights until it is finished.

    Parameters
    ----------
    path : Path
        The folder.
    model : Model
        Whose training it is.
    images : Images
        What it learns from.
    """

    def __init__(self, path: Path, model: Model, images: Images) -> None:
        self.path, self.model, self.images = path, model, images
        self.earlier: Checkpoint | None = None
        self.module: EncoderDecoder | None = None
        self.trained_with: dict[str, Any] = {}
        self.before = Before()

    @classmethod
    def find(
        cls,
        model: Model,
        images: Images,
        architecture: Architecture,
        n_epochs: int,
        about: dict[str, str],
    ) -> Self | None:
        """Look into ``model.checkpoint``; None where nothing is to be kept.

        Parameters
        ----------
        model : Model
        images : Images
        architecture : Architecture
        n_epochs : int
            Epochs asked for now, in all.
        about : dict of str
            What else must be as it was, by hash.

        Raises
        ------
        CheckpointError
            What is there is damaged.
        ValueError
            It is the training of another model or of other images.
        """
        if model.checkpoint is None:
            return None
        kept = cls(Path(model.checkpoint), model, images)
        if stands(kept.path):
            kept.earlier = load_checkpoint(kept.path, type(model).__name__, model._check_content)
            kept._compare(architecture, n_epochs, about)
        return kept

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left of the training that is kept."""
        return self.earlier is not None and self.earlier.training is None

    def find_before(self, n_epochs: int) -> Before:
        """Return what was before the training that is to begin, or goes on, here.

        Parameters
        ----------
        n_epochs : int
            Epochs asked for now, in all.
        """
        if self.earlier is None:
            return Before()
        content = self.earlier.content
        if not self.is_finished:
            return Before.of_resumed(content)
        done = Before(self.earlier.networks, content["history"], content["trained_with"])
        return done if n_epochs > done.epochs else Before()

    @property
    def snapshot(self) -> Snapshot | None:
        """Where to go on; None at the beginning."""
        return None if self.earlier is None else self.earlier.training

    def checkpoint(self) -> Checkpoint:
        """Return what was found."""
        if self.earlier is None:
            raise LookupError(f"nothing was kept in {self.path}")
        return self.earlier

    def seed(self, random_state: Any) -> int:
        """Return the seed that the training began with, or a fresh one."""
        if self.earlier is None:
            return as_seed(random_state)
        return int(self.earlier.content["trained_with"]["seed"])

    def begin(self, module: EncoderDecoder, trained_with: dict[str, Any], before: Before) -> None:
        """Say what is trained, under what circumstances, and after what."""
        self.module, self.trained_with, self.before = module, trained_with, before
        if self.earlier is None or self.is_finished:
            return
        then = self.earlier.content["trained_with"]
        changed = [
            f"{name} {then.get(name)} then, {trained_with[name]} now"
            for name in CIRCUMSTANCES
            if then.get(name) != trained_with[name]
        ]
        if changed:
            warnings.warn(
                f"the training in {self.path} goes on under other circumstances "
                f"({'; '.join(changed)}): the result will be as good, but not bit for bit that of "
                "a training without the interruption",
                RuntimeWarning,
                stacklevel=4,
            )

    def keep(self, snapshot: Snapshot) -> None:
        """Write a snapshot in place of the one before, all at once."""
        if self.module is None:
            raise LookupError("begin() comes first")
        was_training = self.module.training
        active = active_dimensions(self.module.eval(), self.images.pixels)
        self.module.train(was_training)
        content = {
            "parameters": parameters_of(self.model),
            "history": self.before.joined(snapshot.numbers["history"]),
            "outcome": "running",
            "active_dimensions": active.tolist(),
            "trained_with": self.trained_with,
            "image_rule": self.images.rule.as_dict(),
        }
        save_checkpoint(
            self.path, Checkpoint(type(self.model).__name__, self.module, content, snapshot)
        )

    def _compare(self, architecture: Architecture, n_epochs: int, about: dict[str, str]) -> None:
        """Refuse the training of another model or of other images."""
        earlier = self.checkpoint()
        now, then = parameters_of(self.model), dict(earlier.content["parameters"])
        for name in ("n_threads", *([] if type(now["random_state"]) is int else ["random_state"])):
            now.pop(name)
            then.pop(name)
        is_done = self.is_finished and earlier.content["outcome"] == "finished"
        if is_done and n_epochs > earlier.content["history"][-1]["epoch"]:
            then["max_epochs"] = now["max_epochs"]  # more of them are learned on top
        differing = [
            f"{name}={then[name]!r} there, {now[name]!r} here"
            for name in now
            if now[name] != then[name]
        ]
        if earlier.networks.architecture != architecture:
            differing.append("images of another size")
        elif earlier.content["trained_with"].get("images_sha256") != self.images.fingerprint:
            differing.append("other images")
        trained_with = earlier.content["trained_with"]
        differing += [
            f"other {name.partition('_')[0]}"
            for name, value in about.items()
            if trained_with.get(name) != value
        ]
        if differing:
            raise ValueError(
                f"checkpoint {str(self.path)!r} holds another training "
                f"({'; '.join(differing)}); accepted: a new folder, or that one after it was "
                "deleted"
            )
