"""Algorithms of RL, one file each: what `train.algorithm` names (`rlcore.rl.algorithm` says what is in such a file)."""
