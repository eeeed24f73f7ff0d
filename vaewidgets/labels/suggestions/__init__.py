"""From a few labels to all, and what to ask next: proposals, which a person accepts or rejects.

``graphs`` is what is computed once for a collection: who is near to whom, and small groups in a
tree, whose classes ``groups`` estimates; ``spreading`` proposes a class for every image, and
``temperature`` measures how far to believe it; ``rejections`` takes out what a person ruled out;
``tags`` proposes one tag, ``directions`` one without any label; ``queue`` says which images to ask
about. Only numpy, scipy and scikit-learn.
"""

from vaewidgets.labels.suggestions.directions import DirectionTag, tag_by_direction
from vaewidgets.labels.suggestions.graphs import CodeGraph, code_graph
from vaewidgets.labels.suggestions.queue import ORDERS, ask_next
from vaewidgets.labels.suggestions.spreading import Suggestions, suggest
from vaewidgets.labels.suggestions.tags import suggest_tag

__all__ = [
    "ORDERS",
    "CodeGraph",
    "DirectionTag",
    "Suggestions",
    "ask_next",
    "code_graph",
    "suggest",
    "suggest_tag",
    "tag_by_direction",
]
