import {
  LoopClosedError,
  TransportClosedError,
  type DatagramAddress,
  type DatagramOptions,
  type DatagramProtocol,
  type DatagramTransport,
  type WriteWatermarks,
} from '@millrace/loop-policy';
import { checkChunk, WriteGate } from '@millrace/loop-policy/kit';
import { openCancelScope, timersOf, type Op } from '@millrace/timeouts';
import { checkAddress, familyOf, planDatagram, type DatagramPlan } from './datagram-plan.js';
import { SystemError } from './errors.js';
import type { SimHost } from './sim-host.js';
import type { SimLoop } from './sim-loop.js';

/** What fits into one packet beside the headers. */
const MAX_BYTES = { 4: 65_507, 6: 65_527 } as const;
const POISON = 0xee;

interface Queued {
  readonly data: Uint8Array;
  readonly to: DatagramAddress;
}

type Phase = 'open' | 'closing' | 'ended';

/** A simulated host's datagram socket. */
export class SimDatagram implements DatagramTransport {
  readonly loop: SimLoop;
  readonly localAddress: DatagramAddress;
  readonly remoteAddress: DatagramAddress | undefined;
  private readonly _protocol: DatagramProtocol;
  private readonly _family: 4 | 6;
  private readonly _lane: number;
  private readonly _gate = new WriteGate();
  private readonly _groups = new Set<string>();
  private _queue: Queued[] = [];
  private _bufferedBytes = 0;
  private _phase: Phase = 'open';
  private _isFlushing = false;
  private _isLoopedBack = true;

  private constructor(loop: SimLoop, protocol: DatagramProtocol, plan: DatagramPlan, options: DatagramOptions) {
    this.loop = loop;
    this._protocol = protocol;
    this._family = plan.family;
    this._lane = loop.host.simulation.newLane();
    this.localAddress = plan.local;
    this.remoteAddress = plan.remote;
    if (options.watermarks !== undefined) this._gate.set(options.watermarks);
  }

  /** @throws What {@link Loop.openDatagram} throws; nothing is left behind. */
  static async open<P extends DatagramProtocol>(
    loop: SimLoop,
    factory: () => P,
    options: DatagramOptions & Op,
  ): Promise<{ transport: SimDatagram; protocol: P }> {
    loop.checkOpen();
    const scope = openCancelScope({ ...options, timers: timersOf(options, loop) }, 'open a datagram socket');
    const giveUp = (error: Error): void => {
      scope.cancel(error);
    };
    loop.connecting.set(giveUp, 'a datagram socket');
    try {
      scope.throwIfCancelled();
      await scope.race(
        new Promise<void>((resolve) => {
          loop.soon(resolve);
        }),
      );
      if (loop.isClosed) throw new LoopClosedError('the loop was closed while a datagram socket was being opened');
      const plan = planDatagram(loop.host, options);
      const { datagrams } = loop.host;
      const { port } = plan.local;
      const protocol = factory();
      const transport = new SimDatagram(loop, protocol, plan, options);
      datagrams.set(port, [...(datagrams.get(port) ?? []), transport]);
      loop.datagramOpened(transport);
      transport._callback(() => {
        protocol.connectionMade(transport);
      });
      return { transport, protocol };
    } finally {
      scope.close();
      loop.connecting.delete(giveUp);
    }
  }

  get bufferedBytes(): number {
    return this._bufferedBytes;
  }

  get isClosing(): boolean {
    return this._phase !== 'open';
  }

  send(data: Uint8Array, to?: DatagramAddress): void {
    this._checkOpen();
    checkChunk(data);
    const most = MAX_BYTES[this._family];
    if (data.length > most) throw new RangeError(`expected a datagram of at most ${most} bytes, got ${data.length}`);
    const target = this._checkTarget(to);
    this._queue.push({ data: this.loop.isBorrowed(data) ? new Uint8Array(data) : data, to: target });
    this._bufferedBytes += data.length;
    this._checkGate();
    if (this._isFlushing) return;
    this._isFlushing = true;
    this.loop.soon(() => {
      this._flush();
    });
  }

  close(): void {
    if (this._phase !== 'open') return;
    this._phase = 'closing';
    if (this._queue.length === 0) this._end(null);
  }

  abort(error?: Error): void {
    if (this._phase !== 'ended') this._end(error ?? null);
  }

  joinGroup(group: string): void {
    this._checkOpen();
    if (!isMulticast(group)) throw new SystemError('EINVAL', `${group} is no multicast address`);
    this._groups.add(group);
  }

  leaveGroup(group: string): void {
    this._checkOpen();
    if (!this._groups.delete(group)) throw new SystemError('EADDRNOTAVAIL', `this socket is not in ${group}`);
  }

  setMulticastInterface(): void {
    this._checkOpen(); // every host has one interface
  }

  setTimeToLive({
    unicast,
    multicast,
  }: {
    readonly unicast?: number | undefined;
    readonly multicast?: number | undefined;
  }): void {
    this._checkOpen();
    checkHops(unicast, 1, 'unicast');
    checkHops(multicast, 0, 'multicast');
  }

  setMulticastLoopback(isOn: boolean): void {
    this._checkOpen();
    this._isLoopedBack = isOn;
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    this._checkGate();
  }

  ref(): void {
    return; // a simulation goes on as long as its program does
  }

  unref(): void {
    return;
  }

  /** Whether a datagram to a multicast group is for this socket. */
  isIn(group: string, sender: SimDatagram): boolean {
    return this._groups.has(group) && (sender._isLoopedBack || sender.loop.host !== this.loop.host);
  }

  private _flush(): void {
    this._isFlushing = false;
    const queue = this._queue;
    this._queue = [];
    for (const { data, to } of queue) {
      if (this._phase === 'ended') return;
      this._bufferedBytes -= data.length;
      this.loop.bytesWritten += data.length;
      this._transmit(data, to);
    }
    this._checkGate();
    if (this._phase === 'closing' && this._queue.length === 0) this._end(null);
  }

  private _transmit(data: Uint8Array, to: DatagramAddress): void {
    const { network } = this.loop.host;
    const copy = new Uint8Array(data);
    if (isMulticast(to.host)) {
      for (const host of network.hosts()) {
        const members = (host.datagrams.get(to.port) ?? []).filter((member) => member.isIn(to.host, this));
        if (members.length > 0) this._ship(host, copy, to, members);
      }
      return;
    }
    const target = network.resolve(this.loop.host, to.host);
    if (typeof target === 'string') this._failed(new SystemError(target, `getaddrinfo ${target} ${to.host}`));
    else this._ship(target, copy, to);
  }

  private _ship(target: SimHost, data: Uint8Array, to: DatagramAddress, members?: readonly SimDatagram[]): void {
    const { simulation, network, name, address } = this.loop.host;
    const link = network.link(this.loop.host, target);
    const who = `${name}:${this.localAddress.port} ~> ${target.name}:${to.port}`;
    if (!link.isOpen || (link.datagramLoss > 0 && simulation.random.float() < link.datagramLoss)) {
      simulation.note(who, 'datagram lost', data.length);
      return;
    }
    const loopback = this._family === 6 ? '::1' : '127.0.0.1';
    const from = { host: target === this.loop.host ? loopback : address, port: this.localAddress.port };
    // One lane for all keeps the order as long as nothing is late: datagrams overtake each other only by jitter.
    simulation.at(link.arrivalMs(data.length), this._lane, () => {
      simulation.noteBytes(who, 'datagram', data);
      const receivers = members ?? (target.datagrams.get(to.port) ?? []).slice(0, 1);
      if (receivers.length === 0 && this.remoteAddress !== undefined) {
        this._failed(new SystemError('ECONNREFUSED', 'connection refused'));
      }
      for (const receiver of receivers) receiver._received(new Uint8Array(data), from);
    });
  }

  private _received(data: Uint8Array, from: DatagramAddress): void {
    this.loop.bytesRead += data.length;
    if (this._phase !== 'open') return;
    const expected = this.remoteAddress;
    if (expected !== undefined && (expected.port !== from.port || expected.host !== from.host)) return;
    this.loop.borrow(data);
    this._callback(() => {
      this._protocol.datagramReceived(data, from);
    });
    this.loop.borrow(undefined);
    data.fill(POISON);
  }

  private _failed(error: Error): void {
    this.loop.soon(() => {
      if (this._phase !== 'open') return;
      this._callback(() => {
        this._protocol.errorReceived(error);
      });
    });
  }

  private _end(error: Error | null): void {
    this._phase = 'ended';
    this._queue = [];
    this._bufferedBytes = 0;
    const { datagrams } = this.loop.host;
    const { port } = this.localAddress;
    const others = (datagrams.get(port) ?? []).filter((other) => other !== this);
    if (others.length === 0) datagrams.delete(port);
    else datagrams.set(port, others);
    this.loop.soon(() => {
      this._callback(() => {
        this._protocol.connectionLost(error);
      });
      this.loop.datagramEnded(this);
    });
  }

  private _checkGate(): void {
    if (this._phase === 'ended') return;
    const change = this._gate.update(this._bufferedBytes);
    if (change === undefined) return;
    this._callback(() => {
      if (change === 'pause') this._protocol.pauseWriting();
      else this._protocol.resumeWriting();
    });
  }

  private _checkOpen(): void {
    if (this._phase === 'open') return;
    throw new TransportClosedError('expected an open transport, this one is closing or closed');
  }

  private _checkTarget(to: DatagramAddress | undefined): DatagramAddress {
    const remote = this.remoteAddress;
    if (to === undefined) {
      if (remote === undefined) throw new TypeError('expected an address to send to: the transport has no remote');
      return remote;
    }
    if (remote !== undefined) throw new TypeError('expected no address to send to: the transport has a remote');
    checkAddress(to, 1, this._family);
    return to;
  }

  /** Runs a callback of the protocol; one that throws ends this transport. */
  private _callback(fn: () => void): void {
    this.loop.runCallback(fn, this);
  }
}

function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0]);
  return familyOf(address) === 6 ? /^ff/i.test(address) : first >= 224 && first <= 239;
}

function checkHops(hops: number | undefined, least: 0 | 1, which: string): void {
  if (hops === undefined || (Number.isInteger(hops) && hops >= least && hops <= 255)) return;
  throw new RangeError(`expected the ${which} time to live to be an integer from ${least} to 255, got ${hops}`);
}
