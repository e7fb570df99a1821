"""The policy: architectures and tokens."""
