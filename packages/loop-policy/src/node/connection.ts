import type { OnReadOpts, Socket } from 'node:net';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { formatEndpoint, type ParsedEndpoint } from '../endpoint.js';
import { ConnectError, LoopClosedError } from '../errors.js';
import type { ConnectOptions } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import { Dial } from './connect.js';
import type { Host } from './host.js';
import type { NodeLoop } from './node-loop.js';
import type { NodeTransport } from './node-transport.js';

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
  const timers = timersOf(options, loop);
  const scope = openCancelScope({ ...options, timers }, `connect to ${address}`);
  let giveUp = (): void => undefined;
  try {
    scope.throwIfCancelled();
    const made = new Promise<Made<P>>((resolve, reject) => {
      const reader = new SocketReader(host);
      const dial = new Dial(host, {
        endpoint,
        options,
        timers,
        makeOnread: () => reader.onread,
        connected: (socket) => {
          try {
            const path = endpoint.kind === 'unix' ? endpoint.path : undefined;
            const connection = loop.adopt(socket, factory, options, path);
            reader.transport = connection.transport;
            connection.transport.start();
            resolve(connection);
          } catch (error) {
            socket.on('error', () => undefined); // it is being given up; its own end is of no interest
            socket.destroy();
            reject(error as Error);
          }
        },
        failed: (cause) => {
          reject(new ConnectError(address, cause));
        },
      });
      giveUp = () => {
        dial.cancel();
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
      buffer: () => this.transport?.ownMemory ?? slab,
      callback: (byteCount, memory) => {
        this.transport?.readInto(memory, byteCount);
        return true;
      },
    };
  }
}
