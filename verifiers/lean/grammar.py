"""Writes the prelude's grammar: which of the library's own parsers, macros and unexpanders the embedded Lean offers.

Lean's shared library holds the notation and the tactic language of core Lean as compiled values, but nothing tells it
so: that is written in `.olean` files, which the wheel lacks. So a generated module declares each of them (`opaque`, as
native code) and gives it its attribute. Made on the user's machine, from the wheel that is there.

`python -m verifiers.lean.grammar LIBRARY` prints the module.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from verifiers.lean.elf import defined_symbols
from verifiers.lean.native import Lean, tag

_TRAILING = 4

# Category, prefix, names; in the order in which they are declared.
_PARSERS = (
    ("prec", "", "precArg precLead precMax precMin precMin1 prec(_)"),
    ("prio", "", "prioDefault prioHigh prioLow prioMid prio(_)"),
    ("stx", "", "stx_* stx_+ stx_,* stx_,+ stx_? stx_<|>_"),
    ("attr", "Lean.Parser.Attr.", "simp"),
    (
        "term",
        "",
        """
        term_=_ term_≠_ term_∧_ term_∨_ term¬_ term_↔_ term_<->_ term_≤_ term_<_ term_≥_ term_>_ term_<=_ term_>=_
        term_+_ term_-_ term_*_ term_/_ term_%_ term_^_ term_∣_ term_∘_ term_×_ term_×__1 term_::_ term_++_ term[_]
        term%[_|_] term_∈_ term_∉_ term_==_ term_!=_ term_&&_ term_||_ term!_ term_<|_ term_$__ term_|>_ term‹_›
        term∃_,_ termExists_,_ term{_:_//_} termIfThenElse termDepIfThenElse boolIfThenElse term_≍_ term_⊕_
        """,
    ),
    (
        "tactic",
        "Lean.Parser.Tactic.",
        """
        exact apply refine refine' intro intros assumption constructor left right tacticExists_,,
        eqRefl tacticRfl tacticRfl' applyRfl symm tacticTrivial contradiction tacticExfalso falseOrByContra
        specialize revert clear rename renameI subst substVars substEqs generalize injection injections congr decide
        tacticInfer_instance tacticAnd_intros exposeNames classical cases induction split rcases obtain rintro
        tacticHave__ tacticHave' tacticLet__ tacticLet'__ tacticHaveI__ tacticLetI__ tacticSuffices_ show replace change
        tacticRefine_lift_ tacticRefine_lift'_ rewriteSeq rwSeq rwa rwaAt tacticErw___
        simp simpAll dsimp simpa simpTrace simpAllTrace dsimpTrace unfold delta
        first allGoals anyGoals focus case case' done skip fail failIfSuccess tactic_<;>_ tacticTry_ tacticRepeat_
        repeat' repeat1' tacticIterate____ tacticNext_=>_ withReducible tacIfThenElse tacDepIfThenElse tacticNofun
        tacticNomatch_,, rotateLeft rotateRight paren solveByElim applyAssumption withImplicit tacticSorry tacticAdmit
        tacticUnhygienic_
        """,
    ),
    ("tactic", "", "tacticBy_cases_:_ tacticFunext___"),
    ("rcasesPat", "Lean.Parser.Tactic.rcasesPat.", "one ignore clear explicit tuple paren"),
    ("rintroPat", "Lean.Parser.Tactic.rintroPat.", "one binder"),
    ("tactic", "Lean.", "cdot calcTactic solveTactic"),
    ("term", "Lean.", "calc"),
    ("tactic", "Lean.Parser.Tactic.Conv.", "conv"),
    (
        "conv",
        "Lean.Parser.Tactic.Conv.",
        """
        lhs rhs arg congr ext fun skip rewrite simp dsimp unfold change enter convRw__ convRfl convDone convLeft
        convRight convArgs convIntro___ convApply_ convTry_ convRepeat_ conv·_ conv_<;>_ nestedConv paren first
        convTactic nestedTactic nestedTacticCore
        """,
    ),
)
_NEW_CATEGORIES = ("rcasesPat", "rintroPat", "conv")

# Constants of the prelude whose applications are printed in notation.
_PRINTED = """
Eq Ne And Or Not Iff LE.le LT.lt GE.ge GT.gt HAdd.hAdd HSub.hSub HMul.hMul HDiv.hDiv HMod.hMod HPow.hPow
HAppend.hAppend List.cons Membership.mem Dvd.dvd Prod HEq Function.comp BEq.beq Bool.and Bool.or Bool.not
""".split()
_PRINTED_BY_HAND = {"Exists": "unexpandExists", "List.nil": "unexpandListNil"}

_RESERVED = frozenset(
    "let have show suffices open set_option exact at fun from match if then else by nomatch termination_by in where do "
    "rfl exists forall end prefix infix Type Sort Prop sorry calc".split()
)


def module(library: Path) -> str:
    """The text of the generated module, without its imports. ValueError when the library lacks a parser."""
    lean = Lean(library)
    macros, unexpanders = _generated(defined_symbols(library))
    lines = [f"declare_syntax_cat {category}" for category in _NEW_CATEGORIES]
    for category, prefix, names in _PARSERS:
        for name in names.split():
            lines += _parser(lean, category, [*filter(None, prefix.split(".")), name], macros)
    for constant in _PRINTED:
        for native in unexpanders.get(constant.replace(".", "_"), ()):
            lines += _attributed(native, "PrettyPrinter.Unexpander", f"app_unexpander {constant}")
    for constant, function in _PRINTED_BY_HAND.items():
        lines += _attributed(function, "PrettyPrinter.Unexpander", f"app_unexpander {constant}")
    return "\n".join(lines) + "\n"


def _parser(lean: Lean, category: str, name: Sequence[str], macros: Mapping[str, Sequence[str]]) -> Iterator[str]:
    try:
        value = lean.value(_mangled(name))
    except OSError:
        raise ValueError(f"Lean's library has no parser {'.'.join(name)}") from None
    written = ".".join(map(_quoted, name))
    kind = "TrailingParserDescr" if tag(value) == _TRAILING else "ParserDescr"
    yield from _attributed(written, kind, f"{category}_parser")
    # Two names may differ in a final underscore only.
    for key in ("_".join(name), "_".join(name) + "_"):
        for macro in macros.get(key, ()):
            yield from _attributed(macro, "Macro", f"macro {written}")


def _attributed(name: str, kind: str, attribute: str) -> Iterator[str]:
    yield f'@[extern "native"] opaque {name} : Lean.{kind}'
    yield f"attribute [{attribute}] {name}"


def _quoted(component: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_']*", component) and component not in _RESERVED
    return component if plain else f"«{component}»"


def _mangled(name: Sequence[str]) -> str:
    """The symbol of a constant, for names whose components Lean mangles one by one."""
    return "l_" + "_".join("".join(map(_mangled_character, component)) for component in name)


def _mangled_character(character: str) -> str:
    if character == "_":
        return "__"
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    return f"_x{code:02x}" if code < 0x100 else f"_u{code:04x}"


_GENERATED = re.compile(r"l_((?:[A-Za-z0-9]+_)*)(__aux__Init__[A-Za-z0-9_]*?__(?:macroRules|unexpand)__[A-Za-z0-9_]*)")
_ESCAPE = re.compile(r"__|_x([0-9a-f]{2})|_u([0-9a-f]{4})")
_RULE = re.compile(r"_aux_.*?___?(macroRules|unexpand)_(.*)_(\d+)")


def _generated(symbols: Sequence[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Compiled macro rules and unexpanders: what they are for, with `_` for `.`, and their names."""
    found: dict[str, dict[str, list[tuple[int, str]]]] = {
        "macroRules": defaultdict(list),
        "unexpand": defaultdict(list),
    }
    for symbol in symbols:
        match = _GENERATED.fullmatch(symbol)
        if match is None or "___boxed" in symbol or "___lam" in symbol or "closed" in symbol or "___redArg" in symbol:
            continue
        component = _ESCAPE.sub(lambda escape: chr(int(escape[1] or escape[2] or "5f", 16)), match[2])
        rule = _RULE.fullmatch(component)
        if rule:
            written = ".".join([*filter(None, match[1].split("_")), f"«{component}»"])
            found[rule[1]][rule[2]].append((int(rule[3]), written))
    macros, unexpanders = (
        {key: [name for _, name in sorted(rules)] for key, rules in found[what].items()}
        for what in ("macroRules", "unexpand")
    )
    return macros, unexpanders


if __name__ == "__main__":
    sys.stdout.write(module(Path(sys.argv[1])))
