"""The event recorder: what an Event looks like, how repeats are counted, combined and held back, and when Events go."""

from orrery.machinery.objects import FrozenObject
from orrery.verbs.call import SYSTEM_ADMIN
from orrery.verbs.recorder import EventRecorder
from tests.verbs.world import Api, pod


def _events(api: Api) -> list[FrozenObject]:
    return list(api.verbs.client(SYSTEM_ADMIN, "test").list("events", "default"))


def _recorder(api: Api, component: str = "kubelet", host: str = "node-1") -> EventRecorder:
    return EventRecorder(api.verbs.client(SYSTEM_ADMIN, component), component, host)


async def test_a_classic_event_names_object_source_and_times(api: Api) -> None:
    about = await api.create("pods", pod())
    recorder = _recorder(api)

    recorder.event(about, "Normal", "Started", "Started container c", field_path="spec.containers{c}")
    await recorder.flush()
    (event,) = _events(api)
    assert event["metadata"]["name"].startswith("web.18")
    assert event["involvedObject"]["fieldPath"] == "spec.containers{c}"
    assert event["involvedObject"]["uid"] == about["metadata"]["uid"]
    assert event["source"] == {"component": "kubelet", "host": "node-1"}
    assert (event["firstTimestamp"], event["lastTimestamp"], event["count"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", 1)
    assert (event["reportingComponent"], event["reportingInstance"], event["eventTime"]) == ("kubelet", "node-1", None)


async def test_a_repeated_event_is_counted(api: Api) -> None:
    about = await api.create("pods", pod())
    recorder = _recorder(api)

    for _ in range(3):
        recorder.event(about, "Warning", "BackOff", "Back-off restarting failed container")
        await recorder.flush()
        await api.clock.advance(10)
    (event,) = _events(api)
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (3, "2026-01-02T03:04:05Z", "2026-01-02T03:04:25Z")


async def test_two_components_may_speak_in_the_same_moment(api: Api) -> None:
    about = await api.create("pods", pod())
    one, other = _recorder(api, "one"), _recorder(api, "other")

    one.event(about, "Normal", "Said", "by one")
    other.event(about, "Normal", "Said", "by the other")
    await one.flush()
    await other.flush()

    assert sorted(event["message"] for event in _events(api)) == ["by one", "by the other"]


async def test_many_alike_are_combined(api: Api) -> None:
    about = await api.create("pods", pod())
    recorder = _recorder(api)

    for number in range(12):
        recorder.event(about, "Warning", "Failed", f"message {number}")
    await recorder.flush()
    combined = [event for event in _events(api) if event["message"].startswith("(combined from similar events): ")]
    assert len(_events(api)) == 10
    assert (len(combined), combined[0]["count"]) == (1, 3)
    assert combined[0]["source"]["component"] and not combined[0]["reportingComponent"]


async def test_a_flood_is_held_back(api: Api) -> None:
    about = await api.create("pods", pod())
    recorder = _recorder(api)

    for number in range(40):
        recorder.event(about, "Normal", f"Reason{number}", "m")
    await recorder.flush()
    assert len(_events(api)) == 25


async def test_the_scheduler_writes_the_newer_form_and_a_series(api: Api) -> None:
    about = await api.create("pods", pod())
    recorder = _recorder(api, "default-scheduler", "")

    for _ in range(3):
        recorder.event(about, "Warning", "FailedScheduling", "0/3 nodes are available", action="Scheduling")
        await recorder.flush()
        await api.clock.advance(10)
    (event,) = _events(api)
    assert (event["action"], event["reportingComponent"]) == ("Scheduling", "default-scheduler")
    assert event["eventTime"] == "2026-01-02T03:04:05.000000Z"
    assert (event["firstTimestamp"], event["source"]) == (None, {})
    assert event["series"] == {"count": 2, "lastObservedTime": "2026-01-02T03:04:15.000000Z"}


async def test_an_object_that_has_changed_begins_no_series(api: Api) -> None:
    """As client-go compares references, resourceVersion and all; what is said does not matter to it."""
    about = await api.create("pods", pod())
    recorder = _recorder(api, "default-scheduler", "")
    changed = {**about, "metadata": {**about["metadata"], "resourceVersion": "99999"}}

    for obj, message in ((about, "one"), (changed, "one"), (changed, "two")):
        recorder.event(obj, "Warning", "FailedScheduling", message, action="Scheduling")
        await recorder.flush()

    assert [(event["message"], "series" in event) for event in _events(api)] == [("one", False), ("one", True)]


async def test_events_go_when_they_are_old(api: Api) -> None:
    about = await api.create("pods", pod())
    expiry = api.verbs.expire_events()
    recorder = _recorder(api)
    recorder.event(about, "Normal", "A", "first")
    await recorder.flush()
    await api.clock.advance(1800)
    recorder.event(about, "Normal", "B", "second")
    await recorder.flush()

    await api.clock.advance(1801)
    assert [event["message"] for event in _events(api)] == ["second"]
    expiry.stop()
