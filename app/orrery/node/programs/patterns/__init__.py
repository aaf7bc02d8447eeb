"""Regular expressions and globs without exponential cases."""

from orrery.node.programs.patterns.compile import Pattern, PatternError, PatternTooHard, compile_fixed, compile_pattern

__all__ = ["Pattern", "PatternError", "PatternTooHard", "compile_fixed", "compile_pattern"]
