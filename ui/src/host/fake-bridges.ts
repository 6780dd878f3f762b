// Bridges of the fake host: lines are looked at as the node does, roughly; some addresses stand for what cannot be had here.
import type { BridgesView, Trouble } from './bindings';

export const NO_BRIDGES: BridgesView = { lines: '', lacksProgram: false };

/** Bridges by their lines. 198.51.100.* needs a program that is not there. */
export function bridgesOf(lines: string): BridgesView {
  for (const [at, line] of lines.split('\n').entries()) {
    const words = line.trim().split(/\s+/).filter((word) => word !== '' && word !== 'Bridge');
    if (words.length === 0) continue;
    const transport = words[0]!.includes(':') ? null : words.shift()!;
    if (transport !== null && transport !== 'obfs4') throw { code: 'bridgeTransport', line: at + 1 } satisfies Trouble;
    if (!/^[0-9A-F]{40}$/.test(words[1] ?? '')) throw { code: 'notABridge', line: at + 1 } satisfies Trouble;
  }
  return { lines, lacksProgram: lines.includes('198.51.100.') };
}
