"""The lessons run from top to bottom in a kernel of their own, and say what they promise."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    notebook = nbformat.read(ROOT / "notebooks" / "vae_pca_tsne.ipynb", as_version=4)
    place = {"metadata": {"path": str(tmp_path_factory.mktemp("lesson"))}}
    # No cell is cut off: how long it takes is the machine's affair.
    NotebookClient(notebook, timeout=None, startup_timeout=600, resources=place).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cells, kind):
    outputs = [output for cell in cells for output in cell.outputs]
    return [o["data"][kind] for o in outputs if kind in o.get("data", {})]


def test_every_cell_shows_something_and_nothing_is_said_on_the_side(lesson):
    assert all(cell.outputs for cell in lesson)
    assert [
        o for cell in lesson for o in cell.outputs if o.output_type in ("stream", "error")
    ] == []


def test_pictures_widgets_and_scores_are_there(lesson):
    assert len(shown(lesson, "image/png")) == 4
    assert len(shown(lesson, "application/vnd.jupyter.widget-view+json")) >= 7
    words = shown(lesson, "text/plain")
    errors = next(text for text in words if "mean squared error" in text)
    pca, autoencoder, vae = (float(line.split()[-1]) for line in errors.splitlines()[1:])
    assert max(autoencoder, vae) < 0.8 * pca  # as the text says
    scores = next(text for text in words if "neighbours kept" in text)
    kept = {line.rsplit(maxsplit=3)[0]: line.split()[-3] for line in scores.splitlines()[1:]}
    assert float(kept["t-SNE of the pixels"]) > float(kept["PCA of the pixels"])
    assert len(kept) == 7
