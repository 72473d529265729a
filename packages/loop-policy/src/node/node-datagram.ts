import type { RemoteInfo, Socket } from 'node:dgram';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { checkChunk } from '../check-chunk.js';
import { checkFunction } from '../check-options.js';
import { checkDatagramProtocol } from '../check-protocol.js';
import type { DatagramAddress, DatagramOptions, DatagramProtocol, DatagramTransport } from '../datagram.js';
import { ConnectionLostError, LoopClosedError, TransportClosedError } from '../errors.js';
import type { WriteWatermarks } from '../transport.js';
import { WriteGate } from '../write-gate.js';
import { tell } from './callbacks.js';
import { checkAddress, familyOf, lookUp, planDatagram, type DatagramPlan } from './datagram-address.js';
import { DatagramQueue, type DatagramSink } from './datagram-queue.js';
import { bindSocket, checkSocketOptions, makeSocket } from './datagram-socket.js';
import type { Host } from './host.js';
import type { NodeLoop } from './node-loop.js';

/** What fits into one packet beside the headers: 65535 - 20 - 8, and 65535 - 8 since IPv6 does not count its own. */
const MAX_BYTES = { 4: 65507, 6: 65527 } as const;

/**
 * How a transport ends: `open` -> `closing` (sending what is queued) -> `ended` (the socket is closed) -> `lost`
 * (connectionLost was called). `abort` goes to `ended` at once.
 */
type Phase = 'open' | 'closing' | 'ended' | 'lost';

/** A transport on a `dgram.Socket` that is bound. */
export class NodeDatagram implements DatagramTransport, DatagramSink {
  readonly loop: NodeLoop;
  readonly localAddress: DatagramAddress;
  readonly remoteAddress: DatagramAddress | undefined;
  readonly #host: Host;
  readonly #socket: Socket;
  readonly #protocol: DatagramProtocol;
  readonly #family: 4 | 6;
  readonly #queue: DatagramQueue;
  readonly #gate = new WriteGate();
  #phase: Phase = 'open';
  #bufferedBytes = 0;
  /** Datagrams that wait; empty ones count too. */
  #pending = 0;
  #error: Error | null = null;

  private constructor(
    loop: NodeLoop,
    host: Host,
    socket: Socket,
    protocol: DatagramProtocol,
    plan: DatagramPlan,
    watermarks: WriteWatermarks | undefined,
  ) {
    this.loop = loop;
    this.#host = host;
    this.#socket = socket;
    this.#protocol = protocol;
    this.#family = plan.family;
    this.#queue = new DatagramQueue(this, (name) => lookUp(host.dns, name, plan.family));
    if (watermarks !== undefined) this.#gate.set(watermarks);
    const { address, port } = socket.address();
    this.localAddress = { host: address, port };
    this.remoteAddress = plan.remote && remoteOf(socket);
  }

  /** @throws What {@link Loop.openDatagram} throws; nothing is left behind. */
  static async open<P extends DatagramProtocol>(
    loop: NodeLoop,
    host: Host,
    factory: () => P,
    options: DatagramOptions & Op,
  ): Promise<{ transport: NodeDatagram; protocol: P }> {
    checkFunction(factory, 'factory');
    checkSocketOptions(options);
    const scope = openCancelScope({ ...options, timers: timersOf(options, loop) }, 'open a datagram socket');
    const opening = {
      abort: (): void => {
        scope.cancel(new LoopClosedError('the loop was closed while a datagram socket was being opened'));
      },
    };
    loop.datagrams.add(opening);
    let socket: Socket | undefined;
    try {
      scope.throwIfCancelled();
      const plan = await scope.race(planDatagram(host.net, host.dns, options));
      socket = makeSocket(host, plan, options);
      await scope.race(bindSocket(socket, plan, options));
      const protocol = checkDatagramProtocol(factory());
      scope.throwIfCancelled();
      const transport = new NodeDatagram(loop, host, socket, protocol, plan, options.watermarks);
      transport.#start();
      return { transport, protocol };
    } catch (error) {
      socket?.close();
      throw error;
    } finally {
      scope.close();
      loop.datagrams.delete(opening);
    }
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isClosing(): boolean {
    return this.#phase !== 'open';
  }

  send(data: Uint8Array, to?: DatagramAddress): void {
    this.#checkOpen();
    checkChunk(data);
    const most = MAX_BYTES[this.#family];
    if (data.length > most) throw new RangeError(`expected a datagram of at most ${most} bytes, got ${data.length}`);
    const target = this.#checkTarget(to);
    // The slab is overwritten by the next read of any connection; the bytes must last until they are sent.
    const bytes = data.buffer === this.loop.slab.buffer ? new Uint8Array(data) : data;
    this.#pending++;
    this.#bufferedBytes += bytes.length;
    if (familyOf(this.#host.net, target.host) === undefined) {
      this.#queue.pushNamed(bytes, target.host, target.port);
    } else {
      this.#queue.push(bytes, target.host, target.port);
    }
    this.#checkGate();
  }

  /** Gives a datagram to the system. */
  transmit(data: Uint8Array, host: string, port: number): void {
    const onSent = (error: Error | null): void => {
      this.#sent(data, error);
    };
    if (this.remoteAddress === undefined) this.#socket.send(data, port, host, onSent);
    else this.#socket.send(data, onSent);
  }

  /** A datagram's name could not be looked up. */
  refuse(data: Uint8Array, error: Error): void {
    this.#sent(data, error);
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#endIfSent();
  }

  abort(error?: Error): void {
    if (this.#phase === 'ended' || this.#phase === 'lost') return;
    this.#error = error ?? null;
    this.#end();
  }

  joinGroup(group: string, interfaceAddress?: string): void {
    this.#checkOpen();
    this.#socket.addMembership(group, interfaceAddress);
  }

  leaveGroup(group: string, interfaceAddress?: string): void {
    this.#checkOpen();
    this.#socket.dropMembership(group, interfaceAddress);
  }

  setMulticastInterface(interfaceAddress: string): void {
    this.#checkOpen();
    this.#socket.setMulticastInterface(interfaceAddress);
  }

  setTimeToLive({
    unicast,
    multicast,
  }: {
    readonly unicast?: number | undefined;
    readonly multicast?: number | undefined;
  }): void {
    this.#checkOpen();
    checkHops(unicast, 1, 'unicast');
    checkHops(multicast, 0, 'multicast');
    if (unicast !== undefined) this.#socket.setTTL(unicast);
    if (multicast !== undefined) this.#socket.setMulticastTTL(multicast);
  }

  setMulticastLoopback(isOn: boolean): void {
    this.#checkOpen();
    this.#socket.setMulticastLoopback(isOn);
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this.#gate.set(watermarks);
    this.#checkGate();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #start(): void {
    this.loop.datagrams.add(this);
    this.#socket.on('message', (data, from) => {
      this.#received(data, from);
    });
    this.#socket.on('error', (error) => {
      this.#failed(error);
    });
    this.#socket.on('close', () => {
      this.#lost();
    });
    this.#tell('connectionMade', this);
  }

  #received(data: Uint8Array, { address, port }: RemoteInfo): void {
    this.loop.countRead(data.length);
    if (this.#phase !== 'open') return;
    const remote = this.remoteAddress;
    // What came between bind and connect is still delivered by the system, whoever sent it.
    if (remote !== undefined && (port !== remote.port || address !== remote.host)) return;
    // As plain bytes, whose `slice` copies, which a Buffer's does not.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    this.#tell('datagramReceived', bytes, { host: address, port });
  }

  #sent(data: Uint8Array, error: Error | null): void {
    if (this.#phase === 'ended' || this.#phase === 'lost') return;
    this.#pending--;
    this.#bufferedBytes -= data.length;
    if (error === null) this.loop.countWritten(data.length);
    else this.#failed(error);
    this.#checkGate();
    this.#endIfSent();
  }

  #failed(error: Error): void {
    if (this.#phase !== 'open') return;
    this.#tell('errorReceived', error);
  }

  #endIfSent(): void {
    if (this.#phase === 'closing' && this.#pending === 0) this.#end();
  }

  #end(): void {
    this.#phase = 'ended';
    this.#queue.clear();
    this.#bufferedBytes = 0;
    this.#socket.close();
  }

  #lost(): void {
    const error =
      this.#phase === 'ended'
        ? this.#error
        : new ConnectionLostError('the socket was closed', { cause: new Error('the socket closed without an error') });
    this.#phase = 'lost';
    this.#tell('connectionLost', error);
    this.loop.datagrams.delete(this);
  }

  #checkGate(): void {
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    const change = this.#gate.update(this.#bufferedBytes);
    if (change !== undefined) this.#tell(change === 'pause' ? 'pauseWriting' : 'resumeWriting');
  }

  #checkOpen(): void {
    if (this.#phase === 'open') return;
    throw new TransportClosedError('expected an open transport, this one is closing or closed');
  }

  #checkTarget(to: DatagramAddress | undefined): DatagramAddress {
    const remote = this.remoteAddress;
    if (to === undefined) {
      if (remote === undefined) throw new TypeError('expected an address to send to: the transport has no remote');
      return remote;
    }
    if (remote !== undefined) throw new TypeError('expected no address to send to: the transport has a remote');
    checkAddress(this.#host.net, to, 1, this.#family);
    return to;
  }

  /** Runs a callback of the protocol; one that throws ends this transport. */
  #tell(method: keyof DatagramProtocol, first?: unknown, second?: unknown): void {
    tell(this.loop, this, this.#protocol, method, first, second);
  }
}

function remoteOf(socket: Socket): DatagramAddress {
  const { address, port } = socket.remoteAddress();
  return { host: address, port };
}

function checkHops(hops: number | undefined, least: 0 | 1, which: string): void {
  if (hops === undefined || (Number.isInteger(hops) && hops >= least && hops <= 255)) return;
  throw new RangeError(`expected the ${which} time to live to be an integer from ${least} to 255, got ${hops}`);
}
