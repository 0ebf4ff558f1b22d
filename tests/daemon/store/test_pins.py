"""A PIN that was given once and is not known to be right is never to be given again."""

from __future__ import annotations

import pytest

from daemon.store import Store
from daemon.store.pins import PinState, PinTries

SIM, OTHER, IMEI = "8944100000000000001", "8944100000000000002", "490154203237518"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outpost.db"


@pytest.fixture
def tries(path):
    store = Store(path)
    yield PinTries(store)
    store.close()


def test_a_new_pin_may_be_tried(tries):
    assert tries.known(SIM, IMEI, "1234") is None


@pytest.mark.parametrize("state", PinState)
def test_what_is_noted_is_known(tries, state):
    tries.note(SIM, IMEI, "1234", PinState.TRIED, 1.0)
    tries.note(SIM, IMEI, "1234", state, 2.0)
    assert tries.known(SIM, IMEI, "1234") is state
    assert tries.known(SIM, IMEI, "4321") is None
    assert tries.known(OTHER, IMEI, "1234") is None


def test_a_try_on_a_sim_that_hid_its_name_counts_for_every_sim(tries):
    tries.note("", IMEI, "1234", PinState.WRONG, 1.0)
    assert tries.known(SIM, "another modem", "1234") is PinState.WRONG
    assert tries.known("", "another modem", "1234") is PinState.WRONG
    tries.note(SIM, IMEI, "1234", PinState.RIGHT, 2.0)
    assert tries.known(SIM, IMEI, "1234") is PinState.RIGHT


def test_every_try_counts_for_a_sim_that_hides_its_name(tries):
    tries.note(SIM, IMEI, "1234", PinState.WRONG, 1.0)
    assert tries.known("", IMEI, "1234") is PinState.WRONG


def test_a_person_may_allow_one_more_try(tries):
    tries.note(SIM, IMEI, "1234", PinState.WRONG, 1.0)
    tries.note("", IMEI, "1234", PinState.TRIED, 1.0)
    tries.note(OTHER, IMEI, "1234", PinState.WRONG, 1.0)
    assert tries.forget(SIM) == 2
    assert tries.known(SIM, IMEI, "1234") is None
    assert tries.known(OTHER, IMEI, "1234") is PinState.WRONG
    assert tries.forget(SIM) == 0


def test_the_pin_is_not_in_the_database(tries, path):
    tries.note(SIM, IMEI, "73915842", PinState.TRIED, 1.0)
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert not any(b"73915842" in content for content in files)
