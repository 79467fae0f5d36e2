"""One way to use a network and leave it as it was; torch is imported at the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def kept(*networks: nn.Module) -> Iterator[None]:
    """Put a network's state back after the block, after an exception too.

    What is put back: each module's own mode, hooks, buffers (the statistics of batch
    normalisation, say), and each parameter's gradient, ``requires_grad``, device and layout in
    memory. Not the values of the parameters: a block that writes to those puts them back itself.

    Parameters
    ----------
    *networks : torch.nn.Module
        Whose state; parts that they share count once.

    Notes
    -----
    Inside the block no parameter has a gradient, so that none is added to the caller's.
    """
    import torch

    parts = list({id(part): part for network in networks for part in network.modules()}.values())
    modes = [(part, part.training) for part in parts]
    hooks = [
        (registered, set(registered))
        for part in parts
        for name, registered in vars(part).items()
        if "_hooks" in name and isinstance(registered, dict)
    ]
    parameters = {id(p): p for part in parts for p in part.parameters(recurse=False)}.values()
    weights = [
        (p, p.data, p.requires_grad, p.grad)
        for p in parameters
        if not torch.nn.parameter.is_lazy(p)
    ]
    buffers = [
        (part._buffers, name, buffer, buffer.clone())
        for part in parts
        for name, buffer in part._buffers.items()
        if buffer is not None and not torch.nn.parameter.is_lazy(buffer)
    ]
    try:
        for p, *_ in weights:
            p.grad = None
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        for registered, before in hooks:
            for key in set(registered) - before:
                del registered[key]
        for p, data, trains, gradient in weights:
            if _moved(p, data):
                p.data = data
            if p.requires_grad != trains:
                p.requires_grad_(trains)
            p.grad = gradient
        with torch.no_grad():
            for owner, name, buffer, value in buffers:
                owner[name] = buffer
                # sparse ones cannot be compared, and those on meta hold nothing
                if buffer.layout != torch.strided or not (
                    buffer.is_meta or torch.equal(buffer, value)
                ):
                    buffer.copy_(value)


@contextmanager
def evaluating(*networks: nn.Module, frozen: bool = False) -> Iterator[None]:
    """Switch networks to evaluation mode for the block, and put their state back as :func:`kept`.

    Parameters
    ----------
    *networks : torch.nn.Module
    frozen : bool, default False
        Let no parameter ask for a gradient either, so that a graph begins where the caller says.
    """
    with kept(*networks):
        for network in networks:
            for part in network.modules():
                part.training = False
            for parameter in network.parameters() if frozen else ():
                if parameter.requires_grad:
                    parameter.requires_grad_(False)
        yield


def _moved(parameter, data) -> bool:
    """Whether a parameter's numbers lie elsewhere, or in another order, than in `data`."""
    same = parameter.device == data.device and parameter.dtype == data.dtype
    if not same or parameter.shape != data.shape or parameter.stride() != data.stride():
        return True
    return parameter.data_ptr() != data.data_ptr()
