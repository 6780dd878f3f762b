//! What two people compare aloud after one came by the other's invite (docs/protocol/07-joining.md, "The phrase").

use crate::crypto::{self, label};
use crate::id::MemberId;
use crate::replica::Replica;

impl Replica {
    /// What the phrase of me and another member is made of, the same for both: the pursuance, the invite, and the keys with which
    /// each came. `None` unless one of us came by an invite of the other.
    #[must_use]
    pub fn phrase_with(&self, other: MemberId) -> Option<[u8; 32]> {
        let me = self.me()?;
        let inviter_of = |member: MemberId| {
            let invite = self.authority().members().get(&member)?.invite?;
            Some((invite, self.authority().inviter(invite)?))
        };
        let invited = |joiner: MemberId, host: MemberId| {
            let (invite, inviter) = inviter_of(joiner)?;
            (inviter == host).then_some((invite, joiner, host))
        };
        let (invite, joiner, inviter) = invited(other, me).or_else(|| invited(me, other))?;
        let author = |member: MemberId| Some(self.authority().members().get(&member)?.author);
        let parts: [&[u8]; 5] =
            [&self.pursuance().0, &invite.entry.0, &invite.op.to_be_bytes(), &author(joiner)?.0, &author(inviter)?.0];
        Some(crypto::hash(label::PHRASE, &parts))
    }
}
