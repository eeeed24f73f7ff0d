from __future__ import annotations

import types

import numpy as np
import pytest
from sklearn.decomposition import PCA

from vaewidgets.figures import kl_per_dimension, learning_curve, plain
from vaewidgets.gaussians import Gaussians

HISTORY = [
    {"epoch": e, "step": 9 * e, "loss": 0.0, "reconstruction": -e, "kl": 2 * e, "seconds": 1.0}
    for e in (1, 2, 3)
]


def test_learning_curve_has_a_panel_for_each_term_with_its_unit():
    figure = learning_curve(types.SimpleNamespace(history_=HISTORY))
    assert [trace.name for trace in figure.data] == ["Reconstruction", "KL divergence"]
    assert list(figure.data[0].x) == [1, 2, 3]
    assert list(figure.data[0].y) == [-1, -2, -3]
    assert list(figure.data[1].y) == [2, 4, 6]
    assert figure.layout.yaxis.title.text == "nats per image"
    assert figure.layout.xaxis2.title.text == "epoch"


def test_learning_curve_needs_a_history():
    with pytest.raises(TypeError, match="model has no history_: PCA"):
        learning_curve(PCA())


class Known:
    """Dimensions of 0, 1/2 and 2 nats, and one of so little that it is inactive."""

    def transform(self, images):
        return self.posterior(images).mean

    def posterior(self, images):
        mean = np.tile([0.0, 1.0, 2.0, 0.01], (len(images), 1))
        return Gaussians(mean, np.ones_like(mean))


def test_dimensions_are_sorted_by_what_they_carry_and_the_inactive_marked():
    figure = kl_per_dimension(Known(), np.zeros((5, 8, 8), np.uint8))
    active, inactive = figure.data
    assert list(active.x) == ["z2", "z1"]
    assert list(active.y) == pytest.approx([2.0, 0.5])
    assert list(inactive.x) == ["z3", "z0"]
    assert list(inactive.y) == pytest.approx([0.00005, 0.0])
    assert active.marker.color != inactive.marker.color
    assert active.name == "active (2)"
    assert list(figure.layout.xaxis.categoryarray) == ["z2", "z1", "z3", "z0"]
    assert figure.layout.title.text == "2 of 4 dimensions carry information"
    assert "nats" in figure.layout.yaxis.title.text


def test_kl_needs_a_posterior():
    pca = PCA(2).fit(np.random.default_rng(0).random((9, 4)))
    with pytest.raises(TypeError, match=r"posterior\(images\) -> Gaussians, and PCA has not"):
        kl_per_dimension(pca, np.zeros((5, 2, 2), np.uint8))


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:x'>y</a>",
        "$\\href{javascript:x}{y}$",
        "%{customdata}",
        "a & b",
    ],
)
def test_names_from_outside_are_shown_as_text(hostile):
    history = [{"epoch": 1, "loss": 0.0, hostile: 1.0}]
    figure = learning_curve(types.SimpleNamespace(history_=history))
    for text in (figure.data[0].name, figure.layout.annotations[0].text):
        assert not any(mark in text for mark in ("<", ">", "$", "%{"))
        assert text == plain(hostile)
