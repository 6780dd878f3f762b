// Which sentences say what is known, what was done, or what becomes of people and texts; and how one is found on a screen.
import { en } from '../src/words/en';
import { all } from './open';

/** Families of words that tell a state or a consequence; the others are labels, hints for fields, and what codes come to. */
const FAMILIES = /^(refused\.(rule|onlyOwn)$|passphrase|forget|status|fault|delivery|standing|app\.clock|start\.lone|preview|waiting|add|tree\.awaited$|task\.readers|task\.closed|readers|task\.twoAnswers|people|person|remove|arrested|decisions|inbox|held|invites|relays|tor\.text|bridges|move|proof|witnesses\.(none|some|noKey|added|signed|unsigned)|bundle\.(says|came|known|closed|noFile)|book|phrase|log|computers|many|keymap|claim|weeks|today|find|view\.(noOrder|atEnd)$|import\.(comments|mustFix|nothing|leftOut\..*)|export\.says|quote|origin\.people|sample\.(line|removed)|own|saved|text|about|welcome\.model)/;
/** Those of them that are sentences without ending like one. */
const UNDOTTED = /^(import\.leftOut\.|quote\.|status\.|delivery\.|log\.standing\.|log\.items$|task\.readers.|inbox\.refused.|add\.(readers|readersRole|readersRoleSince|suggests|onlyWords|unknown)$|phrase\.compared$|decisions\.(withdrawn|decided)$|relays\.(agreed|left|failing)$|witnesses\.(signed|unsigned)$)/;
/** What explains a field or a screen is true whenever it is there. */
const HINT = /[hH]int$/;
/** Sentences so short that other texts hold them too are looked for where they belong. */
const PLACES: readonly [RegExp, readonly string[]][] = [
  [/^status\./, ['status-line']],
  [/^delivery\./, ['task-delivery', 'comment-delivery']],
  [/^log\.standing\./, ['log-why']],
  [/^decisions\.(withdrawn|decided)$/, ['decision-outcome']],
  [/^(refused|.*\.done)\./, ['notice']],
  [/^many\.(copied|selectedText)$/, ['copied']],
  [/^inbox\.refusedLine$/, ['refused']],
  [/^claim\.tookOver$/, ['notice']],
];

/** What no screen says: what is not so here, what cannot be known, and what blames. */
export const NEVER = /\b(servers?|clouds?|workspaces?|tokens?|permissions?|merge conflicts?|delivered|verified users?|synced|synchroni[sz]ed|secure(ly)?|anonymous(ly)?|deleted everywhere|failed|denied|forbidden|illegal)\b/i;

/** All that people read or hear of the window now. */
export function everyWord(): string {
  const heard = [...document.querySelectorAll('[title], [aria-label], [placeholder]')].flatMap((element) => ['title', 'aria-label', 'placeholder'].map((name) => element.getAttribute(name) ?? ''));
  return [document.body.textContent ?? '', ...heard].join('\n');
}

/** The keys of all such sentences. */
export function sentenceKeys(): string[] {
  return Object.entries(en).filter(([key, text]) => FAMILIES.test(key) && !HINT.test(key) && text !== '' && (UNDOTTED.test(key) || /[.:?]$/.test(text))).map(([key]) => key);
}

/** Whether the screen says it now. */
export function isSaid(key: string): boolean {
  const places = PLACES.find(([which]) => which.test(key))?.[1];
  const texts = places === undefined ? [document.body] : places.flatMap((place) => all(place));
  const looked = pattern(en[key as keyof typeof en]);
  return texts.some((element) => looked.test((element.textContent ?? '').replace(/\s+/g, ' ')));
}

/** A sentence with its gaps: texts of people are isolated, numbers choose a form. */
function pattern(sentence: string): RegExp {
  const plain = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const parts = sentence.split(/(\{[^}]*\})/).map((part) => {
    if (!part.startsWith('{')) return plain(part);
    if (part.startsWith('{~')) return '\u2068[^\u2069]*\u2069';
    if (part === '{readers}' || part === '{names}') return '\u2068[^\u2069]*\u2069(?:, \u2068[^\u2069]*\u2069)*';
    const forms = /^\{\w+:([^|]*)\|(.*)\}$/.exec(part);
    return forms === null ? '.{0,300}?' : `(?:${forms.slice(1).map((form) => plain(form).replaceAll('#', '[\\d,]+')).join('|')})`;
  });
  return new RegExp(parts.join(''), 'u');
}
