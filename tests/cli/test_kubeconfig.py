"""The kubeconfig: what kubectl reads from it, and that it is written whole, for its owner's eyes only."""

import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from orrery.cli.kubeconfig import kubeconfig_text, write_kubeconfig


@pytest.mark.parametrize("token", ["secret", 'quote " and \\ and : #', "ключ", "a\tb"])
def test_it_carries_address_and_token(token: str) -> None:
    """The URL carries the token as well: kubectl sends none of its user's without TLS."""
    config = yaml.safe_load(kubeconfig_text("http://[::1]:8080", token))

    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    assert (server.hostname, server.port, server.username, unquote(server.password or "")) == ("::1", 8080, "orrery", token)
    assert config["users"] == [{"name": "orrery", "user": {"token": token}}]
    assert config["current-context"] == "orrery"
    assert config["contexts"][0]["context"] == {"cluster": "orrery", "namespace": "default", "user": "orrery"}


def test_without_authentication_there_is_nothing_to_carry() -> None:
    config = yaml.safe_load(kubeconfig_text("http://127.0.0.1:1"))

    assert config["users"] == [{"name": "orrery", "user": {}}]
    assert config["clusters"] == [{"name": "orrery", "cluster": {"server": "http://127.0.0.1:1", "insecure-skip-tls-verify": True}}]


def test_it_is_written_for_its_owner_in_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config"

    write_kubeconfig(path, "http://one")
    write_kubeconfig(path, "http://two")

    assert "http://two" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_replaced_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config"
    (path / "full").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        write_kubeconfig(path, "http://one")

    assert list(tmp_path.iterdir()) == [path]
