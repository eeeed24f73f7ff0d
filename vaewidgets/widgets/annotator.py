"""Label images on the map: lasso, press a key, and the DataFrame has the label."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from traitlets import Int

from vaewidgets.arguments.arrays import as_array
from vaewidgets.arguments.frames import check_written
from vaewidgets.images import Images
from vaewidgets.labels.opening import name_of_annotator, open_log
from vaewidgets.labels.roster import Roster, digests_of
from vaewidgets.labels.table import check_order, match_rows, open_columns, rows_without_image
from vaewidgets.widgets.base.widget import bundle, check_height, check_layout
from vaewidgets.widgets.labelling.suggesting import SuggestingWidget
from vaewidgets.widgets.map.coloring import plain_text
from vaewidgets.widgets.map.projector import digest_of
from vaewidgets.widgets.map.thumbnails import images_shown


class Annotator(SuggestingWidget):
    """Label images in groups, on a map of their codes, into a column of your DataFrame.

    Parameters
    ----------
    model : VAE-like model, scikit-learn transformer, or array of shape (n, d)
        What makes the codes of the images. An array holds codes made elsewhere.
    images : anything :func:`vaewidgets.load_images` takes, or None
        Without images the map shows plain points.
    frame : DataFrame, optional
        One row for each image, in order; it is written in place, by position, whatever its
        index. A new one is made if not given.
    column : hashable, or list of column names
        Name of the label column. Labels in it are kept, shown and can be corrected; its dtype is
        kept. It is made, for text, if there is none. A **list** means tags: an image can have
        several, each a column of True and False; ``[]`` begins with none.
    classes : list of str, optional
        Classes to begin with; those found in the column, and those of the log, follow. More can
        be added at any time.
    journal : "auto", path or None
        Folder in which every edit is on disk before it is called saved. "auto" finds the log of
        this column that knows these images, beside the notebook or upwards, or where the images
        lie, else begins one beside the notebook: running the cell again, in a new kernel, with
        more or fewer images too, goes on where you were. A path opens the log in that folder, or
        begins one there. None keeps the labels in memory and in `frame` only.
    annotator : str, optional
        Who labels: undo reaches back over this person's steps. By default the account's name.
    details : bool
        Also write the columns ``<column>_source`` ("person", or "suggestion" where a suggestion
        was accepted), ``<column>_by``, ``_when`` and ``_how``, ``<column>_note``, and
        ``<column>_set_aside`` once an image is set aside.
    projection, dims, coordinates
        The map, as in :class:`LatentScatter`.
    height : int
        Height of the map, CSS pixels, 160 to 2000.
    layout : ipywidgets.Layout or dict, optional
        Of the whole widget: ``Layout(width="50%")``.

    Attributes
    ----------
    frame : DataFrame
        The very object given. ``frame[column]`` has every label as soon as no cell is running,
        and what a cell writes there counts as labels.
    labels : ndarray of object, shape (n_images,), or DataFrame of bool
        Class name of each image, None where it has none; with tags a column for each.
    classes : list of str
    counts : Series
        How many images each class has.
    selection : ndarray of int64
        Positions of the selected images; set it to positions or a mask. A trait: ``observe``,
        ``ipywidgets.link`` and ``dlink`` give and take positions; ``jslink`` joins two maps of
        the same images.
    notes : Series
        Notes on images, by position.
    suggestions : DataFrame or None
        What :meth:`suggest` found, by position.
    saved_to : Path or None
        Folder of the log.
    roster : DataFrame
        All images that the log knows, and how those here were found again.
    conflict : Conflict or None
        What keeps labels from `frame` at the moment: what happened, since when, what to do.
    origins, steps : DataFrame
        Where each label comes from; what was done.
    aside : Series
        Images that are set aside, with the reason.
    kept : dict of str to ndarray
        Selections that are kept under a name.
    rows_without_image : DataFrame
        Rows of the frame that cannot be labelled here, and why.

    Raises
    ------
    TypeError, ValueError
        If the frame does not fit the images, the column cannot hold the classes, or the log is
        of labels of another kind, with the reason; nothing is changed then.
    OSError
        If the log cannot be written where it should be.

    Examples
    --------
    >>> notes = Annotator(vae, images, df, classes=["cat", "dog"])  # doctest: +SKIP
    >>> notes.label(notes.selection, "cat")  # doctest: +SKIP
    >>> notes.suggest()  # doctest: +SKIP
    >>> notes.accept(threshold=0.95)  # doctest: +SKIP
    >>> df["label"].value_counts()  # doctest: +SKIP
    """

    _esm: ClassVar[str] = bundle("annotator.js")
    _css: ClassVar[str] = bundle("annotator.css")

    _height = Int(560).tag(sync=True)
    """Height of the map in CSS pixels."""

    def __init__(
        self,
        model: Any,
        images: Any = None,
        frame: pd.DataFrame | None = None,
        column: Hashable | list[Hashable] = "label",
        *,
        classes: Iterable[Any] | None = None,
        journal: str | os.PathLike[str] | None = "auto",
        annotator: str | None = None,
        details: bool = False,
        projection: str = "auto",
        dims: tuple[int, int] = (0, 1),
        coordinates: ArrayLike | None = None,
        height: int = 560,
        layout: Any = None,
    ) -> None:
        height = check_height(height)
        check_layout(layout)
        person = name_of_annotator(annotator)
        checked = None if images is None else images_shown(model, images)
        if model is None and coordinates is not None:
            model = coordinates
        frame, frame_rows = _matched(model, checked, frame, column)
        self._columns_of_labels = open_columns(frame, column, frame_rows, classes, details=details)
        self._open_log = partial(
            open_log, self._columns_of_labels, _roster(model, checked), journal,
            column=_title(column), annotator=person,
        )  # fmt: skip
        fits = len(frame) == len(frame_rows) or (
            checked is not None and len(frame) == checked.n_input
        )
        super().__init__(
            model,
            checked,
            data=frame if fits else frame.iloc[frame_rows],
            projection=projection,
            dims=dims,
            coordinates=coordinates,
            layout=layout,
            _column=plain_text(_title(column)),
            _height=height,
        )
        self._without_image = rows_without_image(
            frame, frame_rows, () if checked is None else checked.rejected
        )
        self._begin_labelling(person)


def _title(column: Hashable | list[Hashable]) -> Hashable:
    """Name the column, or the columns of tags, in one word."""
    return "tags" if isinstance(column, list) else column


def _matched(
    codes: Any, images: Images | None, frame: Any, column: Any
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Match the frame to the images, before anything is made; return it and each image's row."""
    if images is not None:
        n_input, positions = images.n_input, images.positions
    else:
        n_input = len(codes) if np.ndim(codes) == 2 else 0
        positions = np.arange(n_input)
    if frame is None:
        frame = _frame_of(images, n_input)
    frame = check_written(frame, "frame")
    try:
        hash(tuple(column) if isinstance(column, list) else column)
    except TypeError:
        raise TypeError(f"column is {column!r}; a column name must be hashable") from None
    frame_rows = match_rows(positions, n_input, len(frame))
    check_order(frame, frame_rows, () if images is None else images.sources)
    return frame, frame_rows


def _frame_of(images: Images | None, n_input: int) -> pd.DataFrame:
    """Make a frame for images that came without one, which says where each comes from."""
    if images is None:
        return pd.DataFrame({"position": np.arange(n_input)})
    return images.to_frame().reindex(range(n_input))


def _roster(codes: Any, images: Images | None) -> Roster:
    """Say who the images are; codes without images stand for themselves.

    Codes made elsewhere may be made anew for the same images: a log that the person names is
    theirs as long as the number of points agrees.
    """
    if images is not None:
        paths = images.paths
        return Roster(
            images.contents,
            paths if any(paths) else (),
            old_fingerprints=lambda: [images.fingerprint],
        )
    array = as_array(codes)
    if array.ndim != 2 or array.dtype.hasobject:  # refused later, in words
        return Roster(np.zeros(len(array) if array.ndim else 0, "S16"), are_points=True)

    def old() -> list[str]:
        return [digest_of(array), f"{len(array)} points"]

    return Roster(digests_of(array), are_points=True, old_fingerprints=old)
