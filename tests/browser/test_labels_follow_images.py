"""Photos are added to the folder, and all cells run again: labels are on their images."""

from __future__ import annotations

from tests.browser._hands import drag_lasso, run_all, titled

PHOTOS = """
from pathlib import Path
import numpy as np, pandas as pd, vaewidgets as vw
from PIL import Image

def take_photo(name, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(Path("photos") / name)

if not Path("photos").exists():
    Path("photos").mkdir()
    for k in range(40):
        take_photo(f"{k:03}.png", k)
"""
NOTES = """
images = vw.load_images("photos", progress=False)
codes = images.as_float().reshape(len(images), -1)[:, :2]
df = pd.DataFrame({"file": images.names})
notes = vw.Annotator(codes, images, df, classes=["cat", "dog"])
notes
"""


def labels(notebook):
    return notebook.evaluate("df.dropna().set_index('file')['label'].to_dict()")


def test_labels_are_on_their_images_and_new_photos_are_unlabelled(lab):
    notebook = lab([PHOTOS, NOTES])
    view = titled(notebook.page, "Labels in label")
    drag_lasso(view, 0.1, 0.1, 0.6, 0.9)
    notebook.wait_until(lambda: notebook.evaluate("len(notes.selection)") > 0)
    notebook.page.keyboard.press("2")
    notebook.wait_until(lambda: labels(notebook) != {}, "the labels are not in the frame")
    view.locator(".vw-save[data-state=saved]").wait_for()
    before = labels(notebook)
    assert set(before.values()) == {"dog"}

    # Two new ones, before and between the others; one is renamed, one edited, one thrown away.
    labelled = sorted(before)
    assert len(labelled) > 3
    for seed, name in enumerate(["00.png", "0205.png"], 99):
        notebook.evaluate(f"take_photo({name!r}, {seed})")
    notebook.evaluate(f"str(Path('photos', {labelled[0]!r}).rename('photos/zz.png'))")
    notebook.evaluate(f"Image.open('photos/' + {labelled[1]!r}).rotate(90)"
                      f".save('photos/' + {labelled[1]!r})")  # fmt: skip
    notebook.evaluate(f"Path('photos', {labelled[2]!r}).unlink()")
    run_all(notebook)
    expected = {name: "dog" for name in before if name not in (labelled[0], labelled[2])}
    expected["zz.png"] = "dog"
    notebook.wait_until(lambda: labels(notebook) == expected, "labels are not on their images")
    assert notebook.evaluate("len(df)") == 41
    view = titled(notebook.page, "Labels in label")
    view.locator(".vw-labelled", has_text=f"{len(expected)} of 41").wait_for()
    view.get_by_text("2 are new; 1 of the log is not here").wait_for()

    view.focus()
    notebook.page.keyboard.press("Control+z")
    notebook.wait_until(lambda: labels(notebook) == {}, "undo does not reach back")
