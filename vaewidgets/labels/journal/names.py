"""When two names are one: they differ in nothing that a person would see as another name."""

from __future__ import annotations

import unicodedata

_UNSEEN = "\u200b\u2060\ufeff"
"""Characters without any width."""


def _usual_widths() -> dict[int, str]:
    """Character of the usual width, by each full-width and half-width one."""
    usual = {}
    for code in (0x3000, *range(0xFF00, 0xFFF0)):
        kind, _, same = unicodedata.decomposition(chr(code)).partition(" ")
        if kind in ("<wide>", "<narrow>"):
            usual[code] = chr(int(same, 16))
    return usual


_AS_USUAL: dict[int, str] = _usual_widths() | dict.fromkeys(map(ord, _UNSEEN), "")


def name_key(name: str) -> str:
    """Return what a name is known by: no differences in blanks, width and Unicode form.

    Blanks at the ends go, several are one, whatever kind they are of; full-width and half-width
    characters are taken as the usual ones; é is one, whether written as one character or as two
    (NFC). Nothing else is alike: case counts.

    Returns
    -------
    str
        "" for a name in which there is nothing to be seen.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFC", name.translate(_AS_USUAL))
    return " ".join(name.split())
