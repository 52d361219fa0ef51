"""Headers that tell the browser what a page may do: load from here only, run no inline script, be framed by nobody."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SessionCookies(SecureCookieSessionInterface):
    """Session cookies that are Secure whenever the page came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(request.is_secure or app.config["BASE_URL"].startswith("https:"))


def init_app(app: Flask) -> None:
    app.config.update(SESSION_COOKIE_NAME="samled", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    app.session_interface = SessionCookies()
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    # A page about a child stays in no cache, neither a proxy's nor that of a shared computer.
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
