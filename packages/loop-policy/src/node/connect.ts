import type { LookupAddress } from 'node:dns';
import type { OnReadOpts, Socket, TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { TimerSource, Timer } from '@millrace/timeouts';
import { checkDuration } from '../check-options.js';
import type { ParsedEndpoint } from '../endpoint.js';
import type { ConnectOptions } from '../loop.js';
import type { Host } from './host.js';

const DEFAULT_ATTEMPT_DELAY_MS = 250;
const LEAST_ATTEMPT_DELAY_MS = 10;

/** Makes one socket; `onread` receives what it reads. */
export interface DialOptions {
  readonly endpoint: ParsedEndpoint;
  readonly options: ConnectOptions;
  /** Speak TLS; `connected` gets a socket then that has begun its handshake, but for a descriptor. */
  readonly tls: ConnectionOptions | undefined;
  /** Made for each attempt; `undefined` where sockets must not share memory. */
  readonly makeOnread: () => OnReadOpts | undefined;
  readonly timers: TimerSource;
  /** Called once, when the socket is connected and has read nothing; not after `failed` or `cancel`. */
  readonly connected: (socket: Socket) => void;
  /** Called once, when no address can be reached; with the only error, or all of them. */
  readonly failed: (cause: unknown) => void;
}

/**
 * Connects to whichever of a host's addresses answers first.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8305 | RFC 8305, Happy Eyeballs}
 */
export class Dial {
  private readonly _host: Host;
  private readonly _how: DialOptions;
  private readonly _delayMs: number;
  private readonly _attempts = new Set<Socket>();
  private readonly _errors: unknown[] = [];
  private _waiting: string[] = [];
  private _timer: Timer | undefined;
  private _isOver = false;

  /** @throws {TypeError} or {RangeError} If an option is not what it must be. */
  constructor(host: Host, how: DialOptions) {
    this._host = host;
    this._how = how;
    this._delayMs = how.options.attemptDelayMs ?? DEFAULT_ATTEMPT_DELAY_MS;
    checkDuration(this._delayMs, 'attemptDelayMs', LEAST_ATTEMPT_DELAY_MS);
    const { localAddress } = how.options;
    if (localAddress === undefined || (typeof localAddress === 'string' && host.net.isIP(localAddress) !== 0)) return;
    throw new TypeError(`expected localAddress to be an IP address, got ${localAddress}`);
  }

  start(): void {
    const { endpoint } = this._how;
    if (endpoint.kind === 'tcp') this._lookUp(endpoint.host);
    else if (endpoint.kind === 'unix') this._attempt(() => this._openPath(endpoint.path));
    else this._adopt(endpoint.fd);
  }

  /** Gives up; nobody is told. */
  cancel(): void {
    if (this._isOver) return;
    this._end();
    for (const socket of this._attempts) socket.destroy();
  }

  private _lookUp(name: string): void {
    if (this._host.net.isIP(name) !== 0) {
      this._tryAll([name]);
      return;
    }
    // The system's resolver cannot be called off; what it says later is not listened to.
    this._host.dns.lookup(name, { all: true, verbatim: true }, (error, found) => {
      if (this._isOver) return;
      if (error === null) this._tryAll(interleave(found));
      else this._fail(error);
    });
  }

  private _tryAll(addresses: string[]): void {
    this._waiting = addresses;
    this._tryNext();
  }

  private _tryNext(): void {
    this._timer?.cancel();
    this._timer = undefined;
    const address = this._waiting.shift();
    if (address === undefined) {
      if (this._attempts.size === 0) this._fail(this._errors.length === 1 ? this._errors[0] : this._allErrors());
      return;
    }
    if (this._waiting.length > 0) {
      this._timer = this._how.timers.callLater(this._delayMs, () => {
        this._tryNext();
      });
    }
    this._attempt(() => this._openAddress(address));
  }

  private _attempt(open: () => Socket): void {
    let socket: Socket;
    try {
      socket = open();
    } catch (error) {
      this._lost(error); // a local address that is none, say
      return;
    }
    this._attempts.add(socket);
    let failure: unknown;
    const onError = (error: unknown): void => {
      failure = error;
    };
    const onClose = (): void => {
      this._attempts.delete(socket);
      this._lost(failure ?? new Error('the connection was given up'));
    };
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once('connect', () => {
      if (this._isOver) return;
      socket.off('close', onClose);
      this._attempts.delete(socket);
      this._end();
      for (const loser of this._attempts) loser.destroy();
      this._how.connected(socket);
      socket.off('error', onError);
    });
  }

  private _lost(error: unknown): void {
    if (this._isOver) return;
    this._errors.push(error);
    this._tryNext();
  }

  private _fail(cause: unknown): void {
    this._end();
    this._how.failed(cause);
  }

  private _end(): void {
    this._isOver = true;
    this._timer?.cancel();
  }

  private _allErrors(): AggregateError {
    return new AggregateError(this._errors, 'no address of the host could be reached');
  }

  private _openAddress(address: string): Socket {
    const { endpoint, options } = this._how;
    const { localAddress, keepAliveMs, noDelay = true } = options;
    const to = {
      host: address,
      port: endpoint.kind === 'tcp' ? endpoint.port : 0,
      localAddress,
      noDelay,
      keepAlive: keepAliveMs !== undefined,
      keepAliveInitialDelay: keepAliveMs,
      allowHalfOpen: true,
      onread: this._how.makeOnread(),
    } as TcpNetConnectOpts;
    const { tls } = this._how;
    return tls === undefined ? this._host.net.connect(to) : this._host.tls.connect({ ...to, ...tls });
  }

  private _openPath(path: string): Socket {
    const to = { ...this._common(), path };
    const { tls } = this._how;
    return tls === undefined ? this._host.net.connect(to) : this._host.tls.connect({ ...to, ...tls });
  }

  /** A descriptor that is connected already, handed over by whoever started us, say. */
  private _adopt(fd: number): void {
    let socket: Socket;
    try {
      // What TLS reads from the socket is for nobody else.
      const common = this._how.tls === undefined ? this._common() : { allowHalfOpen: true };
      socket = tune(new this._host.net.Socket({ ...common, fd, readable: true, writable: true }), this._how.options);
    } catch (error) {
      this._fail(error);
      return;
    }
    this._end();
    this._how.connected(socket);
  }

  private _common(): { allowHalfOpen: true; onread?: OnReadOpts } {
    const onread = this._how.makeOnread();
    return onread === undefined ? { allowHalfOpen: true } : { allowHalfOpen: true, onread };
  }
}

/** Sets what sockets leave out that are not made by `net.connect`; does nothing to one that is not TCP. */
export function tune<S extends Socket>(socket: S, { noDelay = true, keepAliveMs }: ConnectOptions): S {
  socket.setNoDelay(noDelay);
  if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
  return socket;
}

/** Takes turns between the families, beginning with the one that the resolver prefers. */
function interleave(found: readonly LookupAddress[]): string[] {
  const preferred = found.filter(({ family }) => family === found[0]?.family);
  const others = found.filter(({ family }) => family !== found[0]?.family);
  const order: string[] = [];
  for (let i = 0; i < found.length; i++) {
    for (const next of [preferred[i], others[i]]) if (next !== undefined) order.push(next.address);
  }
  return order;
}
