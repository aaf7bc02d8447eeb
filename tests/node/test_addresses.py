"""Pod ranges and the pool of addresses."""

import pytest

from orrery.node.addresses import AddressesExhausted, AddressPool, node_address, pod_cidrs


def test_each_node_gets_its_own_24_unless_it_may_run_more_pods() -> None:
    assert [str(cidr) for cidr in pod_cidrs("10.244.0.0/16", 3, 110)] == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]
    assert [str(cidr) for cidr in pod_cidrs("10.244.0.0/16", 2, 4000)] == ["10.244.0.0/20", "10.244.16.0/20"]


def test_nodes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="300 nodes of 110 Pods do not fit"):
        pod_cidrs("10.244.0.0/16", 300, 110)


def test_nodes_follow_the_gateway() -> None:
    assert [node_address("172.18.0.0/16", index) for index in range(3)] == ["172.18.0.2", "172.18.0.3", "172.18.0.4"]


def test_addresses_go_round_before_one_is_used_again() -> None:
    pool = AddressPool(pod_cidrs("10.0.0.0/29", 1, 4)[0])
    first = pool.take()
    pool.release(first)

    assert first == "10.0.0.2"
    assert [pool.take() for _ in range(5)] == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]
    with pytest.raises(AddressesExhausted):
        pool.take()


def test_a_pool_goes_on_after_addresses_of_a_previous_life() -> None:
    pool = AddressPool(pod_cidrs("10.244.0.0/16", 1, 110)[0])
    pool.skip("10.244.0.9")
    pool.skip("10.244.0.4")

    assert pool.take() == "10.244.0.10"
