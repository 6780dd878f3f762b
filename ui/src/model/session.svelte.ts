// What the window knows: the frame, the open pursuance, and the one way by which anything is asked or refreshed.
import { tick } from 'svelte';
import type {
  AppView, Cannot, Command, Detail, DevicesView, EffectsView, Element, InboxView, InviteRow, PeopleView, PreviewState, PursuanceRow, Query, RelayView, Request, Role, TaskView, TreeRow, TreeView, Trouble, Verb,
} from '../host/bindings';
import { asTrouble, type Host, type ViewOf } from '../host';
import { Preferences } from './preferences.svelte';
import { All } from './all.svelte';
import { Chosen } from './chosen.svelte';
import { InOrder } from './inorder';
import { readChosen, type ChosenKeys } from './keys';
import { Own } from './own.svelte';
import { Locking } from './locking.svelte';
import { ABOUT_PEOPLE, isInside, type Notice, type Outcome, type Overlay, type Pending, type Screen } from './screens';
import { listOf } from './several';
import { Board, Work } from './work.svelte';
import { TreeModel, type PageQuery } from './tree.svelte';

export type { Notice, Outcome, Overlay, Pending, PursuanceScreen, Screen } from './screens';

const CLOCK_SECONDS = 20;
const PEOPLE_STALE_SECONDS = 5;
/** Requests that take their time: what changes meanwhile is shown as it changes. */
const LONG: readonly Request['kind'][] = ['import', 'export', 'backup', 'rescue'];

/** Requests that change tasks, or take a change back. */
const PARTS: readonly Request['kind'][] = ['act', 'undo', 'import', 'changeRules'];

/** One window's session with its host. */
export class Session {
  /** The frame; `null` before the first answer. */
  app = $state.raw<AppView | null>(null);
  /** Why the host cannot open its folder at all. */
  startTrouble = $state.raw<Trouble | null>(null);
  screen = $state<Screen>('home');
  /** The open pursuance. */
  pursuance = $state<string | null>(null);
  /** The task in the panel. */
  openTask = $state<string | null>(null);
  taskView = $state.raw<TaskView | null>(null);
  people = $state.raw<PeopleView | null>(null);
  /** The person in the panel. */
  openPerson = $state<string | null>(null);
  /** The rule that a refusal named, to be found among the rules. */
  cited = $state<number | null>(null);
  invites = $state.raw<InviteRow[] | null>(null);
  relays = $state.raw<RelayView[] | null>(null);
  /** My own computers in the open pursuance. */
  devices = $state.raw<DevicesView | null>(null);
  preview = $state.raw<PreviewState | null>(null);
  /** All labels in use, as far as they were asked for. */
  labels = $state.raw<readonly string[]>([]);
  notice = $state.raw<Notice | null>(null);
  #overlay = $state<Overlay | null>(null);
  /** What it is about. */
  #about = $state.raw<TreeRow | null>(null);
  /** Which field of a task is being said, while its list is open. */
  detailField = $state<Detail['field'] | Element['kind'] | 'check' | null>(null);
  /** Seconds since 1970, ticking coarsely: for "4 min ago". */
  now = $state(Math.floor(Date.now() / 1000));
  /** What was chosen on the welcome screen, to be opened after the vault is made. */
  afterVault = $state<'start' | 'join' | 'mine' | 'home'>('start');
  /** The link that stands in the field for invites when its screen opens. */
  joinLink = $state('');

  /** Many changes that wait for a person's word. */
  pending = $state.raw<Pending | null>(null);
  /** Texts that could not be put on the clipboard, to be copied by hand. */
  copied = $state('');

  readonly work = new Work((query) => listOf(this, query));
  readonly board = new Board((status, query) => this.work.column(status, query), (task) => this.openTask === task);
  readonly chosen = new Chosen();
  readonly tree = new TreeModel((query) => this.#page(query), (task) => this.openTask === task);
  readonly locking = new Locking(this);
  /** What shows over all pursuances. */
  readonly all = new All((query) => this.look(query), (trouble) => this.say(trouble));
  /** What I keep for myself about tasks. */
  readonly own = new Own((query) => this.look(query), (request) => this.request(request));
  /** What keys do to the tree, in their order. */
  readonly keys = new InOrder();
  readonly preferences = new Preferences();

  #host: Host;
  #refreshing: Promise<void> | null = null;
  #again = false;
  /** The newest seq that the host spoke of. */
  #heard = 0;
  /** What had been heard when the newest refresh began: a host that cannot answer is not asked for ever. */
  #answered = 0;
  /** Requests under way. */
  #asking = 0;
  #peopleAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The row of the open pursuance in the frame. */
  readonly row: PursuanceRow | null = $derived(this.app?.pursuances.find((row) => row.pursuance === this.pursuance) ?? null);

  /** Keys that this person chose. */
  readonly chosenKeys: ChosenKeys = $derived(readChosen(this.app?.keys ?? []));

  /** What waits for me in the open pursuance. */
  readonly inbox: InboxView | null = $derived(this.all.inboxes?.find((of) => of.pursuance === this.pursuance)?.inbox ?? null);

  /** What is known of the open tree as a whole. */
  get treeView(): TreeView | null {
    return this.tree.view;
  }

  /** What lies above the window for a moment. It stays about the task that was selected when it opened, wherever the selection goes. */
  get overlay(): Overlay | null { return this.#overlay; }
  set overlay(overlay: Overlay | null) {
    this.#about = overlay === null ? null : this.target;
    this.#overlay = overlay;
  }

  /** The task that keys and lists act on, as it was seen last: the one that an open list is about, else the selected one. */
  get target(): TreeRow | null {
    const task = this.#about?.task ?? this.rows.selected;
    if (this.taskView !== null && this.taskView.row.task === task) return this.taskView.row;
    return this.rows.selectedRow?.task === task ? this.rows.selectedRow : this.#about;
  }

  /** The rows in which the selection moves: those of the tree or the list, or of a column of the board. */
  get rows(): TreeModel {
    return this.work.layout === 'board' ? this.board.here : this.tree;
  }

  /** Texts not sent yet, by what they belong to. */
  get drafts(): Record<string, string> {
    return this.locking.drafts;
  }

  /** The tasks that keys act on: those chosen, or else the selected one. */
  get targets(): string[] {
    return this.chosen.count > 0 ? [...this.chosen.tasks] : this.target === null ? [] : [this.target.task];
  }

  /** Roles of the open pursuance, as far as they are known here. */
  readonly roles: Role[] = $derived(this.people?.roles ?? (this.preview !== null && 'preview' in this.preview ? this.preview.preview.roles : []));

  /** Begins: the first frame, then every change. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => { this.now = Math.floor(Date.now() / 1000); this.locking.lockIfIdle(); }, CLOCK_SECONDS * 1000);
    await this.refresh();
    await this.#host.watch((seq) => {
      this.#heard = Math.max(this.#heard, seq);
      this.#catchUp();
    }, (link) => this.locking.given(link), () => { this.locking.pageLost = true; }).catch((thrown: unknown) => { this.startTrouble ??= asTrouble(thrown); });
  }

  /** Ends the ticking; the host goes with the window. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** Asks for something to be done, then shows what became of it: one refresh, whatever is heard meanwhile. A new task, or `show`, is brought into sight. */
  async request(request: Request, show: string | null = null): Promise<Outcome> {
    // What comes between two changes of the same tasks parts them.
    if (PARTS.includes(request.kind)) this.chosen.acted = 0;
    const waits = !LONG.includes(request.kind);
    if (waits) this.#asking += 1;
    else this.locking.long += 1;
    try {
      const reply = await this.#host.request(request);
      const shown = reply.kind === 'task' ? reply.task : show;
      if (shown !== null) this.tree.seek(shown);
      await this.refresh();
      return { reply, trouble: null };
    } catch (thrown) {
      return { reply: null, trouble: asTrouble(thrown) };
    } finally {
      if (waits) this.#asking -= 1;
      else this.locking.long -= 1;
      this.#catchUp();
    }
  }

  /** Refreshes if something newer was heard of and nothing is under way that will show it. */
  #catchUp(): void {
    if (this.#asking === 0 && this.#refreshing === null && this.#heard > Math.max(this.#answered, this.app?.seq ?? 0)) void this.refresh();
  }

  /** Carries out a command in the open pursuance. */
  async act(command: Command, show: string | null = null): Promise<Outcome> {
    if (this.pursuance === null) return { reply: null, trouble: { code: 'noSuchPursuance' } };
    return this.request({ kind: 'act', pursuance: this.pursuance, command }, show);
  }

  /** Like `act`, for a single key or button: a trouble becomes the notice, success says `text` (or nothing). */
  async actNow(command: Command, text = '', show: string | null = null): Promise<boolean> {
    const outcome = await this.act(command, show);
    this.say(outcome.trouble, text);
    return outcome.trouble === null;
  }

  /** Shows a trouble, or a text, or nothing, above the status. */
  say(trouble: Trouble | null, text = ''): void {
    this.notice = trouble === null && text === '' ? null : { trouble, text };
  }

  /** Looks at something. Rejects with a `Trouble`. */
  async look<Kind extends Query['kind']>(query: Extract<Query, { kind: Kind }>): Promise<ViewOf[Kind]> {
    const answer = await this.#host.view(query);
    return answer.view as ViewOf[Kind];
  }

  /** Refreshes everything on screen. Calls that come while one is under way are answered together by one more. */
  refresh(): Promise<void> {
    if (this.#refreshing !== null) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = (async () => {
      do {
        this.#again = false;
        await this.#refreshOnce();
      } while (this.#again);
      this.#refreshing = null;
      this.#catchUp();
    })();
    return this.#refreshing;
  }

  async #refreshOnce(): Promise<void> {
    this.#answered = this.#heard;
    let app: AppView;
    try {
      app = await this.look<'app'>({ kind: 'app' });
      this.startTrouble = null;
    } catch (thrown) {
      this.startTrouble = asTrouble(thrown);
      return;
    }
    if (app.stage === 'open') {
      if (this.app?.stage !== 'open') await this.locking.opened();
      this.#settle(app);
      await this.#refreshScreen();
    } else {
      this.#forget();
    }
    this.now = Math.floor(Date.now() / 1000);
    this.app = app;
    await tick();
    document.documentElement.dataset.viewSeq = String(app.seq);
  }

  /** Picks the pursuance and screen that fit the frame. */
  #settle(app: AppView): void {
    const known = app.pursuances.find((row) => row.pursuance === this.pursuance);
    const before = this.app?.pursuances;
    const arrived = before === undefined ? undefined : app.pursuances.find((row) => row.standing !== 'member' && !before.some((old) => old.pursuance === row.pursuance));
    if (this.app?.stage !== 'open' && this.pursuance === null) {
      const first = app.pursuances.find((row) => row.standing === 'member') ?? app.pursuances[0];
      if (first !== undefined) this.#enter(first);
      else if (this.app?.stage === 'fresh') this.screen = this.afterVault;
      else this.screen = 'home';
      this.locking.offerInvite();
    } else if (arrived !== undefined && (this.screen === 'home' || this.screen === 'join' || this.screen === 'mine')) {
      this.#enter(arrived);
    } else if (this.pursuance !== null && known === undefined) {
      const first = app.pursuances[0];
      if (first !== undefined) this.#enter(first);
      else { this.#leave(); this.screen = 'home'; }
    } else if (known !== undefined && known.standing === 'member' && this.screen === 'preview') {
      this.screen = 'tree';
    } else if (known !== undefined && known.standing !== 'member' && isInside(this.screen)) {
      this.screen = 'preview';
    }
  }

  #enter(row: PursuanceRow): void {
    if (this.pursuance !== row.pursuance) this.#leave();
    this.pursuance = row.pursuance;
    this.screen = row.standing === 'member' ? 'tree' : 'preview';
  }

  #leave(): void {
    this.pursuance = null;
    this.openTask = null;
    this.taskView = null;
    this.people = null;
    this.openPerson = null;
    this.invites = null;
    this.relays = null;
    this.devices = null;
    this.preview = null;
    this.labels = [];
    this.own.clear();
    this.#peopleAt = 0;
    this.pending = null;
    this.chosen.clear();
    this.board.clear();
    this.work.clear();
    this.tree.clear();
  }

  /** Drops everything shown: the keys are gone. */
  #forget(): void {
    this.#leave();
    this.locking.forget();
    this.copied = '';
    this.joinLink = '';
    this.all.clear();
    this.notice = null;
    this.overlay = null;
    this.screen = 'home';
  }

  async #refreshScreen(): Promise<void> {
    if (this.screen === 'today') { await this.all.refreshToday(); return; }
    if (this.screen === 'find') { await this.all.find(); return; }
    if (this.screen === 'inbox') { await this.all.refreshInboxes(); await this.all.refreshPeople(); return; }
    const pursuance = this.pursuance;
    if (pursuance === null) return;
    const inside = this.screen !== 'preview';
    // An answer about a pursuance that is no longer the open one is dropped.
    const here = (): boolean => this.pursuance === pursuance;
    try {
      const wanted: Promise<void>[] = [];
      if (this.screen === 'tree') {
        wanted.push(this.tree.refresh());
        if (this.work.layout === 'board') wanted.push(this.board.refresh(this.tree.filter));
        if (this.openTask !== null) wanted.push(this.#lookAtTask(pursuance, this.openTask));
      }
      if (inside) wanted.push(this.all.refreshInboxes());
      if (inside && (ABOUT_PEOPLE.includes(this.screen) || this.#peopleAt + PEOPLE_STALE_SECONDS < Date.now() / 1000)) wanted.push(this.#lookAtPeople(pursuance));
      if (this.screen === 'invites' || this.screen === 'people') {
        wanted.push(this.look<'invites'>({ kind: 'invites', pursuance }).then((view) => { if (here()) this.invites = view; }));
      }
      if (this.screen === 'relays' || this.screen === 'invites') {
        wanted.push(this.look<'relays'>({ kind: 'relays', pursuance }).then((view) => { if (here()) this.relays = view; }));
      }
      if (this.screen === 'computers') {
        wanted.push(this.look<'devices'>({ kind: 'devices', pursuance }).then((view) => { if (here()) this.devices = view; }));
      }
      if (!inside) {
        wanted.push(this.look<'preview'>({ kind: 'preview', pursuance }).then((view) => { if (here()) this.preview = view; }, (thrown: unknown) => {
          // Let in since the frame was asked for: the next one shows it.
          if (asTrouble(thrown).code !== 'alreadyMember') throw thrown;
        }));
      }
      await Promise.all(wanted);
    } catch (thrown) {
      if (here()) this.say(asTrouble(thrown));
    }
  }

  /** A page of the open tree, for its model; a trouble is said, not thrown. */
  async #page(query: PageQuery): Promise<TreeView | null> {
    const pursuance = this.pursuance;
    if (pursuance === null) return null;
    if (this.work.layout !== 'tree') return this.work.page(query);
    try {
      return await this.look<'tree'>({ kind: 'tree', pursuance, ...query });
    } catch (thrown) {
      if (this.pursuance === pursuance) this.say(asTrouble(thrown));
      return null;
    }
  }

  async #lookAtTask(pursuance: string, task: string): Promise<void> {
    try {
      const view = await this.look<'task'>({ kind: 'task', pursuance, task });
      if (this.openTask === task) await this.own.refresh(pursuance, task);
      if (this.openTask === task) this.taskView = view;
    } catch (thrown) {
      if (this.openTask !== task) return;
      this.openTask = null;
      this.taskView = null;
      this.say(asTrouble(thrown));
    }
  }

  async #lookAtPeople(pursuance: string): Promise<void> {
    const view = await this.look<'people'>({ kind: 'people', pursuance });
    if (this.pursuance !== pursuance) return;
    this.people = view;
    this.#peopleAt = Date.now() / 1000;
  }

  /** Opens a pursuance (or an invite). */
  async enter(row: PursuanceRow): Promise<void> {
    this.notice = null;
    this.#enter(row);
    await this.refresh();
  }

  /** Goes to a screen. */
  async go(screen: Screen): Promise<void> {
    this.notice = null;
    this.cited = null;
    this.screen = screen;
    if (isInside(screen) || screen === 'preview' || screen === 'today' || screen === 'inbox' || screen === 'find') await this.refresh();
  }

  /** Goes to the rules, to the one with this number. */
  async readRule(rule: number): Promise<void> {
    await this.go('rules');
    this.cited = rule;
  }

  /** Selects a task; an open panel goes along. */
  select(task: string): void {
    this.rows.select(task);
    if (this.openTask !== null) void this.peek(task);
  }

  /** Opens a task beside the tree, or closes the panel. */
  async peek(task: string | null): Promise<void> {
    this.openTask = task;
    // What was selected because it was open may show nowhere.
    if (task === null) { this.taskView = null; if (this.rows.selected !== null) await this.rows.go(this.rows.selected); return; }
    this.rows.select(task);
    if (this.pursuance !== null) await this.#lookAtTask(this.pursuance, task);
  }

  /** What removing somebody would touch; `null` where it cannot be known. */
  async effects(member: string, roles: number[]): Promise<EffectsView | null> {
    if (this.pursuance === null) return null;
    try {
      return await this.look<'effects'>({ kind: 'effects', pursuance: this.pursuance, member, roles });
    } catch (thrown) {
      this.say(asTrouble(thrown));
      return null;
    }
  }

  /** Shows a person beside the roster, or nobody. */
  async meet(member: string | null): Promise<void> {
    this.openPerson = member;
    if (member !== null && this.screen !== 'people') await this.go('people');
  }

  /** Locks: everything shown goes. */
  lock(): Promise<void> {
    return this.locking.lock();
  }

  /** Why a verb is refused to me here, or on a task; `null` where it is allowed. */
  cannot(verb: Verb, where: readonly Cannot[] | undefined): Cannot['refusal'] | null {
    return where?.find((each) => each.verb === verb)?.refusal ?? null;
  }
}
