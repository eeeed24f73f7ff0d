"""Projections that one widget has made, and another on equal codes need not make again."""

import numpy as np

from vaewidgets.widgets.map.projector import Recent
from vaewidgets.widgets.scatter import LatentScatter


def test_another_widget_on_equal_codes_need_not_wait_again():
    codes = np.random.default_rng(5).normal(size=(40, 3)).astype(np.float32)
    first = LatentScatter(codes.copy())
    made = first.project("t-SNE")
    first.close()
    again, sent = LatentScatter(codes.copy()), []
    again.send = lambda content, buffers=None: sent.append(content)
    again._dispatch(again, {"op": "project", "request": "v:1", "method": "tsne"}, [])
    assert sent[-1]["state"] == "done"
    assert again.projection is made
    for other in (codes + 1, codes[:, :2], codes[::-1]):
        assert LatentScatter(other)._projector.kept(("tsne",)) is None


def test_few_projections_are_kept_for_others_the_latest_asked_for():
    made, kept = [object() for _ in range(Recent.MOST + 1)], Recent()
    for number, one in enumerate(made[:-1]):
        kept.add(str(number), ("umap",), one)
    assert kept.get("0", ("umap",)) is made[0]
    kept.add("new", ("umap",), made[-1])
    assert kept.get("0", ("umap",)) is made[0]
    assert kept.get("1", ("umap",)) is None
    assert kept.get("0", ("tsne",)) is None
