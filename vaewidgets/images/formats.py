"""Which files are pictures, by what stands in them, and what to do about those not read.

Names lie: scanners write none, phones write ``.jpg`` over HEIC, downloads lose theirs. The first
bytes say what a file is; the suffix is asked only where they do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

# What Pillow may try. Left out on purpose: EPS and WMF (they start other programs or are programs
# themselves), PSD, ICO and other formats whose decoders are large or rarely looked at by anybody,
# and whose pictures are not what people collect. They are rejected in words. What a package
# registered with Pillow was asked for by whoever imported it, and is tried too.
FORMATS = (
    "PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "PCX", "TGA", "AVIF", "JPEG2000",
)  # fmt: skip

# Suffixes of files of a folder that are taken for pictures without being looked into first.
SUFFIXES = frozenset(
    {
        ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".bmp", ".dib", ".tif",
        ".tiff", ".webp", ".pbm", ".pgm", ".ppm", ".pnm", ".pcx", ".tga", ".avif", ".jp2", ".j2k",
        ".svg",
    }
)  # fmt: skip

HEAD = 4096  # bytes of a file that are looked at

_AS_ARRAYS = "and pass the arrays"
_EXPORT = "export it as PNG or TIFF"
_HEIC = (
    "HEIC and HEIF photographs need pillow-heif: pip install pillow-heif, then "
    "import pillow_heif; pillow_heif.register_heif_opener()"
)
_AVIF = "AVIF pictures need a Pillow with AVIF in it: pip install --upgrade pillow"
_JXL = "JPEG XL pictures need pillow-jxl-plugin: pip install pillow-jxl-plugin, then "
_JXL += "import pillow_jxl"
_DICOM = "DICOM files need pydicom: pip install pydicom, then read them with "
_DICOM += f"pydicom.dcmread(file).pixel_array {_AS_ARRAYS}"
RAW = "raw photographs need rawpy: pip install rawpy, then read them with "
RAW += f"rawpy.imread(file).postprocess() {_AS_ARRAYS}, or develop them to TIFF or JPEG"
_PSD = f"Photoshop documents are not read: {_EXPORT}"
_ICON = "icons are not read: save the picture as PNG"
_DRAWING = "is not an image but a program that draws one: save the picture as PNG"
_SVG = "SVG drawings are not read: save the drawing as PNG"
_OTHER = "pictures are not read: convert them to PNG or TIFF, or read them with imageio (pip "
_OTHER += f"install imageio) {_AS_ARRAYS}"
_SCIENCE = "files are not read: read them with their own package "
NPY = "is an array: pass numpy.load(file, mmap_mode='r')"

# What a file that Pillow may not or cannot open is, by its suffix.
_BY_SUFFIX: Mapping[str, str] = {
    **dict.fromkeys((".heic", ".heif", ".hif", ".heics", ".heifs"), _HEIC),
    **dict.fromkeys((".avif", ".avifs"), _AVIF),
    ".jxl": _JXL,
    **dict.fromkeys((".dcm", ".dicom"), _DICOM),
    **dict.fromkeys((".psd", ".psb"), _PSD),
    **dict.fromkeys((".ico", ".cur", ".icns"), _ICON),
    **dict.fromkeys((".eps", ".ps"), f"EPS {_DRAWING}"),
    **dict.fromkeys((".svg", ".svgz"), _SVG),
    **dict.fromkeys((".wmf", ".emf"), f"WMF {_DRAWING}"),
    **{
        suffix: f"{name} {_OTHER}"
        for name, suffixes in {
            "OpenEXR": ".exr", "Radiance": ".hdr .rgbe", "GIMP": ".xcf", "DDS": ".dds .ktx",
            "QOI": ".qoi", "SGI": ".sgi", "JPEG XR": ".jxr .wdp",
            "X": ".xbm .xpm", "FLIC": ".fli .flc", "Krita": ".kra", "JPEG 2000": ".jpx .jpf",
        }.items()
        for suffix in suffixes.split()
    },
    **{
        suffix: f"{name} {_SCIENCE}({package}) {_AS_ARRAYS}"
        for name, suffixes, package in (
            ("FITS", ".fits .fit .fts", "astropy"), ("NIfTI", ".nii", "nibabel"),
            ("MRC", ".mrc", "mrcfile"), ("Zeiss", ".czi .lsm", "czifile or tifffile"),
            ("Leica", ".lif", "readlif"), ("Nikon", ".nd2", "nd2"),
            ("slide", ".svs .ndpi .scn .mrxs .vsi", "openslide"),
            ("MetaImage", ".mha .mhd", "SimpleITK"), ("NRRD", ".nrrd", "pynrrd"),
        )
        for suffix in suffixes.split()
    },
    ".npy": NPY,
}  # fmt: skip

# Most raw photographs are TIFF files, in which Pillow would find no more than a small preview.
RAW_SUFFIXES = frozenset(
    {
        ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".gpr", ".iiq", ".kdc",
        ".mdc", ".mef", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rwl", ".rw2",
        ".sr2", ".srf", ".srw", ".x3f",
    }
)  # fmt: skip
# TIFF tags: DNGVersion; Make and SubIFDs, which every camera writes into its raw files.
_DNG_TAG, _CAMERA_TAGS = 50706, (271, 330)

# What begins a file, at which byte, and what it then is.
_BY_HEAD: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\x0a", _JXL),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", _JXL),
    (128, b"DICM", _DICOM),
    (0, b"8BPS", _PSD),
    (0, b"\0\0\1\0", _ICON),
    (0, b"\0\0\2\0", _ICON),
    (0, b"icns", _ICON),
    (0, b"%!PS", f"EPS {_DRAWING}"),
    (0, b"\xc5\xd0\xd3\xc6", f"EPS {_DRAWING}"),
    (0, b"\x76\x2f\x31\x01", f"OpenEXR {_OTHER}"),
    (0, b"#?RADIANCE", f"Radiance {_OTHER}"),
    (0, b"gimp xcf", f"GIMP {_OTHER}"),
    (0, b"DDS ", f"DDS {_OTHER}"),
    (0, b"qoif", f"QOI {_OTHER}"),
    (0, b"SIMPLE  =", f"FITS {_SCIENCE}(astropy) {_AS_ARRAYS}"),
    (8, b"CR\2\0", RAW),
    (0, b"FUJIFILMCCD-RAW", RAW),
    (0, b"IIRO", RAW),
    (0, b"IIRS", RAW),
    (0, b"MMOR", RAW),
    (0, b"IIU\0", RAW),
    (0, b"FOVb", RAW),
    (0, b"\0MRM", RAW),
    (0, b"\x93NUMPY", NPY),
)
_BRANDS = (
    (re.compile(rb"hei[cfmsx]|hev[cmsx]|mif1|msf1"), _HEIC),
    (re.compile(rb"avi[fs]"), _AVIF),
    (re.compile(rb"crx "), RAW),
)
# The start of those that Pillow reads and that nothing else starts with.
_SURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP"
    rb"|\xff\x4f\xff\x51|\0\0\0\x0cjP  ",
    re.DOTALL,
)
# Two letters, with which a text may start as well.
_PERHAPS = re.compile(rb"BM....\0\0\0\0|P[1-6][\s#]|\n[\0\2\3\5]\x01[\x01\2\4\x08]", re.DOTALL)


def formats() -> tuple[str, ...]:
    """Return what Pillow may try: the formats above, and those that other packages registered."""
    return (*FORMATS, *(name for name, (factory, _) in Image.OPEN.items() if _is_foreign(factory)))


def is_picture(head: bytes, suffix: str) -> bool | None:
    """Tell whether a file holds a picture, read or not; None where Pillow has to be asked.

    Parameters
    ----------
    head : bytes
        The first ``HEAD`` bytes of the file.
    suffix : str
        Of its name, in small letters.
    """
    if _SURE.match(head) or why_unread(head, suffix) or _plugin_takes(head):
        return True
    return None if _PERHAPS.match(head) else False


def why_unread(head: bytes, suffix: str) -> str:
    """Say what a file is that Pillow could not open, and what to do; "" where that is unknown."""
    for start, mark, advice in _BY_HEAD:
        if head[start : start + len(mark)] == mark:
            return advice
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        for pattern, advice in _BRANDS:
            if pattern.fullmatch(brand):
                return advice
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!--")) and b"<svg" in text):
        return _SVG
    if suffix in RAW_SUFFIXES:
        return RAW
    return _BY_SUFFIX.get(suffix, "")


def is_raw(picture: Image.Image, suffix: str) -> bool:
    """Tell whether what Pillow takes for a TIFF file is a raw photograph with a small preview."""
    tags: Any = getattr(picture, "tag_v2", {})
    if suffix in RAW_SUFFIXES and any(tag in tags for tag in _CAMERA_TAGS):
        return True
    file: Any = getattr(picture, "fp", None)
    if _DNG_TAG in tags or file is None:
        return _DNG_TAG in tags
    place = file.tell()
    file.seek(0)
    head = file.read(12)
    file.seek(place)
    return why_unread(head, "") == RAW


def _plugin_takes(head: bytes) -> bool:
    """Tell whether a package that registered a format with Pillow takes a file for its own."""
    for factory, accept in list(Image.OPEN.values()):
        if _is_foreign(factory) and accept is not None:
            try:
                if accept(head[:16]) is True:  # a text says why not
                    return True
            except Exception:  # noqa: BLE001 - of whatever package
                continue
    return False


def _is_foreign(factory: Any) -> bool:
    """Tell whether what opens a format is not of Pillow itself."""
    return not str(getattr(factory, "__module__", "")).startswith("PIL.")
