import {
  ConnectError,
  formatEndpoint,
  parseEndpoint,
  TlsError,
  type AnyProtocol,
  type ConnectOptions,
  type Endpoint,
  type ParsedEndpoint,
} from '@millrace/loop-policy';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { SystemError } from './errors.js';
import { Pipe } from './pipe.js';
import { SimConnection } from './sim-connection.js';
import { infoOf, type SimHost } from './sim-host.js';
import { listenerKey } from './sim-server.js';
import type { SimLoop } from './sim-loop.js';
import { SimTransport } from './sim-transport.js';

/** How long a system goes on asking a host that does not answer, as Linux does. */
const SYN_TIMEOUT_MS = 127_000;

interface Attempt {
  readonly loop: SimLoop;
  readonly address: string;
  readonly target: SimHost;
  readonly key: number | string;
  /** As it was asked for. */
  readonly hostName: string | undefined;
  /** Whether the answer is of no interest any more. */
  readonly state: { readonly isOver: boolean };
}

/** Opens a connection: one way for the question, one for the answer, and a third one until the server may read. */
export async function connect<P extends AnyProtocol>(
  loop: SimLoop,
  factory: () => P,
  endpoint: Endpoint,
  options: ConnectOptions & Op,
): Promise<{ transport: SimTransport; protocol: P }> {
  loop.checkOpen();
  const parsed = parseEndpoint(endpoint);
  const address = formatEndpoint(parsed);
  if (options.tls !== undefined) throw new TlsError('a simulated connection has no TLS');
  const scope = openCancelScope({ ...options, timers: timersOf(options, loop) }, `connect to ${address}`);
  const state = { isOver: false };
  let giveUp: ((error: Error) => void) | undefined;
  try {
    scope.throwIfCancelled();
    const made = new Promise<{ transport: SimTransport; protocol: P }>((resolve, reject) => {
      giveUp = reject;
      loop.connecting.set(reject, address);
      loop.soon(() => {
        if (state.isOver) return;
        try {
          knock({ loop, address, state, ...find(loop, parsed) }, factory, options, resolve, reject);
        } catch (error) {
          reject(new ConnectError(address, error));
        }
      });
    });
    return await scope.race(made);
  } finally {
    scope.close();
    state.isOver = true;
    if (giveUp !== undefined) loop.connecting.delete(giveUp);
  }
}

/** @throws {SystemError} If there is no such host. */
function find(loop: SimLoop, endpoint: ParsedEndpoint): Pick<Attempt, 'target' | 'key' | 'hostName'> {
  if (endpoint.kind === 'fd') throw new SystemError('EBADF', 'a simulated host has no file descriptors');
  if (endpoint.kind === 'unix') return { target: loop.host, key: endpoint.path, hostName: undefined };
  const target = loop.host.network.resolve(loop.host, endpoint.host);
  if (typeof target === 'string') throw new SystemError(target, `getaddrinfo ${target} ${endpoint.host}`);
  return { target, key: endpoint.port, hostName: endpoint.host };
}

function knock<P extends AnyProtocol>(
  attempt: Attempt,
  factory: () => P,
  options: ConnectOptions,
  resolve: (made: { transport: SimTransport; protocol: P }) => void,
  reject: (error: Error) => void,
): void {
  const { loop, target, key, address } = attempt;
  const { simulation, network } = loop.host;
  const there = network.link(loop.host, target);
  const back = network.link(target, loop.host);
  const lane = simulation.newLane();
  const who = `${loop.host.name} -> ${target.name}:${key}`;
  const timeout = simulation.at(simulation.nowMs + SYN_TIMEOUT_MS, lane, () => {
    reject(new ConnectError(address, new SystemError('ETIMEDOUT', 'connection timed out')));
  });
  const pass = (link: typeof there, arrive: () => void): void => {
    if (link.isPartitioned)
      link.hold(() => {
        pass(link, arrive);
      });
    else simulation.at(link.arrivalMs(simulation.nowMs, 0), lane, arrive);
  };
  pass(there, () => {
    if (attempt.state.isOver) {
      timeout.cancel();
      return;
    }
    const listener =
      (attempt.hostName === '::1' ? target.listeners.get(listenerKey(key, true)) : undefined) ??
      target.listeners.get(listenerKey(key));
    if (listener === undefined) {
      simulation.note(who, 'refused', 0);
      pass(back, () => {
        timeout.cancel();
        const code = typeof key === 'string' ? 'ENOENT' : 'ECONNREFUSED';
        reject(
          new ConnectError(address, new SystemError(code, code === 'ENOENT' ? 'no such file' : 'connection refused')),
        );
      });
      return;
    }
    const [client, server] = wire(loop, listener.loop, target, key, attempt.hostName, options, listener.watermarks);
    pass(back, () => {
      timeout.cancel();
      if (attempt.state.isOver) {
        client.pipe.reset();
        return;
      }
      simulation.note(who, 'connected', 0);
      // The server hears of it before the first bytes, which take the same way.
      client.pipe.announce(() => {
        listener.accept(server);
      });
      loop.runCallback(() => {
        try {
          const protocol = factory();
          client.prepare(protocol);
          client.start();
          resolve({ transport: client, protocol });
        } catch (error) {
          client.pipe.reset();
          reject(error as Error);
        }
      });
    });
  });
}

/** The two ends of a connection, which nobody has been told of. */
function wire(
  loop: SimLoop,
  serverLoop: SimLoop,
  target: SimHost,
  key: number | string,
  hostName: string | undefined,
  options: ConnectOptions,
  watermarks: ConnectOptions['watermarks'],
): [SimTransport, SimTransport] {
  const { simulation, network } = loop.host;
  const isWithin = target === loop.host;
  const loopback = hostName === '::1' ? '::1' : '127.0.0.1';
  const port = loop.host.freePort();
  const from = { host: isWithin ? loopback : loop.host.address, port };
  const to = { host: isWithin ? loopback : target.address, port: typeof key === 'number' ? key : 0 };
  const unix = { localAddress: undefined, localPort: undefined, remoteAddress: undefined, remotePort: undefined };
  const infos =
    typeof key === 'string'
      ? [
          { ...unix, path: key },
          { ...unix, path: key },
        ]
      : [infoOf(from, to), infoOf(to, from)];
  const client = new SimTransport(loop, infos[0] as (typeof infos)[0], options.watermarks);
  const server = new SimTransport(serverLoop, infos[1] as (typeof infos)[0], watermarks);
  const name = `${loop.host.name}:${port} -> ${target.name}:${key}`;
  const nameBack = `${target.name}:${key} -> ${loop.host.name}:${port}`;
  client.pipe = new Pipe(simulation, network.link(loop.host, target), name, client, server);
  server.pipe = new Pipe(simulation, network.link(target, loop.host), nameBack, server, client);
  client.inbound = server.pipe;
  server.inbound = client.pipe;
  simulation.connectionMade(new SimConnection(loop.host.name, target.name, key, client.pipe, server.pipe));
  return [client, server];
}
