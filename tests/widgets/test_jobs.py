"""Latest wins, on a real thread."""

import threading

from vaewidgets.widgets.base.jobs import Job, LatestWins


def job(work, log, name):
    return Job(
        work=work,
        done=lambda result: log.append(("done", name, result)),
        failed=lambda error: log.append(("failed", name, str(error))),
        superseded=lambda: log.append(("superseded", name)),
    )


def drain(jobs):
    """Wait until all that was submitted before has run."""
    over = threading.Event()
    jobs.submit(object(), Job(lambda: None, lambda _: over.set(), print, print))
    assert over.wait(10)


def test_only_the_newest_waiting_job_of_a_key_runs():
    jobs, log, gate = LatestWins(), [], threading.Event()
    jobs.submit("a", job(gate.wait, log, 0))
    for name in (1, 2, 3):
        jobs.submit("b", job(lambda: "worked", log, name))
    gate.set()
    drain(jobs)
    assert ("superseded", 1) in log
    assert ("superseded", 2) in log
    assert ("done", 3, "worked") in log
    assert not any(entry[:2] in {("done", 1), ("done", 2)} for entry in log)


def test_jobs_of_different_keys_all_run():
    jobs, log = LatestWins(), []
    for name in range(5):
        jobs.submit(name, job(lambda: None, log, name))
    drain(jobs)
    assert [entry[1] for entry in log] == [0, 1, 2, 3, 4]


def test_a_job_that_raises_does_not_end_the_worker():
    jobs, log = LatestWins(), []
    jobs.submit("a", job(lambda: 1 / 0, log, "bad"))
    jobs.submit("b", job(lambda: "fine", log, "good"))
    drain(jobs)
    assert log == [("failed", "bad", "division by zero"), ("done", "good", "fine")]


def test_a_callback_that_raises_does_not_end_the_worker():
    jobs, log = LatestWins(), []

    def broken(_result):
        raise RuntimeError("the page is gone")

    jobs.submit("a", Job(lambda: None, broken, print, print))
    jobs.submit("b", job(lambda: "fine", log, "good"))
    drain(jobs)
    assert log == [("done", "good", "fine")]


def test_the_jobs_of_a_closed_widget_are_dropped():
    jobs, log, gate = LatestWins(), [], threading.Event()
    jobs.submit(("other", "x"), job(gate.wait, log, "first"))
    jobs.submit(("mine", "x"), job(lambda: None, log, "mine"))
    jobs.submit(("other", "y"), job(lambda: None, log, "other"))
    jobs.drop("mine")
    gate.set()
    drain(jobs)
    assert [entry[1] for entry in log] == ["first", "other"]
