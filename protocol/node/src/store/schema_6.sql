-- Schema 6: lines of threads that were written elsewhere, as somebody says who brought them here.

ALTER TABLE comment ADD COLUMN quoted         INTEGER NOT NULL DEFAULT 0 CHECK (quoted IN (0, 1));
ALTER TABLE comment ADD COLUMN quoted_by      TEXT    NOT NULL DEFAULT '';   -- who is said to have written it
ALTER TABLE comment ADD COLUMN quoted_claimed INTEGER NOT NULL DEFAULT 0;    -- and when
