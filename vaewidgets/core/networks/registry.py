"""The architectures by name, and how one is built from a few checked integers.

A model file names its architecture here and gives its sizes; nothing in a file is ever imported
or executed.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from vaewidgets.core.networks.conv import ConvDecoder, ConvEncoder
from vaewidgets.core.networks.mlp import MLPDecoder, MLPEncoder

NETWORKS: dict[str, tuple[type[nn.Module], type[nn.Module]]] = {
    "mlp": (MLPEncoder, MLPDecoder),
    "conv": (ConvEncoder, ConvDecoder),
}
CONV_FROM = 8  # pixels; 8x8 digits: 10-NN accuracy of the codes .96, .95 with the dense network
MAX_SIDE = 4096
MAX_LATENT = 4096
MAX_PARAMETERS = 500_000_000  # 2 GB of float32, far above any network built here


class EncoderDecoder(nn.Module):
    """An encoder, a decoder, and the variance of the noise around decoded pixels.

    Parameters
    ----------
    encoder : nn.Module
        (b, c, h, w) in [0, 1] -> mean (b, d), log-variance (b, d).
    decoder : nn.Module
        (b, d) -> logits (b, c, h, w).
    architecture : Architecture
        What they were built from.
    """

    noise_variance: Tensor

    def __init__(self, encoder: nn.Module, decoder: nn.Module, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.encoder = encoder
        self.decoder = decoder
        self.register_buffer("noise_variance", torch.zeros(()))  # 0: not estimated yet


@dataclass(frozen=True)
class Architecture:
    """A network by name and size.

    Parameters
    ----------
    network : {"mlp", "conv"}
        Name in ``NETWORKS``.
    height, width : int, 1 to 4096
        Size of the images in pixels.
    channels : int, 1 or 3
        1 gray, 3 colour.
    n_latent : int, 1 to 4096
        Dimensions of the code.

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

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ValueError(f"network is {self.network!r}; accepted: {', '.join(NETWORKS)}")
        limits = {"height": MAX_SIDE, "width": MAX_SIDE, "channels": 3, "n_latent": MAX_LATENT}
        for name, highest in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= highest:
                raise ValueError(f"{name} is {value!r}; accepted: an integer from 1 to {highest}")

    @property
    def n_values(self) -> int:
        """Pixels times channels of an image."""
        return self.height * self.width * self.channels

    def as_dict(self) -> dict[str, str | int]:
        """Return the name and sizes as plain JSON values."""
        return asdict(self)

    def outline(self) -> EncoderDecoder:
        """Build the modules on the meta device: shapes and no memory.

        Raises
        ------
        ValueError
            The network would have more than 500 million parameters.
        """
        encoder, decoder = NETWORKS[self.network]
        with torch.device("meta"):
            module = EncoderDecoder(
                encoder(self.height, self.width, self.channels, self.n_latent),
                decoder(self.height, self.width, self.channels, self.n_latent),
                self,
            )
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
        module.noise_variance.zero_()
        return module


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
