import gc
import logging
import weakref

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.rebinding import Rebinding
from vaewidgets.labels.table import open_columns


def columns_on(frame, column="label"):
    columns = open_columns(frame, column, np.arange(len(frame)))
    columns.create()
    return columns


@pytest.fixture
def told(shell, caplog):
    """Run cells with `df` in a shell, one annotator on it; return what was told."""
    rebinding, columns = Rebinding(), None

    def run(*cells, column="label"):
        nonlocal columns
        df = pd.DataFrame({"x": [1, 2, 3]})
        columns = columns_on(df, column)
        shell.user_ns.update(df=df, _1=df, pd=pd, columns_on=columns_on, rebinding=rebinding)
        rebinding.watch(columns, shell)
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
    "labelled itself": "df = df.copy(); new = columns_on(df); rebinding.watch(new, get_ipython())",
}


@pytest.mark.parametrize("cell", QUIET.values(), ids=QUIET)
def test_whatever_else_becomes_of_a_name_is_not_told(told, cell):
    assert told(cell, "pass") == []


def test_a_name_given_later_is_looked_after_too(told):
    assert len(told("mine = df", "mine = mine.copy()")) == 1


def test_it_holds_neither_the_columns_nor_their_frame(shell):
    rebinding = Rebinding()
    before = list(shell.events.callbacks["post_run_cell"])
    columns = columns_on(pd.DataFrame({"x": [1]}))
    gone = weakref.ref(columns), weakref.ref(columns.frame)
    rebinding.watch(columns, shell)
    shell.run_cell("pass")
    del columns
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    shell.events.callbacks["post_run_cell"][:] = before
