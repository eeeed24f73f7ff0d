"""Codes that come from elsewhere, in an encoder's place, and the scale of what decodes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from vaewidgets.images.identity import DTYPE, N_BYTES, contents_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vaewidgets.images.identity import Contents


class GivenCodes(nn.Module):
    """Codes of known images, found by what an image is: nothing is computed, nothing learned.

    Parameters
    ----------
    n_known : int
        How many images are known.
    n_latent : int
        Numbers in a code.
    """

    codes: Tensor
    keys: Tensor

    def __init__(self, n_known: int, n_latent: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.empty(n_known, n_latent))
        self.register_buffer("keys", torch.empty(n_known, N_BYTES, dtype=torch.uint8))

    def set(self, codes: NDArray[np.float32], contents: Contents) -> None:
        """Take the codes (n_known, n_latent), and what stands for the image of each."""
        self.codes.copy_(torch.from_numpy(np.ascontiguousarray(codes)))
        keys = np.ascontiguousarray(contents).view(np.uint8).reshape(-1, N_BYTES)
        self.keys.copy_(torch.from_numpy(keys.copy()))

    def joined(self, codes: NDArray[np.float32], contents: Contents) -> GivenCodes:
        """Return these, then those known here that are not among them."""
        keys = np.ascontiguousarray(self.keys.cpu().numpy()).view(DTYPE).ravel()
        kept = ~np.isin(keys, contents)
        more = GivenCodes(len(codes) + int(kept.sum()), codes.shape[1])
        more.set(
            np.concatenate([codes, self.codes.cpu().numpy()[kept]]),
            np.concatenate([contents, keys[kept]]),
        )
        return more.to(self.codes.device)

    def find(self, contents: Contents) -> NDArray[np.int64]:
        """Return the row of each image; -1 for one that is not known."""
        keys = np.ascontiguousarray(self.keys.cpu().numpy()).view(DTYPE).ravel()
        order = np.argsort(keys, kind="stable")  # of equal images the first
        places = np.searchsorted(keys, contents, sorter=order).clip(max=len(keys) - 1)
        rows = order[places]
        return np.where(keys[rows] == contents, rows, -1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the codes (b, n_latent) of images ``x`` (b, channels, height, width)."""
        pixels = x.permute(0, 2, 3, 1).float().cpu().contiguous().numpy()
        rows = self.find(contents_of(pixels))
        if (rows < 0).any():
            raise ValueError(f"the codes of {int((rows < 0).sum())} images are not known")
        return self.codes[torch.from_numpy(rows).to(self.codes.device)]


class Standardised(nn.Module):
    """A decoder that is handed codes of mean 0 and variance 1, whatever scale they came in.

    Parameters
    ----------
    decoder : nn.Module
        Codes (b, d) to logits (b, channels, height, width).
    n_latent : int
        Numbers in a code, d.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, decoder: nn.Module, n_latent: int) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("centre", torch.empty(n_latent))
        self.register_buffer("scale", torch.empty(n_latent))

    def measure(self, codes: NDArray[np.float32]) -> None:
        """Take the scale from codes (n, n_latent); one that never changes keeps its own."""
        wide = codes.astype(np.float64)
        std = wide.std(axis=0)
        self.centre.copy_(torch.from_numpy(wide.mean(axis=0)))
        self.scale.copy_(torch.from_numpy(np.where(std > 0, std, 1.0)))

    def forward(self, z: Tensor) -> Tensor:
        """Decode ``z`` (b, d) to logits (b, channels, height, width)."""
        logits: Tensor = self.decoder((z - self.centre) / self.scale)
        return logits
