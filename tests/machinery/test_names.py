"""Names, keys and values: what upstream accepts and what it says."""

import pytest

from orrery.machinery.names import (
    is_config_map_key,
    is_dns1035_label,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_label_key,
    is_label_value,
    is_port_name,
    is_relaxed_env_var_name,
    name_is_dns_label,
)

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


def test_a_label_is_lower_case_without_dots_and_short() -> None:
    assert not is_dns1123_label("a-1")
    assert is_dns1123_label("A") == [LABEL]
    assert is_dns1123_label("a.b") == ["must not contain dots"]
    assert is_dns1123_label("a" * 64) == ["must be no more than 63 characters"]
    assert is_dns1123_label("") == [LABEL]


@pytest.mark.parametrize("name", ["a\n", "-a", "a_b", "ä"])
def test_no_name_ends_in_a_new_line_or_holds_odd_letters(name: str) -> None:
    assert is_dns1123_label(name)
    assert is_dns1123_subdomain(name)
    assert is_dns1035_label(name)


def test_label_keys_have_one_prefix_at_most_and_count_bytes() -> None:
    assert not is_label_key("example.com/My_key")
    assert is_label_key("/x")[0] == "prefix part must be non-empty"
    assert is_label_key("a/")[0] == "name part must be non-empty"
    assert is_label_key("a" * 64) == ["name part must be no more than 63 bytes"]
    assert is_label_key("a/b/c")[0].endswith("with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")


def test_label_values_may_be_empty() -> None:
    assert not is_label_value("")
    assert is_label_value("a" * 64) == ["must be no more than 63 bytes"]


def test_keys_of_config_maps_do_not_climb() -> None:
    assert is_config_map_key("..") == ["must not be '..'"]
    assert is_config_map_key("..a") == ["must not start with '..'"]
    assert not is_config_map_key(".a")


def test_environment_variables_are_named_by_anything_printable_but_an_equals_sign() -> None:
    assert not is_relaxed_env_var_name("1 odd-name!")
    assert is_relaxed_env_var_name("a=b")
    assert is_relaxed_env_var_name("") == ["environment variable name must be non-empty"]


def test_port_names_tell_everything_that_is_wrong() -> None:
    assert is_port_name("-A--") == [
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        "must contain at least one letter (a-z)",
        "must not contain consecutive hyphens",
        "must not begin or end with a hyphen",
    ]


def test_a_prefix_may_end_in_a_dash() -> None:
    assert not name_is_dns_label("web-", True)
    assert name_is_dns_label("web-", False) == [LABEL]
