"""The lungs of the real chest X-ray, outlined by eye."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import check_choice, check_integer
from lessonlib.images.medical import chest_xray

# Outlines of the lungs on the film, traced by eye: (column, row) in pixels of the full film. The
# patient's right lung lies on the left of the picture.
FILM_HEIGHT, FILM_WIDTH = 1955, 1841
# fmt: off
_LUNGS = {
    "right": (
        (400, 270), (480, 220), (580, 190), (680, 175), (740, 190), (790, 260), (800, 350),
        (790, 450), (760, 520), (745, 600), (750, 680), (740, 760), (720, 850), (700, 960),
        (710, 1030), (690, 1100), (670, 1180), (640, 1260), (620, 1300), (618, 1420),
        (560, 1425), (480, 1410), (400, 1405), (300, 1425), (220, 1470), (160, 1530),
        (115, 1570), (120, 1480), (140, 1400), (170, 1280), (185, 1150), (195, 1000),
        (205, 850), (225, 700), (255, 560), (290, 430), (340, 330),
    ),
    "left": (
        (1020, 400), (1030, 300), (1060, 230), (1110, 170), (1180, 140), (1270, 150),
        (1350, 190), (1420, 250), (1480, 330), (1540, 450), (1580, 580), (1610, 720),
        (1630, 880), (1645, 1050), (1660, 1200), (1675, 1350), (1685, 1500), (1680, 1590),
        (1640, 1530), (1580, 1475), (1500, 1445), (1445, 1440), (1425, 1350), (1390, 1250),
        (1330, 1170), (1270, 1090), (1200, 1030), (1150, 960), (1100, 880), (1060, 800),
        (1035, 700), (1060, 600), (1050, 540), (1110, 530), (1090, 450),
    ),
}
# The film's own large opacities and the roots of the lungs, ringed by eye as ellipses:
# (column, row, half width, half height). They are not drawn, and nothing is known about them.
_OPACITIES = (
    (370, 690, 95, 90), (500, 1160, 140, 110), (290, 1320, 85, 90), (620, 800, 90, 100),
    (590, 1000, 80, 60), (660, 920, 60, 70),
    (1365, 660, 95, 75), (1370, 770, 85, 65), (1265, 720, 70, 55), (1470, 865, 100, 100),
    (1465, 1175, 125, 105), (1065, 485, 55, 50), (1130, 760, 90, 70),
)
# fmt: on


def film(height: int) -> np.ndarray:
    """Return the chest X-ray in [0, 1] at another size, averaged over the pixels it merges.

    Parameters
    ----------
    height : int
        Rows; columns follow in the film's proportion.

    Returns
    -------
    numpy.ndarray of float32, shape (height, W)
    """
    from skimage.transform import resize

    full = chest_xray().display()
    if height == FILM_HEIGHT:
        return full
    width = max(1, round(height * FILM_WIDTH / FILM_HEIGHT))
    return resize(full, (height, width), anti_aliasing=True, preserve_range=True).astype(np.float32)


def lung_mask(
    height: int = FILM_HEIGHT, lung: str = "both", *, avoid_opacities: bool = False
) -> np.ndarray:
    """Return where the lungs lie on the chest X-ray, as traced by eye.

    Parameters
    ----------
    height : int, default 1955
        Rows of the mask; columns follow in the film's proportion.
    lung : {"both", "right", "left"}, default "both"
        The patient's right lung lies on the left of the picture.
    avoid_opacities : bool, default False
        Leave out the film's own large opacities and the roots of the lungs.

    Returns
    -------
    numpy.ndarray of bool, shape (height, W)

    Raises
    ------
    TypeError, ValueError
        Where an argument is of another type or out of range.
    """
    from skimage.draw import polygon2mask

    height = check_integer("height", height, minimum=32)
    check_choice("lung", lung, ("both", "right", "left"))
    width = max(1, round(height * FILM_WIDTH / FILM_HEIGHT))
    scale = np.array([height / FILM_HEIGHT, width / FILM_WIDTH])
    mask = np.zeros((height, width), dtype=bool)
    for name, outline in _LUNGS.items():
        if lung in (name, "both"):
            corners = (np.array(outline)[:, ::-1] + 0.5) * scale - 0.5
            mask |= polygon2mask(mask.shape, corners)
    if avoid_opacities:
        rows, columns = np.ogrid[:height, :width]
        y, x = (rows + 0.5) / scale[0] - 0.5, (columns + 0.5) / scale[1] - 0.5
        for column, row, half_width, half_height in _OPACITIES:
            mask &= ((x - column) / half_width) ** 2 + ((y - row) / half_height) ** 2 > 1
    return mask
