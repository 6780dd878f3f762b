// The text of the filter as words: what the chips beside it read and write. What the words mean, the node decides.

/** The words of a filter; what stands in quotes stays together. */
export function filterWords(text: string): string[] {
  return text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** Whether a word is among them. */
export function hasWord(text: string, word: string): boolean {
  return filterWords(text).some((each) => each.toLowerCase() === word.toLowerCase());
}

/** Puts a word at the end, or takes it out where it is there; `instead` goes out in any case. */
export function toggleWord(text: string, word: string, instead: (other: string) => boolean = () => false): string {
  const had = hasWord(text, word);
  const words = filterWords(text).filter((each) => each.toLowerCase() !== word.toLowerCase() && !instead(each));
  return (had ? words : [...words, word]).join(' ');
}

/** The word that asks for a label. */
export function labelWord(label: string): string {
  return /\s/.test(label) ? `label:"${label}"` : `#${label}`;
}

/** The label that a word asks for, if it asks for one. */
export function labelOf(word: string): string | null {
  return /^(?:#|label:)"?([^"]+)"?$/i.exec(word)?.[1] ?? null;
}
