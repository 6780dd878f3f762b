// Text that somebody wrote, as it is shown: what cannot be seen, and what would change the text around it, becomes a mark that can be seen.

/** Characters that take no room, look like a space and are none, or turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}\u{e0080}-\u{e00ff}\u{e01f0}-\u{e0fff}\ud800-\udfff]+/gu;
/** Of those: what texts need, and does no harm where each text is isolated. */
const HARMLESS = /^[\n\t\u00ad\u061c\u200e\u200f]+$/;
/** Letters and pictures that are joined, or kept apart, by a character that is not seen. */
const JOINED_BEFORE = /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Syriac}\p{Script=Mongolian}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u;
const JOINERS = /^[\u200c\u200d]$/;
/** Marks above and below one letter, so many that they reach into other lines. */
const PILE = /(\p{M}{6})\p{M}+/gu;

const ISOLATE = '\u2068';
const END_OF_ISOLATE = '\u2069';

/** The text with every such character named, once for each run of them. */
export function shown(text: string): string {
  const low = text.replace(PILE, '$1');
  const balanced = isBalanced(low);
  return low.replace(UNSEEN, (run, at: number) => {
    if (HARMLESS.test(run)) return run;
    if (JOINERS.test(run) && JOINED_BEFORE.test(low.slice(Math.max(0, at - 2), at))) return run;
    return run.replace(balanced ? /[^\n\t\u2068\u2069]+/gu : /[^\n\t]+/gu, (part) => {
      const [first = '', ...rest] = [...part];
      const name = `U+${(first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
      return rest.length === 0 ? `[${name}]` : `[${name} +${rest.length}]`;
    });
  });
}

/** Whether every isolate is closed, as in our own sentences: such a one changes nothing around it. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const [each] of text.matchAll(/[\u2066-\u2069]/g)) {
    if (each !== ISOLATE && each !== END_OF_ISOLATE) return false;
    depth += each === ISOLATE ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
