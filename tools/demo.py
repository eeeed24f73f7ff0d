"""The demo: the quick-start notebook in JupyterLab; `make demo`.

People get a copy to play with in ``build/demo``, so that the notebook in the repository stays as
it is. With ``CI=true`` nobody looks: the notebook is run to its end in a headless Chromium, every
widget must be painted, and pictures of it are left in ``screenshots/``. ``python -m tools.demo
--picture`` also makes the picture in the README again.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import playwright.sync_api as playwright
from PIL import Image

from tools import chromium, pages
from tools.jupyter import (
    JupyterServer,
    NotebookPage,
    root_arguments,
    run_notebook,
    write_settings,
)

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
PICTURE = ROOT / "docs" / "quickstart.png"
VIEW = "application/vnd.jupyter.widget-view+json"
WIDTH = 1180
TALLEST = 6000  # pixels of one picture
COLOURS = 30  # fewer are an empty frame


def show() -> int:
    """Open JupyterLab for a person, until they stop it."""
    folder = ROOT / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / NOTEBOOK.name
    if copy.exists() and copy.stat().st_mtime < NOTEBOOK.stat().st_mtime:
        copy.replace(folder / f"{NOTEBOOK.stem}-old.ipynb")  # it may hold the person's own work
    if not copy.exists():
        shutil.copyfile(NOTEBOOK, copy)
    write_settings(folder / ".settings", "apputils-extension/notification")
    print(f"opening {copy} in JupyterLab; run its cells from top to bottom. Ctrl-C ends it.")
    command = [sys.executable, "-m", "jupyterlab", *root_arguments(), copy.name]
    environment = {**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings")}
    try:
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0


def run_unseen(*, with_picture: bool = False) -> int:
    """Run the notebook to its end without anybody looking; 0 if all of it worked."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(**chromium.launch_options())
        server = JupyterServer(Path(folder))
        try:
            with run_notebook(browser, server, NOTEBOOK, viewport=(WIDTH, 1400)) as notebook:
                print(f"all cells ran, {time.monotonic() - start:.0f} s after the start")
                _collapse_sidebar(notebook)
                for widget in _painted_widgets(notebook):
                    print(f"painted: {widget}")
                if with_picture:
                    _save_readme_picture(notebook)
                for file in _save_pictures(notebook):
                    print(f"saved {file.relative_to(ROOT)}")
                if notebook.errors:
                    raise AssertionError("\n".join(notebook.errors))
        except AssertionError as error:
            print(f"the demo failed: {error}", file=sys.stderr)
            return 1
        finally:
            server.close()
            browser.close()
    print(f"the demo works; {time.monotonic() - start:.0f} s")
    return 0


def _collapse_sidebar(notebook: NotebookPage) -> None:
    notebook.page.evaluate(
        """() => jupyterapp.shell.leftCollapsed
          || jupyterapp.commands.execute("application:toggle-left-area")"""
    )


def _painted_widgets(notebook: NotebookPage) -> list[str]:
    """Names of the widgets of the notebook, all of which are painted and show no error."""
    expected = sum(
        VIEW in output.get("data", {})
        for cell in notebook.content()["cells"]
        for output in cell.get("outputs", [])
    )
    roots = notebook.page.locator(".jp-OutputArea-output .vw-root")
    notebook.wait_until(
        lambda: roots.count() >= expected > 0, f"{expected} outputs are widgets, not all painted"
    )
    names = []
    for root in roots.all():
        name = root.get_attribute("aria-label") or "without a name"
        notebook.wait_until(lambda root=root: _is_painted(root), f"{name!r} is not painted")
        error = root.locator(".vw-error:not([hidden])")
        if error.count() > 0:
            raise AssertionError(f"{name!r} shows an error: {error.first.text_content()}")
        names.append(name)
    return names


def _is_painted(element: playwright.Locator) -> bool:
    """Whether there is a picture in an element, and not only its frame."""
    box = element.bounding_box()
    if box is None or min(box["width"], box["height"]) < 20:
        return False
    image = Image.open(io.BytesIO(element.screenshot())).convert("RGB")
    colours = image.getcolors(image.width * image.height)
    return colours is not None and len(colours) >= COLOURS


def _save_pictures(notebook: NotebookPage) -> list[Path]:
    """Save pictures of the whole notebook, one below the other where it is long."""
    page = notebook.page
    outer = page.locator(".jp-NotebookPanel-notebook .jp-WindowedPanel-outer").first
    height = int(outer.evaluate("element => element.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": min(height + 160, TALLEST)})
    _wait_until_still(notebook)
    step = int(outer.evaluate("element => element.clientHeight"))
    height = int(outer.evaluate("element => element.scrollHeight"))
    pages.SCREENSHOTS.mkdir(exist_ok=True)
    for old in pages.SCREENSHOTS.glob(f"{NOTEBOOK.stem}*.png"):
        old.unlink()
    files = []
    for number, top in enumerate(range(0, height, step), start=1):
        outer.evaluate("(element, top) => element.scrollTo(0, top)", top)
        _wait_until_still(notebook)
        suffix = "" if number == 1 else f"-{number}"
        files.append(pages.SCREENSHOTS / f"{NOTEBOOK.stem}{suffix}.png")
        outer.screenshot(path=files[-1])
    return files


def _save_readme_picture(notebook: NotebookPage) -> None:
    """Save the map of the notebook with a cluster selected, and the cell that makes it."""
    page = notebook.page
    cell = page.locator(".jp-CodeCell", has_text="LatentScatter")
    cell.locator("select[aria-label=Map]").select_option("tsne")
    notebook.wait_until(
        lambda: notebook.evaluate("scatter.projection.method") == "tsne", "no t-SNE", 120
    )
    notebook.evaluate("setattr(scatter, 'selection', df.index[df['digit'] == 0])")
    cell.scroll_into_view_if_needed()
    page.set_viewport_size({"width": WIDTH, "height": 1400})
    _wait_until_still(notebook)
    cell.screenshot(path=PICTURE)
    print(f"saved {PICTURE.relative_to(ROOT)}")


def _wait_until_still(notebook: NotebookPage) -> None:
    """Wait until two looks half a second apart see the same, but not for ever."""
    before = b""
    for _ in range(20):
        now = notebook.page.screenshot()
        if now == before:
            return
        before = now
        notebook.page.wait_for_timeout(500)


if __name__ == "__main__":
    with_picture = "--picture" in sys.argv[1:]
    is_unseen = with_picture or os.environ.get("CI")
    raise SystemExit(run_unseen(with_picture=with_picture) if is_unseen else show())
