//! What a person wants done: planned by core, saved, then shown and posted (docs/protocol/08-node.md, section 6).

use std::time::Instant;

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Content;
use pursuance_core::founding::{Founding, found_with};
use pursuance_core::id::{MemberId, PursuanceId};
use pursuance_core::keys::{CellKey, DeviceKeys};
use pursuance_core::limits::{MAX_ROLES, MAX_RULES};
use pursuance_core::link::InviteLink;
use pursuance_core::many::{Many, ManyDone, NotDone};
use pursuance_core::op::Since;
use pursuance_core::plan::{Authored, Circumstances, parse_relays};
use pursuance_core::refusal::Refusal;
use pursuance_core::templates::Template;
use zeroize::Zeroizing;

use crate::api::{Reply, Request, Trouble};
use crate::chance::random;
use crate::engine::{OFFLINE, Open, Surroundings, parse_link};
use crate::held::{Held, Joins, SAMPLE, Way, sample_name, sealed_cells};
use crate::local::DRAFTS;
use crate::relays::{FROM_END, Reach};
use crate::store::{Door, KeptStanding};

impl Open {
    pub(crate) fn request(&mut self, around: &Surroundings, request: Request) -> Result<Reply, Trouble> {
        match request {
            Request::StartPursuance { name, mission, my_name, relay, template } => {
                let relay: Vec<String> = relay.into_iter().filter(|relay| !relay.trim().is_empty()).collect();
                let relays = parse_relays(&relay).map_err(refused)?;
                self.start_pursuance(around, &Founding { name, mission, my_name, relays }, template, None)
            }
            Request::OpenInvite { link } => self.open_invite(around, &Zeroizing::new(link)),
            Request::Join { pursuance, my_name } => self.join(around, pursuance, &my_name),
            Request::DropInvite { pursuance } => self.drop_invite(around, pursuance),
            Request::Act { pursuance, command } => self.act(around, pursuance, &command),
            Request::ActAll { pursuance, commands, joins } => {
                self.act_all(around, pursuance, commands, Joins::from(joins))
            }
            Request::ChangeOwn { pursuance, change } => self.change_own(pursuance, change),
            Request::StartSample { name, mission, my_name } => {
                let founding = Founding { name, mission, my_name, relays: Vec::new() };
                self.start_pursuance(around, &founding, Template::default(), Some(SAMPLE))
            }
            Request::Reorder { pursuance, task, past } => self.reorder(pursuance, task, past),
            Request::SetKeys { keys } => self.set_keys(keys),
            Request::SetLockAfter { minutes } => self.set_lock_after(minutes),
            Request::SetBridges { lines } => self.set_bridges(around, &lines),
            Request::SetSending { sending } => self.set_sending(sending),
            Request::AddWitness { key } => self.add_witness(around, &key),
            Request::RemoveWitness { key } => self.remove_witness(&key),
            Request::KeepDrafts { drafts } => self.keep_drafts(&drafts),
            Request::Undo { pursuance } => self.undo(around, pursuance),
            Request::ChangeRules { pursuance, text } => self.change_rules(around, pursuance, &text),
            Request::PhraseCompared { pursuance, member } => self.phrase_compared(around, pursuance, member),
            Request::MakeRecoveryPhrase { pursuance } => self.make_recovery_phrase(pursuance),
            Request::DeclareRecovery { pursuance, phrase } => {
                self.declare_recovery(around, pursuance, &Zeroizing::new(phrase))
            }
            Request::ShowCode { pursuance } => self.show_code(around, pursuance),
            Request::CloseCode { pursuance } => self.close_code(pursuance),
            Request::AnswerCode { code, phrase } => {
                self.answer_code(around, &Zeroizing::new(code), &Zeroizing::new(phrase))
            }
            Request::Recover { pursuance, phrase } => self.recover(around, pursuance, &Zeroizing::new(phrase)),
            Request::LetIn { pursuance, member } => self.let_in(around, pursuance, member),
            Request::SetRefused { pursuance, entries, refused } => self.set_refused(pursuance, &entries, refused),
            Request::CancelImport => {
                self.cancel_import();
                Ok(Reply::Done)
            }
            Request::Export { pursuance, format, path } => self.export(around, pursuance, format, &path),
            Request::ExportBundle { pursuance, path } => self.export_bundle(around, pursuance, &path),
            Request::ExportEvidence { relay, path } => self.export_evidence(around, &relay, &path),
            Request::SetOffline { offline } => {
                self.store.write(|w| w.set_meta(OFFLINE, &[offline.into()]))?;
                self.reach = if offline { Reach::Offline } else { Reach::Online };
                self.relays.run_workers(around, self.reach);
                if offline {
                    around.transport.rest(&around.runtime);
                }
                Ok(Reply::Done)
            }
            // The engine's own.
            Request::CreateVault { .. }
            | Request::Unlock { .. }
            | Request::Lock
            | Request::ChangePassphrase { .. }
            | Request::Import { .. }
            | Request::ImportBundle { .. }
            | Request::Backup { .. } => Err(Trouble::Malformed),
            Request::Restore { .. } | Request::Rescue { .. } => Err(Trouble::VaultExists),
        }
    }

    fn start_pursuance(
        &mut self,
        around: &Surroundings,
        founding: &Founding,
        template: Template,
        sample: Option<&[u8]>,
    ) -> Result<Reply, Trouble> {
        let device_seed = Zeroizing::new(random::<32>());
        let device = DeviceKeys::from_seed(*device_seed);
        let now_seconds = around.clock.now_seconds();
        let founded = found_with(founding, template.table(), &device, now_seconds, &mut Seed::new(random()));
        let founded = founded.map_err(refused)?;
        let mut held = self.store.write(|w| {
            let standing = KeptStanding::Member;
            let number = w.add_pursuance(founded.pursuance, standing, &device_seed, "", now_seconds)?;
            let mut held = Held::new(number, founded.pursuance, standing, &device_seed, None, now_seconds);
            w.add_epoch(number, founded.epoch.as_bytes())?;
            held.found(w, founded.entries)?;
            held.sample = sample.is_some();
            sample.map_or(Ok(()), |sample| w.set_meta(&sample_name(founded.pursuance), sample))?;
            Ok(held)
        })?;
        held.refresh_posted(&self.store)?;
        held.seal_due = Some(Instant::now() + around.pace.company);
        self.held.insert(founded.pursuance, held);
        self.settle_relays(around)?;
        Ok(Reply::Pursuance { pursuance: founded.pursuance })
    }

    /// Each step is an entry of its own; after it, the rest of the text is read against what is in force then.
    fn change_rules(&mut self, around: &Surroundings, pursuance: PursuanceId, text: &str) -> Result<Reply, Trouble> {
        for _ in 0..MAX_RULES + MAX_ROLES {
            let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
            let Some(change) = held.replica.next_of_draft(text).map_err(refused)? else { break };
            self.act(around, pursuance, &Command::Decide { change })?;
        }
        Ok(Reply::Done)
    }

    fn phrase_compared(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        member: MemberId,
    ) -> Result<Reply, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        held.replica.phrase_with(member).ok_or_else(|| refused(Refusal::NoSuchMember))?;
        let (number, now_seconds) = (held.number, around.clock.now_seconds());
        self.store.write(|w| w.set_compared(number, member, now_seconds))?;
        Ok(Reply::Done)
    }

    fn open_invite(&mut self, around: &Surroundings, text: &str) -> Result<Reply, Trouble> {
        let link = parse_link(text)?;
        let pursuance = link.pursuance;
        match self.held.get(&pursuance).map(|held| held.standing) {
            Some(KeptStanding::Member | KeptStanding::Waiting) => return Err(Trouble::AlreadyMember),
            // The same invite again, or another one: the newer link is the one to try.
            Some(KeptStanding::Invited) => self.forget(pursuance)?,
            None => {}
        }
        let device_seed = Zeroizing::new(random::<32>());
        let now_seconds = around.clock.now_seconds();
        let number = self
            .store
            .write(|w| w.add_pursuance(pursuance, KeptStanding::Invited, &device_seed, &link.to_text(), now_seconds))?;
        let held =
            Held::new(number, pursuance, KeptStanding::Invited, &device_seed, Some(Way::Invite(link)), now_seconds);
        self.held.insert(pursuance, held);
        self.settle_relays(around)?;
        Ok(Reply::Pursuance { pursuance })
    }

    fn join(&mut self, around: &Surroundings, pursuance: PursuanceId, my_name: &str) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let (KeptStanding::Invited, Some(Way::Invite(link)), Some(preview)) = (held.standing, &held.way, &held.preview)
        else {
            return Err(Trouble::AlreadyMember);
        };
        let now_seconds = around.clock.now_seconds();
        let join = preview.join(held.replica.device(), my_name, now_seconds).map_err(refused)?;
        let cells = sealed_cells(&CellKey::of_invite(&link.secret.cell_secret()), &[&join]);
        let relays = self.relays.wanted_numbers(held.number);
        held.commit(&mut self.store, std::slice::from_ref(&join), |w, number| {
            w.set_standing(number, KeptStanding::Waiting, now_seconds)?;
            cells.iter().try_for_each(|(cell, cargo)| w.add_cell(number, cell, cargo, Door::Invite, &relays))
        })?;
        held.standing = KeptStanding::Waiting;
        held.since_seconds = now_seconds;
        held.refresh_posted(&self.store)?;
        self.relays.wake_posters();
        Ok(Reply::Done)
    }

    fn drop_invite(&mut self, around: &Surroundings, pursuance: PursuanceId) -> Result<Reply, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let is_over = held.absence().is_some() && (held.is_silent() || held.kept_entries() == 0);
        // A code that was answered in vain is forgotten; nobody waits for who joined by it.
        let is_idle = matches!(
            (held.standing, &held.way),
            (KeptStanding::Invited, _) | (KeptStanding::Waiting, Some(Way::Code(_)))
        );
        if !is_idle && !is_over && !held.sample {
            return Err(Trouble::AlreadyMember);
        }
        self.forget(pursuance)?;
        self.settle_relays(around)?;
        Ok(Reply::Done)
    }

    pub(crate) fn forget(&mut self, pursuance: PursuanceId) -> Result<(), Trouble> {
        let number = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?.number;
        let drafts = self.drafts_without(pursuance)?;
        self.reposting.forget(pursuance);
        self.repair.forget(pursuance);
        self.store.write(|w| {
            w.drop_pursuance(number)?;
            w.forget_meta_of(pursuance)?;
            w.set_meta(DRAFTS, &drafts)
        })?;
        self.held.remove(&pursuance);
        self.relays.forget(number);
        self.unswept = true;
        Ok(self.sweep()?)
    }

    pub(crate) fn act(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        command: &Command,
    ) -> Result<Reply, Trouble> {
        self.no_import(pursuance)?;
        // Whoever writes does not wait for another's epoch.
        self.make_epoch(around, pursuance)?;
        self.fetch_for(pursuance, command)?;
        let authored = self.plan(around, pursuance, command)?;
        let task = authored.task;
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let link = match &authored.invite {
            None => None,
            Some((grant, secret)) => {
                // A link without a relay would lead nowhere.
                let relay = *held.relays().first().ok_or_else(|| refused(Refusal::NotARelayAddress))?;
                let from_index = self.relays.known.get(&relay).map_or(0, crate::relays::Relay::size);
                let link = InviteLink { pursuance, relay, invite: grant.entry, from_index, secret: secret.clone() };
                Some((grant.entry, link.to_text()))
            }
        };
        let undo = authored.undo.clone();
        self.commit(around, pursuance, &authored, link.clone())?;
        // Nor does whoever removes: the removal first, then the epoch.
        self.make_epoch(around, pursuance)?;
        if let Some(held) = self.held.get_mut(&pursuance) {
            held.remember_undo(undo, Joins::Nothing);
        }
        Ok(match (task, link) {
            (Some(task), _) => Reply::Task { task },
            (None, Some((_, link))) => Reply::Invite { link: link.to_string() },
            (None, None) => Reply::Done,
        })
    }

    pub(crate) fn make_epoch(&mut self, around: &Surroundings, pursuance: PursuanceId) -> Result<(), Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        held.make_epoch(&mut self.store, around.clock.now_seconds())?;
        Ok(())
    }

    fn undo(&mut self, around: &Surroundings, pursuance: PursuanceId) -> Result<Reply, Trouble> {
        self.no_import(pursuance)?;
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        // Taken off whether or not it is allowed by now: what comes before it is still there to be undone.
        let steps = held.undo.pop().ok_or(Trouble::NothingToUndo)?;
        if let [commands] = &steps[..]
            && !(commands.len() > 1 && Many::new(commands.clone()).is_ok())
        {
            for command in commands {
                let authored = self.plan(around, pursuance, command)?;
                self.commit(around, pursuance, &authored, None)?;
            }
            return Ok(Reply::Done);
        }
        // The last one first.
        let (mut done, mut refused) = (0, Vec::new());
        for commands in steps.into_iter().rev() {
            let ManyDone { done: here, refused: not_done, .. } = self.carry_out(around, pursuance, commands)?;
            done += here;
            refused.extend(not_done);
        }
        match refused.first() {
            None => Ok(Reply::Done),
            Some(NotDone { refusal, .. }) if done == 0 => Err(crate::requests::refused(refusal.clone())),
            Some(_) => Ok(Reply::Acted { done, refused }),
        }
    }

    fn plan(&self, around: &Surroundings, pursuance: PursuanceId, command: &Command) -> Result<Authored, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let mut seed = Seed::new(random());
        let since = self
            .relays
            .of(held.number)
            .filter(|(_, reading)| reading.wanted)
            // Before the first visit nothing is known, and nothing is also always true.
            .map(|(relay, reading)| Since {
                relay: *relay.log_key().as_bytes(),
                index: if reading.first == FROM_END { 0 } else { reading.first },
            })
            .collect();
        let mut with = Circumstances { now_seconds: around.clock.now_seconds(), seed: &mut seed, since };
        let shelf = self.store.shelf(held.number);
        let authored = held.replica.command_from(command, &mut with, &shelf);
        // What was planned on half of what is known is not signed.
        shelf.check()?;
        authored.map_err(refused)
    }

    /// Saves what was authored, shows it, and has it sealed soon.
    pub(crate) fn commit(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        authored: &Authored,
        link: Option<(pursuance_core::id::EntryId, Zeroizing<String>)>,
    ) -> Result<(), Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        held.commit(&mut self.store, &authored.entries, |w, number| match &link {
            Some((entry, text)) => w.add_own_invite(number, *entry, text),
            None => Ok(()),
        })?;
        held.seal_soon(around.pace.company);
        if let Some((entry, text)) = link {
            held.own_invites.insert(entry, text);
            // Somebody is waiting for the link: its preview does not wait for company.
            held.seal_due = Some(Instant::now());
        }
        let mut named = held.relays();
        named.sort_unstable();
        if named != self.relays.wanted(held.number) {
            // The old relays get the move too: whoever was away learns it there.
            held.seal(&mut self.store, &self.relays.wanted_numbers(held.number))?;
            self.settle_relays(around)?;
            self.relays.wake_posters();
        }
        // Whoever was let in is to be welcomed; nobody else's entry may come for a while.
        if authored.entries.iter().any(|entry| matches!(entry.body().content, Content::Public(_))) {
            let number = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?.number;
            self.after_news(around, number)?;
        }
        Ok(())
    }
}

pub(crate) fn refused(refusal: Refusal) -> Trouble {
    Trouble::Refused { refusal }
}
