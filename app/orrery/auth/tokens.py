"""Who asks: static bearer tokens, as kube-apiserver's --token-auth-file has them.

Without tokens everybody is the administrator, which is why `orrery serve` then listens on loopback only. With tokens a request needs
one that is known: there are no anonymous requests.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orrery.machinery.errors import Unauthorized
from orrery.verbs.call import SYSTEM_ADMIN, User

AUTHENTICATED: Final = "system:authenticated"
_COLUMNS_MIN: Final = 3


class TokenFileError(Exception):
    """The token file cannot be used; the message says in one line where and why."""


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file: a secret and whom it stands for."""

    token: str
    user: User


class Authenticator:
    """Finds the user behind a bearer token."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        """Without tokens there is no authentication at all. A token given twice stands for the last user."""
        self._users = {token.token: token.user for token in tokens}

    def authenticate(self, token: str) -> User:
        """The user of a bearer token, empty when none was sent; Unauthorized when tokens are configured and it is none of them."""
        if not self._users:
            return SYSTEM_ADMIN
        user = self._users.get(token)
        if user is None:
            raise Unauthorized
        return user

    def user_of_token(self, token: str) -> User | None:
        """For a TokenReview: who a token stands for."""
        return self._users.get(token)


def read_tokens(path: Path) -> Sequence[Token]:
    """The tokens of a file in kube-apiserver's format: lines of `token,user,uid,"group1,group2"`. TokenFileError when it is none."""
    try:
        with path.open(newline="") as lines:
            tokens = [
                token for number, row in enumerate(csv.reader(lines, skipinitialspace=True), start=1) if (token := _token(row, number))
            ]
    except (OSError, UnicodeDecodeError, csv.Error, TokenFileError) as error:
        raise TokenFileError(f"cannot use token file {path}: {error}") from None
    if not tokens:
        raise TokenFileError(f"cannot use token file {path}: it holds no token")
    return tokens


def _token(row: Sequence[str], number: int) -> Token | None:
    """One row; None when it is empty or a comment."""
    cells = [cell.strip() for cell in row]
    if not any(cells) or cells[0].startswith("#"):
        return None
    if len(cells) < _COLUMNS_MIN:
        raise TokenFileError(f"line {number} has {len(cells)} columns, it needs at least {_COLUMNS_MIN}: token, user name, user uid")
    if not cells[0]:
        raise TokenFileError(f"line {number} has an empty token")
    groups = [group.strip() for group in cells[3].split(",") if group.strip()] if len(cells) > _COLUMNS_MIN else []
    if AUTHENTICATED not in groups:
        groups.append(AUTHENTICATED)
    return Token(cells[0], User(cells[1], tuple(groups), cells[2]))
