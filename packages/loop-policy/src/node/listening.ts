import type * as Net from 'node:net';
import { checkFlags } from '../check-options.js';
import { formatEndpoint, type ParsedEndpoint } from '../endpoint.js';
import { ListenError } from '../errors.js';
import type { ListenOptions } from '../loop.js';
import type { ServerAddress } from '../server.js';
import type { Host } from './host.js';
import { canReusePort } from './reuse-port.js';

const DEFAULT_BACKLOG = 511;

/**
 * Makes a `net.Server` listen.
 *
 * @param listening - Called as soon as it does, before there can be a connection; what it returns is resolved with.
 * @throws {ListenError} With the system's error as its cause.
 * @throws {TypeError} or {RangeError} If an option is not what it must be; nothing listens.
 */
export function listenOn<T>(
  host: Host,
  endpoint: ParsedEndpoint,
  options: ListenOptions,
  listening: (server: Net.Server, address: ServerAddress) => T,
): Promise<T> {
  const target = listenOptions(endpoint, options);
  const server = host.net.createServer(socketOptions(options));
  return new Promise((resolve, reject) => {
    const onError = (error: unknown): void => {
      reject(new ListenError(formatEndpoint(endpoint), error));
    };
    server.once('error', onError);
    if (options.reusePort === true && !canReusePort()) {
      onError(Object.assign(new Error('reusePort needs Node 22.12, 23.1 or newer'), { code: 'ENOTSUP' }));
      return;
    }
    try {
      server.listen(target, () => {
        server.off('error', onError);
        resolve(listening(server, addressOf(server, endpoint)));
      });
    } catch (error) {
      onError(error); // some runtimes throw what Node emits
    }
  });
}

function socketOptions(options: ListenOptions): Net.ServerOpts {
  const { noDelay = true, keepAliveMs } = options;
  const common = { allowHalfOpen: true, noDelay };
  if (keepAliveMs === undefined) return common;
  return { ...common, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
}

function listenOptions(endpoint: ParsedEndpoint, options: ListenOptions): Net.ListenOptions & { fd?: number } {
  checkFlags(options, ['exclusive', 'reusePort', 'ipv6Only']);
  const { backlog = DEFAULT_BACKLOG, exclusive = false } = options;
  if (!(Number.isInteger(backlog) && backlog >= 1)) {
    throw new RangeError(`expected backlog to be an integer of 1 or more, got ${String(backlog)}`);
  }
  const common = { backlog, exclusive };
  if (endpoint.kind === 'unix') return { ...common, path: endpoint.path };
  if (endpoint.kind === 'fd') return { ...common, fd: endpoint.fd };
  const { reusePort = false, ipv6Only = false } = options;
  return { ...common, host: endpoint.host, port: endpoint.port, ipv6Only, ...(reusePort ? { reusePort } : {}) };
}

function addressOf(server: Net.Server, endpoint: ParsedEndpoint): ServerAddress {
  const address = server.address();
  if (address !== null && typeof address === 'object') return { host: address.address, port: address.port };
  return { path: typeof address === 'string' ? address : endpoint.kind === 'unix' ? endpoint.path : '' };
}
