import gc
import logging
import weakref

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels import desk as desk_module
from vaewidgets.labels.desk import Desk
from vaewidgets.labels.journal import Memory, open_memory
from vaewidgets.labels.rebinding import Rebinding
from vaewidgets.labels.roster import Roster
from vaewidgets.labels.table import open_columns


def desk_on(frame, column="label"):
    columns = open_columns(frame, column, np.arange(len(frame)))
    columns.create()
    roster = Roster(np.zeros(len(frame), "S16"))
    memory = Memory(roster, columns.classes, columns.layers)
    journal = open_memory(memory, roster, multi=isinstance(column, list))
    nothing = {"on_written": lambda _change: None, "on_disputed": lambda: None}
    return Desk(journal, columns, lambda *_: None, "ada", **nothing)


@pytest.fixture
def rebinding(monkeypatch):
    """Stands in for the one of the process, so that no other test's frames play a part."""
    own = Rebinding()
    monkeypatch.setattr(desk_module, "rebinding", own)
    return own


@pytest.fixture
def told(shell, caplog, rebinding):
    """Run cells with `df` in a shell, one annotator on it; return what was told."""
    desk = None

    def run(*cells, column="label"):
        nonlocal desk
        df = pd.DataFrame({"x": [1, 2, 3]})
        desk = desk_on(df, column)
        shell.user_ns.update(df=df, _1=df, pd=pd, desk_on=desk_on, rebinding=rebinding)
        rebinding.watch(desk, shell)
        with caplog.at_level(logging.WARNING, "vaewidgets"):
            for cell in cells:
                shell.run_cell(cell).raise_error()
        return [record.getMessage() for record in caplog.records]

    before = list(shell.events.callbacks["post_run_cell"])
    yield run
    shell.events.callbacks["post_run_cell"][:] = before


@pytest.mark.parametrize("cell", ["df = df.assign(y=1)", "df = df[df.x > 1]", "df = df.copy()"])
@pytest.mark.parametrize("column", ["label", ["cat", "dog"]])
def test_a_name_that_holds_another_frame_with_labels_is_told_once(told, cell, column):
    (text,) = told("pass", cell, "pass", "df = df.copy()", column=column)
    assert text.startswith("df is another DataFrame now. Labels still go into")
    assert ".apply(df, on=...)" in text


QUIET = {
    "written in place": "df['y'] = 1; df.loc[0, 'label'] = 'cat'",
    "another name": "other = df.assign(y=1)",
    "no such column": "df = pd.DataFrame({'z': [1]})",
    "no frame": "df = 3",
    "gone": "del df",
    "a second name": "same = df; same = 1",
    "IPython's own name": "_1 = df.copy()",
    "labelled itself": "df = df.copy(); new = desk_on(df); rebinding.watch(new, get_ipython())",
}


@pytest.mark.parametrize("cell", QUIET.values(), ids=QUIET)
def test_whatever_else_becomes_of_a_name_is_not_told(told, cell):
    assert told(cell, "pass") == []


def test_a_name_given_later_is_looked_after_too(told):
    assert len(told("mine = df", "mine = mine.copy()")) == 1


def test_it_stands_in_the_desk_until_the_name_holds_the_frame_again(shell, rebinding):
    before = list(shell.events.callbacks["post_run_cell"])
    desk = desk_on(pd.DataFrame({"x": [1, 2]}))
    shell.user_ns.update(df=desk.columns.frame, kept=desk.columns.frame)
    rebinding.watch(desk, shell)
    for cell, name in (("df = df.copy()", "df"), ("pass", "df"), ("df = kept", None)):
        shell.run_cell(cell)
        assert (desk.rebound and desk.rebound.name) == name, cell
    shell.events.callbacks["post_run_cell"][:] = before


def test_it_holds_neither_the_desk_nor_its_frame(shell, rebinding):
    before = list(shell.events.callbacks["post_run_cell"])
    desk = desk_on(pd.DataFrame({"x": [1]}))
    gone = weakref.ref(desk), weakref.ref(desk.columns.frame)
    rebinding.watch(desk, shell)
    shell.run_cell("pass")
    del desk
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    shell.events.callbacks["post_run_cell"][:] = before
