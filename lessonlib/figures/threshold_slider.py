"""The threshold slider of the chapter *Evaluation*: markup and data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from lessonlib.evaluation import OperatingPoint
from lessonlib.figures.sliders import WHERE, alive

if TYPE_CHECKING:
    from IPython.display import HTML

_CONTROLS = {
    "threshold": "Threshold",
    "prevalence": "Prevalence where it is used",
    "price": "Price: false alarms worth one nodule",
}
_RESULTS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV at this prevalence",
    "npv": "NPV at this prevalence",
    "benefit": "Net benefit in 1,000 patches",
    "everyone": "… of referring everyone",
}


def _control(name: str, text: str, count: int, start: int) -> str:
    return (
        f'<div><label for="slider-{name}"><span>{escape(text)}</span>'
        f'<output for="slider-{name}" data-part="{name}-value"></output></label>'
        f'<input type="range" id="slider-{name}" data-part="{name}" min="0" max="{count - 1}" '
        f'step="1" value="{start}"></div>'
    )


def _cell(name: str) -> str:
    return f'<td data-part="{name}"></td>'


def threshold_slider(
    points: Sequence[OperatingPoint],
    prevalences: Sequence[float],
    prices: Sequence[int],
    start: tuple[int, int, int] = (0, 0, 0),
) -> HTML:
    """Return a slider along the ROC curve, with the confusion matrix and what follows from it.

    Its script comes with it; where none runs, it says so in a line. Nothing is loaded from
    anywhere.

    Parameters
    ----------
    points : sequence of OperatingPoint
        One for each position of the slider, all of the same cases.
    prevalences : sequence of float
        Positions of the second slider.
    prices : sequence of int
        Positions of the third one: how many false alarms weigh as much as one missed case.
    start : (int, int, int), default (0, 0, 0)
        Where the three sliders stand at first.

    Returns
    -------
    IPython.display.HTML
    """
    first = points[0]
    data = {
        "thresholds": [round(p.threshold, 4) for p in points],
        "tp": [p.tp for p in points],
        "fp": [p.fp for p in points],
        "positive": first.tp + first.fn,
        "negative": first.fp + first.tn,
        "prevalences": list(prevalences),
        "prices": list(prices),
    }
    counts = dict(zip(_CONTROLS, (len(points), len(prevalences), len(prices)), strict=True))
    controls = "".join(
        _control(name, text, counts[name], where)
        for (name, text), where in zip(_CONTROLS.items(), start, strict=True)
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(text)}</th>{_cell(name)}</tr>'
        for name, text in _RESULTS.items()
    )
    return alive(
        "threshold",
        f"""\
<div class="threshold-slider">
<p data-part="fallback">The slider moves {WHERE}. The
figure of the three ROC curves above shows the same points.</p>
<div class="panel" data-part="panel" hidden="hidden">
<div class="controls" role="group" aria-label="Threshold, prevalence and price">{controls}</div>
<svg viewBox="0 0 320 300" role="img" aria-label="ROC curve with the chosen operating point">
<path class="frame" d="M48 12V252H308"/><path class="chance" d="M48 252L308 12"/>
<polyline class="curve" data-part="curve"/><path class="cross" data-part="cross"/>
<circle class="dot" data-part="dot" r="8"/>
<text x="44" y="268" text-anchor="middle">0</text>
<text x="308" y="268" text-anchor="middle">1</text>
<text x="40" y="18" text-anchor="end">1</text>
<text x="178" y="288" text-anchor="middle">1 − specificity</text>
<text transform="translate(20 132) rotate(-90)" text-anchor="middle">sensitivity</text>
</svg>
<div>
<table><caption>Cases of the test set</caption>
<thead><tr><td></td><th scope="col">called</th><th scope="col">cleared</th></tr></thead>
<tbody><tr><th scope="row">nodule</th>{_cell("tp")}{_cell("fn")}</tr>
<tr><th scope="row">no nodule</th>{_cell("fp")}{_cell("tn")}</tr></tbody></table>
<table><caption>What follows</caption><tbody>{rows}</tbody></table>
</div>
<p class="status" data-part="status" role="status" aria-live="polite"></p>
</div>
<script type="application/json">{json.dumps(data, allow_nan=False)}</script>
</div>""",
    )
