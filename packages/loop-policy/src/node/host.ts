import type * as Crypto from 'node:crypto';
import type * as Net from 'node:net';

/** What this loop takes from the host. */
export interface Host {
  readonly net: typeof Net;
  readonly crypto: typeof Crypto;
  readonly platform: string;
  /**
   * Memory into which client sockets are read: one for the process, so that each loop knows the others' borrowed chunks.
   */
  readonly slab: Uint8Array;
  setImmediate(fn: () => void): unknown;
  clearImmediate(handle: unknown): void;
}

/** One read of a client socket; also what libuv asks for. */
const SLAB_BYTES = 64 * 1024;

// Under a registered symbol, so that two copies of this package know each other's borrowed chunks.
const SLAB = Symbol.for('millrace.loop-policy.slab');
const shared = globalThis as { [SLAB]?: Uint8Array | undefined };

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
      slab: (shared[SLAB] ??= new Uint8Array(SLAB_BYTES)),
      setImmediate: (fn) => setImmediate(fn),
      clearImmediate: (handle) => {
        clearImmediate(handle as NodeJS.Immediate);
      },
    };
  }
  return host;
}
