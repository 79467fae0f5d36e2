from __future__ import annotations

import matplotlib as mpl
import pytest

from lessonlib.figures.style import course_style


@pytest.mark.parametrize("before", [False, True])
def test_style_is_undone_but_not_interactive_mode(before):
    """The inline backend switches it on while the first figure is made; it has to stay on."""
    with mpl.rc_context({"interactive": before, "font.size": 7}):
        with course_style():
            assert mpl.rcParams["font.size"] == 11
            mpl.interactive(True)
        assert mpl.is_interactive()
        assert mpl.rcParams["font.size"] == 7


def test_style_is_undone_after_an_error():
    with mpl.rc_context({"font.size": 7}):
        with pytest.raises(RuntimeError, match="no figure"), course_style():
            raise RuntimeError("no figure")
        assert mpl.rcParams["font.size"] == 7
