"""The same numbers as arrays of three libraries, and back."""

import dask.array as da
import numpy as np
import pytest
import torch

MAKERS = {
    "numpy": np.asarray,
    "torch": torch.as_tensor,
    "dask": lambda x: da.from_array(np.asarray(x), chunks=-(-len(x) // 2)),
}


@pytest.fixture(params=MAKERS)
def make(request):
    """Turn a NumPy array into one of the library under test."""
    return MAKERS[request.param]


@pytest.fixture
def in_kind():
    """Check that a result is of the library that went in, and return it as NumPy."""

    def convert(result, given):
        assert type(result) is type(given)
        return np.asarray(result)

    return convert
