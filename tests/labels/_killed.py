"""A program that labels until it is killed, and says what was acknowledged.

python _killed.py label FOLDER FIRST   labels, one edit after the other from number FIRST
python _killed.py join FOLDER N        joins old files; its Nth call to the disk kills it
python _killed.py both FOLDER NAME N   N edits beside another program
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.labels._logs import open_log, random_edit
from vaewidgets import disk


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def label(folder, first):
    journal = open_log(folder)
    seq = int(first)
    rng = np.random.default_rng(seq)
    say("ready")
    while True:
        journal.append(random_edit(rng, seq))
        say(seq)
        seq += 1


class DeadlyOs:
    """Stands in for `os` in `vaewidgets.disk`; the call of a given number kills the program."""

    def __init__(self, number):
        self.number = number

    def __getattr__(self, name):
        real = getattr(os, name)
        if not callable(real):
            return real

        def call(*args):
            self.number -= 1
            if self.number < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)

        return call


def join(folder, number):
    disk.os = DeadlyOs(int(number))
    open_log(folder).close()
    say("joined")


def both(folder, name, n_edits):
    journal = open_log(folder, annotator=name)
    rng = np.random.default_rng(len(name))
    for seq in range(1, int(n_edits) + 1):
        journal.append(random_edit(rng, seq, client=name), name)
        if seq % 250 == 0:
            journal.refresh()
    say("done")
    sys.stdin.readline()  # until the other is done too
    journal.refresh()
    say(repr(digest(journal)))


def digest(journal):
    layers = [layer.tobytes().hex() for layer in journal.layers]
    places = [(record.order, record.writer, record.edit.seq) for record in journal.records]
    depths = [journal.depth(name) for name in ("anna", "bertram")]
    return layers, places, depths, sorted(journal.notes.items()), journal.classes


if __name__ == "__main__":
    {"label": label, "join": join, "both": both}[sys.argv[1]](*sys.argv[2:])
