import type { AnyProtocol } from '@millrace/loop-policy';
import { makeReceiver, type Receiver } from '@millrace/loop-policy/kit';
import type { SimLoop } from './sim-loop.js';

const BUFFER_HINT_BYTES = 64 * 1024;
const POISON = 0xee;

/** Whose inbox it is. */
export interface Reader {
  /** Whether its program takes data; what comes later is discarded. */
  readonly isOpen: boolean;
  readonly isLost: boolean;
  /** Runs a callback of the protocol. */
  call(fn: () => void): void;
  /** So many bytes make room for others. */
  consumed(bytes: number): void;
  /** All data was read. */
  ended(): void;
}

/** What arrived at one end of a connection, until its program reads it. */
export class SimInbox {
  /** By the program. */
  isPaused = false;
  private readonly _loop: SimLoop;
  private readonly _reader: Reader;
  /** `null` for the end of data. */
  private readonly _arrived: (Uint8Array | null)[] = [];
  private _receiver: Receiver | undefined;
  /** Who takes what is being delivered; another one after a change of protocols. */
  private _taker: Receiver | undefined;
  private _isStarted = false;
  private _isStalled = false;
  private _isDelivering = false;
  private readonly _isReading = (): boolean => this._reader.isOpen && !this.isPaused && this._receiver === this._taker;

  constructor(loop: SimLoop, reader: Reader) {
    this._loop = loop;
    this._reader = reader;
  }

  /** Pieces that wait. */
  get length(): number {
    return this._arrived.length;
  }

  /** By the simulation, which keeps the program from reading. */
  get isStalled(): boolean {
    return this._isStalled;
  }

  set isStalled(isStalled: boolean) {
    this._isStalled = isStalled;
    if (!isStalled) this.deliverLater();
  }

  /** @throws {TypeError} If it is no protocol. */
  setProtocol(protocol: AnyProtocol): void {
    this._receiver = makeReceiver(protocol, BUFFER_HINT_BYTES);
  }

  /** Begins to read, or to read in the way of another protocol. */
  start(): void {
    this._isStarted = true;
    const receiver = this._receiver;
    if (!this._reader.isOpen) return;
    this._reader.call(() => {
      receiver?.start();
    });
  }

  add(piece: Uint8Array | null): void {
    this._arrived.push(piece);
    this._deliver();
  }

  clear(): void {
    this._arrived.length = 0;
  }

  deliverLater(): void {
    if (this._arrived.length === 0) return;
    this._loop.soon(() => {
      this._deliver();
    });
  }

  /** Delivers one piece; the next one comes when its microtasks have run. */
  private _deliver(): void {
    if (!this._isStarted || this._isDelivering || this._reader.isLost || this.isPaused) return;
    if (this._isStalled && this._reader.isOpen) return; // what is to be discarded needs no program
    const piece = this._arrived.shift();
    if (piece === undefined) return;
    this._isDelivering = true;
    if (piece === null) this._reader.ended();
    else this._deliverPiece(piece);
    this._isDelivering = false;
    this.deliverLater();
  }

  private _deliverPiece(piece: Uint8Array): void {
    let taken = piece.length;
    if (this._reader.isOpen) {
      this._loop.borrow(piece);
      const taker = this._receiver;
      this._taker = taker;
      taken = 0;
      this._reader.call(() => {
        taken = taker?.receive(piece, this._isReading) ?? 0;
      });
      this._loop.borrow(undefined);
      this._loop.bytesRead += taken;
      if (taken < piece.length && this._isOpen()) this._arrived.unshift(piece.slice(taken));
      else taken = piece.length; // what nobody will read makes room, too
    }
    piece.fill(POISON); // whoever kept it, must not have
    this._reader.consumed(taken);
  }

  /** Asked anew after a callback, which may have closed the connection. */
  private _isOpen(): boolean {
    return this._reader.isOpen;
  }
}
