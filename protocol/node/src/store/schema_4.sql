-- Schema 4: with whom the phrase was compared. It never leaves this computer.

CREATE TABLE compared (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    member    BLOB    NOT NULL CHECK (length(member) = 32),
    seconds   INTEGER NOT NULL,                                           -- when, by this computer's clock
    PRIMARY KEY (pursuance, member)
) STRICT, WITHOUT ROWID;
