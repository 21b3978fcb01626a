"""Fuzzing of the parser: what must hold for any text, and two ways to look for one that breaks it."""
