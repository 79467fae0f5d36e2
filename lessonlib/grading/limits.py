"""Limits that a process sets on itself, for good."""

from __future__ import annotations

import mmap


def mapped() -> int:
    """Return the bytes of this process's address space, libraries and all.

    A confined process cannot look that up: it tries which limit just lets one page more be mapped.
    """
    import resource

    limits = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 2**40
    while high - low > 2**20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, limits[1]))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except OSError:
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, limits)
    return high


def limit_memory(most: int) -> None:
    """Limit this process's address space, for good."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def limit_files(most: int) -> None:
    """Limit the size of a file that this process writes, for good."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
