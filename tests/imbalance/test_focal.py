"""FocalLoss against torchvision, against autograd in double precision and where others give NaN."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch.nn.functional import cross_entropy, one_hot
from torchvision.ops import sigmoid_focal_loss

from lessonlib.imbalance import FocalLoss, class_weights, focal_curve

gammas = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.7, 5.0])
few = settings(max_examples=60, deadline=None)


def value_and_gradient(loss, logits, *rest):
    x = logits.clone().requires_grad_()
    value = loss(x, *rest)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), gradient


@st.composite
def binary(draw, low=-30.0, high=30.0):
    n = draw(st.integers(1, 20))
    score = st.floats(low, high, allow_nan=False)
    logits = draw(st.lists(score, min_size=n, max_size=n))
    targets = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    return torch.tensor(logits, dtype=torch.float64), torch.tensor(targets)


@few
@given(binary(), gammas, st.sampled_from([None, 0.0, 0.1, 0.25, 0.98, 1.0]))
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_it_is_torchvisions_on_one_score_a_case(reduction, cases, gamma, alpha):
    logits, targets = cases
    # torchvision's gradient is NaN for gamma < 1 where 1 - p_t rounds to 0
    logits = logits.clamp(-20, 20)
    ours = FocalLoss(alpha, gamma, reduction)
    theirs = -1 if alpha is None else alpha
    got = value_and_gradient(ours, logits, targets)
    want = value_and_gradient(
        lambda x, y: sigmoid_focal_loss(x, y, theirs, gamma, reduction), logits, targets.double()
    )
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-12)


@few
@given(binary(-300, 300), gammas, st.sampled_from([None, 0.25, (0.3, 2.0)]))
def test_two_classes_are_one_score(cases, gamma, alpha):
    """The softmax of two logits is the sigmoid of their difference, value and gradient."""
    logits, targets = cases
    loss = FocalLoss(alpha, gamma, "none")
    one, gradient = value_and_gradient(loss, logits, targets)
    shift = torch.linspace(-3, 3, len(logits), dtype=torch.float64)
    two, pair = value_and_gradient(loss, torch.stack([shift, logits + shift], dim=1), targets)
    torch.testing.assert_close(two, one, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(pair[:, 1], gradient, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(pair[:, 0], -gradient, rtol=1e-9, atol=1e-11)


def by_definition(logits, targets, alpha, gamma):
    p = (logits.softmax(1) * one_hot(targets, logits.shape[1])).sum(1)
    return -torch.tensor(alpha, dtype=logits.dtype)[targets] * (1 - p) ** gamma * p.log()


@few
@given(st.integers(2, 6), gammas, st.integers(0, 10**6))
def test_any_number_of_classes_by_definition(classes, gamma, seed):
    g = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(9, classes, generator=g, dtype=torch.float64)
    targets = torch.randint(classes, (9,), generator=g)
    alpha = torch.rand(classes, generator=g).tolist()
    got = value_and_gradient(FocalLoss(alpha, gamma, "none"), logits, targets)
    want = value_and_gradient(lambda x, y: by_definition(x, y, alpha, gamma), logits, targets)
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("classes", [None, 2, 4])
def test_gradient_by_finite_differences(classes, gamma):
    g = torch.Generator().manual_seed(1)
    shape = (6,) if classes is None else (6, classes)
    logits = torch.randn(shape, generator=g, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 1, 1, 0, 1, 0])
    alpha = None if classes == 4 else 0.25
    assert torch.autograd.gradcheck(
        lambda x: FocalLoss(alpha, gamma, "none")(x, targets), (logits,)
    )


def test_gamma_0_is_the_cross_entropy():
    g = torch.Generator().manual_seed(0)
    for classes in (2, 5):
        logits = torch.randn(50, classes, generator=g, dtype=torch.float64)
        targets = torch.randint(classes, (50,), generator=g)
        loss = FocalLoss(None, 0)(logits, targets)
        torch.testing.assert_close(loss, cross_entropy(logits, targets))
        want = log_loss(targets, logits.softmax(1), labels=range(classes))
        assert float(loss) == pytest.approx(want)
        # with weights: cross_entropy's mean is divided by them, ours is not, the sum never
        weights = torch.arange(1, classes + 1, dtype=torch.float64)
        torch.testing.assert_close(
            FocalLoss(weights, 0, "sum")(logits, targets),
            cross_entropy(logits, targets, weights, reduction="sum"),
        )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_finite_where_the_model_is_sure(size, gamma, dtype):
    """Surely right: nothing. Surely wrong: the logit itself, and a pull of 1."""
    right, wrong = torch.tensor([0, 1]), torch.tensor([1, 0])
    logits = torch.tensor([-size, size], dtype=dtype)
    pair = torch.stack([-logits / 2, logits / 2], dim=1)
    three = torch.cat([pair, torch.full((2, 1), -3 * size, dtype=dtype)], dim=1)
    for x in (logits, pair, three):
        loss = FocalLoss(None, gamma, "none")
        value, gradient = value_and_gradient(loss, x, right)
        assert value.dtype == dtype
        assert max(value.abs().max().item(), gradient.abs().max().item()) < 1e-40
        value, gradient = value_and_gradient(loss, x, wrong)
        torch.testing.assert_close(value, torch.full((2,), size, dtype=dtype))
        torch.testing.assert_close(gradient.abs().amax(-1).max().double().item(), 1.0)


def test_autograd_of_the_published_form_is_nan_there():
    """The reason for the closed form: exp(-CE), 1 - p and a power below 1."""
    logits = torch.tensor([[100.0, -100.0]], requires_grad=True)
    ce = cross_entropy(logits, torch.tensor([0]), reduction="none")
    (0.25 * (1 - torch.exp(-ce)) ** 0.5 * ce).sum().backward()
    assert logits.grad.isnan().all()


def test_alpha_weighs_class_1_and_the_rest_class_0():
    logits, targets = torch.zeros(2, 2), torch.tensor([0, 1])
    zero, one = FocalLoss(0.25, 0, "none")(logits, targets) / np.log(2)
    assert (zero.item(), one.item()) == pytest.approx((0.75, 0.25))
    same = FocalLoss([0.75, 0.25], 0, "none")(logits, targets)
    torch.testing.assert_close(same, FocalLoss(0.25, 0, "none")(logits, targets))


@few
@given(binary(-15, 15), gammas)
def test_curve_is_the_loss_and_its_gradient(cases, gamma):
    logits, targets = cases
    value, gradient = value_and_gradient(FocalLoss(None, gamma, "none"), logits, targets)
    p = torch.sigmoid(torch.where(targets == 1, logits, -logits)).numpy()
    curve = focal_curve(p, gamma)
    np.testing.assert_allclose(curve.loss, value, rtol=1e-8, atol=1e-13)
    np.testing.assert_allclose(curve.gradient, gradient.abs(), rtol=1e-8, atol=1e-13)


def test_curve_at_the_ends():
    curve = focal_curve([0.0, 1.0], 2)
    assert curve.loss.tolist() == [np.inf, 0]
    assert curve.gradient.tolist() == [1, 0]


def test_dense_targets():
    """Segmentation: classes in second place, any number of axes after it."""
    g = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 3, 4, 5, generator=g)
    targets = torch.randint(3, (2, 4, 5), generator=g)
    loss = FocalLoss(None, 2, "none")
    flat = loss(logits.movedim(1, -1).reshape(-1, 3), targets.reshape(-1))
    torch.testing.assert_close(loss(logits, targets).reshape(-1), flat)
    scores = torch.randn(2, 4, 5, generator=g)
    assert loss(scores, targets.clamp(max=1)).shape == (2, 4, 5)


def test_nothing_given_is_changed():
    logits, targets = torch.randn(8, 2), torch.randint(2, (8,))
    kept = logits.clone(), targets.clone()
    FocalLoss()(logits, targets)
    assert torch.equal(logits, kept[0])
    assert torch.equal(targets, kept[1])
    floats = targets.float()
    FocalLoss()(logits[:, 1], floats)
    assert torch.equal(floats, targets.float())


@pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.bool, torch.float32])
def test_targets_of_any_type_that_holds_them(kind):
    logits, targets = torch.randn(6, generator=torch.Generator().manual_seed(0)), [0, 1, 1, 0, 0, 1]
    want = FocalLoss()(logits, torch.tensor(targets))
    assert FocalLoss()(logits, torch.tensor(targets).to(kind)) == want


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"gamma": -1}, ValueError, "gamma"),
        ({"gamma": "2"}, TypeError, "gamma"),
        ({"alpha": 1.5}, ValueError, "alpha"),
        ({"alpha": float("nan")}, ValueError, "alpha"),
        ({"alpha": [1.0]}, ValueError, "alpha"),
        ({"alpha": [-1.0, 1.0]}, ValueError, "alpha"),
        ({"reduction": "average"}, ValueError, "reduction"),
    ],
)
def test_arguments_out_of_range_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        FocalLoss(**arguments)


@pytest.mark.parametrize(
    ("logits", "targets", "error", "words"),
    [
        (torch.zeros(3, 2), torch.tensor([0, 1, 2]), ValueError, "0 to 1"),
        (torch.zeros(3, 2), torch.tensor([0, -1, 1]), ValueError, "targets"),
        (torch.zeros(3, 1), torch.tensor([0, 1, 1]), ValueError, "squeeze"),
        (torch.zeros(3, 3), torch.tensor([0, 1, 1]), ValueError, "alpha must hold one weight"),
        (torch.zeros(3, 2), torch.tensor([0.0, 1, 1]), TypeError, "targets"),
        (torch.zeros(3), torch.tensor([0.5, 1, 1]), ValueError, "targets"),
        (torch.zeros(3), torch.tensor([torch.nan, 1, 1]), ValueError, "targets"),
        (torch.zeros(3, dtype=torch.long), torch.tensor([0, 1, 1]), TypeError, "logits"),
        (torch.zeros(0, 2), torch.zeros(0, dtype=torch.long), ValueError, "at least one"),
        (np.zeros((3, 2)), torch.tensor([0, 1, 1]), TypeError, "logits"),
        (torch.zeros(3, 2), [0, 1, 1], TypeError, "targets"),
    ],
)
def test_inputs_that_cannot_be_are_named(logits, targets, error, words):
    with pytest.raises(error, match=words):
        FocalLoss()(logits, targets)


# --- weights ---------------------------------------------------------------------------------


@few
@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=8))
def test_every_class_weighs_the_same_in_total(counts):
    weights = class_weights(counts)
    assert weights.sum() == pytest.approx(1)
    assert weights * counts == pytest.approx(np.full(len(counts), weights[0] * counts[0]))


@pytest.mark.parametrize(
    ("counts", "error"),
    [
        ([5], ValueError),
        ([0, 5], ValueError),
        ([1.5, 2], TypeError),
        ("ab", ValueError),
        ([], ValueError),
    ],
)
def test_counts_that_cannot_be_are_named(counts, error):
    with pytest.raises(error, match="counts"):
        class_weights(counts)
