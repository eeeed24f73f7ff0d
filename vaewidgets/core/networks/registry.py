"""The architectures by name, and how one is built from a few checked integers.

A model file names its architecture here and gives its sizes; nothing in a file is ever imported
or executed.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vaewidgets.core.losses import normal_log_density
from vaewidgets.core.networks.cluster_head import ClusterHead
from vaewidgets.core.networks.conv import ConvDecoder, ConvEncoder
from vaewidgets.core.networks.dense_unet import DenseUNetDecoder, DenseUNetEncoder
from vaewidgets.core.networks.dual_conv import DualConvDecoder, DualConvEncoder
from vaewidgets.core.networks.given import GivenCodes, Standardised
from vaewidgets.core.networks.mlp import MLPDecoder, MLPEncoder
from vaewidgets.core.networks.size import ImageSize
from vaewidgets.core.networks.spatial import SpatialDecoder, SpatialEncoder

CONV_FROM = 8  # pixels; 8x8 digits: 10-NN accuracy of the codes .96, .95 with the dense network
MAX_SIDE = 4096
MAX_LATENT = 4096
MAX_CLUSTERS = 1000
LOG_VAR_LIMIT = 10.0  # e^(10/2) = 148 standard deviations; beyond it exp() only makes trouble
MAX_PARAMETERS = 500_000_000  # 2 GB of float32, far above any network built here


@dataclass(frozen=True)
class Family:
    """An encoder, the decoder that belongs to it, and what can be set about them.

    Attributes
    ----------
    encoder : class
        ``encoder(size, n_outputs, **settings)``, images to (b, n_outputs).
    decoder : class
        ``decoder(size, n_latent, **settings)``, codes to logits of images.
    settings : dict of str to (int, int, int)
        Default, lowest and highest value of each setting.
    """

    encoder: type[nn.Module]
    decoder: type[nn.Module]
    settings: dict[str, tuple[int, int, int]] = field(default_factory=dict)


NETWORKS: dict[str, Family] = {
    "mlp": Family(MLPEncoder, MLPDecoder, {"hidden": (512, 1, 8192), "hidden_2": (0, 0, 8192)}),
    "dual_conv": Family(
        DualConvEncoder, DualConvDecoder, {"n_layers": (2, 1, 5), "hidden": (512, 1, 8192)}
    ),
    "spatial": Family(
        SpatialEncoder,
        SpatialDecoder,
        {"first_channels": (16, 8, 256), "max_channels": (64, 8, 1024)},
    ),
    "dense_unet": Family(
        DenseUNetEncoder,
        DenseUNetDecoder,
        {
            "n_first": (8, 1, MAX_LATENT - 1),
            "growth": (12, 1, 64),
            "features": (24, 1, 256),
            "block1": (6, 1, 64),
            "block2": (12, 1, 64),
            "block3": (24, 1, 64),
            "block4": (16, 1, 64),
            "bn_size": (4, 1, 8),
            "last_features": (0, 0, 256),
        },
    ),
    "conv": Family(
        ConvEncoder, ConvDecoder, {"first_channels": (16, 8, 256), "max_channels": (64, 8, 1024)}
    ),
}
CODES = ("gaussian", "plain", "sigmoid", "given")
MAX_KNOWN = 10_000_000


class EncoderDecoder(nn.Module):
    """An encoder, a decoder, and the variance of the noise around decoded pixels.

    Parameters
    ----------
    encoder : nn.Module
        (b, c, h, w) in [0, 1] -> (b, 2 d) for Gaussian codes, (b, d) for others.
    decoder : nn.Module
        (b, d) -> logits (b, c, h, w).
    architecture : Architecture
        What they were built from.

    Attributes
    ----------
    clusters : ClusterHead or None
        Classes over the codes, for models that cluster.
    """

    noise_variance: Tensor

    def __init__(self, encoder: nn.Module, decoder: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = encoder
        self.decoder = decoder
        n_clusters, n_latent = architecture.n_clusters, architecture.n_latent
        self.clusters = ClusterHead(n_latent, n_clusters) if n_clusters else None
        self.register_buffer("noise_variance", torch.zeros(()))  # 0: not estimated yet

    def posterior(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance, both (b, d), of the codes of (b, c, h, w) in [0, 1].

        A code that is no distribution is one of no spread: its log-variance is -infinity.
        """
        outputs = self.encoder(batch)
        if self.architecture.code == "gaussian":
            mean, log_var = outputs.chunk(2, dim=1)
            return mean, log_var.clamp(-LOG_VAR_LIMIT, LOG_VAR_LIMIT)
        codes = outputs.sigmoid() if self.architecture.code == "sigmoid" else outputs
        return codes, torch.full_like(codes, -math.inf)

    def class_head(self) -> ClusterHead:
        """Return the classes of a model that clusters."""
        if self.clusters is None:
            raise TypeError("this model has no clusters")
        return self.clusters

    def log_prior(self, z: Tensor) -> Tensor:
        """Log-density (...,) of codes (..., d) before an image is seen, in nats.

        N(0, I), or the classes' priors in equal shares.
        """
        zero = z.new_zeros(())
        if self.clusters is None:
            return normal_log_density(z, zero, zero)
        head = self.clusters
        densities = normal_log_density(z[..., None, :], head.means, head.log_vars)
        return densities.logsumexp(dim=-1) - math.log(len(head.means))


@dataclass(frozen=True)
class Architecture:
    """A network by name and size.

    Parameters
    ----------
    network : str
        Name in ``NETWORKS``.
    height, width : int, 1 to 4096
        Size of the images in pixels.
    channels : int, 1 or 3
        1 gray, 3 colour.
    n_latent : int, 1 to 4096
        Dimensions of the code.
    settings : dict of str to int
        What differs from the defaults of the network; completed with them.
    code : {"gaussian", "plain", "sigmoid", "given"}
        A mean and a variance for each image, or numbers, or numbers between 0 and 1; or no
        encoder, but codes that come from elsewhere.
    n_clusters : int, 0 to 1000
        Classes over the codes; 0 for a model that does not cluster.
    n_known : int, 0 to 10 million
        Images whose codes are given; 0 where an encoder makes them.

    Raises
    ------
    ValueError
        A name or a size that is not accepted.
    """

    network: str
    height: int
    width: int
    channels: int
    n_latent: int
    settings: dict[str, int] = field(default_factory=dict)
    code: str = "gaussian"
    n_clusters: int = 0
    n_known: int = 0

    def __post_init__(self) -> None:
        for name, accepted in (("network", tuple(NETWORKS)), ("code", CODES)):
            if getattr(self, name) not in accepted:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; accepted: {', '.join(accepted)}"
                )
        limits = {
            "height": (1, MAX_SIDE),
            "width": (1, MAX_SIDE),
            "channels": (1, 3),
            "n_latent": (1, MAX_LATENT),
            "n_clusters": (0, MAX_CLUSTERS),
            "n_known": (1, MAX_KNOWN) if self.code == "given" else (0, 0),
        }
        for name, (lowest, highest) in limits.items():
            _check_size(name, getattr(self, name), lowest, highest)
        object.__setattr__(self, "settings", complete_settings(self.network, self.settings))

    @property
    def size(self) -> ImageSize:
        """Size of the images."""
        return ImageSize(self.height, self.width, self.channels)

    def as_dict(self) -> dict[str, Any]:
        """Return the names and sizes as plain JSON values."""
        table = asdict(self)
        if self.n_known == 0:  # as files were before there were given codes
            del table["n_known"]
        return table

    def outline(self) -> EncoderDecoder:
        """Build the modules on the meta device: shapes and no memory.

        Raises
        ------
        ValueError
            The network would have more than 500 million parameters.
        """
        family = NETWORKS[self.network]
        n_outputs = 2 * self.n_latent if self.code == "gaussian" else self.n_latent
        with torch.device("meta"):
            decoder = family.decoder(self.size, self.n_latent, **self.settings)
            if self.code == "given":
                encoder: nn.Module = GivenCodes(self.n_known, self.n_latent)
                decoder = Standardised(decoder, self.n_latent)
            else:
                encoder = family.encoder(self.size, n_outputs, **self.settings)
            module = EncoderDecoder(encoder, decoder, self)
        n_parameters = sum(math.prod(p.shape) for p in module.parameters())
        if n_parameters > MAX_PARAMETERS:
            raise ValueError(
                f"a {self.network} network for {self.height}x{self.width}x{self.channels} images "
                f"would have {n_parameters:,} parameters; accepted: up to {MAX_PARAMETERS:,}. "
                "Load the images at a smaller size"
            )
        return module

    def build(self, generator: torch.Generator) -> EncoderDecoder:
        """Build the modules on the CPU with fresh weights drawn from ``generator`` alone."""
        module = self.outline().to_empty(device="cpu")
        for part in module.modules():
            _initialise(part, generator)
        for part in module.modules():
            start = getattr(part, "initialise", None)
            if callable(start):  # an architecture with a start of its own
                start(generator)
        module.noise_variance.zero_()
        return module


def complete_settings(network: str, settings: Any) -> dict[str, int]:
    """Return all settings of a network: those given, checked, and the defaults of the others.

    Raises
    ------
    ValueError, TypeError
        No table, a name that the network has not, or a value outside its range.
    """
    accepted = NETWORKS[network].settings
    names = ", ".join(f"{name} ({low} to {high})" for name, (_, low, high) in accepted.items())
    if not isinstance(settings, dict):
        raise TypeError(f"settings are {settings!r}; accepted: a dict with any of {names}")
    for name, value in settings.items():
        if name not in accepted:
            raise ValueError(
                f"settings has {name!r}; accepted for network={network!r}: {names or 'none'}"
            )
        _check_size(f"settings[{name!r}]", value, *accepted[name][1:])
    return {name: settings.get(name, default) for name, (default, _, _) in accepted.items()}


def _check_size(name: str, value: Any, lowest: int, highest: int) -> None:
    """Refuse anything but an integer from ``lowest`` to ``highest``."""
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError(f"{name} is {value!r}; accepted: an integer from {lowest} to {highest}")


def channels_last(module: nn.Module) -> None:
    """Lay 4-d weights out channels last, as images come: convolutions are faster so."""
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def choose_network(height: int, width: int) -> str:
    """Return the name of the network that ``network="auto"`` stands for."""
    return "mlp" if min(height, width) < CONV_FROM else "conv"


def _initialise(part: nn.Module, generator: torch.Generator) -> None:
    """Fill the weights of one layer as torch does, but from a generator of our own."""
    if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        # torch counts the inputs of a transposed convolution by its output channels
        fan_in = math.prod(part.weight.shape[1:])
        bound = 1 / math.sqrt(fan_in)
        with torch.no_grad():
            part.weight.uniform_(-bound, bound, generator=generator)
            if part.bias is not None:
                part.bias.uniform_(-bound, bound, generator=generator)
    elif isinstance(part, nn.BatchNorm2d):
        part.reset_parameters()  # constants only, nothing random
