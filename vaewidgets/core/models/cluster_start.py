"""Where the classes of a clustering VAE begin: at clusters of the codes so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from vaewidgets.clusters import cluster
from vaewidgets.core.inference import encode_rows

if TYPE_CHECKING:
    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.networks.cluster_head import ClusterHead
    from vaewidgets.core.networks.registry import EncoderDecoder
    from vaewidgets.core.objectives import Report

STARTS = {"umap": "umap_gmm", "mixture": "gmm"}  # methods of vaewidgets.cluster
N_CLUSTERED = 20_000  # codes that are clustered; the classifier generalises to the others
CLASSIFIER_STEPS = 200


def start_from_clusters(
    networks: EncoderDecoder,
    pixels: Pixels,
    start: str,
    seed: int,
    *,
    learn_spread: bool,
    report: Report,
) -> None:
    """Set the priors of the classes and teach the classifier, from clusters of the codes.

    Parameters
    ----------
    networks : EncoderDecoder
        With clusters; changed in place.
    pixels : ndarray, shape (n, height, width, channels)
        The images; at most 20,000 of them are used, evenly spread.
    start : {"umap", "mixture"}
        A Gaussian mixture of the codes reduced by UMAP, or of the codes as they are.
    seed : int
        Of UMAP and of the mixture's starts.
    learn_spread : bool
        Set the variances too, or leave them.
    report : callable(fraction or None, text)
        Called as the clustering goes on; an exception from it leaves the networks unchanged.

    References
    ----------
    Jiang et al. 2017, "Variational Deep Embedding", section 4.1 (a mixture); McConville et al.
    2021, "N2D" (a mixture after UMAP).
    """
    head = networks.class_head()
    rows = np.linspace(0, len(pixels) - 1, min(N_CLUSTERED, len(pixels))).round().astype(int)
    codes, stds = encode_rows(networks, pixels, rows)
    found = cluster(
        codes,
        n_clusters=len(head.means),
        method=STARTS[start],
        random_state=seed % 2**31,
        report=report,
    )
    shares = np.asarray(found.probabilities, dtype=np.float32)  # (n, k)
    device = head.means.device
    z, classes = torch.from_numpy(codes).to(device), torch.from_numpy(shares).to(device)
    variances = torch.from_numpy(stds).to(device).square()
    with torch.no_grad():
        weights = classes / classes.sum(dim=0).clamp_min(1e-6)  # each column sums to 1
        head.means.copy_(weights.T @ z)
        if learn_spread:  # of the codes' means, and around each of them
            squares = weights.T @ (z.square() + variances) - head.means.square()
            head.log_vars.copy_(squares.clamp_min(1e-4).log())
    _teach(head, z, classes)


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
