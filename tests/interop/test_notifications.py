"""`@solid-notifications/subscription`, as it comes from npm, and a plain WebSocket: what happens in a pod is told."""

from typing import Any

from tests.interop.stage import Someone, told_by


def test_it_finds_the_service_subscribes_and_hears_of_changes(anna: Someone) -> None:
    seen: dict[str, Any] = told_by("notifications.mjs", anna=anna)
    box = f"{anna.storage}watched/"
    assert seen["channel"] == {
        "type": "http://www.w3.org/ns/solid/notifications#WebSocketChannel2023",
        "topic": f"{box}note",
    }
    assert seen["note"] == ["Update", f"{box}note", None]
    assert seen["box"] == [["Add", f"{box}another", box], ["Remove", f"{box}another", box]]
    assert "Failed fetching resource" in seen["stranger"]
