"""Volumes of Pods: what is in them, where containers see them, and how changes of objects reach them."""
