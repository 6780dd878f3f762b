-- Schema 3: which items are about which task, so that a task can be made again when an entry counts no more, or again.

-- Items of entries in the log whose list was opened, whether the entry counts or not.
CREATE TABLE touch (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    task      BLOB    NOT NULL CHECK (length(task) = 16),
    arrival   INTEGER NOT NULL,                                           -- the entry's
    item      INTEGER NOT NULL,
    PRIMARY KEY (pursuance, task, arrival, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX touch_by_entry ON touch (pursuance, arrival);

-- `entry.standing` can be 3: it was permitted and has no effect now.
CREATE INDEX entry_held ON entry (pursuance, author, depth) WHERE standing = 3;
