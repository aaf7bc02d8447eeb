"""Regular expressions and globs without exponential cases."""
