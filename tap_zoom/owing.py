"""What a run owes: questions that were lost before it was stopped. The run that goes on asks them once more at its end.

Kept by identity: the stream, the ids in its path, and what else was asked. Of MOST_OWED losses at the most, and not of
those that hide how much they lead to (a page of users): for these the run that goes on also goes back to before them.
That is done once, or one loss for good and a limit of the day would never end; what is lost after that is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tap_zoom.streams import BY_NAME, Stream
from tap_zoom.windows import Window

MOST_OWED = 20
Place = tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Owed:
    """One question. `window`: the days that it is about; `place`: below which all that it leads to is out."""

    stream: Stream
    ids: Mapping[str, Any]
    params: Mapping[str, str]
    window: Window | None = None
    place: Place = ()
    number: int = 0  # in the order in which they were lost
    lost_again: bool = False

    def value(self) -> dict[str, Any]:
        """As the state holds it."""
        value: dict[str, Any] = {"stream": self.stream.name, "ids": dict(self.ids)}
        if self.params:
            value["params"] = dict(self.params)
        if self.window is not None:
            value["days"] = [self.window.first.isoformat(), self.window.last.isoformat()]
        if self.place:
            value["place"] = list(self.place)
        return value

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Owed:
        """Raises KeyError, TypeError, ValueError or AttributeError for what is none."""
        stream, ids, params = BY_NAME[value["stream"]], value["ids"], value.get("params", {})
        stream.path.format_map(ids)
        if not all(isinstance(part, str) for part in params.values()):
            raise TypeError("parameters are text")
        window = None
        if stream.windows:
            days = [*value["days"], params["from"], params["to"]]
            window = Window(*map(date.fromisoformat, days))
        return cls(stream, ids, params, window, _place(value.get("place")))


def _place(value: Any) -> Place:
    if value is None:
        return ()
    (when, uuid, thing, number), start_time, older = value
    if not all(isinstance(part, str) for part in (when, uuid, thing, start_time, older)) or type(number) is not int:
        raise TypeError("no place")
    return (when, uuid, thing, number), start_time, older


@dataclass(slots=True)
class Owing:
    """`questions`: in the order in which they were lost; `went_back`: the run that goes on does, or did; `given_up`:
    how many losses can't be asked for again."""

    questions: list[Owed] = field(default_factory=list)
    went_back: bool = False
    given_up: int = 0
    _count: int = 0

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Owing:
        """What the state of a stopped run says. Raises KeyError, TypeError, ValueError or AttributeError."""
        owing = cls(went_back=value.get("went_back", False) is True, given_up=int(value.get("given_up", 0)))
        questions = value.get("owing", [])
        if not isinstance(questions, list):
            raise TypeError("no list")
        for question in questions:
            owing.keep(Owed.read(question))
        return owing

    def keep(self, question: Owed) -> bool:
        """Keep a question that was lost. False where there are too many."""
        same = (each.stream is question.stream and each.value() == question.value() for each in self.questions)
        if any(same):
            return True
        if len(self.questions) >= MOST_OWED:
            return False
        self._count += 1
        question.number = self._count
        self.questions.append(question)
        return True

    def settle(self, question: Owed) -> None:
        """Everything that a question leads to is out; or it was lost once more, and waits for the next run."""
        self.questions.remove(question)
        if question.lost_again:
            self.keep(Owed(question.stream, question.ids, question.params, question.window))

    def value(self) -> dict[str, Any]:
        """The part of the state that it is; nothing where nothing is owed."""
        value: dict[str, Any] = {"owing": [question.value() for question in self.questions]} if self.questions else {}
        if self.went_back:
            value["went_back"] = True
        if self.given_up:
            value["given_up"] = self.given_up
        return value
