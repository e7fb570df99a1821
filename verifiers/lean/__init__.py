"""The Lean judge: a proof is right when Lean's kernel accepts it for the statement that was asked."""
