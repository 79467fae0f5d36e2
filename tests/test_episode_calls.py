"""Every demonstration of the episode that the course follows, typed as its reader would type it.

Each runs, or fails with the sentence that says what to write instead. The episode's own prints are
return values here: see the page *Errata* for what it got wrong.
"""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset
from torchvision import models

from lessonlib import faces
from lessonlib.augmentation import (
    AugmentationValidator,
    ElasticDeformation,
    medical_train_transforms,
)
from lessonlib.evaluation import medical_evaluation
from lessonlib.explain import GradCAM
from lessonlib.imbalance import (
    FocalLoss,
    ImbalanceComparator,
    class_weights,
    make_balanced_loader,
)
from lessonlib.profiling import MedicalDatasetProfiler
from lessonlib.scientific import MultiChannelNormalizer, ScientificImageAnalyzer
from lessonlib.transfer import MedicalClassifier, setup_gradual_unfreezing

RNG = np.random.default_rng(42)
PHOTO = Image.fromarray(RNG.integers(0, 256, (300, 260, 3), dtype=np.uint8))
FILM = PHOTO.convert("L")
LABELS = [0] * 90 + [1] * 10
DATASET = TensorDataset(torch.arange(100.0)[:, None], torch.tensor(LABELS))
Y = np.repeat([0, 1], [950, 50])
SCORES = np.concatenate([RNG.beta(2, 8, 950), RNG.beta(8, 3, 50)])
BANDS = np.stack([RNG.normal(RNG.uniform(100, 5000), 300, (64, 64)) for _ in range(13)])


def classifier(**options):
    """The episode's network without a download."""
    return MedicalClassifier(num_classes=3, **options)


def torchvision_classifier(backbone="resnet18"):
    return MedicalClassifier(3, backbone, weights=None)


def resnet():
    return models.resnet18(weights=None)


def normalizer():
    return MultiChannelNormalizer().fit(BANDS[np.newaxis])


def heat_map():
    model = resnet()
    return GradCAM(model, model.layer4[-1]).generate(torch.randn(1, 3, 96, 96), 0)


RUNS = {
    # the solutions to the episode before
    "EmbeddingSimilarityAnalyzer().analyze()": lambda: (
        faces.EmbeddingSimilarityAnalyzer().analyze()
    ),
    "its cosine_matrix()": lambda: faces.EmbeddingSimilarityAnalyzer(num_ids=3).cosine_matrix(),
    "its num_ids, photos_per, embeddings, labels": lambda: [
        getattr(faces.EmbeddingSimilarityAnalyzer(), name)
        for name in ("num_ids", "photos_per", "embeddings", "labels")
    ],
    "FaceAligner().run()": lambda: faces.FaceAligner().run(),
    "its compute_alignment": lambda: faces.FaceAligner().compute_alignment((80, 100), (140, 120)),
    "its apply_affine": lambda: faces.FaceAligner(70, (112, 112)).apply_affine(
        [[80, 100]], faces.FaceAligner().compute_alignment((80, 100), (140, 120))[0]
    ),
    "its target_dist, target_cx, target_cy": lambda: [
        getattr(faces.FaceAligner(), name) for name in ("target_dist", "target_cx", "target_cy")
    ],
    "ExpressionAnalyzer().run()": lambda: faces.ExpressionAnalyzer().run(),
    "its n, seed, EXPRESSIONS": lambda: [
        getattr(faces.ExpressionAnalyzer(), name) for name in ("n", "seed", "EXPRESSIONS")
    ],
    "its metrics(generate_confusion(boost=…))": lambda: faces.ExpressionAnalyzer().metrics(
        faces.ExpressionAnalyzer().generate_confusion(boost={"fearful": 0.05})
    ),
    # profiler
    "MedicalDatasetProfiler(500, 15).profile()": lambda: MedicalDatasetProfiler(500, 15).profile(),
    "MedicalDatasetProfiler(5000, 250, annotation_minutes=20).profile()": lambda: (
        MedicalDatasetProfiler(5000, 250, annotation_minutes=20).profile()
    ),
    "its n_total, n_pos, n_neg, ann_min": lambda: [
        getattr(MedicalDatasetProfiler(10000, 1500), name)
        for name in ("n_total", "n_pos", "n_neg", "ann_min")
    ],
    # transfer learning
    "MedicalClassifier(num_classes=3)": lambda: classifier(),
    "MedicalClassifier(num_classes=3, pretrained=True)": lambda: classifier(pretrained=True),
    "MedicalClassifier(num_classes=3, pretrained=False)": lambda: classifier(pretrained=False),
    "setup_gradual_unfreezing(model)": lambda: setup_gradual_unfreezing(classifier()),
    "setup_gradual_unfreezing(model, lr_backbone=…, lr_head=…)": lambda: setup_gradual_unfreezing(
        classifier(), lr_backbone=1e-5, lr_head=1e-3
    ),
    "sum of backbone.parameters()": lambda: sum(
        p.numel() for p in classifier().backbone.parameters()
    ),
    # augmentation
    "ElasticDeformation(alpha=50, sigma=5)(photo)": lambda: ElasticDeformation(50, 5)(PHOTO),
    "ElasticDeformation()(film)": lambda: ElasticDeformation()(FILM),
    "medical_train_transforms()(film)": lambda: medical_train_transforms()(FILM),
    "medical_train_transforms()(photo)": lambda: medical_train_transforms()(PHOTO),
    # imbalance
    "class weights of [9800, 200]": lambda: torch.nn.CrossEntropyLoss(
        weight=torch.tensor(class_weights([9800, 200]), dtype=torch.float32)
    ),
    "FocalLoss()(logits, targets)": lambda: FocalLoss(alpha=0.25, gamma=2.0)(
        torch.tensor([[2.0, -2.0], [0.5, 0.5], [-1.0, 1.0]]), torch.tensor([0, 0, 1])
    ),
    "make_balanced_loader(dataset, labels)": lambda: next(
        iter(make_balanced_loader(DATASET, LABELS, batch_size=32))
    ),
    "make_balanced_loader(dataset, array)": lambda: make_balanced_loader(DATASET, np.array(LABELS)),
    # evaluation
    "medical_evaluation(y_true, y_prob)": lambda: medical_evaluation(Y, SCORES),
    "medical_evaluation(y_true, y_prob, threshold=0.3)": lambda: medical_evaluation(
        Y, SCORES, threshold=0.3
    ),
    # explainability
    "GradCAM(model, model.layer4[-1]).generate(image, 0)": heat_map,
    "its shape, min(), max()": lambda: (heat_map().shape, heat_map().min(), heat_map().max()),
    # many channels
    "MultiChannelNormalizer().fit(images)": normalizer,
    "its means, stds before fit": lambda: (
        MultiChannelNormalizer().means is None and MultiChannelNormalizer().stds is None
    ),
    "its transform(image)": lambda: normalizer().transform(BANDS),
    "its percentile_clip(image)": lambda: normalizer().percentile_clip(BANDS, low=1, high=99),
    "percentile_clip without fit": lambda: MultiChannelNormalizer().percentile_clip(BANDS),
    "its means and stds": lambda: (normalizer().means.shape, normalizer().stds.shape),
    # the exercises
    "AugmentationValidator().run()": lambda: AugmentationValidator().run(),
    "ImbalanceComparator().run()": lambda: ImbalanceComparator().run(),
    "ScientificImageAnalyzer().run()": lambda: ScientificImageAnalyzer().run(),
}

SAYS = {
    "MedicalClassifier(3, True)": (lambda: MedicalClassifier(3, True), "pretrained"),
    "MedicalClassifier(3, False)": (lambda: MedicalClassifier(3, False), "pretrained"),
    "model.backbone.fc": (lambda: classifier().backbone.fc.weight, r"model\.head"),
    "model.backbone.fc of torchvision's network": (
        lambda: torchvision_classifier().backbone.fc.weight,
        r"no 'weight': the last layer is a part of its own, model\.head",
    ),
    "model.backbone.fc[1], the episode's own head": (
        lambda: torchvision_classifier().backbone.fc[1],
        r"no '\[1\]'.*model\.head",
    ),
    "model.backbone.fc of timm's network": (
        lambda: torchvision_classifier("resnet18.a1_in1k").backbone.fc.in_features,
        r"model\.head",
    ),
    "medical_train_transforms(photo)": (
        lambda: medical_train_transforms(PHOTO),
        r"transform = medical_train_transforms\(\), then call transform\(image\)",
    ),
    "GradCAM.activations": (
        lambda: GradCAM(m := resnet(), m.layer4[-1]).activations,
        "generate",
    ),
    "GradCAM.gradients": (lambda: GradCAM(m := resnet(), m.layer4[-1]).gradients, "generate"),
    "MultiChannelNormalizer().transform(image) before fit": (
        lambda: MultiChannelNormalizer().transform(BANDS),
        "fit",
    ),
}


@pytest.mark.parametrize("call", RUNS)
def test_the_demonstration_runs(call):
    assert RUNS[call]() is not None


@pytest.mark.parametrize("call", SAYS)
def test_what_cannot_run_says_what_to_write(call):
    demonstrate, words = SAYS[call]
    with pytest.raises((TypeError, ValueError, AttributeError, RuntimeError), match=words):
        demonstrate()
