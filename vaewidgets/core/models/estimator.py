"""What all models share: scikit-learn's conventions around one network and one objective."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.core.files.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vaewidgets.core.files.content import (
    check_content,
    content_of,
    provenance,
    restored_parameters,
)
from vaewidgets.core.files.kept_training import KeptTraining
from vaewidgets.core.inference import active_dimensions, decode, encode, reconstruct
from vaewidgets.core.loop.devices import choose_device
from vaewidgets.core.loop.options import Options
from vaewidgets.core.loop.progress import choose_callbacks
from vaewidgets.core.loop.schedules import SCHEDULES
from vaewidgets.core.loop.threads import default_threads
from vaewidgets.core.loop.training import train
from vaewidgets.core.models.checks import (
    check_choice,
    check_codes_given,
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

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from vaewidgets.core.loop.options import Objective
    from vaewidgets.images import Images

AUTO_STEPS = 1500
AUTO_EPOCHS = (2, 300)
N_PREVIEW = 8
KEEP_EVERY = 60.0  # seconds between two writings of a training to its checkpoint folder
COLLAPSE_STEPS = 500  # before so many, dimensions are not used yet rather than given up


class ImageModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the models: an encoder and a decoder of images, trained by the one loop.

    A model of its own says in its constructor which parameters it has, checks those that are
    its own (``check_own_params``), and names its network (``architecture``) and its objective
    (``objective``). The parameters that all have are documented in :class:`VAE`.
    """

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

    # what all have

    def fit(self, images: Any, y: Any = None) -> Self:
        """Learn from images.

        An interrupt (the stop button of the kernel, or that of the live view) ends the training
        early and keeps what was learned. A fit that fails leaves the model as it was. With a
        ``checkpoint`` folder, a training that was cut short goes on where it was, and one that
        was finished is taken from there.

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
        seed, device = as_seed(self.random_state), choose_device(self.device)
        checked = check_learnable(as_images(images))
        callbacks = choose_callbacks(self.progress)
        architecture = self.architecture(*checked.image_shape)
        objective = self.objective(self._n_epochs(len(checked)))
        kept = KeptTraining.find(self, checked, architecture)
        if kept is not None and kept.is_finished:
            return self._take(kept.checkpoint(), device)
        seed = seed if kept is None else kept.seed(seed)
        weight_seed, loop_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
        module = architecture.build(torch.Generator().manual_seed(weight_seed))
        options = self._options(checked, architecture, loop_seed, device)
        trained_with = provenance(checked, seed, options)
        if kept is not None:
            kept.begin(module, trained_with)
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
        active = active_dimensions(module, checked.pixels)
        if state.step >= COLLAPSE_STEPS:
            warn_of_collapse(active)
        self._publish(
            module,
            history_=state.history,
            outcome_=str(state.outcome),
            active_dimensions_=active,
            trained_with_=trained_with,
            image_rule_=checked.rule,
        )
        if kept is not None and state.outcome in {"finished", "diverged"}:
            self.save(kept.path)
        return self

    def transform(self, images: Any) -> NDArray[np.float32]:
        """Return the code of each image: the same each time, no sampling.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            Files and PIL images are brought to the size and channels of the model, by the rule
            (``fit``, ``background``) that its own images were loaded by; arrays must have them.

        Returns
        -------
        ndarray, shape (n, n_latent), float32
            The means, where a code is a distribution.
        """
        return self._encode(images)[0]

    def inverse_transform(self, z: ArrayLike) -> NDArray[np.float32]:
        """Decode codes to images; any thread may ask, also while a fit is running.

        Parameters
        ----------
        z : array, shape (n, n_latent)
            Codes, finite.

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32 in [0, 1]
        """
        check_is_fitted(self)
        networks = self.networks_
        codes = check_codes_given(z, networks.architecture.n_latent)
        return decode(networks, codes, self.likelihood)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a directory, replacing an older model there all at once.

        Parameters
        ----------
        path : path
            Directory to write; its parent must exist.

        Raises
        ------
        FileExistsError
            There is something else than a model at ``path``.
        """
        check_is_fitted(self)
        save_checkpoint(path, Checkpoint(type(self).__name__, self.networks_, content_of(self)))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> Self:
        """Read a model that :meth:`save` wrote: whole, or not at all.

        Parameters
        ----------
        path : path
            Directory of the model, or of a training under way (``checkpoint``).
        device : str, default "auto"
            Where to compute from now on.

        Raises
        ------
        CheckpointError
            Anything missing, damaged, or not what it should be; the message gives the reason.
        ValueError
            A device that is not there.
        """
        target = choose_device(device)
        checkpoint = load_checkpoint(path, cls.__name__, cls._check_content)
        model = cls(**restored_parameters(checkpoint.content["parameters"]), device=device)
        return model._take(checkpoint, target)

    @classmethod
    def _check_content(cls, content: dict[str, Any], architecture: Architecture) -> None:
        check_content(cls, content, architecture)

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

    def _encode(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        check_is_fitted(self)
        networks = self.networks_  # once: another thread may publish new ones meanwhile
        return encode(networks, self._matched(images, networks).pixels)

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
        self, images: Images, architecture: Architecture, seed: int, device: torch.device
    ) -> Options:
        values = int(self.batch_size) * architecture.size.n_values
        return Options(
            max_epochs=self._n_epochs(len(images)),
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

    def _publish(self, networks: EncoderDecoder, **attributes: Any) -> None:
        """Freeze the networks and put them in place, with what belongs to them.

        All attributes in one step, so that a copy made by another thread has all or none.
        """
        networks.eval().requires_grad_(False)
        shape = networks.architecture
        size = (shape.height, shape.width, shape.channels)
        self.__dict__.update(networks_=networks, image_shape_=size, **attributes)

    @property
    def _n_features_out(self) -> int:
        """Number of codes, for ``get_feature_names_out``."""
        return int(self.networks_.architecture.n_latent)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "networks_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.requires_fit = True
        return tags
