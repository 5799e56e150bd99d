"""One page of an answer to ask for, and its URL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from tap_zoom.streams.model import SERVER_SIZE, Ids, Params, Stream, Uuid


@dataclass(slots=True)
class Request:
    """One page of a list. `ids` fill the path."""

    stream: Stream
    ids: Ids
    params: Params
    token: str = ""
    page: int = 1
    most: int = 0  # rows, if fewer than the stream's page holds

    @property
    def path(self) -> str:
        """Below /v2, its placeholders filled; of a text its whole URL, as an answer named it."""
        if self.stream.text_column:
            return str(next(iter(self.ids.values())))
        kinds = self.stream.parent.ids
        filled = {name: encoded(value, kinds[name] is Uuid) for name, value in self.ids.items()}
        return self.stream.path.format_map(filled)

    def __str__(self) -> str:
        if self.stream.text_column:  # whoever has the URL may be able to open it
            _, *others = self.ids.values()
            return f"{self.stream.name}: GET {' for '.join([host_of(self.path), *map(str, others)])}"
        params = urlencode(self.params)
        return f"{self.stream.name}: GET /v2/{self.path}" + (f"?{params}" if params else "")


def host_of(url: str) -> str:
    """The host in an address that somebody else made."""
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "no host"


def encoded(value: object, is_uuid: bool) -> str:
    """An id as one segment of a path. A UUID with a slash is encoded twice, or Zoom cuts it there.

    Zoom asks for it where a UUID begins with a slash or holds two in a row; the others are found that way as well.
    Source: https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
    """
    once = quote(str(value), safe="", errors="replace")
    return quote(once, safe="") if is_uuid and "%2F" in once else once


def query_of(request: Request) -> str:
    """The query string: what the stream always sends, what this question asks, and paging."""
    params = {name: text.format_map(request.ids) for name, text in request.stream.params.items()} | dict(request.params)
    if request.stream.page_size:
        if request.stream.page_size != SERVER_SIZE:
            params["page_size"] = str(request.most or request.stream.page_size)
        if request.token:
            params["next_page_token"] = request.token
    return f"?{urlencode(params)}" if params else ""
