"""``python -m lessonlib`` is ``lessonlib``."""

from __future__ import annotations

from lessonlib.grading.cli import main

if __name__ == "__main__":
    main()
