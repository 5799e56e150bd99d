"""Time the conversion of a page of 300 participants to RECORD lines: lower bound, tap, and singer-python."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime, timezone

import orjson
import singer

from tap_zoom.discover import schema_of
from tap_zoom.interrupts import Interrupts
from tap_zoom.output import Output
from tap_zoom.streams import BY_NAME
from tap_zoom.sync.records import RecordBuilder, Sequence

ROWS = 300
ROUNDS = 15


def page() -> bytes:
    rows = [
        {
            "customer_key": "349589LkJyeW",
            "duration": 259,
            "failover": False,
            "id": "30R7kT7bTIKSNUFEuH_Qlg",
            "join_time": f"2022-03-23T06:58:{number % 60:02d}Z",
            "leave_time": "2022-03-23T07:02:28Z",
            "name": "Jill Chill",
            "registrant_id": "abcdefghij0-klmnopq23456",
            "status": "in_meeting",
            "user_email": "jchill@example.com",
            "user_id": str(27423744 + number),
            "bo_mtg_id": "27423744",
            "participant_user_id": "DYHrdpjrS3uaOf7dPkkg8w",
        }
        for number in range(ROWS)
    ]
    return orjson.dumps({"page_size": ROWS, "next_page_token": "", "participants": rows})


def measure() -> tuple[float, float, float]:
    """Return the median seconds per page of the lower bound, the tap, and singer-python."""
    stream = BY_NAME["report_meeting_participants"]
    schema = schema_of(stream)
    body, now = page(), datetime.now(timezone.utc)
    ids = {"meeting_uuid": "iOTQZPmhTUq5a232ETb9eg==", "meeting_id": 93201235621}
    builder = RecordBuilder(stream, schema, schema)
    with open(os.devnull, "w", encoding="utf-8") as null:
        output = Output(Interrupts(), null.fileno())

        def floor() -> None:
            os.write(null.fileno(), b"\n".join([orjson.dumps(row) for row in orjson.loads(body)["participants"]]))

        def ours() -> None:
            output.records(stream.name, builder.records(body, ids, Sequence())[0], now)

        def singers() -> None:
            with singer.Transformer() as transformer, redirect_stdout(null):
                for row in orjson.loads(body)["participants"]:
                    record = transformer.transform({**row, **ids, "sequence": 0}, schema)
                    singer.write_record(stream.name, record, time_extracted=now)

        return tuple(_median(work) for work in (floor, ours, singers))  # type: ignore[return-value]


def _median(work: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
