"""Confinement of everything that a policy wrote: programs, SymPy's input, Lean text.

Two lanes: `launcher.ForkServer` (Python programs, milliseconds) and `slow_lane.run_command` (any command, in one of
two forms). `policy.Confinement` is what the fork server puts around each program, and
what long-lived judge workers put around themselves. A shared kernel is a shared kernel: against a kernel exploit put
the whole service into a virtual machine.
"""
