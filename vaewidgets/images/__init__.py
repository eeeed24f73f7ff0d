"""A checked collection of images: loading, what was rejected and why, thumbnails.

``collection`` holds :class:`Images` and the way in, ``pixels`` the checks of arrays, ``loading``
the reading of many files, ``decoding`` of one, ``sprites`` the thumbnails.
"""

from vaewidgets.images.collection import Images, as_images, check_image, load_images
from vaewidgets.images.loading import Rejected
from vaewidgets.images.sprites import SpriteSheet

__all__ = ["Images", "Rejected", "SpriteSheet", "as_images", "check_image", "load_images"]
