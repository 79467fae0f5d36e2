"""What the figures show is what they were given: read back from their artists."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from lessonlib.figures import profiling as profiling_figures
from lessonlib.figures import why_different as figures
from lessonlib.profiling import MedicalDatasetProfiler

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def texts(figure) -> str:
    figure.draw_without_rendering()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return "\n".join(artist.get_text() for artist in found)


def test_pictures_are_shown_in_order_on_one_grey_scale():
    images = {"a": RNG.random((8, 6)) / 2, "b": RNG.random((8, 6)), "c": RNG.random((8, 6))}
    figure = figures.pictures(images, columns=3)
    for axes, (title, image) in zip(figure.axes, images.items(), strict=True):
        assert axes.get_title() == title
        assert np.array_equal(axes.images[0].get_array(), image)
        assert axes.images[0].get_clim() == (0, 1)


def test_stored_and_meant_share_the_axis_of_their_histograms():
    stored = RNG.integers(0, 400, (20, 20))
    figure = figures.stored_and_meant(stored, 1023 - stored)
    left, right = figure.axes[2:]
    assert left.get_xlim() == right.get_xlim()
    assert sum(bar.get_height() for bar in left.patches) == stored.size


def test_sides_names_both_sides_and_points_at_the_places():
    figure = figures.sides(RNG.random((40, 30)), {"heart": (0.5, 0.25)})
    assert "patient's\nright" in texts(figure)
    (arrow,) = [t for t in figure.axes[0].texts if t.get_text() == "heart"]
    assert arrow.xy == (15, 10)


def test_boxes_lie_where_they_were_asked_for():
    figure = figures.boxes(np.zeros((50, 60, 3), np.uint8), {"name": (5, 6, 20, 10)})
    (box,) = figure.axes[0].patches
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (5, 6, 20, 10)


def test_screening_draws_one_mark_for_each_woman():
    figure = figures.screening(7, 3, 127, 863)
    groups = figure.axes[0].collections
    assert [len(group.get_offsets()) for group in groups] == [7, 3, 127, 863]
    places = np.vstack([group.get_offsets() for group in groups])
    assert len(np.unique(places, axis=0)) == 1000  # none hides another
    assert len({tuple(group.get_facecolor()[0]) for group in groups}) == 4


def test_acquisitions_show_the_threshold_in_every_hospital():
    shots = {"A": RNG.random((30, 30)), "B": RNG.random((30, 30))}
    masks = {"lung": np.tri(30).astype(bool), "solid": ~np.tri(30).astype(bool)}
    values = {name: {kind: RNG.random(50) for kind in masks} for name in shots}
    figure = figures.acquisitions(shots, values, masks, 0.625)
    for axes in figure.axes[2:]:
        assert axes.lines[0].get_xdata()[0] == 0.625
        assert sum(bar.get_height() for bar in axes.patches) == 100


def test_shifted_puts_each_hospital_where_it_belongs():
    accuracy = {"one": [(0.9, 0.8, 0.95), (0.5, 0.45, 0.55)], "two": [(0.7, 0.6, 0.8)] * 2}
    figure = figures.shifted(accuracy, accuracy, ["A", "B"])
    first, second = figure.axes[0].containers
    assert list(first.lines[0].get_xdata()) == [0.9, 0.7]
    assert list(second.lines[0].get_xdata()) == [0.5, 0.7]
    assert (first.get_label(), second.get_label()) == ("A", "B")


def test_effective_samples_draws_both_sizes_and_the_intervals():
    auc = [(0.8, 0.7, 0.85), (0.9, 0.88, 0.91)]
    figure = profiling_figures.effective_samples([15, 30], [30, 40], [30, 30], auc, ("twin", 0.82))
    size, score = figure.axes
    assert [list(line.get_ydata()) for line in size.lines] == [[30, 40], [30, 30]]
    bars = score.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [(0.7, 0.85), (0.88, 0.91)])


def test_annotation_cost_draws_a_line_for_each_number_of_readers():
    costs = MedicalDatasetProfiler(500, 15, hourly_rate=90).cost_range(range(1, 31), (1, 2, 3))
    figure = profiling_figures.annotation_cost(costs, {"plain film": 2.5})
    lines = figure.axes[0].lines
    assert lines[2].get_ydata()[-1] == 500 * 30 / 60 * 3 * 90
    assert lines[3].get_xdata()[0] == 2.5
    for words in ("1 reader", "3 readers", "plain film", "$90 an hour", "500 images"):
        assert words in texts(figure)
