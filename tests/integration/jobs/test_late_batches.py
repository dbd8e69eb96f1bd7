"""One account of a late batch, the same in ledger and corrections, whatever the job writes again and in which order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.media_usage import statements
from tests.integration.jobs.late_batches import Bill, Copy, Write, copied, counted, forgotten, waiting
from tests.integration.jobs.sinks import Writer

FILM = ("env-1", "film", "1080p")
#: A copy, and what later ones may say: the asset became another customer's, got another tier, was not known any more.
FIRST = Copy(60, {FILM: 4000, ("env-1", "trailer", "1080p"): 500})
MOVED = Copy(140, {("env-2", "film", "1080p"): 4500})
RAISED = Copy(150, {("env-1", "film", "2160p"): 4500})
NOBODY = Copy(160, {})
WHOLE = Copy(170, {FILM: 9000})
LATER = [MOVED, RAISED, NOBODY, WHOLE]
LATER_IDS = ["another environment", "another tier", "nobody", "more"]


@pytest.fixture
def writer(billing_dsn: str) -> Writer:
    return Writer(billing_dsn)


def write(writer: Writer, *writes: Write) -> None:
    for each in writes:
        writer.write(*each)


def age(writer: Writer, days: int = 30) -> None:
    """Let time pass since everything was written."""
    writer.query(f"UPDATE batch_ledger SET recorded_at = recorded_at - interval '{days} days'")


def corrections(writer: Writer, batch_id: str = "b1") -> Bill:
    found = writer.query(
        "SELECT environment_id, asset_id, tier, delivered_ms FROM media_usage_corrections"
        f" WHERE batch_id = '{batch_id}' ORDER BY 1, 2, 3"
    )
    return {(str(row[0]), str(row[1]), str(row[2])): int(str(row[3])) for row in found}


def disagreements(writer: Writer) -> list[tuple[object, ...]]:
    """What ops.audit looks for: batches whose corrections are not what the ledger says, in all and by environment."""
    return writer.query(
        "WITH correction AS (SELECT batch_id, environment_id, sum(delivered_ms) AS ms, sum(deliveries) AS deliveries,"
        " sum(bytes) AS bytes FROM media_usage_corrections GROUP BY 1, 2),"
        " corrected AS (SELECT batch_id, sum(ms) AS ms,"
        " jsonb_object_agg(environment_id, jsonb_build_array(ms, deliveries, bytes)) AS environments"
        " FROM correction GROUP BY 1)"
        " SELECT * FROM corrected FULL JOIN (SELECT * FROM batch_ledger WHERE environments IS NOT NULL) AS ledger"
        " USING (batch_id) WHERE coalesce(ms, 0) IS DISTINCT FROM coalesce(billed_ms, 0)"
        " OR coalesce(corrected.environments, '{}') IS DISTINCT FROM coalesce(ledger.environments, '{}')"
    )


def account(writer: Writer) -> list[tuple[object, ...]]:
    """Hours from the batch's hour to the publication of the copy that stands, what it bills, and further copies."""
    return writer.query(
        "SELECT (extract(epoch FROM published_at - hour) / 3600)::int, billed_ms, copies FROM batch_ledger"
    )


class TestACopyThatIsCountedAnew:
    """When the job has forgotten that it counted the batch: 73 h later, or after a start without state."""

    @pytest.mark.parametrize("later", LATER, ids=LATER_IDS)
    @pytest.mark.parametrize("compared", [False, True], ids=["first plain", "first compared"])
    def test_it_changes_nothing_if_it_was_published_later(self, writer: Writer, later: Copy, compared: bool) -> None:
        write(writer, counted(FIRST, compared=compared))
        age(writer)
        write(writer, counted(later))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 1)], [])

    @pytest.mark.parametrize("later", LATER, ids=LATER_IDS)
    def test_it_takes_the_place_of_all_of_the_other_if_it_was_published_before(
        self, writer: Writer, later: Copy
    ) -> None:
        write(writer, counted(later), counted(FIRST))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 1)], [])

    @pytest.mark.parametrize("later", LATER, ids=LATER_IDS)
    def test_it_changes_nothing_if_the_first_bills_nobody(self, writer: Writer, later: Copy) -> None:
        """As where all of its lines had been counted in other batches."""
        write(writer, counted(Copy(60, {FILM: 0}), compared=True), counted(later))
        assert (corrections(writer), account(writer), disagreements(writer)) == ({FILM: 0}, [(60, 0, 1)], [])

    @pytest.mark.parametrize("later", LATER, ids=LATER_IDS)
    def test_the_same_message_enriched_otherwise_changes_nothing(self, writer: Writer, later: Copy) -> None:
        write(writer, counted(FIRST), counted(later._replace(published_h=60)))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 0)], [])

    def test_one_that_nothing_is_left_to_compare_with_changes_nothing(self, writer: Writer) -> None:
        write(writer, counted(FIRST, compared=True), forgotten(WHOLE))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 0)], [])


class TestRowsOfAnEarlierRelease:
    """They have no `compared`; the oldest tell no environments either."""

    @pytest.mark.parametrize("environments", ["environments", "NULL"], ids=["told", "not told"])
    @pytest.mark.parametrize("compared", [False, True], ids=["plain", "compared"])
    @pytest.mark.parametrize("hours_later", [0, 100], ids=["the same copy", "a later one"])
    def test_they_stand(self, writer: Writer, environments: str, compared: bool, hours_later: int) -> None:
        write(writer, counted(FIRST))
        writer.query(f"UPDATE batch_ledger SET compared = NULL, environments = {environments}")
        age(writer)
        write(writer, counted(WHOLE._replace(published_h=60 + hours_later), compared=compared))
        assert (corrections(writer), account(writer)) == (FIRST.bill, [(60, 4500, int(hours_later > 0))])


class TestWaiting:
    WRITES = (waiting(FIRST), counted(FIRST, compared=True), copied(MOVED, 1))

    @pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
    def test_its_row_its_account_and_its_copies_may_be_written_in_any_order(
        self, writer: Writer, order: tuple[int, ...]
    ) -> None:
        write(writer, *(self.WRITES[place] for place in order))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 1)], [])

    def test_a_batch_that_waited_when_state_was_lost_is_billed_by_the_copy_that_comes(self, writer: Writer) -> None:
        write(writer, waiting(FIRST))
        age(writer)
        write(writer, counted(WHOLE))
        assert (corrections(writer), account(writer), disagreements(writer)) == (WHOLE.bill, [(170, 9000, 1)], [])

    def test_a_start_without_state_that_waits_again_takes_nothing_off_the_bill(self, writer: Writer) -> None:
        write(writer, counted(FIRST, compared=True))
        age(writer)
        write(writer, waiting(FIRST))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 0)], [])


class TestReprocess:
    @pytest.mark.parametrize("copy", [FIRST, Copy(50, WHOLE.bill), *LATER], ids=["the same", "before", *LATER_IDS])
    @pytest.mark.parametrize("compared", [False, True], ids=["plain", "compared"])
    def test_what_it_has_counted_stands(self, writer: Writer, copy: Copy, compared: bool) -> None:
        write(writer, counted(FIRST))
        writer.query("UPDATE batch_ledger SET epoch = 1; UPDATE media_usage_corrections SET epoch = 1")
        write(writer, counted(copy, compared=compared), copied(copy, 3))
        assert (corrections(writer), account(writer), disagreements(writer)) == (FIRST.bill, [(60, 4500, 3)], [])


#: Three batches, published one after the other, and the lines in them: each stands in two.
LINES = {"b1": (60, {1, 2}), "b2": (61, {2, 3}), "b3": (62, {3, 1})}


def comparing(order: Sequence[str]) -> list[Write]:
    """The batches as they are counted in that order: a line bills in the first of them."""
    known = set[int]()
    writes = []
    for batch_id in order:
        published_h, lines = LINES[batch_id]
        writes.append(counted(Copy(published_h, {FILM: 4000 * len(lines - known)}, batch_id), compared=True))
        known |= lines
    return writes


class TestComparedBatches:
    @pytest.mark.parametrize(("first", "then"), list(product(permutations(LINES), repeat=2)), ids="-".join)
    def test_a_restart_that_meets_them_in_another_order_bills_each_line_once(
        self, writer: Writer, first: Sequence[str], then: Sequence[str]
    ) -> None:
        for done in range(len(LINES) + 1):
            writer.query("DELETE FROM batch_ledger; DELETE FROM media_usage_corrections")
            write(writer, *comparing(first)[:done], *comparing(then))
            assert (billed(writer), disagreements(writer)) == (12_000, [])

    @pytest.mark.parametrize("left", ["b1", "b2", "b3"])
    def test_a_start_from_a_topic_that_has_lost_the_others_bills_no_line_again(self, writer: Writer, left: str) -> None:
        write(writer, *comparing(["b1", "b2", "b3"]))
        age(writer)
        write(writer, *comparing([left]))
        assert (billed(writer), disagreements(writer)) == (12_000, [])

    @pytest.mark.parametrize("left", ["b1", "b2", "b3"])
    def test_nor_does_another_copy_that_was_published_before_the_one_that_was_counted(
        self, writer: Writer, left: str
    ) -> None:
        write(writer, *comparing(["b1", "b2", "b3"]))
        age(writer)
        _, lines = LINES[left]
        write(writer, counted(Copy(59, {FILM: 4000 * len(lines)}, left), compared=True))
        assert (billed(writer), disagreements(writer)) == (12_000, [])

    def test_an_hour_that_raw_surely_holds_is_counted_anew_however_long_ago_it_was_recorded(
        self, writer: Writer
    ) -> None:
        write(writer, *comparing(["b1", "b2", "b3"]))
        age(writer)
        for table in ("batch_ledger", "media_usage_corrections"):
            writer.query(f"UPDATE {table} SET hour = date_trunc('hour', now() - interval '13 days')")
        [(shift_ms,)] = writer.query("SELECT (extract(epoch FROM min(hour)) * 1000)::bigint FROM batch_ledger")
        writer.query(f"UPDATE batch_ledger SET published_at = published_at - {HOUR_SQL} + hour")
        write(writer, *(moved(each, int(str(shift_ms))) for each in comparing(["b3", "b2", "b1"])))
        assert (billed(writer), disagreements(writer)) == (12_000, [])
        assert corrections(writer, "b3") == {FILM: 8000}


HOUR_SQL = "(timestamptz 'epoch' + 490000 * interval '1 hour')"


def moved(write: Write, hour_ms: int) -> Write:
    """The same in another hour."""
    names = write.statement.sql.partition("(")[2].partition(")")[0].split(", ")
    shift = hour_ms - 490_000 * 3_600_000
    times = {"hour_ms", "received_at_ms", "published_at_ms"}
    values = (
        int(str(value)) + shift if name in times else value for name, value in zip(names, write.values, strict=True)
    )
    return Write(write.statement, tuple(values))


def billed(writer: Writer) -> int:
    [(total,)] = writer.query("SELECT sum(delivered_ms) FROM media_usage_corrections")
    return int(str(total))


copies = st.lists(
    st.builds(
        Copy,
        st.integers(49, 300),
        st.dictionaries(
            st.tuples(st.sampled_from(["env-1", "env-2"]), st.sampled_from("ab"), st.sampled_from(["1080p", "2160p"])),
            st.integers(0, 9000),
        ),
        st.just("b1"),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda copy: copy.published_h,
)


@given(found=copies, data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_copy_published_first_of_those_counted_is_billed_in_any_interleaving(
    writer: Writer, found: list[Copy], data: st.DataObject
) -> None:
    """Every run reads some of the copies in an order of its own, counts the one that it reads first, and crashes when
    each of its two sinks has written any part of what it was given, a sink among the other's. The last one does not.
    """
    writer.query("DELETE FROM batch_ledger; DELETE FROM media_usage_corrections")
    runs = data.draw(st.integers(1, 3), label="runs")
    written = []
    for run in range(runs):
        order = data.draw(st.permutations(found), label="order")[: data.draw(st.integers(1, len(found)), label="left")]
        ledger = [*([waiting(order[0])] if data.draw(st.booleans(), label="waits") else [])]
        ledger += [copied(copy, copies) for copies, copy in enumerate(order[1:], 1)]
        for each in interrupted(ledger, [counted(order[0])], data, is_last=run == runs - 1):
            written += [order[0]] if each.statement is statements.LATE_BATCH else []
            writer.write(*each)
            assert disagreements(writer) == []
    first = min(written, key=lambda copy: copy.published_h)
    assert corrections(writer) == dict(sorted(first.bill.items()))
    assert account(writer)[0][:2] == (first.published_h, sum(first.bill.values()))


def interrupted(one: list[Write], other: list[Write], data: st.DataObject, *, is_last: bool) -> list[Write]:
    """Both sinks' writes up to a crash, one among the other."""
    if not is_last:
        one = one[: data.draw(st.integers(0, len(one)), label="ledger rows written")]
        other = other[: data.draw(st.integers(0, len(other)), label="late batches written")]
    turns = data.draw(st.permutations([0] * len(one) + [1] * len(other)), label="turns")
    queues = (iter(one), iter(other))
    return [next(queues[turn]) for turn in turns]


def test_a_batch_is_found_by_index_among_many(writer: Writer) -> None:
    """Once a late batch, and for good with one plan: the driver prepares the statement in the server."""
    writer.query(
        "INSERT INTO media_usage_corrections SELECT now(), 'x' || number, 'env-1', 'film', '1080p', 1, 1, 1, 1"
        " FROM generate_series(1, 20000) AS number"
    )
    writer.query("ANALYZE media_usage_corrections; SET plan_cache_mode = 'force_generic_plan'")
    numbers = iter(range(1, 100))
    sql = re.sub(r"\?", lambda _: f"${next(numbers)}", statements.LATE_BATCH.sql)
    writer.query(f"PREPARE late_batch ({', '.join(statements.LATE_BATCH.parameters)}) AS {sql}")
    values = ", ".join(f"'{value}'" for value in counted(FIRST).values)
    plan = "\n".join(str(line) for (line,) in writer.query(f"EXPLAIN EXECUTE late_batch ({values})"))
    assert "media_usage_corrections_pkey" in plan
    assert "Seq Scan" not in plan
