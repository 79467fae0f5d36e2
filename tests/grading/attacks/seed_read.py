# ruff: noqa
"""Looks for the seed of the run in the generators, in the modules and in the memory it came from.

Wins: nothing, the seed of a run exists only in this grader
Status: graded
"""

import gc
import random
import sys

import numpy as np

SEED = 1_357_924_680


class Target:
    def square(self, x):
        state = np.random.get_state()[1]
        found = [SEED in (int(state[0]), int(state[-1]))]
        for guess in (SEED,):
            found.append((np.random.RandomState(guess).get_state()[1] == state).all())
            found.append(random.Random(guess).getstate() == random.getstate())
        for each in gc.get_objects():
            if type(each) is dict:
                found += [type(value) is int and value == SEED for value in list(each.values())]
                found += [SEED in value.values() for value in each.values() if type(value) is dict]
        if sum(found) > 1:  # our own global is one
            raise ValueError("BREACH")
        return x

    def secret(self):
        return 0.0
