"""Numbers that may be written as percentages: maxSurge, maxUnavailable, minAvailable. Follows `intstr`'s GetScaledValueFromIntOrPercent."""


def scaled(value: int | str, total: int, *, up: bool) -> int:
    """A number as it is, a percentage of `total` rounded."""
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * total
    return -(-share // 100) if up else share // 100
