import type { SimHost } from './sim-host.js';
import type { Simulation } from './simulation.js';

/** How the network between two hosts is. */
export interface LinkOptions {
  /** From one end to the other, in milliseconds, 0 or more. Default 1; 0.05 within a host. */
  readonly latencyMs?: number | undefined;
  /** Up to that much more, drawn anew for each piece of data. The order within a connection stays. Default 0. */
  readonly jitterMs?: number | undefined;
  /** How fast each direction is; all connections share it. Default: no limit. */
  readonly bytesPerSec?: number | undefined;
  /** The longest piece in which data arrives; the seed chooses shorter ones. Default 16384. */
  readonly segmentBytes?: number | undefined;
  /** Bytes of a connection that may be on their way or wait at the receiver. Default 65536. */
  readonly windowBytes?: number | undefined;
  /** How many of 1 datagrams are lost. Default 0. */
  readonly datagramLoss?: number | undefined;
}

/** Something that is to happen, and can be given up. */
export interface Pending {
  cancel(): void;
}

/** One direction of a link. */
export class Link {
  latencyMs: number;
  jitterMs = 0;
  bytesPerSec: number;
  segmentBytes = 16_384;
  windowBytes = 65_536;
  datagramLoss = 0;
  isPartitioned = false;
  private readonly _simulation: Simulation;
  private readonly _from: SimHost;
  private readonly _to: SimHost;
  /** Until when the line is taken by what was sent before. */
  private _busyUntilMs = 0;
  /** What to do when the link is open again. */
  private _held: Set<() => void> = new Set<() => void>();

  constructor(simulation: Simulation, from: SimHost, to: SimHost, latencyMs: number) {
    this._simulation = simulation;
    this._from = from;
    this._to = to;
    this.latencyMs = latencyMs;
    this.bytesPerSec = Infinity;
  }

  /** Whether anything comes through. */
  get isOpen(): boolean {
    if (this.isPartitioned) return false;
    return this._from === this._to || !(this._from.isIsolated || this._to.isIsolated);
  }

  /** @throws {RangeError} If a value makes no sense; nothing changes. */
  set(options: LinkOptions): void {
    for (const [name, least, most, isWhole] of LIMITS) {
      const value = options[name];
      if (value === undefined) continue;
      if (!(typeof value === 'number' && value >= least && value <= most && (!isWhole || Number.isInteger(value)))) {
        const kind = isWhole ? 'an integer' : most < Infinity ? 'a finite number' : 'a number';
        const range = most > 1 ? `${least} or more` : `from ${least} to ${most}`;
        throw new RangeError(`expected ${name} to be ${kind}, ${range}, got ${String(value)}`);
      }
    }
    this.latencyMs = options.latencyMs ?? this.latencyMs;
    this.jitterMs = options.jitterMs ?? this.jitterMs;
    this.bytesPerSec = options.bytesPerSec ?? this.bytesPerSec;
    this.segmentBytes = options.segmentBytes ?? this.segmentBytes;
    this.windowBytes = options.windowBytes ?? this.windowBytes;
    this.datagramLoss = options.datagramLoss ?? this.datagramLoss;
  }

  /** When `bytes` that are sent now arrive, with the jitter that the seed has for them. */
  arrivalMs(bytes: number): number {
    const { nowMs, random } = this._simulation;
    const jitterMs = this.jitterMs === 0 ? 0 : random.float() * this.jitterMs;
    if (this.bytesPerSec === Infinity) return nowMs + this.latencyMs + jitterMs;
    this._busyUntilMs = Math.max(this._busyUntilMs, nowMs) + (bytes / this.bytesPerSec) * 1000;
    return this._busyUntilMs + this.latencyMs + jitterMs;
  }

  /** Sends something without bytes, such as a question or an acknowledgement, which is sent again until it comes through. */
  pass(lane: number, arrive: () => void): Pending {
    let pending: Pending;
    const send = (): void => {
      if (this.isOpen) pending = this._simulation.at(this._simulation.nowMs + this.latencyMs, lane, land);
      else pending = this.hold(send);
    };
    const land = (): void => {
      if (this.isOpen) arrive();
      else pending = this.hold(send);
    };
    send();
    return {
      cancel: () => {
        pending.cancel();
      },
    };
  }

  /** Keeps `resume` until the link is open again. */
  hold(resume: () => void): Pending {
    const held = (): void => {
      resume();
    };
    this._held.add(held);
    return {
      cancel: () => {
        this._held.delete(held);
      },
    };
  }

  /** To be called when the link may be open again. */
  release(): void {
    if (!this.isOpen) return;
    const held = this._held;
    this._held = new Set();
    for (const resume of held) resume();
  }
}

/** Name, least, most, whether only integers will do. */
const LIMITS = [
  ['latencyMs', 0, Number.MAX_VALUE, false],
  ['jitterMs', 0, Number.MAX_VALUE, false],
  ['bytesPerSec', 1, Infinity, false],
  ['segmentBytes', 1, Number.MAX_SAFE_INTEGER, true],
  ['windowBytes', 1, Number.MAX_SAFE_INTEGER, true],
  ['datagramLoss', 0, 1, false],
] as const;
