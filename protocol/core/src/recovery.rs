//! The recovery key of a member: made of a phrase that is kept on no computer (docs/protocol/04-authority.md, "Devices").

use alloc::vec;
use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::{self, SigningKey, label};
use crate::entry::{Body, Content, Entry};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId};
use crate::keys::DeviceKeys;
use crate::limits::MAX_HEADS;
use crate::op::{Op, Recover, RecoveryKey};
use crate::refusal::Refusal;
use crate::replica::Replica;

/// Bytes of chance in a phrase: as strong as the signatures of the key that is made of it.
pub const RECOVERY_BYTES: usize = 16;

/// What a recovery phrase says. It is never kept.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoverySecret([u8; RECOVERY_BYTES]);

impl RecoverySecret {
    /// From bytes that nobody can guess, or that the words of a phrase stand for.
    #[must_use]
    pub const fn new(bytes: [u8; RECOVERY_BYTES]) -> Self {
        Self(bytes)
    }

    /// What the words stand for.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; RECOVERY_BYTES] {
        &self.0
    }

    /// The recovery key in a pursuance: another one in each, so that nothing ties a person's members together.
    #[must_use]
    pub fn key(&self, pursuance: PursuanceId) -> SigningKey {
        SigningKey::from_seed(&Zeroizing::new(crypto::hash(label::RECOVERY_SIGN, &[&pursuance.0, &self.0])))
    }
}

impl Replica {
    /// Whether I could declare a recovery key now; who I am, for the key to agree to.
    ///
    /// # Errors
    /// [`Refusal::NothingToChange`] where one was declared, and what is refused to a device that cannot write.
    pub fn may_declare_recovery_key(&self) -> Result<MemberId, Refusal> {
        let me = self.writer()?;
        if self.authority.recovery_key(me).is_some() { Err(Refusal::NothingToChange) } else { Ok(me) }
    }

    /// Declares my recovery key.
    ///
    /// # Errors
    /// [`Refusal::BadKeys`] for a key that did not agree to be mine, and those of [`Self::may_declare_recovery_key`].
    pub fn declare_recovery_key(&self, recovery: RecoveryKey, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.may_declare_recovery_key()?;
        if !recovery.is_agreed(self.pursuance, me) {
            return Err(Refusal::BadKeys);
        }
        let by = self.my_grant().ok_or(Refusal::GrantNotHeld)?;
        Ok(self.sign_next(Content::Public(vec![Op::RecoveryKey(recovery)]), by, None, now_seconds))
    }

    /// Brings me back on a new device, and puts out all my devices that are known here, this one too (D7). Nothing is asked of this
    /// device: it may be out, or overtaken. Where somebody else used one of my devices to say that I go, or to declare a recovery key of
    /// theirs, the new device knows nothing of that and of what rests on it: so it takes all of it away.
    ///
    /// # Errors
    /// [`Refusal::NotWelcomedYet`] for a stranger, [`Refusal::NoRecoveryKey`], [`Refusal::OtherRecoveryKey`], [`Refusal::BadKeys`] for a
    /// device that is known, and why the member may not come back.
    pub fn recover(&self, device: &DeviceKeys, secret: &RecoverySecret, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.me().ok_or(Refusal::NotWelcomedYet)?;
        let key = secret.key(self.pursuance);
        let mut keys = self.authority.recovery_keys(me).peekable();
        keys.peek().ok_or(Refusal::NoRecoveryKey)?;
        let declared = keys.find(|(_, public)| *public == key.author().0).ok_or(Refusal::OtherRecoveryKey)?.0;
        if self.authority.member_of(device.author()).is_some() {
            return Err(Refusal::BadKeys);
        }
        let op = Op::Recover(Recover::new(self.pursuance, me, device, &key));
        let rivals = self.authority.recovery_keys(me).map(|(entry, _)| entry).filter(|entry| *entry != declared);
        let against: Vec<EntryId> = self.authority.departures(me).chain(rivals).collect();
        let mut why = None;
        for unknown in [&[][..], &against] {
            let heads = self.heads_of_recovery(me, device.author(), declared, unknown);
            for by in self.authority.grants_to_try(me) {
                let body = Body {
                    author: device.author(),
                    seq: 0,
                    prev: None,
                    heads: heads.clone(),
                    by: Some(by),
                    claimed_seconds: now_seconds,
                    checkpoints: Vec::new(),
                    content: Content::Public(vec![op.clone()]),
                };
                let entry = Entry::sign(&device.signing, Some(self.pursuance), &body);
                match self.authority.would(self.pursuance, &self.logs, &entry) {
                    Ok(()) => return Ok(entry),
                    Err(refusal) => why = why.or(Some(refusal)),
                }
            }
        }
        Err(self.authority.absence(me).or(why).unwrap_or(Refusal::GrantNotHeld))
    }

    /// The newest of everything that is known, but for what rests on some entries. Where that is too much: the key, and what brought each
    /// device first. Whoever is put out cannot bring another one in, so what only they said may be left away.
    fn heads_of_recovery(
        &self,
        me: MemberId,
        device: AuthorId,
        declared: EntryId,
        unknown: &[EntryId],
    ) -> Vec<EntryId> {
        let wanted =
            [declared].into_iter().chain(self.authority.devices_came_by(me)).chain(self.logs.heads_for(device));
        let rests = |id: EntryId| unknown.iter().any(|entry| *entry == id || self.logs.in_past(*entry, id));
        let wanted: Vec<EntryId> = wanted.filter(|id| !rests(*id)).collect();
        let mut heads: Vec<EntryId> = Vec::new();
        for id in &wanted {
            if !heads.contains(id) && !wanted.iter().any(|other| self.logs.in_past(*id, *other)) {
                heads.push(*id);
            }
        }
        heads.truncate(MAX_HEADS);
        heads.sort_unstable();
        heads
    }
}
