"""What a person sends with a bug report: the transcript of a run, and the probe of one modem, without personal data."""

from __future__ import annotations

import json
import re
import zipfile


def test_a_run_leaves_a_transcript_without_numbers_texts_and_pins(station, people):
    station = station()
    (iccid,) = station.network.sims
    (folder := station.folder / "traces").mkdir()
    station.network.tell("pin", sim=iccid, pin="73915")
    (station.folder / "pin").write_text("73915\n")
    station.configure(**{f"sims__{iccid}": {"pin_file": "pin"}})
    station.drop(people(2, text="A secret word, {n}."))
    station.start(options=("--trace", folder))
    station.network.tell("inbound", sim=iccid, **{"from": "+447700900100"}, text="Call me")
    station.until(lambda: station.said("text received"))
    station.until_counts(delivered=2)
    station.network.tell("reboot", modem=0)
    station.until(lambda: len(station.said("modem ready")) == 2)
    assert station.stop() == 0
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    transcript = file.read_text()
    assert re.search(r"Z > AT\+CMGS=\d+\n\S+ < >\n\S+ > \[\d+ hex digits\]\n\S+ < \+CMGS: \d+\n\S+ < OK\n", transcript)
    assert transcript.count("> AT+CPIN=[PIN]") == 2  # it went on in the same file
    sent = [event["pdu"] for event in station.network.events("submit")]
    for personal in (iccid, "73915", "7700900", *sent):
        assert personal not in transcript


def test_a_folder_that_is_not_there_is_said_at_once(station):
    station = station()
    station.start(options=("--trace", station.folder / "none"), ready=False)
    assert station.ended() == 1
    assert "none: transcripts cannot be written there. Create the folder" in station.log()


def test_a_probe_says_what_is_understood_of_a_modem(station):
    station = station(modems=2)
    port, _ = station.network.ports
    done = station.cli("modem", "probe", port)
    assert done.returncode == 0, done.stderr
    told = dict(re.split(r" {2,}", line, maxsplit=1) for line in done.stdout.splitlines() if "  " in line)
    assert told["modem"].startswith("Outpost Simulated GSM modem")
    assert told["ICCID"] == station.network.sims[0]
    assert told["network"] == "home Training"
    assert told["can send"] == "yes"
    assert told["AT+CMGF=0"] == "OK"

    station.network.tell("smsc", sim=station.network.sims[0], number="")
    done = station.cli("modem", "probe", port, "--json", "--bundle", station.folder / "bundle.zip")
    assert done.returncode == 1
    assert "no SMSC address" in json.loads(done.stdout)["why_not"]
    with zipfile.ZipFile(station.folder / "bundle.zip") as bundle:
        assert sorted(bundle.namelist()) == ["findings.json", "transcript.at.txt"]
        assert not any(station.network.sims[0] in bundle.read(name).decode() for name in bundle.namelist())

    station.start()
    done = station.cli("modem", "probe", port)
    assert done.returncode == 1
    assert "another program uses this port" in done.stdout
    assert station.stop() == 0
