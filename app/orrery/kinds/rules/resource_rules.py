"""What amounts of a resource may be, and which names LimitRange and ResourceQuota take.

Follows core's `validateResourceName`, `ValidateResourceQuotaResourceName` and `ValidateResourceQuantityValue`.
"""

from collections.abc import Mapping
from typing import Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.resource_names import STANDARD_RESOURCES, is_integer, is_standard
from orrery.machinery.field_errors import invalid
from orrery.machinery.names import is_qualified_name
from orrery.machinery.quantities import parse

_QUOTA: Final = STANDARD_RESOURCES - {"storage"}

NOT_INTEGER: Final = "must be an integer"
NEGATIVE: Final = "must be greater than or equal to 0"


def resource_name_errors(name: str, path: str) -> Errors:
    errors = [invalid(path, name, message) for message in is_qualified_name(name)]
    if not errors and "/" not in name and not is_standard(name):
        errors.append(invalid(path, name, "must be a standard resource type or fully qualified"))
    return errors


def quota_resource_name_errors(name: str, path: str) -> Errors:
    errors = resource_name_errors(name, path)
    if "/" not in name and name not in _QUOTA and not name.startswith(("hugepages-", "requests.hugepages-")):
        errors.append(invalid(path, name, "must be a standard resource for quota"))
    return errors


def amount_errors(name: str, amount: str, path: str) -> Errors:
    """Not negative, and whole where the resource is counted."""
    quantity = parse(amount)
    errors: Errors = []
    if quantity.nano < 0:
        errors.append(invalid(path, amount, NEGATIVE))
    if quantity.milli % 1000 and is_integer(name):
        errors.append(invalid(path, amount, NOT_INTEGER))
    return errors


def amounts_errors(amounts: Mapping[str, str] | None, path: str) -> Errors:
    """Upstream joins the path of these with dots, not brackets."""
    errors: Errors = []
    for name, amount in (amounts or {}).items():
        errors += amount_errors(name, amount, f"{path}.{name}")
    return errors
