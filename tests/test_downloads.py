"""Downloaded files: the token is only sent to Zoom, and an invalid file costs one row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from requests.auth import AuthBase

from tap_zoom.api.client import Client
from tap_zoom.api.http import LARGEST_ANSWER, Answer, Connections
from tap_zoom.api.request import Request
from tap_zoom.config import Config
from tap_zoom.errors import RateLimited, RequestRefused, Retryable
from tap_zoom.streams import BY_NAME
from tests.everything import config, right, zoom_with_everything
from tests.simulator import Fault, SimulatedZoom
from tests.tap import Run, assert_exact, catalog_of, run_tap

TRANSCRIPT = r"/v2/meetings/[^/]+/transcript"
TEXTS, WORDS = "meeting_ai_transcripts", "phone_recording_transcripts"


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    with zoom_with_everything() as zoom:
        yield zoom


@pytest.fixture
def elsewhere() -> Iterator[SimulatedZoom]:
    """Another host under another name, which records its requests."""
    with SimulatedZoom() as other:
        yield other


def at(other: SimulatedZoom, path: str = "/file") -> str:
    return other.url.replace("127.0.0.1", "localhost") + path


def since(zoom: SimulatedZoom) -> str:
    return str(zoom.now.date() - timedelta(days=400))


def read(zoom: SimulatedZoom, *faults: Fault, streams: tuple[str, ...] = (TEXTS,)) -> Run:
    zoom.faults += faults
    return run_tap(config(zoom, start_date=since(zoom)), zoom=zoom, catalog=catalog_of(*streams))


def true_texts(zoom: SimulatedZoom) -> list[dict[str, Any]]:
    return right(zoom, TEXTS, start_date=since(zoom))[TEXTS]


def assert_one_lost(zoom: SimulatedZoom, run: Run, *words: str) -> None:
    """One row is missing: one ERROR with these words and exit status 1. All other rows are emitted."""
    [error] = run.logged("ERROR")
    assert error.startswith("ERROR Lost: ") and all(word in error for word in words), error
    assert run.exit_status == 1
    emitted = {row["meeting_uuid"] for row in run.records[TEXTS]}
    assert [row for row in true_texts(zoom) if row["meeting_uuid"] not in emitted and row["meeting_uuid"] in error]
    expected = [row for row in true_texts(zoom) if row["meeting_uuid"] in emitted]
    assert len(expected) == len(true_texts(zoom)) - 1 > 1
    assert_exact({TEXTS: expected}, run.records)


def test_the_token_is_only_sent_to_the_first_host(zoom: SimulatedZoom) -> None:
    """Both kinds of files are behind a redirect. The redirected request has no token."""
    run = read(zoom, streams=(TEXTS, WORDS))
    assert run.exit_status == 0 and zoom.violations == []
    signed = [asked for asked in zoom.requests if asked.path.startswith("/signed/")]
    assert len(signed) == len(run.records[WORDS]) + sum(row["text"] is not None for row in run.records[TEXTS])
    assert not any("authorization" in asked.headers for asked in signed)
    assert all("authorization" in asked.headers for asked in zoom.requests if asked not in signed)


@pytest.mark.parametrize(
    "form", ["{}", "https://[zoom.us/x", "{}?a=.zoom.us", "http://zoom.us@{host}", "http://127.0.0.1@{host}"]
)
def test_a_url_on_another_host_is_not_requested(zoom: SimulatedZoom, elsewhere: SimulatedZoom, form: str) -> None:
    """Even if the URL looks like Zoom's. One row is lost, and nothing is sent to the other host."""
    url = form.format(at(elsewhere), host=at(elsewhere).removeprefix("http://"))

    def change(content: Any) -> Any:
        return {**content, "can_download": True, "download_restriction_reason": "", "download_url": url}

    run = read(zoom, Fault.changed(change, match=TRANSCRIPT))
    assert elsewhere.requests == []
    assert_one_lost(zoom, run, "isn't on a host of Zoom")


def test_a_url_with_a_lone_surrogate_costs_one_row(zoom: SimulatedZoom) -> None:
    """JSON may contain lone surrogates, but URLs can't."""
    change: Callable[[Any], Any] = lambda content: {  # noqa: E731
        **content, "can_download": True, "download_restriction_reason": "", "download_url": f"{zoom.url}/\ud800",
    }  # fmt: skip
    assert_one_lost(zoom, read(zoom, Fault.changed(change, match=TRANSCRIPT)), "ai_transcript_texts")


def test_a_redirect_to_another_host_is_followed_without_the_token(
    zoom: SimulatedZoom, elsewhere: SimulatedZoom
) -> None:
    """Zoom stores files with other companies. The signature in the URL is enough for them."""
    elsewhere.faults.append(Fault.answer(200, b"WEBVTT from afar", match="/file", times=None))
    run = read(
        zoom,
        Fault.answer(302, b"", {"Location": at(elsewhere, "/file?signature=x")}, match="/rec/download/", times=None),
    )
    assert run.exit_status == 0
    texts = [row["text"] for row in run.records[TEXTS] if row["text"] is not None]
    assert texts and set(texts) == {"WEBVTT from afar"}
    assert len(elsewhere.requests) == len(texts)
    assert not any("authorization" in asked.headers for asked in elsewhere.requests)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"WEBVTT \xff\xfe", "UTF-8"), (200, b"<html><body>Sign in</body></html>", "HTML"), (404, b"", "404"),
        (403, b"<Error>Request has expired</Error>", "403"), (200, b"x" * (LARGEST_ANSWER + 1), "MB"),
        (302, b"", "302"),
    ],
    ids=["no UTF-8", "HTML", "404", "403", "too large", "a second redirect"],
)  # fmt: skip
def test_an_invalid_text_file_costs_one_row(zoom: SimulatedZoom, status: int, body: bytes, words: str) -> None:
    """The signed URL returns an error, or something that isn't text. All other rows are read."""
    headers = {"Location": "/signed/elsewhere"} if status == 302 else {}
    run = read(zoom, Fault.answer(status, body, headers, match="/signed/"))
    assert_one_lost(zoom, run, "ai_transcript_texts", words)


@pytest.mark.parametrize("kind", ["reset", "truncate", "503", "429"])
def test_a_temporary_fault_costs_no_text(zoom: SimulatedZoom, kind: str) -> None:
    """Requests for the file and for the signed URL are both retried."""
    run = read(zoom, Fault(kind, "/signed/"), Fault(kind, "/rec/download/"))
    assert run.exit_status == 0
    assert_exact({TEXTS: true_texts(zoom)}, run.records)


def test_a_file_with_invalid_json_costs_one_row(zoom: SimulatedZoom) -> None:
    """The transcript of a phone recording is HTML."""
    run = read(zoom, Fault.answer(200, b"<html>", match="/signed/"), streams=(WORDS,))
    assert run.exit_status == 1
    [error] = run.logged("ERROR")
    assert error.startswith("ERROR Lost: ") and WORDS in error
    assert len(run.records[WORDS]) == len(right(zoom, WORDS, start_date=since(zoom))[WORDS]) - 1 > 0


# --- the client alone ------------------------------------------------------------------------------------------------


class Exchanges:
    """Answers in place of the network, and records the URL and headers of each request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.sent: list[tuple[str, dict[str, str]]] = []
        self._answers = iter(answers)
        monkeypatch.setattr(Connections, "exchange", self._exchange)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], auth: AuthBase) -> Answer:
        self.sent.append((url, dict(auth(requests.Request(method, url, headers=dict(headers)).prepare()).headers)))
        return next(self._answers)


def fetch(url: str) -> None:
    login = Mock(token=Mock(return_value=Mock(value="SECRET", api_url="https://api.zoom.us")))
    Client(Config(), login, 1).fetch(
        Request(BY_NAME["ai_transcript_texts"], {"download_url": url, "meeting_uuid": "a=="}, {})
    )


def moved(location: str) -> Answer:
    return Answer(302, {"Location": location}, b"")


@pytest.mark.parametrize(
    "location",
    [
        "http://files.example.com/x",
        "HTTP://files.example.com/x",
        "ftp://x.org/x",
        "file:///etc/passwd",
        "https://:80/",
        "https://x.org:99999/",
        "https://[x.org/",
        f"https://{'x' * 64}.org/",
    ],
)
def test_a_redirect_without_https_is_not_followed(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    """This applies if the API itself uses https. Invalid URLs aren't followed either."""
    exchanges = Exchanges(monkeypatch, moved(location))
    with pytest.raises(RequestRefused, match="without https"):
        fetch("https://zoom.us/rec/download/x")
    assert len(exchanges.sent) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://zoom.us/x", "https://zoom.us.example.com/x", "https://examplezoom.us/x", "https://zoom.us@example.com/x", "zoom.us/x",
        "https://example.com/zoom.us", "https://example.com#.zoom.us", "https://example.com\\.zoom.us/x", "https://[zoom.us/x", "",
    ],
)  # fmt: skip
def test_the_token_is_not_sent_to_other_hosts(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """It isn't sent over plain http either."""
    exchanges = Exchanges(monkeypatch)
    with pytest.raises(RequestRefused, match="isn't on a host of Zoom"):
        fetch(url)
    assert exchanges.sent == []


@pytest.mark.parametrize(
    "url",
    [
        "https://zoom.us/x",
        "https://us02web.zoom.us/rec/x?a=1",
        "https://api.zoom.us/x",
        "https://www.zoomgov.com/x",
        "https://WWW.ZOOM.US/x",
    ],
)
def test_the_token_is_sent_to_zooms_hosts(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Any host of Zoom may have the file. A redirect is followed without the token, even to Zoom itself."""
    exchanges = Exchanges(monkeypatch, moved("https://ssrweb.zoom.us/y?signature=x"), Answer(200, {}, b"WEBVTT"))
    fetch(url)
    (first, with_token), (second, without) = exchanges.sent
    assert (first, second) == (url, "https://ssrweb.zoom.us/y?signature=x")
    assert "SECRET" in json.dumps(with_token) and not re.search(
        "SECRET|authorization", json.dumps(without), re.IGNORECASE
    )


@pytest.mark.parametrize("hosts", [1, 2])
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Retryable)])
def test_the_host_of_a_file_may_name_a_wait(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: type[Retryable], hosts: int
) -> None:
    """As the API does, also after a redirect."""
    refusal = Answer(status, {"Retry-After": "45"}, b"")
    Exchanges(monkeypatch, *[moved("https://ssrweb.zoom.us/y?signature=x"), refusal][-hosts:])
    with pytest.raises(Retryable) as caught:
        fetch("https://zoom.us/x")
    assert caught.type is kind and caught.value.wait == 45
