/- Natural numbers: operations, order, divisibility, and their basic lemmas. -/
prelude
import Prelude.Logic

-- Nothing here is ever run: no code is generated, and none of the library's takes its place by name.
noncomputable section

universe u v

instance instAddNat : Add Nat := ⟨Nat.add⟩
instance instSubNat : Sub Nat := ⟨Nat.sub⟩
instance instMulNat : Mul Nat := ⟨Nat.mul⟩
instance instNatPowNat : NatPow Nat := ⟨Nat.pow⟩
instance instLENat : LE Nat := ⟨Nat.le⟩
@[reducible] def Nat.lt (n m : Nat) : Prop := Nat.le (n + 1) m
instance instLTNat : LT Nat := ⟨Nat.lt⟩
instance Nat.instDvdNat : Dvd Nat := ⟨fun a b => ∃ c, b = a * c⟩

@[elab_as_elim, induction_eliminator] protected def Nat.recAux {motive : Nat → Sort u} (zero : motive 0)
    (succ : ∀ n, motive n → motive (n + 1)) (t : Nat) : motive t :=
  Nat.rec zero succ t
@[elab_as_elim, cases_eliminator] protected abbrev Nat.casesAuxOn {motive : Nat → Sort u} (t : Nat) (zero : motive 0)
    (succ : (n : Nat) → motive (n + 1)) : motive t :=
  Nat.casesOn t zero succ

/-! ## Quotient and remainder. The kernel computes both on literals, with `x / 0 = 0` and `x % 0 = x` -/

/-- The quotient, if it is not larger than `fuel`. -/
def Nat.divAtMost (fuel x y : Nat) : Nat :=
  match fuel with
  | 0 => 0
  | fuel + 1 => cond (Nat.ble 1 y && Nat.ble y x) (Nat.divAtMost fuel (x - y) y + 1) 0
def Nat.modAtMost (fuel x y : Nat) : Nat :=
  match fuel with
  | 0 => x
  | fuel + 1 => cond (Nat.ble 1 y && Nat.ble y x) (Nat.modAtMost fuel (x - y) y) x
@[extern "lean_nat_div"] def Nat.div (x y : Nat) : Nat := Nat.divAtMost x x y
@[extern "lean_nat_mod"] def Nat.mod (x y : Nat) : Nat := Nat.modAtMost x x y
instance Nat.instDiv : Div Nat := ⟨Nat.div⟩
instance Nat.instMod : Mod Nat := ⟨Nat.mod⟩

namespace Nat

/-! ## Zero and successor -/

@[simp] theorem add_eq (a b : Nat) : Nat.add a b = a + b := rfl
@[simp] theorem mul_eq (a b : Nat) : Nat.mul a b = a * b := rfl
@[simp] theorem sub_eq (a b : Nat) : Nat.sub a b = a - b := rfl
@[simp] theorem pow_eq (a b : Nat) : Nat.pow a b = a ^ b := rfl
@[simp] theorem lt_eq (a b : Nat) : Nat.lt a b = (a < b) := rfl
@[simp] theorem le_eq (a b : Nat) : Nat.le a b = (a ≤ b) := rfl
theorem zero_eq : Nat.zero = 0 := rfl
theorem succ_eq_add_one (n : Nat) : Nat.succ n = n + 1 := rfl
theorem add_one (n : Nat) : n + 1 = Nat.succ n := rfl
theorem succ.inj {m n : Nat} (h : Nat.succ m = Nat.succ n) : m = n := Nat.noConfusion h id
theorem succ_inj {m n : Nat} : Nat.succ m = Nat.succ n ↔ m = n := ⟨succ.inj, congrArg _⟩
theorem succ_ne_zero (n : Nat) : Nat.succ n ≠ 0 := fun h => Nat.noConfusion h
@[simp] theorem add_one_ne_zero (n : Nat) : n + 1 ≠ 0 := fun h => Nat.noConfusion h
theorem zero_ne_add_one (n : Nat) : 0 ≠ n + 1 := fun h => Nat.noConfusion h
@[simp] theorem zero_ne_one : 0 ≠ (1 : Nat) := fun h => Nat.noConfusion h
theorem one_ne_zero : 1 ≠ (0 : Nat) := fun h => Nat.noConfusion h
theorem succ_ne_self (n : Nat) : Nat.succ n ≠ n := by
  intro h
  induction n with
  | zero => exact Nat.noConfusion h
  | succ n ih => exact ih (succ.inj h)
theorem pred_zero : Nat.pred 0 = 0 := rfl
@[simp] theorem pred_succ (n : Nat) : Nat.pred (Nat.succ n) = n := rfl

/-! ## Addition -/

@[simp] protected theorem add_zero (n : Nat) : n + 0 = n := rfl
theorem add_succ (n m : Nat) : n + Nat.succ m = Nat.succ (n + m) := rfl
@[simp] protected theorem zero_add (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ n ih => exact congrArg Nat.succ ih
theorem succ_add (n m : Nat) : Nat.succ n + m = Nat.succ (n + m) := by
  induction m with
  | zero => rfl
  | succ m ih => exact congrArg Nat.succ ih
theorem succ_add_eq_add_succ (a b : Nat) : Nat.succ a + b = a + Nat.succ b := succ_add a b
protected theorem add_comm (n m : Nat) : n + m = m + n := by
  induction m with
  | zero => exact (Nat.zero_add n).symm
  | succ m ih => exact (congrArg Nat.succ ih).trans (succ_add m n).symm
protected theorem add_assoc (a b c : Nat) : a + b + c = a + (b + c) := by
  induction c with
  | zero => rfl
  | succ c ih => exact congrArg Nat.succ ih
protected theorem add_left_comm (a b c : Nat) : a + (b + c) = b + (a + c) := by
  rw [← Nat.add_assoc, Nat.add_comm a b, Nat.add_assoc]
protected theorem add_right_comm (a b c : Nat) : a + b + c = a + c + b := by
  rw [Nat.add_assoc, Nat.add_comm b c, Nat.add_assoc]
protected theorem add_left_cancel {a b c : Nat} (h : a + b = a + c) : b = c := by
  induction a with
  | zero => rw [Nat.zero_add, Nat.zero_add] at h; exact h
  | succ a ih => exact ih (succ.inj ((succ_add a b).symm.trans (h.trans (succ_add a c))))
protected theorem add_right_cancel {a b c : Nat} (h : a + b = c + b) : a = c := by
  rw [Nat.add_comm a b, Nat.add_comm c b] at h
  exact Nat.add_left_cancel h
@[simp] protected theorem add_left_cancel_iff {a b c : Nat} : a + b = a + c ↔ b = c :=
  ⟨Nat.add_left_cancel, fun h => h ▸ rfl⟩
@[simp] protected theorem add_right_cancel_iff {a b c : Nat} : a + b = c + b ↔ a = c :=
  ⟨Nat.add_right_cancel, fun h => h ▸ rfl⟩
theorem eq_zero_of_add_eq_zero {a b : Nat} (h : a + b = 0) : a = 0 ∧ b = 0 := by
  cases b with
  | zero => exact ⟨h, rfl⟩
  | succ b => exact Nat.noConfusion h
theorem eq_zero_of_add_eq_zero_left {a b : Nat} (h : a + b = 0) : b = 0 := (eq_zero_of_add_eq_zero h).2
theorem eq_zero_of_add_eq_zero_right {a b : Nat} (h : a + b = 0) : a = 0 := (eq_zero_of_add_eq_zero h).1

/-! ## Multiplication -/

@[simp] protected theorem mul_zero (n : Nat) : n * 0 = 0 := rfl
theorem mul_succ (n m : Nat) : n * Nat.succ m = n * m + n := rfl
theorem mul_add_one (n m : Nat) : n * (m + 1) = n * m + n := rfl
@[simp] protected theorem zero_mul (n : Nat) : 0 * n = 0 := by
  induction n with
  | zero => rfl
  | succ n ih => exact ih
theorem succ_mul (n m : Nat) : Nat.succ n * m = n * m + m := by
  induction m with
  | zero => rfl
  | succ m ih =>
    rw [mul_add_one, ih, mul_add_one, Nat.add_assoc, Nat.add_assoc]
    exact congrArg (n * m + ·) (congrArg Nat.succ (Nat.add_comm m n))
theorem add_one_mul (n m : Nat) : (n + 1) * m = n * m + m := succ_mul n m
protected theorem mul_comm (n m : Nat) : n * m = m * n := by
  induction m with
  | zero => exact (Nat.zero_mul n).symm
  | succ m ih => rw [mul_add_one, add_one_mul, ih]
@[simp] protected theorem mul_one (n : Nat) : n * 1 = n := Nat.zero_add n
@[simp] protected theorem one_mul (n : Nat) : 1 * n = n := (Nat.mul_comm 1 n).trans (Nat.mul_one n)
protected theorem mul_add (a b c : Nat) : a * (b + c) = a * b + a * c := by
  induction c with
  | zero => rfl
  | succ c ih => rw [← Nat.add_assoc, mul_add_one, ih, mul_add_one, Nat.add_assoc]
protected theorem left_distrib (a b c : Nat) : a * (b + c) = a * b + a * c := Nat.mul_add a b c
protected theorem add_mul (a b c : Nat) : (a + b) * c = a * c + b * c := by
  rw [Nat.mul_comm, Nat.mul_add, Nat.mul_comm c a, Nat.mul_comm c b]
protected theorem right_distrib (a b c : Nat) : (a + b) * c = a * c + b * c := Nat.add_mul a b c
protected theorem mul_assoc (a b c : Nat) : a * b * c = a * (b * c) := by
  induction c with
  | zero => rfl
  | succ c ih => rw [mul_add_one, ih, mul_add_one, Nat.mul_add]
protected theorem mul_left_comm (a b c : Nat) : a * (b * c) = b * (a * c) := by
  rw [← Nat.mul_assoc, Nat.mul_comm a b, Nat.mul_assoc]
protected theorem mul_right_comm (a b c : Nat) : a * b * c = a * c * b := by
  rw [Nat.mul_assoc, Nat.mul_comm b c, Nat.mul_assoc]
protected theorem two_mul (n : Nat) : 2 * n = n + n := by
  rw [Nat.mul_comm]
  show 0 + n + n = n + n
  rw [Nat.zero_add]
protected theorem mul_two (n : Nat) : n * 2 = n + n := by rw [Nat.mul_comm, Nat.two_mul]
theorem mul_eq_zero {a b : Nat} : a * b = 0 ↔ a = 0 ∨ b = 0 := by
  constructor
  · intro h
    cases a with
    | zero => exact Or.inl rfl
    | succ a => cases b with
      | zero => exact Or.inr rfl
      | succ b => exact Nat.noConfusion h
  · intro h
    cases h with
    | inl h => rw [h, Nat.zero_mul]
    | inr h => rw [h, Nat.mul_zero]

/-! ## Powers -/

@[simp] protected theorem pow_zero (n : Nat) : n ^ 0 = 1 := rfl
theorem pow_succ {n m : Nat} : n ^ (m + 1) = n ^ m * n := rfl
@[simp] protected theorem pow_one (n : Nat) : n ^ 1 = n := Nat.one_mul n
protected theorem pow_two (n : Nat) : n ^ 2 = n * n := by rw [pow_succ, Nat.pow_one]
@[simp] protected theorem one_pow (n : Nat) : 1 ^ n = 1 := by
  induction n with
  | zero => rfl
  | succ n ih => rw [pow_succ, ih]
theorem pow_add (a m n : Nat) : a ^ (m + n) = a ^ m * a ^ n := by
  induction n with
  | zero => rw [Nat.add_zero, Nat.pow_zero, Nat.mul_one]
  | succ n ih => rw [← Nat.add_assoc, pow_succ, ih, pow_succ, Nat.mul_assoc]
theorem mul_pow (a b n : Nat) : (a * b) ^ n = a ^ n * b ^ n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [pow_succ, ih, pow_succ, pow_succ, Nat.mul_assoc, Nat.mul_left_comm (b ^ n) a b, Nat.mul_assoc]

/-! ## Order -/

@[simp, refl] protected theorem le_refl (n : Nat) : n ≤ n := Nat.le.refl
protected theorem le_rfl {n : Nat} : n ≤ n := Nat.le.refl
@[simp] theorem zero_le : (n : Nat) → 0 ≤ n
  | .zero => .refl
  | .succ n => .step (zero_le n)
theorem le_succ (n : Nat) : n ≤ Nat.succ n := .step .refl
theorem le_succ_of_le {n m : Nat} (h : n ≤ m) : n ≤ Nat.succ m := .step h
theorem le_add_one_of_le {n m : Nat} (h : n ≤ m) : n ≤ m + 1 := .step h
protected theorem le_trans {a b c : Nat} (h : a ≤ b) (k : b ≤ c) : a ≤ c := by
  induction k with
  | refl => exact h
  | step _ ih => exact .step ih
theorem succ_le_succ {n m : Nat} (h : n ≤ m) : Nat.succ n ≤ Nat.succ m := by
  induction h with
  | refl => exact .refl
  | step _ ih => exact .step ih
theorem pred_le_pred {n m : Nat} (h : n ≤ m) : Nat.pred n ≤ Nat.pred m := by
  induction h with
  | refl => exact .refl
  | @step m h ih =>
    cases m with
    | zero => exact ih
    | succ m => exact .step ih
theorem le_of_succ_le_succ {n m : Nat} (h : Nat.succ n ≤ Nat.succ m) : n ≤ m := pred_le_pred h
theorem le_of_lt_succ {n m : Nat} (h : n < Nat.succ m) : n ≤ m := le_of_succ_le_succ h
@[simp] theorem succ_le_succ_iff {n m : Nat} : Nat.succ n ≤ Nat.succ m ↔ n ≤ m := ⟨le_of_succ_le_succ, succ_le_succ⟩
theorem lt_succ_of_le {n m : Nat} (h : n ≤ m) : n < Nat.succ m := succ_le_succ h
theorem lt_succ_iff {n m : Nat} : n < Nat.succ m ↔ n ≤ m := ⟨le_of_lt_succ, lt_succ_of_le⟩
theorem lt_add_one_iff {n m : Nat} : n < m + 1 ↔ n ≤ m := lt_succ_iff
@[simp] theorem lt_add_one (n : Nat) : n < n + 1 := Nat.le_refl _
theorem lt_succ_self (n : Nat) : n < Nat.succ n := Nat.le_refl _
theorem succ_le_of_lt {n m : Nat} (h : n < m) : Nat.succ n ≤ m := h
theorem lt_of_succ_le {n m : Nat} (h : Nat.succ n ≤ m) : n < m := h
theorem not_succ_le_zero (n : Nat) : ¬Nat.succ n ≤ 0 := fun h =>
  Nat.le.rec (motive := fun m _ => m = 0 → False) (succ_ne_zero n) (fun _ _ => succ_ne_zero _) h rfl
@[simp] theorem not_lt_zero (n : Nat) : ¬n < 0 := not_succ_le_zero n
theorem not_succ_le_self (n : Nat) : ¬Nat.succ n ≤ n := by
  induction n with
  | zero => exact not_succ_le_zero 0
  | succ n ih => exact fun h => ih (le_of_succ_le_succ h)
@[simp] protected theorem lt_irrefl (n : Nat) : ¬n < n := not_succ_le_self n
protected theorem le_of_lt {n m : Nat} (h : n < m) : n ≤ m := Nat.le_trans (le_succ n) h
protected theorem lt_of_lt_of_le {a b c : Nat} (h : a < b) (k : b ≤ c) : a < c := Nat.le_trans h k
protected theorem lt_of_le_of_lt {a b c : Nat} (h : a ≤ b) (k : b < c) : a < c := Nat.le_trans (succ_le_succ h) k
protected theorem lt_trans {a b c : Nat} (h : a < b) (k : b < c) : a < c := Nat.lt_of_lt_of_le h (Nat.le_of_lt k)
protected theorem le_of_eq {n m : Nat} (h : n = m) : n ≤ m := h ▸ Nat.le_refl n
protected theorem ne_of_lt {n m : Nat} (h : n < m) : n ≠ m := fun e => Nat.lt_irrefl m (e ▸ h)
protected theorem ne_of_gt {n m : Nat} (h : m < n) : n ≠ m := fun e => Nat.lt_irrefl m (e ▸ h)
protected theorem le_antisymm {n m : Nat} (h : n ≤ m) (k : m ≤ n) : n = m := by
  cases h with
  | refl => rfl
  | step h => exact (not_succ_le_self _ (Nat.le_trans k h)).elim
theorem eq_or_lt_of_le {n m : Nat} (h : n ≤ m) : n = m ∨ n < m := by
  cases h with
  | refl => exact Or.inl rfl
  | step h => exact Or.inr (succ_le_succ h)
protected theorem lt_or_ge (n m : Nat) : n < m ∨ n ≥ m := by
  induction m with
  | zero => exact Or.inr (zero_le n)
  | succ m ih =>
    cases ih with
    | inl h => exact Or.inl (.step h)
    | inr h =>
      cases eq_or_lt_of_le h with
      | inl h => exact Or.inl (h ▸ Nat.le_refl _)
      | inr h => exact Or.inr h
protected theorem le_total (n m : Nat) : n ≤ m ∨ m ≤ n := (Nat.lt_or_ge n m).imp Nat.le_of_lt id
protected theorem lt_of_not_le {n m : Nat} (h : ¬n ≤ m) : m < n := (Nat.lt_or_ge m n).resolve_right h
protected theorem le_of_not_lt {n m : Nat} (h : ¬n < m) : m ≤ n := (Nat.lt_or_ge n m).resolve_left h
@[simp] protected theorem not_le {n m : Nat} : ¬n ≤ m ↔ m < n := ⟨Nat.lt_of_not_le, fun h k => Nat.lt_irrefl m (Nat.lt_of_lt_of_le h k)⟩
@[simp] protected theorem not_lt {n m : Nat} : ¬n < m ↔ m ≤ n := ⟨Nat.le_of_not_lt, fun h k => Nat.lt_irrefl n (Nat.lt_of_lt_of_le k h)⟩
protected theorem lt_trichotomy (a b : Nat) : a < b ∨ a = b ∨ b < a :=
  (Nat.lt_or_ge a b).elim .inl (fun h => .inr ((eq_or_lt_of_le h).elim (fun h => .inl h.symm) .inr))
theorem le_zero_eq (n : Nat) : (n ≤ 0) = (n = 0) :=
  propext ⟨fun h => Nat.le_antisymm h (zero_le n), Nat.le_of_eq⟩
@[simp] theorem le_zero {n : Nat} : n ≤ 0 ↔ n = 0 := ⟨fun h => Nat.le_antisymm h (zero_le n), Nat.le_of_eq⟩
theorem zero_lt_succ (n : Nat) : 0 < Nat.succ n := succ_le_succ (zero_le n)
@[simp] theorem zero_lt_one : 0 < (1 : Nat) := Nat.le_refl 1
theorem pos_of_ne_zero {n : Nat} (h : n ≠ 0) : 0 < n := by
  cases n with
  | zero => exact absurd rfl h
  | succ n => exact zero_lt_succ n
theorem le_add_right (n k : Nat) : n ≤ n + k := by
  induction k with
  | zero => exact Nat.le_refl n
  | succ k ih => exact .step ih
theorem le_add_left (n k : Nat) : n ≤ k + n := Nat.add_comm n k ▸ le_add_right n k
protected theorem add_le_add_left {n m : Nat} (h : n ≤ m) (k : Nat) : k + n ≤ k + m := by
  induction h with
  | refl => exact Nat.le_refl _
  | step _ ih => exact .step ih
protected theorem add_le_add_right {n m : Nat} (h : n ≤ m) (k : Nat) : n + k ≤ m + k := by
  rw [Nat.add_comm n k, Nat.add_comm m k]
  exact Nat.add_le_add_left h k
protected theorem add_le_add {a b c d : Nat} (h : a ≤ b) (k : c ≤ d) : a + c ≤ b + d :=
  Nat.le_trans (Nat.add_le_add_right h c) (Nat.add_le_add_left k b)
protected theorem add_lt_add_left {n m : Nat} (h : n < m) (k : Nat) : k + n < k + m := Nat.add_le_add_left h k
protected theorem add_lt_add_right {n m : Nat} (h : n < m) (k : Nat) : n + k < m + k := by
  rw [Nat.add_comm n k, Nat.add_comm m k]
  exact Nat.add_lt_add_left h k
protected theorem le_of_add_le_add_left {a b c : Nat} (h : a + b ≤ a + c) : b ≤ c := by
  induction a with
  | zero => rw [Nat.zero_add, Nat.zero_add] at h; exact h
  | succ a ih =>
    rw [succ_add_eq_add_succ, succ_add_eq_add_succ] at h
    exact ih (le_of_succ_le_succ h)
theorem exists_eq_add_of_le {m n : Nat} (h : m ≤ n) : ∃ k, n = m + k := by
  induction h with
  | refl => exact ⟨0, rfl⟩
  | step _ ih => exact ih.elim (fun k e => ⟨k + 1, congrArg Nat.succ e⟩)
protected theorem mul_le_mul_left {m n : Nat} (k : Nat) (h : m ≤ n) : k * m ≤ k * n := by
  induction h with
  | refl => exact Nat.le_refl _
  | step _ ih => exact Nat.le_trans ih (le_add_right _ k)
protected theorem mul_le_mul_right {m n : Nat} (k : Nat) (h : m ≤ n) : m * k ≤ n * k := by
  rw [Nat.mul_comm m k, Nat.mul_comm n k]
  exact Nat.mul_le_mul_left k h
protected theorem mul_le_mul {a b c d : Nat} (h : a ≤ b) (k : c ≤ d) : a * c ≤ b * d :=
  Nat.le_trans (Nat.mul_le_mul_right c h) (Nat.mul_le_mul_left b k)

/-! ## Subtraction -/

@[simp] protected theorem sub_zero (n : Nat) : n - 0 = n := rfl
theorem sub_succ (n m : Nat) : n - Nat.succ m = Nat.pred (n - m) := rfl
theorem succ_sub_succ (n m : Nat) : Nat.succ n - Nat.succ m = n - m := by
  induction m with
  | zero => rfl
  | succ m ih => exact congrArg Nat.pred ih
@[simp] protected theorem add_sub_add_right_one (n m : Nat) : (n + 1) - (m + 1) = n - m := succ_sub_succ n m
@[simp] protected theorem sub_self (n : Nat) : n - n = 0 := by
  induction n with
  | zero => rfl
  | succ n ih => exact (succ_sub_succ n n).trans ih
@[simp] protected theorem zero_sub (n : Nat) : 0 - n = 0 := by
  induction n with
  | zero => rfl
  | succ n ih => exact congrArg Nat.pred ih
@[simp] theorem add_sub_cancel (n m : Nat) : n + m - m = n := by
  induction m with
  | zero => rfl
  | succ m ih => exact (succ_sub_succ (n + m) m).trans ih
@[simp] theorem add_sub_cancel_left (n m : Nat) : n + m - n = m := by rw [Nat.add_comm, add_sub_cancel]
theorem sub_add_cancel {n m : Nat} (h : m ≤ n) : n - m + m = n := by
  refine (exists_eq_add_of_le h).elim fun k e => ?_
  rw [e, add_sub_cancel_left, Nat.add_comm]
theorem add_sub_of_le {a b : Nat} (h : a ≤ b) : a + (b - a) = b := by rw [Nat.add_comm, sub_add_cancel h]
theorem sub_le (n m : Nat) : n - m ≤ n := by
  induction m with
  | zero => exact Nat.le_refl n
  | succ m ih => exact Nat.le_trans (pred_le_pred (.step (Nat.le_refl (n - m)))) ih
theorem sub_eq_zero_of_le {n m : Nat} (h : n ≤ m) : n - m = 0 := by
  induction h with
  | refl => exact Nat.sub_self n
  | step _ ih => rw [sub_succ, ih]; rfl

/-! ## Divisibility, even and odd -/

protected theorem dvd_refl (a : Nat) : a ∣ a := ⟨1, (Nat.mul_one a).symm⟩
protected theorem dvd_zero (a : Nat) : a ∣ 0 := ⟨0, rfl⟩
protected theorem one_dvd (n : Nat) : 1 ∣ n := ⟨n, (Nat.one_mul n).symm⟩
protected theorem dvd_mul_right (a b : Nat) : a ∣ a * b := ⟨b, rfl⟩
protected theorem dvd_mul_left (a b : Nat) : a ∣ b * a := ⟨b, Nat.mul_comm b a⟩
protected theorem dvd_trans {a b c : Nat} (h : a ∣ b) (k : b ∣ c) : a ∣ c :=
  h.elim fun d hd => k.elim fun e he => ⟨d * e, by rw [he, hd, Nat.mul_assoc]⟩
protected theorem dvd_add {a b c : Nat} (h : a ∣ b) (k : a ∣ c) : a ∣ b + c :=
  h.elim fun d hd => k.elim fun e he => ⟨d + e, by rw [hd, he, Nat.mul_add]⟩

/-! ## Decisions -/

theorem le_of_ble_eq_true : {n m : Nat} → Nat.ble n m = true → n ≤ m
  | .zero, m, _ => zero_le m
  | .succ _, .succ _, h => succ_le_succ (le_of_ble_eq_true h)
theorem ble_eq_true_of_le {n m : Nat} (h : n ≤ m) : Nat.ble n m = true := by
  have self : ∀ n, Nat.ble n n = true := fun n => Nat.rec rfl (fun _ ih => ih) n
  have step : ∀ n m, Nat.ble n m = true → Nat.ble n (Nat.succ m) = true := by
    intro n
    induction n with
    | zero => exact fun _ _ => rfl
    | succ n ih =>
      intro m h
      cases m with
      | zero => exact Bool.noConfusion h
      | succ m => exact ih m h
  induction h with
  | refl => exact self n
  | step _ ih => exact step _ _ ih
@[extern "lean_nat_dec_le"] instance decLe (n m : Nat) : Decidable (n ≤ m) :=
  match h : Nat.ble n m with
  | true => isTrue (le_of_ble_eq_true h)
  | false => isFalse fun k => Bool.noConfusion ((ble_eq_true_of_le k).symm.trans h)
@[extern "lean_nat_dec_lt"] instance decLt (n m : Nat) : Decidable (n < m) := decLe (n + 1) m

theorem strongRecOn_aux {p : Nat → Prop} (h : ∀ n, (∀ m, m < n → p m) → p n) (n : Nat) : ∀ m, m < n → p m := by
  induction n with
  | zero => exact fun m k => absurd k (not_lt_zero m)
  | succ n ih => exact fun m k => (eq_or_lt_of_le (le_of_lt_succ k)).elim (fun e => e ▸ h _ (e ▸ ih)) (ih m)
theorem strongInduction {p : Nat → Prop} (h : ∀ n, (∀ m, m < n → p m) → p n) (n : Nat) : p n :=
  h n (strongRecOn_aux h n)

end Nat

instance : Trans (α := Nat) (β := Nat) (γ := Nat) LE.le LE.le LE.le := ⟨Nat.le_trans⟩
instance : Trans (α := Nat) (β := Nat) (γ := Nat) LT.lt LT.lt LT.lt := ⟨Nat.lt_trans⟩
instance : Trans (α := Nat) (β := Nat) (γ := Nat) LE.le LT.lt LT.lt := ⟨Nat.lt_of_le_of_lt⟩
instance : Trans (α := Nat) (β := Nat) (γ := Nat) LT.lt LE.le LT.lt := ⟨Nat.lt_of_lt_of_le⟩
instance : Trans (α := Nat) (β := Nat) (γ := Nat) Dvd.dvd Dvd.dvd Dvd.dvd := ⟨Nat.dvd_trans⟩
