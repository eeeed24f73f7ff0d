"""From 10,000 images in memory to the first map on screen, as a person in JupyterLab sees it.

Opens a notebook in a real JupyterLab in headless Chromium, runs all of its cells and keeps a
picture of the page 5, 15, 30 and 60 seconds after the model began to learn. Run with

    python -m benchmarks.first_map [--images 10000]

Needs ``mnist.npz`` (arrays ``x_train``, ``y_train``) in ``$VAEWIDGETS_DATA``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks._report import keep, table
from tools import chromium, pages
from tools.jupyter import JupyterServer, NotebookPage, write_notebook

LOOKS = (5, 15, 30, 60)
# The pixels of the map that are not its ground; a map without points has none.
PAINTED = """() => {
  for (const canvas of document.querySelectorAll(".vw-map canvas")) {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [100, 100];
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0, 100, 100);
    const { data } = context.getImageData(0, 0, 100, 100);
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) painted += data[i] > 40 ? 1 : 0;
    if (painted > 300) return true;
  }
  return false;
}"""

# One line of words a widget: what its status line says, else its toolbar.
SEEN = """() => [...document.querySelectorAll(".vw-root")].map((root) =>
  root.querySelector(".vw-status").textContent.trim() ||
  root.querySelector(".vw-toolbar").innerText.replace(/\\s+/g, " ").trim()).join("; ")"""


def data_folder() -> Path:
    """Folder of the data sets."""
    return Path(os.environ.get("VAEWIDGETS_DATA", "../shared/data")).resolve()


def cells(n_images: int) -> list[str]:
    """Write the notebook: the images are in memory before the clock starts."""
    archive = data_folder() / "mnist.npz"
    return [
        "import numpy as np, pandas as pd, torch, vaewidgets as vw\n"
        f"with np.load({str(archive)!r}, allow_pickle=False) as data:\n"
        f"    pixels, digits = data['x_train'][:{n_images}], data['y_train'][:{n_images}]\n"
        "df = pd.DataFrame({'digit': digits})",
        "import time; began = time.time()\nimages = vw.load_images(pixels)\n"
        "vae = vw.VAE().fit(images); learned = time.time()",
        "scatter = vw.LatentScatter(vae, images, data=df, color='digit')\nscatter",
        "made = time.time()",
    ]


def watch(browser: Browser, server: JupyterServer, n_images: int, pictures: Path) -> dict:
    """Run the notebook, keep the pictures, and give the seconds of each event."""
    write_notebook(server.root / "first_map.ipynb", cells(n_images))
    context = browser.new_context(viewport={"width": 1280, "height": 1500})
    notebook = NotebookPage(context.new_page(), server, "first_map.ipynb")
    page = notebook.page
    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
    pages.wait_until(
        page, lambda: page.locator(".vw-root").count() > 0, "no view of the training", 180
    )
    start = time.monotonic()  # the live view is on screen: the person sees it learn from here
    first_map, looks, seen = None, list(LOOKS), {}
    while looks or first_map is None:
        seconds = time.monotonic() - start
        if first_map is None and page.evaluate(PAINTED):
            first_map = time.monotonic() - start
            page.screenshot(path=pictures / "first_map.png")
        if looks and seconds >= looks[0]:
            look = looks.pop(0)
            seen[look] = page.evaluate(SEEN)
            page.screenshot(path=pictures / f"first_map_{look:02d}s.png")
        if seconds > 600:
            raise SystemExit("no map after 10 minutes")
        page.wait_for_timeout(50)
    times = notebook.evaluate("[learned - began, made - learned]")
    epochs = notebook.evaluate("len(vae.history_)")
    context.close()
    return {"first map": first_map, "fit": times[0], "make": times[1], "n": epochs, "seen": seen}


def accuracy(n_images: int) -> str:
    """Tell, apart from the clock, how good such a map is: neighbours of the same digit."""
    import numpy as np
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    import vaewidgets as vw

    with np.load(data_folder() / "mnist.npz", allow_pickle=False) as data:
        pixels, digits = data["x_train"][:n_images], data["y_train"][:n_images]
    codes = vw.VAE(progress=False).fit(pixels).transform(pixels)
    xy = vw.project(codes, "pca").xy
    scores = [
        cross_val_score(KNeighborsClassifier(10), points, digits, cv=5).mean()
        for points in (codes, xy)
    ]
    return (
        f"10 nearest neighbours name the digit of {scores[0]:.1%} of the images from the codes "
        f"(16 dimensions) and of {scores[1]:.1%} from the PCA map (5-fold cross-validation)."
    )


def main() -> None:
    """Measure and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--pictures", type=Path, default=pages.SCREENSHOTS)
    arguments = parser.parse_args()
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        server = JupyterServer(Path(folder))
        try:
            times = watch(browser, server, arguments.images, arguments.pictures)
        finally:
            server.close()
            browser.close()
    events = [
        ["the training is on screen", "0"],
        ["the model has learned", f"{times['fit']:.1f} ({times['n']} epochs, loading included)"],
        ["the map is made in the kernel", f"+ {times['make']:.1f}"],
        ["the map is painted", f"{times['first map']:.1f}"],
    ]
    looks = [[f"{look} s", words] for look, words in times["seen"].items()]
    body = table(["event", "seconds"], events)
    body += "\n\n" + table(["after", "what the widgets on screen say"], looks)
    keep(
        "first_map",
        f"From {arguments.images:,} MNIST images in memory to the first map on screen",
        f"{body}\n\n{accuracy(arguments.images)}",
        ("vaewidgets", "torch", "jupyterlab", "ipykernel", "scikit-learn"),
    )


if __name__ == "__main__":
    main()
