"""The stretch slider of the chapter *Astronomy*: two pictures and what to do with them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from lessonlib.figures.sliders import WHERE, alive

if TYPE_CHECKING:
    from IPython.display import HTML


@dataclass(frozen=True, eq=False)
class SliderPicture:
    """A picture that the slider can stretch.

    Attributes
    ----------
    values : numpy.ndarray of uint8 or uint16, shape (H, W)
        Stored numbers; row 0 is drawn at the top.
    black : float
        The sky's level, drawn black.
    noise : float
        Standard deviation of the sky: the unit of the softening.
    note : str
        What the picture is, in a few words.
    """

    values: np.ndarray
    black: float
    noise: float
    note: str


def stretch_slider(
    pictures: Mapping[str, SliderPicture],
    softenings: Sequence[float],
    whites: Sequence[float],
    start: tuple[int, int] = (0, 0),
) -> HTML:
    """Return a picture whose asinh stretch the reader moves, with what the stretch does to it.

    Its script comes with it; where none runs, it says so in a line. Nothing is loaded from
    anywhere.

    Parameters
    ----------
    pictures : mapping of str to SliderPicture
        Name to picture; the first is shown at first.
    softenings : sequence of float
        Positions of the first slider, in units of each picture's noise.
    whites : sequence of float
        Positions of the second one: the value drawn white, as a share of the way from the sky to
        the picture's brightest pixel.
    start : (int, int), default (0, 0)
        Where the two sliders stand at first.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    TypeError
        Where a picture is neither uint8 nor uint16.
    """
    data = []
    for name, picture in pictures.items():
        values = np.asarray(picture.values)
        if values.dtype not in (np.uint8, np.uint16):
            raise TypeError(f"pictures must hold uint8 or uint16, got {values.dtype} in {name!r}")
        data.append(
            {
                "name": name,
                "note": picture.note,
                "height": values.shape[0],
                "width": values.shape[1],
                "bytes": values.dtype.itemsize,
                "black": round(float(picture.black), 2),
                "noise": round(float(picture.noise), 2),
                # little-endian on every machine
                "pixels": base64.b64encode(
                    values.astype(values.dtype.newbyteorder("<")).tobytes()
                ).decode("ascii"),
            }
        )
    settings = {"softenings": list(softenings), "whites": list(whites), "pictures": data}
    options = "".join(
        f'<label><input type="radio" name="stretch-picture" value="{i}"'
        f"{' checked' if i == 0 else ''}> {escape(name)}</label>"
        for i, name in enumerate(pictures)
    )
    controls = "".join(
        f'<div><label for="stretch-{name}"><span>{escape(text)}</span>'
        f'<output for="stretch-{name}" data-part="{name}-value"></output></label>'
        f'<input type="range" id="stretch-{name}" data-part="{name}" min="0" max="{count - 1}" '
        f'step="1" value="{where}"></div>'
        for name, text, count, where in (
            ("softening", "Softening, in noise of the sky", len(softenings), start[0]),
            ("white", "White, of the way to the brightest", len(whites), start[1]),
        )
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(text)}</th><td data-part="{name}"></td></tr>'
        for name, text in (
            ("greys-noise", "Greys between sky and 1 σ above"),
            ("greys-faint", "Greys between 1 σ and 10 σ"),
            ("greys-bright", "Greys beyond 10 σ"),
            ("share-white", "Pixels drawn white"),
            ("levels", "Greys in use, of 256"),
        )
    )
    return alive(
        "stretch",
        f"""\
<div class="stretch-slider">
<p data-part="fallback">The slider moves {WHERE}. The
figure above shows three of its settings.</p>
<div class="panel" data-part="panel" hidden="hidden">
<fieldset class="choice"><legend>Picture</legend>{options}</fieldset>
<div class="controls" role="group" aria-label="Softening and white point">{controls}</div>
<canvas data-part="canvas" role="img" aria-label="The picture after the stretch"></canvas>
<div>
<table><caption>Where the greys go</caption><tbody>{rows}</tbody></table>
<svg viewBox="0 0 320 200" role="img" aria-label="The stretch: grey against value">
<path class="frame" d="M40 10V170H310"/><polyline class="curve" data-part="curve"/>
<text x="40" y="188" text-anchor="middle">0.1 σ</text>
<text x="310" y="188" text-anchor="end">brightest</text>
<text x="34" y="16" text-anchor="end">255</text><text x="34" y="172" text-anchor="end">0</text>
</svg>
</div>
<p class="status" data-part="status" role="status" aria-live="polite"></p>
</div>
<script type="application/json">{json.dumps(settings, allow_nan=False)}</script>
</div>""",
    )
