// The keyboard map: what a key means, depending on where the focus is. A pure function, so that it can be read and tested.

/** What a key asks for. */
export type KeyAction =
  | 'palette' | 'add' | 'filter' | 'help' | 'escape' | 'undo' | 'lock' | 'nextRegion' | 'previousRegion' | 'goPrefix'
  | 'goTree' | 'goInbox' | 'goPeople' | 'goDecisions' | 'goRules' | 'goLog' | 'goInvites' | 'goRelays' | 'goImport' | 'goSettings'
  | 'next' | 'previous' | 'first' | 'last' | 'pageDown' | 'pageUp' | 'peek' | 'collapse' | 'expandOrIn' | 'collapseOrOut'
  | 'subtask' | 'edit' | 'indent' | 'outdent' | 'status' | 'assign' | 'claim' | 'giveBack' | 'comment' | 'label' | 'due' | 'priority' | 'readers' | 'drop';

/** What of a keyboard event decides. */
export type Key = { key: string; ctrl: boolean; shift: boolean; alt: boolean };

/** Where the focus is. */
export type Where = {
  /** In a field that takes text. */
  typing: boolean;
  /** In the tree's own list. */
  inTree: boolean;
  /** A button or the like, which Enter and arrows belong to. */
  onControl: boolean;
  /** The screen is the tree. */
  treeScreen: boolean;
  /** `G` was the key before. */
  afterGo: boolean;
  /** The page reads from right to left. */
  rightToLeft: boolean;
};

const GO: Record<string, KeyAction> = { t: 'goTree', i: 'goInbox', p: 'goPeople', d: 'goDecisions', u: 'goRules', l: 'goLog', v: 'goInvites', r: 'goRelays', m: 'goImport', s: 'goSettings' };
const ANYWHERE: Record<string, KeyAction> = { c: 'add', '/': 'filter', f: 'filter', '?': 'help', g: 'goPrefix' };
const ON_TASK: Record<string, KeyAction> = {
  j: 'next', k: 'previous', z: 'collapse', o: 'subtask', e: 'edit', s: 'status', a: 'assign', n: 'comment', b: 'label', d: 'due', p: 'priority', w: 'readers', Delete: 'drop',
};
const IN_TREE: Record<string, KeyAction> = {
  ArrowDown: 'next', ArrowUp: 'previous', Home: 'first', End: 'last', PageDown: 'pageDown', PageUp: 'pageUp', Enter: 'peek',
};

/** What a key means, or `null`. */
export function actionOf(key: Key, where: Where): KeyAction | null {
  const letter = key.key.length === 1 ? key.key.toLowerCase() : key.key;
  if (key.ctrl && !key.alt) {
    if (letter === 'k') return 'palette';
    if (letter === 'l') return 'lock';
    if (letter === 'z' && !key.shift && !where.typing) return 'undo';
    return null;
  }
  if (key.key === 'F6') return key.shift ? 'previousRegion' : 'nextRegion';
  if (key.key === 'Escape') return 'escape';
  if (key.alt) {
    if (!where.treeScreen || (key.key !== 'ArrowRight' && key.key !== 'ArrowLeft')) return null;
    return (key.key === 'ArrowRight') !== where.rightToLeft ? 'indent' : 'outdent';
  }
  if (where.typing) return null;
  if (where.afterGo) return GO[letter] ?? null;
  if (letter === 'i' && where.treeScreen) return key.shift ? 'giveBack' : 'claim';
  if (ANYWHERE[letter] !== undefined) return ANYWHERE[letter];
  if (key.shift && letter.length === 1) return null;
  if (where.treeScreen && ON_TASK[letter] !== undefined) return ON_TASK[letter];
  if (where.inTree || (where.treeScreen && !where.onControl)) {
    if (key.key === 'ArrowRight' || key.key === 'ArrowLeft') return (key.key === 'ArrowRight') !== where.rightToLeft ? 'expandOrIn' : 'collapseOrOut';
    return IN_TREE[key.key] ?? null;
  }
  return null;
}

/** Rows of the key overlay: keys as printed on them, and the words' key. */
export const KEY_TABLE = {
  'keys.everywhere': [
    ['Ctrl K', 'keys.palette'], ['C', 'keys.add'], ['/ F', 'keys.filter'], ['?', 'keys.help'], ['Esc', 'keys.escape'], ['Ctrl Z', 'keys.undo'], ['Ctrl L', 'keys.lock'], ['Ctrl Enter', 'keys.send'],
  ],
  'keys.moving': [
    ['F6', 'keys.region'], ['G', 'keys.go'], ['J K ↓ ↑', 'keys.updown'], ['Enter', 'keys.peek'], ['Z', 'keys.collapse'],
  ],
  'keys.inTree': [
    ['O', 'keys.subtask'], ['E', 'keys.edit'], ['Alt → ←', 'keys.indent'], ['Tab', 'keys.tab'], ['S', 'keys.status'], ['A', 'keys.assign'], ['I', 'keys.claim'], ['Shift I', 'keys.giveBack'], ['N', 'keys.comment'], ['B', 'keys.label'], ['D', 'keys.due'], ['P', 'keys.priority'], ['W', 'keys.readers'], ['Del', 'keys.drop'],
  ],
} as const;
