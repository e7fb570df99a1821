/- What Lean puts in the place of a term that has an error. Only the process that elaborates a proof imports this. -/
prelude
import Prelude.Lists

universe u

@[extern "lean_sorry", never_extract] axiom sorryAx (α : Sort u) (synthetic : Bool) : α
