"""What the annotator's page looks like and says where that carries a meaning."""

import numpy as np
import pytest

from tests.browser._annotating import CODES, N, choose, lasso, words
from tests.browser._hands import Camera
from vaewidgets.widgets.annotator import Annotator


def color_of(view, selector, name, pseudo=""):
    return view.locator(selector).first.evaluate(
        f"element => getComputedStyle(element, '{pseudo}')['{name}']"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_in_the_gallery_are_not_taken_for_a_class(annotate, widget_page, theme):
    view = widget_page(annotate(), width=1000, theme=theme)
    lasso(view)
    view.locator(".vw-gallery-item").first.hover()
    card = ".vw-root > .vw-card:not(.vw-keys)"
    view.locator(card, has_text="no label").wait_for()
    gray = color_of(view, ".vw-class-none .vw-swatch", "backgroundColor")
    assert color_of(view, f"{card} .vw-swatch", "backgroundColor") == gray
    view.page.keyboard.press("m")
    view.page.keyboard.type("hm")
    view.page.keyboard.press("Enter")
    view.locator(".vw-gallery-item[data-note]").wait_for()
    corner = color_of(view, ".vw-gallery-item[data-note]", "borderTopColor", "::before")
    assert corner == color_of(view, ".vw-root", "color")


def test_where_images_have_tags_the_page_says_tag(annotate, widget_page):
    view = widget_page(annotate(multi=True), width=1000)
    box = view.locator(".vw-class-box")
    view.locator(".vw-class-list[aria-label=Tags]").wait_for()
    assert box.get_attribute("placeholder") == "Add a tag (N)"
    view.locator(".vw-map").focus()
    for key, told in {"3": "There is no tag 3 yet.", "1": "then press a tag."}.items():
        view.page.keyboard.press(key)
        assert words(view, ".vw-action").endswith(told)
    view.page.keyboard.press("?")
    keys = words(view, ".vw-keys")
    assert "Give the selection a tag, or take it off" in keys
    view.page.keyboard.press("Escape")
    box.fill("owl")
    assert words(view, ".vw-class-hint").startswith("No tag of that name yet.")
    box.fill("")
    view.locator(".vw-class").first.click(button="right")
    view.locator(".vw-class-menu").get_by_text("Delete").click()
    shown = view.root.inner_text() + view.root.evaluate(
        """root => [...root.querySelectorAll("*")].flatMap((one) =>
          ["title", "placeholder", "aria-label"].map((name) => one.getAttribute(name) ?? ""))
          .join(" ")"""
    )
    assert "class" not in (shown + keys).lower()


def test_in_the_keys_a_label_is_no_tag(annotate, widget_page):
    view = widget_page(annotate(), width=1000)
    view.locator(".vw-map").focus()
    view.page.keyboard.press("?")
    assert "Label the selection\n" in words(view, ".vw-keys")
    assert "tag" not in words(view, ".vw-keys")


def around(view, place):
    """Luminance of the ground, in the middle of a point, and on its edge."""
    return view.page.evaluate(
        """([x, y]) => {
          const canvas = document.querySelector(".vw-map-canvas");
          const ratio = canvas.width / canvas.clientWidth;
          const context = canvas.getContext("2d");
          const light = (dx) => {
            const [r, g, b, a] = context.getImageData((x + dx) * ratio, y * ratio, 1, 1).data;
            return [(r + g + b) / 3, a / 255];
          };
          return [light(0), light(3)];
        }""",
        list(place),
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_the_filter_leaves_out_is_a_faint_dot_and_a_suggestion_a_ring(
    annotate, widget_page, theme
):
    codes = np.zeros(N, np.uint16)
    codes[0] = 1
    widget = annotate(codes=codes)
    view = widget_page(widget, width=1000, theme=theme)
    box = view.locator(".vw-map").bounding_box()
    places = Camera(CODES, box["width"], box["height"]).place(CODES)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 99 * np.eye(N)
    lonely = int(np.argmax(apart.min(axis=1)[1:]) + 1)
    choose(view, "0")
    (_, middle), (_, edge) = around(view, places[lonely])
    assert 0.1 < middle < 0.35
    assert abs(middle - edge) < 0.05
    choose(view, "all")
    widget.suggest(np.where(np.arange(N) == lonely, 2, 0), np.full(N, 255))
    view.settle()
    (_, middle), (_, edge) = around(view, places[lonely])
    assert edge > middle + 0.2


def test_on_a_dark_ground_what_is_not_selected_can_still_be_seen(annotate, widget_page):
    widget = annotate()
    view = widget_page(widget, width=1000, theme="dark")
    box = view.locator(".vw-map").bounding_box()
    places = Camera(CODES, box["width"], box["height"]).place(CODES)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 99 * np.eye(N)
    lonely = int(np.argmax(apart.min(axis=1)))
    before = around(view, places[lonely])
    widget.selection = [(lonely + 1) % N]
    view.wait_until(lambda: around(view, places[lonely]) != before, "the point is not dimmed")
    (light, ink), _ = around(view, places[lonely])
    ground = 24
    seen = light * ink + ground * (1 - ink)
    assert seen > 2.5 * ground  # of 255, and linear enough this far down


@pytest.mark.parametrize(("n", "pictures"), [(10, "true"), (200, "false")])
def test_few_images_are_pictures_from_the_start(widget_page, n, pictures):
    rng = np.random.default_rng(0)
    codes, images = rng.normal(size=(n, 2)), rng.integers(0, 256, (n, 8, 8, 1), np.uint8)
    widget = Annotator(codes, images, classes=["cat"], journal=None)
    view = widget_page(widget, width=1000)
    button = view.page.get_by_role("button", name="Images")
    assert button.get_attribute("aria-pressed") == pictures
    view.settle()
    button.click()
    assert button.get_attribute("aria-pressed") != pictures
    widget.close()


def test_a_selected_point_is_seen_among_many(widget_page):
    xy = np.random.default_rng(0).normal(size=(50_000, 2)).clip(-3, 3).astype(np.float32)
    xy[7] = 6, 6
    widget = Annotator(xy, classes=["cat"], journal=None)
    view = widget_page(widget, width=1000)

    def ink():
        """How much is painted where the point lies alone."""
        return view.page.evaluate(
            """() => {
              const canvas = document.querySelector(".vw-map-canvas");
              const half = canvas.width / 2;
              const found = canvas.getContext("2d").getImageData(half, 0, half, canvas.height / 5);
              let sum = 0;
              for (let i = 3; i < found.data.length; i += 4) sum += found.data[i];
              return sum / 255;
            }"""
        )

    view.wait_until(lambda: 0 < ink() < 5)
    widget.selection = [7]
    view.wait_until(lambda: ink() > 12)
    widget.close()
