import type { Link, Pending } from './link.js';
import type { Simulation } from './simulation.js';

/** How long something may stay unacknowledged before the sender's system gives the connection up, as Linux does. */
const GIVE_UP_MS = 15 * 60 * 1000;

interface Parcel {
  readonly order: number;
  readonly bytes: number;
  readonly arrive: () => void;
}

/**
 * Carries what one end of a connection sends over one direction of a link, in order: what a partition stops is sent again
 * when that ends, unless the sender's system has given up by then.
 */
export class Line {
  private readonly _simulation: Simulation;
  private readonly _link: Link;
  private readonly _back: Link;
  private readonly _lane: number;
  private readonly _giveUp: () => void;
  private _lastArrivalMs = 0;
  private _sent = 0;
  private _arrived = 0;
  /** Stopped by a partition, the first one being the next to arrive. */
  private _held: Parcel[] = [];
  /** Here before others that were sent earlier. */
  private readonly _early = new Map<number, Parcel>();
  private _resuming: Pending | undefined;
  private _acknowledging: Pending | undefined;
  private _givingUp: Pending | undefined;
  private _isCut = false;

  /**
   * @param back - The way of the acknowledgements.
   * @param giveUp - Called when the sender's system has waited for too long.
   */
  constructor(simulation: Simulation, link: Link, back: Link, giveUp: () => void) {
    this._simulation = simulation;
    this._link = link;
    this._back = back;
    this._lane = simulation.newLane();
    this._giveUp = giveUp;
  }

  /** Sends `bytes` bytes, or something without any. */
  send(bytes: number, arrive: () => void): void {
    this._ship({ order: this._sent++, bytes, arrive });
  }

  /** Sends something without bytes, and without an order, the other way: the receiver's system answers. */
  answer(arrive: () => void): void {
    this._back.pass(this._lane, arrive);
  }

  /** Nothing arrives any more. */
  cut(): void {
    this._isCut = true;
    this._forget();
  }

  private _ship(parcel: Parcel): void {
    if (this._held.length > 0 || !this._link.isOpen) {
      this._hold(parcel);
      return;
    }
    this._lastArrivalMs = Math.max(this._lastArrivalMs, this._link.arrivalMs(parcel.bytes));
    this._simulation.at(this._lastArrivalMs, this._lane, () => {
      this._land(parcel);
    });
  }

  private _land(parcel: Parcel): void {
    if (this._isCut || parcel.order < this._arrived) return;
    if (!this._link.isOpen) {
      this._hold(parcel);
      return;
    }
    if (parcel.order === this._arrived) {
      this._arrived++;
      parcel.arrive();
    } else this._early.set(parcel.order, parcel);
    while (this._early.size > 0) {
      const next = this._early.get(this._arrived);
      if (next === undefined) break;
      this._early.delete(this._arrived++);
      next.arrive();
    }
    if (!this._back.isOpen) this._awaitAcknowledgement();
  }

  private _hold(parcel: Parcel): void {
    this._held.push(parcel);
    this._startWaiting();
    this._resuming ??= this._link.hold(() => {
      this._resuming = undefined;
      // What was under way when the partition began is here behind what was sent after that.
      const held = this._held.sort((a, b) => a.order - b.order);
      this._held = [];
      if (this._acknowledging === undefined) this._stopWaiting();
      for (const each of held) this._ship(each);
    });
  }

  private _awaitAcknowledgement(): void {
    this._startWaiting();
    this._acknowledging ??= this._back.hold(() => {
      this._acknowledging = undefined;
      if (this._held.length === 0) this._stopWaiting();
    });
  }

  private _startWaiting(): void {
    if (this._isCut) return;
    this._givingUp ??= this._simulation.at(this._simulation.nowMs + GIVE_UP_MS, this._lane, () => {
      this._forget();
      this._giveUp();
    });
  }

  private _stopWaiting(): void {
    this._givingUp?.cancel();
    this._givingUp = undefined;
  }

  /** What was sent does not arrive any more; what comes after it does. */
  private _forget(): void {
    this._stopWaiting();
    this._resuming?.cancel();
    this._resuming = undefined;
    this._acknowledging?.cancel();
    this._acknowledging = undefined;
    this._held = [];
    this._early.clear();
    this._arrived = this._sent;
  }
}
