"""Cards that say what is missing, and records that notice a changed pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lessonlib import governance
from lessonlib.evaluation import medical_evaluation

USE = governance.IntendedUse("mark nodules", "radiologist", "adults", "film", "a score", ("CT",))
Y, S = [0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]


def record(**changes):
    fields = {"origin": "one film", "terms": "public domain", "consent": "not known"}
    return governance.DataRecord.of("training", np.zeros((4, 2)), np.arange(4), **fields | changes)


def full(**changes):
    fields = {
        "name": "finder",
        "version": "1",
        "intended_use": USE,
        "data": [record()],
        "performance": {"internal": medical_evaluation(Y, S)},
        "audit": governance.subgroup_audit(Y, S, list("abab")),
        "limitations": ["one patient"],
        "monitoring": "weekly",
    }
    return governance.ModelCard(**fields | changes)


def test_a_full_card_lacks_nothing_and_shows_its_numbers():
    card = full()
    assert card.missing == ()
    report = medical_evaluation(Y, S)
    for text in (str(card), card._repr_html_()):
        assert f"AUC {report.auc:.2f}" in text
        assert "mark nodules" in text
        assert "one patient" in text
        assert "nothing" in text


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"data": []}, "data"),
        ({"performance": {}}, "performance"),
        ({"audit": None}, "audit"),
        ({"limitations": []}, "limitations"),
        ({"monitoring": ""}, "monitoring"),
        ({"data": [record(consent="")]}, "data training: consent"),
        ({"intended_use": governance.IntendedUse("x", not_for=("y",))}, "intended_use: user"),
    ],
)
def test_what_is_missing_is_named(changes, missing):
    card = full(**changes)
    assert missing in card.missing
    assert missing in str(card)


def test_html_is_escaped():
    assert "<b>" not in full(monitoring="<b>bold</b>")._repr_html_()


@settings(deadline=None, max_examples=50)
@given(arrays(np.float32, (4, 3), elements=st.floats(-1e3, 1e3, width=32)), st.integers(0, 11))
def test_a_record_notices_one_changed_value(images, where):
    labels = np.arange(4)
    made = governance.DataRecord.of("training", images, labels)
    assert (made.n_cases, made.n_clusters) == (4, 4)
    assert made.matches(images.copy(), labels.tolist())
    assert made.matches(np.asfortranarray(images), labels)
    assert made.matches(images.astype(">f4"), labels)
    changed = images.copy()
    changed.flat[where] = np.nextafter(changed.flat[where], np.float32(np.inf))
    assert not made.matches(changed, labels)
    assert not made.matches(images.astype(float), labels)
    assert not made.matches(images, labels[::-1])
    assert not made.matches(images.reshape(4, 3, 1), labels)
    assert not made.matches(images)


def test_equal_bytes_of_another_type_are_other_data():
    made = governance.DataRecord.of("training", np.zeros((3, 2), np.float32))
    assert not made.matches(np.zeros((3, 2), np.int32))


def test_clusters_count_patients_and_belong_to_the_fingerprint():
    images, patients = np.zeros((6, 2)), list("aabbcc")
    made = governance.DataRecord.of("test", images, clusters=patients)
    assert made.n_clusters == 3
    assert made.matches(images, clusters=patients)
    assert not made.matches(images, clusters=list("aabbbc"))
    assert set(made.missing) == {"origin", "terms", "consent"}


BAD = [
    (lambda: governance.IntendedUse(""), "purpose"),
    (lambda: governance.IntendedUse("x", 5), "user"),
    (lambda: governance.IntendedUse("x", not_for="CT"), "not_for"),
    (lambda: governance.DataRecord.of("x"), "arrays"),
    (lambda: governance.DataRecord.of("x", np.zeros(3), np.zeros(4)), "arrays"),
    (lambda: governance.DataRecord.of("x", np.zeros(0)), "arrays"),
    (lambda: governance.DataRecord.of("x", 5), "arrays"),
    (lambda: governance.DataRecord.of("x", np.array([{}, {}])), "arrays"),
    (lambda: governance.DataRecord.of("", np.zeros(3)), "name"),
    (lambda: governance.DataRecord.of("x", np.zeros(3), origin=1), "origin"),
    (lambda: full(name=""), "name"),
    (lambda: full(version=1), "version"),
    (lambda: full(intended_use="mark nodules"), "intended_use"),
    (lambda: full(data=["training"]), "data"),
    (lambda: full(performance={"internal": 0.9}), "performance"),
    (lambda: full(audit="none"), "audit"),
    (lambda: full(limitations="one patient"), "limitations"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()
