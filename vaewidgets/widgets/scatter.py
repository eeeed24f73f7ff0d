"""The map of a collection: hover to see an image, lasso to select."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import ArrayLike
from traitlets import Int

from vaewidgets.widgets.base.widget import bundle, check_height
from vaewidgets.widgets.map.map_widget import MapWidget


class LatentScatter(MapWidget):
    """Explore images as points on a map of their codes.

    Parameters
    ----------
    model : VAE-like model, scikit-learn transformer, or array of shape (n, d)
        What makes the codes of the images. An array holds codes, or coordinates, made elsewhere.
    images : anything :func:`vaewidgets.load_images` takes, or None
        Without images the map shows plain points.
    color : column of `data`, array, Series or list, or None
        Text, categories, booleans and whole numbers of few values get a colour each; other
        numbers and dates a ramp. Missing values are gray.
    data : DataFrame, optional
        One row for each image; its columns are offered to colour by. Positions count: a shuffled
        or repeated index changes nothing.
    projection : "auto", "pca", "tsne", "umap" or "dims"
        The first map. "auto" shows two-dimensional codes as they are, and others by PCA.
    dims : (int, int)
        For "dims": which two latent dimensions, from 0.
    coordinates : array, shape (n, 2), optional
        A map made elsewhere, shown first.
    height : int
        Height of the map, CSS pixels, 160 to 2000.
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget: ``Layout(width="50%")``.

    Attributes
    ----------
    selection : ndarray of int64
        Positions of the selected images; set it to positions or a mask. ``images[selection]``
        are the images themselves. A trait: ``observe(handler, names="selection")``,
        ``ipywidgets.link`` and ``dlink`` give and take positions; ``jslink`` joins two maps of
        the same images.
    selected_frame : DataFrame
        Their rows of `data`.
    projection : Projection
        What is shown: coordinates, names of the axes, how to read them.
    xy : ndarray, shape (n, 2)

    Raises
    ------
    ValueError
        If lengths differ, naming both, or numbers are not finite, naming the first row.
    TypeError
        If the model is neither a fitted model nor an array of numbers.

    Examples
    --------
    >>> scatter = LatentScatter(vae, images, color="kind", data=df)  # doctest: +SKIP
    >>> images[scatter.selection]  # doctest: +SKIP
    """

    _esm: ClassVar[str] = bundle("scatter.js")
    _css: ClassVar[str] = bundle("scatter.css")

    _height = Int(480).tag(sync=True)
    """Height of the map in CSS pixels."""

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
        height: int = 480,
        layout: Any = None,
    ) -> None:
        super().__init__(
            model,
            images,
            color=color,
            data=data,
            projection=projection,
            dims=dims,
            coordinates=coordinates,
            layout=layout,
            _height=check_height(height),
        )
