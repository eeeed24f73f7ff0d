"""Classes over the codes of a clustering VAE: a classifier, and where each class stands."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 256


class ClusterHead(nn.Module):
    """A classifier p(y | z) and the prior p(z | y) of each class.

    Parameters
    ----------
    n_latent : int
        Dimensions of the codes.
    n_clusters : int
        Number of classes.

    Attributes
    ----------
    means, log_vars : Parameter, shape (n_clusters, n_latent)
        p(z | y) = N(means[y], exp(log_vars[y])).

    References
    ----------
    Su 2018, "A one-step clustering model based on the VAE" (kexue.fm 5887), section 3; variances
    of the classes as in Jiang et al. 2017, "Variational Deep Embedding".
    """

    def __init__(self, n_latent: int, n_clusters: int) -> None:
        super().__init__()
        self.classifier = nn.Sequential(
            nn.Linear(n_latent, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, n_clusters)
        )
        self.means = nn.Parameter(torch.empty(n_clusters, n_latent))
        self.log_vars = nn.Parameter(torch.empty(n_clusters, n_latent))

    def forward(self, z: Tensor) -> Tensor:
        """Return the logits (b, n_clusters) of the classes of codes (b, n_latent)."""
        logits: Tensor = self.classifier(z)
        return logits

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the means, close to 0 and not equal: classes that are equal stay so."""
        with torch.no_grad():
            self.means.normal_(0.0, 0.05, generator=generator)
            self.log_vars.zero_()
