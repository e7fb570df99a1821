"""Families, one file each; `rlcore.data.family` says what stands in one."""
