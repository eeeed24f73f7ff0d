"""Batches of images for training: from memory, or read ahead from a file larger than memory.

Images stay as they came (uint8 is a quarter of float32) and become float batches one by one; on
one machine this costs less than the worker processes of a DataLoader.
"""

from __future__ import annotations

import mmap
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from concurrent.futures import Future

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8] | NDArray[np.float32]

AHEAD = 4  # batches read before they are asked for


class Feed:
    """Batches of images by their rows, read ahead in the background where they are on disk.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels), uint8 or float32
        In memory it is used where it is. On a graphics card all of it is moved there once if
        half of the free memory holds it, else batch by batch. A memory-mapped array
        (``np.load(..., mmap_mode="r")``) is read batch by batch, whatever the device.
    device : torch.device
        Where the batches are wanted.
    """

    def __init__(self, pixels: Pixels, device: torch.device) -> None:
        self._pixels, self._device = pixels, device
        self._map = map_below(pixels)
        self._all_there: Tensor | None = None
        # A pinned batch crosses to the card while the next one is gathered.
        self._pinned = device.type == "cuda"
        if self._map is None:
            everything = tensor_of(pixels)
            if device.type == "cpu" or everything.nbytes <= free_memory(device) / 2:
                self._all_there = everything.to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    def batches(self, rows: Iterable[Tensor]) -> Generator[Tensor]:
        """Yield the images of each batch of rows, in the order asked for.

        Parameters
        ----------
        rows : iterable of Tensor, shape (b,), int64
            Rows from 0 to n - 1, in any order and more than once if need be. Of a memory-mapped
            array the next ``AHEAD`` are asked for before a batch is yielded, by the thread that
            asks for batches.

        Yields
        ------
        Tensor, shape (b, height, width, channels)
            On the device, in the number type of the pixels; the same whether they are in memory
            or mapped.

        Raises
        ------
        IndexError
            A row that is not there.
        OSError
            The file has become shorter.

        Notes
        -----
        The thread that reads ahead ends with the iterator: at the end of ``rows``, after an
        error, or when it is closed. A loop that may end early closes it with
        ``contextlib.closing``; else it goes when the iterator is forgotten.
        """
        if self._all_there is not None:
            for chosen in rows:
                yield self._all_there.index_select(0, chosen.to(self._device))
        elif self._map is None:
            for chosen in rows:
                yield self._send(self._gather(chosen.cpu()))
        else:
            yield from self._read_ahead(rows)

    def _read_ahead(self, rows: Iterable[Tensor]) -> Generator[Tensor]:
        """Let one thread gather the next batches while this one is used."""
        reader = ThreadPoolExecutor(1, thread_name_prefix="vaewidgets-feed")
        coming: deque[Future[Tensor]] = deque()
        try:
            for chosen in rows:
                coming.append(reader.submit(self._gather, chosen.cpu()))
                if len(coming) > AHEAD:
                    yield self._send(coming.popleft().result())
            while coming:
                yield self._send(coming.popleft().result())
        finally:
            reader.shutdown(wait=True, cancel_futures=True)

    def _gather(self, rows: Tensor) -> Tensor:
        """Copy the images of these rows from memory or file into a new batch."""
        chosen = rows.numpy()
        if len(chosen) and not 0 <= chosen.min() <= chosen.max() < len(self):
            found = f"rows go from {chosen.min()} to {chosen.max()}"
            raise IndexError(f"{found}; accepted: 0 to {len(self) - 1}")
        check_length(self._map)
        shape = (len(chosen), *self._pixels.shape[1:])
        dtype = torch.uint8 if self._pixels.dtype == np.uint8 else torch.float32
        batch = torch.empty(shape, dtype=dtype, pin_memory=self._pinned)
        # From the front of the file to its end; numpy lets go of Python's lock while it waits.
        order = np.argsort(chosen, kind="stable")
        batch.numpy()[order] = self._pixels[chosen[order]]
        return batch

    def _send(self, batch: Tensor) -> Tensor:
        """Move a batch to the device."""
        return batch.to(self._device, non_blocking=self._pinned)


def tensor_of(pixels: Pixels) -> Tensor:
    """Return the pixels as a tensor on the same memory (read-only and mapped arrays too).

    torch knows no steps backwards (``images[::-1]``): such arrays are copied.
    """
    forward = np.ascontiguousarray(pixels) if min(pixels.strides) < 0 else pixels
    with warnings.catch_warnings():
        # torch warns that it could write into a read-only array; nothing here writes
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(forward)


def float_batch(pixels: Tensor) -> Tensor:
    """Turn pixels (b, height, width, channels) into floats (b, channels, height, width) in [0, 1].

    Only the strides change places: the memory stays channels-last, which convolutions prefer.
    """
    batch = pixels.permute(0, 3, 1, 2)
    # Division, not multiplication by 1/255: the same bits as numpy's float32(x) / 255.
    return (
        batch.float().div_(255)
        if pixels.dtype == torch.uint8
        else batch.contiguous(memory_format=torch.channels_last)
    )


def free_memory(device: torch.device) -> int:
    """Return the bytes free on a graphics card; 0 on a device that does not tell."""
    if device.type == "cuda":
        # What torch keeps for later use counts as taken to the driver.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return 0


def map_below(pixels: Pixels) -> np.memmap[Any, Any] | None:
    """Return the map of a file that an array looks into, through whatever views; else None."""
    below: Any = pixels
    while isinstance(below, np.ndarray):
        if isinstance(below, np.memmap) and isinstance(below.base, mmap.mmap):
            return below
        below = below.base
    return None


def check_length(mapped: np.memmap[Any, Any] | None) -> None:
    """Refuse a file that has become shorter: looking behind its end would kill the process.

    Asked right before each look into the map, which leaves some microseconds in which a file can
    still be cut unseen; the system offers nothing better for a map.

    Raises
    ------
    OSError
        With both lengths.
    """
    if mapped is None:
        return
    file: Any = mapped.base
    needed, found = mapped.offset + mapped.nbytes, file.size()
    if found < needed:
        raise OSError(
            f"the file of the images, {mapped.filename}, has become shorter while it was read: "
            f"{found:,} bytes of {needed:,}"
        )
