"""What a person sees of modems and SIMs, and what is kept of how they fared."""

from __future__ import annotations

import sqlite3


def history(station, table):
    with sqlite3.connect(f"file:{station.folder}/state/outpost.db?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(f"SELECT * FROM {table} ORDER BY at").fetchall()
    database.close()
    return rows


def test_modems_and_credit_are_shown_and_kept(station):
    station = station()
    (sim,) = station.network.sims
    station.configure(credit={"check_hours": 0.001}, credit__networks__23410={
        "balance_ussd": "*100#", "pattern": "balance is ([0-9.]+)", "warn_below": 12,
    })  # fmt: skip
    station.start()
    modem = station.until(lambda: station.modem().get("storage") and station.modem())
    assert (modem["manufacturer"], modem["model"], modem["firmware"]) == ("Outpost", "Simulated GSM modem", "1.0")
    assert (modem["network"], modem["registered"], modem["bearer"]) == ("Training", "home", "LTE")
    assert (modem["signal_dbm"], modem["smsc"]) == (-73, "+447700900000")
    assert modem["storage"]["SM"] == [0, 40]
    assert modem["own_number"] == "+447700900999"
    credit = station.until(lambda: station.modem()["credit"])
    assert (credit["amount"], credit["low"], credit["text"]) == (10.0, True, "Your balance is 10.00")
    assert station.said("credit is low: top the SIM up", iccid=sim, amount=10.0)
    assert "Your balance" not in station.logs()
    station.network.tell("register", modem=0, state="searching")
    station.restart()
    station.until(lambda: [row["registered"] for row in history(station, "health")] == ["home", "searching"])
    station.until(lambda: len(history(station, "credit")) > 1)
    first = history(station, "health")[0]
    assert (first["iccid"], first["signal_dbm"], first["bearer"], first["network"]) == (sim, -73, "LTE", "Training")
