"""The focal-loss slider of the chapter *Class imbalance*: a drawing that is right as it stands.

Without a script it is a figure for one gamma and one alpha.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lessonlib.figures.sliders import WHERE, alive

if TYPE_CHECKING:
    from IPython.display import HTML

    from lessonlib.imbalance import FocalCurve

#: The drawing is 340 by 280; the frame of the plot inside it, and the gradient at its top.
LEFT, TOP, WIDTH, HEIGHT, LARGEST = 44, 12, 284, 216, 1.2


def _control(name: str, text: str, count: int, start: int) -> str:
    return (
        f'<div><label for="focal-{name}"><span>{text}</span>'
        f'<output for="focal-{name}" data-part="{name}-value"></output></label>'
        f'<input type="range" id="focal-{name}" data-part="{name}" min="0" max="{count - 1}" '
        f'step="1" value="{start}"></div>'
    )


def _points(p: np.ndarray, gradient: np.ndarray) -> str:
    x, y = LEFT + WIDTH * p, TOP + HEIGHT * (1 - gradient / LARGEST)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _row(name: str, text: str, value: str) -> str:
    return f'<tr><th scope="row">{text}</th><td data-part="{name}">{value}</td></tr>'


def focal_slider(
    curve: FocalCurve,
    cross_entropy: FocalCurve,
    alpha: float,
    pulls: tuple[float, float],
    said: Mapping[float, float],
    *,
    gammas: Sequence[float],
    alphas: Sequence[float],
) -> HTML:
    """Return the gradients of positives and negatives, with sliders for gamma and alpha.

    Its script comes with it; where none runs, it says so in a line. Nothing is loaded from
    anywhere.

    Parameters
    ----------
    curve : FocalCurve
        Of the gamma that is drawn at first, on a grid of probabilities.
    cross_entropy : FocalCurve
        Of gamma 0, on the same grid.
    alpha : float
        Drawn at first.
    pulls : (float, float)
        Gradient of a positive and of a negative that are both given a probability of 2%.
    said : mapping of float to float
        True probability to what the loss makes of it.
    gammas, alphas : sequence of float
        Positions of the sliders, those drawn at first among them.

    Returns
    -------
    IPython.display.HTML
    """
    gammas, alphas = list(gammas), list(alphas)
    controls = _control(
        "gamma", "gamma: easy cases count less", len(gammas), gammas.index(curve.gamma)
    ) + _control("alpha", "alpha: weight of a positive", len(alphas), alphas.index(alpha))
    rows = [
        _row("positive", "Pull of a positive at 2%", f"{pulls[0]:.4f}"),
        _row("negative", "Pull of a negative at 2%", f"{pulls[1]:.6f}"),
        _row("balance", "Negatives that balance one positive", f"{pulls[0] / pulls[1]:,.0f}"),
        *(
            _row(f"said-{i}", f"Said where {100 * true:g}% is true", f"{100 * value:.1f}%")
            for i, (true, value) in enumerate(said.items())
        ),
    ]
    data = {"gammas": gammas, "alphas": alphas, "truths": list(said)}
    p, bottom, right = curve.p, TOP + HEIGHT, LEFT + WIDTH
    text = 'font-size="13" fill="currentColor"'
    return alive(
        "focal",
        f"""\
<div class="focal-slider">
<div class="controls" data-part="controls" role="group" aria-label="gamma and alpha"
hidden="hidden">
{controls}</div>
<p data-part="fallback">Drawn for gamma {curve.gamma:g} and alpha {alpha:g}. Two sliders change
them {WHERE}.</p>
<div data-part="drawing" hidden="hidden">
<svg viewBox="0 0 340 280" width="340" role="img" aria-label="Gradient against the probability given
to the true class, for a positive, for a negative and for the cross-entropy">
<path class="frame" fill="none" stroke="currentColor" d="M{LEFT} {TOP}V{bottom}H{right}"/>
<polyline class="reference" data-part="reference" fill="none" stroke="currentColor"
stroke-dasharray="5 4" points="{_points(p, cross_entropy.gradient)}"/>
<polyline class="positive" data-part="positive-curve" fill="none" stroke="#0072b2"
stroke-width="2.5" points="{_points(p, alpha * curve.gradient)}"/>
<polyline class="negative" data-part="negative-curve" fill="none" stroke="#d55e00"
stroke-width="2.5" stroke-dasharray="2 3" points="{_points(p, (1 - alpha) * curve.gradient)}"/>
<text {text} x="{LEFT}" y="{bottom + 17}" text-anchor="middle">0</text>
<text {text} x="{right}" y="{bottom + 17}" text-anchor="middle">1</text>
<text {text} x="{LEFT - 6}" y="{bottom}" text-anchor="end">0</text>
<text {text} x="{LEFT - 6}" y="{TOP + HEIGHT / 6 + 4:.0f}" text-anchor="end">1</text>
<text {text} x="{LEFT + WIDTH / 2:.0f}" y="{bottom + 36}" text-anchor="middle">probability given to
the true class</text>
<text {text} transform="translate(20 {TOP + HEIGHT / 2:.0f}) rotate(-90)"
text-anchor="middle">pull</text>
</svg>
<div>
<ul class="key"><li class="positive">positive case, solid</li><li class="negative">negative case,
dotted</li><li class="reference">cross-entropy, dashed</li></ul>
<table><caption>What follows</caption><tbody>{"".join(rows)}</tbody></table>
</div>
</div>
<p class="status" data-part="status" role="status" aria-live="polite"></p>
<script type="application/json">{json.dumps(data, allow_nan=False)}</script>
</div>""",
    )
