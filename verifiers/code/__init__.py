"""Judges programs: stdin cases, function calls, and a data set's own tests."""
