"""The clustering VAE: codes and classes learned together, each class with a prior of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClusterMixin
from sklearn.utils.validation import check_is_fitted

from vaewidgets.arguments.seeds import as_seed
from vaewidgets.core.inference import classify, encode
from vaewidgets.core.models.checks import (
    check_choice,
    check_integer,
    check_real,
)
from vaewidgets.core.models.cluster_start import STARTS, start_from_clusters
from vaewidgets.core.models.vae import VariationalModel
from vaewidgets.core.networks.registry import MAX_CLUSTERS
from vaewidgets.core.objectives import ClusterBound
from vaewidgets.images import as_images

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.loop.options import Objective
    from vaewidgets.core.loop.progress import Callback
    from vaewidgets.core.networks.registry import Architecture, EncoderDecoder
    from vaewidgets.core.objectives import Report


class ClusterVAE(ClusterMixin, VariationalModel):  # type: ignore[misc]
    """Clusters images in one step: a VAE whose code comes with a class.

    A classifier p(y | z) reads the code, and each class y has a normal prior p(z | y) of its own,
    whose mean and variances are learned. Images can be drawn from one class
    (``sample(n, cluster=3)``).

    Parameters
    ----------
    n_clusters : int >= 2, default 10
        Classes.
    n_latent : int, default 16
        Dimensions of the code.
    network, network_settings, likelihood
        As in :class:`VAE`; ``network="dual_conv"`` has two branches of convolutions side by side.
    noise_std : "learned" or float > 0
        Standard deviation of the pixels' noise of "gaussian".
    beta : float >= 0, default 1.0
        Weight of code and class against the reconstruction.
    warm_up : float in [0, 1)
        As in :class:`VAE`.
    balance : float >= 0, default 0.0
        Weight of the pull towards classes of equal size.
    spread : {"learned", "one"}, default "learned"
        Variances of the prior of each class; "one" is the source's model.
    plain_epochs : "auto" or int >= 0, default "auto"
        Epochs as a plain VAE, before the classes begin where ``start`` finds them; "auto" is
        three fifths of all. 0 begins with
        classes at once, near 0, as in the source: slower, and with fewer images where they
        belong.
    start : {"umap", "mixture"}, default "umap"
        Classes begin at the components of a Gaussian mixture: of the codes reduced by UMAP, or
        of the codes as they are (quicker, less exact).
    refine : bool, default False
        Let the classifier learn after the start too. The bound then pulls the classes towards
        whatever explains most pixels, often away from what people see as kinds; kept, the
        classes' priors and the codes still adapt to it.
    max_epochs, batch_size, learning_rate, schedule, random_state, device, n_threads, checkpoint,
    progress
        As in :class:`VAE`.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Cluster of each image of the fit.
    networks_, image_shape_, image_rule_, history_, outcome_, active_dimensions_, trained_with_
        As in :class:`VAE`; ``history_`` has besides ``certainty``, of the classes.

    References
    ----------
    Su 2018, "A one-step clustering model based on the VAE" (kexue.fm 5887), equation 5; Yan 2020
    (two branches); Jiang et al. 2017, "Variational Deep Embedding" (the start).
    """

    def __init__(
        self,
        n_clusters: int = 10,
        n_latent: int = 16,
        *,
        network: str = "auto",
        network_settings: dict[str, int] | None = None,
        likelihood: str = "gaussian",
        noise_std: float | str = "learned",
        beta: float = 1.0,
        warm_up: float = 0.1,
        balance: float = 0.0,
        spread: str = "learned",
        plain_epochs: int | str = "auto",
        start: str = "umap",
        refine: bool = False,
        max_epochs: int | str = "auto",
        batch_size: int = 128,
        learning_rate: float = 4e-3,
        schedule: str = "one_cycle",
        random_state: int | np.random.RandomState | None = 0,
        device: str = "auto",
        n_threads: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: bool | str | Callback = "auto",
    ) -> None:
        self.n_clusters = n_clusters
        self.n_latent = n_latent
        self.network = network
        self.network_settings = network_settings
        self.likelihood = likelihood
        self.noise_std = noise_std
        self.beta = beta
        self.warm_up = warm_up
        self.balance = balance
        self.spread = spread
        self.plain_epochs = plain_epochs
        self.start = start
        self.refine = refine
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.checkpoint = checkpoint
        self.progress = progress

    def check_own_params(self) -> None:
        """Check the parameters of the bound and of the classes."""
        super().check_own_params()
        check_integer("n_clusters", self.n_clusters, 2, MAX_CLUSTERS)
        check_real("balance", self.balance, 0.0, math.inf, open_end=False)
        if self.plain_epochs != "auto":
            check_integer("plain_epochs", self.plain_epochs, 0, or_else="'auto'")
        check_choice("spread", self.spread, ("learned", "one"))
        check_choice("start", self.start, tuple(STARTS))
        if not isinstance(self.refine, bool):
            raise TypeError(f"refine is {self.refine!r}; accepted: True or False")

    def architecture(self, height: int, width: int, channels: int) -> Architecture:
        """Return the network for images of a size, with its classes."""
        plain = super().architecture(height, width, channels)
        return replace(plain, n_clusters=int(self.n_clusters))

    def objective(self, n_epochs: int) -> Objective:
        """Return the bound of codes and classes."""
        return self._bound(self._n_plain(n_epochs))

    def objective_after(self, history: list[dict[str, float]], n_epochs: int) -> Objective:
        """Return the same for more epochs: the classes have begun, or begin at once."""
        if self.plain_epochs == 0:
            return self._bound(0)
        has_begun = any(record["certainty"] for record in history)
        return self._bound(1 if has_begun else int(history[-1]["epoch"]))

    def _bound(self, plain_epochs: int) -> ClusterBound:
        seed = as_seed(self.random_state) if isinstance(self.random_state, int) else 0

        def start(networks: EncoderDecoder, pixels: Pixels, report: Report) -> None:
            start_from_clusters(
                networks,
                pixels,
                self.start,
                seed,
                learn_spread=self.spread == "learned",
                report=report,
            )

        return ClusterBound(
            self.pixel_likelihood(),
            float(self.beta),
            float(self.warm_up),
            balance=float(self.balance),
            learn_spread=self.spread == "learned",
            refine=bool(self.refine),
            plain_epochs=plain_epochs,
            start=start,
        )

    def _n_plain(self, n_epochs: int) -> int:
        """Epochs before the classes begin, of ``n_epochs``."""
        if self.plain_epochs == "auto":
            return min(n_epochs - 1, math.ceil(0.6 * n_epochs))
        plain = int(self.plain_epochs)
        if plain >= n_epochs:
            raise ValueError(
                f"plain_epochs is {plain}, but the training has {n_epochs} epochs (max_epochs); "
                "accepted: fewer, so that the classes can begin"
            )
        return plain

    def fit(self, images: Any, y: Any = None) -> Self:
        """Learn codes and classes from images; see :meth:`VAE.fit`."""
        self.check_params()
        checked = as_images(images)  # once: a folder would be read again for the labels
        super().fit(checked)
        self.labels_ = self.predict(checked)
        return self

    def partial_fit(self, images: Any, y: Any = None, *, epochs: int | None = None) -> Self:
        """Go on learning; see :meth:`VAE.partial_fit`. Classes that have begun stay."""
        self.check_params()
        checked = self._to_go_on(images)
        super().partial_fit(checked, epochs=epochs)
        self.labels_ = self.predict(checked)
        return self

    def predict_proba(self, images: Any) -> NDArray[np.float32]:
        """Return the probability of each cluster for each image, from the means of the codes.

        Parameters
        ----------
        images : Images or anything ``load_images`` takes
            As in :meth:`transform`.

        Returns
        -------
        ndarray, shape (n, n_clusters), float32
        """
        check_is_fitted(self)
        networks = self.networks_  # once: code and class are of the same training
        checked = self._matched(images, networks)
        return classify(networks, encode(networks, checked.pixels)[0])

    def predict(self, images: Any) -> NDArray[np.intp]:
        """Return the likeliest cluster of each image: ndarray, shape (n,)."""
        clusters: NDArray[np.intp] = self.predict_proba(images).argmax(axis=1)
        return clusters

    def sample(
        self,
        n: int = 1,
        random_state: int | np.random.RandomState | None = None,
        *,
        cluster: int | None = None,
    ) -> NDArray[np.float32]:
        """Decode codes drawn from the prior to new images.

        Parameters
        ----------
        n : int >= 1, default 1
            How many.
        random_state : int, RandomState or None
            None draws others each time.
        cluster : int, optional
            Cluster they are drawn from; None takes one at random for each image.

        Returns
        -------
        ndarray, shape (n, height, width, channels), float32 in [0, 1]
        """
        check_is_fitted(self)
        head = self.networks_.class_head()
        means, log_vars = (t.detach().cpu().numpy() for t in (head.means, head.log_vars))
        rng = np.random.default_rng(as_seed(random_state))
        n_images = check_integer("n", n, 1)
        if cluster is None:
            classes = rng.integers(len(means), size=n_images)
        else:
            chosen = check_integer("cluster", cluster, 0, len(means) - 1)
            classes = np.full(n_images, chosen)
        noise = rng.standard_normal((n_images, means.shape[1]), dtype=np.float32)
        return self.inverse_transform(means[classes] + np.exp(log_vars[classes] / 2) * noise)

    @property
    def cluster_means_(self) -> NDArray[np.float32]:
        """Mean of the prior of each cluster: ndarray, shape (n_clusters, n_latent)."""
        check_is_fitted(self)
        means: NDArray[np.float32] = self.networks_.class_head().means.detach().cpu().numpy()
        return means
