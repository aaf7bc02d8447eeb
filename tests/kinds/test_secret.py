"""Secrets beyond what the reference answers hold: the write-only field, updates, TLS."""

from base64 import b64encode

from orrery.kinds.cluster.secret import BEHAVIOUR
from orrery.machinery.objects import Object


def _default(obj: Object) -> Object:
    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(obj)
    return obj


def test_plain_text_is_encoded_into_data_and_wins_over_it() -> None:
    obj = _default({"metadata": {"name": "s"}, "data": {"b": "b2xk", "c": "Yw=="}, "stringData": {"b": "new", "a": "ü"}})

    assert obj == {"metadata": {"name": "s"}, "data": {"a": "w7w=", "b": "bmV3", "c": "Yw=="}, "type": "Opaque"}
    assert list(obj["data"]) == ["a", "b", "c"]


def test_defaulting_twice_changes_nothing() -> None:
    once = _default({"metadata": {"name": "s"}, "stringData": {"a": "x"}})

    assert _default({**once}) == once


def test_an_update_without_a_type_keeps_the_old_one() -> None:
    obj: Object = {"metadata": {"name": "s"}}
    assert BEHAVIOUR.prepare_update is not None

    BEHAVIOUR.prepare_update(obj, {"metadata": {"name": "s"}, "type": "kubernetes.io/tls"})

    assert obj["type"] == "kubernetes.io/tls"


def test_a_key_in_the_place_of_a_certificate_warns() -> None:
    key = b64encode(b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n").decode()
    obj = {"metadata": {"name": "s"}, "type": "kubernetes.io/tls", "data": {"tls.crt": key, "tls.key": key}}
    assert BEHAVIOUR.warnings is not None

    (warning,) = BEHAVIOUR.warnings(obj, None)

    assert warning.endswith("PEM inputs may have been switched")
