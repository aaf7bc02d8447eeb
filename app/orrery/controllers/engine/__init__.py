"""The engine under every controller: a queue of unique keys, events turned into keys, and workers that call `reconcile`."""
