"""How models learn: from images, from the start, from a folder, or from where they are."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.core.files.before import Before
from vaewidgets.core.files.content import (
    provenance,
)
from vaewidgets.core.files.kept_training import KeptTraining
from vaewidgets.core.inference import active_dimensions, reconstruct
from vaewidgets.core.loop.devices import choose_device
from vaewidgets.core.loop.options import Options
from vaewidgets.core.loop.progress import choose_callbacks
from vaewidgets.core.loop.schedules import SCHEDULES
from vaewidgets.core.loop.threads import default_threads
from vaewidgets.core.loop.training import train
from vaewidgets.core.models.checks import (
    check_choice,
    check_integer,
    check_learnable,
    check_real,
    warn_of_collapse,
)
from vaewidgets.core.networks.registry import (
    MAX_LATENT,
    Architecture,
    EncoderDecoder,
    choose_network,
    complete_settings,
)
from vaewidgets.images import ImageRule, as_images, match_images

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vaewidgets.core.files.checkpoint import Checkpoint
    from vaewidgets.core.loop.options import Objective
    from vaewidgets.images import Images

AUTO_STEPS = 1500
AUTO_EPOCHS = (2, 300)
N_PREVIEW = 8
KEEP_EVERY = 60.0  # seconds between two writings of a training to its checkpoint folder
COLLAPSE_STEPS = 500  # before so many, dimensions are not used yet rather than given up


class LearningModel(BaseEstimator):  # type: ignore[misc]
    """What models have in common when they learn; see :class:`ImageModel`."""

    network: str
    network_settings: dict[str, int] | None
    n_latent: Any
    likelihood: str
    max_epochs: int | str
    batch_size: int
    learning_rate: float
    schedule: str
    random_state: int | np.random.RandomState | None
    device: str
    n_threads: int | None
    checkpoint: str | os.PathLike[str] | None
    progress: Any

    networks_: EncoderDecoder
    image_shape_: tuple[int, int, int]
    history_: list[dict[str, float]]
    outcome_: str
    active_dimensions_: NDArray[np.bool_]
    trained_with_: dict[str, Any]
    image_rule_: ImageRule

    NETWORKS: ClassVar[tuple[str, ...]] = ("auto", "mlp", "conv", "dual_conv", "spatial")

    # what a model adds

    def check_own_params(self) -> None:
        """Raise ValueError or TypeError for a parameter that not all models have."""

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size, Gaussian codes unless a model differs."""
        network = choose_network(height, width) if self.network == "auto" else self.network
        settings = {} if self.network_settings is None else self.network_settings
        return Architecture(network, height, width, channels, int(self.n_latent), settings)

    def objective(self, n_epochs: int) -> Objective:
        """Return what is minimised in a training of so many epochs."""
        raise NotImplementedError

    def objective_after(self, history: list[dict[str, float]], n_epochs: int) -> Objective:
        """Return what is minimised in more epochs after those of ``history``."""
        return self.objective(n_epochs)

    def fit(self, images: Any, y: Any = None) -> Self:
        """Learn from images.

        An interrupt (the stop button of the kernel, or that of the live view) ends the training
        early and keeps what was learned. A fit that fails leaves the model as it was. With a
        ``checkpoint`` folder, a training that was cut short goes on where it was, one that was
        finished is taken from there, and one that was finished with fewer ``max_epochs`` learns
        for those that are missing.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            At least two images that differ.
        y : ignored

        Raises
        ------
        ValueError, TypeError
            Images or a parameter that is not accepted, or a ``checkpoint`` that holds another
            training.
        FloatingPointError
            The loss was not finite in the first epoch.

        Warns
        -----
        RuntimeWarning
            The training ended early because of a loss that is not finite, or most dimensions
            carry no information.
        """
        self.check_params()
        return self._fit(check_learnable(as_images(images)))

    def partial_fit(self, images: Any, y: Any = None, *, epochs: int | None = None) -> Self:
        """Go on learning from where the model is, from the same images or from others.

        The learning rate rises and falls once more; what comes gradually at the beginning of a
        first training (``warm_up``) does not come again. ``history_`` counts on, and
        ``trained_with_["after"]`` tells what was before. Nothing is kept in ``checkpoint``.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`; at least two that differ.
        y : ignored
        epochs : int, optional
            How many more; by default as many as :meth:`fit` would take.

        Raises
        ------
        ValueError, TypeError, FloatingPointError
            As :meth:`fit`; the model stays as it was.
        """
        self.check_params()
        more = None if epochs is None else check_integer("epochs", epochs, 1)
        return self._go_on(check_learnable(self._to_go_on(images)), more)

    def _to_go_on(self, images: Any) -> Images:
        """Bring images to the form of what was learned, if anything was."""
        if not hasattr(self, "networks_"):
            return as_images(images)
        return self._matched(images, self.networks_)

    def _go_on(
        self,
        checked: Images,
        epochs: int | None,
        *,
        prepare: Callable[[EncoderDecoder], None] | None = None,
        about: dict[str, str] | None = None,
    ) -> Self:
        """Train on checked images from where the model is; from the start where it is new."""
        before = Before()
        if hasattr(self, "networks_"):
            before = Before(self.networks_, self.history_, self.trained_with_)
        n_epochs = epochs or self._n_epochs(len(checked))
        return self._train(checked, before, n_epochs, prepare=prepare, about=about)

    def _fit(
        self,
        checked: Images,
        *,
        sizes: dict[str, Any] | None = None,
        prepare: Callable[[EncoderDecoder], None] | None = None,
        about: dict[str, str] | None = None,
    ) -> Self:
        """Train on checked images, from the start or from where the checkpoint folder is.

        Parameters
        ----------
        checked : Images
        sizes : dict, optional
            Sizes of the architecture that only the data tell.
        prepare : callable(networks), optional
            What is put into fresh networks before they learn.
        about : dict of str, optional
            What else must be equal for a training that was kept to go on, by hash.
        """
        device = choose_device(self.device)
        architecture = replace(self.architecture(*checked.image_shape), **(sizes or {}))
        n_epochs = self._n_epochs(len(checked))
        kept = KeptTraining.find(self, checked, architecture, n_epochs, about or {})
        before = Before() if kept is None else kept.find_before(n_epochs)
        if kept is not None and kept.is_finished and before.networks is None:
            return self._take(kept.checkpoint(), device)
        n_more = n_epochs - before.epochs
        return self._train(
            checked, before, n_more, architecture, prepare=prepare, about=about, kept=kept
        )

    def _train(
        self,
        checked: Images,
        before: Before,
        n_epochs: int,
        architecture: Architecture | None = None,
        *,
        prepare: Callable[[EncoderDecoder], None] | None = None,
        about: dict[str, str] | None = None,
        kept: KeptTraining | None = None,
    ) -> Self:
        """Train for so many epochs, after what was before, and publish what was learned."""
        device, callbacks = choose_device(self.device), choose_callbacks(self.progress)
        if before.history:
            objective = self.objective_after(before.history, n_epochs)
        else:
            objective = self.objective(n_epochs)
        seed = as_seed(self.random_state) if kept is None else kept.seed(self.random_state)
        entropy = [seed, before.steps] if before.history else seed
        weight_seed, loop_seed = np.random.SeedSequence(entropy).generate_state(2).tolist()
        module = before.copied()
        if module is None:
            architecture = architecture or self.architecture(*checked.image_shape)
            module = architecture.build(torch.Generator().manual_seed(weight_seed))
        if prepare is not None:
            prepare(module)
        options = self._options(checked, module.architecture, n_epochs, loop_seed, device)
        options = replace(options, after_epochs=before.epochs, after_steps=before.steps)
        trained_with = provenance(checked, seed, options) | (about or {}) | before.about
        if kept is not None:
            kept.begin(module, trained_with, before)
        shown = checked.pixels[np.linspace(0, len(checked) - 1, N_PREVIEW).round().astype(int)]
        state = train(
            module,
            objective,
            checked.pixels,
            options,
            callbacks=callbacks,
            reconstruct=lambda: reconstruct(module, shown, self.likelihood),
            keep=None if kept is None else kept.keep,
            resume=None if kept is None else kept.snapshot,
        )
        if state.outcome == "interrupted":
            note = f"Interrupted after step {state.step}: what was learned is kept."
            print(note, file=sys.stderr)  # noqa: T201  (said once, where the interrupt is shown)
        if state.threads:
            counted = {str(threads): steps for threads, steps in state.threads.items()}
            trained_with["steps_by_threads"] = counted
        active = active_dimensions(module, checked.pixels)
        if state.step >= COLLAPSE_STEPS:
            warn_of_collapse(active)
        self._publish(
            module,
            history_=before.joined(state.history),
            outcome_=str(state.outcome),
            active_dimensions_=active,
            trained_with_=trained_with,
            image_rule_=checked.rule,
        )
        if kept is not None and state.outcome in {"finished", "diverged"}:
            self.save(kept.path)
        return self

    def _matched(self, images: Any, networks: EncoderDecoder) -> Images:
        """Bring images to the form that networks take."""
        shape = networks.architecture
        size = (shape.height, shape.width, shape.channels)
        return match_images(images, size, self.image_rule_)

    def check_params(self) -> None:
        """Check all parameters of a model, before anything is done."""
        self._check_latent()
        check_choice("network", self.network, self.NETWORKS)
        if self.network_settings is not None:
            name = "conv" if self.network == "auto" else self.network
            complete_settings(name, self.network_settings)
        if self.max_epochs != "auto":
            check_integer("max_epochs", self.max_epochs, 1, or_else="'auto'")
        check_integer("batch_size", self.batch_size, 2)
        check_real("learning_rate", self.learning_rate, 0.0, math.inf, open_end=True)
        check_choice("schedule", self.schedule, tuple(SCHEDULES))
        check_integer("n_threads", 1 if self.n_threads is None else self.n_threads, 1)
        self.check_own_params()

    def _check_latent(self) -> None:
        check_integer("n_latent", self.n_latent, 1, MAX_LATENT)

    def _options(
        self,
        images: Images,
        architecture: Architecture,
        n_epochs: int,
        seed: int,
        device: torch.device,
    ) -> Options:
        values = int(self.batch_size) * architecture.size.n_values
        return Options(
            max_epochs=n_epochs,
            batch_size=int(self.batch_size),
            learning_rate=float(self.learning_rate),
            seed=seed,
            device=device,
            n_threads=self.n_threads or default_threads(values),
            schedule=self.schedule,
            keep_every=KEEP_EVERY,
        )

    def _n_epochs(self, n_images: int) -> int:
        """Epochs planned for so many images."""
        if self.max_epochs != "auto":
            return int(self.max_epochs)
        steps = max(1, n_images // int(self.batch_size))
        lowest, highest = AUTO_EPOCHS
        return min(max(math.ceil(AUTO_STEPS / steps), lowest), highest)

    def _take(self, checkpoint: Checkpoint, device: torch.device) -> Self:
        """Publish what a file holds."""
        content = checkpoint.content
        self._publish(
            checkpoint.networks.to(device),
            history_=content["history"],
            outcome_=content["outcome"],
            active_dimensions_=np.array(content["active_dimensions"], dtype=bool),
            trained_with_=content["trained_with"],
            image_rule_=ImageRule.from_dict(content.get("image_rule")),
        )
        return self

    def _publish(self, networks: EncoderDecoder, **attributes: Any) -> None:
        """Freeze the networks and put them in place, with what belongs to them.

        All attributes in one step, so that a copy made by another thread has all or none.
        """
        networks.eval().requires_grad_(False)
        shape = networks.architecture
        size = (shape.height, shape.width, shape.channels)
        self.__dict__.update(networks_=networks, image_shape_=size, **attributes)
