-- PINs that were given to SIMs: never the PIN, but a keyed hash of it. Written before the PIN is.
CREATE TABLE pin_tries (
    sim TEXT NOT NULL,                -- its ICCID, or "imei …" of the modem that it sat in where it hides its ICCID
    tag TEXT NOT NULL,
    state TEXT NOT NULL,              -- tried (the answer is not known), right, wrong
    at REAL NOT NULL,
    PRIMARY KEY (sim, tag)
) STRICT, WITHOUT ROWID
