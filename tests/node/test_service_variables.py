"""Variables for Services, named as the kubelet names them."""

from orrery.machinery.objects import Object
from orrery.node.service_variables import variables_of


def service(name: str, **spec: object) -> Object:
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"clusterIP": "10.96.0.7", "ports": [{"port": 80}], **spec}}


def test_a_service_has_its_host_its_ports_and_the_names_of_dockers_links() -> None:
    ports = [{"name": "http-web", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]

    assert list(variables_of([service("my-db", ports=ports)]).items()) == [
        ("MY_DB_SERVICE_HOST", "10.96.0.7"),
        ("MY_DB_SERVICE_PORT", "80"),
        ("MY_DB_SERVICE_PORT_HTTP_WEB", "80"),
        ("MY_DB_SERVICE_PORT_DNS", "53"),
        ("MY_DB_PORT", "tcp://10.96.0.7:80"),
        ("MY_DB_PORT_80_TCP", "tcp://10.96.0.7:80"),
        ("MY_DB_PORT_80_TCP_PROTO", "tcp"),
        ("MY_DB_PORT_80_TCP_PORT", "80"),
        ("MY_DB_PORT_80_TCP_ADDR", "10.96.0.7"),
        ("MY_DB_PORT_53_UDP", "udp://10.96.0.7:53"),
        ("MY_DB_PORT_53_UDP_PROTO", "udp"),
        ("MY_DB_PORT_53_UDP_PORT", "53"),
        ("MY_DB_PORT_53_UDP_ADDR", "10.96.0.7"),
    ]


def test_headless_and_external_services_have_none() -> None:
    assert variables_of([service("a", clusterIP="None"), service("b", clusterIP=""), service("c", type="ExternalName")]) == {}
