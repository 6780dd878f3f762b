-- Schema 5: secrets of lists that were sealed to this device alone. What they were sealed to may be erased before they are needed again.

CREATE TABLE list_secret (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    secret    BLOB    NOT NULL CHECK (length(secret) = 32),
    UNIQUE (pursuance, secret)
) STRICT;
