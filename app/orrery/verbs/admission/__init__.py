"""Admission: what may be written, and what is filled in from other objects, before validation. One file per plugin of upstream's."""
