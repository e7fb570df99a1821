"""Read a system file."""

# ruff: noqa: SIM115

print("BREACH:", open("/etc/passwd").read()[:100])
