//! The computers of one member: the recovery phrase, a further computer by code and phrase, and shutting out a stolen one
//! (docs/protocol/08-node.md, section 13).

use std::time::Instant;

use pursuance_core::cell::seal_entries;
use pursuance_core::code::{Answer, CodeError, CodeSecret, DeviceCode};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::GrantRef;
use pursuance_core::id::{AuthorId, EntryId, PursuanceId};
use pursuance_core::keys::{CellKey, DeviceKeys};
use pursuance_core::op::RecoveryKey;
use pursuance_core::plan::Circumstances;
use pursuance_core::refusal::Refusal;
use zeroize::Zeroizing;

use crate::api::{CodeState, CodeView, DevicesView, Reply, Trouble};
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::held::{Held, Way, new_entry};
use crate::recovery;
use crate::relays::{FROM_END, Relay};
use crate::requests::refused;
use crate::store::{Changes, Door, KeptStanding, Number, Store, StoreError};
use crate::views::qr_rows;

/// How long a code is shown: whoever comes later needs another one.
pub const CODE_SECONDS: u64 = 24 * 60 * 60;

/// The code that this computer shows.
pub(crate) struct OpenCode {
    code: DeviceCode,
    until_seconds: u64,
    /// The first answer that the phrase signed.
    pub(crate) answer: Option<Answer>,
}

impl OpenCode {
    pub(crate) fn cell_key(&self) -> CellKey {
        self.code.secret.cell_key()
    }

    /// The code kept for a pursuance, if one is shown.
    pub(crate) fn load(store: &Store, pursuance: PursuanceId) -> Result<Option<Self>, StoreError> {
        let kept = store.meta(&kept_name(pursuance))?.map(Zeroizing::new);
        Ok(kept.and_then(|kept| Self::decode(&kept)))
    }

    /// Keeps it as it is now.
    pub(crate) fn keep(&self, w: &Changes<'_>, pursuance: PursuanceId) -> Result<(), StoreError> {
        let (text, answer) = (self.code.to_text(), self.answer.as_ref().map(Answer::encode).unwrap_or_default());
        let length = u32::try_from(answer.len()).expect("an answer fits into a cell");
        let parts = [&self.until_seconds.to_be_bytes()[..], &length.to_be_bytes(), &answer, text.as_bytes()];
        w.set_meta(&kept_name(pursuance), &Zeroizing::new(parts.concat()))
    }

    fn decode(kept: &[u8]) -> Option<Self> {
        let (until, rest) = kept.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (answer, text) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let answer = if answer.is_empty() { None } else { Some(Answer::decode(answer).ok()?) };
        let code = DeviceCode::parse(std::str::from_utf8(text).ok()?).ok()?;
        Some(Self { code, until_seconds: u64::from_be_bytes(*until), answer })
    }
}

impl Held {
    /// Whether it is an answer to the code shown here, the first one, signed by the phrase.
    pub(crate) fn is_first_answer(&self, answer: &Answer) -> bool {
        let code = self.code.as_ref().filter(|code| code.answer.is_none());
        code.is_some_and(|code| code.code.is_answered_by(answer))
    }

    /// What the device reads that answered my code: nothing else, before it is handed an epoch.
    pub(crate) fn code_key_of(&self, newcomer: AuthorId) -> Option<CellKey> {
        let code = self.code.as_ref()?;
        (code.answer.as_ref()?.author() == newcomer).then(|| code.cell_key())
    }

    /// Adds the device that answered my code, and hands it everyone's epoch, or forgets a code whose time is over. An answer that cannot
    /// be taken stays, and the person sees why.
    pub(crate) fn enrol_who_answered(
        &mut self,
        store: &mut Store,
        relays: &[Number],
        now_seconds: u64,
    ) -> Result<(), StoreError> {
        let Some(shown) = &self.code else { return Ok(()) };
        let Some(answer) = shown.answer.clone() else {
            return if shown.until_seconds < now_seconds { self.forget_code(store) } else { Ok(()) };
        };
        if !self.is_enrolled(&answer) {
            let code = shown.code.clone();
            let Ok(added) = self.replica.enrol(&code, &answer, now_seconds) else { return Ok(()) };
            self.commit(store, &[added], |_, _| Ok(()))?;
            self.seal_due = Some(Instant::now());
        }
        if self.replica.unwelcomed().contains(&answer.author()) {
            self.welcome(store, answer.author(), relays, now_seconds)?;
            self.seal_due = Some(Instant::now());
        }
        Ok(())
    }

    fn is_enrolled(&self, answer: &Answer) -> bool {
        self.replica.authority().member_of(answer.author()).is_some()
    }

    fn forget_code(&mut self, store: &mut Store) -> Result<(), StoreError> {
        store.write(|w| w.set_meta(&kept_name(self.id), &[]))?;
        self.code = None;
        Ok(())
    }

    /// Closes the links that I made before I came back: they lie on the computers that were put out. That they are to be closed is kept
    /// until none is open, since the program may end in between.
    pub(crate) fn close_old_links(&mut self, store: &mut Store, now_seconds: u64) -> Result<(), StoreError> {
        let Some(came_back) = self.closing else { return Ok(()) };
        let open = self.links_before(came_back);
        if !open.is_empty() {
            // Nobody writes before those who are out cannot read it.
            self.make_epoch(store, now_seconds)?;
        }
        for invite in open {
            let mut seed = Seed::new(random());
            let mut with = Circumstances { now_seconds, seed: &mut seed, since: Vec::new() };
            // Where it cannot be said yet, it is said later.
            let Ok(closed) = self.replica.command(&Command::RevokeInvite { invite }, &mut with) else { continue };
            self.commit(store, &closed.entries, |_, _| Ok(()))?;
            self.seal_due = Some(Instant::now());
        }
        if self.replica.me().is_some() && self.links_before(came_back).is_empty() {
            store.write(|w| w.forget_meta(&closing_name(self.id)))?;
            self.closing = None;
        }
        Ok(())
    }

    /// Open invites of mine that were not made by one who knew of this entry.
    fn links_before(&self, came_back: EntryId) -> Vec<GrantRef> {
        let (me, logs) = (self.replica.me(), self.replica.logs());
        let invites = self.replica.authority().invites().iter();
        let mine = invites.filter(|(_, open)| open.open && Some(open.inviter) == me);
        mine.map(|(at, _)| *at).filter(|at| !logs.in_past(came_back, at.entry)).collect()
    }

    fn code_view(&self, now_seconds: u64) -> Option<CodeView> {
        let shown = self.code.as_ref()?;
        let state = match &shown.answer {
            None if shown.until_seconds < now_seconds => return None,
            None => CodeState::Open,
            Some(answer) if self.is_enrolled(answer) => CodeState::Answered,
            Some(answer) => match self.replica.enrol(&shown.code, answer, now_seconds) {
                Ok(_) => CodeState::Open,
                Err(refusal) => CodeState::Refused { refusal },
            },
        };
        let text = shown.code.to_text();
        Some(CodeView { qr: qr_rows(&text), code: text.to_string(), until_seconds: shown.until_seconds, state })
    }
}

impl Open {
    /// My computers in a pursuance.
    pub(crate) fn devices(&self, around: &Surroundings, pursuance: PursuanceId) -> Result<DevicesView, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let me = held.replica.me();
        let members = held.replica.people().members;
        let mine = members.into_iter().find(|member| Some(member.person.member) == me);
        Ok(DevicesView {
            devices: mine.map(|member| member.devices).unwrap_or_default(),
            has_recovery: me.is_some_and(|me| held.replica.authority().recovery_key(me).is_some()),
            code: held.code_view(around.clock.now_seconds()),
        })
    }

    /// Shows the words of a new phrase. Only the public half of its key is held, until the words are typed.
    pub(crate) fn make_recovery_phrase(&mut self, pursuance: PursuanceId) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let me = held.replica.may_declare_recovery_key().map_err(refused)?;
        let secret = recovery::fresh();
        held.shown_recovery = Some(RecoveryKey::new(pursuance, me, &secret.key(pursuance)));
        Ok(Reply::RecoveryPhrase { words: recovery::words(&secret) })
    }

    /// Declares the key whose phrase was shown, once the whole phrase was typed.
    pub(crate) fn declare_recovery(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        phrase: &str,
    ) -> Result<Reply, Trouble> {
        self.no_import(pursuance)?;
        let secret = recovery::read(phrase)?;
        self.make_epoch(around, pursuance)?;
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let shown = held.shown_recovery.clone().ok_or(Trouble::NotThePhraseShown)?;
        if shown.key != secret.key(pursuance).author().0 {
            return Err(Trouble::NotThePhraseShown);
        }
        let entry = held.replica.declare_recovery_key(shown, around.clock.now_seconds()).map_err(refused)?;
        held.commit(&mut self.store, &[entry], |_, _| Ok(()))?;
        held.shown_recovery = None;
        held.seal_due = Some(Instant::now());
        Ok(Reply::Done)
    }

    /// Shows a code for one more computer of mine; one that was shown before is void.
    pub(crate) fn show_code(&mut self, around: &Surroundings, pursuance: PursuanceId) -> Result<Reply, Trouble> {
        let until_seconds = around.clock.now_seconds() + CODE_SECONDS;
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let relay = *held.relays().first().ok_or_else(|| refused(Refusal::NotARelayAddress))?;
        let from_index = self.relays.known.get(&relay).map_or(0, Relay::size);
        let first = self.relays.of(held.number).find(|(at, _)| *at == relay).map_or(0, |(_, reading)| reading.first);
        let since_index = if first == FROM_END { 0 } else { first };
        let secret = CodeSecret::new(random());
        let code = held.replica.code(relay, since_index, from_index, secret).map_err(refused)?;
        let code = OpenCode { code, until_seconds, answer: None };
        self.store.write(|w| code.keep(w, pursuance))?;
        held.code = Some(code);
        Ok(Reply::Done)
    }

    /// From now on nothing that answers the code is taken.
    pub(crate) fn close_code(&mut self, pursuance: PursuanceId) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        held.forget_code(&mut self.store)?;
        Ok(Reply::Done)
    }

    /// On a new computer: answers the code that another one of mine shows.
    pub(crate) fn answer_code(&mut self, around: &Surroundings, code: &str, phrase: &str) -> Result<Reply, Trouble> {
        let code = DeviceCode::parse(code).map_err(|error| match error {
            CodeError::NotACode => Trouble::NotACode,
            CodeError::NotWhole => Trouble::LinkTruncated,
            CodeError::Newer => Trouble::LinkNewer,
        })?;
        let secret = recovery::read(phrase)?;
        let pursuance = code.pursuance;
        let device_seed = Zeroizing::new(random::<32>());
        let answer = code.answer(&DeviceKeys::from_seed(*device_seed), &secret).map_err(refused)?;
        match self.held.get(&pursuance).map(|held| (held.standing, &held.way)) {
            // An invite that lies open, or a code that was answered in vain.
            Some((KeptStanding::Invited, _) | (KeptStanding::Waiting, Some(Way::Code(_)))) => self.forget(pursuance)?,
            Some((KeptStanding::Waiting | KeptStanding::Member, _)) => return Err(Trouble::AlreadyMember),
            None => {}
        }
        let now_seconds = around.clock.now_seconds();
        let key = code.secret.cell_key();
        let said = EntryId(*key.id());
        let answer = answer.encode();
        let cells = seal_entries(&key, std::iter::once((said, &answer[..])), &mut Seed::new(random()));
        let number = self.store.write(|w| {
            let standing = KeptStanding::Waiting;
            let number = w.add_pursuance(pursuance, standing, &device_seed, &code.to_text(), now_seconds)?;
            // The relay that the code names gets it as soon as it is one of this pursuance's.
            cells.iter().try_for_each(|cell| w.add_cell(number, cell, &[said], Door::Invite, &[]))?;
            Ok(number)
        })?;
        let way = Some(Way::Code(code));
        let mut held = Held::new(number, pursuance, KeptStanding::Waiting, &device_seed, way, now_seconds);
        held.refresh_posted(&self.store)?;
        self.held.insert(pursuance, held);
        self.settle_relays(around)?;
        self.relays.wake_posters();
        Ok(Reply::Pursuance { pursuance })
    }

    /// Brings me back with the phrase: this computer gets new keys, all others of mine are put out, and what opens for them is made anew.
    /// Links that I made are closed, since whoever has one of those computers has them.
    pub(crate) fn recover(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        phrase: &str,
    ) -> Result<Reply, Trouble> {
        let number = self.keep_recovery(around, pursuance, phrase)?;
        // I am back, whatever fails now: what follows from that is taken up once the disk can be written to, or with the next start.
        match self.take_up_recovery(around, pursuance, number) {
            Err(StoreError::Damaged) => return Err(Trouble::Damaged),
            Err(error) => self.store.health().note(Some(&error)),
            Ok(()) => self.relays.wake_posters(),
        }
        Ok(Reply::Done)
    }

    /// The part that is done or not done: new keys, the entry that brings them in, and that links are to be closed.
    pub(crate) fn keep_recovery(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        phrase: &str,
    ) -> Result<Number, Trouble> {
        self.no_import(pursuance)?;
        let secret = recovery::read(phrase)?;
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let (number, device_seed) = (held.number, Zeroizing::new(random::<32>()));
        let device = DeviceKeys::from_seed(*device_seed);
        let entry = held.replica.recover(&device, &secret, around.clock.now_seconds()).map_err(refused)?;
        self.store.write(|w| {
            w.set_device(number, &device_seed)?;
            w.set_meta(&kept_name(pursuance), &[])?;
            w.set_meta(&closing_name(pursuance), &entry.id().0)?;
            w.add_entry(number, &new_entry(&entry, true))
        })?;
        // The old keys are to go from older pages too (N43).
        self.unswept = true;
        // From here on nothing is signed with the old keys, whatever fails.
        self.held.remove(&pursuance);
        Ok(number)
    }

    /// What follows from it.
    fn take_up_recovery(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        number: Number,
    ) -> Result<(), StoreError> {
        let kept = self.store.pursuances()?.into_iter().find(|kept| kept.number == number);
        let mut held = Held::load(&mut self.store, &kept.ok_or(StoreError::Damaged)?)?;
        held.set_apart(&self.store, &around.pace)?;
        // Nobody is kept waiting for it.
        held.make_epoch(&mut self.store, around.clock.now_seconds())?;
        self.held.insert(pursuance, held);
        self.after_news(around, number)
    }
}

/// The name in `meta` of the entry that brought me back, while links are open that I made before.
fn closing_name(pursuance: PursuanceId) -> String {
    format!("closing {pursuance}")
}

/// What is kept there.
pub(crate) fn kept_closing(store: &Store, pursuance: PursuanceId) -> Result<Option<EntryId>, StoreError> {
    let kept = store.meta(&closing_name(pursuance))?;
    kept.map(|id| id.try_into().map(EntryId).map_err(|_| StoreError::Damaged)).transpose()
}

fn kept_name(pursuance: PursuanceId) -> String {
    format!("code {pursuance}")
}
