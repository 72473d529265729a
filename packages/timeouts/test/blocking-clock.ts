import type { Timer, TimerSource } from '../src/index.js';

interface Call {
  readonly dueAt: number;
  readonly fn: () => void;
}

/** A clock like a host's whose loop may be blocked: `block` moves the time and calls nobody, `turn` calls what is due. */
export class BlockingClock implements TimerSource {
  readonly isSimulated?: false;
  private _now: number;
  private readonly _calls = new Set<Call>();

  constructor(startMs: number, isHost: boolean) {
    this._now = startMs;
    if (isHost) this.isSimulated = false;
  }

  get pending(): number {
    return this._calls.size;
  }

  now(): number {
    return this._now;
  }

  callLater(delayMs: number, fn: () => void): Timer {
    const call = { dueAt: this._now + delayMs, fn };
    this._calls.add(call);
    return {
      cancel: () => {
        this._calls.delete(call);
      },
      ref() {},
      unref() {},
    };
  }

  block(ms: number): void {
    this._now += ms;
  }

  turn(): void {
    for (const call of [...this._calls]) {
      if (call.dueAt <= this._now && this._calls.delete(call)) call.fn();
    }
  }

  /** Lets the time pass as on a loop that is idle: a turn each time that something is due. */
  idle(ms: number): void {
    const untilMs = this._now + ms;
    this.turn();
    for (;;) {
      const dueAt = Math.min(...[...this._calls].map((call) => call.dueAt));
      if (dueAt > untilMs) break;
      this._now = Math.max(this._now, dueAt);
      this.turn();
    }
    this._now = untilMs;
  }
}
