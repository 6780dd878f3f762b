// A second host that needs no desktop: keeps sample data in memory and answers as the node would, refusals included.
import type { AppView, BridgesView, ChosenKey, Command, Draft, ImportState, PreviewState, Query, Reply, Request, Sending, StatusLine, StorageTrouble, Trouble, View, WitnessView } from './bindings';
import { bridgesOf, NO_BRIDGES } from './fake-bridges';
import { cosigned, withoutWitness, withWitness } from './fake-witnesses';
import { busy } from './fake-busy';
import { answers, declare, makePhrase, recover, showCode } from './fake-computers';
import { hostile } from './fake-hostile';
import { long } from './fake-long';
import { findView, todayView } from './fake-all';
import { changeOwn, inboxesView } from './fake-own';
import { FakeGroup, refused } from './fake-group';
import { setRefused } from './fake-people';
import { readList } from './fake-import';
import { actAll, checkKeys, reorder } from './fake-work';
import { device, fakeId, forest, garden, harbour, person, RELAY, ROLES, RULES, type FakePursuance } from './fake-world';
import type { Host } from './host';

/** How a fake begins. */
export type FakeChoices = {
  stage: AppView['stage'];
  /** A trouble with the folder itself. */
  trouble: Trouble | null;
  /** My role in the first pursuance: 1 organiser, 2 member. */
  role: number;
  /** This many tasks instead of the sample. */
  rows: number;
  /** Another status sentence. */
  status: StatusLine | null;
  /** Nothing yet: no pursuance. */
  empty: boolean;
  /** An open invite: its preview, or already joined. */
  invite: 'none' | 'looking' | 'here' | 'waiting' | 'usedUp' | 'review' | 'reviewed' | 'coming';
  /** The disk from now on. */
  storage: StorageTrouble | null;
  /** What unlocking leads to. */
  unlock: Trouble | null;
  /** Milliseconds that each step of an import takes. */
  importStep: number;
  /** Somebody else's import is on its way. */
  arriving: boolean;
  /** Much waits for decisions. */
  busy: boolean;
  /** Everything is as long as it may be. */
  long: boolean;
  /** Stands behind everything that people named or wrote. */
  hostile: string;
  /** Tasks may be suggested and not created. */
  suggesting: boolean;
};

const DEFAULTS: FakeChoices = { stage: 'open', trouble: null, role: 1, rows: 0, status: null, empty: false, invite: 'none', storage: null, unlock: null, importStep: 0, arriving: false, busy: false, long: false, hostile: '', suggesting: false };
const IMPORT_STEPS = 20;
const STORAGE: Record<StorageTrouble, Trouble | null> = { full: { code: 'diskFull' }, readOnly: { code: 'readOnly' }, failing: { code: 'disk' }, damaged: null };
/** Requests of which something is kept. */
const WRITES: readonly Request['kind'][] = ['act', 'actAll', 'undo', 'import', 'startPursuance', 'setOffline', 'setSending', 'setLockAfter'];
/** A file and a folder that are there, and a folder that is not, for every refusal about paths. */
const THERE = /there\.\w+$/;
const NOWHERE = /nowhere/;
const MIN_PASSPHRASE_CHARS = 12;
const MAX_DRAFTS = 64;
const MAX_DRAFT_BYTES = 64 * 1024;
const WELCOME_MILLISECONDS = 4_000;
const TROUBLES: Record<string, Trouble> = {
  damaged: { code: 'damaged' }, diskFull: { code: 'diskFull' }, readOnly: { code: 'readOnly' }, newerFile: { code: 'newerFile', found: 7, known: 1 }, inUse: { code: 'inUse' }, disk: { code: 'disk' },
};

/** Reads choices from the page's own address, so that every screen has one. */
export function choicesFromAddress(search: string): Partial<FakeChoices> {
  const asked = new URLSearchParams(search);
  const stage = asked.get('stage');
  const status = asked.get('status');
  return {
    stage: stage === 'fresh' || stage === 'locked' ? stage : 'open',
    trouble: TROUBLES[asked.get('trouble') ?? ''] ?? null,
    role: asked.get('role') === '2' ? 2 : 1,
    rows: Number(asked.get('rows') ?? 0),
    status: status === null ? null : (JSON.parse(status) as StatusLine),
    empty: asked.has('empty') || stage === 'fresh',
    storage: asked.get('storage') as StorageTrouble | null,
    unlock: TROUBLES[asked.get('unlock') ?? ''] ?? null,
    importStep: Number(asked.get('importStep') ?? 0),
    arriving: asked.has('arriving'),
    busy: asked.has('busy'),
    long: asked.has('long'),
    hostile: asked.get('hostile') ?? '',
    suggesting: asked.has('suggesting'),
    invite: (asked.get('invite') as FakeChoices['invite'] | null) ?? 'none',
  };
}

/** The fake, and what was asked of it. */
export type FakeHost = Host & {
  requests: Request[];
  queries: Query[];
  /** Changes the disk. */
  setStorage: (storage: StorageTrouble | null) => void;
  /** What somebody else did arrives: changes tasks without a request of this window. */
  arrive: (change: (pursuance: FakePursuance) => void) => void;
  /** An invite is opened outside of the window. */
  open: (link: string) => void;
  /** The page before this one was lost. */
  lose: () => void;
  /** Answers come only after this promise. */
  hold: (until: Promise<unknown> | null) => void;
};

/** A host with sample data. */
export function fakeHost(given: Partial<FakeChoices> = {}): FakeHost {
  const choices = { ...DEFAULTS, ...given };
  const requests: Request[] = [];
  const queries: Query[] = [];
  let seq = 1;
  let stage = choices.stage;
  let passphrase: string | null = null;
  let offline = false;
  let keys: ChosenKey[] = [];
  let lockAfter: number | null = null;
  let sending: Sending = 'atOnce';
  let bridges: BridgesView = NO_BRIDGES;
  let witnesses: WitnessView[] = [];
  let drafts: Draft[] = [];
  let storage = choices.storage;
  let running: { state: ImportState; cancelled: boolean } | null = null;
  let held: Promise<unknown> | null = null;
  let listen: (seq: number) => void = () => {};
  let offer: (link: string) => void = () => {};
  let replace: () => void = () => {};
  const groups: FakeGroup[] = [];
  const invited = new Map<string, PreviewState>();
  const found = (pursuance: FakePursuance): FakeGroup => { const group = new FakeGroup(pursuance); groups.push(group); return group; };

  if (!choices.empty) {
    const first = harbour(choices.role);
    if (choices.rows > 0) first.tasks = forest(choices.rows, person('Maya'));
    if (choices.status !== null) first.row.status = choices.status;
    const maya = first.members.find((member) => member.person.name === 'Maya');
    if (choices.arriving && maya !== undefined) first.arriving = [{ by: maya.person, arrived: 812, of: 3_127 }];
    if (choices.busy) busy(first);
    if (choices.long) long(first);
    if (choices.hostile !== '') hostile(first, choices.hostile);
    if (choices.suggesting) first.rules = first.rules.map((rule) => (rule.verb === 'create' ? { ...rule, verb: 'suggest' } : rule));
    found(first);
    if (choices.role === 1) found(garden());
  }
  if (choices.invite !== 'none') openInvite(choices.invite);

  function openInvite(state: FakeChoices['invite']): string {
    const pursuance = fakeId(32, 'archive');
    const preview = {
      pursuance, name: 'Harbour archive', mission: 'Read 3,127 folders before the archive closes in spring', roles: ROLES, rules: RULES,
      role: ROLES[1] as (typeof ROLES)[number], invitedBy: 'Maya', usedUp: state === 'usedUp', reviewed: state === 'review' || state === 'reviewed', note: '',
    };
    if (state === 'coming') invited.set(pursuance, { state: 'coming', sinceSeconds: Math.floor(Date.now() / 1000) - 70, handed: true });
    else if (state === 'looking') invited.set(pursuance, { state: 'looking' });
    else if (state === 'waiting' || state === 'reviewed') invited.set(pursuance, { state: 'waiting', preview, sinceSeconds: Math.floor(Date.now() / 1000) - 70, handed: true });
    else invited.set(pursuance, { state: 'here', preview });
    return pursuance;
  }

  function changed(): void {
    seq += 1;
    const told = seq;
    queueMicrotask(() => listen(told));
  }

  const compared = new Map<string, number>();

  function app(): AppView {
    const rows = groups.map((group) => group.data.row);
    for (const [pursuance, state] of invited) {
      rows.push({
        pursuance, name: 'preview' in state ? state.preview.name : '', standing: state.state === 'waiting' || state.state === 'coming' ? 'waiting' : 'invited', canUndo: false, sample: false,
        status: { code: 'fine', reached: 1, of: 1, atSeconds: Math.floor(Date.now() / 1000) - 20, kept: 0 },
      });
    }
    if (offline) for (const row of rows) row.status = { code: 'offline', kept: 'kept' in row.status ? row.status.kept : 0 };
    return { seq, stage, dataFolder: '~/.local/share/pursuance', pursuances: stage === 'open' ? rows : [], offline, asksTor: stage === 'open' && rows.some((row) => row.status.code === 'torUnasked'), loopback: false, clockOffSeconds: null, import: running?.state ?? null, saveFolder: '/home/noor/Documents', storage, keys: stage === 'open' ? keys : [], lockAfter: stage === 'open' ? lockAfter : null, sending: stage === 'open' ? sending : 'atOnce', bridges: stage === 'open' ? bridges : NO_BRIDGES, witnesses: stage === 'open' ? witnesses : [] };
  }

  function group(pursuance: string): FakeGroup {
    if (stage !== 'open') throw { code: 'locked' } satisfies Trouble;
    const one = groups.find((each) => each.data.row.pursuance === pursuance);
    if (one === undefined) throw { code: 'noSuchPursuance' } satisfies Trouble;
    return one;
  }

  function request(asked: Request): Reply | Promise<Reply> {
    const refusal = storage === null ? null : STORAGE[storage];
    if (refusal !== null && WRITES.includes(asked.kind)) throw refusal;
    switch (asked.kind) {
      case 'createVault':
        if (asked.passphrase.length < MIN_PASSPHRASE_CHARS) throw { code: 'passphraseTooShort', minChars: MIN_PASSPHRASE_CHARS } satisfies Trouble;
        passphrase = asked.passphrase;
        stage = 'open';
        return { kind: 'done' };
      case 'unlock':
        if (choices.unlock !== null) throw choices.unlock;
        if (passphrase !== null ? asked.passphrase !== passphrase : asked.passphrase.startsWith('wrong')) throw { code: 'wrongPassphrase' } satisfies Trouble;
        stage = 'open';
        return { kind: 'done' };
      case 'lock': stage = 'locked'; return { kind: 'done' };
      case 'changePassphrase':
        if (asked.new.length < MIN_PASSPHRASE_CHARS) throw { code: 'passphraseTooShort', minChars: MIN_PASSPHRASE_CHARS } satisfies Trouble;
        if (passphrase !== null ? asked.old !== passphrase : asked.old.startsWith('wrong')) throw { code: 'wrongPassphrase' } satisfies Trouble;
        if (storage !== null && STORAGE[storage] !== null) throw STORAGE[storage];
        passphrase = asked.new;
        return { kind: 'done' };
      case 'startPursuance': {
        if (asked.name.trim() === '' || asked.myName.trim() === '' || asked.mission.trim() === '') throw refused({ code: 'empty' });
        if (asked.relay !== null && !isRelay(asked.relay)) throw refused({ code: 'notARelayAddress' });
        const one = found(garden());
        const me = person(asked.myName, true);
        const id = fakeId(32, `${asked.name} ${seq}`);
        Object.assign(one.data, { name: asked.name, mission: asked.mission });
        one.data.row = { pursuance: id, name: asked.name, standing: 'member', canUndo: false, status: { code: 'noRelay', kept: 1 }, sample: false };
        one.data.members = [{ person: me, presence: 'here', roles: [ROLES[0]!], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'founder' }, heardOfSeconds: Math.floor(Date.now() / 1000), twoHistories: false, falseSeals: [], devices: [device(0, { mine: true })] }];
        if (asked.relay !== null) one.act({ kind: 'setRelays', relays: [asked.relay] });
        return { kind: 'pursuance', pursuance: id };
      }
      case 'startSample': {
        const made = request({ kind: 'startPursuance', name: asked.name, mission: asked.mission, myName: asked.myName, relay: null }) as Extract<Reply, { kind: 'pursuance' }>;
        group(made.pursuance).data.row.sample = true;
        return made;
      }
      case 'changeOwn': changeOwn(group(asked.pursuance).data, asked.change); return { kind: 'done' };
      case 'openInvite':
        if (!asked.link.startsWith('pursuance:')) throw { code: 'notAnInvite' } satisfies Trouble;
        if (asked.link.length < 60) throw { code: 'linkTruncated' } satisfies Trouble;
        return { kind: 'pursuance', pursuance: openInvite('here') };
      case 'join': {
        const state = invited.get(asked.pursuance);
        if (state === undefined || !('preview' in state)) throw { code: 'noSuchPursuance' } satisfies Trouble;
        if (asked.myName.trim() === '') throw refused({ code: 'empty' });
        invited.set(asked.pursuance, { state: 'waiting', preview: state.preview, sinceSeconds: Math.floor(Date.now() / 1000), handed: false });
        setTimeout(() => welcome(asked.pursuance, asked.myName), WELCOME_MILLISECONDS);
        return { kind: 'done' };
      }
      case 'makeRecoveryPhrase': return { kind: 'recoveryPhrase', words: makePhrase(group(asked.pursuance).data) };
      case 'declareRecovery': declare(group(asked.pursuance).data, asked.phrase); return { kind: 'done' };
      case 'showCode': showCode(group(asked.pursuance).data); return { kind: 'done' };
      case 'closeCode': group(asked.pursuance).data.computers.code = null; return { kind: 'done' };
      case 'answerCode':
        answers(asked.code, asked.phrase);
        return { kind: 'pursuance', pursuance: openInvite('coming') };
      case 'recover': recover(group(asked.pursuance).data, asked.phrase); return { kind: 'done' };
      case 'letIn': {
        const { data } = group(asked.pursuance);
        if (data.letIn.includes(asked.member)) throw refused({ code: 'nothingToChange' });
        data.letIn.push(asked.member);
        return { kind: 'done' };
      }
      case 'setRefused': setRefused(group(asked.pursuance).data, asked.entries, asked.refused); return { kind: 'done' };
      case 'dropInvite': {
        if (invited.delete(asked.pursuance)) return { kind: 'done' };
        const at = groups.indexOf(group(asked.pursuance));
        const { status, sample } = group(asked.pursuance).data.row;
        if (!sample && status.code !== 'deviceRemoved' && (status.code !== 'removed' || status.kept > 0)) throw { code: 'alreadyMember' } satisfies Trouble;
        groups.splice(at, 1);
        drafts = drafts.filter((draft) => draft.pursuance !== asked.pursuance);
        return { kind: 'done' };
      }
      case 'act': return group(asked.pursuance).act(asked.command);
      case 'actAll': return actAll(group(asked.pursuance), asked.commands, asked.joins ?? false);
      case 'reorder': reorder(group(asked.pursuance).data.tasks, asked.task, asked.past); return { kind: 'done' };
      case 'setKeys': checkKeys(asked.keys); keys = asked.keys; return { kind: 'done' };
      case 'setLockAfter': lockAfter = asked.minutes; return { kind: 'done' };
      case 'setBridges': bridges = bridgesOf(asked.lines); return { kind: 'done' };
      case 'setSending': sending = asked.sending; return { kind: 'done' };
      case 'addWitness': witnesses = withWitness(witnesses, asked.key); return { kind: 'done' };
      case 'removeWitness': witnesses = withoutWitness(witnesses, asked.key); return { kind: 'done' };
      case 'keepDrafts':
        for (const draft of asked.drafts) group(draft.pursuance);
        if (asked.drafts.length > MAX_DRAFTS || asked.drafts.reduce((bytes, draft) => bytes + draft.at.length + draft.text.length, 0) > MAX_DRAFT_BYTES) throw { code: 'malformed' } satisfies Trouble;
        drafts = asked.drafts;
        return { kind: 'done' };
      case 'undo': group(asked.pursuance).undo(); return { kind: 'done' };
      case 'import': {
        const one = group(asked.pursuance);
        const { preview, tasks } = readList(asked.file ?? '', asked.text, asked.fields, one.me);
        if (preview.problems.length > 0) throw { code: 'importProblems', problems: preview.problems.length } satisfies Trouble;
        return importing(asked.pursuance, tasks.length, () => one.take(tasks));
      }
      case 'cancelImport':
        if (running !== null) running.cancelled = true;
        return { kind: 'done' };
      case 'export': group(asked.pursuance); return written(asked.path);
      case 'exportEvidence': return written(asked.path);
      case 'exportBundle': group(asked.pursuance); return written(asked.path);
      case 'importBundle':
        if (NOWHERE.test(asked.path)) throw { code: 'noSuchFile' } satisfies Trouble;
        if (!asked.path.endsWith('.bundle')) throw { code: 'notABundle' } satisfies Trouble;
        return { kind: 'merged', entries: asked.path.includes('known') ? 0 : 12, parts: 16, closed: asked.path.includes('bent') ? 1 : 0 };
      case 'backup':
        if (asked.passphrase.length < MIN_PASSPHRASE_CHARS) throw { code: 'passphraseTooShort', minChars: MIN_PASSPHRASE_CHARS } satisfies Trouble;
        return written(asked.path);
      case 'restore':
        if (NOWHERE.test(asked.path)) throw { code: 'noSuchFile' } satisfies Trouble;
        if (!asked.path.endsWith('.age')) throw { code: 'notABackup' } satisfies Trouble;
        if (asked.backupPassphrase.startsWith('wrong')) throw { code: 'wrongPassphrase' } satisfies Trouble;
        if (asked.passphrase.length < MIN_PASSPHRASE_CHARS) throw { code: 'passphraseTooShort', minChars: MIN_PASSPHRASE_CHARS } satisfies Trouble;
        passphrase = asked.passphrase;
        stage = 'open';
        if (groups.length === 0) found(harbour(1));
        return { kind: 'done' };
      case 'rescue':
        if (asked.passphrase.startsWith('wrong')) throw { code: 'wrongPassphrase' } satisfies Trouble;
        if (NOWHERE.test(asked.folder)) throw { code: 'noSuchFolder' } satisfies Trouble;
        return { kind: 'rescued', pursuances: 2, tasks: 1_204, lost: 17 };
      case 'changeRules':
        return { kind: 'done' };
      case 'phraseCompared':
        compared.set(asked.member, Math.floor(Date.now() / 1000));
        return { kind: 'done' };
      case 'setOffline':
        offline = asked.offline;
        if (!offline) for (const one of groups) one.data.row.status = { code: 'connecting', kept: 2 };
        return { kind: 'done' };
    }
  }

  function written(path: string): Reply {
    if (NOWHERE.test(path)) throw { code: 'noSuchFolder' } satisfies Trouble;
    if (THERE.test(path)) throw { code: 'fileExists' } satisfies Trouble;
    return { kind: 'written', path, bytes: 418_240 };
  }

  /** Goes on step by step, so that it can be watched and stopped; takes the tasks all at once at the end. */
  async function importing(pursuance: string, tasks: number, take: () => void): Promise<Reply> {
    if (running !== null) throw { code: 'importRunning' } satisfies Trouble;
    const mine = { state: { pursuance, done: 0, of: tasks }, cancelled: false };
    running = mine;
    try {
      for (let step = 0; step < (choices.importStep === 0 ? 0 : IMPORT_STEPS); step++) {
        mine.state = { ...mine.state, done: Math.floor((tasks * step) / IMPORT_STEPS) };
        changed();
        await new Promise((resolve) => setTimeout(resolve, choices.importStep));
        if (mine.cancelled) throw { code: 'importCancelled' } satisfies Trouble;
      }
      take();
      return { kind: 'imported', tasks };
    } finally {
      running = null;
      changed();
    }
  }

  function welcome(pursuance: string, myName: string): void {
    if (!invited.delete(pursuance)) return;
    const data = harbour(2);
    data.row.pursuance = pursuance;
    data.row.name = data.name = 'Harbour archive';
    const mine = data.members[data.members.length - 1];
    if (mine !== undefined) mine.person.name = myName;
    found(data);
    changed();
  }

  function view(asked: Query): View {
    switch (asked.kind) {
      case 'app': return { kind: 'app', view: structuredClone(app()) };
      case 'phrase': {
        const person = group(asked.pursuance).data.members.find((each) => each.person.member === asked.member)?.person;
        if (person === undefined || person.me) return { kind: 'phrase', view: null };
        return { kind: 'phrase', view: { words: ['harbor', 'lantern', 'ribbon', 'walnut'], comparedSeconds: compared.get(asked.member) ?? null } };
      }
      case 'preview': {
        const state = invited.get(asked.pursuance);
        if (state === undefined) throw { code: 'noSuchPursuance' } satisfies Trouble;
        return { kind: 'preview', view: structuredClone(state) };
      }
      case 'drafts':
        if (stage !== 'open') throw { code: 'locked' } satisfies Trouble;
        return { kind: 'drafts', view: structuredClone(drafts) };
      case 'inboxes': return { kind: 'inboxes', view: structuredClone(inboxesView(groups)) };
      case 'today': return { kind: 'today', view: structuredClone(todayView(groups)) };
      case 'find': return { kind: 'find', view: findView(groups, asked.text) };
      case 'importPreview': return { kind: 'importPreview', view: readList(asked.file ?? '', asked.text, asked.fields, group(asked.pursuance).me).preview };
      case 'relays': return { kind: 'relays', view: structuredClone(cosigned(group(asked.pursuance).data.relays, witnesses)) };
      default: return structuredClone(group(asked.pursuance).view(asked));
    }
  }

  async function answer<Answer>(made: () => Answer | Promise<Answer>): Promise<Answer> {
    await held;
    if (choices.trouble !== null) throw choices.trouble;
    return made();
  }

  return {
    requests,
    queries,
    request(asked) {
      requests.push(asked);
      return answer(async () => { const reply = await request(asked); changed(); return reply; });
    },
    view(asked) {
      queries.push(asked);
      return answer(() => view(asked));
    },
    setStorage(next) {
      storage = next;
      changed();
    },
    arrive(change) {
      const first = groups[0];
      if (first !== undefined) change(first.data);
      changed();
    },
    hold(until) {
      held = until;
    },
    open: (link) => offer(link),
    lose: () => replace(),
    watch(onSeq, onInvite, onLost) {
      [listen, offer, replace] = [onSeq, onInvite, onLost];
      return choices.trouble === null ? Promise.resolve() : Promise.reject(choices.trouble);
    },
  };
}

/** Whether a text has the form of a relay address. */
export function isRelay(text: string): boolean {
  return /^[a-z2-7]{56}\.onion\/[a-z2-7]{52}$/.test(text);
}

export { RELAY };
export type { Command };
