"""What is minimised: how the terms of ``losses`` are put together for each family of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vaewidgets.core import losses

if TYPE_CHECKING:
    from torch import Tensor, nn

    from vaewidgets.core.networks.registry import EncoderDecoder
    from vaewidgets.core.training import Moment

LIKELIHOODS = ("gaussian", "bernoulli")


class EvidenceBound:
    """Negative evidence lower bound of a batch, the KL weighted by ``beta`` after a warm-up.

    ``E_q[-log p(x | z)] + beta KL(q(z | x) || N(0, I))`` with one draw of z an image.

    Parameters
    ----------
    likelihood : {"gaussian", "bernoulli"}
        Of the pixels; "gaussian" with the variance that suits the batch best.
    beta : float, >= 0
        Weight of the KL term.
    warm_up : float, in [0, 1)
        Share of the steps over which the weight rises from 0 to ``beta``.

    References
    ----------
    Kingma & Welling 2014, equation 10; Higgins et al. 2017 (beta); Sonderby et al. 2016
    (warm-up); Rybkin et al. 2021 (the variance of the Gaussian likelihood).
    """

    def __init__(self, likelihood: str, beta: float, warm_up: float) -> None:
        self.likelihood, self.beta, self.warm_up = likelihood, beta, warm_up

    def weight(self, fraction: float) -> float:
        """Weight of the KL term when ``fraction`` of the steps is done."""
        return self.beta * min(1.0, fraction / self.warm_up) if self.warm_up > 0 else self.beta

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> losses.Terms:
        """Return the loss and its parts ``reconstruction`` and ``kl``, nats an image."""
        networks = cast("EncoderDecoder", module)
        mean, log_var = networks.encoder(batch)
        logits = networks.decoder(losses.sample_gaussian(mean, log_var, moment.generator))
        if self.likelihood == "gaussian":
            prediction = logits.sigmoid()
            variance = losses.optimal_variance(batch, prediction)
            # a running average, for scoring later: some 20 steps, fewer at the start
            networks.noise_variance.lerp_(variance, max(0.05, 1 / (moment.step + 1)))
            likelihood = losses.gaussian_log_likelihood(batch, prediction, variance)
        else:
            likelihood = losses.bernoulli_score(batch, logits)
        reconstruction = -likelihood.mean()
        kl = losses.kl_to_standard_normal(mean, log_var).sum(dim=1).mean()
        parts = {"reconstruction": reconstruction.detach(), "kl": kl.detach()}
        return losses.Terms(reconstruction + self.weight(moment.fraction) * kl, parts)
