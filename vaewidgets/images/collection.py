"""A checked collection of images of one size: what every model and widget is given."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from vaewidgets.arguments.masks import rows_or_mask
from vaewidgets.images.contact_sheet import contact_sheet
from vaewidgets.images.identity import DTYPE, contents_of
from vaewidgets.images.pixels import PixelArray, check_channels, in_chunks
from vaewidgets.images.rule import ImageRule
from vaewidgets.images.sprites import SpriteSheet, shrink, sprite_sheets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from vaewidgets.images.identity import Contents
    from vaewidgets.images.loading import Rejected
    from vaewidgets.images.origin import Origin


# What a column, and a colour, of the labels that came along with images is called.
GIVEN = "given_label"


class Images:
    """Images of one size, checked once; made by :func:`load_images`.

    Parameters
    ----------
    pixels : ndarray, shape (n, height, width, channels)
        uint8, or float32 in [0, 1]; 1 channel (gray) or 3 (RGB).
    positions : array of int, shape (n,), optional
        Place of each image in what was loaded (row of the DataFrame given); 0 to n - 1 by
        default.
    rejected : sequence of Rejected
        What could not be read, with the reason.
    sources : sequence of str
        Where each image comes from (file names), empty for an array.
    notice : str
        What loading did to the images beyond reading them, "" if nothing.
    contents : ndarray, shape (n,), dtype S16, optional
        What stands for each image as it was given; taken from ``pixels``, when it is asked for,
        by default.
    origin : Origin, optional
        Which of the sources are files, and where they are; none is by default.
    rule : ImageRule, optional
        How images of other proportions were brought to this size; padded on white by default.
    labels : ndarray, shape (n,), optional
        What the images are, as far as it came along with them.

    Attributes
    ----------
    pixels : ndarray, read-only
    positions : ndarray of int64, shape (n,)
    rejected : tuple of Rejected
    sources : tuple of str
    notice : str
    contents : ndarray, shape (n,), dtype S16, read-only
        16 bytes for each image: the same in any order, selection, size, folder and under any
        name, another for another image. Of a file, a hash of its bytes; of an array, of its shape
        and pixels, where 8 bits and the same divided by 255 are one; of a PIL image, of its
        pixels. Made on first use for arrays. numpy strips zeros from the end of single items:
        compare arrays, or slices such as ``contents[row : row + 1].tobytes()``.
    paths : list of str
        The absolute path of the file of each image when it was loaded, links not followed; "" for
        what was no file. Made anew at each use.
    names : list of str
        What to call each image: its path inside the folder or archive that was loaded, with "/",
        the name it was given under in a dict, or the file name that was given; "" for what has no
        name. Made anew at each use.
    labels : ndarray, shape (n,), or None
        The labels that came along with the images: the names of class folders, the second of
        pairs (image, label), a data set's or frame's column of labels. Text or numbers, None for
        an image without; None as a whole where none came. They are offered as a colour.
    origin : Origin or None
    rule : ImageRule
    """

    def __init__(
        self,
        pixels: PixelArray,
        positions: NDArray[Any] | None = None,
        rejected: Sequence[Rejected] = (),
        *,
        sources: Sequence[str] = (),
        notice: str = "",
        contents: Contents | None = None,
        origin: Origin | None = None,
        rule: ImageRule | None = None,
        labels: NDArray[Any] | None = None,
    ) -> None:
        if pixels.ndim != 4 or pixels.dtype not in (np.uint8, np.float32):
            raise ValueError(
                "pixels must be uint8 or float32 of shape (n, height, width, channels), got "
                f"{pixels.dtype} of shape {pixels.shape}; load_images takes other forms"
            )
        check_channels(pixels.shape[3], "images")
        if positions is None:
            positions = np.arange(len(pixels))
        # A read-only view of our own: the array the caller passed stays as writable as it was.
        # np.asarray: a memory map stays one, but is a plain array to whoever computes with it.
        self.pixels = _read_only(np.asarray(pixels))
        self.positions: NDArray[np.int64] = np.asarray(positions, dtype=np.int64)
        self.rejected = tuple(rejected)
        self.sources = tuple(sources)
        self.notice = notice
        if self.positions.shape != (len(pixels),) or len(self.sources) not in (0, len(pixels)):
            raise ValueError("positions and sources must have one entry for each image")
        self._contents = None if contents is None else _checked(contents, len(pixels))
        self.rule = ImageRule() if rule is None else rule
        self.origin = origin
        if origin is not None and len(origin.is_file) != len(self.sources):
            raise ValueError("origin must have one entry for each source")
        if labels is not None and labels.shape != (len(pixels),):
            raise ValueError("labels must have one entry for each image")
        self.labels = labels if labels is None else _read_only(labels)

    @property
    def n_input(self) -> int:
        """Number of images asked for: those kept and those rejected."""
        return len(self) + len(self.rejected)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels), as of an array."""
        n, height, width, channels = self.pixels.shape
        return n, height, width, channels

    @property
    def ndim(self) -> int:
        """Number of axes, as of an array: 4."""
        return 4

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        return self.shape[1:]

    @property
    def contents(self) -> Contents:
        """What stands for each image as it was given, shape (n,), dtype S16."""
        if self._contents is None:
            self._contents = _checked(contents_of(self.pixels), len(self))
        return self._contents

    @property
    def paths(self) -> list[str]:
        """Absolute path of the file of each image, "" for what was no file."""
        return [""] * len(self) if self.origin is None else self.origin.paths(self.sources)

    @property
    def names(self) -> list[str]:
        """What to call each image, "" for what has no name."""
        return [""] * len(self) if self.origin is None else self.origin.names(self.sources)

    def __len__(self) -> int:
        return len(self.pixels)

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        kind = "gray" if channels == 1 else "RGB"
        text = f"{len(self)} {kind} images, {height} x {width} pixels, {self.pixels.dtype}"
        if self.rejected:
            text += f", {len(self.rejected)} rejected"
        return f"<Images: {text}>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come back, copied or from another process, as read-only as before."""
        self.__dict__.update(state)
        self.pixels.flags.writeable = False
        for array in (self._contents, self.labels):
            if array is not None:
                array.flags.writeable = False

    def _ipython_display_(self) -> None:
        """Show what there is, and the first images, at the end of a notebook's cell."""
        from IPython import display as ipython

        display: Any = ipython.display
        display({"text/plain": repr(self)}, raw=True)
        if len(self):
            sheet = {"image/png": contact_sheet(self.pixels), "text/plain": "the first images"}
            display(sheet, raw=True)

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> PixelArray: ...
    @overload
    def __getitem__(self, rows: Any) -> Images: ...
    def __getitem__(self, rows: Any) -> PixelArray | Images:
        """Return one image as an array, or the images of a slice, positions or mask.

        What is missing in a mask is not taken. Further axes, such as in ``images[..., 0]``, give
        an array, as numpy does. The images taken out know their positions in what was loaded, but
        not what was rejected.
        """
        if isinstance(rows, tuple):
            if len(rows) != 2 or rows[0] is Ellipsis or rows[1] is not Ellipsis:
                part: PixelArray = self.pixels[rows]
                return part
            rows = rows[0]  # scikit-learn asks for images[rows, ...]
        if rows is Ellipsis:
            rows = slice(None)
        if isinstance(rows, (int, np.integer)) and not isinstance(rows, bool):
            image: PixelArray = self.pixels[rows]
            return image
        if not isinstance(rows, slice):
            rows = rows_or_mask(rows)
            if rows.size == 0:
                rows = rows.astype(np.int64)
        kept = np.arange(len(self))[rows]
        if kept.ndim != 1:
            raise IndexError("images are chosen by one number, a slice, positions or a mask")
        return Images(
            self.pixels[rows],
            self.positions[kept],
            sources=[self.sources[row] for row in kept] if self.sources else (),
            notice=self.notice,
            contents=None if self._contents is None else self._contents[kept],
            origin=None if self.origin is None else self.origin.take(kept),
            rule=self.rule,
            labels=None if self.labels is None else self.labels[kept],
        )

    def __iter__(self) -> Iterator[PixelArray]:
        return iter(self.pixels)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
        """Return the pixels as :meth:`as_float` does, for numpy and scikit-learn."""
        if copy is False and self.pixels.dtype != np.float32:
            raise ValueError("8-bit images become floats only by a copy")
        values = self.as_float()
        return values.astype(dtype) if dtype is not None else values

    def as_float(self, rows: Any = None) -> NDArray[np.float32]:
        """Return all images, or those of ``rows``, as a new float32 array in [0, 1]."""
        chosen = self.pixels if rows is None else self.pixels[rows]
        values: NDArray[np.float32] = chosen.astype(np.float32)
        if chosen.dtype == np.uint8:
            values /= np.float32(255)
        return values

    def as_uint8(self, rows: Any = None) -> NDArray[np.uint8]:
        """Return all images, or those of ``rows``, as uint8; 8-bit pixels without a copy."""
        chosen = self.pixels if rows is None else self.pixels[rows]
        if chosen.dtype != np.uint8:
            chosen = np.rint(chosen * np.float32(255)).astype(np.uint8)
        values: NDArray[np.uint8] = chosen
        return values

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of shape, number type and every pixel: changes if one pixel does."""
        digest = hashlib.sha256(f"{self.pixels.shape} {self.pixels.dtype.name} ".encode())
        for rows in in_chunks(self.pixels):
            chunk = np.ascontiguousarray(self.pixels[rows])
            digest.update(chunk.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame with a row for each image, to be labelled or joined to another.

        Returns
        -------
        DataFrame
            Its index is the place of each image in what was loaded. Column "file" is what each
            is called, as in ``names``, or where nothing has a name, "position" that place;
            column "given_label" is ``labels``, where some came along.
        """
        frame = pd.DataFrame(index=pd.Index(self.positions))
        names = self.names
        if any(names):
            frame["file"] = pd.Series([name or None for name in names], frame.index, object)
        else:
            frame["position"] = self.positions
        if self.labels is not None:
            frame[GIVEN] = self.labels
        return frame

    def thumbnails(self, max_side: int = 48) -> NDArray[np.uint8]:
        """Return small uint8 copies, at most ``max_side`` pixels high and wide, never enlarged.

        Returns
        -------
        ndarray, shape (n, height, width, channels), uint8
            Shrunk by averaging over areas, in proportion.
        """
        return shrink(self.pixels, max_side)

    def sprite_sheets(self, max_side: int = 48, max_sheet: int = 4096) -> list[SpriteSheet]:
        """Pack thumbnails into sheets of at most ``max_sheet`` pixels a side."""
        return sprite_sheets(self.pixels, max_side, max_sheet)


def _checked(contents: Contents, n: int) -> Contents:
    """Return a read-only view of what stands for each of n images."""
    if contents.dtype != DTYPE or contents.shape != (n,):
        raise ValueError(
            f"contents must be of dtype {DTYPE} and shape ({n},), got {contents.dtype} of shape "
            f"{contents.shape}"
        )
    return _read_only(contents)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written; the caller's own array stays as it was."""
    view = array.view()
    view.flags.writeable = False
    return view
