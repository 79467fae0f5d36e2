"""What tests of several topics ask of networks: their whole state, to be compared."""

from __future__ import annotations

import torch
from torch import nn


def state_of(network: nn.Module) -> dict:
    """Everything about a network that a function which only uses it must leave alone."""
    state = {}
    for name, part in network.named_modules():
        hooks = [len(v) for k, v in sorted(vars(part).items()) if k.endswith("_hooks") and v]
        state[f"{name}: training, hooks"] = part.training, tuple(hooks)
    for name, p in network.named_parameters():
        state[f"{name}: trains"] = p.requires_grad, p.device, p.stride(), p.data_ptr()
        state[f"{name}: value"] = p.detach().clone()
        state[f"{name}: gradient"] = None if p.grad is None else (id(p.grad), p.grad.clone())
    for name, buffer in network.named_buffers():
        state[f"{name}: buffer"] = id(buffer), buffer.clone()
    state["grad mode"] = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    state["random"] = torch.get_rng_state()
    return state


def differences(before: dict, after: dict) -> list[str]:
    """Return the names of what is not the same in two states."""
    return [name for name in before if not _same(before[name], after[name])]


def _same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, tuple):
        return (
            isinstance(b, tuple)
            and len(a) == len(b)
            and all(_same(x, y) for x, y in zip(a, b, strict=True))
        )
    return a == b


def unsettle(network: nn.Module) -> None:
    """Give a network a state that is easily lost: training, but for half of its layers."""
    generator = torch.Generator().manual_seed(5)
    network.train()
    parts = list(network.modules())
    for i, part in enumerate(parts):
        part.training = i % 2 == 0
    norms = [part for part in parts if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    for part in norms[::2]:
        part.training = True
    for i, p in enumerate(network.parameters()):
        p.requires_grad_(i % 3 > 0)
        if i % 4 == 1:
            p.grad = torch.rand(p.shape, generator=generator)
    parts[-1].register_forward_hook(lambda *_: None)
