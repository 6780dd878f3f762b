-- Schema 7: which lines of threads have an @ in them, and so may name somebody; in the order in which they came. The condition is
-- written in the same words where they are asked for, or the index is not used.

CREATE INDEX comment_at ON comment (pursuance) WHERE instr(text, '@') > 0;
