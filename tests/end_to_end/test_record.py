"""The record of a station at work: complete, checkable by anybody, and not to be cut or changed unseen."""

from __future__ import annotations

import getpass
import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing

from daemon.core.ed25519 import is_signed


def verified(station, *options):
    done = station.cli("audit", "verify", "--json", *options)
    document = json.loads(done.stdout)
    assert done.returncode == (0 if document["ok"] else 1), done.stderr
    return document


def exported(folder):
    """The entries of an export, followed with nothing but what the export itself says."""
    last, entries = bytes(32), []
    for line in (folder / "audit.jsonl").read_bytes().splitlines():
        entry, _, hash_ = line.removeprefix(b'{"entry":').rpartition(b',"hash":"')
        last = hashlib.sha256(last + entry).digest()
        assert last.hex() == hash_.removesuffix(b'"}').decode()
        entries.append(json.loads(line)["entry"])
    head = json.loads((folder / "audit.head.json").read_bytes())
    assert head["head"] == f"{len(entries)}:{last.hex()}"
    assert head["sha256"] == hashlib.sha256((folder / "audit.jsonl").read_bytes()).hexdigest()
    signature = (folder / "audit.head.sig").read_bytes()
    assert is_signed(bytes.fromhex(head["public_key"]), (folder / "audit.head.json").read_bytes(), signature)
    return entries, head["head"]


def check_the_report(station, batch):
    case = station.folder / "case"
    written = station.cli("report", batch, "--to", case, "--suppress-below", "2")
    assert sorted(written.stdout.split("\n")[:-1]) == sorted(map(str, case.iterdir())), written.stderr
    for line in (case / "SHA256SUMS").read_text().splitlines():
        sha256, name = line.split("  ")
        assert hashlib.sha256((case / name).read_bytes()).hexdigest() == sha256
    manifest = json.loads((case / "manifest.json").read_text())
    assert manifest["figures"] == {
        "rows": 2, "rejected": 0, "texted": 2, "reached": 2, "replied": "fewer than 2", "asked_for_help": 0,
        "handed_over": 0, "opted_out": 0,
    }  # fmt: skip
    assert manifest["replies"] == {"other": "fewer than 2"}
    page = (case / "report.html").read_text()
    assert manifest["audit_head"] in page
    assert "Support is free, 0." in page
    assert verified(station, "--head", manifest["audit_head"])["ok"]
    of_the_batch = [json.loads(line)["what"] for line in (case / "record.jsonl").read_text().splitlines()]
    assert sorted(of_the_batch) == [
        "answer", "answer", "collection", "disclosure", "release", "report", "report", "submission", "submission",
    ]  # fmt: skip
    assert station.cli("report", "nothing").returncode == 1


def test_the_record_of_a_station_at_work(station, people, number):
    station = station()
    station.configure(sending={"approval": "one-person"})
    station.start()
    station.drop(people(2), name=f"line {number(7)}.csv")
    [batch] = station.until(lambda: station.status().get("batches"))
    assert station.cli("release", batch["name"]).returncode == 0
    station.until_counts(delivered=2)
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": number(100)}, text="thank you")
    station.until(lambda: station.said("text received"))
    station.configure(throttle={"min_gap_seconds": 1})
    station.signal(signal.SIGHUP)
    station.until(lambda: station.said("configuration read again"))
    running = verified(station)
    assert running["ok"]
    assert station.until(lambda: (station.folder / "state" / "audit.head").read_text().startswith("1"))

    check_the_report(station, batch["name"])

    export = station.folder / "export"
    assert station.cli("audit", "export", export).returncode == 0
    entries, head = exported(export)
    if shutil.which("openssl"):
        check = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "audit.pub.pem", "-rawin", "-in", "audit.head.json",
             "-sigfile", "audit.head.sig"], cwd=export, capture_output=True, check=False,
        )  # fmt: skip
        assert check.returncode == 0, check
    kinds = [entry["what"] for entry in entries]
    assert kinds[:2] == ["configuration", "start"]
    assert kinds[2:4] == ["collection", "release"]
    assert sorted(kinds[4:10]) == ["answer", "answer", "report", "report", "submission", "submission"]
    assert kinds[10:] == ["configuration", "disclosure", "disclosure"]
    me = getpass.getuser()
    assert [entry["who"] for entry in entries if entry["what"] in ("collection", "release", "disclosure")] == [me] * 4
    assert entries[10]["changed"] == ["sending.approval", "throttle.min_gap_seconds"]
    assert entries[1]["settings"] == entries[0]["sha256"]
    assert all(entry["at"].endswith("Z") and entry["local"][-6] in "+-" and entry["boot"] for entry in entries)
    everything = (export / "audit.jsonl").read_text()
    assert not any(n in everything for n in (number(7)[1:], number(100)[1:], number(101)[1:], "Support"))

    assert station.stop() == 0
    assert verified(station, "--head", head)["entries"] == len(entries) + 1  # the stop
    alone = station.folder / "alone"
    assert station.cli("audit", "export", alone / "record.jsonl").returncode == 0
    assert json.loads((alone / "record.jsonl").read_text().splitlines()[-1])["entry"]["what"] == "disclosure"


def test_a_cut_and_a_change_are_found_and_said(station, people):
    station = station()
    station.start()
    station.drop(people(1))
    station.until_counts(delivered=1)
    assert station.stop() == 0
    whole = verified(station)
    assert station.cli("audit", "verify", "--head", "7").returncode == 2
    database = station.folder / "state" / "outpost.db"
    with sqlite3.connect(database) as forger:
        forger.execute("DROP TRIGGER audit_never_shortened")
        trigger = "CREATE TRIGGER audit_never_shortened BEFORE DELETE ON audit BEGIN SELECT 1; END"
        forger.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
        forger.execute(trigger)
    forger.close()
    cut = verified(station)
    assert [broken["entry"] for broken in cut["breaks"]] == [whole["entries"]]
    assert "cut" in cut["breaks"][0]["reason"]
    told = station.cli("audit", "verify")
    assert told.returncode == 1
    assert f"entry {whole['entries']}: cut" in told.stdout

    station.start()  # it goes on, says so, and keeps the head that the record lacks
    [said] = station.until(lambda: station.said("the disk has lost the newest entries of the database"))
    kept = station.folder / "state" / f"audit.head.lost-{whole['entries']}"
    assert (said["kept_head"], said["head"]) == (str(kept), whole["head"])
    assert kept.read_text().strip() == whole["head"]
    assert station.stop() == 0
    assert verified(station)["ok"]
    assert not verified(station, "--head", whole["head"])["ok"]


def test_erasure_leaves_nothing_of_people_in_any_file(station, people, number):
    """Also while the service runs, and what another list holds stays."""
    station = station()
    station.start()
    text = "Robin, support is free, {n}."
    gone, stays = number(100), number(101)
    rejected = "0115 496 0777"
    station.drop([*people(2, text), (rejected, "to a landline")], name="first.csv")
    station.drop([(stays, "another text")], name="second.csv")
    station.until_counts(delivered=3)
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": gone}, text="Please help Robin")
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": stays}, text="thank you")
    station.until(lambda: len(station.said("text received")) == 2)
    backups = station.folder / "state" / "backups"
    backups.mkdir(exist_ok=True)
    with closing(sqlite3.connect(station.folder / "state" / "outpost.db")) as db, closing(
        sqlite3.connect(backups / "outpost-earlier.db")
    ) as backup:
        db.backup(backup)
    before = sorted(found_in(station, needles(gone, rejected, "Robin, support is free, 0.")))
    assert {"outpost.db", "outpost-earlier.db", "first.csv", "first.problems.csv"} & set(before), before

    assert station.cli("erase", "nothing", "--yes").returncode == 1
    assert station.cli("erase", "first").returncode == 1, "it asks first"
    done = station.cli("erase", "first", "--yes", "--why", f"case closed, says {gone}")
    assert done.returncode == 0, done.stderr
    certificate = json.loads((station.folder / "state" / "certificates" / "first.json").read_text())
    assert certificate["erased_by"] == getpass.getuser()
    assert certificate["database"]["rows_emptied"]["messages"] == 2
    assert certificate["database"]["unused_pages_removed"]
    assert {"accepted/first.csv", "backups/outpost-earlier.db"} <= set(certificate["files_removed"])
    station.until(lambda: [row["to"] for row in station.outcomes("first")] == [""] * 3)
    assert [row["state"] for row in station.outcomes("first")] == ["delivered", "delivered", "rejected"]
    page = station.spool / "outcomes" / "first.html"
    station.until(lambda: "The people of this batch are erased" in page.read_text())
    assert station.cli("report", "first", "--to", station.folder / "case").returncode == 0
    figures = json.loads((station.folder / "case" / "manifest.json").read_text())["figures"]
    assert (figures["texted"], figures["replied"], figures["opted_out"]) == (2, "erased", "erased")
    assert found_in(station, needles(gone, rejected, "Robin, support is free, 0.", "Please help Robin")) == []
    assert found_in(station, needles(stays, "another text", "thank you")), "what another list holds is still there"
    assert (station.spool / "accepted" / "second.csv").exists()

    station.drop([*people(2, text), (rejected, "to a landline")], name="again.csv")
    problems = station.until(lambda: station.problems("again.csv"))
    assert "taken before" in problems[0]["reason"], "nobody is texted twice"
    assert station.stop() == 0
    assert verified(station, "--head", certificate["audit_head"])["ok"]
    assert station.cli("erase", "second", "--yes").returncode == 0, "without a service too"
    assert found_in(station, needles(stays, "another text", "thank you")) == []
    assert verified(station)["ok"]
    station.start()  # whatever it writes anew
    assert station.stop() == 0
    assert found_in(station, needles(gone, stays, rejected, "Robin, support is free, 0.", "another text")) == []


def needles(*words):
    """Every form in which a number or a text may lie in a file."""
    for word in words:
        forms = [word.encode(), word.encode("utf-16-be").hex().encode()]
        digits = "".join(filter(str.isdigit, word))
        if len(digits) >= 9:
            even = digits + "F" * (len(digits) % 2)
            forms += [digits[-9:].encode(), "".join(even[n + 1] + even[n] for n in range(0, len(even), 2)).encode()]
        else:
            forms += [packed(word)[:-1].hex().encode()]  # the last octet may hold more
        yield from (variant for form in forms for variant in (form, form.upper()))


def packed(text):
    """GSM 7-bit septets in octets (3GPP 23.038, 6.1.2.1)."""
    bits = sum(ord(character) << 7 * place for place, character in enumerate(text))
    return bits.to_bytes(-(-7 * len(text) // 8), "little")


def found_in(station, forms):
    """The files of state and spool that hold any of them, in their contents or names."""
    forms = list(forms)
    files = [path for folder in ("state", "spool") for path in (station.folder / folder).rglob("*") if path.is_file()]
    contents = {path: path.read_bytes() + path.name.encode() for path in files}
    return [path.name for path, content in contents.items() if any(form in content for form in forms)]
