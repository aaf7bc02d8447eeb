"""sed: the script as data, and what runs it."""
