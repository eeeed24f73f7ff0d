"""A checked collection of images: loading, what was rejected and why, thumbnails.

``sources`` is the way in, ``gathering`` lists what a source holds, whatever it is (``members``
are what it holds and fetches later, ``classes`` the labels that come along), ``matching`` is the
way of new images to a model that knows others (by its ``rule``), ``collection`` holds
:class:`Images`, ``store`` a collection on disk (its file in ``store_file``), ``pixels`` the
checks of arrays, ``ranges`` what their numbers mean, ``loading`` the reading of many files,
``opening`` of one after another, page by page (``pages``), ``decoding`` of one, ``formats`` what
files are by their first bytes, ``identity`` what an image is known by wherever it goes,
``origin`` the file it came from, ``sprites`` the thumbnails, ``contact_sheet`` the picture that a
notebook shows of a collection.
"""

from vaewidgets.images.collection import Images
from vaewidgets.images.loading import Rejected
from vaewidgets.images.matching import check_image, match_images
from vaewidgets.images.rule import ImageRule
from vaewidgets.images.sources import as_images, load_images
from vaewidgets.images.sprites import SpriteSheet

__all__ = [
    "ImageRule",
    "Images",
    "Rejected",
    "SpriteSheet",
    "as_images",
    "check_image",
    "load_images",
    "match_images",
]
