"""The benchmarks' frame on tiny stand-ins, and every case's own answer; nothing is timed."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy import ndimage
from typer.testing import CliRunner

from benchmarks import environments, page, report
from benchmarks.__main__ import app
from benchmarks.cases import Agreement, Case, Contestant, Target, all_cases
from benchmarks.environments import Environment
from benchmarks.link import ContestantError, Link
from benchmarks.operations import channels, elastic, grading
from benchmarks.runner import Result, Row, Runner
from benchmarks.worker import arrays, resolve

HERE = Environment("course", Path(sys.executable))
CASES = all_cases()


# --- cases of stand-ins ---


def _contestant(name: str, **more) -> Contestant:
    return Contestant(name, f"tests.benchmark_contestants:{name}", **more)


def _doubled(ask, inputs, ours) -> Agreement:
    (answer,) = ask(inputs)
    off = float(np.abs(answer - 2 * inputs["x"]).max())
    return Agreement(off == 0, f"off by {off:g}")


def _case(*peers: Contestant, **more) -> Case:
    settings = {
        "name": "toy",
        "title": "Double a vector",
        "inputs": lambda tiny: {"x": np.arange(3.0 if tiny else 5.0)},
        "ours": _contestant("double"),
        "peers": peers,
        "agreement": _doubled,
        "targets": (Target(0.9),),
    }
    return Case(**{**settings, **more})


def _run(case: Case, rounds: int = 2, **more) -> Result:
    with Runner(rounds, find=lambda group, say: HERE, **more) as runner:
        return runner.run(case)


# --- the worker and the link to it ---


@pytest.fixture
def link():
    with Link(HERE, timeout=60) as link:
        yield link


def test_arrays_go_and_come_back(link):
    x = np.arange(6, dtype=np.uint16).reshape(2, 3)
    link.prepare("k", "tests.benchmark_contestants:two_parts", {"x": x})
    whole, total = link.call("k")
    np.testing.assert_array_equal(whole, x)
    assert whole.dtype == np.uint16
    assert total == 15


def test_what_a_library_prints_is_no_answer(link):
    link.prepare("k", "tests.benchmark_contestants:chatters", {"x": np.ones(2)})
    np.testing.assert_array_equal(link.call("k")[0], np.ones(2))


def test_an_error_is_told_and_the_worker_goes_on(link):
    with pytest.raises(ContestantError, match=r"^ValueError: no such colour$"):
        link.prepare("k", "tests.benchmark_contestants:raises", {"x": np.ones(2)})
    link.prepare("k", "tests.benchmark_contestants:double", {"x": np.ones(2)})
    np.testing.assert_array_equal(link.call("k")[0], [2, 2])


def test_a_worker_that_dies_is_noticed(link):
    link.prepare("k", "tests.benchmark_contestants:dies", {"x": np.ones(2)})
    with pytest.raises(ContestantError, match="its process ended"):
        link.call("k")
    link.forget("k")


def test_a_worker_that_hangs_is_ended():
    with Link(HERE, timeout=3) as link:
        link.prepare("k", "tests.benchmark_contestants:double", {"x": np.ones(2)})
        link.prepare("h", "tests.benchmark_contestants:sleeps", {"x": np.ones(2)})
        with pytest.raises(ContestantError, match="no answer within 3 s"):
            link.call("h")


def test_one_thread_is_asked_of_every_library(link):
    threads = "benchmarks.worker:arrays"  # any importable name: only its environment matters
    assert resolve(threads) is arrays
    import os

    from benchmarks.link import _variables

    variables = _variables(HERE, steady=True)
    assert {variables[k] for k in variables if k.endswith("_NUM_THREADS")} == {"1"}
    assert variables["PATH"].split(os.pathsep)[0] == str(HERE.python.parent)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's peak counter")
def test_memory_is_that_of_the_answer(link):
    link.prepare("k", "tests.benchmark_contestants:takes_memory", {"x": np.ones(2)})
    assert link.ask("memory", key="k") == pytest.approx(40 * 2**20, rel=0.05)


# --- the runner ---


def test_contestants_take_turns_after_one_warm_up(monkeypatch):
    turns = []
    asked = Link.ask

    def ask(self, do, **request):
        if do == "time":
            turns.append(request["key"].split("/")[1])
        return asked(self, do, **request)

    monkeypatch.setattr(Link, "ask", ask)
    result = _run(_case(_contestant("double_slowly"), _contestant("triple")), rounds=3)
    assert turns == ["double", "double_slowly", "triple"] * 4
    assert [len(row.seconds) for row in result.rows] == [3, 3, 3]


def test_the_progress_bar_comes_to_its_end():
    steps = []
    case = _case(_contestant("double_slowly"), _contestant("raises"), memory=True)
    with Runner(2, step=lambda: steps.append(1), find=lambda group, say: HERE) as runner:
        runner.run(case)
        assert len(steps) <= runner.turns(case)


def test_the_best_peer_answers_right():
    """A faster wrong answer stays in the table but sets no target."""
    result = _run(_case(_contestant("triple"), _contestant("double_slowly")))
    assert [row.status for row in result.rows] == ["timed", "differs", "timed"]
    verdict = result.verdict(Target(0.9))
    assert verdict.of == "double_slowly"
    assert verdict.met


def test_a_wrong_answer_of_our_own_is_not_timed():
    result = _run(_case(_contestant("double_slowly"), ours=_contestant("triple")))
    assert result.ours.status == "failed"
    assert result.ours.seconds == []
    assert result.verdict(Target(0.9)).met is None
    assert report.failures([report.as_dict(result)]) == ["toy"]


def test_peers_that_fail_leave_the_others_in_peace():
    result = _run(_case(_contestant("raises"), _contestant("dies"), _contestant("double_slowly")))
    assert [row.status for row in result.rows] == ["timed", "failed", "failed", "timed"]
    assert result.rows[1].text == "ValueError: no such colour"
    assert len(result.ours.seconds) == 2


def test_a_peer_that_could_not_be_installed_is_named():
    missing = Environment("course", Path(sys.executable), {"numpy": "No matching distribution"})
    peer = _contestant("double_slowly", environment="other", packages=("numpy",))
    with Runner(2, find=lambda group, say: missing if group == "other" else HERE) as runner:
        result = runner.run(_case(peer))
    assert (result.rows[1].status, result.rows[1].text) == ("missing", "No matching distribution")
    assert result.verdict(Target(0.9)).measured is None


def test_own_clock_takes_the_contestants_seconds():
    def agreement(ask, inputs, ours):
        return Agreement(ask(inputs)[0] == 0.25, "a quarter")

    result = _run(_case(ours=_contestant("own_seconds"), clock="own", agreement=agreement))
    assert result.ours.seconds == [0.25, 0.25]
    assert result.verdict(Target(0.3, of=None)).met
    assert not result.verdict(Target(0.2, of=None)).met


def _rows(ours: list[float], **peers: list[float]) -> Result:
    rows = [Row(_contestant("double"), seconds=ours, memory=10)]
    rows += [Row(_contestant(name), seconds=s, memory=40) for name, s in peers.items()]
    return Result(_case(*(row.contestant for row in rows[1:])), rows)


def test_a_ratio_is_taken_round_by_round():
    """In a round that is slow for all the ratio stays; a ratio of medians would be 0.3."""
    result = _rows([1.0, 30.0, 3.0], triple=[4.0, 60.0, 10.0])
    assert result.ratio(result.rows[1]) == (0.25, 0.3, 0.5)
    result = _rows([1.0, 8.0, 2.0], triple=[4.0, 10.0, 2.5])
    assert result.ratio(result.rows[1]) == (0.25, 0.8, 0.8)


def test_targets_are_judged_against_whom_they_name():
    result = _rows([1.0, 1.0], triple=[2.0, 2.0], double_slowly=[10.0, 10.0])
    assert (result.verdict(Target(0.4)).of, result.verdict(Target(0.4)).met) == ("triple", False)
    assert result.verdict(Target(0.1, of="double_slowly")).met
    assert result.verdict(Target(0.25, quantity="memory")).measured == 0.25
    assert result.verdict(Target(9, of=None, quantity="memory")).met is False
    floor = replace(result.rows[1].contestant, rival=False)
    result.rows[1].contestant = floor
    assert result.verdict(Target(0.1)).of == "double_slowly"


# --- what is kept and shown ---


def test_results_are_stored_case_by_case(tmp_path):
    path, stray = tmp_path / "latest.json", tmp_path / "latest.tmp"
    stray.write_text("somebody's")
    first = report.as_dict(_run(_case(_contestant("double_slowly"))))
    report.store([first], ["other", "toy"], path)
    report.store([{**first, "name": "other"}], ["other", "toy"], path)
    report.store([{**first, "title": "Again"}], ["other", "toy"], path)
    stored = report.load(path)
    assert [(c["name"], c["title"]) for c in stored] == [
        ("other", "Double a vector"),
        ("toy", "Again"),
    ]
    assert json.loads(path.read_text("utf-8"))["cases"] == stored
    assert {p.name for p in tmp_path.iterdir()} == {path.name, stray.name}
    assert stray.read_text() == "somebody's"


def test_what_is_stored_names_no_machine_and_no_path():
    import getpass
    import platform

    text = json.dumps(report.as_dict(_run(_case(_contestant("raises")))))
    for name in (platform.node(), str(Path.home()), str(environments.ROOT), sys.prefix):
        assert len(name) < 3 or name not in text
    assert getpass.getuser() not in json.dumps(report.machine())


def test_the_table_tells_everything():
    case = _case(_contestant("double_slowly", note="slowly"), _contestant("raises"), memory=True)
    console = Console(width=140, record=True, file=open(os_devnull(), "w"))  # noqa: SIM115
    report.show([report.as_dict(_run(case))], console)
    text = console.export_text()
    for word in ("Double a vector", "double_slowly", "failed: ValueError", "off by 0", "met"):
        assert word in text


def os_devnull() -> str:
    import os

    return os.devnull


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.7e-5, "47 µs"), (1234.0, "1,234 s")],
)
def test_durations_are_written_in_their_unit(seconds, text):
    assert report.duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(2**20, "1.0 MiB"), (832 * 2**20, "832 MiB")])
def test_sizes_are_written_in_mebibytes(number, text):
    assert report.size(number) == text


# --- the page ---


def _plain(name: str = "toy", ratio: float = 0.25, **target) -> dict:
    row = {"version": "", "note": "", "status": "timed", "text": "exact", "memory": None}
    ratios = [ratio / 2, ratio, 2 * ratio]
    return {
        "name": name,
        "title": "Double <a> vector",
        "same": "Doubled exactly.",
        "date": "2026-11-23",
        "machine": {
            "system": "Linux",
            "architecture": "x86_64",
            "processor": "a processor",
            "cores": 2,
            "memory_gib": 24,
            "python": "3.11.7",
        },
        "rows": [
            {
                **row,
                "name": "lessonlib",
                "ours": True,
                "rival": True,
                "median": 0.01,
                "ratio": None,
            },
            {**row, "name": "peer", "ours": False, "rival": True, "median": 0.04, "ratio": ratios},
        ],
        "targets": [
            {
                "quantity": "time",
                "at_most": 0.5,
                "of": "peer",
                "best": True,
                "measured": ratio,
                "low": ratio / 2,
                "high": 2 * ratio,
                "met": ratio <= 0.5,
                **target,
            }
        ],
    }


def test_the_page_shows_targets_and_details():
    table = page.targets([_plain(), _plain("slow", 0.8)])
    assert [row[-1] for row in table.rows] == ["met", "missed"]
    assert table.rows[0][1] == "time at most 0.5 × the best peer (peer)"
    assert table.rows[0][2:5] == ("10 ms", "peer, 40 ms", "0.25 (0.12–0.5)")
    rows = page.details("toy", [_plain()]).rows
    assert rows == (
        ("lessonlib", "10 ms", "1", "exact"),
        ("peer", "40 ms", "0.25 (0.12–0.5)", "exact"),
    )
    with pytest.raises(ValueError, match="name must be one of toy, got 'other'"):
        page.details("other", [_plain()])


def test_the_pages_tables_are_accessible():
    from html.parser import HTMLParser

    html = page.targets([_plain()])._repr_html_()
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(html)
    headers = [attributes["scope"] for tag, attributes in tags if tag == "th"]
    assert headers == ["col"] * 6 + ["row"]
    assert "caption" in [tag for tag, _ in tags]
    assert "<a>" not in html


def test_machines_are_described_once():
    words = page.machines([_plain(), _plain("other")])
    assert words == (
        "2 cores (a processor, x86_64), 24 GiB of memory, Linux, Python 3.11.7, on 2026-11-23"
    )


def test_the_chart_shows_each_peer_at_its_place():
    import matplotlib.pyplot as plt

    figure = page.chart([_plain(), {**_plain("alone"), "rows": _plain()["rows"][:1]}])
    (axes,) = figure.axes
    peers = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata())]
    marks = [line for line in axes.lines if list(line.get_xdata()) == [2.0, 2.0]]
    assert [list(line.get_xdata()) for line in peers] == [[4.0]]
    assert len(marks) == 1
    assert axes.get_xscale() == "log"
    plt.close(figure)


def test_what_is_stored_fits_the_cases():
    """A case that was renamed or dropped must not live on in the book."""
    assert {case["name"] for case in report.load()} <= set(CASES)


# --- the environments ---


@pytest.mark.parametrize("group", environments.groups())
def test_peers_are_pinned_and_their_environment_is_said(group):
    assert environments.is_shared(group) in (True, False)
    assert all("==" in line for line in environments.requirements(group))


def test_every_environment_of_a_case_has_its_file():
    used = {c.environment for case in CASES.values() for c in case.contestants}
    assert used - {"course"} == set(environments.groups())
    for case in CASES.values():
        for contestant in case.contestants:
            if contestant.environment != "course":
                pinned = {
                    line.split("==")[0].lower()
                    for line in environments.requirements(contestant.environment)
                }
                assert {package.lower() for package in contestant.packages} <= pinned


def test_an_environment_is_made_once_and_says_what_is_missing(tmp_path, monkeypatch):
    """A peer that no index has leaves an environment in which the course's NumPy is seen."""
    (tmp_path / "peers").mkdir()
    monkeypatch.setattr(environments, "PEERS", tmp_path / "peers")
    monkeypatch.setattr(environments, "HOME", tmp_path / "home")
    text = "# environment: shared\n"
    (tmp_path / "peers" / "toy.txt").write_text(text)
    tried = []

    def install(folder, arguments):
        assert arguments[-2:] == ["-c", str(environments.ROOT / "constraints.txt")]
        tried.append(arguments[0])
        return "No matching distribution" if "missing==1" in arguments else None

    monkeypatch.setattr(environments, "_install", install)
    monkeypatch.setattr(environments, "_VENV", ("-m", "venv", "--without-pip"))
    (tmp_path / "peers" / "toy.txt").write_text(text + "missing==1  # why\nthere==2\n")
    made = environments.environment("toy")
    assert made.missing == {"missing": "No matching distribution"}
    assert tried == ["missing==1", "missing==1", "there==2"]
    with Link(made, timeout=60) as link:
        assert link.ask("versions", packages=["numpy"]) == {"numpy": np.__version__}
    assert environments.environment("toy") == made
    assert len(tried) == 3
    (tmp_path / "peers" / "toy.txt").write_text(text + "there==2\n")
    assert environments.environment("toy").missing == {}


def test_a_group_must_say_its_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "PEERS", tmp_path)
    (tmp_path / "toy.txt").write_text("there==2\n")
    with pytest.raises(ValueError, match=r"peers/toy\.txt must begin"):
        environments.is_shared("toy")


# --- the command line ---


def test_the_command_line_lists_and_refuses():
    listed = CliRunner().invoke(app, ["--list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in CASES)
    wrong = CliRunner().invoke(app, ["no-such-case"])
    assert wrong.exit_code == 2
    assert "no-such-case" in wrong.output
    assert "make bench" in (Path(environments.ROOT) / "benchmarks" / "README.md").read_text("utf-8")


# --- every case: the course's own answer and the reference's ---

_IN_COURSE = [
    pytest.param(case, contestant, id=f"{case.name}-{contestant.name}")
    for case in CASES.values()
    for contestant in case.contestants
    if contestant.environment == "course"
    and not case.name.startswith(("grading", "import"))
    and not case.name.startswith("elastic")
]


@pytest.mark.parametrize(("case", "contestant"), _IN_COURSE)
def test_contestants_agree_on_tiny_inputs(case, contestant):
    """All but the floor. (Dask's percentiles differ only where it has several chunks.)"""
    inputs = case.inputs(True)

    def ask(given):
        return arrays(resolve(contestant.make)(**given)())

    agreement = case.agreement(ask, inputs, contestant is case.ours)
    assert agreement.agrees is contestant.rival, agreement.text


def test_the_course_deforms_as_far_as_the_definition_says():
    """The agreement that stands before every timing, at its real size, for us and for SciPy."""
    inputs = elastic.pictures(1)(False)
    for name, ours in (("ours", True), ("scipy", False)):
        make = resolve(f"benchmarks.contestants.elastic:{name}")
        agreement = elastic.displacement(lambda given, m=make: arrays(m(**given)()), inputs, ours)
        assert agreement.agrees, (name, agreement.text)


@pytest.mark.parametrize(
    ("sd", "sigma", "agrees"), [(1.0, 5, True), (0.8, 5, False), (1.2, 5, False), (1.0, 7, False)]
)
def test_another_strength_is_no_agreement(sd, sigma, agrees):
    """A field drawn here, of a share of the wanted displacement and with another smoothing."""

    def ask(given):
        rng = np.random.default_rng(0)
        answers = []
        side = given["images"].shape[-1]
        pixels = np.mgrid[:side, :side].astype(np.float32)
        for image in given["images"]:
            noise = rng.standard_normal((2, side, side), dtype=np.float32)
            u = sd * elastic.SD * 2 * np.sqrt(np.pi) * sigma
            u = u * np.stack([ndimage.gaussian_filter(n, sigma) for n in noise])
            answers.append(ndimage.map_coordinates(image, pixels + u, order=1, mode="nearest"))
        return [np.stack(answers)]

    inputs = {"images": np.zeros((1, 192, 192), np.float32)}
    agreement = elastic.displacement(ask, inputs, False)
    assert agreement.agrees is agrees, agreement.text


def test_correlation_length_of_a_known_field():
    x = np.arange(512)
    assert elastic.correlation_length(np.ones((1, 512, 512))) == float("inf")
    both = np.cos(2 * np.pi * x / 64)[:, None] * np.cos(2 * np.pi * x / 64)[None]
    expected = 64 / (2 * np.pi) * np.arccos(1 / np.e)
    assert elastic.correlation_length(both[None]) == pytest.approx(expected, rel=0.03)


def test_exact_percentiles_are_numpys():
    image = channels.scene(True)["image"]
    flat = image.reshape(len(image), -1)
    np.testing.assert_allclose(channels.percentiles(image), np.percentile(flat, (2, 98), axis=1))


def test_inputs_are_the_same_every_time():
    for case in CASES.values():
        first, second = case.inputs(True), case.inputs(True)
        assert first.keys() == second.keys()
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])


# --- grading ---


def test_the_classroom_has_twenty_of_which_ten_are_right():
    submissions = grading.classroom(False)["submissions"]
    points = grading.expected_points(submissions)
    assert points.shape == (20, 7)
    assert sorted(points.sum(axis=1)) == [6] * 10 + [7] * 10


def test_the_other_graders_tests_judge_as_deserved():
    """What nbgrader and otter run, run here: every submission, every part."""
    from benchmarks.contestants.grading import _SETUP, PARTS

    submissions = grading.classroom(False)["submissions"]
    points = np.ones((len(submissions), len(PARTS)))
    for row, source in zip(points, submissions, strict=True):
        space: dict = {}
        exec(str(source), space)
        exec(_SETUP, space)
        for i, test in enumerate(PARTS.values()):
            try:
                exec(test, space)
            except AssertionError:
                row[i] = 0
    np.testing.assert_array_equal(points, grading.expected_points(submissions))


def test_full_marks_need_marks():
    """A submission that no exercise knows has 0 of 0 points, which is not full marks."""
    for points, agrees in (([[7, 7], [3, 3]], True), ([[7, 7], [2, 3]], False), ([[0, 0]], False)):
        agreement = grading.full_marks(lambda given, p=points: (0.1, np.array(p)), {}, True)
        assert agreement.agrees is agrees, agreement.text


def test_costs_of_notebooks_add_up():
    costs = {
        "b": {"seconds": 3, "mebibytes": 1200},
        "a": {"seconds": 7, "mebibytes": 300},
    }
    rows = page.notebooks(costs).rows
    assert [row[0] for row in rows] == ["a", "b", "all 2"]
    assert rows[-1][1:] == ("10 s", "1,200 MiB at most")
