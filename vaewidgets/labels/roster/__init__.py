"""Who an image is: known by what it shows, then by its name, never by its place.

``roster`` lists the images of one collection, ``register`` all that a log ever saw: it finds the
images of another collection among them, by ``contents``, then by ``names``.
"""

from vaewidgets.labels.roster.register import CONTENT, NAME, NEW, POSITION, Register
from vaewidgets.labels.roster.roster import Roster, digests_of

__all__ = ["CONTENT", "NAME", "NEW", "POSITION", "Register", "Roster", "digests_of"]
