"""Which scope commands of a header hold at its end."""

import pytest

from verifiers.lean.scope import blanked, scope_commands


@pytest.mark.parametrize(
    ("text", "scope", "declares"),
    [
        ("", "", False),
        ("open Nat\nvariable (a b : Nat)\n", "open Nat\nvariable (a b : Nat)\n", False),
        ("def f : Nat := 1\n\n  open Nat", "open Nat\n", True),
        ("variable (a : Nat)\n  (b : Nat)\n\ndef f := 1", "variable (a : Nat)\n  (b : Nat)\n", True),
        ("/- An old try:\nvariable [inst : False]\n-/\n-- open Nat\nuniverse u", "universe u\n", False),
        ("/- a /- b -/\nopen A\n-/\nopen B", "open B\n", False),
        ('def s := "\nopen A\n"\nopen B', "open B\n", True),
        ("section\nvariable (a : Nat)\ntheorem x : a = a := rfl\nend\nopen B", "open B\n", True),
        ("namespace A\nopen C\nend A\nopen A", "open A\n", True),
        ("noncomputable section\nvariable (a : Nat)\nend", "", True),
        ("open A in\ntheorem x : True := trivial", "", True),
        ("def c := '\"'\nopen A", "open A\n", True),
    ],
)
def test_scope(text: str, scope: str, declares: bool) -> None:
    assert scope_commands(text) == (scope, declares)


@pytest.mark.parametrize("text", ["section", "namespace A\nend A\nend A", "mutual\ndef f := 1"])
def test_what_is_not_closed(text: str) -> None:
    with pytest.raises(ValueError, match="the header"):
        scope_commands(text)


def test_blanked_keeps_places() -> None:
    text = "a -- b\n/- c\n-/ d \"e\" 'f'"
    assert [len(line) for line in blanked(text).split("\n")] == [len(line) for line in text.split("\n")]
    assert blanked(text).split() == ["a", "d", '"', '"', "'", "'"]
