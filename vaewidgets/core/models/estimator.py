"""What all models share: scikit-learn's conventions around one network and one objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from vaewidgets.core.files.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vaewidgets.core.files.content import (
    check_content,
    content_of,
    restored_parameters,
)
from vaewidgets.core.inference import decode, encode
from vaewidgets.core.loop.devices import choose_device
from vaewidgets.core.models.checks import (
    check_codes_given,
)
from vaewidgets.core.models.learning import LearningModel
from vaewidgets.core.networks.registry import (
    Architecture,
)

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags


class ImageModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, LearningModel):  # type: ignore[misc]
    """Base of the models: an encoder and a decoder of images, trained by the one loop.

    A model of its own says in its constructor which parameters it has, checks those that are
    its own (``check_own_params``), and names its network (``architecture``) and its objective
    (``objective``). The parameters that all have are documented in :class:`VAE`.
    """

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

    def _encode(self, images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        check_is_fitted(self)
        networks = self.networks_  # once: another thread may publish new ones meanwhile
        return encode(networks, self._matched(images, networks).pixels)

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
