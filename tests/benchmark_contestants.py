"""Stand-ins that the tests of the benchmarks let take part; their workers import them."""

from __future__ import annotations

import os
import time

import numpy as np


def double(x):
    return lambda: 2 * x


def double_slowly(x):
    def work():
        stop = time.process_time() + 0.02
        while time.process_time() < stop:
            pass
        return 2 * x

    return work


def triple(x):
    return lambda: 3 * x


def raises(x):
    raise ValueError("no such colour\nand more")


def dies(x):
    return lambda: os._exit(3)


def sleeps(x):
    return lambda: time.sleep(60)


def chatters(x):
    def talk():
        print("a library's banner", flush=True)
        return x

    return talk


def takes_memory(x):
    return lambda: np.ones(40 * 2**20, np.uint8)


def own_seconds(x):
    return lambda: (0.25, x)


def two_parts(x):
    return lambda: (x, x.sum())
