// The real host: the desktop's three commands.
import { Channel, invoke } from '@tauri-apps/api/core';
import type { Query, Reply, Request, View } from './bindings';
import type { Host } from './host';

/** What the desktop says on the channel (`Heard` in `src-tauri`). */
type Heard = { kind: 'seq'; seq: number } | { kind: 'invite'; link: string } | { kind: 'lost' };

/** The desktop's window. Argument names are those of the commands in `src-tauri`. */
export function tauriHost(): Host {
  return {
    request: (request: Request) => invoke<Reply>('request', { request }),
    view: (query: Query) => invoke<View>('view', { query }),
    async watch(onSeq, onInvite, onLost) {
      const channel = new Channel<Heard>();
      channel.onmessage = (heard) => {
        if (heard.kind === 'seq') onSeq(heard.seq);
        else if (heard.kind === 'invite') onInvite(heard.link);
        else onLost();
      };
      await invoke('watch', { channel });
    },
  };
}
