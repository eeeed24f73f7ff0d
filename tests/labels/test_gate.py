import logging
import threading
import time
from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.gate import Gate
from vaewidgets.labels.table import open_columns


@contextmanager
def gate_on(shell):
    gate = Gate()
    gate.attach(shell)
    shell.run_cell("pass")  # the cell in which the widget was made has ended
    try:
        yield gate
    finally:
        gate.detach(shell)


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_without_a_kernel_a_write_runs_at_once():
    done = []
    Gate().submit(lambda: done.append(1))
    assert done == [1]


def test_between_cells_a_write_of_any_thread_runs_at_once(shell):
    done = []
    with gate_on(shell) as gate:
        in_thread(lambda: gate.submit(lambda: done.append(1)))
    assert done == [1]


def test_a_write_of_another_thread_waits_for_the_end_of_the_cell(shell):
    seen, done = [], []
    with gate_on(shell) as gate:
        shell.user_ns.update(
            ask=lambda: in_thread(lambda: gate.submit(lambda: done.append(1))),
            look=lambda: seen.append(list(done)),
        )
        shell.run_cell("ask(); look()")
        assert seen == [[]]
        assert done == [1]


def test_a_write_of_the_cell_itself_runs_at_once_and_cannot_dead_lock(shell):
    seen, done = [], []
    with gate_on(shell) as gate:
        shell.user_ns.update(
            label=lambda: gate.submit(lambda: done.append(1)), look=lambda: seen.append(list(done))
        )
        shell.run_cell("label(); look()")
    assert seen == [[1]]


def test_the_cell_that_makes_the_widget_counts_as_running(shell):
    gate, seen, done = Gate(), [], []
    shell.user_ns.update(
        attach=lambda: gate.attach(shell),
        ask=lambda: in_thread(lambda: gate.submit(lambda: done.append(1))),
        look=lambda: seen.append(list(done)),
    )
    shell.run_cell("attach(); ask(); look()")
    gate.detach(shell)
    assert seen == [[]]
    assert done == [1]


def test_what_waits_outside_a_cell_is_written_before_the_next_cell_begins(shell):
    gate, seen, done = Gate(), [], []
    gate.attach(shell)  # not inside a cell: no end of one will come
    in_thread(lambda: gate.submit(lambda: done.append(1)))
    assert done == []
    shell.user_ns.update(look=lambda: seen.append(list(done)))
    shell.run_cell("look()")
    gate.detach(shell)
    assert seen == [[1]]


def test_a_cell_inside_a_cell_does_not_open_the_gate_early(shell):
    seen, done = [], []
    with gate_on(shell) as gate:
        shell.user_ns.update(
            run=shell.run_cell,
            ask=lambda: in_thread(lambda: gate.submit(lambda: done.append(1))),
            look=lambda: seen.append(list(done)),
        )
        shell.run_cell("run('pass'); run('   '); ask(); look()")
        assert seen == [[]]
        assert done == [1]


def test_a_cell_that_raises_opens_the_gate(shell):
    done = []
    with gate_on(shell) as gate:
        shell.user_ns.update(ask=lambda: in_thread(lambda: gate.submit(lambda: done.append(1))))
        shell.run_cell("ask(); raise KeyboardInterrupt", store_history=False)
        shell.run_cell("this is no Python")
        in_thread(lambda: gate.submit(lambda: done.append(2)))
    assert done == [1, 2]


def test_an_exception_in_one_waiting_write_stops_no_other(shell, caplog):
    done = []

    def fail():
        raise OSError("the frame is gone")

    def ask():
        in_thread(lambda: [gate.submit(w) for w in (fail, lambda: done.append(1), fail)])

    with gate_on(shell) as gate, caplog.at_level(logging.ERROR, "vaewidgets"):
        shell.user_ns.update(ask=ask)
        shell.run_cell("ask()")
    assert done == [1]
    assert caplog.text.count("a label could not be written: the frame is gone") == 2


def test_the_gate_follows_a_shell_once_however_many_widgets_there_are(shell):
    gate = Gate()
    before = len(shell.events.callbacks["pre_run_cell"])
    for _ in range(5):
        gate.attach(shell)
    assert len(shell.events.callbacks["pre_run_cell"]) == before + 1
    gate.detach(shell)
    assert len(shell.events.callbacks["pre_run_cell"]) == before


N_WRITES = 400
CELL = """
for i in range(n):
    values = df["label"].array.copy()  # what pandas does inside, in slow motion
    values[n + i] = "user"
    time.sleep(0)
    df.isetitem(0, values)
stop.set()
"""


def race(shell, submit):
    """Label from another thread while a cell writes other rows; count what is lost."""
    df = pd.DataFrame({"label": pd.Series([None] * (2 * N_WRITES), dtype=object)})
    stop = threading.Event()

    def write(row):
        values = df["label"].array.copy()
        values[row] = "widget"
        time.sleep(0)
        df.isetitem(0, values)

    def page():
        for row in range(N_WRITES):
            submit(lambda row=row: write(row))
            time.sleep(0)

    thread = threading.Thread(target=page)
    shell.user_ns.update(df=df, n=N_WRITES, stop=stop, page=thread)
    shell.run_cell("page.start()\n" + CELL)
    thread.join(20)
    shell.run_cell("pass")
    return int(df["label"].isna().sum())


def test_neither_a_label_nor_a_write_of_the_cell_is_lost_where_both_are_written_at_once(shell):
    with gate_on(shell) as gate:
        assert race(shell, gate.submit) == 0


def test_without_the_gate_labels_are_lost(shell):
    assert race(shell, lambda write: write()) > 0


OWN_CELL = """
page.start()
for i in range(n):
    df.loc[n + i, column] = value
    time.sleep(0)
"""


@pytest.mark.parametrize(("column", "value"), [("label", "user"), (["tag"], True)])
def test_a_cell_may_write_the_very_column_that_is_labelled_meanwhile(shell, column, value):
    name = column if isinstance(column, str) else column[0]
    df = pd.DataFrame({"x": range(2 * N_WRITES)})
    columns = open_columns(df, column, np.arange(len(df)), ["cat"] if name == "label" else None)
    columns.create()
    layer = np.zeros(len(df), np.uint16)

    def page():
        for row in range(N_WRITES):
            layer[row] = 1
            rows = {0: np.array([row])}
            gate.submit(lambda rows=rows: columns.write(rows, [layer], nobody, {}))
            time.sleep(0)

    def nobody(number):
        return np.zeros(len(df), bool)

    with gate_on(shell) as gate:
        thread = threading.Thread(target=page)
        shell.user_ns.update(df=df, n=N_WRITES, page=thread, column=name, value=value)
        shell.run_cell(OWN_CELL).raise_error()
        thread.join(20)
        shell.run_cell("pass")
    wanted = ["cat" if name == "label" else True] * N_WRITES + [value] * N_WRITES
    assert df[name].tolist() == wanted


def test_two_widgets_that_write_one_column_from_two_threads_lose_nothing():
    df = pd.DataFrame({"x": range(2 * N_WRITES)})
    gate = Gate()

    def page(name, start):
        columns = open_columns(df, "label", np.arange(len(df)), [name])
        columns.create()
        layer = np.zeros(len(df), np.uint16)
        for row in range(start, start + N_WRITES):
            layer[row] = 1
            write = partial(columns.write, {0: np.array([row])}, [layer.copy()], np.zeros_like, {})
            gate.submit(write)
            time.sleep(0)

    open_columns(df, "label", np.arange(len(df))).create()
    threads = [
        threading.Thread(target=page, args=pair) for pair in (("one", 0), ("two", N_WRITES))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert df["label"].tolist() == ["one"] * N_WRITES + ["two"] * N_WRITES


@pytest.mark.parametrize("info", [None, object()])
def test_a_cell_that_was_interrupted_ends_under_no_or_another_name(info):
    """ipykernel ends an interrupted cell of ``await`` with None, IPython with a new name."""
    gate, done = Gate(), []
    gate._close(object())
    in_thread(lambda: gate.submit(lambda: done.append(1)))
    assert done == []
    gate._open(None if info is None else type("Result", (), {"info": info}))
    assert done == [1]
    in_thread(lambda: gate.submit(lambda: done.append(2)))
    assert done == [1, 2]
