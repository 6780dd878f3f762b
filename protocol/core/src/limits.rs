//! Every limit of the log, by name (docs/protocol/02-log.md, "Limits").

/// Bytes of a whole entry: what 512 fragments hold.
pub const MAX_ENTRY_BYTES: usize = MAX_FRAGMENTS * FRAGMENT_BYTES;
/// Fragments of one entry.
pub const MAX_FRAGMENTS: usize = 512;
/// Bytes of an entry that one fragment carries.
pub const FRAGMENT_BYTES: usize = 1_960;
/// Bytes of unfinished fragments kept for one cell key.
pub const MAX_PENDING_FRAGMENT_BYTES: usize = 4 << 20;
/// Different bodies kept for one index of one entry, until the hash tells which is right.
pub const MAX_FRAGMENT_CANDIDATES: usize = 2;
/// Newest entries of others that an entry names.
pub const MAX_HEADS: usize = 16;
/// Relay checkpoints that an entry names.
pub const MAX_CHECKPOINTS: usize = 4;
/// Ops of one public entry.
pub const MAX_OPS: usize = 64;
/// Sealed items of one role entry.
pub const MAX_ITEMS: usize = 64;
/// Ops of one sealed item.
pub const MAX_ITEM_OPS: usize = 64;
/// Audiences of one role entry.
pub const MAX_AUDIENCES: usize = 4;
/// Bytes of one op's arguments.
pub const MAX_OP_BYTES: usize = MAX_ENTRY_BYTES;
/// Bytes of one sealed item.
pub const MAX_ITEM_BYTES: usize = 256 << 10;
/// Entries of one author that wait for others.
pub const MAX_WAITING_PER_AUTHOR: usize = 1_000;
/// Authors that have waiting entries without any entry in the log.
pub const MAX_WAITING_STRANGERS: usize = 256;
/// Entries of one author without any entry in the log that wait for others.
pub const MAX_WAITING_PER_STRANGER: usize = 64;
/// Bytes of all entries that wait for others.
pub const MAX_WAITING_BYTES: usize = 64 << 20;
/// Steps of a seniority path, and of devices that added each other (R1).
pub const MAX_SENIORITY_DEPTH: usize = 32;

/// Bytes of a pursuance's or role's name.
pub const MAX_NAME_BYTES: usize = 120;
/// Bytes of a mission.
pub const MAX_MISSION_BYTES: usize = 1_000;
/// Bytes of a member's pseudonym.
pub const MAX_MEMBER_NAME_BYTES: usize = 80;
/// Roles of a pursuance.
pub const MAX_ROLES: usize = 64;
/// Rules of a pursuance.
pub const MAX_RULES: usize = 512;
/// Relays of a pursuance.
pub const MAX_RELAYS: usize = 4;
/// Uses of one invite.
pub const MAX_INVITE_USES: u16 = 10_000;
/// Entries that a removal names as staying.
pub const MAX_PINS: usize = 64;
/// Entries that one op ratifies.
pub const MAX_RATIFIED: usize = 256;
/// Bytes of a relay's checkpoint as a member saw it.
pub const MAX_SEEN_NOTE_BYTES: usize = 1_024;
/// Bytes of the note of an invite, or of a vouch.
pub const MAX_NOTE_BYTES: usize = 500;
/// Devices of one member.
pub const MAX_DEVICES: usize = 16;
/// Key packages that one device publishes: one a month for 21 years.
pub const MAX_PACKAGES: usize = 256;
/// Devices that an epoch is sealed to.
pub const MAX_READERS: usize = 800;

/// Bytes of a task's title.
pub const MAX_TITLE_BYTES: usize = 1_000;
/// Bytes of a task's body.
pub const MAX_BODY_BYTES: usize = 64 << 10;
/// Bytes of a comment.
pub const MAX_COMMENT_BYTES: usize = 16 << 10;
/// Bytes of a label.
pub const MAX_LABEL_BYTES: usize = 80;
/// Labels given at once.
pub const MAX_LABELS: usize = 32;
/// Members assigned at once.
pub const MAX_ASSIGNEES: usize = 16;
/// Bytes of what a task is good for.
pub const MAX_WHY_BYTES: usize = 4 << 10;
/// Bytes of a skill.
pub const MAX_SKILL_BYTES: usize = 80;
/// Bytes of a line of a checklist.
pub const MAX_CHECK_BYTES: usize = 1_000;
/// Lines that one's own client puts into a checklist.
pub const MAX_CHECKS: usize = 200;
/// The longest effort: a year of days and nights.
pub const MAX_EFFORT_MINUTES: u32 = 366 * 24 * 60;
/// Days, weeks, months or years between a task and its repetition, at most.
pub const MAX_REPEAT_EVERY: u16 = 400;
/// Days without news after which a task that somebody took may be taken over.
pub const LEASE_DAYS: u64 = 7;
/// Bytes of an imported owner.
pub const MAX_OWNER_BYTES: usize = 120;
/// Bytes of an imported day.
pub const MAX_DAY_BYTES: usize = 32;
/// Bytes of what an import says of where a task comes from: the file, the program or board, its name there.
pub const MAX_ORIGIN_BYTES: usize = 200;
/// Bytes of a name that an import mentions.
pub const MAX_ORIGIN_NAME_BYTES: usize = 120;
/// People that an import mentions of one task.
pub const MAX_ORIGIN_PEOPLE: usize = 64;
/// Labels, skills, lines of a checklist, relations, or comments that an import has of one task.
pub const MAX_IMPORT_PARTS: usize = 1_000;
/// Changes that are made at once.
pub const MAX_MANY: usize = 500;
/// Tasks whose place in my order is remembered, of one pursuance.
pub const MAX_ORDERED: usize = 5_000;
/// Tasks of one import.
pub const MAX_IMPORT_TASKS: u32 = 5_000;
/// Seals of a list that is for single devices: as many as a sealed part has room for.
pub const MAX_LIST_SEALS: usize = 200;
/// Older keys of a task that are handed on at once.
pub const MAX_HANDED_KEYS: usize = 256;
/// Places that are named at once of what was said about a task before.
pub const MAX_HANDED_PLACES: usize = 4_096;
/// The lowest priority; 0 is none, 1 urgent.
pub const MAX_PRIORITY: u8 = 4;
/// Characters of a filter that are looked at.
pub const MAX_FILTER_CHARS: usize = 500;
/// Words of a filter that are looked at.
pub const MAX_FILTER_WORDS: usize = 32;
/// Levels of the tree that are shown in their place; deeper ones stand at this level.
pub const MAX_TREE_DEPTH: u16 = 64;
/// Epoch secrets that a joiner tries before the log tells which is right.
pub const MAX_EPOCH_CANDIDATES: usize = 256;
/// Entries of a preview, besides the genesis and the invite.
pub const MAX_PREVIEW_ENTRIES: usize = 512;

/// Conditions of one line of the rules.
pub const MAX_CONDITIONS: usize = 8;
/// Numbers of one condition, its own included.
pub const MAX_CONDITION_FIELDS: usize = 4;

/// Bytes of the rules as text; every table that there can be fits, printed.
pub const MAX_RULES_TEXT_BYTES: usize = 1 << 20;
/// Characters of a text that an error shows.
pub const MAX_SHOWN_CHARS: usize = 40;

/// Rows of one page of the tree.
pub const MAX_TREE_ROWS: u32 = 50;
