"""What names, keys and values must look like, and what a client is told when they do not.

Owns the rules of apimachinery's `util/validation` and `api/validate/content`. Each `is_*` function returns the messages about one
value, none when it is fine; which field they belong to is the caller's business. Lengths count bytes, as upstream's do.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

Messages: TypeAlias = Sequence[str]

NameRule: TypeAlias = Callable[[str, bool], Messages]
"""Messages about an object's name; the second argument says that it is a generateName prefix."""

NONE: Final[Messages] = ()

LABEL_BYTES_MAX: Final = 63
SUBDOMAIN_BYTES_MAX: Final = 253
PORT_NAME_BYTES_MAX: Final = 15

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_UNDERSCORE: Final = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_UNDERSCORE: Final = rf"{_LABEL_UNDERSCORE}(\.{_LABEL_UNDERSCORE})*"
_LABEL_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD: Final = rf"\*\.{_SUBDOMAIN}"
_KEY: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = f"({_KEY})?"
_C_IDENTIFIER: Final = "[A-Za-z_][A-Za-z0-9_]*"
_ENV_NAME: Final = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_CONFIG_KEY: Final = "[-._a-zA-Z0-9]+"
_HEADER: Final = "[-A-Za-z0-9]+"
_PERCENT: Final = "[0-9]+%"
_HTTP_PATH: Final = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"

_match_label: Final = re.compile(_LABEL).fullmatch
_match_subdomain: Final = re.compile(_SUBDOMAIN).fullmatch
_match_subdomain_caseless: Final = re.compile(_SUBDOMAIN, re.IGNORECASE | re.ASCII).fullmatch
_match_subdomain_underscore: Final = re.compile(_SUBDOMAIN_UNDERSCORE).fullmatch
_match_label_1035: Final = re.compile(_LABEL_1035).fullmatch
_match_wildcard: Final = re.compile(_WILDCARD).fullmatch
_match_key: Final = re.compile(_KEY).fullmatch
_match_c_identifier: Final = re.compile(_C_IDENTIFIER).fullmatch
_match_env_name: Final = re.compile(_ENV_NAME).fullmatch
_match_relaxed_env_name: Final = re.compile("[ -<>-~]*").fullmatch
_match_config_key: Final = re.compile(_CONFIG_KEY).fullmatch
_match_header: Final = re.compile(_HEADER).fullmatch
_match_percent: Final = re.compile(_PERCENT).fullmatch
_match_http_path: Final = re.compile(_HTTP_PATH).fullmatch
_match_port_charset: Final = re.compile("[-a-z0-9]+").fullmatch
_find_letter: Final = re.compile("[a-z]").search


def bytes_len(text: str) -> int:
    """The length Go's `len` gives: in bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def max_length_message(length: int) -> str:
    return f"must be no more than {length} characters"


def max_bytes_message(length: int) -> str:
    """The newer wording, which label keys and values have."""
    return f"must be no more than {length} bytes"


def range_message(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


def regex_message(message: str, pattern: str, *examples: str) -> str:
    if not examples:
        return f"{message} (regex used for validation is '{pattern}')"
    told = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {told}regex used for validation is '{pattern}')"


_LABEL_MESSAGE: Final = regex_message(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_MESSAGE: Final = regex_message(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
_SUBDOMAIN_CASELESS_MESSAGE: Final = regex_message(
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "Example.com",
)
_SUBDOMAIN_UNDERSCORE_MESSAGE: Final = regex_message(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    "and must start and end with an alphanumeric character",
    _SUBDOMAIN_UNDERSCORE,
    "example.com",
)
_LABEL_1035_MESSAGE: Final = regex_message(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character",
    _LABEL_1035,
    "my-name",
    "abc-123",
)
_WILDCARD_MESSAGE: Final = regex_message(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
    "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    _WILDCARD,
    "*.example.com",
)
_KEY_MESSAGE: Final = regex_message(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _KEY,
    "MyName",
    "my.name",
    "123-abc",
)
_VALUE_MESSAGE: Final = regex_message(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    _VALUE,
    "MyValue",
    "my_value",
    "12345",
)
_C_IDENTIFIER_MESSAGE: Final = regex_message(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    _C_IDENTIFIER,
    "my_name",
    "MY_NAME",
    "MyName",
)
_ENV_NAME_MESSAGE: Final = regex_message(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    _ENV_NAME,
    "my.env-name",
    "MY_ENV.NAME",
    "MyEnvName1",
)
_RELAXED_ENV_NAME_MESSAGE: Final = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_CONFIG_KEY_MESSAGE: Final = regex_message(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"
)
_HEADER_MESSAGE: Final = regex_message("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")
_PERCENT_MESSAGE: Final = regex_message("a valid percent string must be a numeric string followed by an ending '%'", _PERCENT, "1%", "93%")
HTTP_PATH_MESSAGE: Final = regex_message("Invalid path", _HTTP_PATH)


def is_dns1123_label(value: str) -> Messages:
    if _match_label(value) and len(value) <= LABEL_BYTES_MAX:
        return NONE
    messages = [max_length_message(LABEL_BYTES_MAX)] if bytes_len(value) > LABEL_BYTES_MAX else []
    if not _match_label(value):
        messages.append("must not contain dots" if _match_subdomain(value) else _LABEL_MESSAGE)
    return messages


def _checked(value: str, most: int, matches: Callable[[str], object], message: str) -> Messages:
    messages = [max_length_message(most)] if bytes_len(value) > most else []
    if not matches(value):
        messages.append(message)
    return messages


def is_dns1123_subdomain(value: str) -> Messages:
    return _checked(value, SUBDOMAIN_BYTES_MAX, _match_subdomain, _SUBDOMAIN_MESSAGE)


def is_dns1123_subdomain_caseless(value: str) -> Messages:
    if bytes_len(value) > SUBDOMAIN_BYTES_MAX:
        return [max_bytes_message(SUBDOMAIN_BYTES_MAX), *([] if _match_subdomain_caseless(value) else [_SUBDOMAIN_CASELESS_MESSAGE])]
    return NONE if _match_subdomain_caseless(value) else [_SUBDOMAIN_CASELESS_MESSAGE]


def is_dns1123_subdomain_with_underscore(value: str) -> Messages:
    return _checked(value, SUBDOMAIN_BYTES_MAX, _match_subdomain_underscore, _SUBDOMAIN_UNDERSCORE_MESSAGE)


def is_dns1035_label(value: str) -> Messages:
    return _checked(value, LABEL_BYTES_MAX, _match_label_1035, _LABEL_1035_MESSAGE)


def is_wildcard_dns1123_subdomain(value: str) -> Messages:
    return _checked(value, SUBDOMAIN_BYTES_MAX, _match_wildcard, _WILDCARD_MESSAGE)


def is_label_key(value: str) -> Messages:
    """A label key, which upstream also calls a qualified name: an optional DNS prefix, a slash, a name."""
    return [*_label_key_messages(value)]


@lru_cache(maxsize=4096)
def _label_key_messages(value: str) -> Messages:
    prefix, slash, name = value.rpartition("/")
    if not slash:
        if _match_key(value) and len(value) <= LABEL_BYTES_MAX:
            return NONE
    elif "/" in prefix:
        return (f"a valid label key {_KEY_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)

    messages: list[str] = []
    if slash and not prefix:
        messages.append("prefix part must be non-empty")
    elif slash:
        if bytes_len(prefix) > SUBDOMAIN_BYTES_MAX:
            messages.append(f"prefix part {max_bytes_message(SUBDOMAIN_BYTES_MAX)}")
        if not _match_subdomain(prefix):
            messages.append(f"prefix part {_SUBDOMAIN_MESSAGE}")
    if not name:
        messages.append("name part must be non-empty")
    elif bytes_len(name) > LABEL_BYTES_MAX:
        messages.append(f"name part {max_bytes_message(LABEL_BYTES_MAX)}")
    if not _match_key(name):
        messages.append(f"name part {_KEY_MESSAGE}")
    return tuple(messages)


is_qualified_name: Final = is_label_key


def is_label_value(value: str) -> Messages:
    if not value or (_match_key(value) and len(value) <= LABEL_BYTES_MAX):
        return NONE
    messages = [max_bytes_message(LABEL_BYTES_MAX)] if bytes_len(value) > LABEL_BYTES_MAX else []
    if not _match_key(value):
        messages.append(_VALUE_MESSAGE)
    return messages


def is_c_identifier(value: str) -> Messages:
    return NONE if _match_c_identifier(value) else [_C_IDENTIFIER_MESSAGE]


def is_env_var_name(value: str) -> Messages:
    messages = [] if _match_env_name(value) else [_ENV_NAME_MESSAGE]
    return messages + _parent_directory(value)


def is_relaxed_env_var_name(value: str) -> Messages:
    """What Kubernetes 1.34 and later ask of an environment variable's name."""
    if not value:
        return ["environment variable name must be non-empty"]
    return NONE if _match_relaxed_env_name(value) else [_RELAXED_ENV_NAME_MESSAGE]


def is_config_map_key(value: str) -> Messages:
    """A key of a ConfigMap or Secret."""
    return [*_checked(value, SUBDOMAIN_BYTES_MAX, _match_config_key, _CONFIG_KEY_MESSAGE), *_parent_directory(value)]


def _parent_directory(value: str) -> list[str]:
    if not value.startswith("."):
        return []
    if value in (".", ".."):
        return [f"must not be '{value}'"]
    return ["must not start with '..'"] if value.startswith("..") else []


def is_port_name(value: str) -> Messages:
    messages = [max_length_message(PORT_NAME_BYTES_MAX)] if bytes_len(value) > PORT_NAME_BYTES_MAX else []
    if not _match_port_charset(value):
        messages.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _find_letter(value):
        messages.append("must contain at least one letter (a-z)")
    if "--" in value:
        messages.append("must not contain consecutive hyphens")
    if value and (value[0] == "-" or value[-1] == "-"):
        messages.append("must not begin or end with a hyphen")
    return messages


def is_port_number(value: int) -> Messages:
    return NONE if 1 <= value <= 65535 else [range_message(1, 65535)]


def is_in_range(value: int, low: int, high: int) -> Messages:
    return NONE if low <= value <= high else [range_message(low, high)]


def is_user_id(value: int) -> Messages:
    """A UID or GID: what fits in 31 bits."""
    return NONE if 0 <= value <= 2147483647 else [range_message(0, 2147483647)]


def is_percent(value: str) -> Messages:
    return NONE if _match_percent(value) else [_PERCENT_MESSAGE]


def is_http_header_name(value: str) -> Messages:
    return NONE if _match_header(value) else [_HEADER_MESSAGE]


def is_http_path(value: str) -> bool:
    return _match_http_path(value) is not None


def _masked(name: str) -> str:
    """A generateName prefix as upstream checks it: its last two characters stand for a valid end."""
    return f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name


def _name_rule(check: Callable[[str], Messages]) -> NameRule:
    return lambda name, prefix: check(_masked(name) if prefix else name)


name_is_dns_subdomain: Final = _name_rule(is_dns1123_subdomain)
name_is_dns_label: Final = _name_rule(is_dns1123_label)
name_is_dns1035_label: Final = _name_rule(is_dns1035_label)
