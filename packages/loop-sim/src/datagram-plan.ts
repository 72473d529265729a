import { ConnectError, ListenError, type DatagramAddress, type DatagramOptions } from '@millrace/loop-policy';
import { SystemError } from './errors.js';
import { isLocal } from './network.js';
import type { SimHost } from './sim-host.js';

/** Of the Internet protocol. */
export type Family = 4 | 6;

/** The addresses of a socket to be, without names. */
export interface DatagramPlan {
  readonly family: Family;
  readonly local: DatagramAddress;
  readonly remote: DatagramAddress | undefined;
}

/** Which family an address is of; `undefined` for names. */
export function familyOf(host: string): Family | undefined {
  if (host.includes(':')) return 6;
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) ? 4 : undefined;
}

/** @throws {TypeError} If it is no address, or one of the other family; {RangeError} if the port is out of range. */
export function checkAddress(address: DatagramAddress, leastPort: 0 | 1, family: Family | undefined): void {
  const { host, port } = address as { host?: unknown; port?: unknown };
  if (typeof host !== 'string' || host === '' || host.includes('\0')) {
    throw new TypeError('expected an address { host, port } with a host that is not empty');
  }
  if (typeof port !== 'number' || !Number.isInteger(port) || port < leastPort || port > 65_535) {
    throw new RangeError(`expected a port from ${leastPort} to 65535, got ${String(port)}`);
  }
  const given = familyOf(host);
  if (family !== undefined && given !== undefined && given !== family) {
    throw new TypeError(`expected an IPv${family} address, got ${host}`);
  }
}

/**
 * Decides on the family, and takes the addresses.
 *
 * @throws {ListenError} If the local address is taken or not the host's; {ConnectError} if nobody has the remote name.
 */
export function planDatagram(host: SimHost, options: DatagramOptions): DatagramPlan {
  const { local, remote } = options;
  if (options.family !== undefined && ![4, 6].includes(options.family)) {
    throw new RangeError(`expected family to be 4 or 6, got ${String(options.family)}`);
  }
  for (const name of ['receiveBufferBytes', 'sendBufferBytes'] as const) {
    const bytes = options[name];
    if (bytes !== undefined && !(Number.isInteger(bytes) && bytes > 0)) {
      throw new RangeError(`expected ${name} to be an integer above 0, got ${bytes}`);
    }
  }
  const family = options.family ?? familyOf(remote?.host ?? '') ?? familyOf(local?.host ?? '');
  if (remote !== undefined) checkAddress(remote, 1, family);
  if (local !== undefined) checkAddress(local, 0, family);
  const where = local ?? { host: family === 6 ? '::' : '0.0.0.0', port: 0 };
  return {
    family: family ?? 4,
    local: {
      host: localHost(host, where),
      port: portOf(host, where, options.reuseAddress ?? options.reusePort ?? false),
    },
    remote: remote && { host: remoteHost(host, remote), port: remote.port },
  };
}

function localHost(host: SimHost, local: DatagramAddress): string {
  if (host.network.resolve(host, local.host) !== host) {
    throw new ListenError(
      `udp://${local.host}:${local.port}`,
      new SystemError('EADDRNOTAVAIL', 'address not available'),
    );
  }
  return local.host === 'localhost' ? '127.0.0.1' : local.host;
}

function portOf(host: SimHost, local: DatagramAddress, isShared: boolean): number {
  const port = local.port === 0 ? host.freePort() : local.port;
  if (port === undefined || (host.datagrams.has(port) && !isShared)) {
    throw new ListenError(`udp://${local.host}:${local.port}`, new SystemError('EADDRINUSE', 'address in use'));
  }
  return port;
}

function remoteHost(host: SimHost, remote: DatagramAddress): string {
  const target = host.network.resolve(host, remote.host);
  if (typeof target === 'string') {
    const cause = new SystemError(target, `getaddrinfo ${target} ${remote.host}`);
    throw new ConnectError(`udp://${remote.host}:${remote.port}`, cause);
  }
  if (isLocal(remote.host)) return remote.host === '::1' ? '::1' : '127.0.0.1';
  return target.address;
}
