"""Where the data files that ship with Orrery are: `openapi/…` and `migrations/…`, in a checkout and in an installed wheel alike."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def asset(relative: str) -> Path:
    """The path of a data file or folder, for example `asset("openapi/kubernetes-1.35.kinds.json")`.

    A wheel carries the folders inside the package; a checkout keeps them beside `app/`.
    """
    shipped = _PACKAGE / relative
    return shipped if shipped.exists() else _PACKAGE.parent.parent / relative
