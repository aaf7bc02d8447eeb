"""Pods and their templates: defaults, validation, what may change, warnings."""
