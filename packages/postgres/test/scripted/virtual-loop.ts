import type { AnyProtocol, ConnectOptions, Endpoint, Loop, LoopMetrics, Protocol } from '@millrace/loop-policy';
import type { Server, Transport, UncaughtHandler } from '@millrace/loop-policy';
import { memoryTransportPair } from '@millrace/loop-policy/testing';
import { seededRandom } from '@millrace/testkit';
import { openCancelScope, timersOf } from '@millrace/timeouts';
import type { Op, Timer } from '@millrace/timeouts';

/** Turns of the host without any callback after which the loop takes it that nothing but time will bring more. */
const QUIET_TURNS = 3;

/** What connects the loop to a server, and moves it when the client waits. */
export interface VirtualNetwork {
  /** Makes the server's end of a new connection. */
  accept(endpoint: Endpoint, transport: Transport): Protocol;
  /** Something has happened: the server may have more to say. */
  progress?(): void;
  /** Nothing happens any more. Returns whether that changed something; if not, the clock jumps to its next timer. */
  idle?(): boolean;
}

interface VirtualTimer extends Timer {
  readonly dueMs: number;
  readonly fn: () => void;
}

/** Of the nonces in the recordings. */
export const RECORDED_SEED = 5432;

/**
 * A loop whose connections are in memory and whose clock stands still while anything happens, then jumps to the next
 * timer: what takes 20 seconds takes none, and nothing depends on how busy the machine is.
 *
 * Whoever waits must wait for this loop: its clock does not know of the host's timers.
 */
export class VirtualLoop implements Loop {
  readonly name = 'virtual';
  readonly isSimulated = true;
  private readonly _network: VirtualNetwork;
  private readonly _random = seededRandom(RECORDED_SEED);
  private readonly _uncaughtHandlers = new Set<UncaughtHandler>();
  private _nowMs = 0;
  private _timers: VirtualTimer[] = [];
  private _pendingCallbacks = 0;
  private _quietTurns = 0;
  private _isWatching = false;
  private _dormantWaiters: (() => void)[] = [];

  constructor(network: VirtualNetwork) {
    this._network = network;
  }

  now(): number {
    return this._nowMs;
  }

  /** Whether nothing will happen unless somebody calls. */
  get isDormant(): boolean {
    return !this._isWatching;
  }

  callLater(delayMs: number, fn: () => void): Timer {
    const timer: VirtualTimer = {
      dueMs: this._nowMs + delayMs,
      fn,
      cancel: () => {
        this._timers = this._timers.filter((other) => other !== timer);
      },
      ref: () => undefined,
      unref: () => undefined,
    };
    const later = this._timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this._timers.splice(later < 0 ? this._timers.length : later, 0, timer);
    this._watch();
    return timer;
  }

  callSoon(fn: () => void): void {
    this._pendingCallbacks += 1;
    this._watch();
    setImmediate(() => {
      this._pendingCallbacks -= 1;
      this._run(fn);
    });
  }

  fillRandom(target: Uint8Array): void {
    target.set(this._random.bytes(target.length));
  }

  async connect<P extends AnyProtocol>(
    factory: () => P,
    endpoint: Endpoint,
    options: ConnectOptions & Op = {},
  ): Promise<{ transport: Transport; protocol: P }> {
    const scope = openCancelScope({ ...options, timers: timersOf(options, this) }, 'connect');
    try {
      scope.throwIfCancelled();
      await scope.race(
        new Promise<void>((resolve) => {
          this.callSoon(resolve);
        }),
      );
      const { client, server } = memoryTransportPair({ loop: this });
      server.attach(this._network.accept(endpoint, server.transport));
      return { transport: client.transport, protocol: client.attach(factory()) };
    } finally {
      scope.close();
    }
  }

  /** Resolves when nothing is going to happen any more: no callback is due, and no timer. */
  dormant(): Promise<void> {
    this._watch();
    return new Promise((resolve) => {
      this._dormantWaiters.push(resolve);
    });
  }

  listen(): Promise<Server> {
    return Promise.reject(new Error('this loop has no servers'));
  }

  openDatagram(): Promise<never> {
    return Promise.reject(new Error('this loop has no datagrams'));
  }

  watch(): () => void {
    throw new Error('this loop cannot be watched');
  }

  onUncaught(handler: UncaughtHandler): () => void {
    this._uncaughtHandlers.add(handler);
    return () => {
      this._uncaughtHandlers.delete(handler);
    };
  }

  metrics(): LoopMetrics {
    const none = {
      openConnections: 0,
      totalConnections: 0,
      openServers: 0,
      openDatagrams: 0,
      chunksWritten: 0,
      flushes: 0,
    };
    return { ...none, bytesRead: 0, bytesWritten: 0, uncaughtErrors: 0, lagMs: undefined };
  }

  close(): Promise<void> {
    this._timers = [];
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private _run(fn: () => void): void {
    this._quietTurns = 0;
    try {
      fn();
    } catch (error) {
      if (this._uncaughtHandlers.size === 0) console.error(error);
      for (const handler of this._uncaughtHandlers) handler(error);
    }
    this._network.progress?.();
  }

  /** Looks at the loop once in each turn of the host, until nothing can happen without a call. */
  private _watch(): void {
    this._quietTurns = 0;
    if (this._isWatching) return;
    this._isWatching = true;
    setImmediate(() => {
      this._look();
    });
  }

  private _look(): void {
    this._quietTurns += 1;
    if (this._pendingCallbacks > 0) this._quietTurns = 0;
    if (this._quietTurns > QUIET_TURNS && !this._jump()) {
      this._isWatching = false;
      for (const wake of this._dormantWaiters.splice(0)) wake();
      return;
    }
    setImmediate(() => {
      this._look();
    });
  }

  /** @returns Whether there was anything to go on with. */
  private _jump(): boolean {
    this._quietTurns = 0;
    if (this._network.idle?.() === true) return true;
    const next = this._timers.shift();
    if (next === undefined) return false;
    this._nowMs = Math.max(this._nowMs, next.dueMs);
    this._run(next.fn);
    return true;
  }
}
