import type { ConnectionInfo, ConnectOptions } from '@millrace/loop-policy';
import { Pipe } from './pipe.js';
import { SimConnection } from './sim-connection.js';
import { infoOf, type SimHost } from './sim-host.js';
import type { SimLoop } from './sim-loop.js';
import type { SimServer } from './sim-server.js';
import { SimTransport } from './sim-transport.js';

/** Both ends of a connection. */
interface Ends {
  readonly client: SimTransport;
  readonly server: SimTransport;
}

/** Whom a connect goes to. */
export interface Target {
  readonly host: SimHost;
  /** A port, or a path. */
  readonly place: number | string;
  /** As it was asked for. */
  readonly hostName: string | undefined;
}

/**
 * Makes the two ends of a connection, which their programs have not been told of.
 *
 * @returns `undefined` if the client's host has no port left.
 */
export function wire(loop: SimLoop, listener: SimServer, target: Target, options: ConnectOptions): Ends | undefined {
  const { host } = loop;
  const { simulation, network } = host;
  const port = host.takePort();
  if (port === undefined) return undefined;
  const [clientInfo, serverInfo] = infosOf(host, port, target);
  const client = new SimTransport(loop, clientInfo, options.watermarks);
  const server = new SimTransport(listener.loop, serverInfo, listener.watermarks);
  client.onLost = () => {
    host.givePortBack(port);
  };
  const there = network.link(host, target.host);
  const back = network.link(target.host, host);
  const names = [`${host.name}:${port}`, `${target.host.name}:${target.place}`];
  client.pipe = new Pipe(simulation, there, back, names.join(' -> '), client, server);
  server.pipe = new Pipe(simulation, back, there, names.reverse().join(' -> '), server, client);
  client.inbound = server.pipe;
  server.inbound = client.pipe;
  const hosts = { client: host.name, server: target.host.name, endpoint: target.place };
  simulation.connectionMade(new SimConnection(simulation, hosts, client, server));
  return { client, server };
}

function infosOf(
  host: SimHost,
  port: number,
  { host: other, place, hostName }: Target,
): [ConnectionInfo, ConnectionInfo] {
  if (typeof place === 'string') {
    const unix = { localAddress: undefined, localPort: undefined, remoteAddress: undefined, remotePort: undefined };
    return [
      { ...unix, path: place },
      { ...unix, path: place },
    ];
  }
  const loopback = other === host ? (hostName === '::1' ? '::1' : '127.0.0.1') : undefined;
  const from = { host: loopback ?? host.address, port };
  const to = { host: loopback ?? other.address, port: place };
  return [infoOf(from, to), infoOf(to, from)];
}
