"""Whoever uses a network leaves it as it was, after an error too."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import torch
from torch import nn

import lessonlib
from lessonlib._validation.state import evaluating, kept
from lessonlib.astronomy import cosmic_ray_network, hit_probability
from lessonlib.explain import GradCAM, PatchNet, randomisation_test
from lessonlib.transfer import (
    MedicalClassifier,
    batchnorm_drift,
    extract_features,
    fit,
    predict,
    stages,
)
from tests.networks import differences, state_of, unsettle

PICTURES = np.random.default_rng(0).random((5, 1, 64, 64), dtype=np.float32)


def classifier():
    return MedicalClassifier(in_channels=1, weights=None, seed=0)


def margin(net):
    return net.margin(torch.rand(5, 40, 8, 8, generator=torch.Generator().manual_seed(0)))


def naive_map(net, images):
    """A map as many draw it: a backward pass through the weights."""
    x = torch.from_numpy(images).requires_grad_()
    net(x)[:, 1].sum().backward()
    return x.grad[:, 0].abs()


def randomised(net):
    with torch.random.fork_rng():
        return randomisation_test(
            lambda x: naive_map(net, x), PICTURES, {"top": net.body, "stem": net.stem}, seed=0
        )


#: name of the public function or method: how a network is made, and how it is used
USES = {
    "transfer.predict": (classifier, lambda net: predict(net, PICTURES, batch_size=2)),
    "transfer.extract_features": (classifier, lambda net: extract_features(net, PICTURES)),
    "transfer.stages": (classifier, lambda net: stages(net)),
    "transfer.batchnorm_drift": (
        classifier,
        lambda net: batchnorm_drift(net, PICTURES[None], PICTURES),
    ),
    "explain.GradCAM": (
        classifier,
        lambda net: GradCAM(net, net.backbone._conv_head).generate(PICTURES, 1, batch_size=2),
    ),
    "explain.PatchNet.features": (PatchNet, lambda net: net.features(PICTURES)),
    "explain.PatchNet.margin": (PatchNet, margin),
    "explain.randomisation_test": (PatchNet, randomised),
    "astronomy.hit_probability": (
        cosmic_ray_network,
        lambda net: hit_probability(100 * PICTURES[0, 0], net),
    ),
}
#: What changes a network, because that is what it is for.
CHANGES = {
    "transfer.fit",
    "transfer.GradualUnfreezing",
    "transfer.setup_gradual_unfreezing",
    "transfer.HeadFit.load_into",
    "explain.train_body",
}


@pytest.mark.parametrize("name", USES)
def test_a_network_is_left_as_it_was(name):
    make, use = USES[name]
    network = make()
    unsettle(network)
    before = state_of(network)
    use(network)
    assert differences(before, state_of(network)) == []


@pytest.mark.parametrize("name", [name for name in USES if name != "transfer.stages"])
def test_a_network_is_left_as_it_was_after_an_error(name):
    make, use = USES[name]
    network = make()
    unsettle(network)

    def fail(*_):
        raise RuntimeError("on purpose")

    leaves = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    leaves[-1].register_forward_hook(fail)
    if name == "transfer.batchnorm_drift":  # the copy that it works on has the hook too
        leaves[-1]._forward_hooks.clear()
        leaves[0].register_forward_hook(fail)
    if name == "explain.PatchNet.features":
        network.stem[1].register_forward_hook(fail)
    before = state_of(network)
    with pytest.raises(RuntimeError, match="on purpose"):
        use(network)
    assert differences(before, state_of(network)) == []


def test_the_list_names_every_function_that_takes_a_network():
    """Found by their parameters: a new function has to be added to one of the two lists."""
    kinds = ("Module", "MedicalClassifier", "PatchNet")

    def takes(function):
        given = inspect.signature(function).parameters.values()
        return any(kind in str(parameter.annotation) for parameter in given for kind in kinds)

    found = set()
    for module in pkgutil.iter_modules(lessonlib.__path__):
        if module.name.startswith("_") or module.name in ("figures", "errata", "grading", "sweeps"):
            continue
        topic = importlib.import_module(f"lessonlib.{module.name}")
        for name in getattr(topic, "__all__", ()):
            value = getattr(topic, name)
            if not callable(value) or (inspect.isclass(value) and issubclass(value, BaseException)):
                continue
            if takes(value):
                found.add(f"{module.name}.{name}")
            if inspect.isclass(value):
                for method, function in inspect.getmembers(value, inspect.isfunction):
                    own = function.__module__.startswith("lessonlib")
                    if own and not method.startswith("_") and takes(function):
                        found.add(f"{module.name}.{name}.{method}")
    assert found
    assert found <= set(USES) | CHANGES


def test_a_gradient_made_inside_does_not_reach_the_caller():
    layer = nn.Linear(3, 1)
    layer.weight.grad = given = torch.ones(1, 3)
    with kept(layer):
        assert layer.weight.grad is None
        layer(torch.ones(2, 3)).sum().backward()
        assert layer.weight.grad is not None
    assert layer.weight.grad is given
    assert torch.equal(given, torch.ones(1, 3))
    assert layer.bias.grad is None


def test_hooks_statistics_and_layout_are_put_back():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = state_of(network)
    with kept(network):
        network[0].register_forward_hook(lambda *_: None)
        network[0].register_full_backward_hook(lambda *_: None)
        network[0].register_forward_pre_hook(lambda *_: None)
        network.to(memory_format=torch.channels_last)
        network(torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
        network[1].running_var = torch.zeros(4)
        network.eval().requires_grad_(False)
    assert differences(before, state_of(network)) == []


def test_evaluation_means_every_layer_and_frozen_every_weight():
    network = classifier()
    with evaluating(network):
        assert not any(part.training for part in network.modules())
        assert all(p.requires_grad for p in network.parameters())
    with evaluating(network, frozen=True):
        assert not any(p.requires_grad for p in network.parameters())
    assert all(p.requires_grad for p in network.parameters())


def test_answers_in_training_mode_are_those_of_evaluation_mode():
    network, image = cosmic_ray_network(), 100 * PICTURES[0, 0]
    expected = hit_probability(image, network)
    np.testing.assert_array_equal(hit_probability(image, network.train()), expected)
    twice = hit_probability(image.astype(">f8")[::-1][::-1], network.double())
    np.testing.assert_allclose(twice, expected, atol=1e-5)


def test_a_training_that_fails_leaves_the_model_as_it_was():
    model = classifier()
    unsettle(model)
    data = PICTURES, np.array([0, 1, 0, 1, 1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = state_of(model)

    def stop(*_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(model, data, data, optimizer=optimizer, rounds=2, steps=1, progress=stop,
            schedule=lambda i: 2)  # fmt: skip
    after = state_of(model)
    for name in differences(before, after):
        if name.endswith(": trains"):  # the address and the layout in memory may be others
            assert before[name][0] == after[name][0]
        elif name.endswith(": buffer"):
            assert torch.equal(before[name][1], after[name][1])
        else:
            assert name.endswith(": gradient")
    assert model.trainable_stages == 9
