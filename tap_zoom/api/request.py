"""A request for one page, and its URL."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from tap_zoom.streams.model import SERVER_SIZE, Ids, Params, Stream, Uuid


@dataclass(slots=True)
class Request:
    """A request for one page of a list. `ids` fill the path."""

    stream: Stream
    ids: Ids
    params: Params
    token: str = ""
    page: int = 1
    most: int = 0  # page size, if smaller than the stream's

    @property
    def path(self) -> str:
        """The path below /v2 with its placeholders filled; for a text file the full URL from an answer."""
        if self.stream.text_column:
            return str(next(iter(self.ids.values())))
        kinds = self.stream.parent.ids
        filled = {name: encoded(value, kinds[name] is Uuid) for name, value in self.ids.items()}
        return self.stream.path.format_map(filled)

    def __str__(self) -> str:
        if self.stream.text_column:  # without the URL, which may open the file without a login
            _, *others = self.ids.values()
            return f"{self.stream.name}: GET {' for '.join([host_of(self.path), *map(str, others)])}"
        params = urlencode(self.params)
        return f"{self.stream.name}: GET /v2/{self.path}" + (f"?{params}" if params else "")


def host_of(url: str) -> str:
    """Return the host of a URL that may be invalid."""
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "no host"


def encoded(value: object, is_uuid: bool) -> str:
    """Return an id as one segment of a path. UUIDs with a slash are encoded twice, otherwise Zoom truncates them.

    Zoom requires it for UUIDs that begin with a slash or contain two in a row, and accepts it for the others.
    Source: https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
    """
    once = quote(str(value), safe="", errors="replace")
    return quote(once, safe="") if is_uuid and "%2F" in once else once


def query_of(request: Request) -> str:
    """Return the query string: parameters of the stream, of this request, and for paging."""
    params = {name: text.format_map(request.ids) for name, text in request.stream.params.items()} | dict(request.params)
    if request.stream.page_size:
        if request.stream.page_size != SERVER_SIZE:
            params["page_size"] = str(request.most or request.stream.page_size)
        if request.token:
            params["next_page_token"] = request.token
    return f"?{urlencode(params)}" if params else ""
