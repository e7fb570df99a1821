"""The reward service as a function of other trainers. Each module imports neither its trainer nor torch."""
