"""Text from outside (Zoom, a proxy, a file), made safe to print."""

from __future__ import annotations

import re

# Control characters, line separators, and invisible marks that reorder or hide text.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


def escaped(text: str) -> str:
    r"""Return the text on one line, with `\x1b` for an escape character and `\u202e` for a right-to-left override."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
