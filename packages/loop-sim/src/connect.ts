import {
  formatEndpoint,
  parseEndpoint,
  TlsError,
  type AnyProtocol,
  type ConnectOptions,
  type Endpoint,
} from '@millrace/loop-policy';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { Handshake, type Made } from './handshake.js';
import type { SimLoop } from './sim-loop.js';

/** Opens a connection from a loop. */
export async function connect<P extends AnyProtocol>(
  loop: SimLoop,
  factory: () => P,
  endpoint: Endpoint,
  options: ConnectOptions & Op,
): Promise<Made<P>> {
  loop.checkOpen();
  const parsed = parseEndpoint(endpoint);
  const address = formatEndpoint(parsed);
  if (options.tls !== undefined) throw new TlsError('a simulated connection has no TLS');
  const scope = openCancelScope({ ...options, timers: timersOf(options, loop) }, `connect to ${address}`);
  let handshake: Handshake<P> | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  try {
    scope.throwIfCancelled();
    const made = new Promise<Made<P>>((resolve, reject) => {
      giveUp = reject;
      loop.connecting.set(reject, address);
      handshake = new Handshake(loop, parsed, factory, options, resolve, reject);
      handshake.startSoon();
    });
    return await scope.race(made);
  } catch (error) {
    handshake?.giveUp();
    throw error;
  } finally {
    scope.close();
    if (giveUp !== undefined) loop.connecting.delete(giveUp);
  }
}
