"""A disk whose power fails: every state it may be found in, after each thing a program did.

What a program wrote is safe once it was flushed, a name once its folder was. Anything else may be
there, or not, or in part, in any order: that is all that file systems promise.
"""

import os
from pathlib import Path

import numpy as np

_SECTOR = 64  # smaller than a real one, so that the short lines of the tests tear too


class RecordingOs:
    """Stands in for `os` in `vaewidgets.disk`: does everything, and writes down what it did."""

    def __init__(self, root):
        self.root = root
        self.steps = []
        self._files = {}  # number of each file by descriptor, and by path
        self._count = 0

    def __getattr__(self, name):
        return getattr(os, name)

    def acknowledge(self, seq):
        self.steps.append(("acknowledge", seq))

    def open(self, path, flags, mode=0o777):
        path = Path(path)
        is_new = flags & os.O_CREAT and not path.exists()
        descriptor = os.open(path, flags, mode)
        if is_new:
            self._count += 1
            self._files[path] = self._count
            self.steps.append(("name", self._relative(path), self._count))
        self._files[descriptor] = path if path.is_dir() else self._files[path]
        return descriptor

    def write(self, descriptor, data):
        at = os.fstat(descriptor).st_size
        size = os.write(descriptor, data)
        self.steps.append(("write", self._files[descriptor], at, bytes(data[:size])))
        return size

    def ftruncate(self, descriptor, size):
        os.ftruncate(descriptor, size)
        self.steps.append(("cut", self._files[descriptor], size))

    def fsync(self, descriptor):
        file = self._files[descriptor]
        is_folder = isinstance(file, Path)
        self.steps.append(("flush folder", self._relative(file)) if is_folder else ("flush", file))

    fdatasync = fsync

    def mkdir(self, path):
        Path(path).mkdir()
        self.steps.append(("name", self._relative(path), "folder"))

    def replace(self, source, target):
        Path(source).replace(target)
        self._files[target] = self._files.pop(source)
        source, target = self._relative(source), self._relative(target)
        self.steps.append(("rename", source, target))

    def unlink(self, path):
        Path(path).unlink()
        self.steps.append(("name", self._relative(path), None))

    def _relative(self, path):
        return str(Path(path).relative_to(self.root))


class Disk:
    """What is safe, and what only may be found, after some steps."""

    def __init__(self):
        self.names = {}
        self.contents = {}
        self.loose_names = []
        self.loose_data = {}
        self.acknowledged = set()

    def do(self, step):
        kind, *rest = step
        if kind == "acknowledge":
            self.acknowledged.add(rest[0])
        elif kind in ("name", "rename"):
            self.loose_names.append(step)
        elif kind in ("write", "cut"):
            self.loose_data.setdefault(rest[0], []).append(step)
        elif kind == "flush":
            for loose in self.loose_data.pop(rest[0], []):
                self.contents[rest[0]] = _with(self.contents.get(rest[0], b""), loose)
        else:
            here = [s for s in self.loose_names if _folder(s[1]) == rest[0]]
            self.loose_names = [s for s in self.loose_names if s not in here]
            for loose in here:
                _name(self.names, loose)

    def found(self, rng):
        """One of the states in which the disk may be found: contents by path."""
        keep = rng.choice([0, 0.5, 1])
        names = dict(self.names)
        for step in self.loose_names:
            if rng.random() < keep:
                _name(names, step)
        keep = rng.choice([0, 0.5, 1])
        contents = dict(self.contents)
        for file, steps in self.loose_data.items():
            for step in steps:
                if rng.random() < keep:
                    contents[file] = _with(contents.get(file, b""), _torn(step, rng))
        folders = {path for path, file in names.items() if file == "folder"} | {"."}
        return {
            path: None if file == "folder" else contents.get(file, b"")
            for path, file in sorted(names.items())
            if _folder(path) in folders
        }

    @property
    def is_loose(self):
        return bool(self.loose_names or self.loose_data)


def put_there(found, root):
    """Make the files of a state that was found."""
    for path, data in found.items():
        target = root / path
        if data is None:
            target.mkdir()
        elif target.parent.is_dir():
            target.write_bytes(data)


def _folder(path):
    return str(Path(path).parent)


def _name(names, step):
    kind, path, file = step
    if kind == "rename":
        if path in names:
            names[file] = names.pop(path)
    elif file is None:
        names.pop(path, None)
    else:
        names[path] = file


def _with(data, step):
    """Contents of a file after a write, which leaves zeros where nothing was, or a cut."""
    if step[0] == "cut":
        return data[: step[2]].ljust(step[2], b"\0")
    _, _, at, new = step
    return data[:at].ljust(at, b"\0") + new + data[at + len(new) :]


def _torn(step, rng):
    """Either all of a write, or its beginning, or sectors of it with zeros between."""
    if step[0] == "cut":
        return step
    kind, file, at, data = step
    way = rng.integers(3)
    if way == 0:
        data = data[: rng.integers(len(data) + 1)]
    elif way == 1:
        parts = [data[i : i + _SECTOR] for i in range(0, len(data), _SECTOR)]
        data = b"".join(p if rng.random() < 0.5 else b"\0" * len(p) for p in parts)
    return kind, file, at, data


def states(steps, n_states, seed=0):
    """Yield about `n_states` states, spread over all moments: contents, and what was promised."""
    rng = np.random.default_rng(seed)
    n_loose = sum(step[0] != "acknowledge" for step in steps) / 2  # every second one flushes
    each = -(-n_states // int(n_loose))
    disk = Disk()
    for step in steps:
        disk.do(step)
        for _ in range(each if disk.is_loose else 1):
            yield disk.found(rng), set(disk.acknowledged)
