"""Widgets for the tests of this room."""

import pytest

from tests.widgets._annotating import CODES, Wire
from vaewidgets.widgets.annotator import Annotator


@pytest.fixture
def annotate():
    """Make an annotator whose messages are kept; all are closed at the end."""
    made = []

    def make(frame=None, column="label", classes=("cat", "dog"), model=CODES, images=None):
        widget = Annotator(model, images, frame, column, classes=classes)
        widget.comm = Wire(widget)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()
