"""Subresources that are conversations: logs, exec, attach, port-forward and the proxies. `new_connects` is the front door."""

from orrery.api.connect.conversations import Conversations, new_connects

__all__ = ["Conversations", "new_connects"]
