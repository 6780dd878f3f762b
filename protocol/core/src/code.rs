//! A further computer of a member: the code that the first one shows, and what the new one answers to it
//! (docs/protocol/07-joining.md, "A further computer").

use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::codec::{DecodeError, Reader, Writer, require_canonical};
use crate::crypto::kem::is_public_key;
use crate::crypto::{self, SignatureBytes, label};
use crate::entry::Entry;
use crate::id::{AuthorId, MemberId, PursuanceId};
use crate::keys::{CellKey, DeviceKeys};
use crate::link::{CHECKSUM_BYTES, SecretText, TextError};
use crate::op::{AddDevice, read_add_device, write_add_device};
use crate::recovery::RecoverySecret;
use crate::refusal::Refusal;
use crate::replica::Replica;

/// What a code holds. Whoever has it and not the phrase can do nothing with it, but see that a computer came.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// Which pursuance.
    pub pursuance: PursuanceId,
    /// Whose further computer.
    pub member: MemberId,
    /// The public half of the member's recovery key, so that a wrong phrase is known where it is typed.
    pub recovery: [u8; 32],
    /// The relay by which the two computers hear of each other.
    pub relay: RelayAddress,
    /// The pursuance has no cell before this index of the relay's log.
    pub since_index: u64,
    /// Nothing was said about this code before this index.
    pub from_index: u64,
    /// Seals what is said about this code.
    pub secret: CodeSecret,
}

/// The secret of a code.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeSecret([u8; 32]);

/// What a new computer says to the one that shows the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The new device, which agrees to be the member's (D1).
    pub device: AddDevice,
    /// By the recovery key, over pursuance, member, device, key package and code.
    pub recovery: SignatureBytes,
}

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It does not begin like one.
    #[error("J10: not a code for a further computer")]
    NotACode,
    /// Letters are missing, or were changed.
    #[error("J11: the code is not whole")]
    NotWhole,
    /// It was made by a newer version.
    #[error("J12: the code needs a newer Pursuance")]
    Newer,
}

const CODE: SecretText = SecretText { prefix: "pursuance-computer:", checksum: label::CODE_CHECKSUM };
const VERSION: u8 = 1;
const ANSWER_VERSION: u64 = 1;
const BODY_BYTES: usize = 1 + 32 + 32 + 32 + 32 + 32 + 8 + 8 + 32;

impl CodeSecret {
    /// From 32 random bytes, or from a code.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the code carries.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What seals cells about this code. Its id names the code.
    #[must_use]
    pub fn cell_key(&self) -> CellKey {
        CellKey {
            id: crypto::hash(label::CODE_ID, &[&self.0]),
            detect: crypto::derive_key(label::CODE_DETECT, &self.0),
            seal: crypto::derive_key(label::CODE_CELL, &self.0),
        }
    }
}

impl DeviceCode {
    /// The code as a text.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_BYTES + CHECKSUM_BYTES));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.pursuance.0);
        bytes.extend_from_slice(&self.member.0);
        bytes.extend_from_slice(&self.recovery);
        bytes.extend_from_slice(self.relay.onion());
        bytes.extend_from_slice(self.relay.log_key().as_bytes());
        bytes.extend_from_slice(&self.since_index.to_be_bytes());
        bytes.extend_from_slice(&self.from_index.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        CODE.write(bytes)
    }

    /// Reads a code as pasted, as links are read.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let bytes = CODE.read(text).map_err(|error| match error {
            TextError::Another => CodeError::NotACode,
            TextError::NotWhole => CodeError::NotWhole,
        })?;
        if bytes.first() != Some(&VERSION) {
            return Err(CodeError::Newer);
        }
        Self::read_body(&bytes).ok_or(CodeError::NotWhole)
    }

    /// What a new computer says to the one that shows this code: with its keys, and the phrase.
    ///
    /// # Errors
    /// [`Refusal::OtherRecoveryKey`] for another phrase.
    pub fn answer(&self, device: &DeviceKeys, secret: &RecoverySecret) -> Result<Answer, Refusal> {
        let key = secret.key(self.pursuance);
        if key.author().0 != self.recovery {
            return Err(Refusal::OtherRecoveryKey);
        }
        let device = AddDevice::new(self.pursuance, self.member, device);
        let recovery = key.sign(&self.enrol_message(&device));
        Ok(Answer { device, recovery })
    }

    /// Whether the new device, and the holder of the recovery key, agreed to this answer to this code.
    #[must_use]
    pub fn is_answered_by(&self, answer: &Answer) -> bool {
        let (device, recovery) = (&answer.device, &answer.recovery);
        is_public_key(device.package.suite, &device.package.public)
            && crypto::verify(&self.recovery, &self.enrol_message(device), recovery).is_ok()
            && device.is_agreed(self.pursuance, self.member)
    }

    /// What a recovery key signs for a new device that answers this code.
    #[must_use]
    pub fn enrol_message(&self, device: &AddDevice) -> Vec<u8> {
        let code = self.secret.cell_key();
        let (author, package) = (&device.author.0, &device.package.id());
        [label::ENROL_SIGNATURE, &self.pursuance.0, &self.member.0, author, package, code.id()].concat()
    }

    fn read_body(body: &[u8]) -> Option<Self> {
        let rest = body.get(1..)?;
        let (pursuance, rest) = rest.split_first_chunk::<32>()?;
        let (member, rest) = rest.split_first_chunk::<32>()?;
        let (recovery, rest) = rest.split_first_chunk::<32>()?;
        let (onion, rest) = rest.split_first_chunk::<32>()?;
        let (log, rest) = rest.split_first_chunk::<32>()?;
        let (since_index, rest) = rest.split_first_chunk::<8>()?;
        let (from_index, rest) = rest.split_first_chunk::<8>()?;
        let secret: &[u8; 32] = rest.try_into().ok()?;
        let usable = !crypto::is_weak(recovery);
        usable.then_some(())?;
        Some(Self {
            pursuance: PursuanceId(*pursuance),
            member: MemberId(*member),
            recovery: *recovery,
            relay: RelayAddress::new(*onion, *log).ok()?,
            since_index: u64::from_be_bytes(*since_index),
            from_index: u64::from_be_bytes(*from_index),
            secret: CodeSecret::new(*secret),
        })
    }
}

impl Answer {
    /// Which device it is about.
    #[must_use]
    pub const fn author(&self) -> AuthorId {
        self.device.author
    }

    /// Its bytes, which stand in a cell in the place of an entry.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(3).uint(ANSWER_VERSION);
        write_add_device(&mut w, &self.device);
        w.bytes(&self.recovery);
        w.finish()
    }

    /// Reads them strictly; whether anybody agreed is not asked.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        r.array(3)?;
        if r.uint()? != ANSWER_VERSION {
            return Err(DecodeError::UnknownNumber);
        }
        let answer = Self { device: read_add_device(&mut r)?, recovery: r.exact()? };
        r.end()?;
        require_canonical(bytes, &answer.encode())?;
        Ok(answer)
    }
}

impl Replica {
    /// A code for one more computer of mine.
    ///
    /// # Errors
    /// [`Refusal::NoRecoveryKey`], [`Refusal::TooMany`], and what is refused to a device that cannot write.
    pub fn code(
        &self,
        relay: RelayAddress,
        since_index: u64,
        from_index: u64,
        secret: CodeSecret,
    ) -> Result<DeviceCode, Refusal> {
        let member = self.room_for_device()?;
        let (_, recovery) = self.authority.recovery_key(member).ok_or(Refusal::NoRecoveryKey)?;
        Ok(DeviceCode { pursuance: self.pursuance, member, recovery, relay, since_index, from_index, secret })
    }

    /// Adds the device that answered my code. The phrase is asked of it here, and by nobody else: to everybody it is a device like
    /// any other that a device adds.
    ///
    /// # Errors
    /// [`Refusal::NoRecoveryKey`], [`Refusal::OtherRecoveryKey`] for an answer that the key of now did not sign, for this device and this
    /// code; [`Refusal::BadKeys`] for a device that is known; [`Refusal::TooMany`], and what is refused to a device that cannot write.
    pub fn enrol(&self, code: &DeviceCode, answer: &Answer, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.room_for_device()?;
        let (_, recovery) = self.authority.recovery_key(me).ok_or(Refusal::NoRecoveryKey)?;
        let mine = (code.pursuance, code.member, code.recovery) == (self.pursuance, me, recovery);
        if !mine || !code.is_answered_by(answer) {
            return Err(Refusal::OtherRecoveryKey);
        }
        self.sign_added(answer.device.clone(), now_seconds)
    }
}

impl core::fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The secret is never printed.
        f.debug_struct("DeviceCode").field("pursuance", &self.pursuance).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::link::InviteLink;
    use crate::recovery::RECOVERY_BYTES;

    fn key(byte: u8) -> [u8; 32] {
        crypto::SigningKey::from_seed(&Zeroizing::new([byte; 32])).author().0
    }

    fn secret(byte: u8) -> RecoverySecret {
        RecoverySecret::new([byte; RECOVERY_BYTES])
    }

    fn code() -> DeviceCode {
        let pursuance = PursuanceId([1; 32]);
        DeviceCode {
            pursuance,
            member: MemberId([5; 32]),
            recovery: secret(7).key(pursuance).author().0,
            relay: RelayAddress::new(key(2), key(3)).expect("two keys"),
            since_index: 12,
            from_index: 77,
            secret: CodeSecret::new([4; 32]),
        }
    }

    #[test]
    fn a_code_is_read_as_links_are_and_is_none() {
        let text = code().to_text().to_string();
        assert_eq!(DeviceCode::parse(&text), Ok(code()));
        let (a, b) = text.split_at(60);
        assert_eq!(DeviceCode::parse(&alloc::format!(" {a}\r\n{b}").to_uppercase()), Ok(code()));
        for len in 1..text.len() {
            assert_eq!(DeviceCode::parse(&text[..len]), Err(CodeError::NotWhole), "cut to {len}");
        }
        for at in CODE.prefix.len()..text.len() {
            let other = if text.as_bytes()[at] == b'a' { "b" } else { "a" };
            let changed = [&text[..at], other, &text[at + 1..]].concat();
            assert_eq!(DeviceCode::parse(&changed), Err(CodeError::NotWhole), "changed at {at}");
        }
        assert!(InviteLink::parse(&text).is_err());
        for text in ["", "pursuance:abc", "hello", &"x".repeat(5_000)] {
            assert_eq!(DeviceCode::parse(text), Err(CodeError::NotACode), "{text}");
        }
        let newer = CODE.write(Zeroizing::new(vec![2; 40]));
        assert_eq!(DeviceCode::parse(&newer), Err(CodeError::Newer));
        // A key for which anybody signs.
        let weak = DeviceCode { recovery: [0; 32], ..code() };
        assert_eq!(DeviceCode::parse(&weak.to_text()), Err(CodeError::NotWhole));
        assert!(!alloc::format!("{:?}", code()).contains("4, 4"));
    }

    #[test]
    fn an_answer_is_for_one_code_and_takes_the_phrase() {
        let device = DeviceKeys::from_seed([9; 32]);
        assert_eq!(code().answer(&device, &secret(8)), Err(Refusal::OtherRecoveryKey));
        let answer = code().answer(&device, &secret(7)).expect("the phrase");
        assert_eq!(Answer::decode(&answer.encode()), Ok(answer.clone()));
        assert!(code().is_answered_by(&answer));
        let others = [
            DeviceCode { pursuance: PursuanceId([2; 32]), ..code() },
            DeviceCode { member: MemberId([2; 32]), ..code() },
            DeviceCode { recovery: key(2), ..code() },
            DeviceCode { secret: CodeSecret::new([2; 32]), ..code() },
        ];
        assert!(others.iter().all(|other| !other.is_answered_by(&answer)));
        let other = AddDevice::new(code().pursuance, code().member, &DeviceKeys::from_seed([10; 32]));
        let of_other = Answer { device: other.clone(), ..answer.clone() };
        let package = AddDevice { package: other.package.clone(), ..answer.device.clone() };
        let unagreed = AddDevice { signature: other.signature, ..answer.device.clone() };
        let swapped = Answer { recovery: answer.device.signature, ..answer.clone() };
        assert!(!code().is_answered_by(&of_other) && !code().is_answered_by(&swapped));
        for device in [package, unagreed] {
            assert!(!code().is_answered_by(&Answer { device, ..answer.clone() }));
        }
        let bytes = answer.encode();
        for len in 0..bytes.len() {
            assert!(Answer::decode(&bytes[..len]).is_err(), "cut to {len}");
        }
        assert!(Answer::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_phrase_has_another_key_in_each_pursuance() {
        let here = secret(7).key(PursuanceId([1; 32])).author();
        assert_eq!(here, secret(7).key(PursuanceId([1; 32])).author());
        assert_ne!(here, secret(7).key(PursuanceId([2; 32])).author());
        assert_ne!(here, secret(8).key(PursuanceId([1; 32])).author());
    }
}
