"""The math judge: exact rational numbers first, math-verify for everything else."""
