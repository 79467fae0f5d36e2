"""The slider of the chapter Evaluation, moved by keyboard, shows what lessonlib computes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lessonlib import evaluation as ev
from tests.book.slider import Slider
from tests.book.test_pages import Visit

pytestmark = pytest.mark.browser
PAGE = "notebooks/evaluation.html"
SLIDER = Slider("threshold-slider")
part, press = SLIDER.part, SLIDER.press


def shown(tab, name) -> float:
    return float(part(tab, name).inner_text())


def cases(data) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores that give the embedded counts: each score at a step of the slider."""
    steps = np.array(data["thresholds"])
    ill, healthy = (-np.diff([*data[key], 0]) for key in ("tp", "fp"))
    labels = np.repeat([1, 0], [ill.sum(), healthy.sum()])
    return labels, np.r_[np.repeat(steps, ill), np.repeat(steps, healthy)]


@pytest.fixture
def visit(browser, site):
    with Visit(browser, f"{site}/{PAGE}", 1280) as visit:
        yield visit


@pytest.mark.parametrize(
    ("threshold", "prevalence", "price"),
    [((), (), ()), (("ArrowRight", 25), ("ArrowLeft", 5), ("ArrowRight", 2)),
     (("ArrowLeft", 12), ("Home", 1), ("End", 1)), (("End", 1), ("ArrowLeft", 1), ("Home", 1))],
)  # fmt: skip
def test_keys_move_it_and_the_numbers_are_lessonlibs(visit, threshold, prevalence, price):
    tab = visit.tab
    data = json.loads(tab.locator(".threshold-slider script").text_content())
    for name, keys in (("threshold", threshold), ("prevalence", prevalence), ("price", price)):
        if keys:
            press(tab, name, *keys)
    t = data["thresholds"][int(part(tab, "threshold").input_value())]
    share = data["prevalences"][int(part(tab, "prevalence").input_value())]
    alarms = data["prices"][int(part(tab, "price").input_value())]

    labels, scores = cases(data)
    point = ev.at_threshold(labels, scores, t)
    assert {n: int(shown(tab, n)) for n in ("tp", "fn", "fp", "tn")} == {
        "tp": point.tp, "fn": point.fn, "fp": point.fp, "tn": point.tn
    }  # fmt: skip
    assert shown(tab, "sensitivity") == pytest.approx(point.sensitivity, abs=6e-4)
    assert shown(tab, "specificity") == pytest.approx(point.specificity, abs=6e-4)
    values = ev.predictive_values(point.sensitivity, point.specificity, share)
    assert shown(tab, "npv") == pytest.approx(float(values.npv), abs=6e-4)
    if np.isnan(values.ppv):
        assert part(tab, "ppv").inner_text() == "undefined"
    else:
        assert shown(tab, "ppv") == pytest.approx(float(values.ppv), abs=6e-4)
    # who takes N false alarms to be worth one case acts from a probability of 1 / (N + 1) on
    act = 1 / (alarms + 1)
    called = np.where(scores >= t, 1.0, 0.0)
    curve = ev.net_benefit(labels, called, [act], prevalence=share)
    assert shown(tab, "benefit") == pytest.approx(1000 * curve.model[0], abs=0.06)
    assert shown(tab, "everyone") == pytest.approx(1000 * curve.treat_all[0], abs=0.06)
    # the point of the drawing lies where the numbers say
    across = (float(part(tab, "dot").get_attribute("cx")) - 48) / 260
    up = 1 - (float(part(tab, "dot").get_attribute("cy")) - 12) / 240
    assert (across, up) == pytest.approx((1 - point.specificity, point.sensitivity), abs=1e-6)
    assert visit.errors == []


def test_a_reader_who_cannot_see_is_told(visit):
    tab = visit.tab
    press(tab, "threshold", "ArrowRight", 3)
    tab.wait_for_timeout(500)
    SLIDER.check_spoken(
        tab, f"{part(tab, 'tp').inner_text()} nodules found", ("threshold", "prevalence", "price")
    )


def test_without_its_script_the_page_says_where_to_look(browser, site):
    SLIDER.check_fallback(browser, f"{site}/{PAGE}", "#fig-operating-points")
