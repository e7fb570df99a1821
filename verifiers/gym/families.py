"""The families of reasoning-gym that its own scorers judge, each with the form of its answers, and those that are not.

Measured on reasoning-gym 0.1.25 by tests/verifiers/gym, which go through all of its families: each of these gives its
own answer a full score after the entry was JSON, and none to an answer that says nothing.
"""

from __future__ import annotations

import json

from verifiers.gym import forms
from verifiers.gym.forms import Form, pattern
from verifiers.types import Json

# With more digits a number can be nearly right, and no double tells it from the right one.
_SHORT = r"[0-9]{1,12}(?:\.[0-9]{0,10})?"
_GRID = pattern(r"[0-9]{1,2}(?:[ \n]+[0-9]{1,2})*")

FORMS: dict[str, Form] = {
    "ab": forms.as_it_is,
    "acre": forms.as_it_is,
    "advanced_geometry": forms.geometry,
    "arc_1d": forms.as_it_is,
    "arc_agi": _GRID,
    "base_conversion": forms.as_it_is,
    "bf": forms.as_it_is,
    # Its scorer evaluates an answer that is not the expected one.
    "binary_matrix": forms.the_same,
    "bitwise_arithmetic": pattern(r"-?(?:0[xX][0-9a-fA-F]{1,200}|[0-9]{1,200})"),
    "caesar_cipher": forms.as_it_is,
    "calendar_arithmetic": forms.as_it_is,
    # Similar JSON would be compared at length.
    "codeio": forms.same_json,
    "coin_flip": forms.probability,
    "color_cube_rotation": forms.as_it_is,
    # The scorer gives NaN a full score.
    "complex_arithmetic": pattern(rf"\(?[-+]?(?:{_SHORT})?[ij]?(?: ?[-+] ?(?:{_SHORT})?[ij]?)?\)?"),
    "countdown": forms.arithmetic,
    "course_schedule": forms.as_it_is,
    "cryptarithm": forms.mapping,
    "emoji_mystery": forms.as_it_is,
    "family_relationships": forms.as_it_is,
    # Ten letters in their places were a full score, whatever follows.
    "figlet_font": forms.the_same_letters,
    "fraction_simplification": pattern(
        r"\$?\s*(?:\\d?frac\s*\{\s*\d{1,30}\s*\}\s*\{\s*\d{1,30}\s*\}|\d{1,30}\s*/\s*\d{1,30})\s*\$?"
    ),
    "futoshiki": forms.as_it_is,
    # A larger board would be right where the expected one is.
    "game_of_life": forms.same_json,
    # Any text is as true as "False".
    "game_of_life_halting": forms.the_same,
    # A vertex twice, or one that is none, would be passed over.
    "graph_color": forms.colouring,
    "group_anagrams": forms.json_list(list),
    "intermediate_integration": forms.antiderivative,
    "isomorphic_strings": forms.as_it_is,
    "jugs": forms.json_list(str),
    "kakurasu": pattern(r"[01]+(?:[ \n]+[01]+)*"),
    "knight_swap": forms.as_it_is,
    "knights_knaves": forms.roles,
    # The right words with others behind them were right.
    "letter_jumble": forms.the_same,
    "list_functions": forms.as_it_is,
    "mahjong_puzzle": forms.as_it_is,
    "manipulate_matrix": forms.as_it_is,
    "mini_sudoku": forms.as_it_is,
    "modulo_grid": forms.as_it_is,
    # Its scorer evaluates what is no solution.
    "n_queens": lambda answer, entry: answer if answer in entry["metadata"]["valid_answers"] else None,
    "needle_haystack": forms.as_it_is,
    "number_filtering": forms.as_it_is,
    "number_sorting": forms.sorted_numbers,
    "palindrome_generation": forms.as_it_is,
    # The same partition again would be passed over.
    "palindrome_partitioning": forms.json_list(list, once=True),
    "path_star": forms.as_it_is,
    # What is no number would be passed over, and where there is no root anything is right.
    "polynomial_equations": pattern(rf"[-+]?{_SHORT}(?:\s*,\s*[-+]?{_SHORT})*"),
    "polynomial_multiplication": forms.polynomial,
    "pool_matrix": forms.pooled,
    "power_function": pattern(r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?"),
    "prime_factorization": forms.factors,
    "puzzle24": forms.arithmetic,
    # Letters would be picked out of any text.
    "quantum_lock": pattern(r"[A-Ca-c](?:[\s,>\u2192-]*[A-Ca-c])*"),
    "ransom_note": forms.as_it_is,
    "rearc": _GRID,
    "rotate_matrix": forms.as_it_is,
    "rubiks_cube": pattern(r"[URFDLBurfdlbMESxyzw]{1,2}['2]?(?:\s+[URFDLBurfdlbMESxyzw]{1,2}['2]?){0,499}"),
    "sentence_reordering": forms.as_it_is,
    "shortest_path": forms.as_it_is,
    "simple_integration": forms.antiderivative,
    "sokoban": pattern(r"[UDLR]{1,2000}"),
    "spell_backward": forms.the_same,
    # Its scorer evaluates an answer that is not the expected one.
    "spiral_matrix": forms.the_same,
    "string_insertion": forms.the_same,
    "string_manipulation": forms.as_it_is,
    "string_splitting": forms.as_it_is,
    "string_synthesis": forms.as_it_is,
    "sudoku": forms.as_it_is,
    # What is no number would be passed over.
    "survo": pattern(r"-?[0-9]{1,9}(?:[ \n]+-?[0-9]{1,9})*"),
    "syllogism": forms.as_it_is,
    "time_intervals": forms.duration,
    "tower_of_hanoi": pattern(r"(?:Move disk \d{1,3} from Peg \d{1,3} to Peg \d{1,3}\s*){1,2000}"),
    "tsumego": forms.as_it_is,
    "word_ladder": forms.as_it_is,
    "word_sequence_reversal": forms.as_it_is,
    # The right words with others behind them were right.
    "word_sorting": forms.word_list,
    "zebra_puzzles": forms.as_it_is,
}

REFUSED = {
    "boxnet": "it brings no solution, by which its scorer could be proven",
    "composite": "it is a mixture of others: name them in data.mixture",
    "propositional_logic": "it brings no answer, and a premise that is repeated has a full score",
    "rush_hour": "it brings no solution, by which its scorer could be proven",
}


def own_answer(family: str, entry: Json) -> str | None:
    """The answer that the library gives to its own question; None where it gives none."""
    metadata = entry["metadata"]
    match family:
        case "graph_color":
            return json.dumps(metadata["possible_answer"])
        case "rubiks_cube":
            return str(metadata["example_correct_answer"])
    answer = entry["answer"]
    return answer if isinstance(answer, str) else None


def shown(family: str, answer: str, entry: Json) -> str | None:
    """The answer as the family's scorer may see it; None for one that cannot be right."""
    # Whatever an answer makes its form raise: it is that answer's doing, for the entry's own has the form.
    try:
        return FORMS[family](answer, entry)
    except Exception:
        return None


def restored(family: str, entry: Json) -> Json:
    """The entry with what JSON has made lists of and the scorer compares with tuples."""
    if family in ("arc_agi", "rearc"):
        board = tuple(tuple(row) for row in entry["metadata"]["output"])
        return {**entry, "metadata": {**entry["metadata"], "output": board}}
    return entry
