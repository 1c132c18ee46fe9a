"""What holds for every answer of the console, and which requests are not even looked at.

Nothing is loaded from elsewhere, no script runs, no page is framed, kept by a cache or told to where a link leads.
A request that may change something must come from a page of this console: browsers say so in ``Sec-Fetch-Site``, or in
``Origin``. One that says neither is refused.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
STYLE_AGE = "public, max-age=31536000, immutable"  # its address changes with its contents


def shielded(response: Response, *, keep: str = "") -> Response:
    """The response with every header that holds for all. ``keep`` says how long a cache may keep it."""
    response.headers.update(HEADERS)
    if keep:
        response.headers["cache-control"] = keep
    return response


def is_own(request: Request) -> bool:
    """Whether the browser says that a page of this very origin sent it, or the person themselves."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    host = request.headers.get("host", "")
    return host != "" and _host(request.headers.get("origin", "")) == host


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
