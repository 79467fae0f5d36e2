"""The slider of the chapter Astronomy, moved by keyboard, draws what lessonlib computes."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from lessonlib.astronomy import asinh_stretch
from tests.book.slider import Slider
from tests.book.test_pages import Visit

pytestmark = pytest.mark.browser
PAGE = "notebooks/astronomy.html"
SLIDER = Slider("stretch-slider")
part, press = SLIDER.part, SLIDER.press
CANVAS = """box => {
  const c = box.querySelector("canvas");
  return Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data);
}"""


@pytest.fixture
def visit(browser, site):
    with Visit(browser, f"{site}/{PAGE}", 1280) as visit:
        yield visit


def stored(picture) -> np.ndarray:
    kind = "<u1" if picture["bytes"] == 1 else "<u2"
    pixels = np.frombuffer(base64.b64decode(picture["pixels"]), kind)
    return pixels.reshape(picture["height"], picture["width"]).astype(float)


@pytest.mark.parametrize("chosen", [0, 1])
@pytest.mark.parametrize(
    ("softening", "white"),
    [((), ()), (("ArrowLeft", 3), ("ArrowLeft", 4)), (("End", 1), ("Home", 1))],
)
def test_keys_move_it_and_the_canvas_is_lessonlibs(visit, chosen, softening, white):
    tab = visit.tab
    data = json.loads(tab.locator(".stretch-slider script").text_content())
    tab.locator(f'.stretch-slider input[type="radio"][value="{chosen}"]').check()
    for name, keys in (("softening", softening), ("white", white)):
        if keys:
            press(tab, name, *keys)
    picture = data["pictures"][chosen]
    values = stored(picture)
    black, noise = picture["black"], picture["noise"]
    s = data["softenings"][int(part(tab, "softening").input_value())] * noise
    w = data["whites"][int(part(tab, "white").input_value())] * (values.max() - black)
    grey = 255 * asinh_stretch(values, s, black + w, black)

    shown = np.array(tab.locator(".stretch-slider").evaluate(CANVAS)).reshape(*values.shape, 4)
    assert (shown[..., 3] == 255).all()
    assert (shown[..., 0] == shown[..., 1]).all()
    assert (shown[..., 0] == shown[..., 2]).all()
    assert np.abs(shown[..., 0] - grey).max() <= 0.5 + 1e-6

    one, ten = np.rint(255 * asinh_stretch([noise, 10 * noise], s, w)).astype(int)
    assert int(part(tab, "greys-noise").inner_text()) == one
    assert int(part(tab, "greys-faint").inner_text()) == ten - one
    assert int(part(tab, "greys-bright").inner_text()) == 255 - ten
    assert int(part(tab, "levels").inner_text()) == np.unique(shown[..., 0]).size
    bright = float(part(tab, "share-white").inner_text().rstrip("%")) / 100
    assert bright == pytest.approx((shown[..., 0] == 255).mean(), rel=0.06, abs=1e-9)
    assert visit.errors == []


def test_a_reader_who_cannot_see_is_told(visit):
    tab = visit.tab
    press(tab, "softening", "ArrowRight", 2)
    tab.wait_for_timeout(500)
    SLIDER.check_spoken(
        tab, f"{part(tab, 'greys-noise').inner_text()} of 255 greys", ("softening", "white")
    )


def test_without_its_script_the_page_says_where_to_look(browser, site):
    SLIDER.check_fallback(browser, f"{site}/{PAGE}", "#fig-stretches")
