"""The learner: packed rows, log-probs, ranks under ZeRO."""
