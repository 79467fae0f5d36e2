"""PneumoniaMNIST's loader, on a tiny file of the same layout: nothing is downloaded here."""

from __future__ import annotations

import hashlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lessonlib.images import ImageFileError, medmnist

SIZES = {"train": 7, "val": 3, "test": 4}


def arrays(**changes):
    """Arrays as MedMNIST stores them."""
    rng = np.random.default_rng(0)
    made = {}
    for key, n in SIZES.items():
        made[f"{key}_images"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        made[f"{key}_labels"] = (np.arange(n)[:, None] % 2).astype(np.uint8)
    return {key: value for key, value in (made | changes).items() if value is not None}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A tiny file, and a computer that has no other."""
    for variable in (medmnist.VARIABLE, medmnist.FOLDER):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    path = tmp_path / "pneumoniamnist.npz"
    np.savez_compressed(path, **arrays())
    return path


@pytest.fixture
def published(file, monkeypatch):
    """The tiny file is what MedMNIST publishes."""
    monkeypatch.setattr(medmnist, "MD5", hashlib.md5(file.read_bytes()).hexdigest())
    return file


def test_pictures_and_labels_are_those_of_the_file(file):
    data, stored = medmnist.pneumonia_mnist(file), arrays()
    for split, key in (("train", "train"), ("validation", "val"), ("test", "test")):
        got = getattr(data, split)
        assert len(got) == SIZES[key]
        assert got.images.dtype == np.float32
        assert got.labels.dtype == np.int64
        np.testing.assert_array_equal(np.rint(got.images[:, 0] * 255), stored[f"{key}_images"])
        assert got.labels.tolist() == stored[f"{key}_labels"].ravel().tolist()
        assert got.n_positive == SIZES[key] // 2
    assert data.train.images.max() <= 1 < data.train.images.max() * 256
    assert data.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_another_checksum_is_a_rebuilt_copy(file):
    data = medmnist.pneumonia_mnist(file)
    assert not data.original
    assert data.origin == "rebuilt copy"
    shown = str(data)
    assert "rebuilt copy" in shown
    assert data.sha256 in shown
    assert str(file.parent) not in shown


def test_the_published_checksum_is_the_original(published):
    data = medmnist.pneumonia_mnist(published)
    assert data.original
    assert "rebuilt" not in str(data)


def test_the_variable_names_the_file(file, monkeypatch):
    monkeypatch.setenv(medmnist.VARIABLE, str(file))
    assert len(medmnist.pneumonia_mnist().test) == 4


def test_the_folder_of_all_data_is_looked_into(file, monkeypatch):
    monkeypatch.setenv(medmnist.FOLDER, str(file.parent))
    assert len(medmnist.pneumonia_mnist().test) == 4
    # the file's own variable comes first
    monkeypatch.setenv(medmnist.VARIABLE, str(file.with_name("away.npz")))
    with pytest.raises(ImageFileError, match=rf"{medmnist.VARIABLE} names"):
        medmnist.pneumonia_mnist()
    # a folder that has other sets only is no mistake
    monkeypatch.delenv(medmnist.VARIABLE)
    monkeypatch.setenv(medmnist.FOLDER, str(file.parent / "home"))
    with pytest.raises(ImageFileError, match=rf"not on this computer.*{medmnist.FOLDER}"):
        medmnist.pneumonia_mnist()


def test_an_earlier_download_is_found(file):
    home = file.parent / "home" / ".medmnist"
    home.mkdir(parents=True)
    file.rename(home / file.name)
    assert len(medmnist.pneumonia_mnist().test) == 4


def test_a_missing_file_is_told_with_the_remedy(file, monkeypatch):
    remedy = rf"download=True.*{medmnist.VARIABLE}"
    with pytest.raises(ImageFileError, match=rf"not on this computer.*{remedy}"):
        medmnist.pneumonia_mnist()
    with pytest.raises(ImageFileError, match=r"path names .*gone\.npz"):
        medmnist.pneumonia_mnist(file.with_name("gone.npz"))
    monkeypatch.setenv(medmnist.VARIABLE, str(file.with_name("away.npz")))
    with pytest.raises(ImageFileError, match=rf"{medmnist.VARIABLE} names .*away\.npz"):
        medmnist.pneumonia_mnist()


def test_nothing_is_downloaded_unasked(file, monkeypatch):
    monkeypatch.setattr(medmnist, "_download", lambda: pytest.fail("asked for nothing"))
    with pytest.raises(ImageFileError):
        medmnist.pneumonia_mnist()
    medmnist.pneumonia_mnist(file)


def damaged(content: bytes, kind: str) -> bytes:
    middle = len(content) // 2
    return {
        "cut short": content[:middle],
        "empty": b"",
        "text": b"<html>404</html>",
        "a flipped byte": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
    }[kind]


@pytest.mark.parametrize("kind", ["cut short", "empty", "text", "a flipped byte"])
def test_damage_is_noticed(file, kind):
    file.write_bytes(damaged(file.read_bytes(), kind))
    with pytest.raises(ImageFileError, match="damaged"):
        medmnist.pneumonia_mnist(file)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"val_images": None}, "val_images"),
        ({"test_images": np.zeros((4, 64, 64), np.uint8)}, r"test_images must .*64, 64"),
        ({"test_images": np.zeros((4, 28, 28))}, r"test_images must .*float64"),
        ({"train_labels": np.zeros((7, 14), np.uint8)}, "train_labels must"),
        ({"train_labels": np.full((7, 1), 2, np.uint8)}, "train_labels must"),
        ({"train_labels": np.zeros((6, 1), np.uint8)}, r"train_labels must .*\(7, 1\)"),
        ({"val_labels": np.array([[None]] * 3, dtype=object)}, "pickle"),
    ],
)
def test_another_layout_is_refused(file, changes, words):
    np.savez_compressed(file, **arrays(**changes))
    with pytest.raises(ImageFileError, match=words):
        medmnist.pneumonia_mnist(file)


def publisher(monkeypatch, folder=None, error=None):
    """Put another package in the place of medmnist."""
    calls = []

    def fetch(**options):
        calls.append(options)
        if error is not None:
            raise error
        return SimpleNamespace(root=folder)

    monkeypatch.setitem(sys.modules, "medmnist", SimpleNamespace(PneumoniaMNIST=fetch))
    return calls


def test_a_download_goes_through_the_package(published, monkeypatch):
    calls = publisher(monkeypatch, folder=published.parent)
    assert medmnist.pneumonia_mnist(download=True).original
    assert calls == [{"split": "train", "download": True}]


def test_a_download_that_is_not_the_original_is_refused(file, monkeypatch):
    publisher(monkeypatch, folder=file.parent)
    with pytest.raises(ImageFileError, match="not the file that MedMNIST publishes"):
        medmnist.pneumonia_mnist(download=True)


def test_a_failed_download_is_told(file, monkeypatch):
    publisher(monkeypatch, error=RuntimeError("Automatic\n   download failed!"))
    with pytest.raises(ImageFileError, match="could not be downloaded: Automatic download failed!"):
        medmnist.pneumonia_mnist(download=True)


def test_checksum_and_licence_are_those_that_the_package_states(file):
    from medmnist import INFO

    info = INFO["pneumoniamnist"]
    assert info["MD5"] == medmnist.MD5
    assert info["license"] in medmnist.CARD
    for n in info["n_samples"].values():
        assert f"{n:,}" in medmnist.CARD
