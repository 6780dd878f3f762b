// The real host: the desktop's three commands.
import { Channel, invoke } from '@tauri-apps/api/core';
import type { Query, Reply, Request, View } from './bindings';
import type { Host } from './host';

/** What the desktop tells the page before any script of the page runs. */
type Start = { readonly invite: string | null };

/** The desktop's window. Argument names are those of the commands in `src-tauri`. */
export function tauriHost(): Host {
  const { invite } = (window as unknown as { pursuanceStart?: Start }).pursuanceStart ?? { invite: null };
  return {
    ...(invite === null ? {} : { invite }),
    request: (request: Request) => invoke<Reply>('request', { request }),
    view: (query: Query) => invoke<View>('view', { query }),
    async watch(onSeq) {
      const channel = new Channel<number>();
      channel.onmessage = onSeq;
      await invoke('watch', { channel });
    },
  };
}
