"""Environments, one file each: how a trajectory comes about (`rlcore.rl.environment` says what is in such a file)."""
