"""Long-running programs of well-known images: they listen, log and answer as the real ones do."""
