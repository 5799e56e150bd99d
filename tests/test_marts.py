"""The dbt package on DuckDB: its models hold what the simulated account knows by itself.

All of it is made once: an account is loaded twice, two weeks apart, first the core and then every stream that the package
reads, by a target that keeps one row per key; dbt builds the models after each. A second database holds meetings known by heart.
"""

from __future__ import annotations

import fcntl
import json
import pickle
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo import tables
from tap_zoom.discover import schema_of
from tap_zoom.streams import BY_NAME
from tests import known_cases, known_marts
from tests.known_marts import EPOCH, minutes, second, time_of
from tests.simulator import Account, SimulatedZoom, further, truth, truth_of
from tests.simulator.dates import UTC
from tests.tap import ROOT, Run, catalog_of, run_tap
from tests.warehouse import ENVIRONMENT, FINALS, OPTIONAL, Dbt, Outcome, dbt, described, examples

FIRST = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
WEEKS = timedelta(days=14)
LOADED = ("2026-03-03 10:00:00", "2026-03-17 10:00:00")
PYTHON = ENVIRONMENT / "bin" / "python"

Rows = dict[str, list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="There is no dbt: make .venv/dbt/.installed")


# --- what is loaded, and what is right ------------------------------------------------------------------------------


def account() -> Account:
    """One with odd cases, some of whose users attend meetings and webinars."""
    made = Account.sized("demo", edges=True, drift=True, crowd=60, now=FIRST, future=WEEKS.days)
    for number, user in enumerate(made.users):
        if user.lookup == "ok":
            user.email = user.row["email"] = f"person.{7 * number}@example.com"
    return made


def right_rows(zoom: SimulatedZoom) -> Rows:
    return truth.expected(zoom.account, at=zoom.as_of) | {name: truth_of(zoom, name) for name in OPTIONAL}


def key_of(stream: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in truth.KEYS.get(stream) or further.KEYS[stream])


def merged(first: Rows, second: Rows) -> Rows:
    """What a target holds that keeps the last row of each key."""
    return {
        stream: list(({key_of(stream, row): row for row in [*first.get(stream, ()), *rows]}).values()) for stream, rows in second.items()
    }


def read_twice() -> tuple[list[Run], Rows]:
    """Runs of the tap, two weeks apart, and what the account held at one time or the other."""
    with SimulatedZoom(account(), scopes="classic") as zoom:
        runs, known = [], []
        for streams in (tuple(truth.KEYS), (*truth.KEYS, *OPTIONAL)):
            runs.append(run_tap(zoom.config(), zoom=zoom, catalog=catalog_of(*streams)))
            known.append({name: rows for name, rows in right_rows(zoom).items() if name in streams})
            zoom.travel(days=WEEKS.days)
    assert [run.exit_status for run in runs] == [0, 0], runs[-1].stderr[-2000:]
    return runs, merged(*known)


def load(database: Path, rows: Rows, loaded_at: str) -> None:
    """Add rows to the tables of streams, in place of those with the same key, as a target for databases does."""
    directory = Path(tempfile.mkdtemp(dir=database.parent))
    streams = [{"tap_stream_id": stream, "schema": schema_of(BY_NAME[stream])} for stream in rows]
    (directory / "catalog.json").write_text(json.dumps({"streams": streams}), "utf-8")
    for stream, records in rows.items():
        (directory / f"{stream}.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS zoom; CREATE SCHEMA loading; USE loading")
        tables.create(connection, directory / "catalog.json", directory)
        for stream in rows:
            connection.execute(f"ALTER TABLE {stream} ADD COLUMN _sdc_extracted_at TIMESTAMP DEFAULT TIMESTAMP '{loaded_at}'")
            connection.execute(f"CREATE TABLE IF NOT EXISTS zoom.{stream} AS FROM {stream} LIMIT 0")
            key = ", ".join(BY_NAME[stream].key)
            connection.execute(f"DELETE FROM zoom.{stream} WHERE ({key}) IN (SELECT ({key}) FROM {stream})")
            connection.execute(f"INSERT INTO zoom.{stream} BY NAME FROM {stream}")
        connection.execute("USE zoom; DROP SCHEMA loading CASCADE")


class Built:
    """The databases, what dbt said of them, and the right rows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.outcomes: dict[str, Outcome] = {}
        self.rows: Rows = {}
        self.kept = False
        with dbt(PYTHON, ROOT / "demo", directory) as run:
            self._account(run)
            self._cases(run)

    def _account(self, run: Dbt) -> None:
        (first, second), self.rows = read_twice()
        database = self.directory / "core" / "warehouse.duckdb"
        database.parent.mkdir()
        # One row of an old meeting comes late, with the load time of the others.
        late = next(row for row in first.records["report_meeting_participants"] if row["status"] == "in_meeting")
        load(database, {**first.records, "report_meeting_participants": [
            row for row in first.records["report_meeting_participants"] if row is not late
        ]}, LOADED[0])  # fmt: skip
        self.build(run, "core")
        self.copy("core", "all")
        known = {stream: {key_of(stream, row): row for row in rows} for stream, rows in first.records.items()}
        changed = {
            stream: [row for row in rows if known.get(stream, {}).get(key_of(stream, row)) != row] for stream, rows in second.records.items()
        }
        load(self.path("all"), changed, LOADED[1])
        load(self.path("all"), {"report_meeting_participants": [late]}, LOADED[0])
        with duckdb.connect(str(self.path("all"))) as connection:
            # Mark a unit that the second load does not touch.
            old = [str(row["meeting_id"]) for row in changed["report_meeting_participants"]] + [str(late["meeting_id"])]
            changed_numbers = {*old, *(str(row["id"]) for row in changed["report_meetings"])}
            changed_numbers |= {str(row["meeting_id"]) for name in ("history_meetings", "meeting_poll_results") for row in changed[name]}
            marked = connection.execute(
                "UPDATE marts.int_zoom__meeting_stays SET registrant_id = 'marked' WHERE NOT list_contains($units, unit)",
                {"units": sorted(changed_numbers)},
            ).fetchall()
        self.build(run, "all")
        with duckdb.connect(str(self.path("all"))) as connection:
            found = connection.execute("SELECT count(*) FROM marts.int_zoom__meeting_stays WHERE registrant_id = 'marked'").fetchall()
            self.kept = found == marked and found[0][0] > 0
        self.copy("all", "full")
        self.build(run, "full", "run", "--full-refresh")

    def _cases(self, run: Dbt) -> None:
        database = self.directory / "cases" / "warehouse.duckdb"
        database.parent.mkdir()
        load(
            database,
            {"report_meetings": known_cases.MEETINGS, "report_meeting_participants": known_cases.participants()},
            LOADED[0],
        )
        self.build(run, "cases", zoom__timezone=known_cases.ZONE)

    def path(self, name: str) -> Path:
        return self.directory / name / "warehouse.duckdb"

    def copy(self, name: str, to: str) -> None:
        shutil.copytree(self.directory / name, self.directory / to)

    def build(self, run: Dbt, name: str, command: str = "build", *more: str, **variables: str) -> None:
        self.outcomes[name] = run(command, *more, environment={"ZOOM_DUCKDB": str(self.path(name))}, **variables)

    def ask(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path(name)), read_only=True) as connection:
            connection.execute("SET search_path = 'marts,zoom'")
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Built]:
    """Made by the first process of the tests that asks for it; the others wait."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    place = shared / "marts"
    with (shared / "marts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            place.mkdir()
            (place / "built").write_bytes(pickle.dumps(Built(place)))
    yield pickle.loads((place / "built").read_bytes())


# --- building -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["core", "all", "full", "cases"])
def test_every_model_and_test_passes(built: Built, name: str) -> None:
    """With the core only, with every stream, and with report_meetings and its participants only: no error, no warning."""
    built.outcomes[name].assert_clean()


def test_an_incremental_build_equals_a_full_one(built: Built) -> None:
    """Table by table, also with a row that came late; and what did not change was not built again."""
    assert built.kept
    for name in [each for each in described() if not each.startswith("stg_")]:
        columns = ", ".join(column["name"] for column in described()[name]["columns"])
        if name == "int_zoom__meeting_stays":  # where the mark is
            columns = "stay_key, unit, meeting_uuid, person_key, joins, started_at, ended_at, source_rows, source_loaded_at"
        sql = f"SELECT {columns} FROM {name}"
        assert Counter(built.ask("all", sql)) == Counter(built.ask("full", sql)), name


def test_columns_are_as_described(built: Built) -> None:
    """Each model has the columns that its description names, in that order, and each has words."""
    for name, model in described().items():
        found = [row[0] for row in built.ask("cases", f"DESCRIBE {name}")]
        assert found == [column["name"] for column in model["columns"]], name
        assert all(part["description"].endswith(".") for part in [model, *model["columns"]]), name


@pytest.mark.parametrize("name", FINALS)
def test_the_example_question_of_a_model_has_an_answer(built: Built, name: str) -> None:
    """It runs, and finds rows."""
    assert built.ask("all", examples()[name])


# --- right values: what the account knows ---------------------------------------------------------------------------


def attendance(built: Built, kind: str) -> Counter[tuple[Any, ...]]:
    sql = (
        f"SELECT {kind}_uuid, person_key, joins, attended_seconds, attended_minutes, first_joined_at, last_left_at "
        f"FROM zoom__{kind}_attendance"
    )
    return Counter(without_guest(row) for row in built.ask("all", sql))


def without_guest(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without the name or number of a guest."""
    return (row[0], "guest" if row[1].startswith("guest:") else row[1], *row[2:])


@pytest.mark.parametrize("kind", ["meeting", "webinar"])
def test_attendance_is_right_to_the_second(built: Built, kind: str) -> None:
    """Each person in each meeting and webinar: joins, seconds, first and last."""
    right = Counter(
        without_guest(
            (
                each.held.uuid, each.key, each.joins, len(each.seconds), minutes(len(each.seconds)), time_of(each.first), time_of(each.last),
            )
        )
        for each in known_marts.people(built.rows, kind)
    )  # fmt: skip
    assert len(right) > 500
    assert attendance(built, kind) == right


def test_meetings_are_right(built: Built) -> None:
    """Sessions, length, host, people and minutes of each; some have several sessions."""
    held = known_marts.meetings(built.rows)
    there: dict[str, list[int]] = defaultdict(list)
    for each in known_marts.people(built.rows, "meeting"):
        there[each.held.uuid].append(len(each.seconds))
    right = {
        (each.uuid, len(each.sessions), time_of(each.start), minutes(each.end - each.start), each.host,
         len(there[each.uuid]), minutes(sum(there[each.uuid])))
        for each in held
    }  # fmt: skip
    sql = "SELECT meeting_uuid, sessions, started_at, duration_minutes, host_email, attendees, attended_minutes FROM zoom__meetings"
    assert set(built.ask("all", sql)) == right
    assert any(len(each.sessions) > 1 for each in held)


def test_person_days_are_right(built: Built) -> None:
    """Meetings and seconds of each person and day, and days without for each active user."""
    days = known_marts.person_days(built.rows)
    sql = "SELECT person, day, meetings, meeting_seconds FROM zoom__person_days WHERE meetings > 0"
    assert set(built.ask("all", sql)) == {(*key, met, len(there)) for key, (met, there) in days.items()}
    organised = Counter((each.host, time_of(each.start).date()) for each in known_marts.meetings(built.rows) if each.host)
    sql = "SELECT person, day, meetings_organised FROM zoom__person_days WHERE meetings_organised > 0"
    assert set(built.ask("all", sql)) == {(*key, count) for key, count in organised.items()}
    active = {user["email"] for user in built.rows["users"] if user["status"] == "active"}
    span = [time_of(each.start).date() for each in known_marts.meetings(built.rows)]
    reach = (max(span) - min(span)).days + 1
    free = dict(built.ask("all", "SELECT person, count(*) FROM zoom__person_days WHERE is_meeting_free GROUP BY person"))
    busy = Counter(person for person, _ in days.keys() | organised.keys())
    assert active & busy.keys()
    assert free == {person: reach - busy[person] for person in active}


def test_no_shows_and_the_rest_of_the_funnel_are_right(built: Built) -> None:
    """Registered, attended, stayed, no-shows, polls and questions of each webinar."""
    rows = built.rows
    approved = Counter(row["webinar_id"] for row in rows["webinar_registrants"] if row["status"] == "approved")
    missed = Counter(row["webinar_uuid"] for row in rows["webinar_absentees"])
    asked = Counter(row["webinar_uuid"] for row in rows["webinar_qna_results"] for _ in row.get("question_details") or ())
    answered = Counter(
        row["webinar_uuid"] for row in rows["webinar_poll_results"] for each in row.get("question_details") or () if each.get("answer")
    )
    came: dict[str, list[known_marts.Person]] = defaultdict(list)
    for each in known_marts.people(rows, "webinar"):
        came[each.held.uuid].append(each)
    right = set()
    for held in known_marts.occurrences(rows, "webinar"):
        persons = came[held.uuid]
        # One registration of each person: the greatest, where an address has several.
        registered = {max(ids) for each in persons if (ids := {row.get("registrant_id") or "" for row in each.rows} - {""})}
        stayed = sum(2 * len(each.seconds) >= held.end - held.start for each in persons)
        right.add((
            held.uuid, approved[held.number] or len(registered) + missed[held.uuid], len(persons), len(registered), stayed,
            missed[held.uuid], asked[held.uuid], answered[held.uuid],
        ))  # fmt: skip
    sql = "SELECT webinar_uuid, registered, attended, attended_registrants, stayed, no_shows, questions, poll_answers FROM zoom__webinar_funnel"
    assert set(built.ask("all", f"{sql} WHERE started_at IS NOT NULL")) == right
    assert sum(missed.values()) > 100


def test_licences_and_hosts_are_right(built: Built) -> None:
    """Who has which licence, and hosted and logged in when; hosts who have left are gone."""
    held = [*known_marts.meetings(built.rows), *known_marts.occurrences(built.rows, "webinar")]
    last: dict[str, int] = {}
    for each in held:
        if each.host:
            last[each.host] = max(last.get(each.host, 0), each.start)
    right = set()
    for user in built.rows["users"]:
        hosted = last.get(user["email"].lower())
        login = second(user["last_login_time"]) if user.get("last_login_time") else None
        idle = max((each for each in (hosted, login) if each is not None), default=None)
        right.add((user["id"], user.get("type") == 2, *(None if each is None else time_of(each) for each in (login, hosted, idle))))
    assert set(built.ask("all", "SELECT user_id, is_licensed, last_login_at, last_hosted_at, idle_since FROM zoom__licences")) == right
    hosts = Counter(each.host for each in known_marts.meetings(built.rows))
    webinars = Counter(each.host for each in known_marts.occurrences(built.rows, "webinar"))
    users = {user["email"].lower(): user["status"] for user in built.rows["users"]}
    sql = "SELECT host_email, status, meetings, webinars FROM zoom__hosts WHERE meetings + webinars > 0"
    assert set(built.ask("all", sql)) == {
        (host, users.get(host, "gone"), hosts[host], webinars[host]) for host in (hosts | webinars) if host
    }


def test_poll_answers_are_right(built: Built) -> None:
    """Each answer of each respondent to each question, as often as it was given."""
    right = known_marts.poll_answers(built.rows)
    assert Counter(built.ask("all", "SELECT respondent, question, answer FROM zoom__poll_answers")) == Counter(
        {(who, question or None, answer): count for (who, question, answer), count in right.items()}
    )


def test_recordings_and_calls_are_right(built: Built) -> None:
    """Sizes, ages and kinds of files; outcomes of calls; missed calls of queues."""
    today = datetime.now(UTC).date()
    right = set()
    for row in built.rows["recordings"]:
        kinds = [file["file_type"] for file in row["recording_files"]]
        age = (today - date.fromisoformat(row["start_time"][:10])).days
        right.add((row["uuid"], row["total_size"], len(kinds), "MP4" in kinds, "TRANSCRIPT" in kinds, age))
    sql = "SELECT recording_uuid, size_bytes, files, has_video, has_transcript, age_days FROM zoom__recordings"
    assert set(built.ask("all", sql)) == right
    calls = {row["call_history_uuid"]: row.get("call_result") for row in built.rows["phone_call_history"]}
    found = {row[0]: row[1:] for row in built.ask("all", "SELECT call_uuid, call_result, outcome FROM zoom__phone_calls")}
    assert {uuid: row[0] for uuid, row in found.items()} == calls
    assert all(outcome == "answered" for result, outcome in found.values() if result in ("answered", "accepted", "connected"))
    assert all(outcome == "missed" for result, outcome in found.values() if result in ("no_answer", "abandoned", "ring_timeout"))
    queues = {
        (row["call_queue_id"], date.fromisoformat(row["window_from"]), (row.get("abandoned_calls") or 0) + (row.get("overflowed_calls") or 0))
        for row in built.rows["phone_call_queue_analytics"]
    }
    assert set(built.ask("all", "SELECT call_queue_id, called_on, missed_calls FROM zoom__phone_queues")) == queues


# --- right values: cases known by heart -----------------------------------------------------------------------------


def test_attendance_of_known_meetings(built: Built) -> None:
    """Two devices, guests of one name, rejoins in the same second, waiting rooms, hidden addresses."""
    found: dict[tuple[str, str | None], list[tuple[int, int]]] = defaultdict(list)
    for uuid, email, name, joins, seconds in built.ask(
        "cases", "SELECT meeting_uuid, email, name, joins, attended_seconds FROM zoom__meeting_attendance"
    ):
        found[uuid, email or name].append((joins, seconds))
    assert found == known_cases.ATTENDANCE


def test_known_meetings(built: Built) -> None:
    """Sessions 300 seconds apart are one meeting, 301 are two; a meeting without a report is one as well."""
    found = built.ask("cases", "SELECT meeting_uuid, sessions, duration_minutes, attendees, attended_minutes FROM zoom__meetings")
    assert {row[0]: row[1:] for row in found} == known_cases.HELD


def test_days_of_known_meetings(built: Built) -> None:
    """Cut at midnight of the time zone, in winter and summer; two meetings at once count once."""
    sql = "SELECT person, day, meetings, meeting_minutes, meetings_organised FROM zoom__person_days"
    assert {(person, str(day)): rest for person, day, *rest in map(list, built.ask("cases", sql))} == {
        key: list(value) for key, value in known_cases.DAYS.items()
    }


def test_without_users_only_hosts_are_known_to_belong_to_the_account(built: Built) -> None:
    """The others are unknown, and not taken for external."""
    found = set(built.ask("cases", "SELECT DISTINCT email, attendee_type, is_external FROM zoom__meeting_attendance"))
    assert found == {
        ("ana@example.com", "member", False), ("bob@example.com", "unknown", None), ("carl@example.com", "unknown", None),
        (None, "guest", True), (None, "unknown", None),
    }  # fmt: skip


def test_weeks_of_departments_add_up(built: Built) -> None:
    """To the days of their people."""
    per_day = built.ask("all", "SELECT sum(meeting_seconds), count(*) FILTER (NOT is_weekend) FROM zoom__person_days WHERE is_member")
    per_week = built.ask("all", "SELECT sum(meeting_minutes), sum(working_days), count(*) FROM zoom__departments_weekly")
    assert per_week[0][1] == per_day[0][1]
    assert abs(per_week[0][0] * 60 - per_day[0][0]) <= 30 * per_week[0][2]
    assert EPOCH.weekday() == 5 and all(row[0].weekday() == 0 for row in built.ask("all", "SELECT week FROM zoom__departments_weekly"))
