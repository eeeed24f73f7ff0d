"""Where the classes of a clustering VAE begin: at the components of a mixture of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from vaewidgets.core.inference import encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.core.feeding import Pixels
    from vaewidgets.core.networks.cluster_head import ClusterHead
    from vaewidgets.core.networks.registry import EncoderDecoder

N_FITTED = 20_000  # codes the mixture is fitted to
N_STARTS = 10  # of the mixture; the likeliest is taken
CLASSIFIER_STEPS = 200


def start_from_mixture(networks: EncoderDecoder, pixels: Pixels, seed: int) -> None:
    """Set the means of the classes and teach the classifier, from a mixture of the codes.

    Parameters
    ----------
    networks : EncoderDecoder
        With clusters; changed in place.
    pixels : ndarray, shape (n, height, width, channels)
        The images; at most 20,000 of them are used, evenly spread.
    seed : int
        Of the mixture's starts.

    References
    ----------
    Jiang et al. 2017, "Variational Deep Embedding", section 4.1.
    """
    head = networks.class_head()
    rows = np.linspace(0, len(pixels) - 1, min(N_FITTED, len(pixels))).round().astype(int)
    codes = encode(networks, np.ascontiguousarray(pixels[rows]))[0]
    shares = _mixture(codes, len(head.means), seed)  # (n, k)
    device = head.means.device
    z, classes = torch.from_numpy(codes).to(device), torch.from_numpy(shares).to(device)
    with torch.no_grad():
        head.means.copy_((classes.T @ z) / classes.sum(dim=0)[:, None].clamp_min(1e-6))
    _teach(head, z, classes)


def _mixture(codes: NDArray[np.float32], n_clusters: int, seed: int) -> NDArray[np.float32]:
    """Return the probability (n, k) of each component of the likeliest of several mixtures."""
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(
        n_clusters, n_init=N_STARTS, max_iter=200, reg_covar=1e-4, random_state=seed
    )
    shares: NDArray[np.float32] = mixture.fit(codes).predict_proba(codes).astype(np.float32)
    return shares


def _teach(head: ClusterHead, z: Tensor, classes: Tensor) -> None:
    """Fit the classifier to the components; all codes in each step, so without any chance."""
    optimizer = torch.optim.Adam(head.classifier.parameters(), lr=1e-2)
    with torch.enable_grad():
        for _ in range(CLASSIFIER_STEPS):
            optimizer.zero_grad(set_to_none=True)
            loss = cross_entropy(head(z), classes)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    for parameter in head.classifier.parameters():
        parameter.grad = None
