// What a lock is about: when the window locks by itself, and what becomes of texts that were begun, and of invites that come meanwhile.
import type { Draft, Trouble } from '../host/bindings';
import { asTrouble } from '../host';
import { draftKey, draftsToKeep, keyOfDraft } from './drafts';
import type { Session } from './session.svelte';

/** Of one window. */
export class Locking {
  /** Texts not sent yet, by what they belong to; the store keeps them while the window is locked. */
  drafts = $state<Record<string, string>>({});
  /** This page took the place of one whose process ended by itself; told until the window is opened. */
  pageLost = $state(false);
  /** Long requests under way: they are let finish first. */
  long = 0;
  /** Those that the store keeps since the last lock. */
  #kept = new Map<string, Draft>();
  /** When a key or the pointer was used last, in milliseconds. */
  #touchedAt = Date.now();
  #locking = false;
  /** An invite that was opened outside of the window, until it is offered once. */
  #invite = '';
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Locks: everything shown goes. Texts not sent yet are kept first; where the disk does not let them be, it locks all the same. */
  async lock(): Promise<void> {
    if (this.#locking) return;
    this.#locking = true;
    const known = (this.#session.app?.pursuances ?? []).map((row) => row.pursuance);
    const drafts = draftsToKeep(this.drafts, known);
    if (drafts.length > 0 || this.#kept.size > 0) await this.#session.request({ kind: 'keepDrafts', drafts });
    this.#session.say((await this.#session.request({ kind: 'lock' })).trouble);
    this.#locking = false;
  }

  /** The window was opened: takes up the texts that were not sent before the last lock; the store keeps them until they are. */
  async opened(): Promise<void> {
    this.#touchedAt = Date.now();
    this.pageLost = false;
    try {
      const kept = (await this.#session.look<'drafts'>({ kind: 'drafts' })).map((draft): [string, Draft] => [keyOfDraft(draft), draft]);
      this.#kept = new Map(kept);
      this.drafts = Object.fromEntries(kept.map(([key, draft]) => [key, draft.text]));
    } catch (thrown) {
      this.#session.say(asTrouble(thrown));
    }
  }

  /** An invite was opened outside of the window: it is offered at once, or when the window opens. */
  given(link: string): void {
    this.#invite = link;
    if (this.#session.app?.stage === 'open') this.offerInvite();
  }

  /** Puts such an invite into the field for invites; the person opens it, or not. */
  offerInvite(): void {
    if (this.#invite === '') return;
    this.#session.joinLink = this.#invite;
    this.#invite = '';
    this.#session.screen = 'join';
  }

  /** Drops the texts from the window. */
  forget(): void {
    this.drafts = {};
    this.#kept.clear();
  }

  /** Has the store keep no text that was sent, or taken back, since. */
  dropSent(): void {
    const drafts = this.drafts;
    const gone = [...this.#kept.keys()].filter((key) => (drafts[key] ?? '') === '');
    if (gone.length === 0 || this.#locking) return;
    for (const key of gone) this.#kept.delete(key);
    void this.#session.request({ kind: 'keepDrafts', drafts: [...this.#kept.values()] }).then(({ trouble }) => { if (trouble !== null) this.#session.say(trouble); });
  }

  /** A key or the pointer was used. Whether it came too late, so that the window locks instead. */
  touched(): boolean {
    if (this.lockIfIdle()) return true;
    this.#touchedAt = Date.now();
    return false;
  }

  /** Locks if neither key nor pointer was used for as long as this person chose; what takes long is let finish first. */
  lockIfIdle(): boolean {
    const app = this.#session.app;
    const minutes = app?.stage === 'open' ? app.lockAfter : null;
    const now = Date.now();
    // A clock that was set back counts from there.
    this.#touchedAt = Math.min(this.#touchedAt, now);
    if (minutes === null || now - this.#touchedAt < minutes * 60_000 || this.long > 0 || app?.import !== null) return this.#locking;
    void this.lock();
    return true;
  }

  /** Has a pursuance that one is out of gone from this computer, with the texts begun in it. */
  async forgetPursuance(pursuance: string): Promise<Trouble | null> {
    const { trouble } = await this.#session.request({ kind: 'dropInvite', pursuance });
    if (trouble === null) for (const key of Object.keys(this.drafts)) if (key.includes(pursuance)) delete this.drafts[key];
    return trouble;
  }

  /** Where a text begun in the open pursuance is kept: what it is to be, and on which task. */
  key(what: string, task = ''): string {
    return draftKey(what, this.#session.pursuance ?? '', task);
  }
}
