"""The append-only log, its database, its watch cache and its compaction. Knows keys and bytes, never what a Pod is."""
