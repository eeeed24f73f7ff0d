"""The bare-page harness itself, with the smallest widget that uses all of it."""

from __future__ import annotations

import pytest
from traitlets import Int, TraitError, validate

from vaewidgets.widgets.base.widget import BaseWidget, binary

ESM = """
function render({ model, el, signal }) {
  const root = document.createElement("div");
  root.className = "vw-root";
  const canvas = document.createElement("canvas");
  canvas.getContext("webgl2");
  const button = document.createElement("button");
  const label = document.createElement("span");
  const answer = document.createElement("output");
  root.append(canvas, button, label, answer);
  el.append(root);
  const draw = () => {
    const bytes = model.get("data");
    const size = `${bytes.byteLength} bytes`;
    label.textContent = `${model.get("count")}: ${size}, first ${bytes.getUint8(0)}`;
  };
  const receive = (content, buffers) => {
    answer.textContent = content.message ?? `${content.n} ${buffers[0].getUint8(1)}`;
  };
  model.on("change:count", draw);
  model.on("change:data", draw);
  model.on("msg:custom", receive);
  signal.addEventListener("abort", () => {
    model.off("change:count", draw);
    model.off("change:data", draw);
    model.off("msg:custom", receive);
  });
  window.addEventListener("keydown", draw, { signal });
  button.addEventListener("click", () => {
    for (let i = 0; i < 10; i++) {
      model.set("count", model.get("count") + 1);
      model.save_changes();
    }
    model.set("data", new DataView(new Uint8Array([7, 8, 9]).buffer));
    model.save_changes();
    model.send({ op: "double", n: 21, request: "1" }, undefined, [new Uint8Array([1, 2])]);
  }, { signal });
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    model.send({ op: "nothing", request: "2" });
  }, { signal });
  draw();
}
export default { render };
"""


class Counter(BaseWidget):
    _esm = ESM
    count = Int(0).tag(sync=True)
    data = binary(b"\x05")

    @validate("count")
    def _check(self, proposal):
        if proposal["value"] < 0:
            raise TraitError("count must be at least 0")
        return proposal["value"]

    def _on_double(self, content, buffers):
        return {"n": 2 * content["n"]}, [bytes(b * 2 for b in buffers[0])]


def test_traits_and_messages_cross_both_ways_with_their_bytes(widget_page):
    widget = Counter()
    changes = []
    view = widget_page(widget)
    label = view.locator("span")
    assert label.text_content() == "0: 1 bytes, first 5"

    widget.data = b"\x06\x00"
    view.settle()
    assert label.text_content() == "0: 2 bytes, first 6"

    widget.observe(lambda change: changes.append(change["new"]), "count")
    view.locator("button").click()
    view.wait_until(lambda: widget.data == b"\x07\x08\x09")
    assert widget.count == 10
    assert len(changes) < 10  # merged while the kernel was busy, as in Jupyter
    view.locator("output", has_text="42 4").wait_for()


def test_a_view_that_is_removed_leaves_nothing_behind(widget_page):
    widget = Counter()
    view = widget_page(widget)
    before = view.counts(widget)
    second = view.show(widget)
    assert view.locator(".vw-root").count() == 2
    assert view.counts(widget) == {name: 2 * n for name, n in before.items()}
    view.remove(second)
    after = view.counts(widget)
    after.pop("contexts")  # gone only when the browser collects its garbage
    assert after == {name: n for name, n in before.items() if name in after}
    widget.close()
    view.wait_until(lambda: view.locator(".vw-root").count() == 0)


def test_theme_and_width_are_those_asked_for(widget_page):
    view = widget_page(Counter(), theme="dark", width=420)
    assert view.root.bounding_box()["width"] == 420
    assert view.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_an_error_of_a_handler_is_sent_to_the_page(widget_page):
    view = widget_page(Counter())
    view.locator("button").click(button="right")
    view.locator("output", has_text="asked for 'nothing', which is unknown").wait_for()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("console.error('red')", "the page logged: red"),
        ("setTimeout(() => { throw new Error('torn') })", "the page threw: torn"),
        ("fetch('http://example.org/x').catch(() => {})", "the page asked for http://example.org"),
    ],
)
def test_what_goes_wrong_in_the_page_is_noticed(widget_page, script, words):
    view = widget_page(Counter())
    view.page.evaluate(script)
    view.wait_until(lambda: any(words in error for error in view.errors))
    view.settle()
    view.errors.clear()


def test_an_exception_that_ipywidgets_swallows_is_noticed(widget_page):
    widget = Counter()
    view = widget_page(widget)
    widget.comm.handle_msg(
        {
            "content": {"data": {"method": "update", "state": {"count": -1}, "buffer_paths": []}},
            "buffers": [],
        }
    )
    assert "ipywidgets logged" in view.errors.pop()
