import {
  LoopClosedError,
  type AnyProtocol,
  type ConnectOptions,
  type DatagramOptions,
  type DatagramProtocol,
  type DatagramTransport,
  type Endpoint,
  type ListenOptions,
  type Loop,
  type LoopMetrics,
  type Server,
  type Transport,
  type UncaughtHandler,
  type WatchOptions,
} from '@millrace/loop-policy';
import { ConnectionSet, UncaughtErrors } from '@millrace/loop-policy/kit';
import type { Op, Timer } from '@millrace/timeouts';
import { connect } from './connect.js';
import { SimDatagram } from './sim-datagram.js';
import { dueAt } from './scheduler.js';
import type { SimHost } from './sim-host.js';
import { SimServer } from './sim-server.js';
import type { SimTransport } from './sim-transport.js';

/** A loop of a simulated host. */
export class SimLoop implements Loop {
  readonly name = 'sim';
  readonly isSimulated = true;
  readonly host: SimHost;
  bytesRead = 0;
  bytesWritten = 0;
  chunksWritten = 0;
  private _flushes = 0;
  private _totalConnections = 0;
  private _isMeasured = false;
  /** Of its timers. */
  readonly lane: number;
  private readonly _transports = new ConnectionSet<SimTransport>();
  private readonly _servers = new Set<SimServer>();
  private readonly _datagrams = new ConnectionSet<SimDatagram>();
  /** What connects now, each with what gives it up. */
  readonly connecting: Map<(error: Error) => void, string> = new Map<(error: Error) => void, string>();
  private readonly _uncaught = new UncaughtErrors();
  private readonly _dirty: SimTransport[] = [];
  private _callbackDepth = 0;
  private _borrowed: ArrayBufferLike | undefined;
  private _closed: Promise<void> | undefined;

  constructor(host: SimHost) {
    this.host = host;
    this.lane = host.simulation.newLane();
  }

  get isClosed(): boolean {
    return this._closed !== undefined;
  }

  now(): number {
    return this.host.simulation.nowMs;
  }

  callLater(delayMs: number, fn: () => void): Timer {
    this.checkOpen();
    if (!(delayMs >= 0 && delayMs < Infinity)) throw new RangeError(`expected delayMs to be 0 or more, got ${delayMs}`);
    return this.host.simulation.at(dueAt(this.now(), delayMs), this.lane, () => {
      this.runCallback(fn);
    });
  }

  callSoon(fn: () => void): void {
    this.checkOpen();
    this.soon(fn);
  }

  /** The same, also when the loop is closed. */
  soon(fn: () => void): void {
    this.host.simulation.soon(() => {
      this.runCallback(fn);
    });
  }

  fillRandom(target: Uint8Array): void {
    const { random } = this.host.simulation;
    for (let i = 0; i < target.length; i++) target[i] = random.uint32() & 255;
  }

  connect<P extends AnyProtocol>(
    factory: () => P,
    endpoint: Endpoint,
    options: ConnectOptions & Op = {},
  ): Promise<{ transport: Transport; protocol: P }> {
    return connect(this, factory, endpoint, options);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is the promise's
  async listen(factory: () => AnyProtocol, endpoint: Endpoint, options: ListenOptions = {}): Promise<Server> {
    this.checkOpen();
    const server = SimServer.listen(this, factory, endpoint, options);
    this._servers.add(server);
    return server;
  }

  openDatagram<P extends DatagramProtocol>(
    factory: () => P,
    options: DatagramOptions & Op = {},
  ): Promise<{ transport: DatagramTransport; protocol: P }> {
    return SimDatagram.open(this, factory, options);
  }

  onUncaught(handler: UncaughtHandler): () => void {
    return this._uncaught.add(handler);
  }

  metrics(): LoopMetrics {
    // Whatever is due happens at its time; as on every loop it takes a call to begin to measure.
    const lagMs = this._isMeasured ? { mean: 0, max: 0 } : undefined;
    this._isMeasured = true;
    return {
      openConnections: this._transports.size,
      totalConnections: this._totalConnections,
      openServers: this._servers.size,
      openDatagrams: this._datagrams.size,
      bytesRead: this.bytesRead,
      bytesWritten: this.bytesWritten,
      chunksWritten: this.chunksWritten,
      flushes: this._flushes,
      lagMs,
      uncaughtErrors: this._uncaught.count,
    };
  }

  /** Nothing blocks this loop: its time stands still while a callback runs. */
  watch({ blockedMs = 100 }: WatchOptions = {}): () => void {
    if (!(blockedMs > 0)) throw new RangeError(`expected blockedMs to be more than 0, got ${blockedMs}`);
    return () => undefined;
  }

  close(): Promise<void> {
    this._closed ??= this._close();
    return this._closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws {LoopClosedError} After `close()`. */
  checkOpen(): void {
    if (this.isClosed) throw new LoopClosedError('expected an open loop, this one was closed');
  }

  opened(transport: SimTransport): void {
    this._transports.add(transport);
    this._totalConnections++;
  }

  ended(transport: SimTransport): void {
    this._transports.delete(transport);
  }

  serverEnded(server: SimServer): void {
    this._servers.delete(server);
  }

  datagramOpened(datagram: SimDatagram): void {
    this._datagrams.add(datagram);
  }

  datagramEnded(datagram: SimDatagram): void {
    this._datagrams.delete(datagram);
  }

  /** `chunk` is lent to a protocol until the next call. */
  borrow(chunk: Uint8Array | undefined): void {
    this._borrowed = chunk?.buffer;
  }

  isBorrowed(chunk: Uint8Array): boolean {
    return chunk.buffer === this._borrowed;
  }

  /** Has `transport` flush when the running callback ends; at once if none is running. */
  flushAfterCallback(transport: SimTransport): void {
    this._dirty.push(transport);
    if (this._callbackDepth === 0) this._flush();
  }

  /** Runs somebody's callback: what it throws ends `transport` and is reported, and what it wrote leaves at its end. */
  runCallback(fn: () => void, transport?: { abort(error: Error): void }): void {
    this._callbackDepth++;
    try {
      fn();
    } catch (error) {
      this._uncaught.report(error);
      transport?.abort(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
    } finally {
      this._callbackDepth--;
      if (this._callbackDepth === 0 && this._dirty.length > 0) this._flush();
    }
  }

  conditions(): string[] {
    const lines = [...this.connecting.values()].map((what) => `${this.host.name}: connects to ${what}`);
    for (const { pipe, condition } of this._transports) lines.push(`${pipe.name}: ${condition}`);
    for (const server of this._servers) lines.push(`${this.host.name}: listens on ${server.name}`);
    return lines;
  }

  private _flush(): void {
    for (let dirty = this._dirty.shift(); dirty !== undefined; dirty = this._dirty.shift()) {
      this._flushes++;
      dirty.flush();
    }
  }

  private async _close(): Promise<void> {
    for (const [giveUp, what] of this.connecting) {
      giveUp(new LoopClosedError(`the loop was closed while it connected to ${what}`));
    }
    const ended = [...this._servers].map((server) => server.close({ graceMs: 0 }));
    for (const transport of this._transports) transport.abort();
    for (const datagram of this._datagrams) datagram.abort();
    await Promise.all(ended);
    await this._transports.emptied();
    await this._datagrams.emptied();
    this.host.loopClosed(this);
  }
}
