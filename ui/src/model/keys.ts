// The keyboard map: what a key means, depending on where the focus is. A pure function, so that it can be read and tested.

/** What a key asks for. */
export type KeyAction =
  | 'palette' | 'add' | 'filter' | 'help' | 'escape' | 'undo' | 'lock' | 'nextRegion' | 'previousRegion' | 'goPrefix' | 'viewPrefix'
  | 'goTree' | 'goProgress' | 'goInbox' | 'goPeople' | 'goDecisions' | 'goRules' | 'goLog' | 'goInvites' | 'goRelays' | 'goImport' | 'goSettings' | 'goToday' | 'find'
  | 'viewTree' | 'viewList' | 'viewBoard'
  | 'next' | 'previous' | 'first' | 'last' | 'pageDown' | 'pageUp' | 'peek' | 'collapse' | 'expandOrIn' | 'collapseOrOut'
  | 'choose' | 'chooseAll' | 'chooseNext' | 'choosePrevious' | 'verbs' | 'copy' | 'move' | 'earlier' | 'later'
  | 'subtask' | 'edit' | 'indent' | 'outdent' | 'status' | 'assign' | 'claim' | 'giveBack' | 'comment' | 'label' | 'due' | 'priority' | 'readers' | 'drop' | 'settle';

/** What of a keyboard event decides. */
export type Key = { key: string; ctrl: boolean; shift: boolean; alt: boolean };

/** Where the focus is. */
export type Where = {
  /** In a field that takes text. */
  typing: boolean;
  /** In the list of tasks itself. */
  inTree: boolean;
  /** A button or the like, which Enter and arrows belong to. */
  onControl: boolean;
  /** The screen is that of the tasks. */
  treeScreen: boolean;
  /** `G` or `V` was the key before. */
  after: 'go' | 'view' | null;
  /** The page reads from right to left. */
  rightToLeft: boolean;
};

const GO: Record<string, KeyAction> = { t: 'goTree', o: 'goProgress', i: 'goInbox', p: 'goPeople', d: 'goDecisions', u: 'goRules', l: 'goLog', v: 'goInvites', r: 'goRelays', m: 'goImport', s: 'goSettings', y: 'goToday', f: 'find' };
const VIEW: Record<string, KeyAction> = { t: 'viewTree', l: 'viewList', b: 'viewBoard' };
const ANYWHERE: Record<string, KeyAction> = { c: 'add', '/': 'find', f: 'filter', '?': 'help', g: 'goPrefix', v: 'viewPrefix' };
const ON_TASK: Record<string, KeyAction> = {
  j: 'next', k: 'previous', z: 'collapse', o: 'subtask', e: 'edit', s: 'status', a: 'assign', n: 'comment', b: 'label', d: 'due', p: 'priority', w: 'readers', u: 'settle', x: 'choose', y: 'copy', m: 'move', '.': 'verbs', Delete: 'drop',
};
const IN_TREE: Record<string, KeyAction> = {
  ArrowDown: 'next', ArrowUp: 'previous', Home: 'first', End: 'last', PageDown: 'pageDown', PageUp: 'pageUp', Enter: 'peek',
};

/** Single keys that a person may choose another one for: what they do, and the key that they are otherwise. With Shift, `claim` gives back. */
export const CHOOSABLE = {
  add: 'c', filter: 'f', goPrefix: 'g', viewPrefix: 'v', next: 'j', previous: 'k', collapse: 'z', subtask: 'o', edit: 'e', status: 's', assign: 'a', claim: 'i', comment: 'n', label: 'b', due: 'd', priority: 'p', readers: 'w', settle: 'u', choose: 'x',
  copy: 'y', move: 'm', verbs: '.',
} as const satisfies Partial<Record<KeyAction, string>>;
/** What a person may choose another key for. */
export type Choosable = keyof typeof CHOOSABLE;
/** Keys that were chosen, by what they do. */
export type ChosenKeys = Partial<Record<Choosable, string>>;
/** Keys that mean something else everywhere, so that nothing else can have them. */
const TAKEN = ['/', '?'];

/** The keys that a person chose, as far as they can be: one key for one thing. What the host keeps may be older than this window. */
export function readChosen(kept: readonly { action: string; key: string }[]): ChosenKeys {
  const chosen: ChosenKeys = {};
  for (const { action, key } of kept) {
    if (action in CHOOSABLE && conflictOf(key, action as Choosable, chosen) === null) chosen[action as Choosable] = key;
  }
  return chosen;
}

/** The key for something, as it is now. */
export function keyOf(action: Choosable, chosen: ChosenKeys): string {
  return chosen[action] ?? CHOOSABLE[action];
}

/** Why something cannot have a key: what has it already, or that it is no single letter or mark. */
export function conflictOf(key: string, action: Choosable, chosen: ChosenKeys): Choosable | 'taken' | 'notOne' | null {
  if ([...key].length !== 1 || key.trim() === '' || key !== key.toLowerCase()) return 'notOne';
  if (TAKEN.includes(key)) return 'taken';
  const other = (Object.keys(CHOOSABLE) as Choosable[]).find((each) => each !== action && keyOf(each, chosen) === key);
  return other ?? null;
}

/** The key that would have been pressed if nothing had been chosen; `null` for one that means nothing any more. */
function asIfNotChosen(letter: string, chosen: ChosenKeys): string | null {
  for (const [action, key] of Object.entries(chosen) as [Choosable, string][]) if (key === letter) return CHOOSABLE[action];
  const mine = (Object.keys(CHOOSABLE) as Choosable[]).find((action) => CHOOSABLE[action] === letter);
  return mine !== undefined && chosen[mine] !== undefined ? null : letter;
}

/** What a key means, or `null`. */
export function actionOf(key: Key, where: Where, chosen: ChosenKeys = {}): KeyAction | null {
  const pressed = key.key.length === 1 ? key.key.toLowerCase() : key.key;
  if (key.ctrl && !key.alt) {
    if (pressed === 'k') return 'palette';
    if (pressed === 'l') return 'lock';
    if (pressed === 'z' && !key.shift && !where.typing) return 'undo';
    if (pressed === 'a' && !key.shift && !where.typing && where.treeScreen) return 'chooseAll';
    return null;
  }
  if (key.key === 'F6') return key.shift ? 'previousRegion' : 'nextRegion';
  if (key.key === 'Escape') return 'escape';
  if (key.alt) {
    if (!where.treeScreen) return null;
    if (!where.typing && key.key === 'ArrowUp') return 'earlier';
    if (!where.typing && key.key === 'ArrowDown') return 'later';
    if (key.key !== 'ArrowRight' && key.key !== 'ArrowLeft') return null;
    return (key.key === 'ArrowRight') !== where.rightToLeft ? 'indent' : 'outdent';
  }
  if (where.typing) return null;
  if (where.after === 'go') return GO[pressed] ?? null;
  if (where.after === 'view') return VIEW[pressed] ?? null;
  const letter = asIfNotChosen(pressed, chosen);
  if (letter === null) return null;
  if (letter === 'i' && where.treeScreen) return key.shift ? 'giveBack' : 'claim';
  if (ANYWHERE[letter] !== undefined) return ANYWHERE[letter];
  const inRows = where.inTree || (where.treeScreen && !where.onControl);
  if (key.shift && inRows && (letter === 'ArrowDown' || letter === 'ArrowUp')) return letter === 'ArrowDown' ? 'chooseNext' : 'choosePrevious';
  if (key.shift && letter.length === 1) return null;
  if (where.treeScreen && ON_TASK[letter] !== undefined) return ON_TASK[letter];
  if (inRows) {
    if (key.key === 'ArrowRight' || key.key === 'ArrowLeft') return (key.key === 'ArrowRight') !== where.rightToLeft ? 'expandOrIn' : 'collapseOrOut';
    return IN_TREE[key.key] ?? null;
  }
  return null;
}

/** A key as it is printed on it. */
export function capOf(key: string): string {
  return key.toUpperCase();
}

/** Rows of the key overlay: keys as printed on them, the words' key, and what else it may be, where a person may choose. */
export const KEY_TABLE: Record<'keys.everywhere' | 'keys.moving' | 'keys.choosing' | 'keys.inTree', readonly (readonly [string, KeyWord, Choosable?])[]> = {
  'keys.everywhere': [
    ['Ctrl K', 'keys.palette'], ['C', 'keys.add', 'add'], ['/', 'keys.find'], ['F', 'keys.filter', 'filter'], ['?', 'keys.help'], ['Esc', 'keys.escape'], ['Ctrl Z', 'keys.undo'], ['Ctrl L', 'keys.lock'], ['Ctrl Enter', 'keys.send'],
  ],
  'keys.moving': [
    ['F6', 'keys.region'], ['G', 'keys.go', 'goPrefix'], ['V', 'keys.view', 'viewPrefix'], ['J K ↓ ↑', 'keys.updown'], ['→ ←', 'keys.across'], ['Enter', 'keys.peek'], ['Z', 'keys.collapse', 'collapse'],
  ],
  'keys.choosing': [
    ['X', 'keys.choose', 'choose'], ['Ctrl A', 'keys.chooseAll'], ['Shift ↓ ↑', 'keys.extend'], ['Esc', 'keys.unchoose'], ['.', 'keys.verbs', 'verbs'],
  ],
  'keys.inTree': [
    ['O', 'keys.subtask', 'subtask'], ['E', 'keys.edit', 'edit'], ['Alt → ←', 'keys.indent'], ['Alt ↑ ↓', 'keys.reorder'], ['Tab', 'keys.tab'], ['S', 'keys.status', 'status'], ['A', 'keys.assign', 'assign'], ['I', 'keys.claim', 'claim'],
    ['Shift I', 'keys.giveBack'], ['N', 'keys.comment', 'comment'], ['B', 'keys.label', 'label'], ['D', 'keys.due', 'due'], ['P', 'keys.priority', 'priority'], ['M', 'keys.move', 'move'], ['Y', 'keys.copy', 'copy'],
    ['W', 'keys.readers', 'readers'], ['U', 'keys.settle', 'settle'], ['Del', 'keys.drop'],
  ],
};
/** Words for keys, by what they do. */
export type KeyWord =
  | 'keys.palette' | 'keys.add' | 'keys.find' | 'keys.filter' | 'keys.help' | 'keys.escape' | 'keys.undo' | 'keys.lock' | 'keys.send' | 'keys.region' | 'keys.go' | 'keys.view' | 'keys.updown' | 'keys.across' | 'keys.peek' | 'keys.collapse'
  | 'keys.choose' | 'keys.chooseAll' | 'keys.extend' | 'keys.unchoose' | 'keys.verbs' | 'keys.subtask' | 'keys.edit' | 'keys.indent' | 'keys.reorder' | 'keys.tab' | 'keys.status' | 'keys.assign' | 'keys.claim' | 'keys.giveBack'
  | 'keys.comment' | 'keys.label' | 'keys.due' | 'keys.priority' | 'keys.move' | 'keys.copy' | 'keys.readers' | 'keys.settle' | 'keys.drop' | 'keys.next' | 'keys.previous' | 'keymap.go' | 'keymap.view';
/** What each key that can be chosen does, in words. */
export const KEY_WORDS: Record<Choosable, KeyWord> = {
  add: 'keys.add', filter: 'keys.filter', goPrefix: 'keymap.go', viewPrefix: 'keymap.view', next: 'keys.next', previous: 'keys.previous', collapse: 'keys.collapse', subtask: 'keys.subtask', edit: 'keys.edit', status: 'keys.status',
  assign: 'keys.assign', claim: 'keys.claim', comment: 'keys.comment', label: 'keys.label', due: 'keys.due', priority: 'keys.priority', readers: 'keys.readers', settle: 'keys.settle', choose: 'keys.choose', copy: 'keys.copy', move: 'keys.move', verbs: 'keys.verbs',
};
