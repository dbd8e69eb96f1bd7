"""The pages: what they show of usage, sources, the audit and statements, and what they say where there is nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from console.keys import AUDITOR
from console.settings import Auth
from ops import close, sources
from ops.hours import Hours
from tests.integration.billing import Billing
from tests.integration.console.conftest import NOW, ON_TIME, PROVISIONAL, SETTLED, WATERMARK, Console, Start

WEEK = "from=2026-08-27&to=2026-09-04"


async def text(console: Console, path: str, status: int = 200) -> str:
    """What a page says, without its tags and its data, each run of white space as one."""
    answer = await console.get(path)
    page = await answer.text()
    assert answer.status == status, page
    visible = re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]*>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(visible))


async def chart(console: Console, path: str) -> dict[str, dict[str, int]]:
    """What a page's chart shows: milliseconds by series and column, without zeros."""
    page = await (await console.get(path)).text()
    found = re.search(r'<script type="application/json" id="[a-z-]+">(.*?)</script>', page, flags=re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    return {
        series["label"]: {label: value for label, value in zip(data["labels"], series["values"], strict=True) if value}
        for series in data["series"]
    }


async def test_settled_on_time_provisional_and_corrected_time_is_told_apart(
    usage: Billing, open_console: Console
) -> None:
    page = await text(open_console, f"/?{WEEK}")
    assert "Closed until 04 Sep 2026 11:00 Settled until 01 Sep 2026 11:00" in page
    assert "Delivered 1.76 min 105,501 ms" in page
    assert "Settled 1.17 min 66.4 %" in page
    assert "On time 0.50 min 28.4 %" in page
    assert "Provisional 0.08 min 4.7 %" in page
    assert "Corrections 0.01 min 0.5 %" in page
    assert "Deliveries 9 9.0 kB" in page


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (
            "tier",
            {
                "audio-only": {"04 Sep": 5_000},
                "up-to-720p": {"04 Sep": 30_000},
                "1080p": {"01 Sep": 60_501},
                "2160p": {"01 Sep": 10_000},
            },
        ),
        (
            "certainty",
            {
                "Settled": {"01 Sep": 70_001},
                "On time": {"04 Sep": 30_000},
                "Provisional": {"04 Sep": 5_000},
                "Corrections": {"01 Sep": 500},
            },
        ),
        ("environment", {"env-a": {"01 Sep": 60_501, "04 Sep": 35_000}, "env-b": {"01 Sep": 10_000}}),
    ],
)
async def test_the_chart_stacks_the_same_time_by_what_was_chosen(
    usage: Billing, open_console: Console, by: str, expected: dict[str, dict[str, int]]
) -> None:
    assert await chart(open_console, f"/?{WEEK}&by={by}") == expected


async def test_environments_beyond_the_biggest_are_one_series(usage: Billing, open_console: Console) -> None:
    for number in range(6):
        usage.usage(1_000 + number, environment=f"env-{number}", asset=f"asset-{number}")
    found = await chart(open_console, f"/?{WEEK}&by=environment")
    assert list(found) == ["env-a", "env-b", "env-5", "env-4", "env-3", "all others"]
    assert found["all others"] == {"01 Sep": 1_000 + 1_001 + 1_002}


async def test_a_day_is_shown_by_hour_with_the_same_numbers_as_a_table(usage: Billing, open_console: Console) -> None:
    page = await text(open_console, "/?from=2026-09-04&to=2026-09-04")
    assert "Delivered minutes by hour (UTC) and tier Hour Certainty audio-only up-to-720p Total Total, ms" in page
    assert "04 Sep 10:00 On time 0.00 0.50 0.50 30,000" in page
    assert "04 Sep 11:00 Provisional 0.08 0.00 0.08 5,000" in page


async def test_the_smallest_choice_is_one_tier_of_one_asset_in_one_hour(usage: Billing, open_console: Console) -> None:
    page = await text(open_console, "/?from=2026-09-01T10&to=2026-09-01T10&environment=env-a&asset=film&tier=1080p")
    assert "01 Sep 2026 10:00 to 01 Sep 2026 11:00 UTC · environment env-a · asset film · tier 1080p" in page
    assert "60,501 ms" in page


async def test_hours_that_were_recounted_or_are_in_doubt_are_marked(usage: Billing, open_console: Console) -> None:
    usage.execute("INSERT INTO hour_takeover VALUES (%s, 1)", SETTLED)
    usage.execute("INSERT INTO hours_in_doubt VALUES (%s, 'enrichment', 'b1')", ON_TIME)
    page = await text(open_console, "/?from=2026-09-01&to=2026-09-04")
    assert "1 hours are in doubt A broken build had a hand in them: do not bill them" in page
    assert "01 Sep 10:00 Settled recounted 0.00" in page
    assert "04 Sep 10:00 On time in doubt 0.00" in page


async def test_top_assets_stand_in_order_and_lead_to_their_own_page(usage: Billing, open_console: Console) -> None:
    page = await text(open_console, f"/assets?{WEEK}")
    assert "3 assets, 1.76 min" in page
    assert (
        "1 film env-a 1.51 85.8 % 66.3 % 0.01 5 5.0 kB 2 =SUM(A1) env-b 0.17 9.5 % 100.0 % 0.00 2 2.0 kB 3 radio"
        in page
    )
    raw = await (await open_console.get(f"/assets?{WEEK}")).text()
    assert "/?from=2026-08-27T00&amp;to=2026-09-04T23&amp;environment=env-b&amp;asset=%3DSUM%28A1%29" in raw


async def test_assets_are_paged(usage: Billing, open_console: Console) -> None:
    for number in range(60):
        usage.usage(100 + number, asset=f"asset-{number:02}", environment="env-z")
    first = await text(open_console, f"/assets?{WEEK}&environment=env-z")
    second = await text(open_console, f"/assets?{WEEK}&environment=env-z&page=2")
    beyond = await text(open_console, f"/assets?{WEEK}&environment=env-z&page=3")
    assert "Page 1 of 2 Next" in first
    assert "51 asset-09" in second
    assert "Previous Page 2 of 2" in second
    assert "There is no page 3. Go to the first" in beyond


async def test_names_are_shown_as_they_are_and_never_as_markup(usage: Billing, open_console: Console) -> None:
    usage.usage(1_000, asset="</script><b>bold</b>", environment='"><script>', tier="<i>")
    for path in (f"/?{WEEK}", f"/?{WEEK}&by=environment", f"/assets?{WEEK}", "/statements"):
        raw = await (await open_console.get(path)).text()
        assert "<b>bold" not in raw
        assert "><script>" not in raw
        assert "<i>" not in raw
    assert "</script><b>bold</b>" in await text(open_console, f"/assets?{WEEK}&environment=%22%3E%3Cscript%3E")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "Nothing has been billed yet."),
        ("/assets", "No asset was delivered in this period"),
        ("/sources", "No collector is known. Set OPS_COLLECTORS"),
        ("/sources", "Nothing has reached the ledger yet."),
        ("/sources", "No job has stored a watermark yet."),
        ("/audit", "None in the last 35 days."),
        ("/statements", "No period is closed yet."),
        ("/", "The media-usage job has closed no hour yet: everything is provisional."),
    ],
)
async def test_an_empty_database_is_told_in_words(open_console: Console, path: str, said: str) -> None:
    assert said in await text(open_console, path)


async def test_an_empty_period_leads_to_one_that_is_not(usage: Billing, open_console: Console) -> None:
    assert "The newest hour with usage is 04 Sep 2026 11:00. Show that day" in await text(
        open_console, "/?from=2026-01-01&to=2026-01-02"
    )
    assert "Nothing was billed for this choice. Look at everything in this period" in await text(
        open_console, f"/?{WEEK}&environment=env-q"
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/?from=2026-01-01", "a period has two ends"),
        ("/?envronment=env-a", "'envronment' is no parameter"),
        ("/?by=colour", "by is 'colour': give one of tier, certainty, environment"),
        ("/assets?page=0", "page is '0': give a whole number from 1 to 10000"),
        ("/usage.csv?period=forever", "'forever' is no period"),
        ("/statements?page=x", "page is 'x'"),
    ],
)
async def test_a_wrong_address_says_what_is_wrong(open_console: Console, path: str, said: str) -> None:
    assert said in await text(open_console, path, status=400)


async def test_an_address_that_is_none_leads_back(open_console: Console) -> None:
    assert "There is nothing to see at this address. Back to usage" in await text(open_console, "/nothing", status=404)


async def test_the_same_usage_comes_as_a_file(usage: Billing, open_console: Console) -> None:
    answer = await open_console.get(f"/usage.csv?{WEEK}&environment=env-b")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="usage-2026-08-27T00-2026-09-04T23.csv"'
    assert (await answer.text()).splitlines()[1:] == [
        "2026-09-01T10:00:00Z,env-b,'=SUM(A1),2160p,settled,no,10000,10.000,0.166667,0,2,2000"
    ]


# Sources


@pytest.fixture
async def collector(aiohttp_server: Callable[..., Awaitable[TestServer]]) -> str:
    """A collector that knows a source that delivers and one that is silent."""
    now_ms = int(NOW.timestamp() * 1_000)
    minute = {
        "minute_ms": now_ms - 60_000,
        "lines": 1_200,
        "rejected": {"no-time": 3},
        "refused": {"unauthorized": 2},
    }
    known = [
        {
            "id": "edge",
            "last_delivery_ms": now_ms,
            "quiet_s": 5.0,
            "silent_after_s": 900,
            "silent": False,
            "minutes": [minute],
        },
        {
            "id": "origin",
            "last_delivery_ms": None,
            "quiet_s": 7_300.0,
            "silent_after_s": 900,
            "silent": True,
            "minutes": [],
        },
    ]
    report = {"started_ms": 0, "now_ms": now_ms, "sources": known}

    async def status(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer status token"
        return web.json_response(report)

    app = web.Application()
    app.router.add_get("/v1/status", status)
    return str((await aiohttp_server(app)).make_url("/"))


async def test_sources_show_their_health_and_what_was_refused(billing: Billing, start: Start, collector: str) -> None:
    asked = sources.Settings(urls=(collector, "http://127.0.0.1:1"), token="status token")
    console = await start(auth=Auth.NONE, tokens_file=None, collectors=asked)
    page = await text(console, "/sources")
    assert "1 of 2 collectors did not answer" in page
    assert "edge delivers 5 s ago 1,200 1,200 1,200" in page
    assert "Rejected: no-time 3. Refused: unauthorized 2." in page
    assert "origin silent none in 2 h 0 0 0 - - - 0 0" in page


async def test_a_silent_source_is_named_first(billing: Billing, start: Start, collector: str) -> None:
    asked = sources.Settings(urls=(collector,), token="status token")
    console = await start(auth=Auth.NONE, tokens_file=None, collectors=asked)
    assert "1 of 2 sources are silent: origin" in await text(console, "/sources")


async def test_the_ledger_says_what_each_source_has_delivered_by_hour(usage: Billing, open_console: Console) -> None:
    usage.ledger("one", 1, hour=ON_TIME, records=10, rejected={"no-time": 2}, source="edge")
    usage.ledger("two", 1, hour=PROVISIONAL, records=20, source="edge")
    usage.ledger("three", 1, hour=PROVISIONAL, path="late", records=5, source="origin")
    usage.ledger("three", 1, hour=PROVISIONAL, records=5, source="origin")  # a window has counted it since
    assert await chart(open_console, "/sources") == {
        "edge": {"04 Sep 10:00": 10, "04 Sep 11:00": 20},
        "origin": {"04 Sep 11:00": 5},
    }
    page = await text(open_console, "/sources")
    assert re.search(r"edge \d\d \w+ \d{4} \S+ 2 0 30 2 origin \d\d \w+ \d{4} \S+ 1 0 5 0", page)
    assert "media-usage 04 Sep 2026 11:15:00 75 min" in page


# The audit


async def until_audited(console: Console) -> None:
    """Wait until there is a finding."""
    assert console.app is not None
    auditor = console.app[AUDITOR]
    while auditor.latest is None:
        await auditor.next()


async def test_the_audit_says_when_it_ran_and_that_all_is_equal(usage: Billing, open_console: Console) -> None:
    usage.execute("DELETE FROM media_usage_corrections")
    usage.execute("DELETE FROM media_usage")
    usage.execute("DELETE FROM batch_ledger")
    await until_audited(open_console)
    page = await text(open_console, "/audit")
    assert "Last run 04 Sep 2026 12:30:00 UTC, 0 s ago" in page
    assert "Everything that must be equal is equal" in page
    assert "Every record has one outcome 0 batches ok" in page


async def test_the_audit_names_each_difference_and_what_became_of_lines(usage: Billing, start: Start) -> None:
    usage.ledger("b", 1_000, records=3, outcomes={"billed": 2}, rejected={"no-time": 4}, unresolved={"new-film": 7})
    console = await start(auth=Auth.NONE, tokens_file=None, audit_settling_s=0)
    await until_audited(console)
    page = await text(console, "/audit")
    assert "differences What to do about each: docs/operations/audit.md." in page
    assert "fastly-main 2026-09-01T10: 1 of 4 batches hold 3 records and 2 outcomes, such as batch b" in page
    assert "rejected: no-time 4" in page
    assert "1 assets of the last 35 days." in page
    assert "new-film 01 Sep 2026 10:00 01 Sep 2026 10:00 7" in page


async def test_the_audit_is_run_again_when_somebody_asks(billing: Billing, open_console: Console) -> None:
    await until_audited(open_console)
    billing.watermark(WATERMARK)
    billing.ledger("b", 1_000)
    assert "No hour is settled yet; only what collectors reported could be compared." in await text(
        open_console, "/audit"
    )
    headers = {"Origin": f"http://{open_console.host}:{open_console.port}"}
    billing.usage(1_000)
    asked = await open_console.post("/audit", headers=headers, allow_redirects=False)
    assert (asked.status, asked.headers["Location"]) == (303, "/audit")
    assert "Every hour bills what its batches say 1 hours ok" in await text(open_console, "/audit")


async def test_an_audit_that_cannot_be_run_says_why(billing: Billing, open_console: Console) -> None:
    await until_audited(open_console)
    billing.execute("ALTER TABLE batch_ledger RENAME TO gone")
    headers = {"Origin": f"http://{open_console.host}:{open_console.port}"}
    billing.watermark(WATERMARK)
    await open_console.post("/audit", headers=headers, allow_redirects=False)
    billing.execute("ALTER TABLE gone RENAME TO batch_ledger")
    page = await text(open_console, "/audit")
    assert "The audit could not be run relation " in page


# Statements


@pytest.fixture
def statements(usage: Billing) -> Billing:
    """Two statements of env-a: the second adjusts an hour of the first."""
    usage.execute("DELETE FROM batch_ledger")
    usage.execute("DELETE FROM media_usage_corrections")
    for first, environment in ((SETTLED, "env-a"), (SETTLED + timedelta(hours=1), "env-a")):
        order = close.Order(environment=environment, hours=Hours(first, first), by="olga", force="for this test")
        close.close(usage.dsn, order, lambda _: True)
        usage.ledger(f"after {first}", 40, environments={"env-a": [40, 1, 10]}, source="edge")
        usage.execute("UPDATE media_usage SET delivered_ms = 60000 WHERE hour = %s AND asset_id = 'film'", SETTLED)
    return usage


async def test_statements_are_listed_the_newest_first(statements: Billing, open_console: Console) -> None:
    page = await text(open_console, "/statements?environment=env-a")
    assert "2 statements" in page
    assert re.search(r"2 env-a 01 Sep 2026 11:00 01 Sep 2026 11:00 0.00 -0.00 -0.00 .* olga forced 1 env-a", page)
    assert "No period is closed for env-b yet." in await text(open_console, "/statements?environment=env-b")


async def test_a_statement_gives_its_sums_and_the_reasons_of_its_adjustments(
    statements: Billing, open_console: Console
) -> None:
    page = await text(open_console, "/statements/2")
    assert "Closed by force: for this test" in page
    assert "01 Sep 2026 10:00 -0.00 -1 0 1 batches of edge, such as after 2026-09-01 10:00:00+00:00" in page
    assert "-1 ms" in page
    lines = await (await open_console.get("/statements/2.csv")).text()
    assert lines.splitlines()[1:] == ["adjustment,2026-09-01T10:00:00Z,env-a,film,1080p,-1,-0.001,-0.000017,0,0"]


@pytest.mark.parametrize("path", ["/statements/3", "/statements/999999999999999999", "/statements/3.csv"])
async def test_a_statement_that_is_none_is_not_found(statements: Billing, open_console: Console, path: str) -> None:
    assert "there is no statement" in await text(open_console, path, status=404)
