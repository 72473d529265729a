import type { Socket } from 'node:net';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { TlsError } from '../errors.js';
import type { StartTlsOptions } from '../tls.js';
import type { Host } from './host.js';
import type { NodeLoop } from './node-loop.js';
import { shakeHands, type Secured } from './tls-handshake.js';
import { clientTls, lastServerTls, type TlsSettings } from './tls-settings.js';

/** What an upgrade asks of its transport. */
export interface Upgradable {
  readonly loop: NodeLoop;
  /** The host that was connected to, if it was us who did. */
  readonly hostName: string | undefined;
  /**
   * Gives what was written to the socket, and neither reads nor writes from then on.
   *
   * @throws {TransportClosedError} If it is ending, or speaks TLS already; nothing changes.
   */
  beginUpgrade(): void;
  /** Bytes that arrived and that the protocol has not seen. */
  readonly unseenBytes: number;
  /** Whether there is nobody any more to shake hands with. */
  readonly hasPeerEnded: boolean;
  /** Resolves when what was written has left; rejects if it never will. */
  written(): Promise<void>;
  /** Gives the socket away. @throws Why the transport was ended meanwhile, which is its own matter then. */
  releaseSocket(): Socket;
  /** The handshake is done. */
  upgraded(secured: Secured): void;
  /** There was none, and the socket is closed. @returns Why, if it was we who ended it. */
  upgradeFailed(error: TlsError): Error | undefined;
  abort(error?: Error): void;
}

/**
 * Changes a transport to TLS.
 *
 * The order matters: the callback that asked for it ends; what arrived by then and was not delivered came in the clear,
 * and must not be taken for something that TLS protects; what was written leaves in the clear; only then there is TLS.
 */
export async function upgradeToTls(transport: Upgradable, host: Host, options: StartTlsOptions & Op): Promise<void> {
  const settings =
    options.side === 'server' ? lastServerTls(host, options) : clientTls(host, options, transport.hostName);
  const scope = openCancelScope({ ...options, timers: timersOf(options, transport.loop) }, 'startTls');
  try {
    transport.beginUpgrade();
    await scope.race(upgrade(transport, host, settings)).catch((error: unknown) => {
      transport.abort(error instanceof Error ? error : new TlsError('TLS was given up', { cause: error }));
      throw error;
    });
  } finally {
    scope.close();
  }
}

async function upgrade(transport: Upgradable, host: Host, settings: TlsSettings): Promise<void> {
  await Promise.resolve(); // the running callback ends
  const bytes = transport.unseenBytes;
  if (bytes > 0) {
    throw new TlsError(`expected nothing from the peer before the TLS handshake, got ${bytes} bytes in the clear`);
  }
  if (transport.hasPeerEnded) throw new TlsError('the peer ended the connection before the TLS handshake');
  await transport.written();
  await new Promise<void>((resolve, reject) => {
    shakeHands(transport.loop, host, transport.releaseSocket(), settings, (outcome) => {
      if (outcome instanceof TlsError) {
        reject(transport.upgradeFailed(outcome) ?? outcome);
      } else {
        transport.upgraded(outcome);
        resolve();
      }
    });
  });
}
