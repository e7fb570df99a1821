/- Propositional and first-order logic, equality, classical reasoning, functions, and the lemmas that `simp` starts from. -/
prelude
import Prelude.Grammar

-- Nothing here is ever run: no code is generated, and none of the library's takes its place by name.
noncomputable section

universe u v w

/-! ## Axioms: with `propext`, the three that a proof may rest on -/

axiom Quot.sound : ∀ {α : Sort u} {r : α → α → Prop} {a b : α}, r a b → Quot.mk r a = Quot.mk r b
axiom Classical.choice {α : Sort u} : Nonempty α → α

/-! ## Connectives -/

theorem trivial : True := True.intro
theorem mt {a b : Prop} (h : a → b) (k : ¬b) : ¬a := fun ha => k (h ha)
theorem not_not_intro {a : Prop} (h : a) : ¬¬a := fun k => k h
theorem And.symm {a b : Prop} (h : a ∧ b) : b ∧ a := ⟨h.2, h.1⟩
theorem And.imp {a b c d : Prop} (f : a → c) (g : b → d) (h : a ∧ b) : c ∧ d := ⟨f h.1, g h.2⟩
def And.elim {a b : Prop} {c : Sort u} (f : a → b → c) (h : a ∧ b) : c := f h.1 h.2
theorem Or.elim {a b c : Prop} (h : a ∨ b) (l : a → c) (r : b → c) : c := match h with | .inl h => l h | .inr h => r h
theorem Or.symm {a b : Prop} (h : a ∨ b) : b ∨ a := h.elim .inr .inl
theorem Or.imp {a b c d : Prop} (f : a → c) (g : b → d) (h : a ∨ b) : c ∨ d := h.elim (fun h => .inl (f h)) (fun h => .inr (g h))
theorem Or.resolve_left {a b : Prop} (h : a ∨ b) (k : ¬a) : b := h.elim (fun ha => absurd ha k) id
theorem Or.resolve_right {a b : Prop} (h : a ∨ b) (k : ¬b) : a := h.elim id (fun hb => absurd hb k)
theorem Iff.rfl {a : Prop} : a ↔ a := ⟨id, id⟩
@[refl] theorem Iff.refl (a : Prop) : a ↔ a := Iff.rfl
theorem Iff.symm {a b : Prop} (h : a ↔ b) : b ↔ a := ⟨h.2, h.1⟩
theorem Iff.trans {a b c : Prop} (h : a ↔ b) (k : b ↔ c) : a ↔ c := ⟨fun x => k.1 (h.1 x), fun x => h.2 (k.2 x)⟩
theorem Iff.of_eq {a b : Prop} (h : a = b) : a ↔ b := h ▸ Iff.rfl
theorem iff_of_eq {a b : Prop} (h : a = b) : a ↔ b := h ▸ Iff.rfl
theorem not_congr {a b : Prop} (h : a ↔ b) : ¬a ↔ ¬b := ⟨mt h.2, mt h.1⟩
theorem Exists.elim {α : Sort u} {p : α → Prop} {b : Prop} (h : ∃ x, p x) (k : ∀ a, p a → b) : b := match h with | ⟨a, ha⟩ => k a ha
theorem Exists.imp {α : Sort u} {p q : α → Prop} (f : ∀ a, p a → q a) (h : ∃ x, p x) : ∃ x, q x := match h with | ⟨a, ha⟩ => ⟨a, f a ha⟩
theorem HEq.rfl {α : Sort u} {a : α} : HEq a a := HEq.refl a
attribute [symm] Eq.symm Iff.symm

theorem Ne.symm {α : Sort u} {a b : α} (h : a ≠ b) : b ≠ a := fun k => h k.symm
theorem Ne.irrefl {α : Sort u} {a : α} (h : a ≠ a) : False := h rfl
theorem ne_of_apply_ne {α : Sort u} {β : Sort v} (f : α → β) {a b : α} (h : f a ≠ f b) : a ≠ b := fun k => h (congrArg f k)

/-! ## Function extensionality -/

noncomputable def Quot.pointwise {α : Sort u} {β : α → Sort v}
    (q : Quot (fun (f g : (x : α) → β x) => ∀ x, f x = g x)) (x : α) : β x :=
  Quot.lift (fun (f : (x : α) → β x) => f x) (fun _ _ h => h x) q
theorem funext {α : Sort u} {β : α → Sort v} {f g : (x : α) → β x} (h : ∀ x, f x = g x) : f = g :=
  @congrArg _ _ (Quot.mk _ f) (Quot.mk _ g) Quot.pointwise
    (@Quot.sound _ (fun (f g : (x : α) → β x) => ∀ x, f x = g x) f g h)

/-! ## From propositions to equations and back: what `simp` and `rw` use -/

theorem eq_self {α : Sort u} (a : α) : (a = a) = True := propext ⟨fun _ => trivial, fun _ => rfl⟩
theorem of_eq_true {p : Prop} (h : p = True) : p := Eq.mpr h trivial
theorem eq_true {p : Prop} (h : p) : p = True := propext ⟨fun _ => trivial, fun _ => h⟩
theorem eq_false {p : Prop} (h : ¬p) : p = False := propext ⟨h, False.elim⟩
theorem eq_false' {p : Prop} (h : p → False) : p = False := eq_false h
theorem of_eq_false {p : Prop} (h : p = False) : ¬p := fun hp => Eq.mp h hp
theorem not_of_eq_false {p : Prop} (h : p = False) : ¬p := of_eq_false h
theorem congrFun' {α : Sort u} {β : Sort v} {f g : α → β} (h : f = g) (a : α) : f a = g a := congrFun h a
theorem implies_congr {p₁ p₂ : Sort u} {q₁ q₂ : Sort v} (h : p₁ = p₂) (k : q₁ = q₂) : (p₁ → q₁) = (p₂ → q₂) := h ▸ k ▸ rfl
theorem implies_dep_congr_ctx {p₁ p₂ q₁ : Prop} (h : p₁ = p₂) {q₂ : p₂ → Prop} (k : ∀ h, q₁ = q₂ h) :
    (p₁ → q₁) = ((h : p₂) → q₂ h) := propext ⟨fun f hp => k hp ▸ f (h ▸ hp), fun f hp => (k (h ▸ hp)).symm ▸ f (h ▸ hp)⟩
theorem implies_congr_ctx {p₁ p₂ q₁ q₂ : Prop} (h : p₁ = p₂) (k : p₂ → q₁ = q₂) : (p₁ → q₁) = (p₂ → q₂) :=
  implies_dep_congr_ctx h k
theorem forall_congr {α : Sort u} {p q : α → Prop} (h : ∀ a, p a = q a) : (∀ a, p a) = (∀ a, q a) := (funext h : p = q) ▸ rfl
theorem forall_prop_domain_congr {p₁ p₂ : Prop} {q : p₁ → Prop} (h : p₁ = p₂) :
    (∀ a : p₁, q a) = (∀ a : p₂, q (h.symm ▸ a)) := by
  subst h; rfl
theorem forall_prop_congr_dom {p₁ p₂ : Prop} (h : p₁ = p₂) (q : p₁ → Prop) :
    (∀ a : p₁, q a) = (∀ a : p₂, q (h.symm ▸ a)) := by
  subst h; rfl
theorem let_congr {α : Sort u} {β : Sort v} {a a' : α} {b b' : α → β} (h : a = a') (k : ∀ x, b x = b' x) :
    (let x := a; b x) = (let x := a'; b' x) := h ▸ k a
theorem let_val_congr {α : Sort u} {β : Sort v} {a a' : α} (b : α → β) (h : a = a') :
    (let x := a; b x) = (let x := a'; b x) := congrArg b h
theorem let_body_congr {α : Sort u} {β : α → Sort v} {b b' : (x : α) → β x} (a : α) (h : ∀ x, b x = b' x) :
    (let x := a; b x) = (let x := a; b' x) := h a

@[simp] theorem implies_true (α : Sort u) : (α → True) = True := eq_true fun _ => trivial
@[simp] theorem true_implies (p : Prop) : (True → p) = p := propext ⟨fun h => h trivial, fun h _ => h⟩
@[simp] theorem false_implies (p : Prop) : (False → p) = True := eq_true False.elim
@[simp] theorem imp_self {p : Prop} : (p → p) ↔ True := ⟨fun _ => trivial, fun _ => id⟩
@[simp] theorem forall_const {α : Sort u} [h : Nonempty α] (p : Prop) : (α → p) ↔ p :=
  ⟨fun f => match h with | ⟨a⟩ => f a, fun h _ => h⟩
@[simp] theorem and_true (p : Prop) : (p ∧ True) = p := propext ⟨And.left, fun h => ⟨h, trivial⟩⟩
@[simp] theorem true_and (p : Prop) : (True ∧ p) = p := propext ⟨And.right, fun h => ⟨trivial, h⟩⟩
@[simp] theorem and_false (p : Prop) : (p ∧ False) = False := eq_false And.right
@[simp] theorem false_and (p : Prop) : (False ∧ p) = False := eq_false And.left
@[simp] theorem and_self (p : Prop) : (p ∧ p) = p := propext ⟨And.left, fun h => ⟨h, h⟩⟩
@[simp] theorem and_not_self {a : Prop} : ¬(a ∧ ¬a) := fun h => h.2 h.1
@[simp] theorem not_and_self {a : Prop} : ¬(¬a ∧ a) := fun h => h.1 h.2
@[simp] theorem or_true (p : Prop) : (p ∨ True) = True := eq_true (.inr trivial)
@[simp] theorem true_or (p : Prop) : (True ∨ p) = True := eq_true (.inl trivial)
@[simp] theorem or_false (p : Prop) : (p ∨ False) = p := propext ⟨fun h => h.elim id False.elim, .inl⟩
@[simp] theorem false_or (p : Prop) : (False ∨ p) = p := propext ⟨fun h => h.elim False.elim id, .inr⟩
@[simp] theorem or_self (p : Prop) : (p ∨ p) = p := propext ⟨fun h => h.elim id id, .inl⟩
@[simp] theorem iff_true (p : Prop) : (p ↔ True) = p := propext ⟨fun h => h.2 trivial, fun h => ⟨fun _ => trivial, fun _ => h⟩⟩
@[simp] theorem true_iff (p : Prop) : (True ↔ p) = p := propext ⟨fun h => h.1 trivial, fun h => ⟨fun _ => h, fun _ => trivial⟩⟩
@[simp] theorem iff_false (p : Prop) : (p ↔ False) = ¬p := propext ⟨fun h => h.1, fun h => ⟨h, False.elim⟩⟩
@[simp] theorem false_iff (p : Prop) : (False ↔ p) = ¬p := propext ⟨fun h => h.2, fun h => ⟨False.elim, h⟩⟩
@[simp] theorem iff_self (p : Prop) : (p ↔ p) = True := eq_true Iff.rfl
@[simp] theorem not_true_eq_false : (¬True) = False := eq_false fun h => h trivial
@[simp] theorem not_false_eq_true : (¬False) = True := eq_true id
theorem not_false : ¬False := id
@[simp] theorem ne_eq {α : Sort u} (a b : α) : (a ≠ b) = ¬(a = b) := rfl
@[simp] theorem exists_const {α : Sort u} [h : Nonempty α] (p : Prop) : (∃ _x : α, p) ↔ p :=
  ⟨fun h => match h with | ⟨_, h⟩ => h, fun k => match h with | ⟨a⟩ => ⟨a, k⟩⟩
@[simp] theorem exists_eq {α : Sort u} {a : α} : ∃ x, x = a := ⟨a, rfl⟩
@[simp] theorem exists_eq' {α : Sort u} {a : α} : ∃ x, a = x := ⟨a, rfl⟩
@[simp] theorem forall_eq {α : Sort u} {p : α → Prop} {a : α} : (∀ x, x = a → p x) ↔ p a :=
  ⟨fun h => h a rfl, fun h _ e => e ▸ h⟩
@[simp] theorem exists_eq_left {α : Sort u} {p : α → Prop} {a : α} : (∃ x, x = a ∧ p x) ↔ p a :=
  ⟨fun h => match h with | ⟨_, e, h⟩ => e ▸ h, fun h => ⟨a, rfl, h⟩⟩
attribute [simp] eq_self

/-! ## Algebra of the connectives -/

theorem and_comm {a b : Prop} : a ∧ b ↔ b ∧ a := ⟨And.symm, And.symm⟩
theorem and_assoc {a b c : Prop} : (a ∧ b) ∧ c ↔ a ∧ (b ∧ c) :=
  ⟨fun h => ⟨h.1.1, h.1.2, h.2⟩, fun h => ⟨⟨h.1, h.2.1⟩, h.2.2⟩⟩
theorem and_left_comm {a b c : Prop} : a ∧ (b ∧ c) ↔ b ∧ (a ∧ c) :=
  ⟨fun h => ⟨h.2.1, h.1, h.2.2⟩, fun h => ⟨h.2.1, h.1, h.2.2⟩⟩
theorem or_comm {a b : Prop} : a ∨ b ↔ b ∨ a := ⟨Or.symm, Or.symm⟩
theorem or_assoc {a b c : Prop} : (a ∨ b) ∨ c ↔ a ∨ (b ∨ c) :=
  ⟨fun h => h.elim (fun h => h.elim .inl (fun h => .inr (.inl h))) (fun h => .inr (.inr h)),
   fun h => h.elim (fun h => .inl (.inl h)) (fun h => h.elim (fun h => .inl (.inr h)) .inr)⟩
theorem iff_comm {a b : Prop} : (a ↔ b) ↔ (b ↔ a) := ⟨Iff.symm, Iff.symm⟩
theorem and_or_left {a b c : Prop} : a ∧ (b ∨ c) ↔ (a ∧ b) ∨ (a ∧ c) :=
  ⟨fun h => h.2.elim (fun hb => .inl ⟨h.1, hb⟩) (fun hc => .inr ⟨h.1, hc⟩),
   fun h => h.elim (fun h => ⟨h.1, .inl h.2⟩) (fun h => ⟨h.1, .inr h.2⟩)⟩
theorem or_and_left {a b c : Prop} : a ∨ (b ∧ c) ↔ (a ∨ b) ∧ (a ∨ c) :=
  ⟨fun h => h.elim (fun ha => ⟨.inl ha, .inl ha⟩) (fun h => ⟨.inr h.1, .inr h.2⟩),
   fun h => h.1.elim .inl (fun hb => h.2.elim .inl (fun hc => .inr ⟨hb, hc⟩))⟩
theorem and_imp {a b c : Prop} : (a ∧ b → c) ↔ (a → b → c) := ⟨fun h ha hb => h ⟨ha, hb⟩, fun h k => h k.1 k.2⟩
theorem or_imp {a b c : Prop} : (a ∨ b → c) ↔ (a → c) ∧ (b → c) :=
  ⟨fun h => ⟨fun ha => h (.inl ha), fun hb => h (.inr hb)⟩, fun h k => k.elim h.1 h.2⟩
@[simp] theorem not_or {a b : Prop} : ¬(a ∨ b) ↔ ¬a ∧ ¬b :=
  ⟨fun h => ⟨fun ha => h (.inl ha), fun hb => h (.inr hb)⟩, fun h k => k.elim h.1 h.2⟩
theorem not_and {a b : Prop} : ¬(a ∧ b) ↔ (a → ¬b) := and_imp
theorem not_and_of_not_or_not {a b : Prop} (h : ¬a ∨ ¬b) : ¬(a ∧ b) := fun k => h.elim (fun h => h k.1) (fun h => h k.2)
@[simp] theorem not_exists {α : Sort u} {p : α → Prop} : (¬∃ x, p x) ↔ ∀ x, ¬p x :=
  ⟨fun h x hx => h ⟨x, hx⟩, fun h k => match k with | ⟨x, hx⟩ => h x hx⟩
theorem exists_or {α : Sort u} {p q : α → Prop} : (∃ x, p x ∨ q x) ↔ (∃ x, p x) ∨ ∃ x, q x :=
  ⟨fun h => match h with | ⟨x, .inl h⟩ => .inl ⟨x, h⟩ | ⟨x, .inr h⟩ => .inr ⟨x, h⟩,
   fun h => match h with | .inl ⟨x, h⟩ => ⟨x, .inl h⟩ | .inr ⟨x, h⟩ => ⟨x, .inr h⟩⟩
theorem forall_and {α : Sort u} {p q : α → Prop} : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ ∀ x, q x :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun h x => ⟨h.1 x, h.2 x⟩⟩

/-! ## Decisions -/

theorem decide_eq_true {p : Prop} [h : Decidable p] : p → decide p = true :=
  match h with | isTrue _ => fun _ => rfl | isFalse h => fun k => absurd k h
theorem decide_eq_false {p : Prop} [h : Decidable p] : ¬p → decide p = false :=
  match h with | isTrue h => fun k => absurd h k | isFalse _ => fun _ => rfl
theorem of_decide_eq_true {p : Prop} [h : Decidable p] : decide p = true → p :=
  match h with | isTrue h => fun _ => h | isFalse _ => fun k => Bool.noConfusion k
theorem of_decide_eq_false {p : Prop} [h : Decidable p] : decide p = false → ¬p :=
  match h with | isTrue _ => fun k => Bool.noConfusion k | isFalse h => fun _ => h
@[simp] theorem decide_eq_true_eq {p : Prop} [Decidable p] : (decide p = true) = p :=
  propext ⟨of_decide_eq_true, decide_eq_true⟩
@[simp] theorem decide_eq_false_iff_not {p : Prop} [Decidable p] : (decide p = false) ↔ ¬p :=
  ⟨of_decide_eq_false, decide_eq_false⟩

instance instDecidableTrue : Decidable True := isTrue trivial
instance instDecidableFalse : Decidable False := isFalse id
instance instDecidableAnd {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p ∧ q) :=
  match dp, dq with
  | isTrue a, isTrue b => isTrue ⟨a, b⟩
  | isFalse a, _ => isFalse fun h => a h.1
  | _, isFalse b => isFalse fun h => b h.2
instance instDecidableOr {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p ∨ q) :=
  match dp, dq with
  | isTrue a, _ => isTrue (.inl a)
  | _, isTrue b => isTrue (.inr b)
  | isFalse a, isFalse b => isFalse fun h => h.elim a b
instance instDecidableNot {p : Prop} [dp : Decidable p] : Decidable (¬p) :=
  match dp with | isTrue a => isFalse fun h => h a | isFalse a => isTrue a
instance instDecidableForall {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p → q) :=
  match dp, dq with
  | _, isTrue b => isTrue fun _ => b
  | isFalse a, _ => isTrue fun h => absurd h a
  | isTrue a, isFalse b => isFalse fun h => b (h a)
instance instDecidableIff {p q : Prop} [dp : Decidable p] [dq : Decidable q] : Decidable (p ↔ q) :=
  match dp, dq with
  | isTrue a, isTrue b => isTrue ⟨fun _ => b, fun _ => a⟩
  | isFalse a, isFalse b => isTrue ⟨fun h => absurd h a, fun h => absurd h b⟩
  | isTrue a, isFalse b => isFalse fun h => b (h.1 a)
  | isFalse a, isTrue b => isFalse fun h => a (h.2 b)
instance instDecidableEqBool : DecidableEq Bool
  | true, true => isTrue rfl
  | false, false => isTrue rfl
  | true, false => isFalse fun h => Bool.noConfusion h
  | false, true => isFalse fun h => Bool.noConfusion h
instance instDecidableNe {α : Sort u} [DecidableEq α] (a b : α) : Decidable (a ≠ b) := instDecidableNot

theorem Decidable.em (p : Prop) [h : Decidable p] : p ∨ ¬p := match h with | isTrue h => .inl h | isFalse h => .inr h
theorem Decidable.byContradiction {p : Prop} [h : Decidable p] (k : ¬p → False) : p :=
  match h with | isTrue h => h | isFalse h => (k h).elim
theorem Decidable.byCases {p q : Prop} [h : Decidable p] (t : p → q) (e : ¬p → q) : q :=
  match h with | isTrue h => t h | isFalse h => e h
@[simp] theorem Decidable.not_not {p : Prop} [Decidable p] : ¬¬p ↔ p := ⟨Decidable.byContradiction, not_not_intro⟩

@[simp] theorem if_pos {c : Prop} {h : Decidable c} (hc : c) {α : Sort u} {t e : α} : (ite c t e) = t :=
  match h with | isTrue _ => rfl | isFalse k => absurd hc k
@[simp] theorem if_neg {c : Prop} {h : Decidable c} (hc : ¬c) {α : Sort u} {t e : α} : (ite c t e) = e :=
  match h with | isTrue k => absurd k hc | isFalse _ => rfl
theorem dif_pos {c : Prop} {h : Decidable c} (hc : c) {α : Sort u} {t : c → α} {e : ¬c → α} : (dite c t e) = t hc :=
  match h with | isTrue _ => rfl | isFalse k => absurd hc k
theorem dif_neg {c : Prop} {h : Decidable c} (hc : ¬c) {α : Sort u} {t : c → α} {e : ¬c → α} : (dite c t e) = e hc :=
  match h with | isTrue k => absurd k hc | isFalse _ => rfl
theorem ite_eq_left_of_eq_true {α : Sort u} {c : Prop} {_ : Decidable c} (t e : α) (h : c = True) : ite c t e = t :=
  if_pos (of_eq_true h)
theorem ite_eq_right_of_eq_false {α : Sort u} {c : Prop} {_ : Decidable c} (t e : α) (h : c = False) : ite c t e = e :=
  if_neg (of_eq_false h)
@[simp] theorem ite_true {α : Sort u} (a b : α) : (if True then a else b) = a := rfl
@[simp] theorem ite_false {α : Sort u} (a b : α) : (if False then a else b) = b := rfl
@[simp] theorem ite_self {α : Sort u} {c : Prop} {d : Decidable c} (a : α) : ite c a a = a :=
  match d with | isTrue _ => rfl | isFalse _ => rfl
@[congr] theorem ite_congr {α : Sort u} {b c : Prop} {x y u v : α} {s : Decidable b} [Decidable c]
    (h : b = c) (t : c → x = u) (e : ¬c → y = v) : ite b x y = ite c u v := by
  cases Decidable.em c with
  | inl hc => rw [if_pos hc]; subst h; rw [if_pos hc]; exact t hc
  | inr hc => rw [if_neg hc]; subst h; rw [if_neg hc]; exact e hc

/-! ## Classical reasoning -/

namespace Classical

theorem choose_spec_of {α : Sort u} {p : α → Prop} (h : ∃ x, p x) : Nonempty (Subtype p) :=
  match h with | ⟨a, ha⟩ => ⟨⟨a, ha⟩⟩

/-- Excluded middle, by Diaconescu's argument. -/
theorem em (p : Prop) : p ∨ ¬p := by
  let U (x : Prop) : Prop := x = True ∨ p
  let V (x : Prop) : Prop := x = False ∨ p
  let u : Subtype U := choice ⟨⟨True, Or.inl rfl⟩⟩
  let v : Subtype V := choice ⟨⟨False, Or.inl rfl⟩⟩
  have distinct : u.val ≠ v.val ∨ p := by
    cases u.property with
    | inr h => exact Or.inr h
    | inl hu => cases v.property with
      | inr h => exact Or.inr h
      | inl hv => exact Or.inl (fun e => absurd trivial (of_eq_false ((hu.symm.trans e).trans hv)))
  cases distinct with
  | inr h => exact Or.inl h
  | inl h =>
    refine Or.inr (fun hp => h ?_)
    have same : U = V := funext fun x => propext ⟨fun _ => Or.inr hp, fun _ => Or.inr hp⟩
    have pick : ∀ (Q : Prop → Prop) (h : Nonempty (Subtype Q)), U = Q → ∀ k : Nonempty (Subtype U),
        (choice k).val = (choice h).val := by
      intro Q h e k
      subst e
      rfl
    exact pick V _ same _

noncomputable def propDecidable (p : Prop) : Decidable p :=
  choice ((em p).elim (fun h => ⟨isTrue h⟩) (fun h => ⟨isFalse h⟩))
scoped instance (priority := low) (p : Prop) : Decidable p := propDecidable p

theorem byContradiction {p : Prop} (h : ¬p → False) : p := (em p).elim id (fun k => (h k).elim)
theorem byCases {p q : Prop} (t : p → q) (e : ¬p → q) : q := (em p).elim t e
theorem not_not {p : Prop} : ¬¬p ↔ p := ⟨byContradiction, not_not_intro⟩
theorem not_and_iff_or_not {p q : Prop} : ¬(p ∧ q) ↔ ¬p ∨ ¬q :=
  ⟨fun h => (em p).elim (fun hp => .inr fun hq => h ⟨hp, hq⟩) .inl, not_and_of_not_or_not⟩
theorem not_imp {p q : Prop} : ¬(p → q) ↔ p ∧ ¬q :=
  ⟨fun h => ⟨byContradiction fun hp => h fun k => absurd k hp, fun hq => h fun _ => hq⟩, fun h k => h.2 (k h.1)⟩
theorem not_forall {α : Sort u} {p : α → Prop} : (¬∀ x, p x) ↔ ∃ x, ¬p x :=
  ⟨fun h => byContradiction fun k => h fun x => byContradiction fun hx => k ⟨x, hx⟩,
   fun h k => match h with | ⟨x, hx⟩ => hx (k x)⟩
noncomputable def choose {α : Sort u} {p : α → Prop} (h : ∃ x, p x) : α := (choice (choose_spec_of h)).val
theorem choose_spec {α : Sort u} {p : α → Prop} (h : ∃ x, p x) : p (choose h) := (choice (choose_spec_of h)).property

end Classical

@[simp] theorem Classical.not_not_simp {p : Prop} : ¬¬p ↔ p := Classical.not_not
theorem imp_iff_not_or {a b : Prop} : (a → b) ↔ ¬a ∨ b :=
  ⟨fun h => (Classical.em a).elim (fun ha => .inr (h ha)) .inl, fun h ha => h.elim (absurd ha) id⟩
theorem not_imp_not {a b : Prop} : (¬a → ¬b) ↔ (b → a) :=
  ⟨fun h hb => Classical.byContradiction fun ha => h ha hb, fun h => mt h⟩

/-! ## Chains of relations: `calc` -/

class Trans.{u', v', w', a, b, c} {α : Sort a} {β : Sort b} {γ : Sort c} (r : α → β → Sort u') (s : β → γ → Sort v')
    (t : outParam (α → γ → Sort w')) where
  trans : {x : α} → {y : β} → {z : γ} → r x y → s y z → t x z
export Trans (trans)
instance instTransEq {α : Sort u} {γ : Sort v} (r : α → γ → Sort w) : Trans Eq r r := ⟨fun h k => h ▸ k⟩
instance instTransEq_1 {α : Sort u} {β : Sort v} (r : α → β → Sort w) : Trans r Eq r := ⟨fun h k => k ▸ h⟩
instance instTransIff : Trans Iff Iff Iff := ⟨Iff.trans⟩
