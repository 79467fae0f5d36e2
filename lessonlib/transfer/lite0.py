"""EfficientNet-Lite0 as a backbone; its package is imported with this module."""

from __future__ import annotations

from typing import Any

from efficientnet_lite_pytorch import EfficientNet

from lessonlib.transfer.backbones import no_head


class Lite0(EfficientNet):
    """The package's network, which says where the head is when one looks for it here."""

    def __getattr__(self, name: str) -> Any:
        """Look up what is no ordinary attribute: layers, and names that are missing."""
        if name in ("fc", "classifier", "head"):
            raise no_head(name)
        return super().__getattr__(name)
