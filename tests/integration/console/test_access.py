"""Who sees the pages: operators who logged in, and nobody through another site, host or token."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from aiohttp import ClientResponse

from console.access.visitors import COOKIE
from console.headers import _HEADERS
from tests.integration.billing import Billing
from tests.integration.console.conftest import CUSTOMER, OPERATOR, Console, Start, bearer

#: What everybody may ask: none of it names a customer.
OPEN = {"/login", "/logout", "/healthz", "/readyz", "/static", "/video/v1/openapi.json"}


def origin(console: Console) -> dict[str, str]:
    return {"Origin": f"http://{console.host}:{console.port}"}


async def log_in(console: Console, token: str = OPERATOR, target: str = "/") -> ClientResponse:
    form = {"token": token, "next": target}
    return await console.post("/login", data=form, headers=origin(console), allow_redirects=False)


def paths(console: Console) -> list[tuple[str, str]]:
    """Every route that is not open, as (method, a path of it)."""
    found = set()
    for route in console.app.router.routes():
        assert route.resource is not None
        canonical = route.resource.canonical
        if canonical not in OPEN:
            found.add((route.method, canonical.replace("{number}", "1")))
    return sorted(found)


async def test_every_page_sends_a_stranger_to_log_in_and_every_report_asks_for_a_token(console: Console) -> None:
    answers = {}
    for method, path in paths(console):
        answer = await console.request(method, path, allow_redirects=False)
        answers[f"{method} {path}"] = (answer.status, answer.headers.get("Location", "").partition("?")[0])
    api = (401, "")
    page = (303, "/login")
    assert answers == {
        **{f"{method} /video/v1/delivery-usage{rest}": api for method in ("GET", "HEAD") for rest in ("", "/hours")},
        "GET /video/v1/delivery-usage.csv": api,
        **{f"{method} {path}": page for method in ("GET", "HEAD") for path in ("/", "/assets", "/sources", "/audit")},
        **{f"{method} {path}": page for method in ("GET", "HEAD") for path in ("/statements", "/statements/1")},
        "GET /statements/1.csv": page,
        "GET /usage.csv": page,
        "POST /audit": page,
    }


async def test_an_operator_logs_in_and_comes_back_to_where_it_wanted(usage: Billing, console: Console) -> None:
    wanted = "/assets?period=24h&environment=env-a"
    form = await console.get(wanted)
    assert (form.url.path, form.url.query["next"]) == ("/login", wanted)
    entered = await log_in(console, target=wanted)
    assert (entered.status, entered.headers["Location"]) == (303, wanted)
    assert "olga" in await (await console.get(wanted)).text()
    assert (await console.get("/login", allow_redirects=False)).headers["Location"] == "/"


async def test_the_session_is_for_this_site_alone_and_for_no_script(console: Console) -> None:
    cookie = SimpleCookie((await log_in(console)).headers["Set-Cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Strict", "/", "")
    assert OPERATOR not in cookie.value


async def test_browsers_keep_the_session_to_https_where_the_console_is_not_on_loopback(start: Start) -> None:
    console = await start(secure_cookies=True)
    assert SimpleCookie((await log_in(console)).headers["Set-Cookie"])[COOKIE]["secure"] is True


@pytest.mark.parametrize("token", ["", "another", CUSTOMER], ids=["none", "wrong", "a customer's"])
async def test_no_other_token_opens_the_pages(console: Console, token: str) -> None:
    refused = await log_in(console, token)
    assert (refused.status, "Set-Cookie" in refused.headers) == (403, False)
    assert "This is no operator&#39;s token." in await refused.text()
    assert (await console.get("/", allow_redirects=False)).status == 303


async def test_an_operator_s_token_in_a_header_opens_no_page(console: Console) -> None:
    """Pages go by the cookie alone: a header would make each of them a form that other tools post to."""
    assert (await console.get("/", headers=bearer(OPERATOR), allow_redirects=False)).status == 303


async def test_logging_out_ends_the_session_not_only_the_cookie(console: Console) -> None:
    secret = SimpleCookie((await log_in(console)).headers["Set-Cookie"])[COOKIE].value
    assert (await console.get("/audit")).status == 200
    left = await console.post("/logout", headers=origin(console), allow_redirects=False)
    assert (left.status, left.headers["Location"]) == (303, "/login")
    again = await console.get("/audit", headers={"Cookie": f"{COOKIE}={secret}"}, allow_redirects=False)
    assert again.status == 303


@pytest.mark.parametrize("path", ["/login", "/logout", "/audit"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_forms_of_other_sites_are_refused(console: Console, path: str, headers: dict[str, str]) -> None:
    await log_in(console)
    answer = await console.post(path, data={"token": OPERATOR}, headers=headers, allow_redirects=False)
    assert (answer.status, "this form was not sent from this site" in await answer.text()) == (403, True)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:x", "", "/\tx"],
)
async def test_logging_in_leads_to_no_other_site(console: Console, target: str) -> None:
    assert (await log_in(console, target=target)).headers["Location"] == "/"


async def test_a_name_that_was_bent_to_this_machine_opens_nothing(usage: Billing, open_console: Console) -> None:
    for path in ("/", "/video/v1/delivery-usage", "/usage.csv", "/login"):
        bent = await open_console.get(path, headers={"Host": "evil.example"}, allow_redirects=False)
        assert (bent.status, "evil.example is no name of this machine" in await bent.text()) == (403, True)
        local = await open_console.get(path, headers={"Host": f"localhost:{open_console.port}"}, allow_redirects=False)
        assert local.status in (200, 303)


@pytest.mark.parametrize("path", ["/login", "/static/console.css", "/nothing", "/video/v1/x", "/usage.csv", "/healthz"])
async def test_every_answer_carries_the_same_protection(console: Console, path: str) -> None:
    answer = await console.get(path, allow_redirects=False)
    assert {name: answer.headers[name] for name in _HEADERS} == _HEADERS
    kept = "public, max-age=31536000, immutable" if path.startswith("/static/") else "no-store"
    assert answer.headers["Cache-Control"] == kept


async def test_nothing_in_a_page_needs_what_the_policy_forbids(usage: Billing, open_console: Console) -> None:
    """No inline style, no inline script but data, no handler attribute, nothing from elsewhere."""
    for path in ("/", "/assets", "/sources", "/audit", "/statements", "/nothing"):
        page = await (await open_console.get(path)).text()
        assert " style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count("<script src=") + page.count('<script type="application/json"')
        assert not any(f" on{event}=" in page for event in ("click", "load", "error", "change", "submit"))
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page


async def test_a_body_that_is_no_form_of_ours_is_refused(console: Console) -> None:
    answer = await console.post("/login", data={"token": "x" * 10_000}, headers=origin(console))
    assert answer.status == 413


async def test_no_more_than_the_static_files_is_served_from_their_folder(console: Console) -> None:
    for path in ("/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert (await console.get(path, allow_redirects=False)).status in (403, 404)
