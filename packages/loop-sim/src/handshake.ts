import {
  ConnectError,
  formatEndpoint,
  type AnyProtocol,
  type ConnectOptions,
  type ParsedEndpoint,
} from '@millrace/loop-policy';
import { SystemError } from './errors.js';
import type { Link, Pending } from './link.js';
import { SimConnect } from './sim-connect.js';
import type { SimLoop } from './sim-loop.js';
import { listenerKey, type SimServer } from './sim-server.js';
import type { SimTransport } from './sim-transport.js';
import { wire, type Target } from './wire.js';

/** How long a system goes on asking a host that does not answer, as Linux does. */
const SYN_TIMEOUT_MS = 127_000;

/** What a connect comes to. */
export interface Made<P> {
  readonly transport: SimTransport;
  readonly protocol: P;
}

/** One way for the question, one for the answer, and a third one until the server may read. */
export class Handshake<P extends AnyProtocol> {
  private readonly _loop: SimLoop;
  private readonly _endpoint: ParsedEndpoint;
  private readonly _factory: () => P;
  private readonly _options: ConnectOptions;
  private readonly _resolve: (made: Made<P>) => void;
  private readonly _reject: (error: unknown) => void;
  private readonly _lane: number;
  /** What the question or the answer waits for, and the system's patience. */
  private readonly _pending: Pending[] = [];
  private _client: SimTransport | undefined;
  private _isOver = false;

  constructor(
    loop: SimLoop,
    endpoint: ParsedEndpoint,
    factory: () => P,
    options: ConnectOptions,
    resolve: (made: Made<P>) => void,
    reject: (error: unknown) => void,
  ) {
    this._loop = loop;
    this._endpoint = endpoint;
    this._factory = factory;
    this._options = options;
    this._resolve = resolve;
    this._reject = reject;
    this._lane = loop.host.simulation.newLane();
  }

  startSoon(): void {
    // Not the loop's: what a listener for connects throws is no callback's, and ends the run.
    this._loop.host.simulation.soon(() => {
      if (this._isOver) return;
      const target = this._find();
      if (target !== undefined) this._ask(target);
    });
  }

  /** Nobody waits for it any more: what was made meanwhile goes. */
  giveUp(): void {
    this._end();
    this._client?.abort();
  }

  private _end(): void {
    this._isOver = true;
    for (const pending of this._pending.splice(0)) pending.cancel();
  }

  private _fail(code: string, message: string): void {
    this._end();
    const { host } = this._loop;
    const address = formatEndpoint(this._endpoint);
    host.simulation.note(`${host.name} -> ${address}`, 'fails', 0, `${code}: ${message}`);
    this._reject(new ConnectError(address, new SystemError(code, message)));
  }

  private _find(): Target | undefined {
    const { _endpoint: endpoint, _loop: loop } = this;
    if (endpoint.kind === 'unix') return { host: loop.host, place: endpoint.path, hostName: undefined };
    if (endpoint.kind === 'fd') {
      this._fail('EBADF', 'a simulated host has no file descriptors');
      return undefined;
    }
    const host = loop.host.network.resolve(loop.host, endpoint.host);
    if (typeof host !== 'string') return { host, place: endpoint.port, hostName: endpoint.host };
    this._fail(host, `getaddrinfo ${host} ${endpoint.host}`);
    return undefined;
  }

  private _ask(target: Target): void {
    const { host } = this._loop;
    const { simulation, network } = host;
    const attempt = new SimConnect(host.name, target.host.name, target.place);
    simulation.note(`${host.name} -> ${target.host.name}:${target.place}`, 'connects');
    simulation.connecting(attempt);
    const patience = simulation.at(simulation.nowMs + SYN_TIMEOUT_MS, this._lane, () => {
      this._fail('ETIMEDOUT', 'connection timed out');
    });
    this._pending.push(patience);
    if (attempt.fate === 'hanging') return;
    const there = network.link(host, target.host);
    const back = network.link(target.host, host);
    this._pass(there, () => {
      const listener = attempt.fate === 'refused' ? undefined : listenerOf(target);
      if (listener === undefined) this._refuse(target, back);
      else this._accept(target, listener, back);
    });
  }

  private _refuse({ place }: Target, back: Link): void {
    this._pass(back, () => {
      if (typeof place === 'string') this._fail('ENOENT', 'no such file');
      else this._fail('ECONNREFUSED', 'connection refused');
    });
  }

  private _accept(target: Target, listener: SimServer, back: Link): void {
    const ends = wire(this._loop, listener, target, this._options);
    if (ends === undefined) {
      this._fail('EADDRNOTAVAIL', 'no port is free');
      return;
    }
    const { client, server } = ends;
    this._client = client;
    this._pass(back, () => {
      if (client.isLost) {
        this._fail('ECONNRESET', 'connection reset by the peer');
        return;
      }
      this._end();
      this._loop.host.simulation.note(client.pipe.name, 'connected');
      // The server hears of it before the first bytes, which take the same way.
      client.pipe.announce(() => {
        listener.accept(server);
      });
      this._introduce(client);
    });
  }

  private _introduce(client: SimTransport): void {
    this._loop.runCallback(() => {
      try {
        const protocol = this._factory();
        this._loop.checkOpen();
        client.prepare(protocol);
        client.start();
        this._resolve({ transport: client, protocol });
      } catch (error) {
        client.abort();
        this._reject(error);
      }
    });
  }

  private _pass(link: Link, arrive: () => void): void {
    this._pending.push(link.pass(this._lane, arrive));
  }
}

function listenerOf({ host, place, hostName }: Target): SimServer | undefined {
  const listener = hostName === '::1' ? host.listeners.get(listenerKey(place, true)) : undefined;
  return listener ?? host.listeners.get(listenerKey(place));
}
