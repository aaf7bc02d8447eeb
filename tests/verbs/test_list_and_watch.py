"""Get, list and watch: resourceVersion rules, selectors, pages, bookmarks, the end of a watch."""

import base64

import orjson
import pytest

from orrery.machinery.objects import FrozenObject
from orrery.verbs.call import ListOptions
from tests.verbs.world import Api, config_map, names, pod, refusal, told


async def _five(api: Api) -> None:
    for number in range(5):
        await api.create("configmaps", config_map(f"l{number}", labels={"n": str(number)}))


async def test_pages_continue_at_the_revision_of_the_first(api: Api) -> None:
    await _five(api)

    first = await api.list("configmaps", ListOptions(limit=2))
    assert (names(first), first.remaining) == (["l0", "l1"], 3)
    token = orjson.loads(base64.urlsafe_b64decode(first.continue_token + "=="))
    assert token == {"v": "meta.k8s.io/v1", "rv": first.revision, "start": "/l1\0"}
    await api.create("configmaps", config_map("l11"))
    await api.delete("configmaps", "l3")

    second = await api.list("configmaps", ListOptions(limit=2, continue_token=first.continue_token))
    assert (names(second), second.remaining, second.revision) == (["l2", "l3"], 1, first.revision)


async def test_pages_of_a_kind_without_namespaces_continue(api: Api) -> None:
    for name in ("system:b", "system:a", "plain"):
        await api.create("clusterroles.rbac.authorization.k8s.io", {"metadata": {"name": name}, "rules": []})

    first = await api.list("clusterroles.rbac.authorization.k8s.io", ListOptions(limit=1))
    assert orjson.loads(base64.urlsafe_b64decode(first.continue_token + "=="))["start"] == "/plain\0"
    rest = await api.list("clusterroles.rbac.authorization.k8s.io", ListOptions(limit=5, continue_token=first.continue_token))
    assert names(rest) == ["system:a", "system:b"]


async def test_with_a_selector_nobody_counts_what_remains(api: Api) -> None:
    await _five(api)

    page = await api.list("configmaps", ListOptions(limit=2, label_selector="n!=1"))
    assert (names(page), page.remaining) == (["l0", "l2"], None)
    rest = await api.list("configmaps", ListOptions(limit=2, label_selector="n!=1", continue_token=page.continue_token))
    assert (names(rest), rest.continue_token) == (["l3", "l4"], "")


async def test_a_list_at_zero_ignores_the_limit(api: Api) -> None:
    await _five(api)

    assert len((await api.list("configmaps", ListOptions(limit=2, resource_version="0"))).records) == 5


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (ListOptions(resource_version="abc"), 400, 'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint'),
        (ListOptions(resource_version="99"), 504, "Timeout: Too large resource version: 99, current: 7"),
        (ListOptions(resource_version_match="Exact"), 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden'),
        (ListOptions(send_initial_events=True), 422, 'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden'),
        (ListOptions(continue_token="x"), 400, "invalid continue token: continue key is not valid: illegal base64 data at input byte 0"),
        (ListOptions(field_selector="foo=bar"), 400, '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (ListOptions(field_selector="foo"), 400, "invalid selector: 'foo'; can't understand 'foo'"),
        (ListOptions(label_selector="a b c"), 400, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
    ],
)
async def test_bad_options_are_refused_in_upstreams_words(api: Api, options: ListOptions, code: int, message: str) -> None:
    await _five(api)

    status = await refusal(api.list("configmaps", options))
    assert status["code"] == code
    assert status["message"].startswith(message)


async def test_pods_word_an_unknown_field_otherwise(api: Api) -> None:
    status = await refusal(api.list("pods", ListOptions(field_selector="foo=bar")))

    assert status["message"] == "field label not supported: foo"


async def test_field_selectors_find_by_name_and_namespace(api: Api) -> None:
    await _five(api)

    assert names(await api.list("configmaps", ListOptions(field_selector="metadata.name=l1"))) == ["l1"]
    assert names(await api.list("configmaps", ListOptions(field_selector="metadata.namespace=other"))) == []
    assert names(await api.list("configmaps", ListOptions(field_selector="metadata.name=l2"), namespace="")) == ["l2"]


async def test_a_get_may_ask_for_no_future(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.verbs.get(api.call("configmaps", "a"), "99"))
    assert status["details"]["causes"] == [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    assert (await api.verbs.get(api.call("configmaps", "a"), "1")).object["metadata"]["name"] == "a"


async def test_a_watch_begins_with_what_is_there_and_says_when_that_is_over(api: Api) -> None:
    await _five(api)
    watch = await api.watch("configmaps", ListOptions(allow_bookmarks=True, field_selector="metadata.name=l1"))

    first = await anext(aiter(watch))
    assert told(first) == [("ADDED", "l1"), ("BOOKMARK", "")]
    assert first[1].record.object["metadata"] == {
        "resourceVersion": str(api.log.revision),
        "annotations": {"k8s.io/initial-events-end": "true"},
    }
    watch.close()


async def test_a_watch_resumes_after_a_revision(api: Api) -> None:
    await _five(api)
    watch = await api.watch("configmaps", ListOptions(resource_version="5"))

    assert told(await anext(aiter(watch))) == [("ADDED", "l3"), ("ADDED", "l4")]
    watch.close()


async def test_what_starts_and_stops_matching_is_added_and_deleted(api: Api) -> None:
    await api.create("configmaps", config_map())
    watch = await api.watch("configmaps", ListOptions(resource_version=str(api.log.revision), label_selector="on=yes"))

    await api.patch("configmaps", "a", {"metadata": {"labels": {"on": "yes"}}})
    assert told(await anext(aiter(watch))) == [("ADDED", "a")]
    await api.patch("configmaps", "a", {"data": {"k": "v"}})
    assert told(await anext(aiter(watch))) == [("MODIFIED", "a")]
    await api.patch("configmaps", "a", {"metadata": {"labels": None}})
    batch = await anext(aiter(watch))
    assert told(batch) == [("DELETED", "a")]
    last: FrozenObject = batch[0].record.object
    assert last["metadata"]["labels"] == {"on": "yes"}
    assert last["metadata"]["resourceVersion"] == str(api.log.revision)
    watch.close()


async def test_a_watch_from_the_future_is_an_error_event_only_with_initial_events(api: Api) -> None:
    options = ListOptions(resource_version="99", send_initial_events=True, resource_version_match="NotOlderThan")
    watch = await api.watch("configmaps", options)

    batch = await anext(aiter(watch))
    assert batch[0].type == "ERROR"
    assert batch[0].record.object["code"] == 504
    assert [event async for event in watch] == []


async def test_a_watch_ends_when_its_time_is_over(api: Api) -> None:
    watch = await api.watch("configmaps", ListOptions(resource_version="1", timeout_s=10))

    await api.clock.advance(11)
    assert [batch async for batch in watch] == []


async def test_a_quiet_watch_gets_bookmarks(api: Api) -> None:
    watch = await api.watch("configmaps", ListOptions(resource_version="2", allow_bookmarks=True))

    await api.clock.advance(61)
    batch = await anext(aiter(watch))
    assert told(batch) == [("BOOKMARK", "")]
    assert batch[0].record.object["metadata"] == {"resourceVersion": str(api.log.revision)}
    watch.close()


async def test_a_selector_that_fixes_a_label_or_an_indexed_field_reads_what_carries_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list by label costs what it returns, however much is stored."""
    await _five(api)
    for node in ("one", "two"):
        await api.create("pods", pod(f"on-{node}", nodeName=node))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the whole scope was read")

    monkeypatch.setattr(api.log, "list", refuse)
    assert names(await api.list("configmaps", ListOptions(label_selector="n=3"))) == ["l3"]
    assert names(await api.list("configmaps", ListOptions(label_selector="n in (3),n!=4"))) == ["l3"]
    assert names(await api.list("configmaps", ListOptions(label_selector="n=3,other=x"))) == []
    assert names(await api.list("pods", ListOptions(field_selector="spec.nodeName=two,status.phase!=Failed"))) == ["on-two"]
