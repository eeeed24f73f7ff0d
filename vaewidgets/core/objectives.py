"""What is minimised: how the terms of ``losses`` are put together for each family of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

from vaewidgets.core import losses
from vaewidgets.core.loop.options import Moment, Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from vaewidgets.core.loop.feeding import Pixels
    from vaewidgets.core.networks.given import GivenCodes, Standardised
    from vaewidgets.core.networks.registry import EncoderDecoder

    Report = Callable[[float | None, str], None]


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

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its parts ``reconstruction`` and ``kl``, nats an image."""
        networks = cast("EncoderDecoder", module)
        reconstruction, mean, log_var, _ = self.plain(networks, batch, moment)
        kl = losses.kl_to_standard_normal(mean, log_var)  # (b, d)
        sizes = list(self.layers or (kl.shape[1],))
        cost = losses.free_bits(kl, sizes, [self.free_bits * size for size in sizes])
        parts = {"reconstruction": reconstruction.detach(), "kl": kl.detach().sum(dim=1).mean()}
        if self.layers:
            layers = torch.split(kl.detach().mean(dim=0), sizes)
            parts |= {f"kl_{i}": layer.sum() for i, layer in enumerate(layers, start=1)}
        return Terms(reconstruction + self.weight(moment.fraction) * cost, parts)


class ClusterBound(Bound):
    """Negative evidence bound of codes and classes together, with a prior for each class.

    ``E[-log p(x | z)] + beta (sum_y p(y | z) KL(q(z | x) || p(z | y)) + KL(p(y | z) || 1/K)
    + balance KL(mean_x p(y | z) || 1/K))``. In the first epochs it is the plain bound, with one
    prior N(0, I) for all; then ``start`` puts the classes where the codes have gathered.

    Parameters
    ----------
    likelihood, beta, warm_up
        See :class:`Bound`.
    balance : float, >= 0
        Weight of the pull towards classes of equal size.
    learn_spread : bool
        Let each class have variances of its own, or leave them at 1.
    refine : bool
        Let the classifier learn after the start too.
    plain_epochs : int, >= 0
        Epochs of the plain bound; with 0 there is no start, and the classifier always learns.
    start : callable(networks, pixels, report)
        Sets classes and classifier after the plain epochs.

    References
    ----------
    Su 2018 (kexue.fm 5887), equation 5; the start is that of Jiang et al. 2017 (VaDE), section
    4.1; the balance that of Hu et al. 2017 (IMSAT).
    """

    def __init__(
        self,
        likelihood: PixelLikelihood,
        beta: float,
        warm_up: float,
        *,
        balance: float,
        learn_spread: bool,
        refine: bool,
        plain_epochs: int,
        start: Callable[[EncoderDecoder, Pixels, Report], None],
    ) -> None:
        super().__init__(likelihood, beta, warm_up)
        self.balance, self.learn_spread, self.refine = balance, learn_spread, refine
        self.plain_epochs, self.start = plain_epochs, start

    def before_epoch(self, module: nn.Module, pixels: Pixels, epoch: int, report: Report) -> None:
        """Let the classes begin once the plain epochs are over."""
        if epoch == self.plain_epochs and epoch > 0:
            self.start(cast("EncoderDecoder", module), pixels, report)

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its parts ``reconstruction``, ``kl`` and ``certainty``, nats."""
        networks = cast("EncoderDecoder", module)
        reconstruction, mean, log_var, z = self.plain(networks, batch, moment)
        weight = self.weight(moment.fraction)
        if moment.epoch < self.plain_epochs:
            kl = losses.kl_to_standard_normal(mean, log_var).sum(dim=1).mean()
            parts = {"reconstruction": reconstruction.detach(), "kl": kl.detach()}
            parts["certainty"] = torch.zeros_like(kl.detach())
            return Terms(reconstruction + weight * kl, parts)
        head = networks.class_head()
        # Left to learn, the classifier moves the classes to what explains pixels best: on MNIST
        # from 95 % of the digits where they belong to 73 %.
        head.classifier.requires_grad_(self.refine or self.plain_epochs == 0)
        logits = head(z)
        spread = head.log_vars if self.learn_spread else head.log_vars.detach()
        kl = losses.class_divergence(mean, log_var, head.means, spread, logits).mean()
        certainty = losses.class_certainty(logits).mean()
        cost = kl + certainty
        if self.balance > 0:
            cost = cost + self.balance * losses.imbalance(logits)
        parts = {
            "reconstruction": reconstruction.detach(),
            "kl": kl.detach(),
            "certainty": certainty.detach(),
        }
        return Terms(reconstruction + weight * cost, parts)


class Reconstruction:
    """Negative log-likelihood of an image given its own code, no distribution in between.

    Parameters
    ----------
    likelihood : PixelLikelihood
        Of the pixels.
    noise : float, >= 0
        Standard deviation of the noise added to what the encoder sees, clipped to [0, 1].
    sparsity : float, >= 0
        Weight of the pull of the mean activity of each code towards ``activity``.
    activity : float, in (0, 1)
        Wanted share of images for which a code is on.

    References
    ----------
    Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders";
    Ng 2011, "Sparse autoencoder".
    """

    def __init__(
        self, likelihood: PixelLikelihood, noise: float, sparsity: float, activity: float
    ) -> None:
        self.likelihood, self.noise = likelihood, noise
        self.sparsity, self.activity = sparsity, activity

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its parts ``reconstruction`` and ``sparsity``, nats an image."""
        networks = cast("EncoderDecoder", module)
        seen = batch
        if self.noise > 0:
            noise = torch.empty_like(batch).normal_(0.0, self.noise, generator=moment.generator)
            seen = (batch + noise).clamp_(0.0, 1.0)
        codes, _ = networks.posterior(seen)
        reconstruction = -self.likelihood(networks, batch, networks.decoder(codes), moment)
        parts = {"reconstruction": reconstruction.detach()}
        if self.sparsity == 0:
            return Terms(reconstruction, parts)
        penalty = losses.sparse_penalty(codes, self.activity)
        parts["sparsity"] = penalty.detach()
        return Terms(reconstruction + self.sparsity * penalty, parts)


class DecodeGiven:
    """Negative log-likelihood of an image given the code that came with it.

    Parameters
    ----------
    likelihood : PixelLikelihood
        Of the pixels.
    noise : float, >= 0
        Standard deviation of the noise added to the codes, in units of theirs.
    """

    def __init__(self, likelihood: PixelLikelihood, noise: float) -> None:
        self.likelihood, self.noise = likelihood, noise

    def __call__(self, module: nn.Module, batch: Tensor, moment: Moment) -> Terms:
        """Return the loss and its part ``reconstruction``, nats an image."""
        networks = cast("EncoderDecoder", module)
        given, decoder = (
            cast("GivenCodes", networks.encoder),
            cast("Standardised", networks.decoder),
        )
        codes = given.codes[moment.rows.to(given.codes.device)]
        if self.noise > 0:
            noise = torch.empty_like(codes).normal_(0.0, self.noise, generator=moment.generator)
            codes = codes + noise * decoder.scale
        reconstruction = -self.likelihood(networks, batch, decoder(codes), moment)
        return Terms(reconstruction, {"reconstruction": reconstruction.detach()})
