"""How bodies are typed: the schema table, decoding, strategic merge. Knows structs and fields, no kind by name."""
