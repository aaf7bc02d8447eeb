"""Who asks: static bearer tokens, as kube-apiserver's --token-auth-file has them, and tokens of service accounts (`accounts.py`).

Without static tokens everybody who has no service account's token is the administrator, which is why `orrery serve` then listens on
loopback only. With static tokens a request needs one that is known. A request from inside the simulated cluster is anonymous without a
token, as upstream has it.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orrery.auth.accounts import AccountTokens
from orrery.auth.issuer import TokenRefused
from orrery.machinery.errors import Unauthorized
from orrery.verbs.account_tokens import API_AUDIENCES, TokenAnswer
from orrery.verbs.call import ANONYMOUS, SYSTEM_ADMIN, User

AUTHENTICATED: Final = "system:authenticated"
_COLUMNS_MIN: Final = 3
_INVALID: Final = "invalid bearer token"


class TokenFileError(Exception):
    """The token file cannot be used; the message says in one line where and why."""


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file: a secret and whom it stands for."""

    token: str
    user: User


class Authenticator:
    """Finds the user behind a bearer token."""

    def __init__(self, tokens: Iterable[Token] = (), accounts: AccountTokens | None = None) -> None:
        """Without tokens there is no authentication but that of service accounts. A token given twice stands for the last user."""
        self._users = {token.token: token.user for token in tokens}
        self._accounts = accounts

    def authenticate(self, token: str, *, is_inside: bool = False) -> User:
        """The user of a bearer token, empty when none was sent; Unauthorized when it is no good. `is_inside`: sent by a container."""
        user = self._users.get(token)
        if user is not None:
            return user
        if token and self._accounts is not None and self._accounts.is_own(token):
            return self._account(self._accounts, token)
        if is_inside and not token:
            return ANONYMOUS
        if self._users or is_inside:
            raise Unauthorized
        return SYSTEM_ADMIN

    def _account(self, accounts: AccountTokens, token: str) -> User:
        try:
            user = accounts.answer(token).user
        except TokenRefused:
            raise Unauthorized from None
        if user is None:
            raise Unauthorized
        return user

    def review_token(self, token: str, audiences: Sequence[str]) -> TokenAnswer:
        """For a TokenReview: who a token stands for. Static tokens are good for the API only."""
        wanted = audiences or API_AUDIENCES
        shared = [audience for audience in wanted if audience in API_AUDIENCES]
        user = self._users.get(token)
        if user is not None and shared:
            return TokenAnswer(user, shared)
        if self._accounts is None or not self._accounts.is_own(token):
            return TokenAnswer(error=_INVALID)
        try:
            return self._accounts.answer(token, wanted)
        except TokenRefused as refused:
            return TokenAnswer(error=f"[{_INVALID}, {refused}]")


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
