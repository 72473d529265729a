import type * as Net from 'node:net';
import type { Timer } from '@millrace/timeouts';
import { formatEndpoint, type ParsedEndpoint } from '../endpoint.js';
import { ListenError } from '../errors.js';
import type { ListenOptions } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { CloseReport, Server, ServerAddress } from '../server.js';
import { ConnectionSet } from './connection-set.js';
import type { NodeLoop } from './node-loop.js';
import type { Host } from './host.js';
import type { NodeTransport } from './node-transport.js';

const DEFAULT_GRACE_MS = 5000;

/** A `net.Server` whose connections are transports. */
export class NodeServer implements Server {
  readonly address: ServerAddress;
  readonly #loop: NodeLoop;
  readonly #server: Net.Server;
  readonly #connections: ConnectionSet<NodeTransport>;
  #closing: Promise<CloseReport> | undefined;
  #cutTimer: Timer | undefined;
  #cutAtMs = Infinity;
  #cut = 0;

  private constructor(
    loop: NodeLoop,
    server: Net.Server,
    connections: ConnectionSet<NodeTransport>,
    address: ServerAddress,
  ) {
    this.#loop = loop;
    this.#server = server;
    this.#connections = connections;
    this.address = address;
  }

  /** @throws {ListenError} With the system's error as its cause. */
  static listen(
    loop: NodeLoop,
    host: Host,
    factory: () => AnyProtocol,
    endpoint: ParsedEndpoint,
    options: ListenOptions,
  ): Promise<NodeServer> {
    const connections = new ConnectionSet<NodeTransport>();
    const path = endpoint.kind === 'unix' ? endpoint.path : undefined;
    const server = host.net.createServer({ allowHalfOpen: true, noDelay: options.noDelay ?? true });
    server.on('connection', (socket) => {
      accept(loop, socket, factory, options, path, connections);
    });
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        reject(new ListenError(formatEndpoint(endpoint), error));
      };
      server.once('error', onError);
      server.listen({ ...listenTarget(endpoint), backlog: options.backlog ?? 511 }, () => {
        server.off('error', onError);
        // Accepting can fail later, for want of file descriptors say; the connections that are open go on.
        server.on('error', (error) => {
          loop.report(error);
        });
        resolve(new NodeServer(loop, server, connections, addressOf(server, endpoint)));
      });
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  close(options: { readonly graceMs?: number | undefined } = {}): Promise<CloseReport> {
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    if (!(graceMs >= 0)) return Promise.reject(new RangeError(`expected graceMs to be 0 or more, got ${graceMs}`));
    this.#closing ??= this.#close();
    this.#cutWithin(graceMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<CloseReport> {
    const open = this.#connections.size;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const transport of this.#connections) transport.close();
    await closed;
    await this.#connections.emptied();
    this.#cutTimer?.cancel();
    this.#loop.serverEnded(this);
    return { drained: Math.max(0, open - this.#cut), cut: this.#cut, cutPeers: [] };
  }

  /** Aborts what is left in `graceMs`, unless an earlier call asked for less. */
  #cutWithin(graceMs: number): void {
    const atMs = this.#loop.now() + graceMs;
    if (atMs >= this.#cutAtMs || this.#connections.size === 0) return;
    this.#cutAtMs = atMs;
    this.#cutTimer?.cancel();
    const cut = (): void => {
      for (const transport of this.#connections) {
        // One that only waits for the peer's end of data has sent what it owed.
        if (transport.bufferedBytes > 0) this.#cut++;
        transport.abort();
      }
    };
    if (graceMs === Infinity) return;
    if (graceMs === 0 || this.#loop.isClosed) cut();
    else this.#cutTimer = this.#loop.callLater(graceMs, cut);
  }
}

function accept(
  loop: NodeLoop,
  socket: Net.Socket,
  factory: () => AnyProtocol,
  options: ListenOptions,
  path: string | undefined,
  connections: ConnectionSet<NodeTransport>,
): void {
  loop.runCallback(() => {
    try {
      const { transport } = loop.adopt(socket, factory, options, path);
      connections.add(transport);
      socket.once('close', () => {
        connections.delete(transport);
      });
      transport.start();
    } catch (error) {
      socket.on('error', () => undefined); // it is being given up; its own end is of no interest
      socket.destroy();
      if (!loop.isClosed) throw error;
    }
  });
}

function listenTarget(endpoint: ParsedEndpoint): Net.ListenOptions | { fd: number } {
  if (endpoint.kind === 'unix') return { path: endpoint.path };
  if (endpoint.kind === 'fd') return { fd: endpoint.fd };
  return { host: endpoint.host, port: endpoint.port };
}

function addressOf(server: Net.Server, endpoint: ParsedEndpoint): ServerAddress {
  const address = server.address();
  if (address !== null && typeof address === 'object') return { host: address.address, port: address.port };
  return { path: typeof address === 'string' ? address : endpoint.kind === 'unix' ? endpoint.path : '' };
}
