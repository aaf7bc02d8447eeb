"""Programs that work on files and directories."""
