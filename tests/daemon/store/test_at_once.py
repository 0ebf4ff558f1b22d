"""Many threads and two processes on one database."""

import itertools
import json
import subprocess
import sys
import threading

import pytest

from daemon.store import Outbox

READER = """
import json, sys
from pathlib import Path
from daemon.store import Store, Views
views = Views(Store(Path(sys.argv[1]), read_only=True))
while sys.stdin.readline():
    counts = views.counts()
    rows = sum(1 for _ in views.outcomes(1))
    print(json.dumps([sum(counts.values()), rows, counts["sending"]]), flush=True)
"""


def run_threads(works):
    """Run them all at once; the exceptions that came out of them."""
    errors, start = [], threading.Barrier(len(works))

    def guard(work):
        start.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever it is, the test shall show it
            errors.append(error)

    threads = [threading.Thread(target=guard, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_eight_threads_claim_each_message_once(desk, make_message):
    desk.take(*map(make_message, range(1, 801)))
    claimed = [[] for _ in range(8)]

    def claim_all(mine):
        while (item := desk.outbox.claim(desk.SIM, desk.NOW)) is not None:
            mine.append(item.message_id)

    assert run_threads([lambda mine=mine: claim_all(mine) for mine in claimed]) == []
    assert sorted(itertools.chain(*claimed)) == list(range(1, 801))
    assert desk.views.counts()["sending"] == 800


def test_threads_that_do_everything_at_once_get_in_each_others_way_nowhere(desk, make_message):
    desk.take(*map(make_message, range(1, 61)))
    done = threading.Event()

    def send(iccid):
        mr = 0
        while (item := desk.outbox.claim(iccid, desk.NOW)) is not None:
            mr += 1
            desk.outbox.accepted(desk.submit(item, iccid=iccid), mr, desk.NOW)
            assert desk.report(item.recipient, mr, iccid=iccid) == item.batch_id

    def look():
        while not done.is_set():
            assert sum(desk.views.counts().values()) >= 60
            assert len(list(desk.views.outcomes(1))) == 60
            desk.outbox.history(desk.SIM, 0)

    def drop():
        for row in range(5):
            desk.take(make_message(row + 100, not_after=desk.NOW))
            desk.outbox.expire(desk.NOW)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    errors = run_threads([lambda: send(desk.SIM), lambda: send(desk.OTHER_SIM), drop])
    done.set()
    for looker in lookers:
        looker.join()
    assert errors == []
    counts = desk.views.counts()
    assert counts["delivered"] + counts["expired"] == 65


@pytest.fixture
def reader(desk):
    """Another process that reads the database each time it is asked."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(desk.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def look():
            process.stdin.write("\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield look
        process.stdin.close()


def test_another_process_reads_whole_states_while_the_service_writes(desk, make_message, reader):
    desk.take(*map(make_message, range(1, 101)))
    for n in range(1, 20):
        item = desk.claim()
        assert reader() == [100, 100, 1]
        desk.outbox.accepted(desk.submit(item), n, desk.NOW)
        assert reader() == [100, 100, 0]


def test_a_reader_that_stands_still_does_not_hold_up_a_writer(desk, make_message):
    desk.take(*map(make_message, range(1, 101)))
    rows = desk.views.outcomes(1)
    next(rows)
    errors = run_threads([lambda: Outbox(desk.store).claim(desk.SIM, desk.NOW) for _ in range(4)])
    assert errors == []
    assert sum(row.state == "queued" for row in rows) == 99, "the reader sees the state that it began with"
