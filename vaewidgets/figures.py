"""plotly figures for lectures and reports: what a model learned and how.

Static pictures of a fitted model, made to be put on a slide; the widgets are for exploring.
plotly reads the text it is given as markup, so every text that may come from outside is escaped.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from vaewidgets import latent

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLUE, GRAY = "#0072B2", "#868C95"  # Okabe-Ito, and the gray of missing values
ACTIVE_NATS = 0.01
NOT_TERMS = {"epoch", "step", "loss", "learning_rate", "seconds"}
TITLES = {"reconstruction": "Reconstruction", "kl": "KL divergence"}


def learning_curve(model: Any) -> go.Figure:
    """Draw each term of the loss over the epochs, one panel a term.

    Parameters
    ----------
    model : object
        A fitted model with ``history_``, the records of its epochs.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    TypeError
        The model has no history (it is not fitted, or not trained in epochs).
    """
    history = getattr(model, "history_", None)
    if not history:
        raise TypeError(
            f"model has no history_: {type(model).__name__} is not fitted, or does not learn in "
            "epochs"
        )
    terms = [name for name in history[0] if name not in NOT_TERMS]
    titles = [plain(TITLES.get(name, name)) for name in terms]
    figure = make_subplots(rows=1, cols=len(terms), subplot_titles=titles)
    epochs = [record["epoch"] for record in history]
    for column, (name, title) in enumerate(zip(terms, titles, strict=True), start=1):
        values = [record[name] for record in history]
        line = go.Scatter(x=epochs, y=values, mode="lines", name=title, line={"color": BLUE})
        figure.add_trace(line, row=1, col=column)
        figure.update_yaxes(title_text="nats per image", row=1, col=column)
        figure.update_xaxes(title_text="epoch", row=1, col=column)
    return figure.update_layout(template="plotly_white", showlegend=False)


def kl_per_dimension(model: Any, images: Any, *, threshold: float = ACTIVE_NATS) -> go.Figure:
    """Draw how much information each latent dimension carries, most first.

    Parameters
    ----------
    model : object
        A fitted model with ``posterior``.
    images : Images or anything ``load_images`` takes
        Images over which the KL divergence is averaged.
    threshold : float, nats, default 0.01
        Dimensions below it are drawn as inactive.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars of ``mean KL(q(z_j | x) || N(0, 1))`` in nats an image, the inactive in gray.

    Raises
    ------
    TypeError
        The model does not know the spread of its codes.
    """
    if not latent.has_posterior(model):
        raise TypeError(
            f"model must have posterior(images) -> Gaussians, and {type(model).__name__} has not"
        )
    nats: NDArray[Any] = latent.information(model.posterior(images))
    order = np.argsort(-nats, kind="stable")
    active = nats[order] >= threshold
    names = [f"z{dimension}" for dimension in order]
    figure = go.Figure()
    for kind, shown, colour in (("active", active, BLUE), ("inactive", ~active, GRAY)):
        figure.add_trace(
            go.Bar(
                x=[name for name, is_shown in zip(names, shown, strict=True) if is_shown],
                y=nats[order][shown],
                name=f"{kind} ({int(shown.sum())})",
                marker={"color": colour},
                hovertemplate="%{x}: %{y:.3g} nats<extra></extra>",
            )
        )
    return figure.update_layout(
        template="plotly_white",
        title={"text": f"{active.sum()} of {len(nats)} dimensions carry information"},
        xaxis={"title": {"text": "latent dimension"}, "categoryarray": names},
        yaxis={"title": {"text": "KL divergence, nats per image"}},
        showlegend=True,
    )


def plain(text: str) -> str:
    """Make text harmless for plotly, which reads tags, ``%{...}`` templates and ``$TeX$``."""
    escaped = html.escape(text, quote=False)
    return escaped.replace("$", "&#36;").replace("%{", "&#37;{").replace("\0", "")
