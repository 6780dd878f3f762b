//! What the relays' tasks bring, and what falls due (docs/protocol/08-node.md, section 6).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use pursuance_core::id::AuthorId;
use pursuance_core::keys::CellKey;
use pursuance_wire::log::{Checkpoint, Receipt, ReceiptState, RelayHistory, Span, first_provable};
use pursuance_wire::{Cell, LeafHash, RelayAddress};

use crate::api::Fault;
use crate::clock;
use crate::engine::{Open, Surroundings};
use crate::held::sealed_cells;
use crate::relays::{FROM_END, Reading};
use crate::sending::{Sending, dummy};
use crate::stack::wipe_stack;
use crate::store::{Door, KeptStanding, Number, StoreError};
use crate::visit::{VisitError, last_plausible_slot};
use crate::worker::{PostPlan, PosterNews, ReadPlan, ReaderNews};

/// Slot length assumed until a relay's policy was read.
const ASSUMED_SLOT_SECONDS: u32 = 60;

/// Pause after the disk refused to keep sealed cells.
const SEAL_RETRY: Duration = Duration::from_secs(10);

/// How long a reading time goes unshown when nothing else changes.
const SHOW_REACHED_SECONDS: u64 = 30;

/// Slots after its own that a promise is waited for before a visit looks for it.
const OVERDUE_SLOTS: u64 = 2;

impl Open {
    /// Takes what a reading task says; whether anything shown has changed.
    pub(crate) fn reader_news(
        &mut self,
        around: &Surroundings,
        address: &RelayAddress,
        run: u64,
        news: ReaderNews,
    ) -> Result<bool, StoreError> {
        // Whoever asks and is not answered ends.
        if self.relays.known.get(address).is_none_or(|relay| relay.run != run) {
            return Ok(false);
        }
        match news {
            ReaderNews::Plan(reply) => {
                let from = self.relays.from(address);
                let relay = self.relays.known.get(address).expect("looked for above");
                let from = if relay.prove { 0 } else { from };
                let slot_seconds = relay.slot_seconds.filter(|_| relay.retention_days.is_some());
                let (history, lately) = (relay.history.clone(), relay.lately);
                let _ = reply.send(ReadPlan { history, from, slot_seconds, lately });
                Ok(false)
            }
            ReaderNews::Older(reply) => {
                let relay = self.relays.known.get(address).expect("looked for above");
                let past = relay.past_slot(&self.store)?;
                let _ = reply.send(past.into_iter().chain(relay.unknown_expiry_slot()).collect());
                Ok(false)
            }
            ReaderNews::Policy(policy) => {
                let number = self.relay(address).number;
                self.store.write(|w| w.set_slot_seconds(number, policy.slot_seconds))?;
                let relay = self.relay(address);
                (relay.slot_seconds, relay.retention_days) = (Some(policy.slot_seconds), Some(policy.retention_days));
                Ok(false)
            }
            ReaderNews::Accepted(history) => {
                self.accepted(around, address, *history)?;
                self.relay(address).visit_began();
                Ok(true)
            }
            ReaderNews::Cells { start, cells, history, done } => {
                let from_stream = history.is_some();
                let shown = match history {
                    Some(history) => self.accepted(around, address, *history)?,
                    None => false,
                };
                let changed = self.cells(around, address, start, &cells, from_stream)?;
                let _ = done.send(());
                Ok(shown || changed)
            }
            ReaderNews::Done { checkpoint, span, older, done } => {
                self.read_to_the_end(address, &checkpoint, span.as_ref())?;
                let now_seconds = around.clock.now_seconds();
                self.look_for_cosignatures(address, &checkpoint, now_seconds);
                let relay = self.relay(address);
                relay.visit_ended();
                relay.asks_expiry = false;
                relay.take_expiry(&older, &address.log_key());
                let notes = older.iter().filter_map(|(_, note)| note.as_deref());
                notes.into_iter().try_for_each(|note| self.take_past(address, note, span.as_ref(), now_seconds))?;
                self.compare_visit(address, span.as_ref(), now_seconds)?;
                self.look_again(address);
                self.renew_previews(address)?;
                self.erase_packages()?;
                let _ = done.send(());
                Ok(true)
            }
            ReaderNews::Failed { error, retry } => {
                let now_seconds = around.clock.now_seconds();
                self.fault(address, &error)?;
                let relay = self.relay(address);
                relay.online = false;
                relay.visit_ended();
                relay.failing_since_seconds.get_or_insert(now_seconds);
                relay.retry_at = Some(Instant::now() + retry);
                Ok(true)
            }
        }
    }

    /// Takes what a posting task says; whether anything shown has changed.
    pub(crate) fn poster_news(
        &mut self,
        around: &Surroundings,
        address: &RelayAddress,
        run: u64,
        news: PosterNews,
    ) -> Result<bool, StoreError> {
        if self.relays.known.get(address).is_none_or(|relay| relay.run != run) {
            return Ok(false);
        }
        match news {
            PosterNews::Plan(reply) => {
                let _ = reply.send(self.post_plan(around, address)?);
                Ok(false)
            }
            PosterNews::Handed { pursuance, cells, receipt, done } => {
                let relay = self.relay(address);
                relay.posted = pursuance;
                let number = relay.number;
                self.store.write(|w| {
                    let note = receipt.note().as_bytes();
                    let mut promised = cells.iter().zip(receipt.leaves());
                    promised.try_for_each(|(cell, leaf)| w.set_handed(*cell, leaf, number, note, receipt.slot().0))
                })?;
                self.refresh_posted(address)?;
                let _ = done.send(());
                Ok(true)
            }
            PosterNews::Failed { error } => {
                self.fault(address, &error)?;
                Ok(error.fault().is_some())
            }
        }
    }

    /// Seals what waited for company long enough, welcomes newcomers, makes the epoch that is wanted, looks whether relays went silent.
    pub(crate) fn do_what_is_due(&mut self, around: &Surroundings) -> Result<bool, StoreError> {
        let now = Instant::now();
        let mut sealed = false;
        let mut handed_on = Vec::new();
        for held in self.held.values_mut() {
            if held.is_silent() {
                held.forget_dues();
                continue;
            }
            let to = held.welcome_due.iter().find(|(_, due)| **due <= now).map(|(to, _)| *to);
            if let Some(to) = to {
                held.welcome_due.remove(&to);
                // Somebody else may have been faster.
                let now_seconds = around.clock.now_seconds();
                let handed = if held.replica.unwelcomed().contains(&to) {
                    let relays = self.relays.wanted_numbers(held.number);
                    // Not all who welcome them at about the same time do it.
                    let after = if held.came_by_mine(to) { Duration::ZERO } else { around.pace.repost_delay() };
                    self.reposting.want(&mut self.store, held.id, now + after)?;
                    held.welcome(&mut self.store, to, &relays, now_seconds)?
                } else {
                    held.hand_on(&mut self.store, to, now_seconds)?
                };
                if handed {
                    held.seal_due = Some(now);
                    handed_on.push(held.number);
                }
            }
            if held.epoch_due.is_some_and(|due| due <= now) {
                held.make_epoch(&mut self.store, around.clock.now_seconds())?;
            }
            if held.take_out_again(&mut self.store, around.clock.now_seconds())? {
                held.seal_due = Some(now);
            }
            if held.package_due.is_none_or(|due| due <= now) {
                held.renew_package(&mut self.store, &around.pace, around.clock.now_seconds())?;
            }
            if held.seal_due.is_some_and(|due| due <= now) {
                // If the disk refuses now, it is tried again later.
                held.seal_due = Some(now + SEAL_RETRY);
                if held.has_to_seal(&self.store)? {
                    held.say_seen(&mut self.store, &self.relays, around.clock.now_seconds())?;
                }
                let relays = self.relays.wanted_numbers(held.number);
                sealed |= held.seal(&mut self.store, &relays)?;
                sealed |= held.post_previews(&mut self.store, &relays)?;
                held.seal_due = None;
            }
            if held.post_due.is_some_and(|due| due <= now) {
                held.post_apart(&mut self.store, &self.relays.wanted_numbers(held.number))?;
                sealed = true;
            }
        }
        // They may lack something older as well, which nothing that comes would say.
        handed_on.into_iter().try_for_each(|pursuance| self.after_news(around, pursuance))?;
        if sealed {
            self.relays.wake_posters();
        }
        let mut changed = sealed;
        for relay in self.relays.known.values_mut() {
            if relay.is_stale() && relay.fault.is_none() {
                relay.fault = Some(Fault::Stale);
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Takes a newer checkpoint; whether it is worth showing by itself.
    fn accepted(
        &mut self,
        around: &Surroundings,
        address: &RelayAddress,
        history: RelayHistory,
    ) -> Result<bool, StoreError> {
        let now_seconds = around.clock.now_seconds();
        let relay = self.relays.known.get_mut(address).expect("the caller looked");
        let Some(checkpoint) = history.newest().cloned() else { return Ok(false) };
        let newer = relay.history.newest().is_none_or(|held| held.slot() < checkpoint.slot());
        relay.history = history;
        let peaks = relay.peaks();
        let from_end: Vec<Number> = self
            .relays
            .readings
            .iter_mut()
            .filter(|((_, at), reading)| at == address && reading.first == FROM_END)
            .map(|((pursuance, _), reading)| {
                (reading.first, reading.next) = (checkpoint.size(), checkpoint.size());
                *pursuance
            })
            .collect();
        let number = relay.number;
        self.store.write(|w| {
            w.set_checkpoint(number, checkpoint.slot().0, checkpoint.note().as_bytes(), &peaks)?;
            w.set_reached(number, now_seconds)?;
            from_end.iter().try_for_each(|of| w.set_reading(*of, number, checkpoint.size(), checkpoint.size()))
        })?;
        let cosigned = self.look_for_cosignatures(address, &checkpoint, now_seconds);
        let relay = self.relay(address);
        let shown = cosigned
            || !relay.online
            || relay.fault.is_some()
            || relay.reached_seconds.is_none_or(|at| now_seconds.abs_diff(at) >= SHOW_REACHED_SECONDS);
        if newer || relay.newest_at.is_none() {
            relay.newest_at = Some(Instant::now());
            relay.visited = Duration::ZERO;
            let slot_seconds = relay.slot_seconds.unwrap_or(ASSUMED_SLOT_SECONDS);
            relay.clock_off_seconds = clock::off_seconds(now_seconds, checkpoint.slot().0, slot_seconds);
            relay.lately.accept(&checkpoint, slot_seconds);
        }
        if shown {
            relay.reached_seconds = Some(now_seconds);
        }
        relay.online = true;
        relay.failing_since_seconds = None;
        relay.retry_at = None;
        if relay.fault.is_some() && !relay.has_proof && newer {
            relay.fault = None;
            self.store.write(|w| w.set_fault(number, None, &[]))?;
        }
        if !from_end.is_empty() {
            self.relays.wake_posters();
        }
        Ok(shown)
    }

    /// Gives cells to every pursuance that has not read them.
    fn cells(
        &mut self,
        around: &Surroundings,
        address: &RelayAddress,
        start: u64,
        cells: &[Cell],
        from_stream: bool,
    ) -> Result<bool, StoreError> {
        let relay_number = self.relay(address).number;
        let end = start + cells.len() as u64;
        let mut changed = self.see_own(address, cells)?;
        let readers: Vec<Number> =
            self.relays.readings.keys().filter(|(_, at)| at == address).map(|(pursuance, _)| *pursuance).collect();
        for pursuance in readers {
            let reading = self.relays.readings[&(pursuance, *address)];
            if reading.behind || reading.next >= end || (from_stream && reading.next < start) {
                continue;
            }
            // Before `start` there may be a hole: cells that the relay keeps no longer.
            let skip = usize::try_from(reading.next.saturating_sub(start)).expect("less than the cells at hand");
            let Some(held) = self.held.values_mut().find(|held| held.number == pursuance) else { continue };
            let ingested = held.ingest(&mut self.store, &cells[skip..], |w| {
                w.set_reading(pursuance, relay_number, reading.first, end)
            })?;
            self.relays.readings.entry((pursuance, *address)).and_modify(|reading| reading.next = end);
            self.reposting.count(&mut self.store, held, (relay_number, *address), start + skip as u64, &ingested)?;
            let of = (held.id, pursuance);
            self.note_came(of, Some(relay_number), &ingested, around.clock.now_seconds())?;
            changed |= ingested.news || !cells.is_empty();
            self.welcome_back(around, pursuance, ingested.returned.values())?;
            // Of a visit, the end tells more.
            self.hear_seen(pursuance, ingested.seen)?;
            if from_stream {
                self.look_again(address);
            }
            if ingested.learned {
                let held = self.held.values().find(|held| held.number == pursuance).expect("found a moment ago");
                self.relays.read_again(&mut self.store, held)?;
            }
            if ingested.news || ingested.learned {
                self.after_news(around, pursuance)?;
            }
        }
        if from_stream {
            self.look_for_overdue(address)?;
            self.erase_packages()?;
        }
        Ok(changed)
    }

    /// Erases what is spent of key packages, in pursuances whose relays were all read to their ends.
    fn erase_packages(&mut self) -> Result<(), StoreError> {
        for held in self.held.values_mut() {
            let is_read = |(address, reading): (RelayAddress, Reading)| {
                !reading.wanted || self.relays.known.get(&address).is_some_and(|relay| relay.is_read(reading))
            };
            if self.relays.of(held.number).all(is_read) {
                self.unswept |= held.erase_packages(&mut self.store)?;
            }
        }
        self.sweep()
    }

    /// Has nothing that was erased stay in older pages, on the disk or in memory, unless somebody reads these pages now.
    pub(crate) fn sweep(&mut self) -> Result<(), StoreError> {
        if self.unswept && self.backup.is_none() && self.storage.check.is_none() {
            // Where there is no room for it now, there may be later.
            self.unswept = match self.store.sweep() {
                Err(StoreError::Damaged) => return Err(StoreError::Damaged),
                swept => !swept.unwrap_or(false),
            };
            wipe_stack();
        }
        Ok(())
    }

    /// Takes up what the last run left: nothing new came, and what follows from what is there may not have been done.
    pub(crate) fn take_up(&mut self, around: &Surroundings) -> Result<(), StoreError> {
        self.look_at_kept(around.clock.now_seconds())?;
        // Before anything follows from what is there: a relay that is wanted anew is read from its beginning anyway.
        for held in self.held.values_mut().filter(|held| held.unread) {
            self.relays.read_again(&mut self.store, held)?;
            held.unread = false;
        }
        let all: Vec<Number> = self.held.values().map(|held| held.number).collect();
        all.into_iter().try_for_each(|pursuance| self.after_news(around, pursuance))?;
        self.settle_relays(around)
    }

    /// What new entries of a pursuance lead to: I am in, others are to be welcomed, relays moved.
    pub(crate) fn after_news(&mut self, around: &Surroundings, pursuance: Number) -> Result<(), StoreError> {
        let Some(held) = self.held.values_mut().find(|held| held.number == pursuance) else { return Ok(()) };
        if held.standing == KeptStanding::Waiting && held.replica.is_member() {
            self.store.write(|w| w.set_standing(pursuance, KeptStanding::Member, held.since_seconds))?;
            held.standing = KeptStanding::Member;
        }
        if held.standing == KeptStanding::Member && !held.is_silent() {
            let relays = self.relays.wanted_numbers(pursuance);
            held.close_old_links(&mut self.store, around.clock.now_seconds())?;
            held.enrol_who_answered(&mut self.store, &relays, around.clock.now_seconds())?;
            held.await_epoch(&around.pace, around.clock.now_seconds());
            let mut unwelcomed: BTreeSet<AuthorId> = held.replica.unwelcomed().into_iter().collect();
            unwelcomed.extend(held.replica.unhanded());
            held.welcome_due.retain(|to, _| unwelcomed.contains(to));
            for to in unwelcomed {
                held.welcome_due.entry(to).or_insert_with(|| Instant::now() + around.pace.welcome_delay());
            }
        }
        self.settle_relays(around)
    }

    /// Marks own cells that stand in the log now.
    fn see_own(&mut self, address: &RelayAddress, cells: &[Cell]) -> Result<bool, StoreError> {
        let number = self.relay(address).number;
        let unseen = self.store.unseen_leaves(number)?;
        let seen: BTreeSet<LeafHash> = cells.iter().map(Cell::leaf_hash).filter(|leaf| unseen.contains(leaf)).collect();
        if seen.is_empty() {
            return Ok(false);
        }
        self.store.write(|w| seen.iter().try_for_each(|leaf| w.set_seen(leaf, number)))?;
        self.repair.own_came = true;
        self.refresh_posted(address)?;
        Ok(true)
    }

    /// Everything up to a checkpoint was read: due promises are judged.
    fn read_to_the_end(
        &mut self,
        address: &RelayAddress,
        checkpoint: &Checkpoint,
        span: Option<&Span>,
    ) -> Result<(), StoreError> {
        let number = self.relay(address).number;
        for ((pursuance, at), reading) in &mut self.relays.readings {
            if at == address && !reading.behind && reading.next < checkpoint.size() {
                self.store.write(|w| w.set_reading(*pursuance, number, reading.first, checkpoint.size()))?;
                reading.next = checkpoint.size();
            }
        }
        let Some(span) = span else { return self.look_for_overdue(address) };
        // It was to start at the first cell, and the log is too long for that.
        let unprovable = self.relay(address).prove && span.first() > 0 && span.first() == first_provable(span.size());
        for open in self.store.open_receipts(number)? {
            let Ok(receipt) = Receipt::verify(&open.note, &address.log_key()) else { return Err(StoreError::Damaged) };
            // It was promised nothing.
            if !receipt.leaves().contains(&open.leaf) {
                self.store.write(|w| w.set_waiting_again(open.cell, number))?;
                continue;
            }
            if open.due_slot > checkpoint.slot().0 {
                continue;
            }
            self.repair.own_came = true;
            match receipt.judge(checkpoint, span) {
                ReceiptState::Kept(_) => self.store.write(|w| w.set_seen(&open.leaf, number))?,
                // Nobody can be accused, and nothing is to be lost: it is posted again, and another promise can be judged.
                ReceiptState::NotSeen if unprovable => match span.find(&open.leaf) {
                    Some(_) => self.store.write(|w| w.set_seen(&open.leaf, number))?,
                    None => self.store.write(|w| w.set_waiting_again(open.cell, number))?,
                },
                // Not within this span: if it stays away, a visit from the first cell finds it or proves its absence.
                ReceiptState::NotDue | ReceiptState::NotSeen => {}
                ReceiptState::Broken(evidence) => {
                    // Others in the same receipt may stand in the log all the same.
                    if span.find(&open.leaf).is_some() {
                        self.store.write(|w| w.set_seen(&open.leaf, number))?;
                        continue;
                    }
                    let proof = evidence.encode();
                    self.store.write(|w| {
                        w.set_waiting_again(open.cell, number)?;
                        w.set_fault(number, Some(Fault::BrokenReceipt), &proof)
                    })?;
                    let relay = self.relay(address);
                    relay.fault = Some(Fault::BrokenReceipt);
                    relay.has_proof = true;
                }
            }
        }
        let relay = self.relay(address);
        relay.prove &= span.first() > 0 && !unprovable;
        self.refresh_posted(address)?;
        self.relays.wake_posters();
        self.look_for_overdue(address)
    }

    /// If a promise is overdue, the next visit begins at the first cell.
    fn look_for_overdue(&mut self, address: &RelayAddress) -> Result<(), StoreError> {
        let relay = self.relays.known.get_mut(address).expect("the caller looked");
        let Some(newest) = relay.history.newest().map(|newest| newest.slot().0) else { return Ok(()) };
        let open = self.store.open_receipts(relay.number)?;
        if !relay.prove && open.iter().any(|open| open.due_slot.saturating_add(OVERDUE_SLOTS) <= newest) {
            relay.prove = true;
            self.relays.wake(address);
        }
        Ok(())
    }

    fn post_plan(&mut self, around: &Surroundings, address: &RelayAddress) -> Result<Option<PostPlan>, StoreError> {
        let relay = self.relays.known.get(address).expect("the caller looked");
        // Nothing is posted before it is known where our cells begin.
        let from_end = self.relays.readings.iter().any(|((_, at), reading)| at == address && reading.first == FROM_END);
        let Some(newest) = relay.history.newest().map(Checkpoint::slot).filter(|_| !from_end) else { return Ok(None) };
        let waiting = self.store.waiting_cells(relay.number, relay.posted, self.sending.cells_per_post())?;
        let per_post = u32::try_from(self.sending.cells_per_post()).unwrap_or(1);
        let posts = self.store.waiting_count(relay.number)?.div_ceil(per_post);
        let pursuance = waiting.first().map_or(relay.posted, |first| first.pursuance);
        let (numbers, mut cells): (Vec<Number>, Vec<Cell>) =
            waiting.into_iter().map(|waiting| (waiting.number, waiting.cell)).unzip();
        if cells.is_empty() {
            if self.sending != Sending::Steady || !self.posts_to(address) {
                return Ok(None);
            }
            cells.push(dummy());
        }
        let slot_seconds = relay.slot_seconds.unwrap_or(ASSUMED_SLOT_SECONDS);
        Ok(Some(PostPlan {
            pursuance,
            numbers,
            cells,
            newest,
            ahead: last_plausible_slot(
                newest,
                relay.newest_at.map(|at| at.elapsed()),
                around.clock.now_seconds(),
                slot_seconds,
            ),
            sending: self.sending,
            posts,
        }))
    }

    /// Whether somebody here still posts to this relay.
    fn posts_to(&self, address: &RelayAddress) -> bool {
        let mut held = self.held.values().filter(|held| !held.is_silent());
        held.any(|held| self.relays.readings.get(&(held.number, *address)).is_some_and(|reading| reading.wanted))
    }

    fn fault(&mut self, address: &RelayAddress, error: &VisitError) -> Result<(), StoreError> {
        let Some(fault) = error.fault() else { return Ok(()) };
        let proof = error.evidence().map(pursuance_wire::log::Evidence::encode).unwrap_or_default();
        let relay = self.relay(address);
        if relay.has_proof && proof.is_empty() {
            return Ok(());
        }
        relay.fault = Some(fault);
        relay.has_proof |= !proof.is_empty();
        let number = relay.number;
        self.store.write(|w| w.set_fault(number, Some(fault), &proof))
    }

    fn refresh_posted(&mut self, address: &RelayAddress) -> Result<(), StoreError> {
        let readers: BTreeSet<Number> =
            self.relays.readings.keys().filter(|(_, at)| at == address).map(|(pursuance, _)| *pursuance).collect();
        for held in self.held.values_mut().filter(|held| readers.contains(&held.number)) {
            held.refresh_posted(&self.store)?;
        }
        Ok(())
    }

    fn relay(&mut self, address: &RelayAddress) -> &mut crate::relays::Relay {
        self.relays.known.get_mut(address).expect("the caller looked")
    }
}

impl crate::held::Held {
    /// The key of the invite by which a newcomer came.
    pub(crate) fn invite_key_of(&self, newcomer: pursuance_core::id::AuthorId) -> Option<CellKey> {
        let authority = self.replica.authority();
        let member = authority.members().get(&authority.member_of(newcomer)?)?;
        // A device that was added later came by no invite.
        if member.author != newcomer {
            return None;
        }
        let invite = authority.invites().get(&member.invite?)?;
        Some(CellKey::of_invite(&invite.invite.cell_secret))
    }

    /// Whether a newcomer came by an invite that was made here.
    fn came_by_mine(&self, newcomer: AuthorId) -> bool {
        let authority = self.replica.authority();
        let member = authority.member_of(newcomer).and_then(|member| authority.members().get(&member));
        let invite = member.filter(|member| member.author == newcomer).and_then(|member| member.invite);
        invite.is_some_and(|grant| self.own_invites.contains_key(&grant.entry))
    }

    /// Seals the previews of invites made here that have none yet; whether there were any.
    pub(crate) fn post_previews(
        &mut self,
        store: &mut crate::store::Store,
        relays: &[Number],
    ) -> Result<bool, StoreError> {
        let mut any = false;
        let authority = self.replica.authority();
        for (grant, open) in authority.invites() {
            let mine = self.own_invites.contains_key(&grant.entry);
            if !mine || self.has_preview(grant.entry) {
                continue;
            }
            let key = CellKey::of_invite(&open.invite.cell_secret);
            let entries = self.replica.preview_entries(*grant);
            let cells = sealed_cells(&key, &entries);
            // All of them together are the invite's preview.
            store.write(|w| {
                cells
                    .iter()
                    .try_for_each(|(cell, _)| w.add_cell(self.number, cell, &[grant.entry], Door::Invite, relays))
            })?;
            any = true;
        }
        if any {
            self.refresh_posted(store)?;
        }
        Ok(any)
    }
}
