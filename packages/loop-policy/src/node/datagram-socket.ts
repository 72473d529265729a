import type { Socket, SocketOptions } from 'node:dgram';
import { checkFlags, checkObject, checkWatermarks } from '../check-options.js';
import type { DatagramOptions } from '../datagram.js';
import { ConnectError, ListenError } from '../errors.js';
import { formatDatagramAddress, type DatagramPlan } from './datagram-address.js';
import type { Host } from './host.js';
import { canReusePort } from './reuse-port.js';

/**
 * Checks what is not about addresses, before anything is made.
 *
 * @throws {TypeError} or {RangeError} If an option is not what it must be; {TypeError} if the runtime cannot share ports.
 */
export function checkSocketOptions(options: DatagramOptions): void {
  checkObject(options);
  checkFlags(options, ['broadcast', 'ipv6Only', 'reuseAddress', 'reusePort']);
  if (options.watermarks !== undefined) checkWatermarks(options.watermarks);
  for (const name of ['receiveBufferBytes', 'sendBufferBytes'] as const) {
    const bytes = options[name];
    if (bytes === undefined || (Number.isInteger(bytes) && bytes > 0 && bytes < 2 ** 31)) continue;
    throw new RangeError(`expected ${name} to be an integer from 1 to ${2 ** 31 - 1}, got ${bytes}`);
  }
  if (options.reusePort === true && !canReusePort()) {
    throw new TypeError('expected a runtime that can share ports of datagrams (Node 22.12 or newer)');
  }
}

/** Makes a socket that never emits an error to nobody. */
export function makeSocket(host: Host, plan: DatagramPlan, options: DatagramOptions): Socket {
  const socketOptions: SocketOptions & { reusePort?: boolean } = {
    type: plan.family === 4 ? 'udp4' : 'udp6',
    reuseAddr: options.reuseAddress ?? false,
    ipv6Only: options.ipv6Only ?? false,
  };
  if (options.reusePort === true) socketOptions.reusePort = true;
  const socket = host.dgram.createSocket(socketOptions);
  socket.on('error', () => undefined);
  return socket;
}

/**
 * Binds, sets the options of `socket`, and connects it if there is a remote address.
 *
 * @throws {ListenError} If the local address is taken or not ours, or a buffer's size is refused.
 * @throws {ConnectError} If the remote address cannot be reached from there.
 */
export async function bindSocket(socket: Socket, plan: DatagramPlan, options: DatagramOptions): Promise<void> {
  const { local, remote } = plan;
  try {
    await bind(socket, plan);
    if (options.broadcast === true) socket.setBroadcast(true);
    if (options.receiveBufferBytes !== undefined) socket.setRecvBufferSize(options.receiveBufferBytes);
    if (options.sendBufferBytes !== undefined) socket.setSendBufferSize(options.sendBufferBytes);
  } catch (error) {
    throw new ListenError(formatDatagramAddress(local), error);
  }
  if (remote === undefined) return;
  await new Promise<void>((resolve, reject) => {
    socket.connect(remote.port, remote.host, (error?: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(new ConnectError(formatDatagramAddress(remote), error));
    });
  });
}

function bind(socket: Socket, { local, remote }: DatagramPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    // In a cluster, workers would else be given one socket for the same "free" port.
    const exclusive = remote !== undefined || local.port === 0;
    socket.bind({ address: local.host, port: local.port, exclusive }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
