"""What the tests of all sliders share: finding their parts, moving them, what everyone is owed."""

from __future__ import annotations

from collections.abc import Iterable


class Slider:
    """One slider of the book.

    Parameters
    ----------
    css : str
        The class of its box.
    """

    def __init__(self, css: str):
        self.css = css

    def part(self, tab, name: str):
        return tab.locator(f'.{self.css} [data-part="{name}"]')

    def press(self, tab, name: str, key: str, times: int) -> None:
        self.part(tab, name).focus()
        for _ in range(times):
            tab.keyboard.press(key)

    def check_spoken(self, tab, expected: str, names: Iterable[str]) -> None:
        """What has changed is announced; each control has a name, a value and a finger's width."""
        spoken = self.part(tab, "status")
        assert spoken.get_attribute("aria-live") == "polite"
        assert expected in spoken.inner_text()
        for name in names:
            control = self.part(tab, name)
            value = self.part(tab, f"{name}-value").inner_text()
            assert control.get_attribute("aria-valuetext") == value
            assert tab.locator(f'label[for="{control.get_attribute("id")}"]').is_visible()
            assert control.bounding_box()["height"] >= 44

    def check_fallback(self, browser, address: str, figure: str) -> None:
        """Without the script the panel is hidden, and the page says where to look instead."""
        context = browser.new_context(java_script_enabled=False)
        tab = context.new_page()
        tab.goto(address)
        assert self.part(tab, "fallback").is_visible()
        assert not self.part(tab, "panel").is_visible()
        assert tab.locator(f"{figure} img").is_visible()
        context.close()
