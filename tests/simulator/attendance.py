"""Participants, poll answers and Q&A of an occurrence: rows without a key of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from .dates import FORMS, written
from .making import code
from .model import Occurrence, User
from .vocabulary import person

Row = dict[str, Any]
_GUESTS = ("Guest", "iPhone", "Zoom User", "Jill Chill", "Ana María", "Conference room", "")
_ANSWERS = {
    "How useful was this session?": ("Very useful", "Somewhat useful", "Not useful", ""),
    "What should we cover next?": ("Roadmap", "Pricing", "Security", "Roadmap;Pricing", "Security;Roadmap"),
    "Did the time suit you?": ("Yes", "No", "An hour later, please"),
    "Would you join again?": ("Yes", "No", "Maybe"),
}
_RESPONDENTS = ("Grace Novak", "Omar Sato", "Priya Weber", "Daniel Costa", "Sofia Larsen", "Mateo Okafor")
_ASKED = {
    "When will the recording be available?": ("Tomorrow, by e-mail", "On our website next week", ""),
    "Does it work on mobile?": ("Yes", "On iOS today, Android follows"),
    "What does it cost?": ("See the pricing page", ""),
    "Can we get the slides?": ("Yes", "They are in the follow-up e-mail"),
}


def participants(rng: random.Random, held: Occurrence, colleagues: Sequence[User] = (), *, drift: bool) -> list[Row]:
    """Return rows in Zoom's order. `colleagues`: users of the account, who are most of the non-guests."""
    rows: list[Row] = []
    user_id = rng.randint(16_778_240, 99_000_000)
    # Everybody joins at one of three moments within the first 20 seconds.
    rush = [rng.randint(0, 20) for _ in range(3)]
    for _ in range(held.people):
        user_id += rng.choice((1, 1024))
        joined = held.start + timedelta(seconds=rng.choice(rush))
        row = _participant(rng, held, user_id, joined, colleagues, drift=drift)
        rows.append(row)
        chance = rng.random()
        if chance < 0.12:
            # Left and rejoined: another user_id and join time.
            user_id += 1
            again = {**row, **_times(rng, held, joined + timedelta(seconds=rng.randint(30, 600)))}
            rows.append({**again, "user_id": str(user_id)})
        elif chance < 0.2:
            # Moved to a breakout room: a second row with the same user_id and join time.
            rows.append({**row, "bo_mtg_id": code(rng), "duration": rng.randint(1, 60)})
        elif chance < 0.25:
            rows.append({**row, "leave_time": written(held.end + timedelta(seconds=7), held.date_form)})
        elif chance < 0.27:
            # An identical second row.
            rows.append(dict(row))
    return rows


def _participant(
    rng: random.Random, held: Occurrence, user_id: int, joined: Any, colleagues: Sequence[User], *, drift: bool
) -> Row:
    guest = rng.random() < 0.4
    colleague = rng.choice(colleagues) if colleagues and rng.random() < 0.8 else None
    somebody = person(rng)
    id_ = "" if guest else colleague.id if colleague else code(rng)
    row: Row = {
        "id": id_,
        # Drift: a number where Zoom documents a string, for a whole meeting at a time.
        "user_id": user_id if drift and held.minutes % 9 == 0 else str(user_id),
        "name": rng.choice(_GUESTS) if guest else colleague.name if colleague else somebody.name,
        "user_email": "" if guest else colleague.email if colleague else somebody.email,
        **_times(rng, held, joined),
        "status": "in_waiting_room" if rng.random() < 0.05 else "in_meeting",
        "registrant_id": code(rng) if not guest and held.of.registration else "",
    }
    chance = rng.random()
    if chance < 0.8:
        row["participant_user_id"] = id_
        row["customer_key"] = code(rng, 12) if chance < 0.4 else ""
    if chance > 0.1:
        row["failover"] = chance > 0.9 if not drift or chance < 0.95 else int(chance > 0.97)
        row["bo_mtg_id"] = code(rng) if chance > 0.85 else ""
    elif chance < 0.02:
        row["name"] = None
        row["leave_time"] = ""
    return row


def _times(rng: random.Random, held: Occurrence, joined: Any) -> Row:
    left = max(held.end, joined + timedelta(seconds=1))
    return {
        "join_time": written(joined, held.date_form),
        "leave_time": written(left, held.date_form),
        # Zero until Zoom has processed a large meeting.
        "duration": 0 if rng.random() < 0.05 else int((left - joined).total_seconds()),
    }


def poll_results(rng: random.Random, held: Occurrence) -> list[Row]:
    """Return answers to polls. Respondents without a login and anonymous ones have no e-mail."""
    poll_id = code(rng)
    rows = [_respondent(rng) for _ in range(1 + held.people // 2)]
    for row in rows:
        row["question_details"] = [
            {
                "answer": answer,
                "polling_id": poll_id,
                "question": question,
                "date_time": "" if rng.random() < 0.04 else written(held.end, rng.choice(FORMS)),
            }
            for question, answer in _answers(rng, _ANSWERS)
        ]
    return rows + [dict(row) for row in rows[:1]]


def qna_results(rng: random.Random, held: Occurrence) -> list[Row]:
    """Return questions and answers of a webinar. Some respondents have no name."""
    rows = [_respondent(rng) for _ in range(1 + held.people // 3)]
    for row in rows:
        row["question_details"] = [
            {"answer": answer, "question": question} for question, answer in _answers(rng, _ASKED)
        ]
    return rows


def _answers(rng: random.Random, questions: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return one or two questions, each with an answer."""
    return [
        (question, rng.choice(questions[question])) for question in rng.sample(sorted(questions), rng.randint(1, 2))
    ]


def _respondent(rng: random.Random) -> Row:
    chance = rng.random()
    if chance < 0.3:
        return {"email": "", "name": "Anonymous Attendee"}
    if chance < 0.5:
        return {"email": "", "name": rng.choice(_GUESTS)}
    if chance < 0.55:
        return {"name": "Guest"}
    if chance < 0.6:
        return {"email": None, "name": None}
    # Few people, so that some answer more than once.
    name = rng.choice(_RESPONDENTS)
    return {"email": f"{name.lower().replace(' ', '.')}@example.com", "name": name}
