// What is being typed at the cursor after `@`, `@@` or `#`, and what it could become: members, roles and labels. Pure.
import type { Person, Readers } from '../host/bindings';

/** One thing that could be meant. */
export type Choice = {
  id: string;
  kind: 'person' | 'role' | 'label';
  /** What takes the place of what was typed. */
  text: string;
  /** As it is told apart from others on the screen. */
  person?: Person;
  name: string;
};
/** What is being typed, and what it could become; at least one thing. */
export type Completion = { from: number; typed: string; kind: Choice['kind']; choices: Choice[] };
/** What can be meant. */
export type Meant = {
  people: readonly Person[];
  roles?: readonly Readers[];
  labels?: readonly string[];
  /** What may stand before a sign, besides nothing. */
  after?: RegExp;
};

/** In a text, as the node reads names in it (docs/protocol/05-tasks.md, "Views"). */
export const IN_TEXT = /[\s(]/;

/** Choices shown at once. */
export const MAX_CHOICES = 8;
/** Characters of a name that are looked at. */
const MAX_TYPED_CHARS = 60;

/** A name as it is typed: with its mark where two people share one. */
export function typedName(person: Person): string {
  return person.mark === '' ? person.name : `${person.name}~${person.mark}`;
}

/** What the text before the cursor may become; `null` where nothing fits, or what stands there is whole already. */
export function completionAt(line: string, cursor: number, { people, roles = [], labels = [], after = /\s/ }: Meant): Completion | null {
  const before = line.slice(0, cursor);
  const at = Math.max(before.lastIndexOf('@'), labels.length > 0 ? before.lastIndexOf('#') : -1);
  if (at === -1) return null;
  const sign = before.charAt(at);
  const typed = before.slice(at + 1);
  if (typed.length > MAX_TYPED_CHARS || typed.includes('\n')) return null;
  if (sign === '#') {
    if (!begins(before, at, after) || /\s/.test(typed)) return null;
    // A label with a blank in it cannot be typed here.
    const all = labels.filter((label) => /^[^\s#@]+$/.test(label)).map((label): Choice => ({ id: `label ${label}`, kind: 'label', text: `#${label}`, name: label }));
    return made(at, typed, 'label', all);
  }
  if (roles.length > 0 && before.charAt(at - 1) === '@') {
    if (!begins(before, at - 1, after)) return null;
    return made(at - 1, typed, 'role', roles.filter((one) => one.name !== '').map((one): Choice => ({ id: `role ${one.role}`, kind: 'role', text: `@@${one.name}`, name: one.name })));
  }
  if (!begins(before, at, after)) return null;
  return made(at, typed, 'person', people.map((person): Choice => ({ id: `person ${person.member}`, kind: 'person', text: `@${typedName(person)}`, person, name: typedName(person) })));
}

/** The text with a choice in the place of what was typed, and where the cursor stands then. */
export function completed(line: string, cursor: number, { from }: Completion, { text }: Choice): { line: string; cursor: number } {
  const rest = line.slice(cursor).replace(/^[^\S\n]/, '');
  return { line: `${line.slice(0, from)}${text} ${rest}`, cursor: from + text.length + 1 };
}

/** Whether a sign stands where a word begins. */
function begins(line: string, at: number, after: RegExp): boolean {
  return at === 0 || after.test(line.charAt(at - 1));
}

/** What is called so comes first, then what begins so, then what has a word that does. */
function made(from: number, typed: string, kind: Choice['kind'], all: readonly Choice[]): Completion | null {
  const wanted = typed.toLowerCase();
  const name = (choice: Choice): string => choice.name.toLowerCase();
  // A whole name and a blank: the next word is another one.
  if (/\s$/.test(wanted) && all.some((choice) => name(choice) === wanted.trimEnd())) return null;
  const rank = (choice: Choice): number => {
    if (name(choice) === wanted) return 0;
    if (name(choice).startsWith(wanted)) return 1;
    return wanted !== '' && name(choice).includes(` ${wanted}`) ? 2 : 3;
  };
  const fitting = all.map((choice) => ({ choice, rank: rank(choice) })).filter((each) => each.rank < 3);
  const choices = fitting.sort((a, b) => a.rank - b.rank).slice(0, MAX_CHOICES).map((each) => each.choice);
  const [only] = choices;
  return only === undefined || (choices.length === 1 && name(only) === wanted) ? null : { from, typed, kind, choices };
}
