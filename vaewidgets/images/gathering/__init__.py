"""What a source holds, one by one and not opened yet: whatever has images in it.

``gather`` tells what kind a source is, ``folders`` list what is below folders, ``archives`` what
is in zip, tar, .npz and Parquet files, ``tables`` the columns and frames of pandas, polars and
Arrow, ``rows`` what holds an image and perhaps a label (pairs, dicts, data sets), ``batches``
what a DataLoader gives.
"""

from vaewidgets.images.gathering.gather import Gathered, gather

__all__ = ["Gathered", "gather"]
