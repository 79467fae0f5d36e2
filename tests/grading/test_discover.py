"""Which files are graded, and the ones that are junk, links, pipes or far too large."""

from __future__ import annotations

import os
import sys

import pytest

from lessonlib.grading import discover

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "top"
    for name in ("b.py", "a.ipynb", "sub/c.PY", ".hidden/d.py", "e.txt", "sub/deep/f.py"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (top / "folder.py").mkdir()
    return top


def names(found, folder):
    return [os.path.relpath(path, folder) for path, _ in found]


def test_every_module_and_notebook_below_a_folder_is_found(folder):
    found = discover.find([folder])
    assert sorted(names(found, folder)) == sorted(
        ["a.ipynb", "b.py", ".hidden/d.py", "sub/c.PY", "sub/deep/f.py"]
    )
    assert all(path.startswith(str(folder)) for path, _ in found)
    assert all(in_folder for _, in_folder in found)


def test_paths_are_as_given_and_listed_once(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = discover.find(["b.py", "sub", "b.py", "."])
    assert [path for path, _ in found][:3] == ["b.py", "sub/c.PY", "sub/deep/f.py"]
    assert found[0] == ("b.py", False)


def test_what_is_no_submission_is_a_wrong_call(folder):
    with pytest.raises(FileNotFoundError, match=r"no file or folder.*gone"):
        discover.find([folder / "gone.py"])
    with pytest.raises(ValueError, match=r"e\.txt"):
        discover.find([folder / "e.txt"])


@posix
def test_links_in_folders_are_reported_and_never_followed(folder, tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET")
    (folder / "out.py").symlink_to(secret)
    (folder / "sub" / "up.py").symlink_to("../b.py")
    (folder / "beside.py").symlink_to("b.py")
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "nowhere.py").symlink_to("gone")
    (folder / "away").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder)
    (folder / "away.py").symlink_to(tmp_path)
    found = dict(discover.find([folder]))
    for name in ("out.py", "sub/up.py", "beside.py", "loop.py", "nowhere.py", "away", "away.py"):
        submission = discover.read(str(folder / name), found[str(folder / name)])
        assert submission.status == "forbidden", name
        assert submission.data == b""
        assert "SECRET" not in submission.message
        assert str(tmp_path) not in submission.message
    assert "out of its folder" in discover.read(str(folder / "out.py"), True).message
    assert "to another file" in discover.read(str(folder / "beside.py"), True).message
    # What a linked folder holds is found where it really is, or not at all.
    assert sum(path.endswith("b.py") for path in found) == 1
    assert not any(path.endswith("secret.py") for path in found)


@posix
def test_a_link_named_on_the_command_line_is_followed(folder):
    (folder / "link.py").symlink_to("b.py")
    assert discover.read(str(folder / "link.py"), False).data == b"b.py"


@posix
def test_pipes_devices_and_unreadable_files_do_not_stop_the_run(folder):
    os.mkfifo(folder / "pipe.py")
    assert "no regular file" in discover.read(str(folder / "pipe.py"), True).message
    assert discover.read(str(folder / "folder.py"), True).status == "error"
    assert discover.read("/dev/zero", False).status == "error"
    assert "cannot be read" in discover.read(str(folder / "gone.py"), True).message
    if os.geteuid() != 0:
        (folder / "b.py").chmod(0)
        assert "cannot be read" in discover.read(str(folder / "b.py"), True).message


def test_files_beyond_all_measure_are_refused(folder):
    path = folder / "huge.ipynb"
    with path.open("wb") as file:
        file.truncate(discover.FILE_CAP + 1)
    submission = discover.read(str(path), True)
    assert submission.status == "error"
    assert "larger than 64 MB" in submission.message


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text")
def test_names_that_are_no_text_are_kept(folder):
    path = os.fsencode(folder) + b"/\xff\n\x1b[31m.py"
    with open(path, "wb") as file:
        file.write(b"x = 1")
    (found,) = [name for name, _ in discover.find([folder]) if "31m" in name]
    assert discover.read(found, True).data == b"x = 1"


def test_digest_tells_changed_files(folder):
    before = discover.read(str(folder / "b.py"), True).digest
    assert discover.read(str(folder / "b.py"), True).digest == before
    (folder / "b.py").write_text("other")
    assert discover.read(str(folder / "b.py"), True).digest != before


def test_copies_and_others_folders_are_passed_over_and_said(tmp_path):
    top = tmp_path / "top"
    away = (
        *("ann/.ipynb_checkpoints/a-checkpoint.ipynb", "__MACOSX/ann/._a.py", ".git/hooks/x.py"),
        *("ann/__pycache__/a.py", "ben/.venv/lib/y.py", "ben/node_modules/gyp/z.py"),
        *("ben/._b.py", "carl/my env/lib/os.py", "ann/.IPYNB_CHECKPOINTS/b.ipynb"),
    )
    kept = ("ann/a.py", "ben/b.py", ".hidden/d.py", "carl/env/e.py", "carl/_.py", "ben/git/x.py")
    for name in (*away, *kept, "carl/my env/pyvenv.cfg"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x = 1")
    passed_over: list[str] = []
    found = discover.find([top], passed_over)
    assert sorted(names(found, top)) == sorted(kept)
    assert sorted(os.path.relpath(path, top) for path in passed_over) == sorted(
        (
            *("ann/.ipynb_checkpoints", "__MACOSX", ".git", "ann/__pycache__", "ben/.venv"),
            *("ben/node_modules", "ben/._b.py", "carl/my env", "ann/.IPYNB_CHECKPOINTS"),
        )
    )
    said = discover.grouped(passed_over)
    assert f"passed over: 1 × .git, the first in {top}" in said
    assert f"passed over: 1 × ._*, the first in {top / 'ben'}" in said


def test_a_copy_that_is_named_itself_is_graded(tmp_path):
    folder = tmp_path / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1")
    for given in (folder, folder / "a.py"):
        assert [path for path, _ in discover.find([given])] == [str(folder / "a.py")]
