import {
  ListenError,
  formatEndpoint,
  parseEndpoint,
  type AnyProtocol,
  type CloseReport,
  type ConnectionInfo,
  type Endpoint,
  type ListenOptions,
  type ParsedEndpoint,
  type Server,
  type ServerAddress,
  type WriteWatermarks,
} from '@millrace/loop-policy';
import { ConnectionSet } from '@millrace/loop-policy/kit';
import type { Timer } from '@millrace/timeouts';
import { SystemError } from './errors.js';
import { isLocal } from './network.js';
import type { SimLoop } from './sim-loop.js';
import type { SimTransport } from './sim-transport.js';

const DEFAULT_GRACE_MS = 5000;

/** A simulated host's listening socket. */
export class SimServer implements Server {
  readonly address: ServerAddress;
  readonly closed: Promise<CloseReport>;
  readonly loop: SimLoop;
  readonly watermarks: WriteWatermarks | undefined;
  private readonly _key: string;
  private readonly _factory: () => AnyProtocol;
  private readonly _connections = new ConnectionSet<SimTransport>();
  private _resolveClosed!: (report: Promise<CloseReport>) => void;
  private _closing: Promise<CloseReport> | undefined;
  private _cutAtMs = Infinity;
  private _cutTimer: Timer | undefined;
  private readonly _cut: ConnectionInfo[] = [];

  private constructor(
    loop: SimLoop,
    factory: () => AnyProtocol,
    address: ServerAddress,
    key: string,
    watermarks: WriteWatermarks | undefined,
  ) {
    this.loop = loop;
    this._factory = factory;
    this.address = address;
    this.watermarks = watermarks;
    this._key = key;
    this.closed = new Promise((resolve) => (this._resolveClosed = resolve));
  }

  /** @throws {ListenError} If somebody listens there, or the address is not the host's. */
  static listen(loop: SimLoop, factory: () => AnyProtocol, endpoint: Endpoint, options: ListenOptions): SimServer {
    const { host } = loop;
    const parsed = parseEndpoint(endpoint);
    const refuse = (code: string, message: string): never => {
      throw new ListenError(formatEndpoint(parsed), new SystemError(code, message));
    };
    if (options.tls !== undefined) refuse('ENOTSUP', 'a simulated connection has no TLS');
    const address = addressOf(loop, parsed, refuse);
    const key = listenerKey(address.port ?? address.path, options.ipv6Only === true);
    const server = new SimServer(loop, factory, address, key, options.watermarks);
    if (host.listeners.has(key)) refuse('EADDRINUSE', 'address in use');
    host.listeners.set(key, server);
    host.simulation.note(host.name, 'listens', 0, `on ${server.name}`);
    return server;
  }

  /** For messages. */
  get name(): string {
    return this._key;
  }

  get connectionCount(): number {
    return this._connections.size;
  }

  /** Gives a connection its protocol. */
  accept(transport: SimTransport): void {
    if (transport.isClosing) return;
    if (this._isClosing()) {
      transport.abort();
      return;
    }
    this.loop.runCallback(() => {
      try {
        const protocol = this._factory();
        if (!this._isClosing()) transport.prepare(protocol);
      } catch (error) {
        transport.abort();
        throw error;
      }
      if (this._isClosing()) {
        transport.abort();
        return;
      }
      this._connections.add(transport);
      transport.onLost = () => {
        this._connections.delete(transport);
      };
      transport.start();
    });
  }

  close(options: { readonly graceMs?: number | undefined } = {}): Promise<CloseReport> {
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    if (!(graceMs >= 0)) return Promise.reject(new RangeError(`expected graceMs to be 0 or more, got ${graceMs}`));
    if (this._closing === undefined) this._resolveClosed((this._closing = this._close()));
    this._cutWithin(graceMs);
    return this._closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async _close(): Promise<CloseReport> {
    const open = this._connections.size;
    this.loop.host.listeners.delete(this._key);
    for (const transport of this._connections) transport.requestClose();
    await this._connections.emptied();
    this._cutTimer?.cancel();
    this.loop.serverEnded(this);
    return { drained: open - this._cut.length, cut: this._cut.length, cutPeers: this._cut };
  }

  /** Asked anew after a factory ran, which may have closed the server. */
  private _isClosing(): boolean {
    return this._closing !== undefined;
  }

  private _cutWithin(graceMs: number): void {
    const atMs = this.loop.now() + graceMs;
    if (atMs >= this._cutAtMs || this._connections.size === 0) return;
    this._cutAtMs = atMs;
    this._cutTimer?.cancel();
    const cut = (): void => {
      for (const transport of this._connections) {
        if (transport.bufferedBytes > 0 || !transport.isClosing) this._cut.push(transport.info);
        transport.abort();
      }
    };
    if (graceMs === Infinity) return;
    if (graceMs === 0 || this.loop.isClosed) cut();
    else this._cutTimer = this.loop.callLater(graceMs, cut);
  }
}

/** Under what a host knows who listens. */
export function listenerKey(portOrPath: number | string, isIpv6Only = false): string {
  if (typeof portOrPath === 'string') return `unix:${portOrPath}`;
  return `${isIpv6Only ? 'tcp6' : 'tcp'}:${portOrPath}`;
}

function addressOf(
  { host }: SimLoop,
  endpoint: ParsedEndpoint,
  refuse: (code: string, message: string) => never,
): ServerAddress {
  if (endpoint.kind === 'unix') return { path: endpoint.path };
  if (endpoint.kind === 'fd') return refuse('EBADF', 'a simulated host has no file descriptors');
  if (!isLocal(endpoint.host) && host.network.resolve(host, endpoint.host) !== host) {
    return refuse('EADDRNOTAVAIL', 'address not available');
  }
  const port = endpoint.port === 0 ? host.freePort() : endpoint.port;
  if (port === undefined) return refuse('EADDRINUSE', 'no port is free');
  return { host: endpoint.host === 'localhost' ? '127.0.0.1' : endpoint.host, port };
}
