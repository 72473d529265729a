import type * as Dns from 'node:dns';
import type * as Net from 'node:net';
import { checkObject } from '../check-options.js';
import type { DatagramAddress, DatagramOptions } from '../datagram.js';
import { ConnectError, ListenError } from '../errors.js';

/** Of the Internet protocol. */
export type Family = 4 | 6;

/** The addresses of a socket to be, without names. */
export interface DatagramPlan {
  readonly family: Family;
  readonly local: DatagramAddress;
  readonly remote: DatagramAddress | undefined;
}

/** Which family an address is of; `undefined` for names. */
export function familyOf(net: typeof Net, host: string): Family | undefined {
  const family = net.isIP(host);
  return family === 4 || family === 6 ? family : undefined;
}

/** Writes an address for messages. */
export function formatDatagramAddress({ host, port }: DatagramAddress): string {
  return `udp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Checks what a caller gave, who may not be typed.
 *
 * @throws {TypeError} If it is no address, or one of the other family; {RangeError} if the port is out of range.
 */
export function checkAddress(net: typeof Net, address: DatagramAddress, leastPort: 0 | 1, family?: Family): void {
  checkObject(address, 'an address { host, port }');
  const { host, port } = address as { host?: unknown; port?: unknown };
  if (typeof host !== 'string' || host === '' || host.includes('\0')) {
    throw new TypeError('expected an address { host, port } with a host that is not empty');
  }
  if (typeof port !== 'number' || !Number.isInteger(port) || port < leastPort || port > 65535) {
    throw new RangeError(`expected a port from ${leastPort} to 65535, got ${String(port)}`);
  }
  const given = familyOf(net, host);
  if (family !== undefined && given !== undefined && given !== family) {
    throw new TypeError(`expected an IPv${family} address, got ${host}`);
  }
}

/** Looks a name up. @throws The system's error. */
export function lookUp(dns: typeof Dns, host: string, family: Family | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    dns.lookup(host, { family: family ?? 0 }, (error, address) => {
      if (error === null) resolve(address);
      else reject(error);
    });
  });
}

/**
 * Decides on the family and looks the names up.
 *
 * @throws {TypeError} If the addresses are of different families; {RangeError} if a port is out of range.
 * @throws {ConnectError} If the remote name, {ListenError} if the local name cannot be resolved.
 */
export async function planDatagram(net: typeof Net, dns: typeof Dns, options: DatagramOptions): Promise<DatagramPlan> {
  const { local, remote } = options;
  let { family } = options;
  if (family !== undefined && (family as number) !== 4 && (family as number) !== 6) {
    throw new RangeError(`expected family to be 4 or 6, got ${String(family)}`);
  }
  // Addresses decide before names do, whose family is a matter of what they resolve to.
  const addresses = [
    [remote, 1],
    [local, 0],
  ] as const;
  for (const [address, leastPort] of addresses) {
    if (address === undefined) continue;
    checkAddress(net, address, leastPort);
    family ??= familyOf(net, address.host);
  }
  for (const [address, leastPort] of addresses) {
    if (address !== undefined) checkAddress(net, address, leastPort, family);
  }
  const remoteHost = remote && (await resolve(net, dns, remote, family, ConnectError));
  if (remoteHost !== undefined) family ??= familyOf(net, remoteHost);
  const localHost = local && (await resolve(net, dns, local, family, ListenError));
  if (localHost !== undefined) family ??= familyOf(net, localHost);
  family ??= 4;
  return {
    family,
    local: { host: localHost ?? (family === 4 ? '0.0.0.0' : '::'), port: local?.port ?? 0 },
    remote: remote && remoteHost !== undefined ? { host: remoteHost, port: remote.port } : undefined,
  };
}

async function resolve(
  net: typeof Net,
  dns: typeof Dns,
  address: DatagramAddress,
  family: Family | undefined,
  Failure: typeof ConnectError | typeof ListenError,
): Promise<string> {
  if (familyOf(net, address.host) !== undefined) return address.host;
  try {
    return await lookUp(dns, address.host, family);
  } catch (error) {
    throw new Failure(formatDatagramAddress(address), error);
  }
}
