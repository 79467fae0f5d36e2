"""Fetching sets: small ones from a server of the test's own, and the stored lists themselves."""

import hashlib
import http.server
import io
import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from lessonlib import images
from lessonlib.images import downloads
from lessonlib.images.downloads import __main__ as command
from lessonlib.images.downloads import catalogue, transfer
from lessonlib.images.downloads.catalogue import FetchableSet, Repository

FILES = {"a/one.png": b"1" * 900, "a/two.png": b"2" * 700, "table.csv": b"x,y\n"}
FIELDS = {
    "train/f1/images/f1.png": b"picture",
    "train/f1/masks/m2.png": b"second",
    "train/f1/masks/m1.png": b"first",
}


def sha(content):
    return hashlib.sha256(content).hexdigest()


def small_set(name, sums, paths, repository="owner/small"):
    found = FetchableSet(
        name, "A small set", "CC0", name, 1604, (Repository(repository, "c" * 40, paths),)
    )
    found.__dict__["sums"] = sums
    return found


class Server(http.server.ThreadingHTTPServer):
    """GitHub's two addresses, for one repository, and a list of what was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.content, self.cut = [], {}, None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/archive/"):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
                for path, content in self.server.content.items():
                    member = tarfile.TarInfo(f"small-{'c' * 40}/{path}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
                link = tarfile.TarInfo(f"small-{'c' * 40}/data/a/link.png")
                link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(link)
            body = buffer.getvalue()
        else:
            body = self.server.content.get(self.path.partition("/raw/")[2].partition("/")[2])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A server, a data folder, two small sets, and no environment variable."""
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(transfer, "ARCHIVE", address + "/archive/{name}/{commit}")
    monkeypatch.setattr(transfer, "RAW", address + "/raw/{commit}/{path}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(downloads.VARIABLE, raising=False)
    monkeypatch.setattr(downloads.platformdirs, "user_data_path", lambda *a, **k: tmp_path / "data")
    paths = (("data/a", "a"), ("table.csv", "table.csv"))
    lines = "".join(
        f"{sha(FIELDS[f'train/f1/{part}'])}  {part}\n"
        for part in ("images/f1.png", "masks/m1.png", "masks/m2.png")
    )
    both = {
        "small": small_set("small", {p: sha(c) for p, c in FILES.items()}, paths),
        "nuclei": small_set("nuclei", {"train/f1": sha(lines.encode())}, (("train", "train"),)),
    }
    for module in (downloads, command):
        monkeypatch.setattr(module, "sets", lambda: both)
    downloads._checked.cache_clear()
    server.content = {
        "data/a/one.png": FILES["a/one.png"],
        "data/a/two.png": FILES["a/two.png"],
        "data/a/unlisted.png": b"nobody asked for it",
        "table.csv": FILES["table.csv"],
        "README.md": b"hello",
        **FIELDS,
        "train/f2/images/f2.png": b"a field that is not listed",
    }
    yield server, tmp_path
    server.shutdown()
    server.server_close()
    downloads._checked.cache_clear()


def everything(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("few", [0, 20])
def test_the_set_comes_whole_as_an_archive_and_one_by_one(place, monkeypatch, few):
    server, top = place
    monkeypatch.setattr(transfer, "FEW", few)
    folder = images.fetch("small")
    assert folder == top / "data" / "small"
    assert everything(folder) == FILES
    assert len(server.asked) == (3 if few else 1)
    assert images.fetch("small") == folder
    assert len(server.asked) == (3 if few else 1)  # what is there is not asked for again
    assert not (top / "data" / ".part" / "small").exists()


def test_a_field_of_nuclei_comes_whole(place):
    server, _ = place
    assert everything(images.fetch("nuclei")) == FIELDS
    assert len(server.asked) == 1


def test_a_download_that_breaks_off_leaves_nothing_half_done_and_goes_on(place, monkeypatch):
    server, top = place
    del server.content["data/a/two.png"]
    with pytest.raises(images.ImageFileError, match=r"broke off.*1 of 3 parts are here"):
        images.fetch("small")
    assert not (top / "data" / "small").exists()
    with pytest.raises(images.ImageFileError, match=r"small' is not here.*images\.fetch"):
        downloads.find("small")
    server.content["data/a/two.png"], server.asked = FILES["a/two.png"], []
    assert everything(images.fetch("small")) == FILES
    assert not [path for path in server.asked if path.endswith("one.png")]


@pytest.mark.parametrize("few", [0, 20])
def test_an_answer_that_is_cut_short_is_no_file(place, monkeypatch, few):
    server, top = place
    monkeypatch.setattr(transfer, "FEW", few)
    server.cut = 60
    with pytest.raises(images.ImageFileError, match="call it again"):
        images.fetch("small")
    assert not (top / "data" / "small").exists()
    server.cut = None
    assert everything(images.fetch("small")) == FILES


def test_another_file_than_the_listed_one_is_refused_by_name(place):
    server, top = place
    server.content["table.csv"] = b"x,z\n"
    with pytest.raises(images.ImageFileError, match=r"table\.csv has sha256"):
        images.fetch("small")
    assert not (top / "data" / "small").exists()


def test_no_network_is_an_error_that_says_so(place, monkeypatch):
    server, _ = place
    server.shutdown()
    server.server_close()
    with pytest.raises(images.ImageFileError, match=r"'small' from owner/small broke off"):
        images.fetch("small")


# --- the folder that the variable names ----------------------------------------------------------


@pytest.fixture
def named(place, monkeypatch):
    server, top = place
    folder = top / "mine"
    for path, content in FILES.items():
        transfer.write(folder / "small" / path, content)
    monkeypatch.setenv(downloads.VARIABLE, str(folder))
    yield server, folder
    assert not server.asked


def test_the_named_folder_is_taken_as_it_is(named):
    _, folder = named
    before = everything(folder)
    assert images.fetch("small") == downloads.find("small") == folder / "small"
    assert everything(folder) == before


@pytest.mark.parametrize("spoil", ["missing", "other"])
def test_a_half_done_set_there_is_refused_and_not_mended(named, spoil):
    _, folder = named
    path = folder / "small" / "a" / "two.png"
    path.unlink() if spoil == "missing" else path.write_bytes(b"2" * 701)
    before = everything(folder)
    for call in (images.fetch, downloads.find):
        with pytest.raises(images.ImageFileError, match=r"'small'.*not whole: a/two\.png"):
            call("small")
    assert everything(folder) == before


def test_without_either_both_ways_are_named(named):
    _, folder = named
    shutil.rmtree(folder / "small")
    with pytest.raises(images.ImageFileError) as caught:
        images.fetch("small")
    for words in ("lessonlib.images.fetch('small')", downloads.VARIABLE, "owner/small", "CC0"):
        assert words in str(caught.value)


def test_an_unknown_name_lists_the_known(place):
    with pytest.raises(ValueError, match=r"name must be one of 'small', 'nuclei', got 'large'"):
        images.fetch("large")


# --- the lists that are stored -------------------------------------------------------------------


def test_every_listed_file_has_one_place_in_one_repository():
    for each in catalogue.sets().values():
        assert each.sums, each.name
        for entry, digest in each.sums.items():
            assert len(digest) == 64
            origins = [r.origin(entry) for r in each.repositories if r.origin(entry)]
            assert len(origins) == 1, entry
            assert [r.destination(origins[0]) for r in each.repositories].count(entry) == 1
            assert ".." not in Path(entry).parts
        assert all(len(r.commit) == 40 for r in each.repositories)


def test_the_sizes_of_the_cohorts():
    counts = {name: len(catalogue.sets()[name].sums) for name in command.COHORTS}
    assert counts == {"children-films": 5840, "hippocampus": 523, "hannover": 245, "nuclei": 477}


def test_the_command_lists_what_there_is(capsys):
    assert command.main(["nothing-like-it"]) == 2
    said = capsys.readouterr().err
    assert "no set named nothing-like-it" in said
    assert all(name in said for name in catalogue.sets())


def test_the_command_says_what_failed(named, capsys):
    _, folder = named
    (folder / "small" / "table.csv").unlink()
    assert command.main(["small"]) == 1
    assert "table.csv is missing" in capsys.readouterr().err
