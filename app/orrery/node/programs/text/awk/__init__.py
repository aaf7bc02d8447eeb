"""awk: its grammar, its values, and what runs it."""
