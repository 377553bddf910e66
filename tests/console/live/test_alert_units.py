"""Whose alert it is, where its subject is a camera or a recorder."""

from collections.abc import Callable
from typing import Any

import httpx
from camera_rows import write_camera
from console_examples import NOW, raised, stop

from analytics.fixes import FixBatch
from store.ledger import Ledger

Console = Callable[..., Any]


def test_alerts_of_cameras_and_recorders_have_a_unit(ledger: Ledger, console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, "win-1", unit="county.east.window", recorder="recorder-1")
    write_camera(postgres_uri, "win-2", unit="county.east.window", recorder="recorder-1")
    write_camera(postgres_uri, "int-1", unit="county.east.rooms", recorder="recorder-2")
    write_camera(postgres_uri, "int-2", unit="county.east.cells", recorder="recorder-2")
    write_camera(postgres_uri, "yard", unit=None, recorder="recorder-3")
    subjects = ("win-1", "recorder-1", "recorder-2", "yard", "recorder-3", "car-1")
    ledger.commit(FixBatch.empty(), raised(*(stop(subject) for subject in subjects)), received_s=NOW)

    async def work(client: httpx.AsyncClient) -> tuple[dict[str, str | None], list[set[str]]]:
        rows = (await client.get("/api/v1/alerts")).json()["items"]
        filtered = []
        for unit in ("county.east", "county.east.window", "county.east.rooms"):
            page = (await client.get("/api/v1/alerts", params={"unit": unit})).json()
            filtered.append({row["device"] for row in page["items"]})
        return {row["device"]: row["unit"] for row in rows}, filtered

    units, filtered = console(work)
    assert units == {
        "win-1": "county.east.window",
        "recorder-1": "county.east.window",
        "recorder-2": "county.east",
        "yard": None,
        "recorder-3": None,
        "car-1": None,
    }
    assert filtered == [{"win-1", "recorder-1", "recorder-2"}, {"win-1", "recorder-1"}, set()]
