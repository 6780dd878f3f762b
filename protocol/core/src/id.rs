//! Names of things: fixed-size identifiers that never mix (docs/protocol/02-log.md, "Identifiers").

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER;

/// The text given for an identifier was not its exact lower-case hexadecimal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier in lower-case hexadecimal")]
pub struct IdTextError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Size in bytes.
            pub const BYTES: usize = $bytes;

            /// The bytes themselves.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}…)"), HEXLOWER.encode(&self.0[..4]))
            }
        }

        impl FromStr for $name {
            type Err = IdTextError;

            fn from_str(text: &str) -> Result<Self, IdTextError> {
                let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| IdTextError)?;
                Ok(Self(bytes.try_into().map_err(|_| IdTextError)?))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// An entry: BLAKE3 of its body without the signature.
    EntryId, 32
);
id!(
    /// A pursuance: the id of its genesis entry.
    PursuanceId, 32
);
id!(
    /// A member: the id of the entry by which the person came (genesis or join).
    MemberId, 32
);
id!(
    /// An author, which is one device's log: its Ed25519 verification key.
    AuthorId, 32
);
id!(
    /// An epoch of a role: a commitment to its secret.
    EpochId, 32
);
id!(
    /// A task: derived from where it was created (author, seq, item).
    TaskId, 16
);

id!(
    /// A line of a task's checklist: four bytes of its place in the list, then four drawn at random. Lines stand in the order of these.
    CheckId, 8
);

/// A role's number within its pursuance; 0 is the built-in role *everyone*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct RoleId(pub u16);

impl RoleId {
    /// The built-in role that covers all members and whose epoch seals the cells.
    pub const EVERYONE: Self = Self(0);
    /// No role's number: it stands where an entry's list is sealed to single devices (docs/protocol/03-keys.md, K15).
    pub const DEVICES: Self = Self(u16::MAX);
}

impl PursuanceId {
    /// The genesis entry that names the pursuance.
    #[must_use]
    pub const fn genesis(self) -> EntryId {
        EntryId(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_form_is_exact() {
        let id = TaskId([0xab; 16]);
        assert_eq!(id.to_string().parse::<TaskId>(), Ok(id));
        assert_eq!("AB".repeat(16).parse::<TaskId>(), Err(IdTextError));
        assert_eq!("ab".repeat(15).parse::<TaskId>(), Err(IdTextError));
    }
}
