import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from lessonlib import images
from lessonlib.figures import images as figures
from lessonlib.images import phantoms


@pytest.fixture(autouse=True)
def quiet():
    mpl.use("Agg")
    yield
    plt.close("all")


def shown(figure):
    """The array of each picture in a figure, in order."""
    figure.canvas.draw()
    return [artist.get_array() for ax in figure.axes for artist in ax.get_images()]


def test_panels_show_each_picture_under_its_title():
    pictures = {"a": np.eye(4), "b": np.zeros((4, 4)), "c": np.ones((4, 4, 3))}
    figure = figures.panels(pictures, columns=2)
    arrays = shown(figure)
    for array, picture in zip(arrays, pictures.values(), strict=True):
        np.testing.assert_array_equal(array, picture)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", ""]
    assert figure.axes[0].get_images()[0].get_clim() == (0, 1)


def test_phantoms_are_shown_twice_and_outlined_once():
    made = {
        figures.chest_phantom: phantoms.chest_phantom(),
        figures.star_field: phantoms.star_field(64, 30),
        figures.nuclei_field: phantoms.nuclei_field(80, 5),
    }
    for draw, phantom in made.items():
        figure = draw(phantom)
        for array in shown(figure):
            np.testing.assert_array_equal(array, phantom.image)
        left, right = figure.axes[:2]
        assert not left.collections
        assert right.collections


def test_touching_objects_are_outlined_apart():
    labels = np.zeros((12, 12), dtype=int)
    labels[2:10, 2:6], labels[2:10, 6:10] = 1, 2
    cells = images.LabelledImage(
        np.zeros((12, 12)), images.cards()["nuclei"], labels=labels.astype(np.int32)
    )
    figure = figures.labelled_nuclei(cells, brightest=1)
    (outline,) = figure.axes[1].collections
    assert len(outline.get_paths()[0].to_polygons()) == 2


def test_rings_lie_on_the_brightest_stars():
    field = phantoms.star_field(64, 30, seed=1)
    figure = figures.star_field(field, rings=4)
    offsets = figure.axes[1].collections[0].get_offsets()
    np.testing.assert_allclose(offsets, np.stack([field.columns, field.rows], axis=1)[:4])


def test_land_cover_names_every_class():
    scene = phantoms.land_cover_scene(32)
    figure = figures.land_cover(scene)
    labels = [text.get_text() for text in figure.axes[-1].get_yticklabels()]
    assert labels == list(scene.names)
