"""The command line and its variables."""

from pathlib import Path

import pytest

from orrery import KUBERNETES_VERSION, __version__
from orrery.cli.main import main
from orrery.cli.options import ServeOptions, default_data_directory, parse

HOME = {"XDG_DATA_HOME": "/data"}
DEFAULTS = ServeOptions(
    host="127.0.0.1",
    port=8080,
    data=Path("/data/orrery"),
    database_url="",
    in_memory=False,
    kubeconfig=Path("/data/orrery/kubeconfig"),
    pace="real",
    nodes=3,
    token_file=None,
    allowed_hosts=(),
    insecure=False,
)


def test_without_options_everything_is_as_documented() -> None:
    assert parse(["serve"], HOME) == DEFAULTS


@pytest.mark.parametrize(
    ("option", "variable", "text", "field", "value"),
    [
        ("--host", "ORRERY_HOST", "::1", "host", "::1"),
        ("--port", "ORRERY_PORT", "0", "port", 0),
        ("--data", "ORRERY_DATA", "/there", "data", Path("/there")),
        ("--database-url", "ORRERY_DATABASE_URL", "sqlite:////a.db", "database_url", "sqlite:////a.db"),
        ("--in-memory", "ORRERY_IN_MEMORY", "yes", "in_memory", True),
        ("--kubeconfig", "ORRERY_KUBECONFIG", "/k", "kubeconfig", Path("/k")),
        ("--pace", "ORRERY_PACE", "fast", "pace", "fast"),
        ("--nodes", "ORRERY_NODES", "7", "nodes", 7),
        ("--token-file", "ORRERY_TOKEN_FILE", "/t", "token_file", Path("/t")),
        ("--allowed-host", "ORRERY_ALLOWED_HOST", "a.test", "allowed_hosts", ("a.test",)),
        ("--insecure", "ORRERY_INSECURE", "1", "insecure", True),
    ],
)
def test_each_option_is_a_variable_too(option: str, variable: str, text: str, field: str, value: object) -> None:
    by_option, by_variable = parse(["serve", option, text], HOME), parse(["serve"], {**HOME, variable: text})

    assert by_option == by_variable
    assert getattr(by_option, field) == value


@pytest.mark.parametrize("flag", ["--in-memory", "--insecure"])
def test_a_flag_needs_no_value(flag: str) -> None:
    options = parse(["serve", flag, "--port", "0"], HOME)

    assert isinstance(options, ServeOptions)
    assert (options.in_memory, options.insecure) == (flag == "--in-memory", flag == "--insecure")


def test_the_line_beats_the_variable_and_names_add_up() -> None:
    variables = {**HOME, "ORRERY_PORT": "wrong", "ORRERY_IN_MEMORY": "true", "ORRERY_ALLOWED_HOST": "a.test, b.test,"}

    options = parse(["serve", "--port", "1", "--in-memory", "false", "--allowed-host", "c.test"], variables)

    assert isinstance(options, ServeOptions)
    assert (options.port, options.in_memory, options.allowed_hosts) == (1, False, ("a.test", "b.test", "c.test"))


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("--port", "65536", "'65536' is not a number from 0 to 65535"),
        ("--port", "-1", "'-1' is not a number from 0 to 65535"),
        ("--port", "٣", "'٣' is not a number from 0 to 65535"),
        ("--nodes", "many", "'many' is not a number from 0 to 1000"),
        ("--nodes", "1001", "'1001' is not a number from 0 to 1000"),
        ("--pace", "slow", "'slow' is not real or fast"),
        ("--in-memory", "perhaps", "'perhaps' is not true or false"),
        ("--data", "~nobody-of-that-name/x", "Could not determine home directory"),
    ],
)
def test_what_is_wrong_is_a_usage_error_that_names_its_source(option: str, text: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    variable = "ORRERY_" + option[2:].upper().replace("-", "_")

    with pytest.raises(SystemExit) as by_option:
        parse(["serve", f"{option}={text}"], HOME)
    told = capsys.readouterr().err
    with pytest.raises(SystemExit) as by_variable:
        parse(["serve"], {**HOME, variable: text})

    assert by_option.value.code == by_variable.value.code == 2
    assert f"argument {option}: {why}" in told or why in told
    assert f"(from {variable})" in capsys.readouterr().err


def test_a_wrong_variable_stands_in_nobodys_way_who_does_not_serve(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--version"], {**HOME, "ORRERY_PACE": "slow", "ORRERY_IN_MEMORY": "perhaps"})

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"orrery {__version__} (Kubernetes {KUBERNETES_VERSION})\n"


@pytest.mark.parametrize("line", [["serve", "--in-mem"], ["serve", "--colour", "red"], ["sever"], ["serve", "extra"]])
def test_what_nobody_knows_is_refused(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line, HOME)

    assert ended.value.code == 2
    assert "orrery" in capsys.readouterr().err


def test_alone_it_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "serve" in capsys.readouterr().out


def test_help_names_every_variable_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["serve", "--help"], {**HOME, "ORRERY_PORT": "1234"})

    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert "[ORRERY_PORT, default 8080]" in text
    assert "[ORRERY_TOKEN_FILE]" in text


def test_state_lives_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    assert default_data_directory({}) == Path("/home/jane/.local/share/orrery")


def test_a_user_without_a_home_keeps_state_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert default_data_directory({}) == Path(".orrery")
