"""A real JupyterLab or Notebook 7 and one notebook in it, driven through Chromium."""

from __future__ import annotations

import ast
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Page

from tools import pages

SERVER_SECONDS = 120.0
CELLS_SECONDS = 600.0
STALL_SECONDS = 20.0
IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
# Seen about once in a hundred openings: the page asks for its subshell while the kernel restarts,
# and widgets are never painted. Nothing of ours; a second notebook works.
GLITCH = "create_subshell_request"
SETTINGS = {
    # Asks whether to fetch news, in a box over the widgets.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Every cell is in the page, also those out of sight.
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "apputils-extension/themes": {},
}

# Runs all cells, and looks whether the page waits for what will never come: the main shell answers
# twice, and no cell has ended between. The kernel's status says nothing: answers to widgets change
# it while a cell runs. A question to the main shell waits for the cell, however long that takes.
_RUN_ALL = """(pause) => {
  const { content, sessionContext } = jupyterapp.shell.currentWidget;
  const { kernel } = sessionContext.session;
  const counts = () => content.widgets.map(({ model }) => model.executionCount).join();
  window.vwDone = window.vwStalled = false;
  jupyterapp.commands.execute("notebook:run-all-cells")
    .finally(() => { window.vwDone = true; });
  (async () => {
    while (!window.vwDone) {
      await kernel.requestKernelInfo();
      const before = counts();
      await new Promise((resolve) => setTimeout(resolve, pause));
      await kernel.requestKernelInfo();
      window.vwStalled = counts() === before;
    }
  })();
}"""


class GlitchError(Exception):
    """The page lost its subshell; what it shows says nothing about the widgets."""


def write_settings(folder: Path, *names: str, **themes: str) -> None:
    """Write JupyterLab's user settings of `names` (all of ``SETTINGS`` if none) to a folder."""
    for name in names or SETTINGS:
        values = {**SETTINGS[name], **(themes if name.endswith("themes") else {})}
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")


def root_arguments() -> list[str]:
    """Jupyter refuses to run as root unless told."""
    return ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


class JupyterServer:
    """One server process with its own settings, on a free port.

    Parameters
    ----------
    folder : Path
        Empty folder; the notebooks lie in its ``root``, beside it all that Jupyter writes.
    app : {"lab", "notebook"}
        JupyterLab or Notebook 7.
    theme : str
        Name of a JupyterLab theme.
    """

    def __init__(self, folder: Path, app: str = "lab", theme: str = "JupyterLab Light") -> None:
        self.app = app
        self.root = folder / "root"
        self.root.mkdir()
        self._token = secrets.token_hex(16)
        self._runtime = folder / "runtime"
        self._log = folder / "server.log"
        write_settings(folder / "settings", theme=theme)
        environment = {
            **os.environ,
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self._runtime),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *[sys.executable, "-m", "jupyterlab" if app == "lab" else "notebook"],
                    *["--no-browser", "--ip=127.0.0.1", f"--port={_free_port()}"],
                    f"--IdentityProvider.token={self._token}",
                    f"--ServerApp.root_dir={self.root}",
                    "--expose-app-in-browser",
                    *root_arguments(),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        try:
            self.address = self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> str:
        """Wait until the server answers; gives its address."""
        end = time.monotonic() + SERVER_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"Jupyter ended:\n{self._log.read_text()}")
            # The server says itself which port it took in the end.
            for file in self._runtime.glob("jpserver-*.json"):
                try:
                    url = json.loads(file.read_text())["url"].rstrip("/")
                    self._ask("GET", f"{url}/api/status")
                except (ValueError, OSError):
                    continue
                return str(url)
            time.sleep(0.1)
        raise RuntimeError(f"Jupyter is not up within {SERVER_SECONDS} s")

    def _ask(self, method: str, url: str) -> None:
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", f"token {self._token}")
        urllib.request.urlopen(request, timeout=20).close()

    def url(self, notebook: str) -> str:
        """Address of a notebook's page."""
        where = f"lab/tree/{notebook}" if self.app == "lab" else f"notebooks/{notebook}"
        return f"{self.address}/{where}?token={self._token}&reset"

    def close(self) -> None:
        """Shut the server and its kernels down, in words, and by force if it does not listen."""
        try:
            if self._process.poll() is None and hasattr(self, "address"):
                self._ask("POST", f"{self.address}/api/shutdown")
                self._process.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            pass
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NotebookPage:
    """One notebook in a page.

    ``page`` is Playwright's page, ``errors`` what went wrong in it so far.
    """

    def __init__(self, page: Page, server: JupyterServer, name: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self.console: list[str] = []
        pages.watch(page, self.errors, hosted=True)
        page.on("console", lambda message: self.console.append(message.text))
        page.goto(server.url(name))
        page.locator(IDLE).wait_for(timeout=SERVER_SECONDS * 1000, state="attached")
        pages.wait_until(
            page, self._is_connected, "the kernel is not there", SERVER_SECONDS, self.console
        )

    def _is_connected(self) -> bool:
        """Whether the kernel answers; the indicator says idle before the page has heard of it."""
        return bool(
            self.page.evaluate(
                """async () => {
                  const panel = jupyterapp.shell.currentWidget;
                  if (!panel?.sessionContext?.isReady) return false;
                  const kernel = panel.sessionContext.session?.kernel;
                  if (kernel?.connectionStatus !== "connected") return false;
                  await kernel.info;
                  return kernel.status === "idle";
                }"""
            )
        )

    def run_all(self, timeout: float = CELLS_SECONDS) -> None:
        """Run all cells as the menu does and wait for the last.

        Raises
        ------
        AssertionError
            When a cell raised, with its traceback, or took longer than `timeout` seconds.
        """
        self.page.evaluate(_RUN_ALL, STALL_SECONDS * 1000)
        self.wait_until(self._has_run, "the cells have not all run", timeout)
        if failures := self.failures():
            raise AssertionError("a cell raised:\n" + "\n".join(failures))
        self.page.locator(IDLE).wait_for(timeout=60_000, state="attached")
        if any(GLITCH in line for line in self.console):
            raise GlitchError

    def _has_run(self) -> bool:
        """Whether the cells have run, or one has raised.

        Raises
        ------
        GlitchError
            When the kernel has nothing to do and yet the page waits for it.
        """
        is_done, is_stalled = self.page.evaluate("[window.vwDone, window.vwStalled]")
        if is_stalled and not is_done:
            if self.failures():
                return True
            raise GlitchError
        return bool(is_done)

    def wait_until(
        self, condition: Callable[[], Any], message: str = "", timeout: float = 60.0
    ) -> None:
        """Wait until `condition()` is true; the page goes on meanwhile."""
        pages.wait_until(self.page, condition, message, timeout, self.errors)

    def content(self) -> dict[str, Any]:
        """Read the notebook as it is now, in its file format."""
        found = self.page.evaluate("jupyterapp.shell.currentWidget.model.toJSON()")
        assert isinstance(found, dict)
        return found

    def failures(self) -> list[str]:
        """Give the tracebacks of the cells that raised."""
        return [
            "\n".join(output["traceback"])
            for cell in self.content()["cells"]
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def evaluate(self, expression: str) -> Any:
        """Evaluate a Python expression in the kernel; JSON must be able to carry its value."""
        reply = self.page.evaluate(
            """async (code) => {
              const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
              const request = { code: "", user_expressions: { value: code } };
              const reply = await kernel.requestExecute(request).done;
              return reply.content.user_expressions.value;
            }""",
            f"__import__('json').dumps({expression})",
        )
        if reply["status"] != "ok":
            raise AssertionError(f"{expression}: {reply['ename']}: {reply['evalue']}")
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))


def write_notebook(file: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, file)


@contextmanager
def run_notebook(
    browser: Browser,
    server: JupyterServer,
    source: Path,
    *,
    viewport: tuple[int, int] = (1280, 1600),
    timeout: float = CELLS_SECONDS,
) -> Iterator[NotebookPage]:
    """Open a fresh copy of a notebook, run it to its end, and give its page."""
    for attempt in (1, 2):
        name = f"{source.stem}-{attempt}.ipynb"
        (server.root / name).write_bytes(source.read_bytes())
        width, height = viewport
        context = browser.new_context(viewport={"width": width, "height": height})
        try:
            notebook = NotebookPage(context.new_page(), server, name)
            try:
                notebook.run_all(timeout)
            except GlitchError:
                if attempt == 1:
                    continue
                raise
            yield notebook
            return
        finally:
            context.close()
