import shutil
import subprocess
import sys
from importlib import metadata

import pytest

from lessonlib import images
from lessonlib.images import _files
from lessonlib.images._cards import DataCard
from lessonlib.images._files import SourceFile, locate


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Make every package look as if it were installed in `tmp_path`, with the chest X-ray in it."""
    card = images.cards()["chest_xray"]
    target = tmp_path / card.files[0].path
    target.parent.mkdir(parents=True)
    shutil.copy(card.paths()[0], target)

    class Moved:
        version = "1.0.0"

        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(_files.metadata, "distribution", lambda name: Moved())
    return target


def test_every_card_finds_its_files_and_their_checksums_are_right():
    for card in images.cards().values():
        assert all(path.is_file() for path in card.paths())


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(_files.metadata, "distribution", absent)
    for name, card in images.cards().items():
        if card.package == "lessonlib":
            continue
        with pytest.raises(images.ImageFileError) as caught:
            getattr(images, name)()
        assert f"pip install {card.package}=={card.version}" in str(caught.value)


def test_a_package_without_the_file_is_named(copied):
    copied.unlink()
    with pytest.raises(images.ImageFileError, match=r"pydicom-data 1\.0\.0 .* does not hold .*RG1"):
        images.chest_xray()


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_a_damaged_file_is_refused_with_both_checksums_and_the_remedy(copied, damage):
    content = bytearray(copied.read_bytes())
    if damage == "flip":
        content[-1000] ^= 1
    elif damage == "truncate":
        del content[-1000:]
    else:
        content.clear()
    copied.write_bytes(content)
    with pytest.raises(images.ImageFileError) as caught:
        images.chest_xray()
    message = str(caught.value)
    assert str(copied) in message
    assert images.cards()["chest_xray"].files[0].sha256 in message
    assert "pip install --force-reinstall pydicom-data==1.0.0" in message


def test_a_missing_or_damaged_crop_says_how_to_restore_it(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "DATA", tmp_path)
    with pytest.raises(images.ImageFileError, match="git checkout"):
        images.sentinel2()
    for file in images.cards()["sentinel2"].files:
        (tmp_path / file.path).write_bytes(b"not a TIFF")
    with pytest.raises(images.ImageFileError, match=r"(?s)sha256.*git checkout"):
        images.sentinel2()


def test_locate_imports_no_package():
    code = (
        "import sys\n"
        "from lessonlib import images\n"
        "[card.paths() for card in images.cards().values()]\n"
        "heavy = {'stardist', 'numba', 'nilearn', 'ccdproc', 'pydicom', 'skimage', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_nuclei_and_ccd_frame_do_without_their_heavy_packages():
    code = (
        "import sys\n"
        "from lessonlib import images\n"
        "images.nuclei(); images.ccd_frame(); images.brain_template()\n"
        "print(sorted({'stardist', 'numba', 'nilearn', 'ccdproc'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_card_escapes_what_it_shows():
    card = DataCard(
        *("a", "<b>", "x & y", "", "", "", "p", "1"), (SourceFile("f", "0"),), "", "", "http://h"
    )
    shown = card._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "x &amp; y" in shown


def test_code_in_a_card_is_set_as_code():
    assert "<code>pixels</code> is 2" in images.cards()["chest_xray"]._repr_html_()


def test_every_card_renders_all_its_facts():
    for card in images.cards().values():
        text = str(card)
        for fact in (card.shows, card.licence, card.source, card.url, *card.notes):
            assert fact
            assert fact in text
        for file in card.files:
            assert file.sha256 in text
            assert len(file.sha256) == 64


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such"):
        images.no_such  # noqa: B018


def test_locate_finds_the_repository_crops():
    assert locate("lessonlib", "", "sentinel2_10m.tif").is_file()
