"""Label images on the map: lasso, press a key, and the DataFrame has the label."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from traitlets import Int, Unicode

from vaewidgets.images import Images, as_images
from vaewidgets.labels.edits import Edit, RefusedError, parse_edit, parse_identity
from vaewidgets.labels.export import check_path, write_csv
from vaewidgets.labels.gate import gate
from vaewidgets.labels.journal import Change, Journal, Outcome
from vaewidgets.labels.news import News
from vaewidgets.labels.rows import RowSet
from vaewidgets.labels.table import ConflictError, LabelColumn, match_rows
from vaewidgets.widgets._base import (
    Buffers,
    Content,
    Reply,
    bundle,
    check_height,
    with_listener,
)
from vaewidgets.widgets._colors import PALETTE, plain_text
from vaewidgets.widgets._map import MapWidget
from vaewidgets.widgets._rows import as_rows

log = logging.getLogger("vaewidgets")


class Annotator(MapWidget):
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
    column : hashable
        Name of the label column. Labels in it are kept, shown and can be corrected; its dtype is
        kept. It is made, for text, if there is none.
    classes : list of str, optional
        Classes to begin with; those found in the column follow. More can be added at any time.
    projection, dims, coordinates
        The map, as in :class:`LatentScatter`.
    height : int
        Height of the map, CSS pixels, 160 to 2000.

    Attributes
    ----------
    frame : DataFrame
        The very object given. ``frame[column]`` has every label as soon as no cell is running.
    labels : ndarray of object, shape (n_images,)
        Class name of each image, None where it has none.
    classes : list of str
    counts : Series
        How many images each class has.

    Raises
    ------
    TypeError, ValueError
        If the frame does not fit the images, or the column cannot hold the classes, with the
        reason; nothing is changed then.

    Examples
    --------
    >>> notes = Annotator(vae, images, df, classes=["cat", "dog"])  # doctest: +SKIP
    >>> notes.label(notes.selection, "cat")  # doctest: +SKIP
    >>> df["label"].value_counts()  # doctest: +SKIP
    """

    _esm: ClassVar[str] = bundle("annotator.js")
    _css: ClassVar[str] = bundle("annotator.css")

    _column = Unicode().tag(sync=True)
    """Name of the label column, as text."""
    _height = Int(480).tag(sync=True)
    """Height of the map in CSS pixels."""

    def __init__(
        self,
        model: Any,
        images: Any = None,
        frame: pd.DataFrame | None = None,
        column: Hashable = "label",
        *,
        classes: Iterable[Any] | None = None,
        projection: str = "auto",
        dims: tuple[int, int] = (0, 1),
        coordinates: ArrayLike | None = None,
        height: int = 480,
    ) -> None:
        check_height(height)
        checked = None if images is None else as_images(images)
        self._label_column = _open_column(model, checked, frame, column, classes)
        rows = self._label_column.frame_rows
        frame = self._label_column.frame
        fits = len(frame) == len(rows) or (checked is not None and len(frame) == checked.n_input)
        super().__init__(
            model,
            checked,
            data=frame if fits else frame.iloc[rows],
            projection=projection,
            dims=dims,
            coordinates=coordinates,
            _column=plain_text(column),
            _height=height,
        )
        self._label_column.create()
        self._journal = Journal(self._n, self._label_column.classes, self._label_column.codes)
        self._edits = threading.RLock()  # held for each edit, never while waiting for the gate
        self._news = News(self._journal, self.send, self._edits)
        self._own_client = f"python-{self._key}"
        self._own_seq = 0
        self._conflict = ""
        self._label_listeners: list[Callable[[NDArray[np.int64], str | None], Any]] = []
        self._endings.append(self._news.stop)
        gate.attach()

    def __repr__(self) -> str:
        done = int(np.count_nonzero(self._journal.codes))
        return f"<Annotator: {done:,} of {self._n:,} images labelled in {self._column!r}>"

    @property
    def frame(self) -> pd.DataFrame:
        """The DataFrame that is written, the very object given."""
        return self._label_column.frame

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of their keys."""
        return list(self._journal.classes)

    @property
    def labels(self) -> NDArray[np.object_]:
        """Class name of each image by position, None where it has none."""
        names = np.array([None, *self._journal.classes], dtype=object)
        return names[self._journal.codes]

    @property
    def counts(self) -> pd.Series[Any]:
        """How many images each class has."""
        counts = np.bincount(self._journal.codes, minlength=len(self._journal.classes) + 1)
        return pd.Series(counts[1:], index=self.classes, name=self._column)

    def label(self, rows: Any, name: Any) -> None:
        """Give images a class.

        Parameters
        ----------
        rows : int, positions, slice or boolean mask
        name : str
            One of `classes`; :meth:`add_class` makes another.

        Raises
        ------
        ValueError
            If there is no such class, naming those there are.
        TypeError, IndexError
            If `rows` names no images.
        """
        text = name if isinstance(name, str) else str(name)
        if text not in self._journal.classes:
            known = ", ".join(repr(known) for known in self._journal.classes[:20]) or "none yet"
            raise ValueError(
                f"name is {text[:60]!r}, which is no class; classes are {known}. "
                "add_class(name) adds one"
            )
        self._do("label", self._row_set(rows), code=1 + self._journal.classes.index(text))

    def clear(self, rows: Any) -> None:
        """Take the label off images; the column has its missing value there.

        Raises
        ------
        ValueError
            If the column's dtype has no missing value.
        TypeError, IndexError
            If `rows` names no images.
        """
        self._do("clear", self._row_set(rows))

    def undo(self) -> bool:
        """Take back the last label or clear, from the page or from Python; any number of times.

        Returns
        -------
        bool
            Whether there was one.
        """
        return self._do("undo").change is not None

    def redo(self) -> bool:
        """Do again what was undone last; whether there was something."""
        return self._do("redo").change is not None

    def add_class(self, name: str) -> str:
        """Add a class.

        Parameters
        ----------
        name : str
            At most 200 characters; a class that exists already stays as it is.

        Returns
        -------
        str
            The name it has, where it had to be changed.

        Raises
        ------
        ValueError
            If the column cannot hold it, or it is empty.
        """
        self._do("add_class", name=str(name) if isinstance(name, (int, float)) else name)
        return self._label_column.check_class(str(name))[0]

    def export(self, path: str | os.PathLike[str]) -> None:
        r"""Write the DataFrame with all labels into a file, in one step.

        Parameters
        ----------
        path : str or path
            Ends in ``.csv``. A crash or a full disk leaves the file that was there.

        Raises
        ------
        ValueError
            If the suffix is not known, naming those that are.
        FileNotFoundError
            If there is no such folder.
        RuntimeError
            If the frame was changed so that its rows cannot be told apart; `labels` has them.

        Notes
        -----
        Text is quoted, so it survives if it is read as text:
        ``pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")``.
        """
        write_csv(self._label_column.labelled(self._journal.codes), check_path(path))

    def on_label(
        self, callback: Callable[[NDArray[np.int64], str | None], Any], remove: bool = False
    ) -> None:
        """Call back after labels changed and `frame` has them.

        Parameters
        ----------
        callback : callable(positions, name)
            The images that changed and their class now, None for no label; once for each class.
            An error it raises is shown in the widget.
        remove : bool
            Stop calling it instead.
        """
        self._label_listeners = with_listener(self._label_listeners, callback, remove)

    def _row_set(self, rows: Any) -> RowSet:
        if rows is None:
            raise TypeError("rows is None; give positions or a boolean mask")
        return RowSet.from_positions(as_rows(rows, self._n, "rows"), self._n)

    def _do(self, kind: Any, rows: RowSet | None = None, code: int = 0, name: Any = "") -> Outcome:
        """Make an edit of this program's own."""
        with self._edits:
            edit = Edit(self._own_client, self._own_seq + 1, kind, rows, code, name)
            outcome = self._append(edit)
            self._own_seq += 1
            self._news.tell()
        self._write(outcome.change)
        return outcome

    def _append(self, edit: Edit) -> Outcome:
        """Take a checked edit into the journal and tell the pages."""
        if edit.kind == "clear":
            self._label_column.check_clear()
        if edit.kind == "add_class":
            name, notice = self._label_column.check_class(edit.name)
            edit = replace(edit, name=name)
            if notice:
                self.send({"op": "notice", "text": notice})
        outcome = self._journal.append(edit)
        if outcome.status == "applied":
            if edit.kind == "add_class":
                self._label_column.add_class(edit.name)
            self._news.add(edit, outcome.change)
        return outcome

    def _write(self, change: Change | None) -> None:
        """Bring a change into the frame, now or when the running cell has ended."""
        if change is not None and change.rows.size:
            gate.submit(partial(self._write_now, change))

    def _write_now(self, change: Change) -> None:
        try:
            self._label_column.write(change.rows, self._journal.codes)
        except Exception as error:  # the labels are in the journal all the same
            if not isinstance(error, ConflictError):
                log.error("the labels could not be written", exc_info=error)
                error = ConflictError(f"The DataFrame could not be written: {error}.")
            self._tell_conflict(str(error))
            return
        self._tell_conflict("")
        for code in np.unique(change.codes):
            name = self._journal.classes[code - 1] if code else None
            for callback in self._label_listeners:
                try:
                    callback(change.rows[change.codes == code], name)
                except Exception as error:  # noqa: BLE001  (the person must see it)
                    self._fail({}, error)

    def _tell_conflict(self, text: str) -> None:
        """Show in every view whether the frame takes the labels."""
        if text != self._conflict:
            self._conflict = text
            self.send({"op": "conflict", "text": text})

    def _on_edit(self, content: Content, buffers: Buffers) -> Reply:
        client, seq, settled = parse_identity(content)
        with self._edits:
            outcome = self._journal.place(client, seq, settled)
            if outcome is None:
                try:
                    n_classes = len(self._journal.classes)
                    edit = parse_edit(content, buffers, self._n, n_classes, self._journal.added)
                    outcome = self._append(edit)
                except RefusedError as error:
                    self._journal.refuse(client, seq, str(error))
                    outcome = Outcome("refused", reason=str(error))
                except Exception as error:  # not in the log: the page keeps it and asks again
                    log.error("an edit could not be kept", exc_info=error)
                    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    self.send({"op": "failed", "client": client, "seq": seq, "message": text})
                    return None
        if outcome.status in ("applied", "duplicate"):
            self._news.acknowledge(client, seq)
            self._news.tell()
        elif outcome.status == "gap":
            self.send({"op": "gap", "client": client, "expected": outcome.expected})
        else:
            message = {"client": client, "seq": seq, "message": outcome.reason}
            self.send({"op": "refused", **message})
        self._write(outcome.change)
        return None

    def _on_sync(self, _content: Content, _buffers: Buffers) -> Reply:
        """Give a page everything."""
        with self._edits:
            codes = self._journal.codes
            dtype = "<u1" if len(self._journal.classes) < 256 else "<u2"
            undo, redo = self._journal.depth()
            return {
                "version": self._news.version,
                "classes": self.classes,
                "palette": list(PALETTE),
                "dtype": dtype,
                "undo": undo,
                "redo": redo,
                "conflict": self._conflict,
            }, [codes.astype(dtype).tobytes()]


def _open_column(
    codes: Any,
    images: Images | None,
    frame: Any,
    column: Hashable,
    classes: Iterable[Any] | None,
) -> LabelColumn:
    """Match the frame to the images and check its column, before anything is made."""
    if images is not None:
        n_input, positions = images.n_input, images.positions
    else:
        n_input = len(codes) if np.ndim(codes) == 2 else 0
        positions = np.arange(n_input)
    if frame is None:
        frame = pd.DataFrame(index=pd.RangeIndex(n_input))
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"frame must be a pandas DataFrame, got {type(frame).__name__}")
    try:
        hash(column)
    except TypeError:
        raise TypeError(f"column is {column!r}; a column name must be hashable") from None
    return LabelColumn(frame, column, match_rows(positions, n_input, len(frame)), classes)
