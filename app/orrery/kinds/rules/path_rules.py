"""Rules about paths inside volumes: relative, without `..`. Follows `validateLocalDescendingPath` and its like."""

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import invalid


def validate_no_backsteps(path: str, at: str) -> Errors:
    return [invalid(at, path, "must not contain '..'")] if ".." in path and ".." in path.split("/") else []


def validate_descending_path(path: str, at: str) -> Errors:
    """Relative and without `..`."""
    errors = [invalid(at, path, "must be a relative path")] if path.startswith("/") else []
    return errors + validate_no_backsteps(path, at)


def validate_unreserved_path(path: str, at: str) -> Errors:
    """Relative, without `..`, and no name that begins with `..`, which atomic writes of volumes use."""
    errors = validate_descending_path(path, at)
    if path.startswith("..") and not path.startswith("../"):
        errors.append(invalid(at, path, "must not start with '..'"))
    return errors
