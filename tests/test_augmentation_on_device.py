"""The torch path of elastic deformation, which graphics cards take, against the one of arrays.

It runs on any device torch has; here on the processor, so the test says that the steps are right,
and where a card is found, on the card as well.
"""

import numpy as np
import pytest
import torch

from lessonlib.augmentation import ElasticDeformation, containers
from lessonlib.augmentation.field import draw_field
from lessonlib.augmentation.on_device import displacement_on, warp_on

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=DEVICES)
def device(request, monkeypatch):
    monkeypatch.setattr(containers, "is_on_device", containers.is_torch)
    return request.param


def picture(shape, dtype, seed=0):
    values = np.random.default_rng(seed).random((*shape[:-2], 4, 5))
    blocks = np.kron(values, np.ones((shape[-2] // 4, shape[-1] // 5)))
    return torch.from_numpy(blocks * (1 if dtype == torch.bool else 200)).round().to(dtype)


@pytest.mark.parametrize("sigma", [0.7, 2, 5, 8.5, 40])
@pytest.mark.parametrize("shape", [(1, 1), (40, 50), (129, 257)])
def test_the_field_is_the_same(device, shape, sigma):
    field = draw_field(shape, 50, sigma, np.random.default_rng(1))
    want = field.tile((0, shape[0]), (0, shape[1]))
    got = displacement_on(field, torch.device(device)).cpu().numpy()
    # The order of the sums differs, so a few pixels round to the next 1/4096 px.
    np.testing.assert_allclose(got, want, atol=1.01 / 4096)
    assert np.mean(got != want) < 0.05


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.bool, torch.uint8, torch.int16, torch.uint16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    ],
)
@pytest.mark.parametrize("shape", [(40, 50), (3, 40, 50), (2, 3, 40, 50)])
def test_pictures_move_as_arrays_do(device, dtype, shape, monkeypatch):
    image = picture(shape, dtype)
    moved = ElasticDeformation(20, 4, generator=3)(image.to(device))
    assert (moved.dtype, moved.shape, moved.device.type) == (dtype, image.shape, device)
    monkeypatch.setattr(containers, "is_on_device", lambda value: False)
    want = ElasticDeformation(20, 4, generator=3)(image)
    off = (moved.cpu().double() - want.double()).abs()
    # Steps of 200 at block edges times 1/4096 px; integers may round the other way at a half.
    loose = {torch.bfloat16: 1.01, torch.float16: 0.14}.get(dtype, 0.11)
    assert off.max() <= (loose if dtype.is_floating_point else 1)
    assert (off > 0.11).double().mean() < 0.01


def test_masks_keep_their_labels_and_move_with_the_picture(device, monkeypatch):
    image, mask = picture((2, 3, 40, 50), torch.float32), picture((2, 40, 50), torch.uint16)
    moved, labels = ElasticDeformation(20, 4, generator=3)(image.to(device), mask.to(device))
    monkeypatch.setattr(containers, "is_on_device", lambda value: False)
    want, want_labels = ElasticDeformation(20, 4, generator=3)(image, mask)
    assert labels.dtype == torch.uint16
    assert labels.shape == mask.shape
    assert set(labels.cpu().int().unique().tolist()) <= set(mask.int().unique().tolist())
    assert (labels.cpu().int() != want_labels.int()).double().mean() < 0.001
    assert torch.allclose(moved.cpu(), want, atol=0.11)


def test_channels_last_and_tensors_of_torchvision(device):
    from torchvision import tv_tensors

    image = picture((3, 40, 50), torch.float32)
    first = ElasticDeformation(20, 4, generator=3)(image.to(device))
    last = ElasticDeformation(20, 4, generator=3, channel_axis=-1)(image.movedim(0, -1).to(device))
    assert torch.equal(last.movedim(-1, 0), first)
    moved, mask = ElasticDeformation(generator=0)(
        tv_tensors.Image(image.to(device)), tv_tensors.Mask(image[0].to(device))
    )
    assert type(moved) is tv_tensors.Image
    assert type(mask) is tv_tensors.Mask


def test_no_pixel_visits_the_processors_memory(device, monkeypatch):
    def refuse(*_):
        raise AssertionError("pixels were copied")

    image = picture((2, 3, 40, 50), torch.float32).to(device)
    monkeypatch.setattr(
        torch.Tensor, "numpy", lambda self: refuse() if self.numel() else np.array([])
    )
    ElasticDeformation(generator=0)(image, image[:, 0])


def test_missing_pixels_stay_missing_and_constants_constant(device):
    image = torch.full((40, 50), 7.3)
    image[10:20, 10:20] = torch.nan
    moved = ElasticDeformation(30, 4, generator=0)(image.to(device)).cpu()
    assert moved.isnan().any()
    assert (moved[~moved.isnan()] == image[0, 0]).all()


def test_a_wide_picture_is_read_at_the_right_place(device):
    shift = torch.zeros(2, 1, 70_000)
    shift[1] = 0.25
    ramp = torch.arange(70_000, dtype=torch.float64)[None, None]
    moved = warp_on(ramp.to(device), shift.to(device), nearest=False, name="image").cpu()
    assert torch.equal(moved[0, 0, :-1], ramp[0, 0, :-1] + 0.25)


@pytest.mark.parametrize(
    ("image", "mask", "error", "message"),
    [
        (torch.full((9, 9), torch.inf), None, ValueError, "image must have no infinite values"),
        (torch.full((9, 9), 2**60), None, ValueError, r"image must stay within ±2\*\*53"),
        (torch.zeros(9, 9), np.zeros((9, 9)), TypeError, "mask must be a tensor on .* got ndarray"),
        (torch.zeros(9, 9), torch.zeros(9, 8), ValueError, "mask must fit image"),
        (torch.zeros(3), None, ValueError, "image must have shape"),
        (torch.zeros(9, 9, requires_grad=True), None, ValueError, "must not require a gradient"),
    ],
)
def test_what_arrays_refuse_is_refused(device, image, mask, error, message):
    image = image.detach().to(device).requires_grad_(image.requires_grad)
    mask = mask.to(device) if isinstance(mask, torch.Tensor) else mask
    with pytest.raises(error, match=message):
        ElasticDeformation(generator=0)(image, mask)


def test_only_tensors_on_a_card_take_this_path():
    assert not containers.is_on_device(torch.zeros(2, 2))
    assert not containers.is_on_device(np.zeros((2, 2)))
    fake = type("OnCard", (torch.Tensor,), {"device": torch.device("cuda", 0)})
    assert containers.is_on_device(torch.zeros(2, 2).as_subclass(fake))
