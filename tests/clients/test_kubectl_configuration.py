"""The API half of story 5 with real kubectl: ConfigMaps and Secrets from literals, files, folders; their types, rules and refusals."""

import re

import pytest

from tests.clients.conftest import KubectlRunner

pytestmark = pytest.mark.client


def plain(text: str) -> str:
    """Without what differs from object to object, and without the empty lines in which versions of `describe` differ."""
    text = re.sub(r"(creationTimestamp|resourceVersion|uid): .*", r"\1: X", text)
    text = re.sub(r"kubectl-[a-z0-9]{5}\b", "NAMESPACE", text)
    return re.sub(r"\n\n+", "\n", text)


def test_a_configmap_from_literals(kubectl: KubectlRunner) -> None:
    command = ("create", "configmap", "app-config", "--from-literal=APP_COLOR=blue", "--from-literal=APP_MODE=prod")
    assert kubectl(*command) == "configmap/app-config created\n"
    assert kubectl.error(*command) == 'error: failed to create configmap: configmaps "app-config" already exists\n'

    assert plain(kubectl("get", "configmap", "app-config", "-o", "yaml")) == (
        "apiVersion: v1\ndata:\n  APP_COLOR: blue\n  APP_MODE: prod\nkind: ConfigMap\nmetadata:\n  creationTimestamp: X\n"
        "  name: app-config\n  namespace: NAMESPACE\n  resourceVersion: X\n  uid: X\n"
    )
    shown = plain(kubectl("describe", "configmap", "app-config"))
    assert shown.startswith("Name:         app-config\nNamespace:    NAMESPACE\nLabels:       <none>\nAnnotations:  <none>\nData\n====\n")
    # Older versions of kubectl give the keys in any order.
    assert "APP_COLOR:\n----\nblue\n" in shown
    assert "APP_MODE:\n----\nprod\n" in shown
    assert shown.endswith("BinaryData\n====\nEvents:  <none>\n")
    table = kubectl("get", "configmaps").splitlines()
    assert [line.split()[:2] for line in table] == [["NAME", "DATA"], ["app-config", "2"], ["kube-root-ca.crt", "1"]]


def test_configmaps_from_files_env_files_and_folders(kubectl: KubectlRunner) -> None:
    kubectl.file("app.properties", "APP_COLOR=blue\nAPP_MODE=prod\n")
    kubectl.file("vars.env", "# colours\nAPP_COLOR=blue\n\nAPP_MODE=prod\n")
    (kubectl.folder / "folder").mkdir()
    kubectl.file("folder/color", "blue")
    (kubectl.folder / "folder" / "binary").write_bytes(b"\xff\xfe")

    kubectl("create", "configmap", "of-file", "--from-file=app.properties")
    kubectl("create", "configmap", "of-key", "--from-file=settings=app.properties")
    kubectl("create", "configmap", "of-env", "--from-env-file=vars.env")
    kubectl("create", "configmap", "of-folder", "--from-file=folder")

    assert kubectl.value("cm of-file", ".data.app\\.properties") == "APP_COLOR=blue\nAPP_MODE=prod\n"
    assert kubectl.value("cm of-key", ".data.settings") == "APP_COLOR=blue\nAPP_MODE=prod\n"
    assert kubectl.value("cm of-env", ".data") == '{"APP_COLOR":"blue","APP_MODE":"prod"}'
    assert kubectl.value("cm of-folder", ".data") == '{"color":"blue"}'
    assert kubectl.value("cm of-folder", ".binaryData") == '{"binary":"//4="}'
    assert "BinaryData\n====\nbinary: 2 bytes\n" in kubectl("describe", "cm", "of-folder")


def test_a_dry_run_keeps_nothing(kubectl: KubectlRunner) -> None:
    command = ("create", "configmap", "dry", "--from-literal=a=b", "--dry-run=server")

    assert kubectl(*command) == "configmap/dry created (server dry run)\n"
    assert "uid: X" in plain(kubectl(*command, "-o", "yaml"))
    assert kubectl.error("get", "configmap", "dry") == 'Error from server (NotFound): configmaps "dry" not found\n'


def test_a_secret_is_shown_in_base64_and_described_by_its_sizes(kubectl: KubectlRunner) -> None:
    literals = ("--from-literal=DB_Host=mysql", "--from-literal=DB_User=root", "--from-literal=DB_Password=paswrd")
    assert kubectl("create", "secret", "generic", "app-secret", *literals) == "secret/app-secret created\n"

    assert plain(kubectl("get", "secret", "app-secret", "-o", "yaml")) == (
        "apiVersion: v1\ndata:\n  DB_Host: bXlzcWw=\n  DB_Password: cGFzd3Jk\n  DB_User: cm9vdA==\nkind: Secret\nmetadata:\n"
        "  creationTimestamp: X\n  name: app-secret\n  namespace: NAMESPACE\n  resourceVersion: X\n  uid: X\ntype: Opaque\n"
    )
    shown = plain(kubectl("describe", "secret", "app-secret")).splitlines()
    assert shown[:7] == [
        "Name:         app-secret",
        "Namespace:    NAMESPACE",
        "Labels:       <none>",
        "Annotations:  <none>",
        "Type:  Opaque",
        "Data",
        "====",
    ]
    assert sorted(shown[7:]) == ["DB_Host:      5 bytes", "DB_Password:  6 bytes", "DB_User:      4 bytes"]
    assert [line.split()[:3] for line in kubectl("get", "secrets").splitlines()] == [
        ["NAME", "TYPE", "DATA"],
        ["app-secret", "Opaque", "3"],
    ]


def test_base64_comes_back_canonical(kubectl: KubectlRunner) -> None:
    """`bXlzcWn=` ends in bits that no byte needs: it is read as `mysqi`."""
    kubectl.file("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {DB_Host: bXlzcWn=}\nstringData: {USER: root}\n")

    assert kubectl("apply", "-f", "secret.yaml") == "secret/a created\n"
    assert kubectl.value("secret a", ".data") == '{"DB_Host":"bXlzcWk=","USER":"cm9vdA=="}'


def test_a_registry_secret_holds_a_docker_configuration(kubectl: KubectlRunner) -> None:
    options = ("--docker-server=registry.example", "--docker-username=jane", "--docker-password=pw", "--docker-email=jane@example")
    kubectl("create", "secret", "docker-registry", "regcred", *options)

    assert kubectl.value("secret regcred", ".type") == "kubernetes.io/dockerconfigjson"
    assert kubectl.value("secret regcred", ".data.\\.dockerconfigjson") == (
        "eyJhdXRocyI6eyJyZWdpc3RyeS5leGFtcGxlIjp7InVzZXJuYW1lIjoiamFuZSIsInBhc3N3b3JkIjoicHciLCJlbWFpbCI6ImphbmVAZXhhbXBsZSIsImF1dGgi"
        "OiJhbUZ1WlRwd2R3PT0ifX19"
    )
    # Field selectors know the type.
    assert kubectl("get", "secrets", "--field-selector=type=kubernetes.io/dockerconfigjson", "-o", "name") == "secret/regcred\n"


def test_a_tls_secret_from_a_certificate_and_its_key(kubectl: KubectlRunner) -> None:
    kubectl.file("tls.crt", CERTIFICATE)
    kubectl.file("tls.key", KEY)

    assert kubectl("create", "secret", "tls", "web-tls", "--cert=tls.crt", "--key=tls.key") == "secret/web-tls created\n"
    shown = kubectl("describe", "secret", "web-tls")
    assert "\nType:  kubernetes.io/tls\n" in shown
    assert f"tls.crt:  {len(CERTIFICATE)} bytes\n" in shown
    assert f"tls.key:  {len(KEY)} bytes\n" in shown
    refused = kubectl.error("create", "secret", "tls", "other", "--cert=tls.crt", "--key=tls.crt")
    assert refused == "error: tls: found a certificate rather than a key in the PEM for the private key\n"


REQUIRED = {
    "kubernetes.io/ssh-auth": "data[ssh-privatekey]: Required value",
    "kubernetes.io/basic-auth": "[data[username]: Required value, data[password]: Required value]",
    "kubernetes.io/dockerconfigjson": "data[.dockerconfigjson]: Required value",
    "kubernetes.io/dockercfg": "data[.dockercfg]: Required value",
    "kubernetes.io/tls": "[data[tls.crt]: Required value, data[tls.key]: Required value]",
    "kubernetes.io/service-account-token": "metadata.annotations[kubernetes.io/service-account.name]: Required value",
}


@pytest.mark.parametrize("kind", REQUIRED)
def test_each_type_of_secret_has_keys_it_needs(kubectl: KubectlRunner, kind: str) -> None:
    refused = kubectl.error("create", "secret", "generic", "a", f"--type={kind}", "--from-literal=x=y")

    assert refused == f'error: failed to create secret Secret "a" is invalid: {REQUIRED[kind]}\n'


def test_what_is_immutable_stays_so(kubectl: KubectlRunner) -> None:
    kubectl("create", "configmap", "app-config", "--from-literal=APP_COLOR=blue")
    kubectl("create", "secret", "generic", "app-secret", "--from-literal=DB_Host=mysql")
    for what in ("configmap/app-config", "secret/app-secret"):
        assert kubectl("patch", what, "-p", '{"immutable":true}') == f"{what} patched\n"

    assert kubectl.error("patch", "configmap/app-config", "-p", '{"data":{"APP_COLOR":"red"}}') == (
        'The ConfigMap "app-config" is invalid: data: Forbidden: field is immutable when `immutable` is set\n'
    )
    assert kubectl.error("patch", "secret/app-secret", "-p", '{"stringData":{"DB_Host":"other"}}') == (
        'The Secret "app-secret" is invalid: data: Forbidden: field is immutable when `immutable` is set\n'
    )
    assert kubectl.error("patch", "configmap/app-config", "-p", '{"immutable":false}') == (
        'The ConfigMap "app-config" is invalid: immutable: Forbidden: field is immutable when `immutable` is set\n'
    )
    assert kubectl("delete", "configmap", "app-config") == kubectl.deleted('configmap "app-config"')


def test_refusals_before_the_server_is_asked(kubectl: KubectlRunner) -> None:
    assert kubectl.error("create", "configmap", "a", "--from-literal=a") == "error: invalid literal source a, expected key=value\n"
    assert kubectl.error("create", "configmap", "a", "--from-file=nope") == "error: error reading nope: no such file or directory\n"
    assert kubectl.error("create", "configmap", "a", "--from-literal=a b=c").startswith(
        'error: "a b" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters'
    )


# Made for this test with openssl; it is nobody's.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBhDCCASmgAwIBAgIUIm+YwUojYrr48WrQlu9f7GFyiJ0wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLd2ViLmV4YW1wbGUwIBcNMjYxMTIzMDIyNzIzWhgPMjEyNjEw
MzAwMjI3MjNaMBYxFDASBgNVBAMMC3dlYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEROYGCOGaSXT404K66628mtp8/fg9aji9Ef4md/vwoRhMGFeV
FvXJ+Isc//AAQzWgaQ+qL4Oe6u1GDaDG+L5AgqNTMFEwHQYDVR0OBBYEFASdW/RH
+CvK3lNTvgRkGv8LHb6KMB8GA1UdIwQYMBaAFASdW/RH+CvK3lNTvgRkGv8LHb6K
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAO8IhWGq2ewEjkzf
CiUKXuMQ2JVS4ovASakZt31Cq2kLAiEA6OmfcTmBcYhsToU7jAyEsD3xzZtSh623
Bhv5Zeq3eaI=
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglO4YbqpNyJzTJoiF
60iae9B8CKWtaezHBYmJORoE0HyhRANCAARE5gYI4ZpJdPjTgrrrrbya2nz9+D1q
OL0R/iZ3+/ChGEwYV5UW9cn4ixz/8ABDNaBpD6ovg57q7UYNoMb4vkCC
-----END PRIVATE KEY-----
"""
