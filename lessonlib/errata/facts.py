"""Statements of fact that the episode gives without a source: looked up, not measured."""

from __future__ import annotations

from lessonlib.errata.row import Row

ROWS = [
    Row(
        id="F11",
        claim="A medical set of 500 images stands against the 14 million of ImageNet.",
        verdict="MISLEADING",
        finding="Fourteen million is the whole collection. The weights in common use were trained "
        "on its part ImageNet-1k, 1,281,167 images {{cite:p}}`russakovsky2015`.",
        lesson="Compare with the data that the weights saw.",
        where="sec-three-datasets",
    ),
    Row(
        id="F16",
        claim="A specialist labels an image in 10 to 30 minutes, a mask takes hours, an hour "
        "costs \\$150.",
        verdict="CITE",
        finding="Measured elsewhere: 2 to 2½ minutes a plain film {{cite:p}}`dockray1978`, 16 a "
        "CT report {{cite:p}}`sexauer2022`, 30 to 60 to outline one abdominal organ "
        "{{cite:p}}`qu2023`. For the rate no source was found.",
        lesson="Call all three assumptions, and time a pilot.",
        where="sec-cost",
    ),
]
