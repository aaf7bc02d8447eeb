"""Static tokens in kube-apiserver's format."""

from pathlib import Path

import pytest

from orrery.auth.tokens import Authenticator, TokenFileError, read_tokens
from orrery.machinery.errors import Unauthorized
from orrery.verbs.call import SYSTEM_ADMIN


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tokens.csv"
    path.write_text(text)
    return path


def test_without_tokens_everybody_is_the_administrator() -> None:
    assert Authenticator().authenticate("") is SYSTEM_ADMIN
    assert Authenticator(()).authenticate("anything") is SYSTEM_ADMIN


def test_a_token_stands_for_a_user_and_groups(tmp_path: Path) -> None:
    tokens = read_tokens(_file(tmp_path, 'secret,jane,42,"dev,ops"\n\n# a comment\nother,joe,43\n'))
    authenticator = Authenticator(tokens)

    jane = authenticator.authenticate("secret")
    assert (jane.name, jane.uid, jane.groups) == ("jane", "42", ("dev", "ops", "system:authenticated"))
    assert authenticator.authenticate("other").groups == ("system:authenticated",)
    assert authenticator.review_token("nope", ()).user is None


def test_with_tokens_nobody_is_anonymous(tmp_path: Path) -> None:
    authenticator = Authenticator(read_tokens(_file(tmp_path, "secret,jane,42\n")))

    for token in ("", "nope"):
        with pytest.raises(Unauthorized, match="Unauthorized"):
            authenticator.authenticate(token)


@pytest.mark.parametrize(
    ("text", "why"), [("secret,jane\n", "line 1 has 2 columns"), (",jane,42\n", "an empty token"), ("", "it holds no token")]
)
def test_a_bad_token_file_is_one_clear_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(TokenFileError, match=why) as caught:
        read_tokens(_file(tmp_path, text))

    assert "\n" not in str(caught.value)


def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match=r"cannot use token file .*nowhere"):
        read_tokens(tmp_path / "nowhere")
