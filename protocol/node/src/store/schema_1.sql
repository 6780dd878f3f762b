-- Schema 1 of a client's store. A column never changes its meaning; a change is a new column or table and a new number.
-- Times are seconds since 1970 by this computer's clock. Ids, keys and hashes are raw bytes.

-- Small things that there is one of.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Pursuances and open invites.
CREATE TABLE pursuance (
    number        INTEGER NOT NULL PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 32),
    standing      INTEGER NOT NULL CHECK (standing IN (0, 1, 2)),   -- invited, waiting, member
    device_seed   BLOB    NOT NULL CHECK (length(device_seed) = 32),
    link          TEXT    NOT NULL,                                 -- the invite I came by; '' for a founder
    since_seconds INTEGER NOT NULL                                  -- founded, opened or joined
) STRICT;

-- Verified entries, own and others', those that wait for others too, in the order of arrival.
CREATE TABLE entry (
    arrival   INTEGER NOT NULL PRIMARY KEY,
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    id        BLOB    NOT NULL CHECK (length(id) = 32),
    author    BLOB    NOT NULL CHECK (length(author) = 32),
    seq       INTEGER NOT NULL,
    own       INTEGER NOT NULL CHECK (own IN (0, 1)),
    bytes     BLOB    NOT NULL,
    UNIQUE (pursuance, id)
) STRICT;

-- Entries of a newer version, as they came.
CREATE TABLE newer_entry (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    bytes     BLOB    NOT NULL,
    UNIQUE (pursuance, bytes)
) STRICT;

-- Parts of long entries that are not whole yet.
CREATE TABLE fragment (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    cell_key  BLOB    NOT NULL CHECK (length(cell_key) = 32),
    entry     BLOB    NOT NULL CHECK (length(entry) = 32),
    parts     INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    bytes     BLOB    NOT NULL,
    UNIQUE (pursuance, cell_key, entry, part, bytes)
) STRICT;

-- Epoch secrets that no entry sealed to this device brings.
CREATE TABLE epoch (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    secret    BLOB    NOT NULL CHECK (length(secret) = 32),
    UNIQUE (pursuance, secret)
) STRICT;

-- Links of invites made on this computer.
CREATE TABLE own_invite (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    entry     BLOB    NOT NULL CHECK (length(entry) = 32),
    link      TEXT    NOT NULL,
    UNIQUE (pursuance, entry)
) STRICT;

-- Relays ever dealt with.
CREATE TABLE relay (
    number          INTEGER NOT NULL PRIMARY KEY,
    address         TEXT    NOT NULL UNIQUE,
    checkpoint      BLOB    NOT NULL,               -- newest accepted note; empty before the first
    peaks           BLOB    NOT NULL,               -- frontier of its tree, 32 bytes each
    slot_seconds    INTEGER NOT NULL,               -- of its policy; 0 before it was read
    reached_seconds INTEGER NOT NULL,               -- 0 before the first visit
    fault           INTEGER NOT NULL,               -- 0 none, else how it broke its word
    evidence        BLOB    NOT NULL                -- the proof, where there is one
) STRICT;

-- How far a relay was read for a pursuance: all cells from `first` up to `next`.
CREATE TABLE reading (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    relay     INTEGER NOT NULL REFERENCES relay (number),
    first     INTEGER NOT NULL,
    next      INTEGER NOT NULL,
    wanted    INTEGER NOT NULL CHECK (wanted IN (0, 1)),            -- whether the pursuance uses this relay now
    PRIMARY KEY (pursuance, relay)
) STRICT;

-- One checkpoint of a relay for each slot seen, the newest of them.
CREATE TABLE checkpoint_seen (
    relay INTEGER NOT NULL REFERENCES relay (number),
    slot  INTEGER NOT NULL,
    note  BLOB    NOT NULL,
    PRIMARY KEY (relay, slot)
) STRICT;

-- Own cells, sealed once: the same bytes go to every relay, and again after a crash.
CREATE TABLE cell (
    number    INTEGER NOT NULL PRIMARY KEY,
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    leaf      BLOB    NOT NULL CHECK (length(leaf) = 32),
    bytes     BLOB    NOT NULL CHECK (length(bytes) = 2048)
) STRICT;
CREATE INDEX cell_by_leaf ON cell (leaf);

-- Which own entries a cell carries, whole or in part.
CREATE TABLE cargo (
    cell  INTEGER NOT NULL REFERENCES cell (number) ON DELETE CASCADE,
    entry BLOB    NOT NULL CHECK (length(entry) = 32),
    door  INTEGER NOT NULL CHECK (door IN (0, 1)),                  -- under the epoch's key, under an invite's
    PRIMARY KEY (cell, entry)
) STRICT;
CREATE INDEX cargo_by_entry ON cargo (entry);

-- What becomes of a cell at a relay.
CREATE TABLE outbox (
    cell     INTEGER NOT NULL REFERENCES cell (number) ON DELETE CASCADE,
    relay    INTEGER NOT NULL REFERENCES relay (number),
    state    INTEGER NOT NULL CHECK (state IN (0, 1, 2)),           -- waiting, handed, seen in the log
    receipt  BLOB    NOT NULL,                                      -- the signed note; empty while waiting
    due_slot INTEGER NOT NULL,                                      -- of the receipt; 0 while waiting
    PRIMARY KEY (cell, relay)
) STRICT;
CREATE INDEX outbox_by_state ON outbox (relay, state, cell);
