"""The gym judge: puzzles of reasoning-gym, scored by the library's own scorers."""
