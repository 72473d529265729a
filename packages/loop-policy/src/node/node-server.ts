import type * as Net from 'node:net';
import type { Timer } from '@millrace/timeouts';
import { formatEndpoint, type ParsedEndpoint } from '../endpoint.js';
import { ListenError, TlsError } from '../errors.js';
import type { ListenOptions } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { CloseReport, Server, ServerAddress } from '../server.js';
import type { TlsInfo } from '../tls.js';
import type { ConnectionInfo } from '../transport.js';
import { ConnectionSet } from './connection-set.js';
import type { Host } from './host.js';
import { listenOn } from './listening.js';
import type { NodeLoop } from './node-loop.js';
import type { NodeTransport } from './node-transport.js';
import { shakeHands } from './tls-handshake.js';
import { serverTls, type ServerTls } from './tls-settings.js';

const DEFAULT_GRACE_MS = 5000;

/** What a server gives each of its connections. */
interface Accepting {
  readonly factory: () => AnyProtocol;
  readonly options: ListenOptions;
  readonly path: string | undefined;
  readonly tls: ServerTls | undefined;
}

/** A `net.Server` whose connections are transports. */
export class NodeServer implements Server {
  readonly address: ServerAddress;
  readonly closed: Promise<CloseReport>;
  readonly #loop: NodeLoop;
  readonly #host: Host;
  readonly #server: Net.Server;
  readonly #accepting: Accepting;
  readonly #connections = new ConnectionSet<NodeTransport>();
  /** Sockets that have no protocol yet. */
  readonly #handshakes = new Set<Net.Socket>();
  readonly #cutPeers: ConnectionInfo[] = [];
  #resolveClosed: (report: Promise<CloseReport>) => void = () => undefined;
  #closing: Promise<CloseReport> | undefined;
  #cutTimer: Timer | undefined;
  #cutAtMs = Infinity;

  private constructor(loop: NodeLoop, host: Host, server: Net.Server, address: ServerAddress, accepting: Accepting) {
    this.#loop = loop;
    this.#host = host;
    this.#server = server;
    this.address = address;
    this.#accepting = accepting;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    server.on('connection', (socket) => {
      this.#arrived(socket);
    });
    // Accepting can fail later, for want of file descriptors say; the connections that are open go on.
    server.on('error', (error) => {
      loop.report(new ListenError(addressText(address), error));
    });
  }

  /**
   * @throws {ListenError} With the system's error as its cause.
   * @throws {TypeError} or {RangeError} If an option is not what it must be; nothing listens then.
   */
  static async listen(
    loop: NodeLoop,
    host: Host,
    factory: () => AnyProtocol,
    endpoint: ParsedEndpoint,
    options: ListenOptions,
  ): Promise<NodeServer> {
    const tls = options.tls === undefined ? undefined : serverTls(host, options.tls);
    const path = endpoint.kind === 'unix' ? endpoint.path : undefined;
    const accepting = { factory, options, path, tls };
    return listenOn(
      host,
      endpoint,
      options,
      (server, address) => new NodeServer(loop, host, server, address, accepting),
    );
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  close(options: { readonly graceMs?: number | undefined } = {}): Promise<CloseReport> {
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    if (typeof graceMs !== 'number' || !(graceMs >= 0)) {
      return Promise.reject(new RangeError(`expected graceMs to be 0 or more, got ${String(graceMs)}`));
    }
    if (this.#closing === undefined) this.#resolveClosed((this.#closing = this.#close()));
    this.#cutWithin(graceMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** For transports: `connectionLost` was called. */
  connectionEnded(transport: NodeTransport): void {
    this.#connections.delete(transport);
  }

  async #close(): Promise<CloseReport> {
    const open = this.#connections.size;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#handshakes) socket.destroy(); // they have no protocol, and owe nothing
    for (const transport of this.#connections) transport.requestClose();
    await closed;
    await this.#connections.emptied();
    this.#cutTimer?.cancel();
    this.#loop.serverEnded(this);
    const cut = this.#cutPeers.length;
    return { drained: open - cut, cut, cutPeers: this.#cutPeers };
  }

  /** Aborts what is left in `graceMs`, unless an earlier call asked for less. */
  #cutWithin(graceMs: number): void {
    const atMs = this.#loop.now() + graceMs;
    if (atMs >= this.#cutAtMs || this.#connections.size === 0) return;
    this.#cutAtMs = atMs;
    this.#cutTimer?.cancel();
    if (graceMs === 0 || this.#loop.isClosed) {
      this.#cut();
    } else {
      this.#cutTimer = this.#loop.callLater(graceMs, () => {
        this.#cut();
      });
    }
  }

  #cut(): void {
    for (const transport of this.#connections) {
      // One that only waits for the peer's end of data has finished and sent what it owed.
      if (!transport.isClosing || transport.bufferedBytes > 0) this.#cutPeers.push(transport.info);
      transport.abort();
    }
  }

  #arrived(socket: Net.Socket): void {
    const { tls } = this.#accepting;
    if (this.#closing !== undefined) giveUp(socket);
    else if (tls === undefined) this.#accept(socket, undefined);
    else this.#secure(socket, tls);
  }

  #secure(socket: Net.Socket, tls: ServerTls): void {
    this.#handshakes.add(socket);
    shakeHands(this.#loop, this.#host, socket, tls, (outcome) => {
      this.#handshakes.delete(socket);
      // Whoever cannot speak TLS with us is not worth a word: anybody on the network can do that.
      if (outcome instanceof TlsError) return;
      if (this.#closing === undefined) this.#accept(outcome.socket, outcome.info);
      else giveUp(outcome.socket);
    });
  }

  #accept(socket: Net.Socket, tls: TlsInfo | undefined): void {
    const { factory, options, path } = this.#accepting;
    const loop = this.#loop;
    loop.runCallback(() => {
      try {
        const { transport } = loop.adopt(socket, factory, options, path, tls);
        transport.server = this;
        this.#connections.add(transport);
        transport.start();
        if (this.#closing !== undefined) transport.requestClose(); // the factory closed its own server
      } catch (error) {
        giveUp(socket);
        if (!loop.isClosed) throw error;
      }
    });
  }
}

function giveUp(socket: Net.Socket): void {
  socket.on('error', () => undefined); // its own end is of no interest
  socket.destroy();
}

function addressText(address: ServerAddress): string {
  if (address.path !== undefined) return formatEndpoint({ kind: 'unix', path: address.path });
  return formatEndpoint({ kind: 'tcp', host: address.host, port: address.port });
}
