/-
What Lean's elaborator and kernel expect to find by name before any notation exists: equality, propositions, natural
numbers, and the data types that parsers and macros exchange with native code.

Several constants have a fixed form that nothing here says:
* the kernel computes `Nat.add`, `Nat.sub`, `Nat.mul`, `Nat.pow`, `Nat.div`, `Nat.mod`, `Nat.beq` and `Nat.ble` on
  literals by name, whatever their definitions say. So the definitions must say the same;
* `cases` and `injection` use `noConfusion`, which is built from `HEq`, `eq_of_heq`, `PProd`, `PULift` and
  `noConfusion_of_Nat`;
* the code generator looks for the `lc...` constants. They are unsafe: the kernel takes them in no theorem.

`sorryAx` is missing on purpose (see `Sorry.lean`): a proof by `sorry` is unknown to a kernel that has only this.
-/
prelude

universe u v w

unsafe axiom lcErased : Type
unsafe axiom lcAny : Type
unsafe axiom lcVoid : Type

set_option bootstrap.inductiveCheckResultingUniverse false in
inductive PUnit : Sort u where
  | unit : PUnit

abbrev Unit : Type := PUnit
@[match_pattern] abbrev Unit.unit : Unit := PUnit.unit

unsafe axiom lcProof {α : Prop} : α
unsafe axiom lcCast {α : Sort u} {β : Sort v} (a : α) : β
unsafe axiom lcUnreachable {α : Sort u} : α

/-! ## Functions -/

@[inline] def id {α : Sort u} (a : α) : α := a
@[inline] def Function.comp {α : Sort u} {β : Sort v} {δ : Sort w} (f : β → δ) (g : α → β) : α → δ := fun x => f (g x)
@[inline] def Function.const {α : Sort u} (β : Sort v) (a : α) : β → α := fun _ => a
set_option checkBinderAnnotations false in
abbrev inferInstance {α : Sort u} [i : α] : α := i
@[reducible] def outParam (α : Sort u) : Sort u := α
@[reducible] def semiOutParam (α : Sort u) : Sort u := α
@[reducible] def optParam (α : Sort u) (_default : α) : Sort u := α

/-! ## Equality -/

inductive Eq {α : Sort u} : α → α → Prop where
  | refl (a : α) : Eq a a

abbrev Eq.ndrec.{u1, u2} {α : Sort u2} {a : α} {motive : α → Sort u1} (m : motive a) {b : α} (h : Eq a b) : motive b :=
  Eq.rec (motive := fun x _ => motive x) m h

inductive HEq : {α : Sort u} → α → {β : Sort u} → β → Prop where
  | refl (a : α) : HEq a a

@[match_pattern] def rfl {α : Sort u} {a : α} : Eq a a := Eq.refl a

theorem Eq.subst {α : Sort u} {motive : α → Prop} {a b : α} (h : Eq a b) (m : motive a) : motive b := Eq.ndrec m h
theorem Eq.symm {α : Sort u} {a b : α} (h : Eq a b) : Eq b a := Eq.ndrec (motive := fun x => Eq x a) rfl h
theorem Eq.trans {α : Sort u} {a b c : α} (h : Eq a b) (k : Eq b c) : Eq a c := Eq.ndrec h k

@[macro_inline] def cast {α β : Sort u} (h : Eq α β) (a : α) : β := Eq.rec (motive := fun α _ => α) a h
@[macro_inline] def Eq.mp {α β : Sort u} (h : Eq α β) (a : α) : β := cast h a
@[macro_inline] def Eq.mpr {α β : Sort u} (h : Eq α β) (b : β) : α := cast (Eq.symm h) b

theorem congrArg {α : Sort u} {β : Sort v} {a b : α} (f : α → β) (h : Eq a b) : Eq (f a) (f b) :=
  Eq.ndrec (motive := fun x => Eq (f a) (f x)) rfl h
theorem congrFun {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : Eq f g) (a : α) : Eq (f a) (g a) :=
  Eq.ndrec (motive := fun (k : (x : α) → β x) => Eq (f a) (k a)) rfl h
theorem congr {α : Sort u} {β : Sort v} {f g : α → β} {a b : α} (h : Eq f g) (k : Eq a b) : Eq (f a) (g b) :=
  Eq.trans (congrArg f k) (congrFun h b)

theorem eq_of_heq {α : Sort u} {a b : α} (h : HEq a b) : Eq a b :=
  have transported : {β : Sort u} → {b : β} → HEq a b → (e : Eq α β) → Eq (cast e a) b :=
    fun h => @HEq.rec α a (fun {β} b _ => (e : Eq α β) → Eq (cast e a) b) (fun _ => rfl) _ _ h
  transported h rfl
theorem heq_of_eq {α : Sort u} {a b : α} (h : Eq a b) : HEq a b := Eq.ndrec (motive := fun x => HEq a x) (HEq.refl a) h

-- Only in a module that imports nothing: others take it that it is done.
init_quot

/-! ## Propositions -/

inductive True : Prop where
  | intro : True
inductive False : Prop
inductive Empty : Type

def Not (a : Prop) : Prop := a → False
@[macro_inline] def False.elim {C : Sort u} (h : False) : C := False.rec (fun _ => C) h
@[macro_inline] def absurd {a : Prop} {b : Sort v} (h : a) (k : Not a) : b := False.elim (k h)

structure And (a b : Prop) : Prop where intro ::
  left : a
  right : b

inductive Or (a b : Prop) : Prop where
  | inl (h : a) : Or a b
  | inr (h : b) : Or a b

structure Iff (a b : Prop) : Prop where intro ::
  mp : a → b
  mpr : b → a

inductive Exists {α : Sort u} (p : α → Prop) : Prop where
  | intro (w : α) (h : p w) : Exists p

class inductive Nonempty (α : Sort u) : Prop where
  | intro (val : α) : Nonempty α

class Inhabited (α : Sort u) where
  default : α
export Inhabited (default)

axiom propext {a b : Prop} : Iff a b → Eq a b

/-! ## Pairs, truth values, decisions -/

structure Prod (α : Type u) (β : Type v) where
  fst : α
  snd : β
structure PProd (α : Sort u) (β : Sort v) where
  fst : α
  snd : β
structure PULift.{r, s} (α : Sort s) : Sort (max s 1 r) where up ::
  down : α
structure Subtype {α : Sort u} (p : α → Prop) where
  val : α
  property : p val

inductive Bool : Type where
  | false : Bool
  | true : Bool
export Bool (false true)

@[macro_inline] def cond {α : Sort u} (c : Bool) (x y : α) : α := match c with | true => x | false => y
@[macro_inline] def Bool.or (x y : Bool) : Bool := match x with | true => true | false => y
@[macro_inline] def Bool.and (x y : Bool) : Bool := match x with | true => y | false => false
@[inline] def Bool.not (x : Bool) : Bool := match x with | true => false | false => true
export Bool (or and not)

class inductive Decidable (p : Prop) where
  | isFalse (h : Not p) : Decidable p
  | isTrue (h : p) : Decidable p

@[inline_if_reduce, nospecialize] def Decidable.decide (p : Prop) [h : Decidable p] : Bool :=
  Decidable.casesOn (motive := fun _ => Bool) h (fun _ => false) (fun _ => true)
export Decidable (isTrue isFalse decide)

@[macro_inline] def dite {α : Sort u} (c : Prop) [h : Decidable c] (t : c → α) (e : Not c → α) : α :=
  match h with | isTrue h => t h | isFalse h => e h
@[macro_inline] def ite {α : Sort u} (c : Prop) [h : Decidable c] (t e : α) : α :=
  match h with | isTrue _ => t | isFalse _ => e

abbrev DecidableEq (α : Sort u) := (a b : α) → Decidable (Eq a b)

/-! ## Natural numbers -/

set_option genCtorIdx false in
set_option genSizeOf false in
inductive Nat where
  | zero : Nat
  | succ (n : Nat) : Nat

class OfNat (α : Type u) (_ : Nat) where
  ofNat : α
@[default_instance 100] instance instOfNatNat (n : Nat) : OfNat Nat n := ⟨n⟩
instance : Inhabited Nat := ⟨Nat.zero⟩

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_add"] def Nat.add : Nat → Nat → Nat
  | n, .zero => n
  | n, .succ m => .succ (Nat.add n m)
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_mul"] def Nat.mul : Nat → Nat → Nat
  | _, .zero => .zero
  | n, .succ m => Nat.add (Nat.mul n m) n
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_pred"] def Nat.pred : Nat → Nat
  | .zero => .zero
  | .succ n => n
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_sub"] def Nat.sub : Nat → Nat → Nat
  | n, .zero => n
  | n, .succ m => Nat.pred (Nat.sub n m)
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_pow"] def Nat.pow : Nat → Nat → Nat
  | _, .zero => .succ .zero
  | n, .succ m => Nat.mul (Nat.pow n m) n
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_dec_eq"] def Nat.beq : Nat → Nat → Bool
  | .zero, .zero => true
  | .zero, .succ _ => false
  | .succ _, .zero => false
  | .succ n, .succ m => Nat.beq n m
set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_dec_le"] def Nat.ble : Nat → Nat → Bool
  | .zero, .zero => true
  | .zero, .succ _ => true
  | .succ _, .zero => false
  | .succ n, .succ m => Nat.ble n m

inductive Nat.le (n : Nat) : Nat → Prop where
  | refl : Nat.le n n
  | step {m} : Nat.le n m → Nat.le n (Nat.succ m)

/-! ## What operators stand for -/

@[reducible] def Ne {α : Sort u} (a b : α) : Prop := Not (Eq a b)
class HAdd (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hAdd : α → β → γ
class Add (α : Type u) where
  add : α → α → α
@[default_instance] instance instHAdd [Add α] : HAdd α α α := ⟨Add.add⟩
class HSub (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hSub : α → β → γ
class Sub (α : Type u) where
  sub : α → α → α
@[default_instance] instance instHSub [Sub α] : HSub α α α := ⟨Sub.sub⟩
class HMul (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hMul : α → β → γ
class Mul (α : Type u) where
  mul : α → α → α
@[default_instance] instance instHMul [Mul α] : HMul α α α := ⟨Mul.mul⟩
class HDiv (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hDiv : α → β → γ
class Div (α : Type u) where
  div : α → α → α
@[default_instance] instance instHDiv [Div α] : HDiv α α α := ⟨Div.div⟩
class HMod (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hMod : α → β → γ
class Mod (α : Type u) where
  mod : α → α → α
@[default_instance] instance instHMod [Mod α] : HMod α α α := ⟨Mod.mod⟩
class HPow (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hPow : α → β → γ
class Pow (α : Type u) (β : Type v) where
  pow : α → β → α
@[default_instance 10000] instance instHPow [Pow α β] : HPow α β α := ⟨Pow.pow⟩
class NatPow (α : Type u) where
  pow : α → Nat → α
@[default_instance 10000] instance instPowNat [NatPow α] : Pow α Nat := ⟨NatPow.pow⟩
class HAppend (α : Type u) (β : Type v) (γ : outParam (Type w)) where
  hAppend : α → β → γ
class Append (α : Type u) where
  append : α → α → α
@[default_instance] instance instHAppendOfAppend [Append α] : HAppend α α α := ⟨Append.append⟩
class LE (α : Type u) where
  le : α → α → Prop
class LT (α : Type u) where
  lt : α → α → Prop
@[reducible] def GE.ge {α : Type u} [LE α] (a b : α) : Prop := LE.le b a
@[reducible] def GT.gt {α : Type u} [LT α] (a b : α) : Prop := LT.lt b a
class Dvd (α : Type u) where
  dvd : α → α → Prop
class BEq (α : Type u) where
  beq : α → α → Bool
@[inline] def bne {α : Type u} [BEq α] (a b : α) : Bool := not (BEq.beq a b)
class Membership (α : outParam (Type u)) (γ : Type v) where
  mem : γ → α → Prop
class Zero (α : Type u) where
  zero : α
class One (α : Type u) where
  one : α

attribute [match_pattern] Nat.add Add.add HAdd.hAdd

/-! ## What `noConfusion` is made of -/

theorem Nat.beq_self : (n : Nat) → Eq (Nat.beq n n) true :=
  fun n => Nat.rec (motive := fun n => Eq (Nat.beq n n) true) rfl (fun _ ih => ih) n
def Bool.ctorIdx : Bool → Nat := fun b => match b with | false => .zero | true => .succ .zero
theorem noConfusion_of_Nat {α : Sort u} (f : α → Nat) {a b : α} (h : Eq a b) :
    Bool.rec (motive := fun _ => Prop) False True (Nat.beq (f a) (f b)) :=
  Eq.ndrec (motive := fun x => Bool.rec (motive := fun _ => Prop) False True (Nat.beq (f a) (f x)))
    (@Eq.ndrec Bool true (fun c => Bool.rec (motive := fun _ => Prop) False True c)
      True.intro _ (Eq.symm (Nat.beq_self (f a)))) h

/-! ## Deciding equations and inequalities of numbers -/

theorem Nat.eq_of_beq_eq_true : {n m : Nat} → Eq (Nat.beq n m) true → Eq n m
  | .zero, .zero, _ => rfl
  | .succ _, .succ _, h => congrArg Nat.succ (Nat.eq_of_beq_eq_true h)
theorem Nat.ne_of_beq_eq_false : {n m : Nat} → Eq (Nat.beq n m) false → Not (Eq n m)
  | .zero, .zero, h => fun _ => Bool.noConfusion h
  | .zero, .succ _, _ => fun h => Nat.noConfusion h
  | .succ _, .zero, _ => fun h => Nat.noConfusion h
  | .succ n, .succ m, h => fun e => Nat.ne_of_beq_eq_false (n := n) (m := m) h (Nat.noConfusion e (fun x => x))
@[extern "lean_nat_dec_eq"] def Nat.decEq (n m : Nat) : Decidable (Eq n m) :=
  match h : Nat.beq n m with
  | true => isTrue (Nat.eq_of_beq_eq_true h)
  | false => isFalse (Nat.ne_of_beq_eq_false h)
instance instDecidableEqNat : DecidableEq Nat := Nat.decEq
def Nat.ctorIdx : Nat → Nat := fun n => match n with | .zero => .zero | .succ _ => .succ .zero

/-! ## Syntax, as parsers and macros pass it -/

inductive List (α : Type u) where
  | nil : List α
  | cons (head : α) (tail : List α) : List α
inductive Option (α : Type u) where
  | none : Option α
  | some (val : α) : Option α
structure Array (α : Type u) where mk ::
  toList : List α
structure String where
  rep : List Nat

namespace Lean
inductive Name where
  | anonymous : Name
  | str (pre : Name) (s : String)
  | num (pre : Name) (i : Nat)
instance : Inhabited Name := ⟨.anonymous⟩
@[extern "native"] opaque Name.mkStr1 (s1 : String) : Name
@[extern "native"] opaque Name.mkStr2 (s1 s2 : String) : Name
@[extern "native"] opaque Name.mkStr3 (s1 s2 s3 : String) : Name
@[extern "native"] opaque Name.mkStr4 (s1 s2 s3 s4 : String) : Name
abbrev SyntaxNodeKind := Name

inductive ParserDescr where
  | const (name : Name)
  | unary (name : Name) (p : ParserDescr)
  | binary (name : Name) (p₁ p₂ : ParserDescr)
  | node (kind : SyntaxNodeKind) (prec : Nat) (p : ParserDescr)
  | trailingNode (kind : SyntaxNodeKind) (prec lhsPrec : Nat) (p : ParserDescr)
  | symbol (val : String)
  | nonReservedSymbol (val : String) (includeIdent : Bool)
  | cat (catName : Name) (rbp : Nat)
  | parser (declName : Name)
  | nodeWithAntiquot (name : String) (kind : SyntaxNodeKind) (p : ParserDescr)
  | sepBy (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool := false)
  | sepBy1 (p : ParserDescr) (sep : String) (psep : ParserDescr) (allowTrailingSep : Bool := false)
  | unicodeSymbol (val asciiVal : String) (preserveForPP : Bool)
instance : Inhabited ParserDescr := ⟨.const .anonymous⟩
abbrev TrailingParserDescr := ParserDescr
structure Parser.Category where

inductive SourceInfo where
  | original (leading : Nat) (pos : Nat) (trailing : Nat) (endPos : Nat)
  | synthetic (pos endPos : Nat) (canonical : Bool)
  | none
inductive Syntax where
  | missing : Syntax
  | node (info : SourceInfo) (kind : SyntaxNodeKind) (args : Array Syntax) : Syntax
  | atom (info : SourceInfo) (val : String) : Syntax
  | ident (info : SourceInfo) (rawVal : String) (val : Name) (preresolved : List Name) : Syntax
instance : Inhabited Syntax := ⟨.missing⟩

/-- What native macros and unexpanders run in is never looked at from here, but the number of arguments must be right:
native code is called with as many. -/
structure Opaque where
  content : Nat
inductive Answer where
  | ok (result : Syntax) (state : Opaque)
  | error (message : Syntax) (state : Opaque)
abbrev Macro := Syntax → Opaque → Opaque → Answer
abbrev PrettyPrinter.Unexpander := Syntax → Opaque → Opaque → Answer
instance : Inhabited Opaque := ⟨⟨.zero⟩⟩
instance : Inhabited Answer := ⟨.ok default default⟩
instance : Inhabited Macro := ⟨fun _ _ state => .ok .missing state⟩
instance : Inhabited PrettyPrinter.Unexpander := ⟨fun _ _ state => .ok .missing state⟩
end Lean

@[reducible] def autoParam (α : Sort u) (_tactic : Lean.Syntax) : Sort u := α
