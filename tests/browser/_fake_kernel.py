"""The kernel's side of an annotator, as little of it as a page needs, and at the test's mercy.

`FakeAnnotator` speaks the wire of :class:`vaewidgets.Annotator` but keeps its edits in a plain
list and folds them anew each time. A test can make it silent, let it refuse, or hand its log to
another one, as a cell that runs again does with the journal on disk.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from traitlets import Int, Unicode

from vaewidgets.widgets.base.widget import Buffers, Content, Reply, bundle
from vaewidgets.widgets.map.coloring import PALETTE
from vaewidgets.widgets.map.map_widget import MapWidget

NO_STEP = ("undo", "redo", "add_class")


@dataclass
class FakeEdit:
    """One edit as it came."""

    client: str
    seq: int
    content: Content
    rows: NDArray[np.int64]
    codes: NDArray[np.uint16] | None

    @property
    def kind(self) -> str:
        """What it does."""
        return str(self.content["kind"])


@dataclass
class FakeLog:
    """All edits of one journal."""

    n: int
    start: list[str]
    multi: bool = False
    codes: NDArray[np.uint16] | None = None
    identity: str = field(default_factory=lambda: secrets.token_hex(16))
    edits: list[FakeEdit] = field(default_factory=list)
    order: list[int] | None = None
    hidden: set[int] = field(default_factory=set)
    found: str = ""
    raters: list[str] = field(default_factory=lambda: ["me"])
    pairs: list[dict[str, Any]] = field(default_factory=list)

    def taken(self, client: str) -> int:
        """Number of the last edit of a client."""
        return max((edit.seq for edit in self.edits if edit.client == client), default=0)

    def steps(self) -> tuple[list[FakeEdit], list[FakeEdit]]:
        """Those that stand, and those that can be redone."""
        done: list[FakeEdit] = []
        undone: list[FakeEdit] = []
        for edit in self.edits:
            if edit.kind == "undo" and done:
                undone.append(done.pop())
            elif edit.kind == "redo" and undone:
                done.append(undone.pop())
            elif edit.kind not in NO_STEP:
                done.append(edit)
                undone.clear()
        return done, undone

    def fold(self) -> dict[str, Any]:
        """Classes, layers and notes as they are now."""
        classes = list(self.start)
        added = {}
        grouped = set()
        for edit in self.edits:
            if edit.kind in ("add_class", "group"):
                if edit.content["name"] not in classes:
                    classes.append(edit.content["name"])
                    grouped |= {len(classes) - 1} if edit.kind == "group" else set()
                added[edit.client, edit.seq] = classes.index(edit.content["name"])
        layers = np.zeros((max(len(classes), 1) if self.multi else 1, self.n), np.uint16)
        if self.codes is not None:
            layers[0] = self.codes
        aside = np.zeros(self.n, bool)
        state = {"classes": classes, "layers": layers, "gone": grouped, "notes": {}}
        state |= {"aside": aside, "kept": {}}
        for edit in self.steps()[0]:
            self._fold_one(edit, state, added)
        state["gone"] |= self.hidden
        shown = self.order or range(len(classes))
        state["order"] = [number for number in shown if number not in state["gone"]]
        return state

    def _fold_one(self, edit: FakeEdit, state: dict[str, Any], added: Any) -> None:
        content, rows, kind = edit.content, edit.rows, edit.kind
        layers, notes = state["layers"], state["notes"]
        number = content.get("class", added.get((edit.client, content.get("class_of"))))
        if kind == "label" and self.multi:
            layers[number, rows] = 1
        elif kind == "label":
            layers[0, rows] = 1 + number
        elif kind == "clear" and number is not None:
            layers[number, rows] = 2
        elif kind == "clear":
            layers[:, rows] = 0
        elif kind == "rename_class":
            state["classes"][number] = content["name"]
        elif kind in ("merge_class", "delete_class"):
            layers[0, layers[0] == 1 + number] = 1 + content.get("into", -1)
            state["gone"].add(number)
        elif kind == "group":
            number = state["classes"].index(content["name"])
            layers[0, rows] = 1 + number
            state["gone"].discard(number)
        elif kind == "note":
            notes.update(dict.fromkeys(rows.tolist(), content["name"]))
        elif kind == "accept":
            self._accept(edit, layers, number)
        else:
            _curate(kind, content, rows, state)

    def _accept(self, edit: FakeEdit, layers: Any, number: int | None) -> None:
        rows = edit.rows
        codes = np.full(len(rows), 1 + (number or 0)) if edit.codes is None else edit.codes
        for row, code in zip(rows, codes, strict=True):
            layer = layers[code - 1] if self.multi else layers[0]
            if layer[row] == 0:
                layer[row] = 1 if self.multi else code


def _curate(kind: str, content: dict[str, Any], rows: Any, state: dict[str, Any]) -> None:
    if kind in ("set_aside", "put_back"):
        state["aside"][rows] = kind == "set_aside"
    elif kind == "keep":
        state["kept"].pop(content["name"], None)
        if len(rows):
            state["kept"][content["name"]] = rows


def _bits(flags: NDArray[np.bool_]) -> bytes:
    return np.packbits(flags, bitorder="little").tobytes()


def _kept(state: dict[str, Any]) -> list[list[Any]]:
    return [[name, len(rows)] for name, rows in state["kept"].items()]


class FakeAnnotator(MapWidget):
    """See the top of this file.

    Parameters
    ----------
    codes, images
        As the annotator takes them.
    kept : FakeLog
    saved_to : str
        The folder that is told.
    """

    _esm: ClassVar[str] = bundle("annotator.js")
    _css: ClassVar[str] = bundle("annotator.css")

    _column = Unicode("label").tag(sync=True)
    _height = Int(480).tag(sync=True)
    _journal = Unicode().tag(sync=True)

    def __init__(self, codes: Any, images: Any, kept: FakeLog, saved_to: str = "labels") -> None:
        self.kept = kept
        self.saved_to = saved_to
        self.is_silent = False
        self.failure = ""
        self.suggestions: tuple[NDArray[np.uint16], NDArray[np.uint8]] | None = None
        self.to_ask: list[int] = []
        self._version = 0
        super().__init__(codes, images, _journal=kept.identity if saved_to else "")

    @property
    def labels(self) -> list[str | None]:
        """Class name of each image."""
        state = self.kept.fold()
        return [state["classes"][code - 1] if code else None for code in state["layers"][0]]

    @property
    def aside(self) -> list[int]:
        """Rows that are set aside."""
        return list(np.flatnonzero(self.kept.fold()["aside"]))

    @property
    def kept_names(self) -> list[str]:
        """Names of the selections that are kept."""
        return list(self.kept.fold()["kept"])

    @property
    def notes(self) -> dict[int, str]:
        """Notes that say something."""
        return {row: text for row, text in self.kept.fold()["notes"].items() if text}

    def kinds(self) -> list[str]:
        """What came, in order."""
        return [edit.kind for edit in self.kept.edits]

    def _on_edit(self, content: Content, buffers: Buffers) -> Reply:
        if self.is_silent:
            return None
        client, seq = content["client"], content["seq"]
        taken = max(self.kept.taken(client), content["settled"])
        if self.failure:
            failed = {"op": "failed", "client": client, "seq": seq, "message": self.failure}
            self.send(failed)
        elif seq > taken + 1:
            self.send({"op": "gap", "client": client, "expected": taken + 1})
        elif seq == taken + 1:
            self._take(client, seq, content, buffers)
        else:
            self.send({"op": "ack", "acks": {client: [seq]}, "version": self._version})
        return None

    def _take(self, client: str, seq: int, content: Content, buffers: Buffers) -> None:
        rows = self._rows_of(buffers[0]) if buffers else np.empty(0, np.int64)
        codes = np.frombuffer(buffers[1], "<u2") if len(buffers) > 1 else None
        before = self.kept.fold()
        self.kept.edits.append(FakeEdit(client, seq, content, rows, codes))
        after = self.kept.fold()
        self._version += 1
        done, undone = self.kept.steps()
        message: dict[str, Any] = {
            "op": "diff",
            "base": self._version - 1,
            "version": self._version,
            "undo": len(done),
            "redo": len(undone),
            "acks": {client: [seq]},
            "by": {"client": client, "seq": seq, "kind": content["kind"]},
            "classes": after["classes"],
            "gone": sorted(after["gone"]),
            "order": after["order"],
            "kept": _kept(after),
            "aside": True,
            "notes": {
                str(row): after["notes"].get(row, "")
                for row in {*before["notes"], *after["notes"]}
            },
            "parts": [],
        }
        parts = []
        for k, layer in enumerate(after["layers"]):
            old = before["layers"][k] if k < len(before["layers"]) else 0 * layer
            changed = layer != old
            if changed.any():
                message["parts"].append({"layer": k})
                parts += [np.packbits(changed, bitorder="little"), layer[changed].astype("<u2")]
        self.send(message, [*(part.tobytes() for part in parts), _bits(after["aside"])])

    def _rows_of(self, bits: Any) -> NDArray[np.int64]:
        flags = np.unpackbits(np.frombuffer(bits, np.uint8), count=self.kept.n, bitorder="little")
        return np.flatnonzero(flags)

    def _on_sync(self, _content: Content, _buffers: Buffers) -> Reply:
        if self.is_silent:
            return None
        state = self.kept.fold()
        done, undone = self.kept.steps()
        told, parts = self._suggested()
        return {
            "version": self._version,
            "classes": state["classes"],
            "gone": sorted(state["gone"]),
            "order": state["order"],
            "kept": _kept(state),
            "aside": True,
            "found": self.kept.found,
            "palette": list(PALETTE),
            "multi": self.kept.multi,
            "layers": len(state["layers"]),
            "dtype": "<u2",
            "undo": len(done),
            "redo": len(undone),
            "conflict": "",
            "notes": {str(row): text for row, text in state["notes"].items() if text},
            "saved_to": self.saved_to,
            "suggestions": told,
        }, [*(layer.tobytes() for layer in state["layers"]), _bits(state["aside"]), *parts]

    def _on_steps(self, _content: Content, _buffers: Buffers) -> Reply:
        done, _ = self.kept.steps()
        told = [
            {
                "step": k,
                "kind": edit.kind,
                "by": "me",
                "time": time.time() - 60 * (len(done) - 1 - k),
                "how": edit.content.get("how", ""),
                "count": len(edit.rows),
                "text": self._text_of(edit),
                "own": True,
                "undos": len(done) - k,
            }
            for k, edit in enumerate(done)
        ]
        return {"steps": told[::-1]}

    def _text_of(self, edit: FakeEdit) -> str:
        number = edit.content.get("class")
        return str(edit.content.get("name") or "") if number is None else self._class(number)

    def _class(self, number: int) -> str:
        return str(self.kept.fold()["classes"][number])

    def _on_step_rows(self, content: Content, _buffers: Buffers) -> Reply:
        return {}, [self._packed(self.kept.steps()[0][content["step"]].rows)]

    def _on_kept_rows(self, content: Content, _buffers: Buffers) -> Reply:
        return {}, [self._packed(self.kept.fold()["kept"][content["name"]])]

    def _on_raters(self, _content: Content, _buffers: Buffers) -> Reply:
        return {"raters": self.kept.raters, "pairs": self.kept.pairs}

    def _packed(self, rows: NDArray[np.int64]) -> bytes:
        return _bits(np.isin(np.arange(self.kept.n), rows))

    def _suggested(self) -> tuple[dict[str, Any] | None, list[bytes]]:
        if self.suggestions is None:
            return None, []
        codes, probability = self.suggestions
        told = {
            "class": 0 if self.kept.multi else None,
            "count": int((codes > 0).sum()),
            "words": "Made from 3 groups of images and their 24 labels.",
        }
        return told, [codes.astype("<u2").tobytes(), probability.astype(np.uint8).tobytes()]

    def suggest(self, codes: Any, probability: Any) -> None:
        """Suggest, as after the button was pressed."""
        self.suggestions = np.asarray(codes), np.asarray(probability)
        told, parts = self._suggested()
        self.send({"op": "suggestions", **(told or {})}, parts)

    def _on_suggest(self, _content: Content, _buffers: Buffers) -> Reply:
        if self.suggestions is None:
            raise ValueError("nothing is labelled yet")
        self.suggest(*self.suggestions)
        return {}, []

    def _on_ask(self, content: Content, _buffers: Buffers) -> Reply:
        rows = self.to_ask[: content["count"]]
        return {}, [np.asarray(rows, "<i4").tobytes()]
