"""EfficientNet-Lite0 as a backbone; its package is imported with this module."""

from __future__ import annotations

from typing import Any

from efficientnet_lite_pytorch import EfficientNet


class Lite0(EfficientNet):
    """The package's network, which says where the head is when one looks for it here."""

    def __getattr__(self, name: str) -> Any:
        """Look up what is no ordinary attribute: layers, and names that are missing."""
        if name in ("fc", "classifier", "head"):
            raise AttributeError(
                f"the backbone has no {name!r}: the last layer is a part of its own, model.head, "
                "beside model.backbone"
            )
        return super().__getattr__(name)
