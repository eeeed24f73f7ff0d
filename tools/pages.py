"""What every driver of a page needs: waiting for conditions, noticing errors and requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
LOCAL = {"127.0.0.1", "localhost"}


def wait_until(
    page: Page,
    condition: Callable[[], Any],
    message: str = "",
    timeout: float = 30.0,
    errors: list[str] | None = None,
) -> None:
    """Wait until `condition()` is true, while the page goes on.

    Raises
    ------
    AssertionError
        When that takes longer than `timeout` seconds; it says `message` and the `errors`.
    """
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            words = message or "what is waited for did not happen"
            raise AssertionError(f"{words} within {timeout:g} s; errors of the page: {errors}")
        page.wait_for_timeout(20)


def watch(page: Page, errors: list[str], *, hosted: bool = False) -> None:
    """Collect what goes wrong in a page: exceptions, logged errors, requests to elsewhere.

    A page that is `hosted` by Jupyter logs and throws things of its own; of those only what comes
    from a widget's code counts, which anywidget loads from a blob.
    """

    def on_throw(error: Error) -> None:
        if not hosted or "blob:" in (error.stack or ""):
            errors.append(f"the page threw: {error}")

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not hosted:
            errors.append(f"the page logged: {message.text}")

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"blob", "data"} and url.hostname not in LOCAL:
            errors.append(f"the page asked for {request.url}")

    page.on("pageerror", on_throw)
    page.on("console", on_console)
    page.on("request", on_request)
