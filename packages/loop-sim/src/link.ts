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

/** One direction of a link. */
export class Link {
  latencyMs: number;
  jitterMs: number;
  bytesPerSec: number;
  segmentBytes: number;
  windowBytes: number;
  datagramLoss: number;
  isPartitioned = false;
  /** Until when the line is taken by what was sent before. */
  private _busyUntilMs = 0;
  /** What to do when the partition ends. */
  private _held: (() => void)[] = [];

  constructor(latencyMs: number) {
    this.latencyMs = latencyMs;
    this.jitterMs = 0;
    this.bytesPerSec = Infinity;
    this.segmentBytes = 16_384;
    this.windowBytes = 65_536;
    this.datagramLoss = 0;
  }

  /** @throws {RangeError} If a value makes no sense; nothing changes. */
  set(options: LinkOptions): void {
    for (const [name, min] of LIMITS) {
      const value = options[name];
      if (value !== undefined && !(value >= min))
        throw new RangeError(`expected ${name} to be ${min} or more, got ${value}`);
    }
    if ((options.datagramLoss ?? 0) > 1)
      throw new RangeError(`expected datagramLoss to be 1 at most, got ${options.datagramLoss}`);
    this.latencyMs = options.latencyMs ?? this.latencyMs;
    this.jitterMs = options.jitterMs ?? this.jitterMs;
    this.bytesPerSec = options.bytesPerSec ?? this.bytesPerSec;
    this.segmentBytes = options.segmentBytes ?? this.segmentBytes;
    this.windowBytes = options.windowBytes ?? this.windowBytes;
    this.datagramLoss = options.datagramLoss ?? this.datagramLoss;
  }

  /** When `bytes` that are sent now arrive, without jitter. */
  arrivalMs(nowMs: number, bytes: number): number {
    if (this.bytesPerSec === Infinity) return nowMs + this.latencyMs;
    this._busyUntilMs = Math.max(this._busyUntilMs, nowMs) + (bytes / this.bytesPerSec) * 1000;
    return this._busyUntilMs + this.latencyMs;
  }

  /** Keeps `resume` until the partition ends. */
  hold(resume: () => void): void {
    this._held.push(resume);
  }

  heal(): void {
    this.isPartitioned = false;
    const held = this._held;
    this._held = [];
    for (const resume of held) resume();
  }
}

const LIMITS = [
  ['latencyMs', 0],
  ['jitterMs', 0],
  ['bytesPerSec', 1],
  ['segmentBytes', 1],
  ['windowBytes', 1],
  ['datagramLoss', 0],
] as const;
