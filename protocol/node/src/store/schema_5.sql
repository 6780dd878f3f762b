-- Schema 5: key packages that this device renewed, and secrets of lists that were sealed to it alone. Nothing of a package stays once it is
-- erased, and nothing that gives it.

-- 1: `device_seed` holds the private key that signs instead; the first package was erased, and the seed with it.
ALTER TABLE pursuance ADD COLUMN seed_spent INTEGER NOT NULL DEFAULT 0 CHECK (seed_spent IN (0, 1));

-- Private halves of packages that do not come from the seed, in the order in which they were made.
CREATE TABLE package (
    number    INTEGER NOT NULL PRIMARY KEY,
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    suite     INTEGER NOT NULL,
    private   BLOB    NOT NULL CHECK (length(private) = 32)
) STRICT;

-- Of lists that were sealed to this device: what they were sealed to may be erased before they are needed again.
CREATE TABLE list_secret (
    pursuance INTEGER NOT NULL REFERENCES pursuance (number) ON DELETE CASCADE,
    secret    BLOB    NOT NULL CHECK (length(secret) = 32),
    UNIQUE (pursuance, secret)
) STRICT;
