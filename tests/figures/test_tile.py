"""The figures of whole tiles show what they were given."""

import matplotlib.pyplot as plt
import numpy as np

from lessonlib.figures import tile


def test_cost_draws_every_point():
    chunks, whole, stored = {256: 3.0, 1024: 9.0, 4096: 90.0}, {256: 2.0, 1024: 8.0}, {256: 1.0}
    ways = {"chunk by chunk": chunks, "all in memory": whole}
    figure = tile.cost([256, 1024, 4096], ways, ways, limit=2048, stored=stored)
    left, right = figure.axes
    for ax in (left, right):
        drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
        for name, points in ways.items():
            np.testing.assert_array_equal(drawn[name], list(points.values()))
    assert [text.get_text() for text in right.texts] == ["2 GiB"]
    plt.close(figure)


def test_paved_outlines_scene_and_chunks():
    figure = tile.paved(np.zeros((8, 8, 3)), side=109.8, scene=6, chunk=10.98)
    (ax,) = figure.axes
    assert ax.patches[0].get_width() == 6
    assert [len(lines.get_segments()) for lines in ax.collections] == [9, 9]
    plt.close(figure)
