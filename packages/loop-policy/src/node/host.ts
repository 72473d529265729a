import type * as Crypto from 'node:crypto';
import type * as Net from 'node:net';

/** What this loop takes from the host. */
export interface Host {
  readonly net: typeof Net;
  readonly crypto: typeof Crypto;
  readonly platform: string;
  setImmediate(fn: () => void): unknown;
  clearImmediate(handle: unknown): void;
}

let host: Host | undefined;

/**
 * Obtains the host's modules on first use, so that importing this package costs nothing and works where there are none.
 *
 * @throws {Error} Where the runtime has no `process.getBuiltinModule`.
 */
export function nodeHost(): Host {
  if (host === undefined) {
    const { process } = globalThis as { process?: Partial<NodeJS.Process> };
    if (process?.getBuiltinModule === undefined) {
      throw new Error('the node loop needs a runtime with process.getBuiltinModule (Node 20.16 or newer)');
    }
    host = {
      net: process.getBuiltinModule('node:net'),
      crypto: process.getBuiltinModule('node:crypto'),
      platform: process.platform ?? '',
      setImmediate: (fn) => setImmediate(fn),
      clearImmediate: (handle) => {
        clearImmediate(handle as NodeJS.Immediate);
      },
    };
  }
  return host;
}
