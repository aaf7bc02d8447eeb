"""The commands that a shell runs itself."""
