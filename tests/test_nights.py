"""Syncs over several days, with failures and interruptions, are exact, or the last run names the missing records."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.nights import MOST_RUNS, PAGE, History, Played, account
from tests.simulator import Account, Fault, SimulatedZoom, truth
from tests.simulator.questions import leading_to
from tests.tap import Run, assert_complete, catalog_of, run_tap

NOON = datetime(2027, 5, 11, 12, tzinfo=timezone.utc)
HISTORIES = 30
ALWAYS = (20, 21, 22)  # entities, past meetings, one child stream; make test-nights runs all histories


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[] if seed in ALWAYS else pytest.mark.nights) for seed in range(HISTORIES)]
)
@pytest.mark.few(1)
def test_every_record_is_emitted_or_reported_missing(seed: int) -> None:
    """A record that was readable during all runs is emitted, or the last run names it and has exit status 1."""
    played = Played(History(seed))
    played.play()
    problems = list(played.problems())
    if problems:
        pytest.fail("\n".join([*problems, played.told()]), pytrace=False)


def runs_until_complete(zoom: SimulatedZoom, *streams: str, workers: int = 64, **step: float) -> list[Run]:
    """Run some streams under a daily limit until a run is complete. `step`: the time between runs."""
    runs: list[Run] = []
    while not runs or runs[-1].exit_status:
        if len(runs) == MOST_RUNS:
            pytest.fail(f"{MOST_RUNS} runs, and none has ended; the last: {runs[-1].critical}", pytrace=False)
        state = runs[-1].states[-1] if runs else None
        runs.append(run_tap(zoom.config(max_workers=workers), zoom=zoom, catalog=catalog_of(*streams), state=state))
        zoom.travel(**step)
    return runs


def test_a_night_between_runs_costs_no_extra_run() -> None:
    """A sync with a run every day takes as many runs as one with a run every hour.

    There is one worker. More would read ahead of a slow answer, which is read again and may cost a run.
    """
    many = Account(1, users=40, meetings_per_user=3, webinars_per_user=0, occurrences=0, crowd=0, now=NOON)
    with SimulatedZoom(many, daily_limits={"Light": 45}) as zoom:  # resets at midnight UTC
        by_day = runs_until_complete(zoom, "users", "meetings", workers=1, days=1)
    with SimulatedZoom(many, daily_limits={"Light": 45}, daily_reset=3600) as zoom:
        by_hour = runs_until_complete(zoom, "users", "meetings", workers=1, hours=1, minutes=1)
    assert len(by_day) == len(by_hour) == 3
    right = truth.expected(many)
    assert_complete({stream: right[stream] for stream in ("users", "meetings")}, *by_day)


def test_a_daily_limit_wastes_at_most_half_of_the_requests() -> None:
    """Where the history is refused, there are many lists and few records below each. Records of the first window come
    before lists of the next ones, so that each run resumes further on."""
    with SimulatedZoom(account(1), history="no_permission", page_cap=PAGE, daily_limits={"Heavy": 60}) as zoom:
        runs = runs_until_complete(zoom, "webinar_absentees", days=1)
        asked = [f"{each.path} {each.query}" for each in zoom.requests if each.label == "Heavy" and each.status == 200]
    assert all("daily limit" in run.critical for run in runs[:-1])
    assert len(set(asked)) > 120
    assert len(asked) <= 2 * len(set(asked))


def test_the_error_line_names_the_request_of_a_missing_record() -> None:
    """For one record of each stream, its request fails. Then it is missing, one ERROR line names the request, and none
    names the requests that lead to it."""
    right = truth.expected(account(1))
    chosen = [(stream, records[-1]) for stream, records in right.items() if records and stream != "users"]
    own = [leading_to(account(1), stream, record)[0] for stream, record in chosen]
    with SimulatedZoom(account(1), faults=[Fault.answer(400, match=each.pattern, times=None) for each in own]) as zoom:
        run = run_tap(zoom.config(), zoom=zoom)
    assert len(chosen) > 14
    for question, (stream, record) in zip(own, chosen, strict=True):
        assert record not in run.records.get(stream, []), stream
        assert sum(question.is_in(line) for line in run.logged("ERROR")) == 1
        others = leading_to(account(1), stream, record)[1:]
        assert not any(other.is_in(line) for other in others for line in run.logged("ERROR"))
