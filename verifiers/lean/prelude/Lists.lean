/- Lists, options, pairs and truth values, and their basic lemmas. -/
prelude
import Prelude.Arithmetic

-- Nothing here is ever run: no code is generated, and none of the library's takes its place by name.
noncomputable section

universe u v w

/-! ## Truth values, pairs, options -/

instance instBEqOfDecidableEq {α : Type u} [DecidableEq α] : BEq α := ⟨fun a b => decide (a = b)⟩

namespace Bool
theorem of_not_eq_true {b : Bool} (h : ¬b = true) : b = false := by
  cases b with
  | false => rfl
  | true => exact absurd rfl h
theorem of_not_eq_false {b : Bool} (h : ¬b = false) : b = true := by
  cases b with
  | false => exact absurd rfl h
  | true => rfl
@[simp] theorem not_not (b : Bool) : (!!b) = b := by cases b <;> rfl
@[simp] theorem and_true (b : Bool) : (b && true) = b := by cases b <;> rfl
@[simp] theorem true_and (b : Bool) : (true && b) = b := rfl
@[simp] theorem and_false (b : Bool) : (b && false) = false := by cases b <;> rfl
@[simp] theorem false_and (b : Bool) : (false && b) = false := rfl
@[simp] theorem and_self (b : Bool) : (b && b) = b := by cases b <;> rfl
@[simp] theorem or_true (b : Bool) : (b || true) = true := by cases b <;> rfl
@[simp] theorem true_or (b : Bool) : (true || b) = true := rfl
@[simp] theorem or_false (b : Bool) : (b || false) = b := by cases b <;> rfl
@[simp] theorem false_or (b : Bool) : (false || b) = b := rfl
@[simp] theorem or_self (b : Bool) : (b || b) = b := by cases b <;> rfl
theorem and_comm (a b : Bool) : (a && b) = (b && a) := by cases a <;> cases b <;> rfl
theorem or_comm (a b : Bool) : (a || b) = (b || a) := by cases a <;> cases b <;> rfl
@[simp] theorem not_and (a b : Bool) : (!(a && b)) = (!a || !b) := by cases a <;> rfl
@[simp] theorem not_or (a b : Bool) : (!(a || b)) = (!a && !b) := by cases a <;> rfl
@[simp] theorem false_ne_true : false ≠ true := fun h => Bool.noConfusion h
theorem true_ne_false : true ≠ false := fun h => Bool.noConfusion h
theorem eq_false_or_eq_true (b : Bool) : b = true ∨ b = false := by cases b <;> first | exact Or.inl rfl | exact Or.inr rfl
end Bool

def Prod.swap {α : Type u} {β : Type v} (p : α × β) : β × α := ⟨p.2, p.1⟩
@[simp] theorem Prod.swap_swap {α : Type u} {β : Type v} (p : α × β) : p.swap.swap = p := rfl
def Option.map {α : Type u} {β : Type v} (f : α → β) : Option α → Option β
  | .none => .none
  | .some a => .some (f a)
export Option (none some)

/-! ## Lists -/

namespace List
variable {α : Type u} {β : Type v} {γ : Type w}

def append : List α → List α → List α
  | nil, ys => ys
  | cons x xs, ys => cons x (append xs ys)
def length : List α → Nat
  | nil => 0
  | cons _ xs => length xs + 1
def map (f : α → β) : List α → List β
  | nil => nil
  | cons x xs => cons (f x) (map f xs)
def filter (p : α → Bool) : List α → List α
  | nil => nil
  | cons x xs => cond (p x) (cons x (filter p xs)) (filter p xs)
def foldr (f : α → β → β) (init : β) : List α → β
  | nil => init
  | cons x xs => f x (foldr f init xs)
def foldl (f : β → α → β) : (init : β) → List α → β
  | init, nil => init
  | init, cons x xs => foldl f (f init x) xs
def reverseAux : List α → List α → List α
  | nil, ys => ys
  | cons x xs, ys => reverseAux xs (cons x ys)
def reverse (xs : List α) : List α := reverseAux xs nil
def replicate : Nat → α → List α
  | 0, _ => nil
  | n + 1, a => cons a (replicate n a)
def take : Nat → List α → List α
  | 0, _ => nil
  | _ + 1, nil => nil
  | n + 1, cons x xs => cons x (take n xs)
def drop : Nat → List α → List α
  | 0, xs => xs
  | _ + 1, nil => nil
  | n + 1, cons _ xs => drop n xs
def head? : List α → Option α
  | nil => .none
  | cons x _ => .some x
def tail : List α → List α
  | nil => nil
  | cons _ xs => xs
def sum : List Nat → Nat
  | nil => 0
  | cons x xs => x + sum xs
def all (p : α → Bool) : List α → Bool
  | nil => true
  | cons x xs => p x && all p xs
def any (p : α → Bool) : List α → Bool
  | nil => false
  | cons x xs => p x || any p xs
def flatten : List (List α) → List α
  | nil => nil
  | cons xs xss => append xs (flatten xss)

inductive Mem (a : α) : List α → Prop where
  | head (xs : List α) : Mem a (cons a xs)
  | tail (b : α) {xs : List α} : Mem a xs → Mem a (cons b xs)
instance : Membership α (List α) := ⟨fun xs a => Mem a xs⟩
instance instAppend : Append (List α) := ⟨append⟩
instance : Inhabited (List α) := ⟨nil⟩

@[simp] theorem append_eq (xs ys : List α) : append xs ys = xs ++ ys := rfl
@[simp] theorem nil_append (xs : List α) : [] ++ xs = xs := rfl
@[simp] theorem cons_append (x : α) (xs ys : List α) : (x :: xs) ++ ys = x :: (xs ++ ys) := rfl
@[simp] theorem append_nil (xs : List α) : xs ++ [] = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (cons x) ih
@[simp] theorem append_assoc (xs ys zs : List α) : xs ++ ys ++ zs = xs ++ (ys ++ zs) := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (cons x) ih
theorem singleton_append (x : α) (xs : List α) : [x] ++ xs = x :: xs := rfl
@[simp] theorem cons_ne_nil (x : α) (xs : List α) : x :: xs ≠ [] := fun h => nomatch h

@[simp] theorem length_nil : length ([] : List α) = 0 := rfl
@[simp] theorem length_cons (x : α) (xs : List α) : length (x :: xs) = length xs + 1 := rfl
@[simp] theorem length_append (xs ys : List α) : length (xs ++ ys) = length xs + length ys := by
  induction xs with
  | nil => exact (Nat.zero_add _).symm
  | cons x xs ih => rw [cons_append, length_cons, ih, length_cons, Nat.add_right_comm]
theorem length_eq_zero {xs : List α} : length xs = 0 ↔ xs = [] := by
  cases xs with
  | nil => exact ⟨fun _ => rfl, fun _ => rfl⟩
  | cons x xs => exact ⟨fun h => (nomatch h), fun h => (nomatch h)⟩

@[simp] theorem map_nil (f : α → β) : map f [] = [] := rfl
@[simp] theorem map_cons (f : α → β) (x : α) (xs : List α) : map f (x :: xs) = f x :: map f xs := rfl
@[simp] theorem map_append (f : α → β) (xs ys : List α) : map f (xs ++ ys) = map f xs ++ map f ys := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (cons (f x)) ih
@[simp] theorem map_map (g : β → γ) (f : α → β) (xs : List α) : map g (map f xs) = map (g ∘ f) xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (cons (g (f x))) ih
@[simp] theorem map_id (xs : List α) : map id xs = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (cons x) ih
@[simp] theorem length_map (f : α → β) (xs : List α) : length (map f xs) = length xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg Nat.succ ih

@[simp] theorem reverse_nil : reverse ([] : List α) = [] := rfl
theorem reverseAux_eq (xs ys : List α) : reverseAux xs ys = reverse xs ++ ys := by
  have general : ∀ xs ys zs : List α, reverseAux xs (ys ++ zs) = reverseAux xs ys ++ zs := by
    intro xs
    induction xs with
    | nil => exact fun _ _ => rfl
    | cons x xs ih => exact fun ys zs => ih (x :: ys) zs
  exact general xs [] ys
@[simp] theorem reverse_cons (x : α) (xs : List α) : reverse (x :: xs) = reverse xs ++ [x] := reverseAux_eq xs [x]
@[simp] theorem reverse_append (xs ys : List α) : reverse (xs ++ ys) = reverse ys ++ reverse xs := by
  induction xs with
  | nil => exact (append_nil _).symm
  | cons x xs ih => rw [cons_append, reverse_cons, ih, reverse_cons, append_assoc]
@[simp] theorem reverse_reverse (xs : List α) : reverse (reverse xs) = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [reverse_cons, reverse_append, ih]; rfl
@[simp] theorem length_reverse (xs : List α) : length (reverse xs) = length xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [reverse_cons, length_append, ih]; rfl
theorem map_reverse (f : α → β) (xs : List α) : map f (reverse xs) = reverse (map f xs) := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [reverse_cons, map_append, ih]; exact (reverse_cons _ _).symm

@[simp] theorem replicate_zero (a : α) : replicate 0 a = [] := rfl
@[simp] theorem replicate_succ (n : Nat) (a : α) : replicate (n + 1) a = a :: replicate n a := rfl
@[simp] theorem length_replicate (n : Nat) (a : α) : length (replicate n a) = n := by
  induction n with
  | zero => rfl
  | succ n ih => exact congrArg Nat.succ ih
@[simp] theorem sum_nil : sum [] = 0 := rfl
@[simp] theorem sum_cons (x : Nat) (xs : List Nat) : sum (x :: xs) = x + sum xs := rfl
@[simp] theorem sum_append (xs ys : List Nat) : sum (xs ++ ys) = sum xs + sum ys := by
  induction xs with
  | nil => exact (Nat.zero_add _).symm
  | cons x xs ih => rw [cons_append, sum_cons, ih, sum_cons, Nat.add_assoc]
@[simp] theorem take_zero (xs : List α) : take 0 xs = [] := rfl
@[simp] theorem drop_zero (xs : List α) : drop 0 xs = xs := rfl
@[simp] theorem take_nil (n : Nat) : take n ([] : List α) = [] := by cases n <;> rfl
@[simp] theorem drop_nil (n : Nat) : drop n ([] : List α) = [] := by cases n <;> rfl
theorem take_append_drop (n : Nat) (xs : List α) : take n xs ++ drop n xs = xs := by
  induction n generalizing xs with
  | zero => rfl
  | succ n ih =>
    cases xs with
    | nil => rfl
    | cons x xs => exact congrArg (cons x) (ih xs)
@[simp] theorem foldr_nil (f : α → β → β) (b : β) : foldr f b [] = b := rfl
@[simp] theorem foldr_cons (f : α → β → β) (b : β) (x : α) (xs : List α) : foldr f b (x :: xs) = f x (foldr f b xs) := rfl
@[simp] theorem foldr_append (f : α → β → β) (b : β) (xs ys : List α) : foldr f b (xs ++ ys) = foldr f (foldr f b ys) xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => exact congrArg (f x) ih

@[simp] theorem not_mem_nil (a : α) : ¬a ∈ ([] : List α) := fun h => nomatch h
@[simp] theorem mem_cons {a b : α} {xs : List α} : a ∈ b :: xs ↔ a = b ∨ a ∈ xs := by
  constructor
  · intro h
    cases h with
    | head => exact Or.inl rfl
    | tail _ h => exact Or.inr h
  · intro h
    cases h with
    | inl h => exact h ▸ Mem.head xs
    | inr h => exact Mem.tail b h
theorem mem_cons_self {a : α} {xs : List α} : a ∈ a :: xs := Mem.head xs
theorem mem_cons_of_mem (b : α) {a : α} {xs : List α} (h : a ∈ xs) : a ∈ b :: xs := Mem.tail b h
@[simp] theorem mem_append {a : α} {xs ys : List α} : a ∈ xs ++ ys ↔ a ∈ xs ∨ a ∈ ys := by
  induction xs with
  | nil => simp
  | cons x xs ih => rw [cons_append, mem_cons, ih, mem_cons, or_assoc]
end List
