"""Light and dark: a widget goes by its host, and follows when the host changes its mind."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser._hands import pixels
from vaewidgets.widgets.scatter import LatentScatter

CODES = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype(np.float32)


def look(view):
    """Ground and text of a widget, and the colour that most of its points have."""
    style = "root => [getComputedStyle(root).backgroundColor, getComputedStyle(root).color]"
    painted = pixels(view.locator(".vw-map-canvas").first)
    ink = np.median(painted[painted[:, :, 3] > 0][:, :3], axis=0)
    return [*view.root.evaluate(style), *ink.tolist()]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("document.body.dataset.jpThemeLight", {"light": "true", "dark": "false"}),
        ("document.body.className", {"light": "vscode-light", "dark": "vscode-dark"}),
    ],
    ids=["JupyterLab", "VS Code"],
)
def test_the_theme_of_the_host_goes_before_that_of_the_system(widget_page, place, names):
    views = {theme: widget_page(LatentScatter(CODES), theme=theme) for theme in names}
    for view in views.values():
        view.settle()
    looks = {theme: look(view) for theme, view in views.items()}
    assert all(light != dark for light, dark in zip(looks["light"], looks["dark"], strict=True))
    for system, host in (("light", "dark"), ("dark", "light")):
        views[system].page.evaluate(f"{place} = '{names[host]}'")
        wait_for_look(views[system], looks[host])


def wait_for_look(view, wanted):
    view.wait_until(lambda: look(view) == wanted, "the widget does not follow its host")
