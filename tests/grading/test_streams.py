"""Each part's own random inputs, and an answer that belongs to its question."""

import zlib

import numpy as np
import pytest

from lessonlib.grading import checks, protocol, remote
from lessonlib.grading.grade import generator


def test_a_parts_inputs_depend_on_the_seed_and_the_part_alone():
    parts = [part for exercise in checks.EXERCISES.values() for part in exercise.criteria]
    first = parts[0]
    assert generator(5, first).random() == generator(5, first).random()
    assert generator(5, first).random() != generator(6, first).random()
    for exercise in checks.EXERCISES.values():
        draws = [generator(5, part).random() for part in exercise.criteria]
        assert len(set(draws)) == len(draws), exercise.name
    # a report can be repeated by whoever knows this line
    expected = np.random.default_rng([5, zlib.crc32(first.id.encode())]).random()
    assert generator(5, first).random() == expected


class Channel:
    """Answers as a child would, but to the question that `number` picks of those it was asked."""

    def __init__(self, number):
        self.number, self.asked = number, []

    def ask(self, frame, watch):
        asked = protocol.decode(frame[: protocol.HEADER_SIZE], frame[protocol.HEADER_SIZE :])
        self.asked.append(asked["id"])
        answer = {"id": self.asked[self.number], "value": 1.0}
        reply = protocol.encode_reply(answer)
        return reply[: protocol.HEADER_SIZE], reply[protocol.HEADER_SIZE :]


@pytest.mark.parametrize(("number", "right"), [(-1, True), (0, False)])
def test_an_answer_to_another_question_is_no_answer(monkeypatch, number, right):
    made = object.__new__(remote.ConfinedRemote)
    made._child = type("Child", (), {"channel": Channel(number)})()
    made._limits, made._seconds = None, 10.0
    monkeypatch.setattr(made, "_end", lambda: None, raising=False)
    monkeypatch.setattr(made, "_lied", lambda: ValueError("forged"))
    watch = type("Watch", (), {"taken": 0.0, "look": lambda self: None})
    monkeypatch.setattr(remote, "_Watch", lambda *args: watch())
    assert made._ask(do="call")["value"] == 1.0  # the first question, answered as asked
    if right:
        assert made._ask(do="call")["value"] == 1.0
    else:
        with pytest.raises(ValueError, match="forged"):
            made._ask(do="call")
    assert len(set(made._child.channel.asked)) == 2
