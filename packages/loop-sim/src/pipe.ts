import { SystemError } from './errors.js';
import { Line } from './line.js';
import type { Link } from './link.js';
import type { SimTransport } from './sim-transport.js';
import type { Simulation } from './simulation.js';

/** One direction of a connection: bytes with a window, over a line. */
export class Pipe {
  /** Who sends to whom. */
  readonly name: string;
  private readonly _simulation: Simulation;
  private readonly _link: Link;
  private readonly _line: Line;
  private readonly _from: SimTransport;
  private readonly _to: SimTransport;
  /** On their way, or arrived and not consumed. */
  private _takenBytes = 0;
  private _deliveredBytes = 0;
  private _resetAtByte = Infinity;
  private _isCut = false;
  /** A reset is on its way, or has arrived. */
  private _isReset = false;

  constructor(simulation: Simulation, link: Link, back: Link, name: string, from: SimTransport, to: SimTransport) {
    this._simulation = simulation;
    this._link = link;
    this.name = name;
    this._from = from;
    this._to = to;
    this._line = new Line(simulation, link, back, () => {
      this._isReset = false; // the system answers what still comes by a reset, which may come through
      from.broken(new SystemError('ETIMEDOUT', 'connection timed out'));
    });
  }

  /** Bytes that have arrived at the other end so far. */
  get deliveredBytes(): number {
    return this._deliveredBytes;
  }

  /** How many bytes the window has room for. */
  get roomBytes(): number {
    return Math.max(0, this._link.windowBytes - this._takenBytes);
  }

  /**
   * Resets the connection once that many bytes have arrived.
   *
   * @returns Whether that is the case now.
   */
  resetAfter(bytes: number): boolean {
    this._resetAtByte = bytes;
    return this._deliveredBytes > 0 && this._deliveredBytes >= bytes;
  }

  /** The third part of the handshake. */
  announce(arrive: () => void): void {
    this._line.send(0, arrive);
  }

  /** Puts bytes onto the line, which are copied, in pieces that the seed chooses. */
  send(bytes: Uint8Array): void {
    this._takenBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const length = this._pieceLength(bytes.length - at);
      const piece = new Uint8Array(bytes.subarray(at, at + length));
      at += length;
      this._line.send(length, () => {
        this._arrive(piece);
      });
    }
  }

  sendEnd(): void {
    this._line.send(0, () => {
      this._simulation.note(this.name, 'end');
      this._to.arrive(null);
    });
  }

  /** The receiver has taken bytes: the sender learns of the room after the way back. */
  consumed(bytes: number): void {
    const wasFull = this.roomBytes === 0;
    this._takenBytes -= bytes;
    if (!wasFull && this._from.bufferedBytes === 0) return;
    this._line.answer(() => {
      this._from.flush();
    });
  }

  /** The receiver has seen the end of data. */
  endConsumed(): void {
    this._line.answer(() => {
      this._from.endArrived();
    });
  }

  /** Breaks the connection: the other end hears of it behind all that is on its way. */
  reset(): void {
    if (this._isCut || this._isReset) return;
    this._isReset = true;
    this._line.send(0, () => {
      this._simulation.note(this.name, 'reset');
      this._to.broken(new SystemError('ECONNRESET', 'connection reset by the peer'));
    });
  }

  /** Nothing comes through any more, and nobody is told. */
  cut(): void {
    this._isCut = true;
    this._line.cut();
  }

  /** Whether that was done. */
  get isCut(): boolean {
    return this._isCut;
  }

  /** The receiver's program does not get to read, or does so again. */
  set isStalled(isStalled: boolean) {
    if (!this._isCut) this._simulation.note(this.name, isStalled ? 'stalled' : 'resumed');
    this._to.isStalled = isStalled;
  }

  /** For the connection as a whole: both ends hear that it was reset by something between them. */
  breakConnection: (detail: string) => void = () => undefined;

  private _arrive(piece: Uint8Array): void {
    const keep = Math.min(piece.length, Math.max(0, this._resetAtByte - this._deliveredBytes));
    const kept = keep < piece.length ? piece.slice(0, keep) : piece;
    this._deliveredBytes += kept.length;
    if (kept.length > 0) {
      this._simulation.noteBytes(this.name, 'data', kept);
      this._to.arrive(kept);
    }
    if (this._deliveredBytes >= this._resetAtByte)
      this.breakConnection(`after byte ${this._deliveredBytes}, as planned`);
  }

  private _pieceLength(most: number): number {
    const { random } = this._simulation;
    const limit = Math.min(most, this._link.segmentBytes);
    // One write in eight is torn; the rest come as they were written, as on a quiet network.
    return limit > 1 && random.int(8) === 0 ? 1 + random.int(limit - 1) : limit;
  }
}
