import { SystemError } from './errors.js';
import type { Link } from './link.js';
import type { SimTransport } from './sim-transport.js';
import type { Simulation } from './simulation.js';

/** How long data may stay unacknowledged before the sender's system gives the connection up, as Linux does. */
const GIVE_UP_MS = 15 * 60 * 1000;

/** What is on its way, or held back. */
interface Parcel {
  readonly order: number;
  readonly bytes: number;
  readonly arrive: () => void;
}

/** One direction of a connection: bytes in order, with a window, over one direction of a link. */
export class Pipe {
  readonly name: string;
  private readonly _simulation: Simulation;
  private readonly _link: Link;
  private readonly _lane: number;
  private readonly _from: SimTransport;
  private readonly _to: SimTransport;
  /** On their way, or arrived and not consumed. */
  private _takenBytes = 0;
  private _deliveredBytes = 0;
  private _resetAtByte = Infinity;
  private _lastArrivalMs = 0;
  private _order = 0;
  private _held: Parcel[] = [];
  private _isCut = false;
  /** Nothing more is sent: what is on its way arrives, then the reset. */
  private _isSealed = false;

  constructor(simulation: Simulation, link: Link, name: string, from: SimTransport, to: SimTransport) {
    this._simulation = simulation;
    this._link = link;
    this._lane = simulation.newLane();
    this.name = name;
    this._from = from;
    this._to = to;
  }

  /** Bytes that have arrived at the other end so far. */
  get deliveredBytes(): number {
    return this._deliveredBytes;
  }

  /** How many bytes the window has room for. */
  get roomBytes(): number {
    return Math.max(0, this._link.windowBytes - this._takenBytes);
  }

  /** Resets the connection once that many bytes have arrived. */
  resetAfter(bytes: number): void {
    this._resetAtByte = bytes;
  }

  /** The third part of the handshake. */
  announce(arrive: () => void): void {
    this._transmit(0, arrive);
  }

  /** Puts bytes onto the line, which are copied, in pieces that the seed chooses. */
  send(bytes: Uint8Array): void {
    this._takenBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const length = this._pieceLength(bytes.length - at);
      const piece = new Uint8Array(bytes.subarray(at, at + length));
      at += length;
      this._transmit(length, () => {
        this._arrive(piece);
      });
    }
  }

  sendEnd(): void {
    this._transmit(0, () => {
      this._simulation.note(this.name, 'end', 0);
      this._to.arrive(null);
    });
  }

  /** The receiver has taken bytes: the sender learns of the room after the way back. */
  consumed(bytes: number): void {
    const wasFull = this.roomBytes === 0;
    this._takenBytes -= bytes;
    if (!wasFull && this._from.bufferedBytes === 0) return;
    this._back(() => {
      this._from.flush();
    });
  }

  /** The receiver has seen the end of data. */
  endConsumed(): void {
    this._back(() => {
      this._from.endArrived();
    });
  }

  /** Breaks the connection: what is on its way is lost, the other end hears of it once this comes through. */
  reset(): void {
    if (this._isCut || this._isSealed) return;
    this._isSealed = true;
    this._transmit(0, () => {
      this._isCut = true;
      this._simulation.note(this.name, 'reset', 0);
      this._to.broken(new SystemError('ECONNRESET', 'connection reset by the peer'));
    });
  }

  /** Nothing comes through any more, and nobody is told: the host is gone. */
  cut(): void {
    this._isCut = true;
  }

  private _arrive(piece: Uint8Array): void {
    if (this._isCut) return;
    const keep = Math.min(piece.length, this._resetAtByte - this._deliveredBytes);
    const kept = keep < piece.length ? piece.subarray(0, keep) : piece;
    this._deliveredBytes += kept.length;
    if (kept.length > 0) {
      this._simulation.noteBytes(this.name, 'data', kept);
      this._to.arrive(kept);
    }
    if (this._deliveredBytes >= this._resetAtByte) this.breakBoth();
  }

  /** Both ends see a reset, as if something between them had sent it. */
  breakBoth(): void {
    if (this._isCut) return;
    this._isCut = true;
    this._simulation.note(this.name, 'reset at byte', this._deliveredBytes);
    const error = new SystemError('ECONNRESET', 'connection reset by the peer');
    this._to.broken(error);
    this._from.broken(error);
  }

  private _pieceLength(most: number): number {
    const { random } = this._simulation;
    const limit = Math.min(most, this._link.segmentBytes);
    // One write in eight is torn; the rest come as they were written, as on a quiet network.
    return limit > 1 && random.int(8) === 0 ? 1 + random.int(limit - 1) : limit;
  }

  private _transmit(bytes: number, arrive: () => void): void {
    this._ship({ order: this._order++, bytes, arrive });
  }

  private _ship(parcel: Parcel): void {
    const { _simulation: simulation, _link: link } = this;
    if (link.isPartitioned || this._held.length > 0) {
      this._hold(parcel);
      return;
    }
    const jitterMs = link.jitterMs === 0 ? 0 : simulation.random.float() * link.jitterMs;
    const atMs = Math.max(this._lastArrivalMs, link.arrivalMs(simulation.nowMs, parcel.bytes) + jitterMs);
    this._lastArrivalMs = atMs;
    simulation.at(atMs, this._lane, () => {
      if (this._isCut) return;
      // It was on its way when the partition began: it is sent again when that ends.
      if (link.isPartitioned) this._hold(parcel);
      else parcel.arrive();
    });
  }

  /** Sends it again when the partition ends, unless that takes longer than the sender's system waits. */
  private _hold(parcel: Parcel): void {
    const isFirst = this._held.length === 0;
    this._held.push(parcel);
    if (!isFirst) return;
    const givingUp = this._simulation.at(this._simulation.nowMs + GIVE_UP_MS, this._lane, () => {
      if (this._isCut) return;
      this._isCut = true;
      this._from.broken(new SystemError('ETIMEDOUT', 'connection timed out'));
    });
    this._link.hold(() => {
      givingUp.cancel();
      // What was under way when the partition began is here behind what was sent after that.
      const held = this._held.sort((a, b) => a.order - b.order);
      this._held = [];
      if (!this._isCut) for (const each of held) this._ship(each);
    });
  }

  /** Something small comes back; it takes the way, but no place in a queue. */
  private _back(fn: () => void): void {
    this._simulation.at(this._simulation.nowMs + this._link.latencyMs, this._lane, fn);
  }
}
