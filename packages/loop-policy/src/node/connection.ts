import type { OnReadOpts, Socket } from 'node:net';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { formatEndpoint, type ParsedEndpoint } from '../endpoint.js';
import { ConnectError, LoopClosedError, TlsError } from '../errors.js';
import type { ConnectOptions } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { TlsInfo } from '../tls.js';
import { Dial, tune } from './connect.js';
import type { Host } from './host.js';
import type { NodeLoop } from './node-loop.js';
import type { NodeTransport } from './node-transport.js';
import { awaitHandshake, shakeHands, speaksTls, type Secured } from './tls-handshake.js';
import { clientTls } from './tls-settings.js';

interface Made<P> {
  readonly transport: NodeTransport;
  readonly protocol: P;
}

/** Opens one connection of a loop: everything up to `connectionMade`, within one deadline. */
export async function connect<P extends AnyProtocol>(
  loop: NodeLoop,
  host: Host,
  factory: () => P,
  endpoint: ParsedEndpoint,
  options: ConnectOptions & Op,
): Promise<Made<P>> {
  const address = formatEndpoint(endpoint);
  const hostName = endpoint.kind === 'tcp' ? endpoint.host : undefined;
  const tls =
    options.tls === undefined ? undefined : clientTls(host, options.tls === true ? {} : options.tls, hostName);
  const isDialled = endpoint.kind !== 'fd';
  const timers = timersOf(options, loop);
  const scope = openCancelScope({ ...options, timers }, `connect to ${address}`);
  let giveUp = (): void => undefined;
  try {
    scope.throwIfCancelled();
    const made = new Promise<Made<P>>((resolve, reject) => {
      const reader = new SocketReader(host);
      let abandon = (): void => undefined;
      const fail: (error: unknown) => void = reject; // the factory's own error, whatever it threw
      const begin = (socket: Socket, info?: TlsInfo): void => {
        try {
          const path = endpoint.kind === 'unix' ? endpoint.path : undefined;
          const connection = loop.adopt(socket, factory, options, path, info);
          connection.transport.hostName = hostName;
          reader.transport = connection.transport;
          connection.transport.inbox.readsIntoSlab = reader.onread !== undefined && (tls === undefined || isDialled);
          connection.transport.start();
          resolve(connection);
        } catch (error) {
          socket.on('error', () => undefined); // it is being given up; its own end is of no interest
          socket.destroy();
          fail(error);
        }
      };
      const dial = new Dial(host, {
        endpoint,
        options,
        timers,
        tls: tls?.options,
        makeOnread: () => reader.onread,
        connected: (socket) => {
          if (tls === undefined) {
            begin(socket);
            return;
          }
          abandon = () => socket.destroy();
          const done = (outcome: Secured | TlsError): void => {
            if (outcome instanceof TlsError) reject(outcome);
            else begin(outcome.socket, outcome.info);
          };
          if (speaksTls(socket)) awaitHandshake(loop, tune(socket, options), tls, done);
          else shakeHands(loop, host, socket, tls, done);
        },
        failed: (cause) => {
          reject(new ConnectError(address, cause));
        },
      });
      giveUp = () => {
        dial.cancel();
        abandon();
        reject(new LoopClosedError('the loop was closed while a connection was being made'));
      };
      loop.connecting.add(giveUp);
      dial.start();
    });
    return await scope.race(made, giveUp);
  } finally {
    scope.close();
    loop.connecting.delete(giveUp);
  }
}

/** Has client sockets read into the loop's slab, or into the memory of a protocol that has its own. */
class SocketReader {
  transport: NodeTransport | undefined;
  readonly onread: OnReadOpts | undefined;

  constructor(host: Host) {
    // On Windows a read is given its memory before data is there, so sockets cannot share it.
    if (host.platform === 'win32') return;
    const { slab } = host;
    this.onread = {
      buffer: () => this.transport?.inbox.ownMemory ?? slab,
      callback: (byteCount, memory) => {
        this.transport?.inbox.readInto(memory, byteCount);
        return true;
      },
    };
  }
}
