"""Labels by hand: what an annotator shows can be done from Python too, in the same log."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from traitlets import Unicode

from vaewidgets.labels.desk import Desk
from vaewidgets.labels.journal import Change, RowSet
from vaewidgets.labels.opening import Opened
from vaewidgets.labels.table import Columns, check_path, write_frame
from vaewidgets.labels.table.values import name_of
from vaewidgets.labels.watch import watch
from vaewidgets.widgets.base.listeners import call_all, with_listener
from vaewidgets.widgets.base.widget import Buffers, Content, Reply
from vaewidgets.widgets.map.coloring import PALETTE
from vaewidgets.widgets.map.map_widget import MapWidget
from vaewidgets.widgets.map.rows import as_rows


class LabelWidget(MapWidget):
    """A map whose images have labels; what :class:`Annotator` builds on."""

    _column = Unicode().tag(sync=True)
    """Name of the label column, as text."""
    _journal = Unicode().tag(sync=True)
    """Identity of the log on disk; empty if labels are in memory only."""

    _columns_of_labels: Columns
    _open_log: Callable[[], Opened]
    _without_image: pd.DataFrame

    def _begin(self, **traits: Any) -> None:
        """Open the log, the last thing that can refuse, then make the widget."""
        self._opened = self._open_log()
        try:
            super()._begin(_journal=self._opened.journal.identity, **traits)
        except BaseException:
            self._opened.journal.close()
            raise

    def _begin_labelling(self, annotator: str) -> None:
        """Take edits from now on, and show in the frame what the log has already."""
        self._label_listeners: list[Callable[[NDArray[np.int64], str | None], Any]] = []
        self._columns_of_labels.hidden = self._opened.hidden  # before any column is made
        self._columns_of_labels.create()
        desk = self._desk = Desk(
            self._opened.journal, self._columns_of_labels, self.send, annotator,
            on_written=self._tell_labels, on_disputed=self._show_suggestions,
            asked=self._opened.asked, hidden=self._opened.hidden,
        )  # fmt: skip
        self._endings.append(desk.close)
        if desk.journal.identity:
            watch.add(desk)
            self._endings.append(partial(watch.discard, desk))
        desk.write_all()

    def __repr__(self) -> str:
        self._desk.settle()
        said = [layer > 0 for layer in self._desk.journal.layers]
        done = int(np.count_nonzero(np.any(said, axis=0))) if said else 0
        return (
            f"<{type(self).__name__}: {done:,} of {self._n:,} images labelled in {self._column!r}>"
        )

    @property
    def frame(self) -> pd.DataFrame:
        """The DataFrame that is written, the very object given."""
        return self._desk.columns.frame

    @property
    def selected_frame(self) -> pd.DataFrame:
        """The rows of `frame` of the selected images."""
        self._desk.settle()
        rows = self._columns_of_labels.frame_rows[self.selection]
        chosen: pd.DataFrame = self.frame.iloc[rows]
        return chosen

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of their keys."""
        self._desk.settle()
        return self._class_names()

    @property
    def labels(self) -> Any:
        """Class name of each image by position, None where it has none.

        An array of objects; with tags a DataFrame with a column of bools for each.
        """
        journal = self._desk.journal
        self._desk.settle()
        with self._desk.lock:
            if journal.multi:
                names = self._class_names()
                held = {name: journal.layers[self._number(name)] == 1 for name in names}
                return pd.DataFrame(held, index=pd.RangeIndex(self._n))
            return np.array([None, *journal.classes], dtype=object)[journal.codes]

    @property
    def counts(self) -> pd.Series[Any]:
        """How many images each class has."""
        journal = self._desk.journal
        self._desk.settle()
        with self._desk.lock:
            names = self._class_names()
            numbers = [self._number(name) for name in names]
            if journal.multi:
                counts = [int(np.count_nonzero(journal.layers[k] == 1)) for k in numbers]
            else:
                found = np.bincount(journal.codes, minlength=len(journal.classes) + 1)
                counts = [int(found[k + 1]) for k in numbers]
        return pd.Series(counts, index=names, name=self._column, dtype="int64")

    @property
    def notes(self) -> pd.Series[Any]:
        """Notes on images, by position."""
        with self._desk.lock:
            notes = dict(sorted(self._desk.journal.notes.items()))
        return pd.Series(notes, dtype=object, name="note")

    @property
    def saved_to(self) -> Path | None:
        """Folder of the log of the labels; None if they are in memory only."""
        return self._desk.journal.folder

    @property
    def rows_without_image(self) -> pd.DataFrame:
        """The rows of the frame that have no image on the map, and why."""
        return self._without_image.copy()

    def label(self, rows: Any, name: Any) -> None:
        """Give images a class, or a tag.

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
        OSError
            If the label could not be put on disk; nothing is changed then.
        """
        self._desk.do("label", rows=self._row_set(rows), code=1 + self._number(name))

    def clear(self, rows: Any, name: Any = None) -> None:
        """Take the label off images; the column has its missing value there.

        Parameters
        ----------
        rows : int, positions, slice or boolean mask
        name : str, optional
            With tags: say that the images do *not* have this one. Without it all their tags are
            forgotten, as if they had never been looked at.

        Raises
        ------
        ValueError
            If the column's dtype has no missing value, or `name` is given without tags.
        TypeError, IndexError
            If `rows` names no images.
        """
        if name is not None and not self._desk.journal.multi:
            raise ValueError(f"name is {name!r}; with one label an image, clear(rows) takes none")
        code = 0 if name is None else 1 + self._number(name)
        self._desk.do("clear", rows=self._row_set(rows), code=code)

    def note(self, rows: Any, text: str) -> None:
        """Write a note on images; an empty text takes it off.

        Parameters
        ----------
        rows : int, positions, slice or boolean mask
        text : str
            At most 2000 characters; what is longer is cut.

        Raises
        ------
        TypeError, IndexError
            If `rows` names no images.
        ValueError
            If `text` is no text.
        """
        self._desk.do("note", rows=self._row_set(rows), name=text)

    def undo(self) -> bool:
        """Take back the last step, from the page or from Python; any number, also after a restart.

        Returns
        -------
        bool
            Whether there was one.
        """
        return self._desk.do("undo").change is not None

    def redo(self) -> bool:
        """Do again what was undone last; whether there was something."""
        return self._desk.do("redo").change is not None

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
        text = _as_name(name)
        with self._desk.lock:
            clean, _ = self._desk.columns.check_class(text)
        self._desk.do("add_class", name=text)
        return clean

    def rename_class(self, name: Any, new: str) -> None:
        """Give a class another name; its images keep it. One step that can be undone.

        Raises
        ------
        ValueError
            If there is no class `name`, or there is one named `new` already: merge them then.
        """
        self._desk.do("rename_class", code=1 + self._number(name), name=_as_name(new))

    def merge_classes(self, name: Any, into: Any) -> None:
        """Give all images of one class another, and drop the first. One step.

        Raises
        ------
        ValueError
            If one of the two is no class.
        """
        self._desk.do("merge_class", code=1 + self._number(name), into=1 + self._number(into))

    def delete_class(self, name: Any) -> None:
        """Drop a class; its images have no label then. One step that can be undone.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        self._desk.do("delete_class", code=1 + self._number(name))

    def export(self, path: str | os.PathLike[str], *, details: bool = False) -> None:
        r"""Write the DataFrame with all labels into a file, in one step.

        Parameters
        ----------
        path : str or path
            Ends in ``.csv``, ``.parquet`` or ``.jsonl``. A crash or a full disk leaves the file
            that was there.
        details : bool
            Also write who gave each label (a person or an accepted suggestion) and the notes.

        Raises
        ------
        ValueError
            If the suffix is not known, naming those that are.
        FileNotFoundError
            If there is no such folder.
        RuntimeError
            If the frame was changed so that its rows cannot be told apart; `labels` has
            the labels, and :meth:`apply` brings them there.

        Notes
        -----
        Text in CSV is quoted, so it survives if it is read as text:
        ``pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")``.
        """
        target = check_path(path)
        write_frame(self._desk.labelled(details=details), target)

    def apply(self, frame: pd.DataFrame, on: Hashable, *, details: bool = False) -> pd.DataFrame:
        """Copy of another frame with the labels, its rows matched by a column.

        For a frame that was filtered, sorted or joined since: labels are written into the one
        that was given, and into no other.

        Parameters
        ----------
        frame : DataFrame
            Rows that match no image stay as they are; the others get the label that the image
            has here, or none.
        on : hashable, or list
            Name of a column, or level of the index, that tells the images apart in both frames:
            file names, numbers; or several that do so together. In the frame that is labelled it
            counts as it was at first.
        details : bool
            As in :meth:`export`.

        Raises
        ------
        TypeError, ValueError
            If `on` does not tell the rows apart or nothing matches, or the column of labels in
            `frame` cannot hold them.
        """
        return self._desk.labelled_in(frame, on, details=details)

    def on_label(
        self, callback: Callable[[NDArray[np.int64], str | None], Any], remove: bool = False
    ) -> None:
        """Call back after labels changed and `frame` has them.

        Parameters
        ----------
        callback : callable(positions, name)
            The images that changed and their class now, None for no label; once for each class.
            With tags: the images that have a tag now, or (None) lack one they had.
            It may be an ``async def``. An error it raises is shown in the widget.
        remove : bool
            Stop calling it instead.
        """
        self._label_listeners = with_listener(self._label_listeners, callback, remove)

    def _class_names(self) -> list[str]:
        """Names of the classes in their order; may be asked for while an edit is made."""
        with self._desk.lock:
            return [self._desk.journal.classes[number] for number in self._desk.order()]

    def _number(self, name: Any) -> int:
        """Return the number of a class."""
        text, journal = str(_as_name(name)), self._desk.journal
        with self._desk.lock:
            number = journal.number_of(text)
            if number is not None and number not in self._desk.gone:
                return number
            known = ", ".join(map(repr, self._class_names()[:20])) or "none yet"
        raise ValueError(
            f"name is {text[:60]!r}, which is no class; classes are {known}. "
            "add_class(name) adds one"
        )

    def _row_set(self, rows: Any) -> RowSet:
        if rows is None:
            raise TypeError("rows is None; give positions or a boolean mask")
        return RowSet.from_positions(as_rows(rows, self._n, "rows"), self._n)

    def _tell_labels(self, change: Change) -> None:
        """Call the listeners, once for each class that images have now."""
        journal = self._desk.journal
        for layer, (rows, codes) in change.layers.items():
            for code in np.unique(codes):
                has = code == 1 if journal.multi else code > 0
                number = layer if journal.multi else int(code) - 1
                name = journal.classes[number] if has else None
                failed = partial(self._fail, {})
                call_all(self._label_listeners, failed, rows[codes == code], name)

    def _show_suggestions(self) -> None:
        """Tell the pages of suggestions; the widget that makes them says how."""

    def _on_edit(self, content: Content, buffers: Buffers) -> Reply:
        self._desk.receive(content, buffers)
        return None

    def _on_sync(self, _content: Content, _buffers: Buffers) -> Reply:
        """Give a page everything."""
        self._desk.settle()
        with self._desk.lock:
            message, buffers = self._desk.state()
            saved_to = "" if self.saved_to is None else str(self.saved_to)
            about, more = self._about_suggestions()
        message |= {"palette": list(PALETTE), "saved_to": saved_to, "suggestions": about}
        message["found"] = self._opened.found
        return message, [*buffers, *more]

    def _about_suggestions(self) -> tuple[Content | None, list[bytes]]:
        """Say what is proposed, for a page; here nothing is."""
        return None, []


def _as_name(value: Any) -> Any:
    """Return the name of the class of a number or bool, as in a column of these."""
    return name_of(value) if isinstance(value, (int, float, np.generic)) else value
