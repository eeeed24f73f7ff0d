"""A widget in a bare page: real Python, real Chromium, no Jupyter.

The fixture `widget_page` (in `conftest.py`) shows a widget and gives back a `WidgetPage`::

    def test_a_click_on_a_point_selects_it(widget_page):
        scatter = LatentScatter(codes)
        view = widget_page(scatter, width=900, theme="dark")
        view.locator("canvas").first.click()
        view.wait_until(lambda: len(scatter.selection) == 1)

What a test has: `view.page` (Playwright's page), `view.locator(css)`, `view.root` (the first
``.vw-root``), `view.show(widget)` for one more view of the same or another widget (returns its
number), `view.remove(number)`, `view.reload()`, `view.wait_until(condition)` for something to
become true in Python, `view.settle()` until all messages both ways are handled and drawn, as a
view is when it has been shown, `view.value(widget, trait)` for what the page has,
`view.counts(widget)` for what is alive in the page, `view.screenshot(name)` into
``screenshots/``. Widgets change as usual: ``widget.selection = [3]`` reaches the page.

A test must not depend on how fast the machine is: it waits for what it wants to see, never for a
time. What only time brings (a timer, a hint that goes, an animation) is seen with
``widget_page(widget, held=True)``: the page's clock then stands, frames and timers too, until
`view.turn(milliseconds)` moves it on, or `view.free()` lets it go.

Messages of the page are handled one after the other on a thread of their own, as JupyterLab's
subshells do it. The test fails at its end if the page logged an error, threw, or asked for
anything outside this machine, or if ipywidgets swallowed an exception; a test that expects one
takes it out of `view.errors`.
"""

from __future__ import annotations

import json
import logging
import secrets
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
import tornado.websocket
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _remove_buffers
from playwright.sync_api import Browser, Locator, Page

from tools import pages

HERE = Path(__file__).parent
MARGIN = 16
PATIENCE = 120.0
"""Seconds that a test waits for what should come: only one that fails waits so long."""
FRAMES = 4
"""A message may draw in the frame after it, and what that has changed in the frames after."""
FRAME_MS = 16
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>vaewidgets</title>
<style>
:root {{ color-scheme: light dark; background: light-dark(#fff, #111); }}
body {{ margin: {MARGIN}px; }} .view + .view {{ margin-top: {MARGIN}px; }}
</style></head>
<body><main></main><script type="module" src="/harness.js"></script></body></html>
"""


class PageServer:
    """Serves the empty page and one socket a page, on a thread of its own."""

    def __init__(self) -> None:
        self.bridges: dict[str, Bridge] = {}
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[started], daemon=True)
        self._thread.start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        self.loop = tornado.ioloop.IOLoop(make_current=True)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        self.address = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        app = tornado.web.Application(
            [
                ("/", _Text, {"text": PAGE, "kind": "text/html"}),
                (
                    "/harness.js",
                    _Text,
                    {"text": (HERE / "harness.js").read_text(), "kind": "text/javascript"},
                ),
                ("/favicon.ico", _Text, {"text": "", "kind": "image/x-icon"}),
                ("/socket", _Socket, {"bridges": self.bridges}),
            ],
            websocket_max_message_size=10 * 1024 * 1024,  # as Jupyter's server
        )
        self._http = tornado.httpserver.HTTPServer(app)
        self._http.add_sockets(sockets)
        self.loop.call_later(0, started.set)
        self.loop.start()
        self.loop.close()

    def close(self) -> None:
        """Stop serving and wait for the thread."""
        self.loop.add_callback(self._http.stop)
        self.loop.add_callback(self.loop.stop)
        self._thread.join()


class _Text(tornado.web.RequestHandler):
    def initialize(self, text: str, kind: str) -> None:
        self._text, self._kind = text, kind

    def get(self) -> None:
        self.set_header("Content-Type", f"{self._kind}; charset=utf-8")
        self.write(self._text)


class _Socket(tornado.websocket.WebSocketHandler):
    def initialize(self, bridges: dict[str, Bridge]) -> None:
        self._bridges = bridges

    def open(self) -> None:
        self._bridge = self._bridges[self.get_argument("key")]
        self._bridge.connect(self)

    def on_message(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self._bridge.receive(message)


class Bridge:
    """The two ways of one page: frames to its socket, and the page's messages to the widgets."""

    def __init__(self, server: PageServer) -> None:
        self.key = secrets.token_hex(8)
        self.errors: list[str] = []
        self.sent = self.taken = self.handled = 0  # frames to the page, from it, and done of those
        self.comms: dict[str, PageComm] = {}
        self._server = server
        self._waiting: list[bytes] = []
        self._socket: _Socket | None = None
        self._sending = threading.Lock()
        self._kernel = ThreadPoolExecutor(1, thread_name_prefix="page-messages")
        server.bridges[self.key] = self

    def connect(self, socket: _Socket) -> None:
        self._socket = socket
        for frame in self._waiting:
            socket.write_message(frame, binary=True)
        self._waiting.clear()

    def send(self, header: dict[str, Any], buffers: Any = ()) -> None:
        """Send one frame, from any thread."""
        parts = [bytes(part) for part in buffers or ()]
        # No NaN: Jupyter would turn it into the word "nan", so a widget must not send one.
        text = json.dumps({**header, "sizes": [len(p) for p in parts]}, allow_nan=False).encode()
        with self._sending:
            self.sent += 1
            self._server.loop.add_callback(
                self._write, struct.pack("<I", len(text)) + text + b"".join(parts)
            )

    def _write(self, frame: bytes) -> None:
        if self._socket is None:
            self._waiting.append(frame)
        else:
            self._socket.write_message(frame, binary=True)

    def receive(self, frame: bytes) -> None:
        (length,) = struct.unpack_from("<I", frame)
        header = json.loads(frame[4 : 4 + length])
        buffers, start = [], 4 + length
        for size in header.pop("sizes"):
            buffers.append(memoryview(frame)[start : start + size])
            start += size
        self.taken += 1
        self._kernel.submit(self._handle, header, buffers)

    def _handle(self, header: dict[str, Any], buffers: list[memoryview]) -> None:
        try:
            comm = self.comms.get(header["id"])
            if comm is not None:
                comm.handle_msg({"content": {"data": header["data"]}, "buffers": buffers})
        except Exception as error:  # noqa: BLE001  (the test reports it)
            self.errors.append(f"handling a message raised {error!r}")
        finally:
            if header["data"].get("method") == "update":
                self.send({"type": "handled", "id": header["id"]})
            self.handled += 1

    def restart(self) -> None:
        """Begin anew with a page that is loaded again: it knows nothing of before."""
        self._socket = None
        self.sent = self.taken = self.handled = 0
        self.comms.clear()

    def close(self) -> None:
        del self._server.bridges[self.key]
        for comm in self.comms.values():
            comm.bridge = None
        self._kernel.shutdown()


class PageComm(BaseComm):
    """The comm of a widget that is shown in a page."""

    def __init__(self, bridge: Bridge, comm_id: str) -> None:
        self.bridge: Bridge | None = bridge
        bridge.comms[comm_id] = self
        super().__init__(comm_id=comm_id, primary=False)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        if self.bridge is None:
            return
        if msg_type == "comm_msg":
            self.bridge.send({"type": "comm", "id": self.comm_id, "data": data}, buffers)
        elif msg_type == "comm_close":
            self.bridge.send({"type": "close", "id": self.comm_id})


class WidgetPage:
    """A page with views of widgets; see the top of this file."""

    def __init__(self, page: Page, bridge: Bridge, address: str, *, held: bool = False) -> None:
        self.page = page
        self.errors: list[str] = []
        self._bridge = bridge
        self._held = held
        pages.watch(page, self.errors)
        if held:
            page.clock.install(time=0)
            page.clock.pause_at(1)
        page.goto(f"{address}/#{bridge.key}")

    @property
    def root(self) -> Locator:
        """The first widget of the page."""
        return self.locator(".vw-root").first

    def locator(self, selector: str, **options: Any) -> Locator:
        """Find elements as ``page.locator`` does, e.g. with ``has_text=``."""
        return self.page.locator(selector, **options)

    def show(self, widget: Any, *, settle: bool = True) -> int:
        """Add a view of `widget` below those shown, settled if not told else; give its number."""
        if widget.model_id not in self._bridge.comms:
            # Before the state is read: what changes in between must reach the page too.
            widget.comm = PageComm(self._bridge, widget.model_id)
            state, paths, buffers = _remove_buffers(widget.get_state())
            data = {"state": state, "buffer_paths": paths}
            self._bridge.send({"type": "model", "id": widget.model_id, "data": data}, buffers)
        number = int(self.page.evaluate("id => harness.show(id)", widget.model_id))
        if settle:
            self.settle()
        return number

    def reload(self) -> None:
        """Load the page again; it shows nothing until `show` is called."""
        self._bridge.restart()
        self.page.reload()

    def remove(self, number: int) -> None:
        """Take one view off the page, as closing an output or a tab does."""
        self.page.evaluate("number => harness.remove(number)", number)

    def counts(self, widget: Any) -> dict[str, int]:
        """Count what is alive: listeners on the model and the page, canvases, WebGL contexts."""
        names = ("globalListeners", "canvases", "contexts")
        found = {name: int(self.page.evaluate(f"harness.{name}()")) for name in names}
        listeners = self.page.evaluate("id => harness.listeners(id)", widget.model_id)
        return {"listeners": int(listeners), **found}

    def value(self, widget: Any, trait: str) -> Any:
        """Read what the page has for a trait that is not binary."""
        return self.page.evaluate(
            "([id, name]) => harness.value(id, name)", [widget.model_id, trait]
        )

    def wait_until(
        self, condition: Callable[[], Any], message: str = "", timeout: float = PATIENCE
    ) -> None:
        """Wait until `condition()` is true; the page goes on meanwhile."""
        pages.wait_until(self.page, condition, message, timeout, self.errors)

    def settle(self) -> None:
        """Wait until nothing is on its way between page and kernel, and all of it was drawn."""
        self.wait_until(self._has_settled, "the messages were not all handled and answered")

    def _has_settled(self) -> bool:
        """Whether all is handled, and drawing it has brought nothing new."""
        before = self._quiet_after()
        if before is None:
            return False
        self._draw()
        return self._quiet_after() == before

    def _quiet_after(self) -> tuple[int, int] | None:
        """How many frames have crossed each way, all of them handled; None if some are not."""
        bridge = self._bridge
        page = self.page.evaluate("harness.traffic()")
        is_quiet = page["idle"] and page["posted"] == bridge.taken == bridge.handled
        is_quiet = is_quiet and page["received"] == bridge.sent
        return (page["received"], page["posted"]) if is_quiet else None

    def _draw(self) -> None:
        """Let some frames pass."""
        if self._held:
            # What is observed (sizes, what is in sight) goes by the frames of the browser.
            self.page.evaluate(
                "() => new Promise((end) => new IntersectionObserver(end).observe(document.body))"
            )
            self.page.clock.run_for(FRAMES * FRAME_MS)
            return
        self.page.evaluate(
            """async (frames) => {
              for (let k = 0; k < frames; k++) await new Promise(requestAnimationFrame);
            }""",
            FRAMES,
        )

    def turn(self, milliseconds: int) -> None:
        """Move a held clock on, with every frame and timer on the way, and settle."""
        self.page.clock.run_for(milliseconds)
        self.settle()

    def free(self) -> None:
        """Let a held clock go on by itself."""
        self.page.clock.resume()
        self._held = False

    def wait_until_sent(self) -> None:
        """Wait until all that the page has sent lies before the kernel, which may be busy."""
        self.wait_until(
            lambda: self.page.evaluate("harness.traffic().posted") == self._bridge.taken
        )

    def screenshot(self, name: str) -> Path:
        """Save the whole page as ``screenshots/{name}.png``, for people to look at."""
        file = pages.SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=file, full_page=True)
        return file


class _Swallowed(logging.Handler):
    """Collects the exceptions that ipywidgets only logs."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(f"ipywidgets logged: {record.getMessage()}")


@contextmanager
def open_page(
    browser: Browser,
    server: PageServer,
    *,
    width: int = 900,
    height: int = 900,
    theme: str = "light",
    reduced_motion: bool = False,
    held: bool = False,
) -> Iterator[WidgetPage]:
    """Open an empty page that is `width` CSS pixels wide for widgets; fail if it had errors."""
    bridge = Bridge(server)
    context = browser.new_context(
        viewport={"width": width + 2 * MARGIN, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce" if reduced_motion else "no-preference",
    )
    log = logging.getLogger("traitlets")
    try:
        view = WidgetPage(context.new_page(), bridge, server.address, held=held)
        handler = _Swallowed(view.errors)
        log.addHandler(handler)
        try:
            yield view
            view.settle()
        finally:
            log.removeHandler(handler)
        if view.errors or bridge.errors:
            raise AssertionError("\n".join(["the page had errors:", *view.errors, *bridge.errors]))
    finally:
        context.close()
        bridge.close()
