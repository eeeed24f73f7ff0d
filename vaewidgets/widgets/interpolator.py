"""The interpolator: from one image to another along a path through latent space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from traitlets import Bool, Dict, Enum, Int, TraitError, validate

from vaewidgets import latent
from vaewidgets.arguments.numbers import is_whole
from vaewidgets.arguments.seeds import as_seed
from vaewidgets.widgets.base.traits import Number
from vaewidgets.widgets.base.widget import Buffers, Content, Reply, bundle, check_layout
from vaewidgets.widgets.decoding.animation import save_reel
from vaewidgets.widgets.decoding.pictures import (
    Pictures,
    Shown,
    check_collection,
    check_row,
    to_bytes,
)
from vaewidgets.widgets.map.map_widget import MapWidget

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from vaewidgets.gaussians import Gaussians

# One answer stays below this: large messages block the others, and 10 MiB is the server's wall.
MOST_BYTES = 4_000_000
FEWEST_STEPS = 3


class Interpolator(MapWidget):
    """Slide from one image to another along a path through latent space.

    Parameters
    ----------
    model : object
        A fitted VAE, a fitted scikit-learn transformer with ``inverse_transform`` (PCA), or any
        object with ``transform`` and ``inverse_transform``; see
        :func:`vaewidgets.latent.as_model`. The widget keeps a snapshot: fitting the model again
        does not change what is shown.
    start, end : array, PIL image or int
        The two images, or their rows in ``images``. Without them, rows 0 and 1.
    images : Images or anything ``load_images`` takes, optional
        A collection to choose the ends from, shown as a map.
    color : column of `data`, array, Series or list, optional
        Colours the map of the collection.
    data : DataFrame, optional
        One row for each image of the collection.
    kind : {"optimal_transport", "linear", "spherical"}
        The path, see :func:`vaewidgets.latent.path`.
    n_steps : int, 2 to 256
        Images along the path, both ends among them. The page gets fewer where the images are
        large (256 x 256 x 3: 20), so that one answer stays below 4 MB.
    sampling : bool
        Show samples instead of means: one draw of noise, the same all along the path. Needs a
        model with a posterior.
    random_state : int
        Seed of the noise.
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget: ``Layout(width="50%")``.

    Attributes
    ----------
    t : float in [0, 1]
        Where the slider stands.
    kind, sampling
        As above; may be set.
    selection : ndarray of int64
        Positions of the images selected on the map of the collection.

    Notes
    -----
    `t`, `kind`, `sampling` and `selection` are traits: ``observe(handler, names="t")``,
    ``ipywidgets.link``, ``dlink`` and ``jslink`` take them as they take those of a FloatSlider.
    ``jslink`` joins a `selection` only to that of another map of the same images.

    Raises
    ------
    TypeError
        If the model has no ``inverse_transform``, or an end is neither an image nor a row.
    ValueError
        If an argument is outside its range, or an image has the wrong size.

    Examples
    --------
    >>> Interpolator(vae, images[3], images[8])  # doctest: +SKIP
    >>> Interpolator(vae, 3, 8, images=images, kind="spherical")  # doctest: +SKIP
    """

    _esm: ClassVar[str] = bundle("interpolator.js")
    _css: ClassVar[str] = bundle("interpolator.css")

    t = Number(0.5).tag(sync=True)
    """Where the slider stands, 0 (start) to 1 (end). Default 0.5."""
    kind = Enum(latent.PATHS, latent.PATHS[0]).tag(sync=True)
    """The path from start to end."""
    sampling = Bool(False).tag(sync=True)
    """Whether samples are shown instead of means."""
    _noise = Int(0).tag(sync=True)  # which draw: each number is another one
    _ends = Dict().tag(sync=True)  # rows of both ends or None, and a version that always changes
    _has_posterior = Bool(False).tag(sync=True)

    def __init__(
        self,
        model: Any,
        start: Any = None,
        end: Any = None,
        *,
        images: Any = None,
        color: Any = None,
        data: Any = None,
        kind: str = "optimal_transport",
        n_steps: int = 33,
        sampling: bool = False,
        random_state: Any = 0,
        layout: Any = None,
    ) -> None:
        check_layout(layout)
        if kind not in latent.PATHS:
            raise ValueError(f"kind must be one of {', '.join(latent.PATHS)}, got {kind!r}")
        collection = None if images is None else latent.images_for(model, images)
        pictures = Pictures("Interpolator", model, collection, example=start)
        if collection is not None:
            start, end = (0 if start is None else start), (1 if end is None else end)
        check_collection(collection, color=color, data=data)
        if sampling and not pictures.has_posterior:
            raise ValueError(_no_posterior(pictures.name))
        self._n_steps = _check_between("n_steps", n_steps, 2, 256)
        self._seed = as_seed(random_state)
        self._pictures = pictures
        self._pair = (pictures.find(start, "start"), pictures.find(end, "end"))
        self._version = 0
        if collection is None:
            self._init_without_map(pictures.model, self._pair[0].code.n_dims, layout)
        else:
            super().__init__(pictures.model, collection, color=color, data=data, layout=layout)
        self.set_trait("_has_posterior", pictures.has_posterior)
        self.kind, self.sampling = kind, sampling
        self._tell_ends()

    def __repr__(self) -> str:
        rows = [f"row {shown.row}" if shown.row is not None else "image" for shown in self._pair]
        return f"<Interpolator: {rows[0]} to {rows[1]}, {self.kind}>"

    @property
    def start(self) -> NDArray[np.float32]:
        """The first image, (height, width, channels) in [0, 1]; set it to an image or a row."""
        return self._pair[0].image

    @start.setter
    def start(self, source: Any) -> None:
        self._set_pair(self._pictures.find(source, "start"), self._pair[1])

    @property
    def end(self) -> NDArray[np.float32]:
        """The last image, (height, width, channels) in [0, 1]; set it to an image or a row."""
        return self._pair[1].image

    @end.setter
    def end(self, source: Any) -> None:
        self._set_pair(self._pair[0], self._pictures.find(source, "end"))

    def swap(self) -> None:
        """Exchange start and end."""
        self._set_pair(self._pair[1], self._pair[0])

    @property
    def path(self) -> Gaussians:
        """The path as Gaussians of ``n_steps`` rows, both ends included.

        For a model without posterior the standard deviations are 0.
        """
        return self._walk(self._pair, self.kind, self._n_steps)

    @property
    def path_codes(self) -> NDArray[np.float32]:
        """Codes of the path, (n_steps, d): means, or samples with the noise that is shown."""
        noise = self._noise if self.sampling else None
        return self._codes(self._pair, self.kind, noise, self._n_steps)

    @property
    def frames(self) -> NDArray[np.float32]:
        """Images of the path, (n_steps, height, width, channels) in [0, 1]."""
        return self._pictures.decode(self.path_codes)

    def save(
        self, path: str | os.PathLike[str], *, scale: int | None = None, seconds: float = 3.0
    ) -> Path:
        """Write the path as a picture or as an animation, by the file's ending.

        Parameters
        ----------
        path : str or path
            ``.png``: a strip of up to 11 images. ``.gif`` or ``.webp``: an animation there and
            back, for ever. An existing file is replaced.
        scale : int, at least 1, optional
            Enlarge each pixel to so many; by default until an image has 128 pixels a side.
        seconds : float > 0
            Time from one end to the other.

        Returns
        -------
        Path
        """
        return save_reel(Path(path), lambda: self.frames, scale=scale, seconds=seconds)

    @validate("t")
    def _check_t(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:  # NaN is not
            raise TraitError(f"t must be between 0 and 1, got {proposal['value']}")
        return float(proposal["value"])

    @validate("sampling")
    def _check_sampling(self, proposal: Any) -> bool:
        if proposal["value"] and not self._pictures.has_posterior:
            raise TraitError(_no_posterior(self._pictures.name))
        return bool(proposal["value"])

    @validate("_noise")
    def _check_noise(self, proposal: Any) -> int:
        return _check_between("noise", proposal["value"], 0, 2**53)

    def _set_pair(self, start: Shown, end: Shown) -> None:
        """Change the ends in one step: a decode on the other thread sees both or none."""
        self._pair = (start, end)
        self._tell_ends()

    def _tell_ends(self) -> None:
        self._version += 1
        start, end = self._pair
        self._ends = {"start": start.row, "end": end.row, "version": self._version}

    @staticmethod
    def _walk(pair: tuple[Shown, Shown], kind: str, n_steps: int) -> Gaussians:
        return latent.path(pair[0].code, pair[1].code, n_steps, kind)

    def _codes(
        self, pair: tuple[Shown, Shown], kind: str, noise: int | None, n_steps: int
    ) -> NDArray[np.float32]:
        """Return means, or with the number of a draw, samples."""
        walk = self._walk(pair, kind, n_steps)
        codes = walk.mean
        if noise is not None:
            draw = np.random.default_rng([self._seed, noise]).standard_normal(walk.n_dims)
            codes = codes + walk.std * draw
        return codes.astype(np.float32)

    def _n_frames(self) -> int:
        """How many images of the path the page gets."""
        fitting = MOST_BYTES // int(np.prod(self._pictures.shape))
        return min(self._n_steps, max(FEWEST_STEPS, fitting))

    def _on_frames(self, content: Content, _buffers: Buffers) -> None:
        """Decode the whole path for the page, off the main thread."""
        pair, kind = self._pair, _check_kind(content.get("kind"))
        sampling, noise = content.get("sampling"), content.get("noise")
        if not isinstance(sampling, bool):
            raise ValueError(f"sampling must be true or false, got {sampling!r}")
        if sampling and not self._pictures.has_posterior:
            raise ValueError(_no_posterior(self._pictures.name))
        draw = _check_between("noise", noise, 0, 2**53) if sampling else None

        def work() -> Reply:
            n = self._n_frames()
            frames = self._pictures.decode(self._codes(pair, kind, draw, n))
            originals = np.stack([shown.image for shown in pair])
            return {"n": n, **self._pictures.size}, [to_bytes(frames), to_bytes(originals)]

        self._later(content, work)

    def _on_end(self, content: Content, _buffers: Buffers) -> Reply:
        """Set one end to a row of the collection."""
        which = content.get("which")
        if which not in ("start", "end"):
            raise ValueError(f"an end is start or end, got {which!r}")
        if self._pictures.images is None:
            raise ValueError("there is no collection to take a row from")
        setattr(self, which, check_row(content.get("row"), len(self._pictures.images)))
        return {}

    def _on_swap(self, _content: Content, _buffers: Buffers) -> Reply:
        self.swap()
        return {}

    def _on_route(self, content: Content, _buffers: Buffers) -> Reply:
        """Place the path on the map, where the projection can place new codes."""
        walk = self._walk(self._pair, _check_kind(content.get("kind")), self._n_frames())
        xy = None if self.images is None else self.place_codes(walk.mean)
        if xy is None:
            return {"placed": False}
        return {"placed": True}, [np.ascontiguousarray(xy, dtype="<f4").tobytes()]


def _check_kind(kind: Any) -> str:
    if kind not in latent.PATHS:
        raise ValueError(f"kind must be one of {', '.join(latent.PATHS)}, got {kind!r}")
    return str(kind)


def _check_between(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number within limits, or say what is accepted."""
    if not is_whole(value):
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low} to {high}, got {value}")
    return int(value)


def _no_posterior(name: str) -> str:
    return f"sampling needs a model with posterior(images), and {name} has none"
