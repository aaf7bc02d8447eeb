"""Pod ranges and the pool of addresses."""

from ipaddress import IPv4Network

import pytest

from orrery.node.addresses import AddressesExhausted, AddressPool, NodePlaces, NoRoom


def places(cluster_cidr: str = "10.244.0.0/16", *, pods: int = 110) -> NodePlaces:
    return NodePlaces(cluster_cidr=cluster_cidr, node_cidr="172.18.0.0/16", pods_per_node=pods)


def test_each_node_gets_its_own_24_and_the_address_of_its_number() -> None:
    given = places()

    assert [(address, str(cidr)) for address, cidr in (given.take() for _ in range(2))] == [
        ("172.18.0.2", "10.244.0.0/24"),
        ("172.18.0.3", "10.244.1.0/24"),
    ]


def test_ranges_are_larger_where_nodes_may_run_more_pods() -> None:
    given = places(pods=4000)

    assert [str(given.take()[1]) for _ in range(2)] == ["10.244.0.0/20", "10.244.16.0/20"]
    assert given.pods_max == 4093


def test_what_a_node_has_is_given_to_nobody_else_until_it_is_free() -> None:
    given = places()
    given.note("172.18.0.2", IPv4Network("10.244.0.0/23"))

    assert [str(part) for part in given.take()] == ["172.18.0.4", "10.244.2.0/24"]
    given.release("172.18.0.2", IPv4Network("10.244.0.0/23"))
    assert [str(part) for part in given.take()] == ["172.18.0.2", "10.244.0.0/24"]


def test_nodes_that_do_not_fit_are_refused() -> None:
    given = places()
    for _ in range(256):
        given.take()

    with pytest.raises(NoRoom, match="has room for 256 nodes of up to 253 Pods"):
        given.take()


def test_addresses_go_round_before_one_is_used_again() -> None:
    pool = AddressPool(IPv4Network("10.0.0.0/29"))
    first = pool.take()
    pool.release(first)

    assert first == "10.0.0.2"
    assert [pool.take() for _ in range(5)] == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]
    with pytest.raises(AddressesExhausted):
        pool.take()


def test_a_pool_goes_on_after_addresses_of_a_previous_life() -> None:
    pool = AddressPool(IPv4Network("10.244.0.0/24"))
    pool.skip("10.244.0.9")
    pool.skip("10.244.0.4")

    assert pool.take() == "10.244.0.10"
