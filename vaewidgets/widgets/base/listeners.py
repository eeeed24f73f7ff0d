"""Functions that a person wants to be called back: added, removed, called, awaited."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

# The loop keeps only a weak reference to what it runs.
_running: set[asyncio.Task[None]] = set()


def with_listener(known: list[Any], callback: Any, remove: bool) -> list[Any]:
    """Return listeners with one more, or without it; a loop over the old list is not disturbed."""
    if not callable(callback):
        raise TypeError(f"callback must be callable, got {type(callback).__name__}")
    return [old for old in known if old != callback] if remove else [*known, callback]


def call_all(
    listeners: Sequence[Callable[..., Any]], failed: Callable[[Exception], None], *values: Any
) -> None:
    """Call every listener; one that raises keeps no other from being called.

    What an ``async def`` gives is run by the loop of this thread, or here to its end where none
    runs: in a script, or on a thread of ours.
    """
    for listener in listeners:
        try:
            told = listener(*values)
        except Exception as error:  # noqa: BLE001  (the person must see it)
            failed(error)
        else:
            if inspect.isawaitable(told):
                _run(_finish(told, failed))


async def _finish(told: Awaitable[Any], failed: Callable[[Exception], None]) -> None:
    try:
        await told
    except Exception as error:  # noqa: BLE001  (the person must see it)
        failed(error)


def _run(finish: Any) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(finish)
        return
    task = loop.create_task(finish)
    _running.add(task)
    task.add_done_callback(_running.discard)
