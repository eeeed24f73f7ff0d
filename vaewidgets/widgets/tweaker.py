"""The tweaker: one slider a latent dimension, and what the model makes of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from traitlets import Bool, Int, Unicode

from vaewidgets import latent
from vaewidgets.arguments.arrays import as_array
from vaewidgets.widgets.base.traits import ArrayTrait, held, is_from_page
from vaewidgets.widgets.base.widget import (
    Buffers,
    Content,
    Reply,
    binary,
    bundle,
    check_layout,
)
from vaewidgets.widgets.decoding.dimensions import Tracks
from vaewidgets.widgets.decoding.pictures import (
    Pictures,
    Shown,
    check_collection,
    check_row,
    to_bytes,
)
from vaewidgets.widgets.map.map_widget import MapWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCES = ("prior", "posterior")


class Code(ArrayTrait):
    """The code on the sliders, which reach as far as it does."""

    default_value = held(np.zeros(0, np.float32))

    def check(self, widget: Any, value: Any) -> NDArray[np.float32]:
        """Return a code that can be decoded."""
        return _check_code(value, widget._shown.code.n_dims)

    def pack(self, widget: Any, array: NDArray[Any]) -> bytes:
        """Return float32 numbers, as the page takes them."""
        return _pack(array)

    def unpack(self, widget: Any, data: bytes) -> NDArray[np.float32]:
        """Return a code that the page sent."""
        try:
            return _parse(data, widget._shown.code.n_dims)
        except ValueError:
            widget.send_state(self.name)  # the page forgets what it has
            raise

    def set(self, obj: Any, value: Any) -> None:
        """Set the code and the ends of the sliders, in one message."""
        code = self.check(obj, value)
        with obj.hold_sync():
            # Not while somebody drags: sliders that were longer would shrink under the hand.
            if not (is_from_page(obj, "code") and obj._reaches(code)):
                obj._reach(code)
            super().set(obj, code)


class Row(Int[Any, Any]):
    """The row of the image; setting it loads another one."""

    def set(self, obj: Any, value: Any) -> None:
        """Load a row, or, while one is being loaded, say which."""
        if obj._is_presenting:
            super().set(obj, value)
        else:
            obj._load_row(value)


class LatentTweaker(MapWidget):
    """Change the code of an image, dimension by dimension, and see what the model makes of it.

    The sliders are sorted by what their dimensions tell about an image: the mean KL divergence
    to the prior over ``images``, or of the one image without a collection; the share of variance
    for PCA. Each track shows where the image's code stands, its posterior (± 2 standard
    deviations) and where 98 % of the collection lie. Dimensions that carry nothing (variance of
    the means at most 0.01, Burda et al. 2016) are folded away.

    Parameters
    ----------
    model : object
        A fitted VAE, a fitted scikit-learn transformer with ``inverse_transform`` (PCA), or any
        object with ``transform`` and ``inverse_transform``; see
        :func:`vaewidgets.latent.as_model`. The widget keeps a snapshot: fitting the model again
        does not change what is shown.
    image : array, PIL image or int, optional
        The image to begin with, or its row in ``images``. Row 0 by default.
    images : Images or anything ``load_images`` takes, optional
        A collection to take images from, shown as a map.
    color : column of `data`, array, Series or list, optional
        Colours the map of the collection.
    data : DataFrame, optional
        One row for each image of the collection.
    random_state : int
        Seed of the samples.
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget: ``Layout(width="50%")``.

    Attributes
    ----------
    code : ndarray, shape (d,), float32
        The code on the sliders, a copy; set it to another one.
    row : int or None
        Which row of `images` was loaded, None for an image from elsewhere; set it to load
        another.
    selection : ndarray of int64
        Positions of the images selected on the map of the collection.

    Notes
    -----
    `code`, `row` and `selection` are traits: ``observe(handler, names="code")``,
    ``ipywidgets.link`` and ``dlink`` give and take arrays and numbers. ``jslink`` joins `row` to
    any whole number, such as that of an IntSlider, `code` to that of another tweaker, and
    `selection` to that of another map of the same images: in the page these two are bytes.

    Raises
    ------
    TypeError
        If the model has no ``inverse_transform``, or ``image`` is neither an image nor a row.
    ValueError
        If there is neither an image nor a collection, or the image has the wrong size.

    Examples
    --------
    >>> tweaker = LatentTweaker(vae, images[3])  # doctest: +SKIP
    >>> tweaker.code[3] = 1.5  # no effect: a copy. Set the whole code:  # doctest: +SKIP
    >>> tweaker.code = z  # doctest: +SKIP
    """

    _esm: ClassVar[str] = bundle("tweaker.js")
    _css: ClassVar[str] = bundle("tweaker.css")

    code = Code()
    """The code on the sliders; float32 in the page."""
    row = Row(None, allow_none=True).tag(sync=True)
    """The row of the image."""
    _mean = binary()  # float32 (d,): code of the image
    _std = binary()  # float32 (d,): spread of its posterior, 0 where unknown
    _low = binary()  # float32 (d,): ends of the sliders
    _high = binary()
    _range = binary()  # float32 (2, d): 1st and 99th percentile of the collection, or empty
    _information = binary()  # float32 (d,), in _unit
    _active = binary()  # uint8 (d,)
    _unit = Unicode("").tag(sync=True)  # "nats", "%" (of the variance), "sd" or ""
    _loaded = Int(0).tag(sync=True)  # counts the images loaded
    _has_posterior = Bool(False).tag(sync=True)
    _has_prior = Bool(False).tag(sync=True)

    _is_presenting = False
    """Whether an image is being put on the page: its row is told then, not asked for."""

    def __init__(
        self,
        model: Any,
        image: Any = None,
        *,
        images: Any = None,
        color: Any = None,
        data: Any = None,
        random_state: int = 0,
        layout: Any = None,
    ) -> None:
        check_layout(layout)
        collection = None if images is None else latent.images_for(model, images)
        if collection is None and image is None:
            raise ValueError("LatentTweaker needs an image, or images= to take one from")
        check_collection(collection, color=color, data=data)
        self._rng = np.random.default_rng(random_state)
        self._pictures = Pictures("LatentTweaker", model, collection, example=image)
        self._shown = self._pictures.find(0 if image is None else image, "image")
        if collection is None:
            self._init_without_map(self._pictures.model, self._shown.code.n_dims, layout)
            self._tracks = Tracks(self._pictures.model, None, None)
        else:
            super().__init__(
                self._pictures.model, collection, color=color, data=data, layout=layout
            )
            self._tracks = Tracks(self._pictures.model, self.codes, self.posterior)
        known = self._pictures.has_posterior  # a posterior is learned against the prior N(0, I)
        self.set_trait("_has_posterior", known)
        self.set_trait("_has_prior", known)
        self._present(self._shown)

    def __repr__(self) -> str:
        what = "an image" if self.row is None else f"row {self.row}"
        return f"<LatentTweaker: {what}, {len(self.code)} dimensions>"

    @property
    def image(self) -> NDArray[np.float32]:
        """The image that was loaded, (height, width, channels) in [0, 1]."""
        return self._shown.image

    @property
    def reconstruction(self) -> NDArray[np.float32]:
        """What the model makes of the image's own code, (height, width, channels) in [0, 1]."""
        image: NDArray[np.float32] = self._pictures.decode(self._shown.code.mean)[0]
        return image

    @property
    def result(self) -> NDArray[np.float32]:
        """What the model makes of the code on the sliders, (height, width, channels)."""
        image: NDArray[np.float32] = self._pictures.decode(self.code[np.newaxis])[0]
        return image

    def load(self, image: Any) -> None:
        """Take another image, or the row of one in ``images``, and put the sliders on its code."""
        self._present(self._pictures.find(image, "image"))

    def reset(self) -> None:
        """Put every slider back to the code of the image."""
        self.code = self._shown.code.mean[0]

    def sample(self, source: str = "prior") -> None:
        """Put the sliders on a new code.

        Parameters
        ----------
        source : {"prior", "posterior"}
            N(0, I), or what the model believes the code of the image may be.
        """
        if source not in SOURCES:
            raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {source!r}")
        if not self._pictures.has_posterior:
            raise ValueError(f"{self._pictures.name} has no {source} to sample from")
        code = self._shown.code
        if source == "posterior":
            self.code = code.sample(self._rng)[0]
        else:
            self.code = self._rng.standard_normal(code.n_dims)

    def _load_row(self, row: Any) -> None:
        """Load the row that `row` is set to, unless it is there; tell a page what is wrong."""
        if row is self.row or (type(row) is not bool and np.ndim(row) == 0 and row == self.row):
            return
        try:
            if self._pictures.images is None:
                raise ValueError("row is about a collection: pass images= too")
            self.load(check_row(row, len(self._pictures.images)))
        except Exception as error:
            if not is_from_page(self, "row"):
                raise
            self._fail({}, error)
            self.send_state("row")

    def _present(self, shown: Shown) -> None:
        """Put an image and its code on the page, all in one message."""
        self._shown = shown
        information, unit, active = self._tracks.information(shown.code)
        # Whoever observes a trait sees all of them changed.
        with self.hold_sync(), self.hold_trait_notifications():
            self._mean, self._std = _pack(shown.code.mean[0]), _pack(shown.code.std[0])
            self._information, self._unit = _pack(information), unit
            self._active = active.astype(np.uint8).tobytes()
            self._range = self._tracks.packed_range()
            self.code = shown.code.mean[0]
            self._is_presenting = True
            self.row = shown.row
            self._is_presenting = False
            self._loaded += 1

    def _reaches(self, code: NDArray[np.floating[Any]]) -> bool:
        """Tell whether all of a code lies on the sliders as they are."""
        low, high = (np.frombuffer(ends, "<f4") for ends in (self._low, self._high))
        return bool(len(low) == len(code) and ((low <= code) & (code <= high)).all())

    def _reach(self, code: NDArray[np.floating[Any]]) -> None:
        """Make the sliders long enough for a code."""
        low, high = self._tracks.limits(self._shown.code, code)
        self._low, self._high = _pack(low), _pack(high)

    def _on_decode(self, content: Content, buffers: Buffers) -> None:
        """Decode the code that the page shows, off the main thread."""
        if len(buffers) != 1:
            raise ValueError(f"a code is one buffer, got {len(buffers)}")
        code = _parse(bytes(buffers[0]), self._shown.code.n_dims)

        def work() -> Reply:
            return {**self._pictures.size}, [to_bytes(self._pictures.decode(code[np.newaxis]))]

        self._later(content, work)

    def _on_pictures(self, content: Content, _buffers: Buffers) -> None:
        """Send the image that was loaded and its reconstruction."""
        shown = self._shown

        def work() -> Reply:
            made = self._pictures.decode(shown.code.mean)
            return {**self._pictures.size}, [to_bytes(shown.image), to_bytes(made)]

        self._later(content, work)

    def _on_load(self, content: Content, _buffers: Buffers) -> Reply:
        if self._pictures.images is None:
            raise ValueError("there is no collection to take a row from")
        self.load(check_row(content.get("row"), len(self._pictures.images)))
        return {}

    def _on_sample(self, content: Content, _buffers: Buffers) -> Reply:
        self.sample(content.get("source", ""))
        return {}


def _check_code(value: Any, n_dims: int) -> NDArray[np.float32]:
    """Return a code that can be decoded, or say what is wrong with it."""
    code = as_array(value)
    if code.shape != (n_dims,):
        raise ValueError(f"code must have shape ({n_dims},), got {code.shape}")
    if code.dtype.kind not in "fiu":
        raise ValueError(f"code must be numbers, got {code.dtype}")
    with np.errstate(over="ignore"):  # a float64 beyond float32 is refused just below
        values = code.astype(np.float32)
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"code must be finite, but dimension {bad} is {code[bad]}")
    return values


def _parse(data: bytes, n_dims: int) -> NDArray[np.float32]:
    """Read a code that came as bytes."""
    if len(data) % 4:
        raise ValueError(f"a code is float32 numbers, got {len(data)} bytes")
    return _check_code(np.frombuffer(data, dtype="<f4"), n_dims)


def _pack(values: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(values, dtype="<f4").tobytes()
