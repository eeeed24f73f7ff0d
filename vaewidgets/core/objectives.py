"""What is minimised: how the terms of ``losses`` are put together for each family of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from vaewidgets.core import losses

if TYPE_CHECKING:
    from torch import Tensor, nn

    from vaewidgets.core.networks.registry import EncoderDecoder
    from vaewidgets.core.training import Moment


class PixelLikelihood:
    """log p(x | z) of a batch, averaged over its images.

    Parameters
    ----------
    kind : {"gaussian", "bernoulli", "continuous_bernoulli"}
        See ``losses.log_likelihood``.
    noise_std : float or None
        Standard deviation of the pixels' noise, for "gaussian"; None takes what suits each batch
        best, and keeps a running average in ``networks.noise_variance`` for scoring later.
    """

    def __init__(self, kind: str, noise_std: float | None = None) -> None:
        self.kind, self.noise_std = kind, noise_std

    def __call__(
        self, networks: EncoderDecoder, batch: Tensor, logits: Tensor, moment: Moment
    ) -> Tensor:
        """Return the mean log-likelihood, nats an image."""
        variance = networks.noise_variance
        if self.kind == "gaussian" and self.noise_std is None:
            best = losses.optimal_variance(batch, logits.sigmoid())
            # some 20 steps, fewer at the start
            variance.lerp_(best, max(0.05, 1 / (moment.step + 1)))
            variance = best
        elif self.kind == "gaussian":
            variance.fill_(cast("float", self.noise_std) ** 2)
        return losses.log_likelihood(self.kind, batch, logits, variance).mean()


class Bound:
    """What the bounds share: a likelihood, and a weight of the KL that rises at first.

    Parameters
    ----------
    likelihood : PixelLikelihood
        Of the pixels.
    beta : float, >= 0
        Weight of the KL term.
    warm_up : float, in [0, 1)
        Share of the steps over which the weight rises from 0 to ``beta``.

    References
    ----------
    Higgins et al. 2017 (beta); Sonderby et al. 2016 (warm-up).
    """

    def __init__(self, likelihood: PixelLikelihood, beta: float, warm_up: float) -> None:
        self.likelihood, self.beta, self.warm_up = likelihood, beta, warm_up

    def weight(self, fraction: float) -> float:
        """Weight of the KL term when ``fraction`` of the steps is done."""
        return self.beta * min(1.0, fraction / self.warm_up) if self.warm_up > 0 else self.beta

    def plain(
        self, networks: EncoderDecoder, batch: Tensor, moment: Moment
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return reconstruction (nats an image), mean, log-variance and a draw of the codes."""
        mean, log_var = networks.posterior(batch)
        z = losses.sample_gaussian(mean, log_var, moment.generator)
        reconstruction = -self.likelihood(networks, batch, networks.decoder(z), moment)
        return reconstruction, mean, log_var, z


class EvidenceBound(Bound):
    """Negative evidence lower bound of a batch, the KL weighted by ``beta`` after a warm-up.

    ``E_q[-log p(x | z)] + beta KL(q(z | x) || N(0, I))`` with one draw of z an image.

    Parameters
    ----------
    likelihood, beta, warm_up
        See :class:`Bound`.
    free_bits : float, >= 0
        Nats a dimension that cost nothing, averaged over the dimensions of a layer.
    layers : tuple of int, optional
        Dimensions of each latent layer, for models with several; one KL is reported for each.

    References
    ----------
    Kingma & Welling 2014, equation 10; Kingma et al. 2016, equation 15 (free bits).
    """

    def __init__(
        self,
        likelihood: PixelLikelihood,
        beta: float,
        warm_up: float,
        free_bits: float = 0.0,
        layers: tuple[int, ...] = (),
    ) -> None:
        super().__init__(likelihood, beta, warm_up)
        self.free_bits, self.layers = free_bits, layers

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> losses.Terms:
        """Return the loss and its parts ``reconstruction`` and ``kl``, nats an image."""
        networks = cast("EncoderDecoder", module)
        reconstruction, mean, log_var, _ = self.plain(networks, batch, moment)
        kl = losses.kl_to_standard_normal(mean, log_var).mean(dim=0)  # of each dimension
        layers = torch.split(kl, list(self.layers or (len(kl),)))
        cost = kl.sum()
        if self.free_bits > 0:
            floors = [self.free_bits * len(layer) for layer in layers]
            cost = torch.stack(
                [layer.sum().clamp_min(floor) for layer, floor in zip(layers, floors, strict=True)]
            ).sum()
        parts = {"reconstruction": reconstruction.detach(), "kl": kl.sum().detach()}
        if self.layers:
            parts |= {f"kl_{i}": kl.sum().detach() for i, kl in enumerate(layers, start=1)}
        return losses.Terms(reconstruction + self.weight(moment.fraction) * cost, parts)
