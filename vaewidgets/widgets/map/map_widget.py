"""The map under every widget that shows points: projection, colours, selection, thumbnails."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from traitlets import Dict, Int, List, Unicode

from vaewidgets.arguments.arrays import as_array
from vaewidgets.arguments.frames import read_column
from vaewidgets.gaussians import Gaussians
from vaewidgets.images import Images
from vaewidgets.latent import as_model, encode
from vaewidgets.projections import Projection
from vaewidgets.widgets.base.listeners import call_all, with_listener
from vaewidgets.widgets.base.widget import (
    BaseWidget,
    Buffers,
    Content,
    Reply,
    binary,
    check_layout,
)
from vaewidgets.widgets.map import coloring as _colors
from vaewidgets.widgets.map.projector import Key, Projector, map_bytes, to_map
from vaewidgets.widgets.map.rows import Table
from vaewidgets.widgets.map.selection import NO_MAP, Selection
from vaewidgets.widgets.map.thumbnails import Thumbnails, images_shown

MOST_ROWS_ASKED = 512


class MapWidget(BaseWidget):
    """A widget with a map of images; what :class:`LatentScatter` and others build on.

    Parameters
    ----------
    model : VAE-like model, scikit-learn transformer, or array of shape (n, d)
        An array holds codes made elsewhere; nothing can be decoded then.
    images : anything :func:`load_images` takes, or None
        Without images the map shows plain points; codes must be given then.
    color : column of `data`, array, Series or list, or None
    data : DataFrame, optional
        One row for each image. Positions count; its index plays no part.
    projection : "auto", "pca", "tsne", "umap" or "dims"
        "auto" shows two-dimensional codes as they are, and others by PCA.
    dims : (int, int)
        For "dims": which latent dimensions.
    coordinates : array, shape (n, 2), optional
        A map made elsewhere, shown first and kept in the menu.
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget, as of every widget of ipywidgets.

    Attributes
    ----------
    model : object or None
        A snapshot of the model; fitting the original again does not change the widget.
    images : Images or None
    codes : ndarray, shape (n, d), float32
    posterior : Gaussians or None
    """

    _n = Int(0).tag(sync=True)
    """Number of points."""
    _n_dims = Int(0).tag(sync=True)
    """Number of latent dimensions."""
    _xy = binary()
    """Map coordinates: float32, x and y of each point, equal scale, in [-1, 1]."""
    _projection = Dict().tag(sync=True)
    """Method, dims, names of the axes, and how to read the map."""
    _methods: List[Any] = List().tag(sync=True)
    """Projections offered: key and label of each."""
    selection = Selection()
    """Positions of the selected points, ascending; a bitset in the page, see
    :class:`vaewidgets.widgets.map.selection.Selection`."""
    _color = Dict().tag(sync=True)
    """What the colour codes mean: kind, name, labels, colours, counts."""
    _color_values = binary()
    """Colour code of each point, uint8 or uint16; 0 is missing."""
    _columns: List[Any] = List().tag(sync=True)
    """What the map can be coloured by."""
    _thumb = Dict().tag(sync=True)
    """Size of the thumbnails, and how many sheets there are of how many rows."""
    _index_name = Unicode("").tag(sync=True)
    """Name of the table's index where it says more than the row number."""

    posterior: Gaussians | None
    _made_projector: Projector | None
    _current: Projection | None

    def __init__(
        self,
        model: Any,
        images: Any = None,
        *,
        color: Any = None,
        data: Any = None,
        projection: str = "auto",
        dims: tuple[int, int] = (0, 1),
        coordinates: ArrayLike | None = None,
        layout: Any = None,
        **traits: Any,
    ) -> None:
        check_layout(layout)
        self.images: Images | None = None if images is None else images_shown(model, images)
        self._read_model(model, coordinates)
        n, n_dims = self.codes.shape
        self._table = Table(data, n, self.images)
        self._own_color: tuple[str, Any] | None = None
        coloring = self._encode(color)
        self._made_projector = projector = Projector(self.codes, coordinates)
        method = projector.first if projection == "auto" else projection
        traits.update(self._projection_traits(projector.key(method, dims)))
        self._begin(
            _n=n,
            _n_dims=n_dims,
            _methods=projector.offered,
            _color=coloring.info,
            _color_values=coloring.buffer,
            _columns=self._column_names(),
            _index_name=self._table.index_name,
            layout=layout,
            **traits,
        )
        self._endings.append(projector.cancel)

    def _init_without_map(self, model: Any, n_dims: int, layout: Any) -> None:
        """Set up in place of ``__init__`` where there is no collection: no points, no map."""
        self.model, self.images, self.posterior = model, None, None
        self.codes = np.zeros((0, n_dims), np.float32)
        self._table = Table(None, 0, None)
        self._own_color = self._made_projector = self._current = None
        self._begin(_n_dims=n_dims, _color=self._encode(None).info, layout=layout)

    def _begin(self, **traits: Any) -> None:
        """Make the widget itself, after all that can refuse."""
        self._thumbnails = Thumbnails(self.images)
        self._listeners: list[Callable[[NDArray[np.int64]], Any]] = []
        super().__init__(_thumb=self._thumbnails.info, **traits)
        self.observe(self._tell_selection, names="selection")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._n:,} points, {len(self.selection):,} selected>"

    def _read_model(self, model: Any, coordinates: ArrayLike | None) -> None:
        """Set model, codes and posterior from what the person gave."""
        self.model = self.posterior = None
        if model is None and coordinates is not None:
            model = coordinates
        if isinstance(model, pd.DataFrame):  # has a transform too, of another kind
            model = model.to_numpy()
        if callable(getattr(model, "transform", None)):
            if self.images is None:
                raise ValueError(
                    "images is needed with a model: it makes their codes. With codes made "
                    "elsewhere, pass them in place of the model"
                )
            self.model = as_model(model, self.images)
            self.codes, self.posterior = encode(self.model, self.images)
            return
        codes = as_array(model)
        if codes.ndim != 2 or codes.dtype.kind not in "fiu" or 0 in codes.shape:
            raise TypeError(
                "model must be a fitted model with transform(images), or an array of numbers of "
                f"shape (n, d), got {type(model).__name__}"
                + (f" of shape {codes.shape}" if codes.ndim else "")
            )
        if self.images is not None and len(self.images) != len(codes):
            if len(codes) != self.images.n_input:
                raise ValueError(
                    f"there are {len(codes)} codes but {len(self.images)} images"
                    + (f" of {self.images.n_input}" if self.images.rejected else "")
                )
            codes = codes[self.images.positions]
        with np.errstate(over="ignore"):  # too large for float32 is not finite, and refused
            self.codes = np.array(codes, dtype=np.float32)
        if not np.isfinite(self.codes).all():
            row = int(np.argmax(~np.isfinite(self.codes).all(axis=1)))
            raise ValueError(f"codes must be finite numbers; those of row {row} are not")

    # Selection

    @property
    def selected_frame(self) -> Any:
        """The rows of ``data`` of the selected points, as a DataFrame."""
        return self._table.rows(self.selection)

    def on_select(
        self, callback: Callable[[NDArray[np.int64]], Any], remove: bool = False
    ) -> None:
        """Call back with the positions selected, whenever the selection changes.

        Parameters
        ----------
        callback : callable(positions)
            It may be an ``async def``: the running loop runs it, or without one it runs to its
            end here. An error it raises is shown in the widget.
        remove : bool
            Stop calling it instead.
        """
        self._listeners = with_listener(self._listeners, callback, remove)

    def _tell_selection(self, _change: Any) -> None:
        call_all(self._listeners, partial(self._fail, {}), self.selection)

    # Projection

    @property
    def projection(self) -> Projection:
        """What the map shows: coordinates, names of the axes, how to read them."""
        if self._current is None:
            raise ValueError(NO_MAP)
        return self._current

    @property
    def _projector(self) -> Projector:
        if self._made_projector is None:
            raise ValueError(NO_MAP)
        return self._made_projector

    @property
    def xy(self) -> NDArray[np.float32]:
        """Coordinates of the points in the current projection, shape (n, 2)."""
        return self.projection.xy

    def project(self, method: str = "pca", dims: tuple[int, int] = (0, 1)) -> Projection:
        """Show another projection, and wait for it.

        Parameters
        ----------
        method : "pca", "tsne", "umap", "dims", or "given" for the coordinates given
        dims : (int, int)
            For "dims": which latent dimensions.

        Returns
        -------
        Projection
            Kept: asking for it again takes no time.
        """
        key = self._projector.key(method, dims)
        self._projector.cancel()
        self._projector.make(key)
        self._show(key)
        return self.projection

    def place_codes(self, codes: ArrayLike) -> NDArray[np.float32] | None:
        """Return where codes stand on the map, in the page's coordinates.

        Returns
        -------
        ndarray, shape (m, 2), float32, or None
            None for t-SNE and UMAP, which have no rule for new points.
        """
        placed = self.projection.place_codes(codes)
        return None if placed is None else to_map(placed, self.projection.xy)

    def _show(self, key: Key) -> None:
        with self.hold_sync():
            for name, value in self._projection_traits(key).items():
                setattr(self, name, value)

    def _projection_traits(self, key: Key) -> dict[str, Any]:
        """Make a kept projection the current one; return the traits that show it."""
        projection = self._current = self._projector.make(key)
        about = {
            "method": key[0],
            "dims": list(key[1:]) or [0, 1],
            "axes": list(projection.axes),
            "note": projection.note,
        }
        return {"_projection": about, "_xy": map_bytes(projection.xy)}

    def _on_project(self, content: Content, _buffers: Buffers) -> Reply:
        key = self._projector.key(content.get("method"), content.get("dims") or [0, 1])
        self._projector.cancel()
        if self._projector.kept(key) is not None or key[0] in ("pca", "dims"):
            self._projector.make(key)
            self._show(key)
            return {"state": "done"}
        widget = weakref.ref(self)  # a job that runs must not keep a closed widget alive

        def progress(fraction: float | None, text: str) -> None:
            if (self := widget()) is not None:
                message = {"op": "progress", "job": "project", "fraction": fraction, "text": text}
                self.send(message)

        def done() -> None:
            if (self := widget()) is not None:
                self._show(key)
                progress(1.0, "")

        def failed(error: Exception) -> None:
            if (self := widget()) is not None:
                self._fail({}, error)
                progress(1.0, "")

        self._projector.start(key, progress, done, failed)
        return {"state": "started"}

    def _on_cancel(self, _content: Content, _buffers: Buffers) -> Reply:
        self._projector.cancel()
        return {"state": "cancelled"}

    # Colours

    def color_by(self, color: Any, name: str = "") -> None:
        """Colour the map by a column of ``data``, by values of your own, or by nothing (None)."""
        if color is not None and self._n == 0:
            raise ValueError(NO_MAP)
        coloring = self._encode(color, name)
        with self.hold_sync():
            self._columns = self._column_names()
            self._color = coloring.info
            self._color_values = coloring.buffer

    def _encode(self, color: Any, name: str = "") -> _colors.Coloring:
        n = len(self.codes)
        if color is None:
            return _colors.encode(None, n)
        if self._own_color is not None and color == self._own_color[0] and isinstance(color, str):
            return _colors.encode(self._own_color[1], n, color)
        is_column = isinstance(color, str) or (
            np.ndim(color) == 0 and not isinstance(color, (list, tuple))
        )
        if is_column:
            return _colors.encode(self._table.column(color), n, str(color))
        values = self._table.align(read_column(color), "color")
        coloring = _colors.encode(values, n, name)
        own = coloring.info["name"] or "colour"
        if own in self._table.column_names:
            own = f"{own} (given)"
        coloring.info["name"] = own
        self._own_color = (own, values)
        return coloring

    def _column_names(self) -> list[str]:
        own = [] if self._own_color is None else [self._own_color[0]]
        return own + self._table.column_names

    def _on_color(self, content: Content, _buffers: Buffers) -> Reply:
        column = content.get("column")
        if column is not None and column not in self._columns:
            raise ValueError(f"there is no column {column!r} to colour by")
        self.color_by(column)
        return {}

    # Images and rows

    def _on_sheet(self, content: Content, _buffers: Buffers) -> Reply:
        index = content.get("index")
        return {"index": index}, [self._thumbnails.sheet(index)]

    def _on_images(self, content: Content, _buffers: Buffers) -> Reply:
        rows = self._check_rows(content.get("rows"))
        return {"rows": rows.tolist()}, [self._thumbnails.of_rows(rows)]

    def _on_row(self, content: Content, _buffers: Buffers) -> Reply:
        (row,) = self._check_rows([content.get("row")])
        return {"row": int(row), "index": self._table.index_label(int(row))}

    def _check_rows(self, rows: Any) -> NDArray[np.int64]:
        """Return rows the page asked for, in its order; refuse all that are not rows."""
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS_ASKED:
            raise ValueError(f"the page must ask for 1 to {MOST_ROWS_ASKED} rows at a time")
        for row in rows:
            if type(row) is not int or not 0 <= row < self._n:
                raise ValueError(f"the page asked for row {row!r} of {self._n}")
        return np.array(rows, dtype=np.int64)
