"""Stored results: fingerprints that notice what matters, and a stored run that comes out again."""

import json

import pytest

from lessonlib import sweeps
from lessonlib.sweeps import __main__ as command
from lessonlib.sweeps import store, transfer, transfer_plan


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PACKAGE", tmp_path)
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results")
    return tmp_path


SOURCE = 'def area(r):\n    """Docstring."""\n    return 3.14 * r**2  # rough\n'


def fingerprint(folder, text):
    (folder / "module.py").write_text(text, "utf-8")
    return store.code_fingerprint(("module.py",))


def test_comments_docstrings_and_layout_do_not_matter(folder):
    first = fingerprint(folder, SOURCE)
    other = 'def area(r):\n    """Another."""\n\n    return (3.14\n        * r ** 2)\n'
    assert fingerprint(folder, other) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [("3.14", "3.15"), ("r**2", "r**3"), ("* r", "+ r"), ("area", "surface"), ("(r)", "(r=1)")],
)
def test_every_change_of_code_matters(folder, old, new):
    assert fingerprint(folder, SOURCE) != fingerprint(folder, SOURCE.replace(old, new, 1))


def test_folders_count_every_file(folder):
    (folder / "part").mkdir()
    (folder / "part" / "a.py").write_text("x = 1\n", "utf-8")
    one = store.code_fingerprint(("part",))
    (folder / "part" / "b.py").write_text("y = 1\n", "utf-8")
    assert store.code_fingerprint(("part",)) != one


def test_files_by_their_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    assert store.file_fingerprint(tmp_path / "a") != store.file_fingerprint(tmp_path / "b")


def entries(code, data, count=3):
    return [store.Entry({"n": n, "seed": 0}, {"auc": 0.5}, code, data) for n in range(count)]


def test_outdated_and_select():
    sweep = store.Sweep("transfer", (*entries("a", "d", 2), *entries("b", "d", 1)), "a", "d")
    assert len(sweep.outdated) == 1
    assert "1 of them OLDER" in str(sweep)
    assert len(store.Sweep("transfer", tuple(entries("a", "e")), "a", "d").outdated) == 3
    fresh = store.Sweep("transfer", tuple(entries("a", "d")), "a", "d")
    assert "OLDER" not in str(fresh)
    assert [e.config["n"] for e in fresh.select(n=1)] == [1]
    assert not fresh.select(n=1, colour="red")


class Fake:
    """A sweep of two configs."""

    SOURCES = ("module.py",)

    @staticmethod
    def configs():
        return [{"n": 1}, {"n": 2}]

    @staticmethod
    def data():
        return "d"

    @staticmethod
    def run(n):
        return {"twice": 2 * n}


def test_only_what_is_missing_or_old_runs(folder, monkeypatch):
    (folder / "module.py").write_text(SOURCE, "utf-8")
    monkeypatch.setattr(store, "module", lambda name: Fake)
    assert store.missing("fake") == (Fake.configs(), [])
    made = store.execute("fake", [{"n": 2}])
    assert made[0].result == {"twice": 4}
    store.save("fake", made)
    assert store.missing("fake") == ([{"n": 1}], made)
    assert store.missing("fake", everything=True) == (Fake.configs(), [])
    store.save("fake", [*made, *store.execute("fake", [{"n": 1}])])
    assert [e.config["n"] for e in store.load("fake").entries] == [1, 2]  # in the order of n
    assert store.missing("fake")[0] == []
    (folder / "module.py").write_text(SOURCE.replace("3.14", "3.2"), "utf-8")
    assert len(store.load("fake").outdated) == 2
    assert store.missing("fake") == (Fake.configs(), [])


@pytest.fixture
def changed(folder, monkeypatch):
    """A stored sweep of two entries, and code that has changed since."""
    (folder / "module.py").write_text(SOURCE, "utf-8")
    monkeypatch.setattr(store, "module", lambda name: Fake)
    store.save("fake", store.execute("fake", Fake.configs()))
    (folder / "module.py").write_text(SOURCE.replace("r**2", "r * r"), "utf-8")
    assert len(store.load("fake").outdated) == 2
    return folder


def test_a_change_that_changes_no_number_is_confirmed(changed):
    again = store.execute("fake", [e.config for e in store.samples("fake", 1)])
    assert store.confirm("fake", again) == []
    sweep = store.load("fake")
    assert not sweep.outdated
    assert "1 of 2 run again by the code as it is now, all the same" in str(sweep)
    assert store.missing("fake")[0] == []
    # the next change has to be confirmed anew
    (changed / "module.py").write_text(SOURCE.replace("r**2", "r * r * 1"), "utf-8")
    assert len(store.load("fake").outdated) == 2


def test_a_number_that_changed_confirms_nothing(changed, monkeypatch):
    monkeypatch.setattr(Fake, "run", staticmethod(lambda n: {"twice": 2 * n + (n == 2)}))
    differ = store.confirm("fake", store.execute("fake", Fake.configs()))
    assert differ == ["{'n': 2}: twice was 4, is 5"]
    assert len(store.load("fake").outdated) == 2


def test_entries_run_beside_by_the_code_that_made_them_confirm_too(changed, monkeypatch):
    """On another processor both codes give 5 where 4 is stored: the change changed nothing."""
    made = {e.code for e in store.load("fake").entries}.pop()
    monkeypatch.setattr(Fake, "run", staticmethod(lambda n: {"twice": 2 * n + 1}))
    again = store.execute("fake", Fake.configs())
    assert store.confirm("fake", again)
    with pytest.raises(ValueError, match="before must come from the code that made"):
        store.confirm("fake", again, again)
    beside = [store.Entry(e.config, e.result, made, e.data) for e in again]
    assert store.confirm("fake", again, beside) == []
    assert not store.load("fake").outdated


def test_other_data_are_not_confirmed(changed, monkeypatch):
    store.confirm("fake", store.execute("fake", Fake.configs()))
    monkeypatch.setattr(Fake, "data", staticmethod(lambda: "other"))
    assert len(store.load("fake").outdated) == 2


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, ""),
        ({"a": float("nan")}, {"a": float("nan")}, ""),
        ({"a": [1, 2.0]}, {"a": [1, 2.0000000001]}, "a [1] was 2.0, is 2.0000000001"),
        ({"a": 1}, {"b": 1}, "was {'a': 1}, is {'b': 1}"),
        ({"a": [1]}, {"a": [1, 2]}, "a was [1], is [1, 2]"),
    ],
)
def test_the_first_difference_is_named(old, new, found):
    assert store.first_difference(old, new) == found


def test_what_is_run_again_is_of_every_kind():
    chosen = store.samples("transfer", 9)
    kinds = {e.config["strategy"] for e in sweeps.load("transfer").entries}
    assert {e.config["strategy"] for e in chosen} == kinds
    assert chosen == store.samples("transfer", 9)


def test_saving_takes_the_place_of_no_other_file(folder):
    (folder / "results").mkdir()
    strays = {"fake.part": "mine", "fake.tmp": "mine", "notes.txt": "mine"}
    for name, text in strays.items():
        (folder / "results" / name).write_text(text)
    store.save("fake", entries("a", "b"))
    found = {p.name: p.read_text() for p in (folder / "results").iterdir()}
    assert found.pop("fake.json").count("auc") == 3
    assert found == strays


def test_unknown_sweep():
    with pytest.raises(ValueError, match="name"):
        sweeps.load("nothing")
    with pytest.raises(SystemExit):
        command.main(["nothing"])


def test_the_plan_is_stored_and_small():
    stored = [e.config for e in sweeps.load("transfer").entries]
    wanted = transfer_plan.configs()
    assert len(wanted) == len({json.dumps(c, sort_keys=True) for c in wanted})
    assert all(config in stored for config in wanted)
    assert (store.RESULTS / "transfer.json").stat().st_size < 100_000


def test_smaller_sets_begin_larger_ones():
    small, large = transfer.draw(50, 3), transfer.draw(500, 3)
    assert (small["train"].images == large["train"].images[:50]).all()
    assert (small["internal"].images == large["internal"].images).all()


def test_a_stored_run_comes_out_again():
    """One whose backbone is frozen, or a short one that trains; another after every change."""
    pool = [
        e
        for e in sweeps.load("transfer").entries
        if e.config["strategy"].endswith("frozen") or e.config["n"] == 50
    ]
    entry = store.sample(pool)
    again = transfer.run(**entry.config)
    assert again["regions"] == entry.result["regions"]
    # a convex problem gives the same answer everywhere; hundreds of steps add up rounding
    tolerance = 0.02 if entry.config["strategy"].endswith("frozen") else 0.15
    for test, auc in entry.result["auc"].items():
        assert again["auc"][test] == pytest.approx(auc, abs=tolerance), entry.config
