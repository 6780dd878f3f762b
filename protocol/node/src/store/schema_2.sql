-- Schema 2: the place of every entry in the graph, and what was derived from the entries, so that opening reads rows instead of
-- replaying the log. All of it can be made again from the entries: `derived` says by which form it was made.

ALTER TABLE pursuance ADD COLUMN derived   INTEGER NOT NULL DEFAULT 0;    -- another form than the program's is derived again
ALTER TABLE pursuance ADD COLUMN overtaken INTEGER NOT NULL DEFAULT 0;    -- an entry of this device came from elsewhere

ALTER TABLE entry ADD COLUMN chain       INTEGER NOT NULL DEFAULT -1;     -- -1: not in the log, it waits for others
ALTER TABLE entry ADD COLUMN depth       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN clock       BLOB    NOT NULL DEFAULT x'';
ALTER TABLE entry ADD COLUMN whole_clock INTEGER NOT NULL DEFAULT 0;      -- 0: only what it has more than the entry before it
ALTER TABLE entry ADD COLUMN public      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN standing    INTEGER NOT NULL DEFAULT 0;      -- counts, refused, needs newer
ALTER TABLE entry ADD COLUMN unnamed     INTEGER NOT NULL DEFAULT 0;      -- no entry names it
ALTER TABLE entry ADD COLUMN sealed      INTEGER NOT NULL DEFAULT 0;      -- its cells were made, where it is our own
CREATE INDEX entry_by_place ON entry (pursuance, chain, seq);
CREATE INDEX entry_public ON entry (pursuance, arrival) WHERE public = 1;
CREATE INDEX entry_unnamed ON entry (pursuance) WHERE unnamed = 1;
CREATE INDEX entry_newer ON entry (pursuance) WHERE standing = 2;
CREATE INDEX entry_unsealed ON entry (pursuance, seq) WHERE own = 1 AND sealed = 0;

UPDATE entry SET sealed = 1 WHERE own = 1 AND EXISTS
    (SELECT 1 FROM cargo JOIN cell ON cell.number = cargo.cell
     WHERE cargo.entry = entry.id AND cell.pursuance = entry.pursuance AND (cargo.door = 0 OR entry.seq = 0));

-- Histories of authors. Numbers are this computer's own.
CREATE TABLE chain (
    pursuance   INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    author      BLOB    NOT NULL CHECK (length(author) = 32),
    first_seq   INTEGER NOT NULL,
    first       BLOB    NOT NULL CHECK (length(first) = 32),
    beside      BLOB    NOT NULL CHECK (length(beside) IN (0, 32)),       -- where a second history begins: the other entry there
    tip         BLOB    NOT NULL CHECK (length(tip) = 32),
    tip_seq     INTEGER NOT NULL,
    tip_claimed INTEGER NOT NULL,
    seen_end    INTEGER NOT NULL,                                         -- seq of the first entry that no other author has seen
    PRIMARY KEY (pursuance, number)
) STRICT;

-- Tasks that can be read here, with their keys.
CREATE TABLE task (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    id        BLOB    NOT NULL CHECK (length(id) = 16),
    bytes     BLOB    NOT NULL,
    PRIMARY KEY (pursuance, id)
) STRICT;

-- Lines of threads.
CREATE TABLE comment (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    task      BLOB    NOT NULL CHECK (length(task) = 16),
    depth     INTEGER NOT NULL,
    entry     BLOB    NOT NULL CHECK (length(entry) = 32),
    item      INTEGER NOT NULL,
    op        INTEGER NOT NULL,
    author    BLOB    NOT NULL CHECK (length(author) = 32),
    by        BLOB    NOT NULL CHECK (length(by) = 32),
    chain     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    claimed   INTEGER NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (pursuance, task, depth, entry, item, op)
) STRICT;

-- Items of entries that are not simply taken: 0 refused, 1 for a newer version, 2 waits for a key or for its task.
-- An item of 65535 stands for all of its entry's.
CREATE TABLE item (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    entry     BLOB    NOT NULL CHECK (length(entry) = 32),
    item      INTEGER NOT NULL,
    state     INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    reason    TEXT    NOT NULL,                                           -- of a refusal
    PRIMARY KEY (pursuance, entry, item)
) STRICT;
CREATE INDEX item_by_state ON item (pursuance, state) WHERE state > 0;

-- Cells that some relay signed for, or that stand in some relay's log.
ALTER TABLE cell ADD COLUMN handed INTEGER NOT NULL DEFAULT 0;
UPDATE cell SET handed = EXISTS (SELECT 1 FROM outbox WHERE outbox.cell = cell.number AND outbox.state > 0);
CREATE INDEX cell_unhanded ON cell (pursuance) WHERE handed = 0;
CREATE INDEX cargo_by_invite ON cargo (cell, entry) WHERE door = 1;
