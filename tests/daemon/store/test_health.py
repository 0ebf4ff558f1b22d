"""What is kept of how SIMs fared: each change, and every so often where nothing changes."""

from dataclasses import replace

from daemon.store.health import EVERY_SECONDS, Credit, Look
from daemon.store.sims import ModemSeen

LOOK = Look("/dev/ttyUSB0", -73, "home", "Training", "LTE", {"SM": (1, 20), "SR": (0, 10)})


def test_a_change_is_kept_at_once_and_the_same_only_now_and_then(desk):
    def keep(look, at):
        return desk.health.keep(desk.SIM, look, desk.NOW + at)

    assert keep(LOOK, 0)
    assert not keep(LOOK, 0), "twice in one instant"
    assert not keep(replace(LOOK, signal_dbm=-75), 60)
    assert keep(replace(LOOK, registered="searching"), 61)
    assert keep(replace(LOOK, registered="searching", signal_dbm=None), 62)
    assert keep(replace(LOOK, registered="searching", signal_dbm=None), 62 + EVERY_SECONDS)
    assert keep(LOOK, -99), "the clock was set back: the others lie in the future"
    assert desk.health.keep(desk.OTHER_SIM, LOOK, desk.NOW)
    looks = desk.health.history(desk.SIM, desk.NOW)
    assert [look["registered"] for look in looks] == ["home", "searching", "searching", "searching"]
    assert (looks[0]["slots_used"], looks[0]["slots"], looks[0]["bearer"]) == (1, 30, "LTE")
    desk.health.forget(desk.NOW + 62)
    assert len(desk.health.history(desk.SIM)) == 2


def test_credit_is_kept_and_the_last_word_shown(desk):
    assert desk.health.credit(desk.SIM) is None
    said = [Credit(desk.NOW, 10.0, "10.00"), Credit(desk.NOW + 1, None, "busy")]
    for one in said:
        desk.health.keep_credit(desk.SIM, one)
    assert desk.health.credit(desk.SIM) == said[1]
    assert desk.health.credits(desk.SIM) == said[::-1]
    for port, iccid in (("a", desk.SIM), ("b", desk.OTHER_SIM)):
        desk.sims.show_modem(ModemSeen(port, "ready", iccid=iccid, storage={"SM": (1, 20)}), desk.NOW)
    assert [(modem["credit_text"], modem["storage"]) for modem in desk.views.modems()] == [
        ("busy", {"SM": [1, 20]}), (None, {"SM": [1, 20]}),
    ]  # fmt: skip
