"""The slider of the chapter Class imbalance, moved by keyboard, shows what lessonlib computes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lessonlib.imbalance import focal_curve, trained_probability
from tests.book.slider import Slider
from tests.book.test_pages import Visit, check_accessible

pytestmark = pytest.mark.browser
PAGE = "notebooks/imbalance.html"
SLIDER = Slider("focal-slider")
part, press = SLIDER.part, SLIDER.press


def number(tab, name) -> float:
    return float(part(tab, name).inner_text().replace(",", "").rstrip("%"))


def gradient(tab, name) -> np.ndarray:
    """The curve of the drawing, as gradients."""
    pairs = part(tab, name).get_attribute("points").split()
    height = np.array([float(pair.split(",")[1]) for pair in pairs])
    return 1.2 * (1 - (height - 12) / 216)


@pytest.fixture
def visit(browser, site):
    with Visit(browser, f"{site}/{PAGE}", 1280) as visit:
        yield visit


@pytest.mark.parametrize(
    ("gamma", "alpha"),
    [((), ()), (("Home", 1), ("ArrowRight", 1)), (("End", 1), ("End", 1)),
     (("ArrowRight", 2), ("ArrowLeft", 2)), (("ArrowLeft", 3), ("Home", 1))],
)  # fmt: skip
def test_keys_move_it_and_the_numbers_are_lessonlibs(visit, gamma, alpha):
    tab = visit.tab
    data = json.loads(tab.locator(".focal-slider script").text_content())
    for name, keys in (("gamma", gamma), ("alpha", alpha)):
        if keys:
            press(tab, name, *keys)
    g = data["gammas"][int(part(tab, "gamma").input_value())]
    a = data["alphas"][int(part(tab, "alpha").input_value())]
    grid = np.linspace(0, 1, 101)
    curve = focal_curve(grid, g).gradient
    np.testing.assert_allclose(gradient(tab, "positive-curve"), a * curve, atol=5e-4)
    np.testing.assert_allclose(gradient(tab, "negative-curve"), (1 - a) * curve, atol=5e-4)
    np.testing.assert_allclose(gradient(tab, "reference"), 1 - grid, atol=5e-4)
    up, down = focal_curve([0.02, 0.98], g).gradient * (a, 1 - a)
    assert number(tab, "positive") == pytest.approx(up, abs=6e-5)
    assert number(tab, "negative") == pytest.approx(down, rel=6e-3)
    assert number(tab, "balance") == pytest.approx(up / down, rel=1e-6, abs=0.6)
    for i, truth in enumerate(data["truths"]):
        want = float(trained_probability(truth, weights=(1 - a, a), gamma=g))
        assert number(tab, f"said-{i}") == pytest.approx(100 * want, abs=0.06)
    assert visit.errors == []


def test_a_draw_without_gamma_and_alpha(visit):
    """What the text promises: at gamma 0 and alpha 0.5, 49 negatives balance one positive."""
    press(visit.tab, "gamma", "Home", 1)
    press(visit.tab, "alpha", "ArrowRight", 1)
    assert part(visit.tab, "alpha-value").inner_text() == "0.5"
    assert number(visit.tab, "balance") == 49
    assert [number(visit.tab, f"said-{i}") for i in range(3)] == [2, 10, 50]


def test_a_reader_who_cannot_see_is_told(visit):
    tab = visit.tab
    press(tab, "gamma", "ArrowRight", 2)
    tab.wait_for_timeout(500)
    SLIDER.check_spoken(tab, part(tab, "balance").inner_text(), ("gamma", "alpha"))


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_asks_nobody(browser, site, width):
    with Visit(browser, f"{site}/{PAGE}", width) as visit:
        press(visit.tab, "gamma", "End", 1)
        assert visit.errors == []
        assert [u for u in visit.requests if not u.startswith((site, "data:", "blob:"))] == []
        box = visit.tab.locator(".focal-slider").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        check_accessible(visit.tab)


def test_without_its_script_it_is_a_figure(browser, site):
    """The drawing and the table are those of the first gamma and alpha, and say so."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}")
    assert "gamma 2 and alpha 0.25" in part(tab, "fallback").inner_text()
    assert not part(tab, "controls").is_visible()
    assert tab.locator(".focal-slider svg").is_visible()
    curve = focal_curve(np.linspace(0, 1, 101), 2).gradient
    np.testing.assert_allclose(gradient(tab, "positive-curve"), 0.25 * curve, atol=5e-4)
    up, down = focal_curve([0.02, 0.98], 2).gradient * (0.25, 0.75)
    assert number(tab, "balance") == pytest.approx(up / down, abs=0.6)
    want = float(trained_probability(0.02, weights=(0.75, 0.25), gamma=2))
    assert number(tab, "said-0") == pytest.approx(100 * want, abs=0.06)
    context.close()
