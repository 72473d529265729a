import type * as Crypto from 'node:crypto';
import type * as Dgram from 'node:dgram';
import type * as Dns from 'node:dns';
import type * as Net from 'node:net';
import type * as Tls from 'node:tls';

/** What this loop takes from the host. */
export interface Host {
  // Obtained on first use: most programs do not need all of them, or not at once.
  readonly net: typeof Net;
  readonly crypto: typeof Crypto;
  readonly dns: typeof Dns;
  readonly tls: typeof Tls;
  readonly dgram: typeof Dgram;
  readonly platform: string;
  /**
   * Memory into which client sockets are read: one for the process, so that each loop knows the others' borrowed chunks.
   */
  readonly slab: Uint8Array<ArrayBuffer>;
  setImmediate(fn: () => void): void;
}

/** One read of a client socket; also what libuv asks for. */
const SLAB_BYTES = 64 * 1024;

// Under a registered symbol, so that two copies of this package know each other's borrowed chunks.
const SLAB = Symbol.for('millrace.loop-policy.slab');
const shared = globalThis as { [SLAB]?: Uint8Array<ArrayBuffer> | undefined };

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
    host = new NodeHost(process.getBuiltinModule.bind(process), process.platform ?? '');
  }
  return host;
}

class NodeHost implements Host {
  readonly platform: string;
  readonly slab = (shared[SLAB] ??= new Uint8Array(SLAB_BYTES));
  private readonly _getModule: typeof process.getBuiltinModule;
  private _net: typeof Net | undefined;

  constructor(getModule: typeof process.getBuiltinModule, platform: string) {
    this._getModule = getModule;
    this.platform = platform;
  }

  get net(): typeof Net {
    return (this._net ??= this._getModule('node:net')); // kept, since every connection asks for it
  }

  get crypto(): typeof Crypto {
    return this._getModule('node:crypto');
  }

  get dns(): typeof Dns {
    return this._getModule('node:dns');
  }

  get tls(): typeof Tls {
    return this._getModule('node:tls');
  }

  get dgram(): typeof Dgram {
    return this._getModule('node:dgram');
  }

  setImmediate(fn: () => void): void {
    setImmediate(fn);
  }
}
