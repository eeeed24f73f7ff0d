"""Several widgets on one page, each of which brings its own stylesheet along."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

import vaewidgets as vw

BOXES = """() => [...document.querySelector(".vw-root").querySelectorAll("*")].map((element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [element.className, x, y, width, height].join(" ");
})"""


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).random((40, 8, 8), dtype=np.float32)


@pytest.fixture(scope="module")
def model(pictures):
    return PCA(4, random_state=0).fit(pictures.reshape(40, -1))


@pytest.mark.parametrize("width", [900, 420])
def test_a_widget_looks_the_same_alone_and_beside_others(widget_page, model, pictures, width):
    others = {
        "scatter": lambda: vw.LatentScatter(model, pictures),
        "interpolator": lambda: vw.Interpolator(model, 0, 1, images=pictures),
        "tweaker": lambda: vw.LatentTweaker(model, 0, images=pictures),
        "annotator": lambda: vw.Annotator(
            model, pictures, pd.DataFrame(index=range(40)), classes=["a", "b"]
        ),
    }
    for name, make in others.items():
        view = widget_page(make(), width=width, reduced_motion=True)
        alone = view.page.evaluate(BOXES)
        for other, make_other in others.items():
            if other != name:
                view.show(make_other())
        assert view.page.evaluate(BOXES) == alone, name
