// When each sentence appears, and when it must not: in every situation the screen is asked for all of them.
import { describe, expect, it } from 'vitest';
import { everyWord, isSaid, NEVER, sentenceKeys } from './sentences';
import { ABOUT_STATUS, make, SITUATIONS, type Situation } from './situations';
import { WHEN } from './when';

const situations = Object.keys(SITUATIONS) as Situation[];

/** Whether a sentence belongs to a situation; a `*` stands for any rest. */
function belongs(key: string, situation: Situation): boolean {
  return (WHEN[key] ?? []).some((each) => (each.endsWith('*') ? situation.startsWith(each.slice(0, -1)) : situation === each));
}

describe('each situation says what is so, and nothing else', () => {
  it.each(situations)('%s', async (situation) => {
    await make(situation);
    // The status goes on below everything else; what it says is asked where it is what differs.
    const asked = sentenceKeys().filter((key) => !key.startsWith('status.') || situation in ABOUT_STATUS);
    expect(asked.filter(isSaid)).toEqual(asked.filter((key) => belongs(key, situation)));
    expect(everyWord()).not.toMatch(NEVER);
  });
});

describe('the table', () => {
  it('has each sentence, with a situation in which it is said and one in which it is not', () => {
    const keys = sentenceKeys();
    expect(Object.keys(WHEN).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      const said = situations.filter((situation) => belongs(key, situation)).length;
      expect(said, key).toBeGreaterThan(0);
      expect(said, key).toBeLessThan(situations.length);
    }
  });

  it('names no situation that there is not', () => {
    for (const [key, those] of Object.entries(WHEN)) {
      for (const each of those) expect(situations.some((situation) => belongs(key, situation) && (each.endsWith('*') ? situation.startsWith(each.slice(0, -1)) : situation === each)), `${key}: ${each}`).toBe(true);
    }
  });
});
