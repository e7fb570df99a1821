"""Which syntax a proof may consist of: the names of Lean's parsers, by group. What is not here is refused.

Left out on purpose, though it parses: `sorry`, `admit`, `stop`; `native_decide`, `bv_decide` (they trust compiled
code); `run_tac`, `by_elab`, `unsafe` and quotations (they run a program while the proof is read); `set_option` (it can
switch the kernel off); `include_str` (it reads files); `exact?`, `apply?` (what they find depends on what was asked
before); `sleep`, `dbg_trace`; commands, attributes and local notation.
"""

from __future__ import annotations


def _under(prefix: str, names: str) -> frozenset[str]:
    return frozenset(prefix + name for name in names.split())


_TOKENS = frozenset(
    "null group choice ident atom missing num str char scientific fieldIdx hygieneInfo token.«←» token.« fun»".split()
) | {"token.« at»", "token.« | »", "patternIgnore"}

_TERMS = _under(
    "Lean.Parser.Term.",
    """
    app arrow depArrow forall fun basicFun funBinder funImplicitBinder funStrictImplicitBinder matchAlts matchAlt
    explicitBinder implicitBinder strictImplicitBinder instBinder typeSpec typeAscription optType hole syntheticHole
    anonymousCtor paren tuple hygienicLParen unit proj pipeProj explicit explicitUniv namedArgument ellipsis dotIdent
    cdot by byTactic byTactic' prop type sort match matchDiscr generalizingParam motive trueVal falseVal
    have haveDecl haveId haveIdDecl havePatDecl haveEqnsDecl let letDecl letId letIdBinder letIdDecl letPatDecl
    letEqnsDecl letConfig letOpts haveI letI suffices sufficesDecl show showRhs fromTerm showFrom nomatch nofun
    structInst structInstFields structInstField structInstFieldDef structInstFieldAbbrev structInstFieldEqns
    structInstLVal structInstArrayRef optEllipsis structInstFieldBinder namedPattern inaccessible subst
    optSemicolon noindex inferInstanceAs typeOf binop% letrec letRecDecl letRecDecls let_delayed binderIdent
    showTermElabImpl
    """,
)

_LEVELS = _under("Lean.Parser.Level.", "paren max imax hole num ident addLit")

_NOTATION = (
    frozenset(
        """
        term_=_ term_≠_ term_∧_ term_∨_ term¬_ term_↔_ term_≤_ term_<_ term_≥_ term_>_ term_+_ term_-_ term_*_ term_/_
        term_%_ term_^_ term-_ term_∣_ term_∘_ term_×_ term_×__1 term_::_ term_++_ term[_] term_∈_ term_∉_ term_⊆_
        term_⊂_ term_∪_ term_∩_ term_\\\\_ term∅ term{} term{_} term_==_ term_!=_ term_&&_ term_||_ term_<|_ term_|>_
        term!_ term_$__ term∃_,_ term‹_› termIfThenElse termDepIfThenElse termIfLet boolIfThenElse term{_:_//_} term_≈_
        term_≍_ term_⊕_ term_•_ term_⁻¹ term_<=_ term_>=_ term__[_] term__[_]_! term__[_]_? termExists_,_ term_>>=_
        """.split()
    )
    | _under("Lean.", "explicitBinders unbracketedExplicitBinders bracketedExplicitBinders binderIdent binderPred")
    | _under("Lean.", "term∀__,_ term∃__,_ binderPred<_ binderPred>_ binderPred≤_ binderPred≥_ binderPred≠_")
    | _under("Lean.", "binderPred∈_ binderPred∉_ binderPred⊆_ calc calcFirstStep calcStep calcSteps modCast")
)

_TACTICS = (
    _under(
        "Lean.Parser.Tactic.",
        """
        tacticSeq tacticSeq1Indented tacticSeqBracketed paren nestedTactic unknown
        exact apply refine refine' intro intros introMatch assumption constructor left right exists
        tacticExists_,, eqRefl tacticRfl tacticRfl' applyRfl symm tacticTrivial contradiction tacticExfalso
        falseOrByContra specialize revert clear rename renameI rename_i subst substVars substEqs generalize
        generalizeArg injection injections congr acRfl tacticAc_nf_ acNf0 decide omega lia cutsat grind grobner
        infer_instance tacticInfer_instance tacticAnd_intros exposeNames classical
        cases induction inductionAlts inductionAlt inductionAltLHS elimTarget split casesTarget rcases obtain rintro
        rcasesPatLo rcasesPatMed rcasesPat.one rcasesPat.tuple rcasesPat.paren rcasesPat.ignore rcasesPat.clear
        rcasesPat.explicit rintroPat.one rintroPat.binder funInduction funCases match
        have let show tacticHave__ tacticHave' tacticLet__ tacticLet'__ tacticHaveI__ tacticLetI__ tacticSuffices_
        replace change tacticShow_ from letrec
        rewriteSeq rwSeq rwRule rwRuleSeq rwa rwaAt tacticErw___ location locationWildcard locationHyp locationType
        simp simpAll dsimp simpa simpArgs simpLemma simpErase simpStar simpPre simpPost simpaArgsRest dsimpArgs
        simpAutoUnfold simpArith simpArithBang simpTrace simpAllTrace dsimpTrace simpTraceArgsRest
        simpAllTraceArgsRest dsimpTraceArgsRest discharger unfold delta
        config optConfig configItem posConfigItem negConfigItem valConfigItem
        first allGoals anyGoals focus case case' caseArg done skip fail failIfSuccess tactic_<;>_ tacticTry_
        tacticRepeat_ repeat' repeat1' tacticIterate____ tacticNext_=>_ withReducible withReducibleAndInstances
        withUnfoldingAll tacIfThenElse tacDepIfThenElse tacticNofun tacticNomatch_,, rotateLeft rotateRight
        tacticStop_never as_aux_lemma solveByElim SolveByElim.args SolveByElim.arg SolveByElim.star SolveByElim.erase
        SolveByElim.using_ applyAssumption applyRules pushCast normCast0 tacticNorm_cast__ tacticExact_mod_cast_
        tacticApply_mod_cast_ tacticAssumption_mod_cast_ tacticRw_mod_cast___ withImplicit liftLets extractLets
        letToHave clearValue clearValueArg clearValueHyp clearValueStar open
        grindParam grindErase grindLemma grindLemmaMin
        """.replace("tacticStop_never", ""),
    )
    | _under("Lean.", "cdot cdotTk calcTactic solveTactic")
    | frozenset(
        {
            "tacticBy_cases_:_",
            "tacticBy_cases_",
            "tacticFunext___",
            "cdotTk",
            "tactic∎",
            "Lean.Parser.Command.openSimple",
        }
    )
    | _under("Lean.Parser.Command.", "openOnly openHiding openRenaming openRenamingItem openScoped")
)

_CONVERSIONS = _under(
    "Lean.Parser.Tactic.Conv.",
    """
    conv convSeq convSeq1Indented convSeqBracketed lhs rhs arg argArg enter enterArg enterPattern congr ext fun skip
    rewrite simp dsimp unfold delta change pattern occs occsIndexed occsWildcard convRw__ convErw__ convRfl convDone
    convLeft convRight convArgs convIntro___ convApply_ convTry_ convRepeat_ conv·_ conv_<;>_ nestedConv paren first
    focus case allGoals anyGoals whnf reduce zeta quot_never normCast nestedTactic nestedTacticCore convTactic
    """.replace("quot_never", ""),
)

# From memory of Mathlib's names: full mode with Mathlib has not been tried (docs/JUDGES.md).
_MATHLIB = _under(
    "Mathlib.Tactic.",
    """
    Ring.ring1 RingNF.ring RingNF.ringNF normNum normNum1 linarith nlinarith linarithArgsRest nlinarithArgsRest
    Positivity.positivity FieldSimp.fieldSimp tacticPush_neg_ PushNeg.pushNeg Push.push_neg useSyntax Use.use
    tacticUse!___,, rcases byContra Contrapose.contrapose Contrapose.contrapose! setTactic obtain rsuffices
    intervalCases GCongr.tacticGcongr__With_ Abel.abel NoncommRing.noncomm_ring LinearCombination.linearCombination
    linearCombination Tauto.tauto Constructor.fconstructor tacticNth_rewrite_____ tacticNth_rw_____ tacticSimp_rw___
    Choose.choose Refine.refine1 existsI applyFun Omega.omega Ext.ext
    """,
)

ALLOWED = _TOKENS | _TERMS | _LEVELS | _NOTATION | _TACTICS | _CONVERSIONS | _MATHLIB
