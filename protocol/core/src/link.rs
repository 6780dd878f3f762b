//! The invite link: all that a newcomer needs, in one line of text (docs/protocol/07-joining.md, "Link").

use alloc::string::String;
use alloc::vec::Vec;

use data_encoding::BASE32_NOPAD;
use pursuance_wire::RelayAddress;
use zeroize::Zeroizing;

use crate::crypto::{self, label};
use crate::id::{EntryId, PursuanceId};
use crate::keys::InviteSecret;

/// What an invite link holds. The relay can only be a v3 onion service: nothing else can be written in this form.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// Which pursuance.
    pub pursuance: PursuanceId,
    /// A relay that carries it.
    pub relay: RelayAddress,
    /// The entry that made the invite: nobody can show another one in its place.
    pub invite: EntryId,
    /// The preview stands at this index of the relay's log, or later.
    pub from_index: u64,
    /// Signs, seals and recognises.
    pub secret: InviteSecret,
}

/// Why a text is no invite link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It does not begin like one.
    #[error("J1: not an invite link")]
    NotAnInvite,
    /// Letters are missing, or were changed.
    #[error("J2: the link is not whole")]
    NotWhole,
    /// It was made by a newer version.
    #[error("J3: the link needs a newer Pursuance")]
    Newer,
}

/// One line of letters that holds bytes and a checksum of them.
pub(crate) struct SecretText {
    /// How it begins.
    pub(crate) prefix: &'static str,
    /// The label of its checksum.
    pub(crate) checksum: &'static str,
}

/// Why a text does not hold the bytes that it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextError {
    /// It begins in another way.
    Another,
    /// Letters are missing, or were changed.
    NotWhole,
}

const LINK: SecretText = SecretText { prefix: "pursuance:", checksum: label::LINK_CHECKSUM };
const VERSION: u8 = 1;
pub(crate) const CHECKSUM_BYTES: usize = 4;
const BODY_BYTES: usize = 1 + 32 + 32 + 32 + 32 + 8 + 32;
/// Letters of a whole text; longer ones are not looked at.
const MAX_LINK_CHARS: usize = 1_024;

impl SecretText {
    /// The text of some bytes, for which there is room for the checksum.
    pub(crate) fn write(&self, mut bytes: Zeroizing<Vec<u8>>) -> Zeroizing<String> {
        let checksum = self.checksum_of(&bytes);
        bytes.extend_from_slice(&checksum);
        let mut text = Zeroizing::new(String::from(self.prefix));
        text.push_str(&Zeroizing::new(Zeroizing::new(BASE32_NOPAD.encode(&bytes)).to_lowercase()));
        text
    }

    /// The bytes of a text as pasted: white space around and within is ignored, as is the case of letters.
    pub(crate) fn read(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, TextError> {
        if text.len() > MAX_LINK_CHARS {
            return Err(TextError::Another);
        }
        let text: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect::<String>().to_lowercase());
        let code = match text.strip_prefix(self.prefix) {
            Some(code) => code,
            // The beginning of one that was cut very short.
            None if !text.is_empty() && self.prefix.starts_with(text.as_str()) => return Err(TextError::NotWhole),
            None => return Err(TextError::Another),
        };
        let upper = Zeroizing::new(code.to_uppercase());
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(upper.as_bytes()).map_err(|_| TextError::NotWhole)?);
        let Some((body, given)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else { return Err(TextError::NotWhole) };
        if self.checksum_of(body) != *given {
            return Err(TextError::NotWhole);
        }
        Ok(Zeroizing::new(body.to_vec()))
    }

    fn checksum_of(&self, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let hash = crypto::hash(self.checksum, &[bytes]);
        *hash.first_chunk().expect("a hash is longer than its checksum")
    }
}

impl InviteLink {
    /// The link as a text. It is a secret: whoever holds it can read the preview and join.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_BYTES + CHECKSUM_BYTES));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.pursuance.0);
        bytes.extend_from_slice(&self.invite.0);
        bytes.extend_from_slice(self.relay.onion());
        bytes.extend_from_slice(self.relay.log_key().as_bytes());
        bytes.extend_from_slice(&self.from_index.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        LINK.write(bytes)
    }

    /// Reads a link as pasted: white space around and within is ignored, as is the case of letters.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let bytes = LINK.read(text).map_err(|error| match error {
            TextError::Another => LinkError::NotAnInvite,
            TextError::NotWhole => LinkError::NotWhole,
        })?;
        if bytes.first() != Some(&VERSION) {
            return Err(LinkError::Newer);
        }
        Self::read_body(&bytes).ok_or(LinkError::NotWhole)
    }

    fn read_body(body: &[u8]) -> Option<Self> {
        let rest = body.get(1..)?;
        let (pursuance, rest) = rest.split_first_chunk::<32>()?;
        let (invite, rest) = rest.split_first_chunk::<32>()?;
        let (onion, rest) = rest.split_first_chunk::<32>()?;
        let (log, rest) = rest.split_first_chunk::<32>()?;
        let (from_index, rest) = rest.split_first_chunk::<8>()?;
        let secret: &[u8; 32] = rest.try_into().ok()?;
        Some(Self {
            pursuance: PursuanceId(*pursuance),
            invite: EntryId(*invite),
            relay: RelayAddress::new(*onion, *log).ok()?,
            from_index: u64::from_be_bytes(*from_index),
            secret: InviteSecret::new(*secret),
        })
    }
}

impl core::fmt::Debug for InviteLink {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The secret is never printed.
        f.debug_struct("InviteLink").field("pursuance", &self.pursuance).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn key(byte: u8) -> [u8; 32] {
        crypto::SigningKey::from_seed(&Zeroizing::new([byte; 32])).author().0
    }

    fn link() -> InviteLink {
        InviteLink {
            pursuance: PursuanceId([1; 32]),
            invite: EntryId([5; 32]),
            relay: RelayAddress::new(key(2), key(3)).expect("two keys"),
            from_index: 77,
            secret: InviteSecret::new([4; 32]),
        }
    }

    #[test]
    fn survives_line_breaks_and_capitals() {
        let text = link().to_text().to_string();
        assert!(InviteLink::parse(&text) == Ok(link()));
        let (a, b) = text.split_at(60);
        assert!(InviteLink::parse(&alloc::format!("  {a}\n{b} ").to_uppercase()) == Ok(link()));
    }

    #[test]
    fn anything_cut_or_changed_is_not_whole() {
        let text = link().to_text().to_string();
        for len in 1..text.len() {
            assert!(InviteLink::parse(&text[..len]) == Err(LinkError::NotWhole), "cut to {len}");
        }
        for at in LINK.prefix.len()..text.len() {
            let other = if text.as_bytes()[at] == b'a' { "b" } else { "a" };
            let changed = [&text[..at], other, &text[at + 1..]].concat();
            assert!(InviteLink::parse(&changed) == Err(LinkError::NotWhole), "changed at {at}");
        }
    }

    #[test]
    fn other_things_are_not_invites() {
        for text in ["", "https://example.com/invite", "http://127.0.0.1:80/x", "hello", &"x".repeat(5_000)] {
            assert!(InviteLink::parse(text) == Err(LinkError::NotAnInvite), "{text}");
        }
        let mut newer = alloc::vec![2_u8; 40];
        newer.reserve(CHECKSUM_BYTES);
        let text = LINK.write(Zeroizing::new(newer));
        assert!(InviteLink::parse(&text) == Err(LinkError::Newer));
    }
}
