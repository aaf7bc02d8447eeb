"""Durations as Go's `time.Duration` prints them, which is how the kubelet writes them in messages."""

from typing import Final

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


def go_duration(seconds: float) -> str:
    """A duration, to the millisecond, as Go prints it.

    >>> [go_duration(s) for s in (0, 0.25, 1.2, 10, 80, 300, 3725.5)]
    ['0s', '250ms', '1.2s', '10s', '1m20s', '5m0s', '1h2m5.5s']
    """
    millis = int(seconds * 1000 + 0.5)
    if millis == 0:
        return "0s"
    if millis < 1000:
        return f"{millis}ms"
    hours, rest = divmod(millis, _HOUR_S * 1000)
    minutes, rest = divmod(rest, _MINUTE_S * 1000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text
