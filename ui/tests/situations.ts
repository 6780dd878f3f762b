// What can be on the screen: each situation by its name, as the fake host and a few presses make it.
import { waitFor } from '@testing-library/svelte';
import type { CodeState, DecisionView, Fault, LogRow, Query, Refusal, StatusLine, StorageTrouble, View } from '../src/host/bindings';
import type { FakeChoices } from '../src/host/fake';
import type { FakePursuance, FakeTask } from '../src/host/fake-world';
import { PHRASE } from '../src/host/fake-computers';
import { device } from '../src/host/fake-world';
import { ALWAYS } from '../src/words/rule';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

/** What the host would say otherwise. */
type Retouch = { [Kind in Query['kind']]?: (view: Extract<View, { kind: Kind }>['view']) => unknown };
type Make = () => Promise<unknown>;

/** A line of the rules. */
const LINE = { number: 1, rule: { role: 1, verb: 'assign', object: { over: 'role', role: 0 }, conditions: ALWAYS, quorum: null } } as const;
const now = (): number => Math.floor(Date.now() / 1000);

/** Opens the window, with other data and other answers. */
async function open(choices: Partial<FakeChoices> = {}, change?: (data: FakePursuance) => void, retouch: Retouch = {}) {
  const opened = await openWindow(choices);
  const view = opened.host.view.bind(opened.host);
  opened.host.view = async (query) => {
    const answer = await view(query);
    const touch = retouch[query.kind] as ((found: unknown) => unknown) | undefined;
    return touch === undefined ? answer : ({ ...answer, view: touch(answer.view) } as View);
  };
  opened.host.arrive(change ?? (() => {}));
  await opened.session.refresh();
  await settled();
  return opened;
}

async function go(letter: string): Promise<void> {
  (document.activeElement as HTMLElement | null)?.blur();
  await press('g');
  await press(letter);
  await settled();
}

const status = (line: StatusLine): Make => () => open({ status: line });
const fault = (which: Fault): Make => async () => {
  await open({ status: { code: 'relayFault', fault: which } }, (data) => { const relay = data.relays[0]; if (relay !== undefined) relay.fault = which; });
  await go('r');
};
const storage = (which: StorageTrouble): Make => () => open({ storage: which });

const task = (title: string, change?: (data: FakePursuance) => void, retouch: Retouch = {}): Make => async () => {
  await open({}, change, retouch);
  await click(rowOf(title));
};

const screen = (letter: string, choices: Partial<FakeChoices> = {}, change?: (data: FakePursuance) => void, retouch: Retouch = {}): Make => async () => {
  await open(choices, change, retouch);
  await go(letter);
};
/** Whoever has taken a task said nothing about it for some days. */
const silent = (days: number): Make => task('Book the canteen', (data) => {
  for (const each of data.tasks) {
    const person = data.members.find((one) => !one.person.me)?.person;
    if (each.title !== 'Book the canteen' || person === undefined) continue;
    const heardOfSeconds = now() - days * 86_400 - 3_600;
    each.claim = person;
    each.status = 'doing';
    each.details = { claims: [{ person, heardOfSeconds, lapsesSeconds: heardOfSeconds + 7 * 86_400 }] };
  }
});
const opened = (each: FakeTask, data: FakePursuance): void => { each.readers = { roles: [1, 2], persons: data.members.filter((one) => !one.person.me).slice(0, 1).map((one) => one.person) }; };
/** A task with a comment that was written elsewhere. */
const brought = (change: (line: { by: string }) => void, mine = false): Make => task('Print leaflets', (data) => {
  const me = data.members.find((one) => one.person.me)?.person;
  for (const each of data.tasks) {
    for (const line of each.thread) {
      if (line.quoted === null) continue;
      change(line.quoted);
      if (mine && me !== undefined) line.by = me;
    }
  }
});
/** A list is looked at before it is imported. */
const imported = (text: string): Make => async () => {
  await screen('m')();
  by<HTMLTextAreaElement>('import-text').value = text;
  await click(by('import-preview'));
  await settled();
};
/** The dialog that says who reads a task. */
const cameLater = (each: FakeTask, data: FakePursuance): void => {
  const organisers = data.members.filter((one) => one.roles.some((role) => role.id === 1)).map((one) => one.person);
  each.readers = { roles: [1], persons: [], later: organisers.filter((one) => !one.me).slice(0, 1) };
  data.roles = data.roles.map((role) => (role.id === 1 ? { ...role, sinceJoining: true } : role));
};
const readers = (change: (each: FakeTask, data: FakePursuance) => void = (each) => { each.readers = { roles: [1], persons: [] }; }): Make => async () => {
  await open({}, (data) => {
    const organisers = data.members.filter((one) => one.roles.some((role) => role.id === 1)).map((one) => one.person);
    data.readers = [{ role: 1, by: [1], people: organisers }];
    data.rules = [...data.rules, { role: 1, verb: 'widen', object: { over: 'role', role: 1 }, conditions: ALWAYS, quorum: null }];
    for (const each of data.tasks) if (each.title === 'Book the canteen') change(each, data);
  });
  await click(rowOf('Book the canteen'));
  by('tree').focus();
  await press('w');
  await settled();
};
/** All tasks are selected, and then some keys are pressed. */
const several = (choices: Partial<FakeChoices> = {}, ...then: (() => Promise<unknown>)[]): Make => async () => {
  await open(choices);
  by('tree').focus();
  await press('a', { ctrlKey: true });
  for (const each of then) await each();
};
/** A list is opened by its key, and one of its options chosen. */
const choose = (key: string, option: string) => async (): Promise<void> => {
  await press(key);
  await settled();
  await click(by(option));
};
/** Titles are copied, where the window reaches the clipboard, or not. */
const copying = (...reached: boolean[]): Make => async () => {
  const answers = [...reached];
  document.execCommand = () => answers.shift() ?? false;
  await open();
  by('tree').focus();
  await press('j');
  await press('y');
};
/** Another key is asked for in the settings. */
const keymap = (action: string, key: string): Make => async () => {
  await open();
  await go('s');
  await click(by(`key-${action}`));
  await press(key);
};
/** Its key as it is handed around; what is called silent signs nothing. */
const WITNESS = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
/** Witnesses by these keys are named, one after the other. */
const witnesses = (...keys: string[]): Make => async () => {
  await screen('r')();
  for (const key of keys) {
    await fill('witness-key', key);
    await click(by('witness-add'));
  }
};
const BRIDGE = '192.0.2.7:443 A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122';
/** Bridges by these lines are kept. */
const bridges = (lines: string): Make => async () => {
  await open();
  await go('s');
  await fill('bridge-lines', lines);
  await click(by('bridges-keep'));
};
/** The form for another passphrase. */
const passphrase = (choices: Partial<FakeChoices>, old: string): Make => async () => {
  await open(choices);
  await go('s');
  await click(by('passphrase-open'));
  if (old === '') return;
  await fill('passphrase-now', old);
  await fill('passphrase-new', 'quite another passphrase');
  await fill('passphrase-new-again', 'quite another passphrase');
  await click(by('passphrase-submit'));
};
/** A screen of the pursuance in which almost nothing is. */
const sparse = (letter: string): Make => async () => {
  await open();
  await click(all('rail-pursuance')[1] as HTMLElement);
  await go(letter);
};

async function meet(name: string): Promise<void> {
  const row = [...all('member'), ...all('waits')].find((each) => each.dataset.name?.startsWith(name));
  await click(row?.querySelector('button') as HTMLElement);
}
const person = (name: string, choices: Partial<FakeChoices> = {}, then: () => Promise<unknown> = async () => {}): Make => async () => {
  await screen('p', choices)();
  await meet(name);
  await then();
};
/** Ilse made keys for organisers; of me it is seen here, of others only who holds the keys knows. */
const falseKeys = (proven: boolean): Make => async () => {
  await screen('p', {}, (data) => {
    const left = data.members.filter((each) => each.person.me || each.person.name === 'Maya').map((each) => each.person);
    for (const each of data.members) if (each.person.name.startsWith('Ilse')) each.falseSeals = [{ role: 1, to: proven ? left : [] }];
  })();
  await meet('Ilse');
};
const press_ = (testid: string) => () => click(by(testid));
const removing = (name: string, choices: Partial<FakeChoices> = {}, then: () => Promise<unknown> = async () => {}): Make => person(name, choices, async () => { await press_('person-remove')(); await then(); });

const arrested = (name: string): Make => async () => {
  await screen('p', { busy: true })();
  await click(by('arrested-open'));
  const who = by<HTMLSelectElement>('arrested-who');
  who.value = [...who.options].find((option) => option.text.startsWith(name))?.value ?? '';
  who.dispatchEvent(new Event('change', { bubbles: true }));
  await settled();
};

const inbox = (then: () => Promise<unknown> = async () => {}, change?: (data: FakePursuance) => void): Make => async () => { await screen('i', { busy: true }, change)(); await then(); };
const heldBecause = (refusal: Refusal) => (data: FakePursuance): void => {
  data.held = data.held.slice(0, 1).map((each) => ({ ...each, refusal, words: [] }));
};
const signing = (change: (decision: DecisionView) => DecisionView, testid: string): Make => async () => {
  await screen('d', { busy: true }, (data) => { data.decisions = data.decisions.map(change); })();
  await click(by(testid));
};

const DRAFT = 'member { remove member with 2 of member not-self }';
const rules = (view: 'sentences' | 'table' | 'text', retouch: Retouch = {}, text: string | null = null): Make => async () => {
  await screen('u', {}, undefined, retouch)();
  await click(by(`book-${view}`));
  if (text !== null) await fill('rules-text', text);
  await settled();
};
type Changes = Extract<Extract<View, { kind: 'rulesDraft' }>['view'], { state: 'changes' }>;
const drafted = (more: Partial<Changes>): Make => rules('text', { rulesDraft: (view) => (view.state === 'changes' ? { ...view, ...more } : view) }, DRAFT);
const tried = (answer: Partial<Extract<View, { kind: 'try' }>['view'] & object>): Make => rules('sentences', { try: (view) => (view === null ? null : { ...view, ...answer }) });

const log = (row: Partial<LogRow> | null, more: { announced?: number; troubles?: boolean } = {}): Make => async () => {
  await screen('l', {}, undefined, {
    log: (view) => ({ ...view, announced: more.announced ?? 0, rows: row === null ? [] : view.rows.filter((each) => each.standing === 'counts').map((each, i) => (i === 0 ? { ...each, ...row } : each)) }),
  })();
  if (more.troubles === true) await click(by('log-trouble'));
};
const refusedFor = (refusal: Refusal): Make => log({ standing: 'refused', refusal });

const suggestOnly = (data: FakePursuance): void => {
  data.rules = data.rules.map((rule) => (rule.verb === 'create' ? { ...rule, verb: 'suggest' } : rule));
};
const adding = (text: string, change?: (data: FakePursuance) => void): Make => async () => { await open({}, change); await fill('quick-add', text); };

const chosen = (template: string): Make => async () => { await open(); await click(by('rail-start')); await click(by(`start-template-${template}`)); };
const THEN_SECONDS = 1_780_000_000;
/** Two computers of mine, and what else is so. */
const two = (more: (data: FakePursuance) => void = () => {}) => (data: FakePursuance): void => {
  const me = data.members.find((member) => member.person.me);
  if (me !== undefined) me.devices = [device(1, { mine: true }), device(2, { addedSeconds: THEN_SECONDS })];
  more(data);
};
const withPhrase = (more: (data: FakePursuance) => void = () => {}) => two((data) => { data.computers.recovery = true; more(data); });
const computers = (change: (data: FakePursuance) => void = two(), then: () => Promise<unknown> = async () => {}): Make => async () => {
  await screen('s', {}, change)();
  await click(by('settings-computers'));
  await then();
};
const typed = (testid: string, submit: string, text = PHRASE) => async (): Promise<void> => { await fill(testid, text); await click(by(submit)); };
const shown = async (): Promise<void> => { await press_('recovery-make')(); await press_('recovery-written')(); };
const codeIs = (state: CodeState) => withPhrase((data) => { data.computers.code = { code: 'pursuance-computer:abc', qr: ['##', '# '], untilSeconds: now() + 80_000, state }; });
const answering = (then: () => Promise<unknown> = async () => {}): Make => async () => { await open({ empty: true }); await click(by('welcome-mine')); await then(); };
const preview = (invite: FakeChoices['invite']): Make => () => open({ empty: true, invite });
const kept = 3;

/** Those about the status sentence. */
export const ABOUT_STATUS = {
  'fine': status({ code: 'fine', reached: 2, of: 3, atSeconds: now() - 240, kept: 0 }),
  'fine, with changes kept': status({ code: 'fine', reached: 2, of: 3, atSeconds: now() - 240, kept }),
  'no relay': status({ code: 'noRelay', kept }),
  'offline by choice': status({ code: 'offline', kept }),
  'Tor not asked about': status({ code: 'torUnasked', kept: 0 }),
  'Tor starts': status({ code: 'torStarting', percent: 40, kept: 0 }),
  'no Tor': status({ code: 'torUnreachable', kept }),
  'looking for a relay': status({ code: 'connecting', kept: 0 }),
  'reading': status({ code: 'reading', read: 20, of: 400 }),
  'unreachable': status({ code: 'unreachable', sinceSeconds: now() - 1_200, kept, retrySeconds: 120 }),
  'never reached': status({ code: 'unreachable', sinceSeconds: 0, kept: 0, retrySeconds: 20 }),
  'a gap': status({ code: 'gap', entries: 1, by: null }),
  'a gap of somebody': status({ code: 'gap', entries: 2, by: 'Maya' }),
  'two histories': status({ code: 'twoHistories', by: 'Ben' }),
  'needs newer': status({ code: 'needsNewer', entries: 2 }),
  'overtaken': status({ code: 'overtaken' }),
  'removed': status({ code: 'removed', kept: 0 }),
  'gone, with a change kept': status({ code: 'removed', kept: 1 }),
  'device removed': status({ code: 'deviceRemoved' }),
  'nothing open': () => open({ empty: true }),
  'relay forked': fault('forked'),
  'relay rolled back': fault('rolledBack'),
  'relay broke a receipt': fault('brokenReceipt'),
  'relay sends garbage': fault('garbage'),
  'relay is another': fault('wrongOrigin'),
  'relay is stale': fault('stale'),
  'relay withholds': fault('withholds'),
  'clock ahead': () => open({}, undefined, { app: (view) => ({ ...view, clockOffSeconds: 900 }) }),
  'clock behind': () => open({}, undefined, { app: (view) => ({ ...view, clockOffSeconds: -900 }) }),
  'disk full': storage('full'),
  'read-only': storage('readOnly'),
  'disk fails': storage('failing'),
  'file damaged': storage('damaged'),
} satisfies Record<string, Make>;

/** How each comes about. */
export const SITUATIONS = {
  'several selected': several(),
  'more than can be selected': several({ rows: 600 }),
  'several were changed': several({}, choose('p', 'priority-option-2')),
  'several were changed twice': several({}, choose('p', 'priority-option-2'), choose('s', 'status-option-done')),
  'what this is': async () => { await open(); await go('s'); await click(by('settings-about')); },
  'nothing at all': () => open({ stage: 'fresh', empty: true }),
  'a sample': async () => { await open({ empty: true }); await click(by('welcome-look')); await waitFor(() => { rowOf('Book the canteen'); }); await settled(); },
  'a sample removed': async () => { await open({ empty: true }); await click(by('welcome-look')); await waitFor(() => { rowOf('Book the canteen'); }); await settled(); await click(by('sample-remove')); },
  'a note that is too long': async () => { await open(); await click(rowOf('Book the canteen')); await click(by('own-note-edit')); await fill('own-note-input', 'ä'.repeat(3_000)); },
  'no views': async () => { await open(); await click(by('views')); },
  'a view kept': async () => { await open(); await click(by('views')); await fill('picker-input', 'Mine'); await click(by('view-save')); },
  'an address copied': async () => { document.execCommand = () => true; await open({ busy: true }); await click(rowOf('Find out who owns the east quay')); await click(by('link-copy')); },
  'several, some not mine': several({ role: 2 }, choose('p', 'priority-option-2')),
  'several, none mine': several({ role: 2 }, choose('a', 'assign-option')),
  'several are like that already': several({}, choose('p', 'priority-option-2'), choose('p', 'priority-option-2')),
  'titles copied': copying(true),
  'titles to be copied by hand': async () => { await copying(false, false)(); await click(by('copied-text-copy')); },
  'titles copied by hand': async () => { await copying(false, true)(); await click(by('copied-text-copy')); },
  'my order, and a filter': async () => { await open(); await fill('tree-filter', 'the'); await new Promise((resolve) => setTimeout(resolve, 80)); await settled(); await press('Enter'); await press('ArrowUp', { altKey: true }); },
  'my order, at the end': async () => { await open(); by('tree').focus(); await press('j'); await press('ArrowUp', { altKey: true }); await press('ArrowUp', { altKey: true }); await press('Home'); await press('ArrowUp', { altKey: true }); },
  'a key that is taken': keymap('status', 'a'),
  'a key that stays': keymap('status', '?'),
  'a key that is none': keymap('status', 'Enter'),
  'a passphrase being changed': passphrase({}, ''),
  'a passphrase being changed on a full disk': passphrase({ storage: 'full' }, 'a long enough passphrase'),
  'a passphrase that was changed': passphrase({}, 'a long enough passphrase'),
  ...ABOUT_STATUS,

  // Tasks.
  'a task of somebody': task('Book the canteen'),
  'my change is kept': task('Compare with the 2021 council minutes'),
  'my comment is handed over': task('Find out who owns the east quay'),
  'my change was seen': task('Invite the neighbours of Sluisstraat'),
  'a task for one role': task('Book the canteen', undefined, { task: (view) => ({ ...view, readers: [{ role: 2, name: 'member', members: 3 }] }) }),
  'a task was opened to a role': async () => { await readers()(); await click(all('readers-role')[1]); await click(by('readers-submit')); await settled(); },
  'a task was opened to somebody': async () => { await readers()(); await click(all('readers-person')[0]); await click(by('readers-submit')); await settled(); },
  'a task was closed to a role': async () => { await readers(opened)(); await click(by('readers-shut')); await settled(); },
  'a task was closed to somebody': async () => { await readers(opened)(); await click(by('readers-shut-person')); await settled(); },
  'a task that was closed to me': readers((each, data) => { each.readers = { roles: [2], persons: [] }; data.members = data.members.map((one) => (one.person.me ? { ...one, roles: one.roles.filter((role) => role.id !== 2) } : one)); }),
  'who reads a task of one role': readers(),
  'who reads a task that was opened': readers(opened),
  'who reads a task of everyone': readers((each) => { delete each.readers; }),
  'who reads a task of a role that newcomers read from then on': readers(cameLater),
  'to a role that newcomers read from then on': async () => { await readers((each, data) => { each.readers = { roles: [1], persons: [] }; data.roles = data.roles.map((role) => (role.id === 2 ? { ...role, sinceJoining: true } : role)); })(); await click(all('readers-role')[1]); },
  'opening a task to a role': async () => { await readers()(); await click(all('readers-role')[1]); },
  'opening a task to a role of which some read it': async () => { await readers((each, data) => { each.readers = { roles: [1], persons: data.members.filter((one) => one.roles.every((role) => role.id === 2)).slice(0, 1).map((one) => one.person) }; })(); await click(all('readers-role')[1]); },
  'opening a task to everyone': async () => { await readers()(); await click(all('readers-role')[0]); },
  'opening a task to somebody': async () => { await readers()(); await click(all('readers-person')[0]); },
  'a claim about to lapse': silent(6),
  'a claim without news': silent(9),
  'a claim from ahead': silent(-2),
  'a claim taken over': async () => { await silent(9)(); await click(by('take-over')); await settled(); },
  'nothing for me': screen('y', {}, (data) => { data.tasks = []; }),
  'much for me': screen('y', {}, undefined, { today: (view) => ({ ...view, of: view.rows.length + 3 }) }),
  'opened against finished': screen('o'),
  'nothing opened and nothing finished': screen('o', {}, undefined, { weeks: (view) => ({ ...view, weeks: view.weeks.map((week) => ({ ...week, opened: 0, finished: 0, dropped: 0 })) }) }),
  'something for me': screen('y'),
  'nothing found': async () => { await open(); await go('f'); await fill('find-text', 'no such thing'); await settled(); },
  'much found': async () => { await open({}, undefined, { find: (view) => ({ ...view, of: view.rows.length + 3 }) }); await go('f'); await fill('find-text', 'the'); await settled(); },
  'a task from a board': brought(() => {}),
  'a task from a board, by nobody': brought((line) => { line.by = ''; }),
  'a task from a board that I brought': brought(() => {}, true),
  'a task from a board that I brought, by nobody': brought((line) => { line.by = ''; }, true),
  'a task with two endings': task('Book the canteen', (data) => { for (const each of data.tasks) each.twoAnswers = each.title === 'Book the canteen'; }),
  'adding a task': adding('Paint the gate'),
  'typing a task for one role': async () => { await open({}, undefined, { tree: (view) => ({ ...view, homes: [...view.homes, { role: 1, name: 'organiser', members: 2 }] }) }); await fill('quick-add', 'Paint the gate @@organiser'); },
  'typing a task for a role that newcomers read from then on': async () => { await open({}, undefined, { tree: (view) => ({ ...view, homes: [...view.homes, { role: 1, name: 'organiser', members: 2, sinceJoining: true }] }) }); await fill('quick-add', 'Paint the gate @@organiser'); },
  'waiting for keys of a role': () => open({}, undefined, { tree: (view) => ({ ...view, awaited: [{ role: 1, name: 'organiser', members: 2 }] }) }),
  'adding for somebody unknown': adding('Paint the gate @nobody'),
  'adding, and naming somebody': adding('Paint the gate @'),
  'a comment that names somebody': async () => { await task('Book the canteen')(); await fill('comment-input', 'Ask @'); },
  'suggesting a task': adding('Paint the gate', suggestOnly),
  'suggesting with more': adding('Paint the gate @Maya #field', suggestOnly),
  'refused by a rule': async () => { await open({ role: 2 }); await click(rowOf('Get copies of the land register pages')); by('tree').focus(); await press('a'); },
  'refused: not my own': async () => { await open({ role: 2 }); await click(rowOf('Get copies of the land register pages')); by('tree').focus(); await press('p'); },

  // Coming in.
  'start a plain one': chosen('plain'),
  'start an affinity group': chosen('affinityGroup'),
  'looking for an invite': preview('looking'),
  'an invite': preview('here'),
  'an invite with review': preview('review'),
  'a used-up invite': preview('usedUp'),
  'waiting': preview('waiting'),
  'waiting for review': preview('reviewed'),

  // People.
  'people': screen('p'),
  'people, much waiting': screen('p', { busy: true }),
  'people, alone': sparse('p'),
  'people, left alone': screen('p', {}, (data) => { data.members = data.members.filter((each) => each.person.name !== 'Maya'); }),
  'person': person('Ilse'),
  'person, to vouch for': person('Ilse', {}, press_('vouch')),
  'person, compared': person('Ilse', {}, press_('phrase-same')),
  'person with two histories': person('Ben', { busy: true }),
  'person, false keys': falseKeys(true),
  'person, perhaps false keys': falseKeys(false),
  'person with all roles': person('Maximiliane', { busy: true }),
  'person one too many': async () => { await screen('p')(); await click(all('member').filter((each) => each.dataset.name === 'Ben')[1]?.querySelector('button') as HTMLElement); },
  'person one too many, let in': async () => { await screen('p')(); await click(all('member').filter((each) => each.dataset.name === 'Ben')[1]?.querySelector('button') as HTMLElement); await click(by('person-let-in')); },
  'person who is gone': person('Kees', { busy: true }),
  'person who waits': async () => { const { session } = await open({ busy: true }); await go('p'); await session.meet(session.people?.others[0]?.person.member ?? null); await settled(); },
  'myself': person('Noor'),
  'leaving': person('Noor', {}, press_('leave-open')),
  'forgetting what one is out of': async () => { await status({ code: 'removed', kept: 0 })(); await press_('forget-open')(); },
  'forgotten': async () => { await status({ code: 'removed', kept: 0 })(); await press_('forget-open')(); await press_('forget-submit')(); },
  'left': person('Noor', {}, async () => { await press_('leave-open')(); await press_('leave-submit')(); }),
  'gave a role': person('Ilse', {}, press_('give-role')),
  'took a role back': person('Ilse', {}, press_('person-take-back')),
  'vouched': person('Ilse', {}, async () => { await press_('vouch')(); await press_('vouch-submit')(); }),
  'let somebody in': async () => { await screen('p', { busy: true })(); await click(all('admit')[0] as HTMLElement); },
  'stopped a device': person('Ben', { busy: true }, press_('suspend')),
  'removing a member': removing('Ben'),
  'removing an organiser': removing('Maya', { busy: true }),
  'removing from one role': removing('Maximiliane', { busy: true }, press_('remove-from-1')),
  'removing without a rule': removing('Maya', { role: 2, busy: true }),
  'removing one of many roles without a rule': removing('Maximiliane', { role: 2, busy: true }),
  'removed somebody': removing('Ben', {}, press_('remove-submit')),
  'proposed to remove': removing('Maya', {}, press_('remove-submit')),
  'arrested, nobody chosen': async () => { await screen('p', { busy: true })(); await click(by('arrested-open')); },
  'arrested': arrested('Ilse'),
  'arrested, two histories': arrested('Ben'),
  'arrested and removed': arrested('Kees'),

  // What waits.
  'decisions': screen('d', { busy: true }),
  'no decisions': screen('d'),
  'signed': signing((each) => ({ ...each, needed: 3 }), 'decision-sign'),
  'signed and decided': signing((each) => each, 'decision-sign'),
  'signature withdrawn': signing((each) => each, 'decision-withdraw'),
  'inbox': inbox(),
  'empty inbox': screen('i', {}, (data) => { data.letIn = data.members.map((each) => each.person.member); }),
  'held for another reason': inbox(undefined, heldBecause({ code: 'ruleTakenBack' })),
  'held by a computer that was taken out': inbox(undefined, heldBecause({ code: 'deviceRemoved' })),
  'held for a role that was lost': inbox(undefined, (data) => {
    const by = data.members.find((one) => !one.person.me)?.person;
    data.held = data.held.slice(0, 1).map((each) => ({ ...each, by: by ?? each.by, refusal: { code: 'removed' }, words: [] }));
  }),
  'kept': inbox(() => click(all('held-keep')[0] as HTMLElement)),
  'refused here': inbox(() => click(all('held-refuse')[0] as HTMLElement)),
  'a join refused here': inbox(() => click(all('held-refuse')[1] as HTMLElement)),

  // Invites and relays.
  'invites': screen('v'),
  'invites to whoever reads another role': screen('v', {}, (data) => { data.readers = [{ role: 1, by: [1, 2], people: [] }]; }),
  'invites to whoever reads another role from then on': screen('v', {}, (data) => {
    data.readers = [{ role: 1, by: [1, 2], people: [] }];
    data.roles = data.roles.map((role) => (role.id === 1 ? { ...role, sinceJoining: true } : role));
  }),
  'invites, many': screen('v', { busy: true }),
  'invites, all past': screen('v', { busy: true }, (data) => { data.invites = data.invites.filter((row) => !row.invite.open); }),
  'an invite with review being made': async () => { await screen('v')(); await click(by('invite-review-yes')); },
  'a link not handed over': async () => { await screen('v')(); await click(by('invite-create')); },
  'a link handed over': async () => { await screen('v')(); await click(by('invite-create')); await click(by('invite-create')); },
  'invite closed': async () => { await screen('v', { busy: true })(); await click(all('invite-close').find((each) => each.getAttribute('aria-disabled') !== 'true') as HTMLElement); },
  'no relay for invites': sparse('v'),
  'relays': screen('r'),
  'relays, one convicted and one left': screen('r', { busy: true }),
  'moving on, nowhere yet': async () => { await sparse('r')(); await fill('relay-address', `${'b'.repeat(56)}.onion/${'a'.repeat(52)}`); await click(by('relay-add')); await click(by('move-open')); },
  'moving on, and posts to go': async () => { await screen('r')(); await click(all('move-open')[0] as HTMLElement); },
  'moving on, all is there': async () => { await screen('r')(); await click(all('move-open')[1] as HTMLElement); },
  'bridges kept': bridges(BRIDGE),
  'bridges without their program': bridges(`obfs4 ${BRIDGE.replace('192.0.2.7', '198.51.100.7')} cert=abc iat-mode=0`),
  'no bridges kept': bridges(''),
  'a witness that signed': witnesses(WITNESS),
  'a witness that signed nothing': witnesses(WITNESS.replace('remora', 'silent')),
  'a witness, looked at later': async () => { await witnesses(WITNESS)(); await go('t'); await go('r'); },
  'a witness that was removed': async () => { await witnesses(WITNESS)(); await click(by('witness-remove')); },
  'a bundle being written': async () => { await screen('r')(); await click(by('bundle-write')); },
  'a bundle read in': async () => { await screen('r')(); await fill('bundle-from', '/home/maya/quay bent.bundle'); await click(by('bundle-read')); },
  'a bundle known': async () => { await screen('r')(); await fill('bundle-from', '/home/maya/known.bundle'); await click(by('bundle-read')); },
  'a proof being written': async () => { await screen('r', { busy: true })(); await click(by('proof-open')); },
  'a proof written': async () => { await screen('r', { busy: true })(); await click(by('proof-open')); await click(by('proof-write')); },
  'no relays': sparse('r'),
  'relay added': async () => { await sparse('r')(); await fill('relay-address', `${'b'.repeat(56)}.onion/${'a'.repeat(52)}`); await click(by('relay-add')); },
  'export': screen('m'),
  'export as everything': async () => { await screen('m')(); await click(by('export-as-json')); },
  'export for a calendar': async () => { await screen('m')(); await click(by('export-as-iCalendar')); },
  'an import of a board': imported('{"cards":[{"name":"Book a van","comments":[{"by":"Jo Bakker","text":"Zoe has one"}]}]}'),
  'an import of a list to do': imported('[{"description":"Buy milk"}]'),
  'an import that cannot be taken': imported('{"tasks":[{}]}'),

  // Rules.
  'rules': rules('sentences'),
  'rules as a table': rules('table'),
  'rules as text': rules('text'),
  'rules never changed': rules('sentences', { rules: (view) => ({ ...view, versions: [] }) }),
  'rules that cannot be read': rules('text', {}, 'organiser {\n  bad tasks everyone\n}\n'),
  'rules that rename a role': rules('text', { rulesDraft: () => ({ state: 'noWay' }) }, DRAFT),
  'a change for several': drafted({}),
  'a change for me alone': drafted({ steps: [{ change: { kind: 'rename', name: 'x' }, how: { how: 'alone' } }] }),
  'a change in two decisions': drafted({ steps: [1, 2].map((n) => ({ change: { kind: 'rename', name: `x${n}` }, how: { how: 'together', of: 1 } })) }),
  'a change, one part alone': drafted({ steps: [{ change: { kind: 'rename', name: 'x' }, how: { how: 'alone' } }, { change: { kind: 'rename', name: 'y' }, how: { how: 'together', of: 1 } }] }),
  'a change for nobody': drafted({ people: [] }),
  'a change that touches': drafted({ decisions: 1, tasks: 4 }),
  'a change signed': async () => { await drafted({})(); await click(by('rules-sign')); },
  'tried: alone': tried({ may: 'alone' }),
  'tried: together': tried({ may: 'together' }),
  'tried: no': tried({ may: 'no', lines: [], elsewhere: null, tooHigh: [] }),
  'tried: too high': tried({ may: 'no', lines: [], elsewhere: null, tooHigh: [LINE] }),
  'tried: somebody else': tried({ may: 'no', lines: [], elsewhere: LINE, tooHigh: [] }),

  // My computers.
  'my computers': computers(),
  'my computers, with a phrase': computers(withPhrase()),
  'my computers, one with two histories': computers(two((data) => { for (const member of data.members) if (member.person.me) member.devices = member.devices.map((each) => ({ ...each, twoHistories: !each.mine })); })),
  'my computers, and this one is out': computers(withPhrase((data) => { data.row.status = { code: 'deviceRemoved' }; })),
  'one of my computers, to be removed': computers(two(), press_('computer-remove')),
  'removed a computer of mine': computers(two(), async () => { await press_('computer-remove')(); await press_('computer-remove-submit')(); }),
  'my phrase shown': computers(two(), press_('recovery-make')),
  'my phrase asked back': computers(two(), shown),
  'my phrase declared': computers(two(), async () => { await shown(); await typed('recovery-again', 'recovery-declare')(); }),
  'a code shown': computers(withPhrase(), press_('code-show')),
  'a code closed': computers(withPhrase(), async () => { await press_('code-show')(); await press_('code-close')(); }),
  'a code answered': computers(codeIs({ state: 'answered' })),
  'a code answered in vain': computers(codeIs({ state: 'refused', refusal: { code: 'tooMany', max: 16 } })),
  'a computer of mine was stolen': computers(withPhrase(), press_('stolen-open')),
  'all others shut out': computers(withPhrase(), async () => { await press_('stolen-open')(); await typed('stolen-phrase', 'stolen-submit')(); }),
  'answering a code': answering(),
  'answering a code with another phrase': answering(async () => { await fill('mine-code', `pursuance-computer:${'a'.repeat(60)}`); await typed('mine-phrase', 'mine-submit', PHRASE.replace('legal', 'zebra'))(); }),
  'coming by a code': preview('coming'),

  // The log.
  'log': log({}),
  'log with a gap': log({}, { announced: 2 }),
  'empty log': log(null),
  'log without trouble': log(null, { troubles: true }),
  'log: not accepted, without a reason': log({ standing: 'refused', refusal: null }),
  'log: held, without a reason': log({ standing: 'held', refusal: null }),
  'log: needs newer': log({ standing: 'needsNewer', refusal: null }),
  'log: two histories': log({ beside: 'c'.repeat(52) }),
  'log: a part': log({ itemsRefused: [1, 11] }),
  'log, to hand on': async () => { await log({})(); await click(by('log-plain-make')); },
  'long log, to hand on': async () => {
    await screen('l', {}, undefined, { log: (view) => ({ ...view, older: 1, rows: Array.from({ length: 500 }, (_, i) => ({ ...view.rows[0], entry: `${i}` })) }) })();
    await click(by('log-plain-make'));
  },
  'log: a rule': refusedFor({ code: 'notAllowed', verb: 'grant', rule: 3, allowedRole: 1 }),
  'log: no rule': refusedFor({ code: 'notAllowed', verb: 'grant', rule: null, allowedRole: null }),
  'log: own': refusedFor({ code: 'onlyOwn', verb: 'edit', rule: 6 }),
  'log: others': refusedFor({ code: 'onlyOthers', verb: 'finish', rule: 6 }),
  'log: probation': refusedFor({ code: 'onProbation', verb: 'finish', rule: 6, entries: 4 }),
  'log: a role not held': refusedFor({ code: 'grantNotHeld' }),
  'log: not taken': refusedFor({ code: 'notClaimed' }),
  'log: not senior': refusedFor({ code: 'notSenior' }),
  'log: rank': refusedFor({ code: 'rankAboveOwn' }),
} satisfies Record<string, Make>;

export type Situation = keyof typeof SITUATIONS;

/** Waits for a screen that answers late. */
export async function make(situation: Situation): Promise<void> {
  await SITUATIONS[situation]();
  await settled();
  await waitFor(() => { if (document.body.textContent === '') throw new Error('nothing is shown'); });
}
