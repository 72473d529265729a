import { TransportClosedError } from '@millrace/loop-policy';
import type { ChunkOwner, Transport } from '@millrace/loop-policy';
import { reportUncaught } from './report-uncaught.js';

/**
 * What was written in one turn of the microtasks, given to the transport as one write.
 *
 * Whoever awaits is called by microtasks, outside of the callbacks of the loop, where each write of a transport would
 * be a system call of its own.
 */
export class GatheredWrites {
  /** Bytes that the transport was not given yet. */
  bytes = 0;
  private readonly _transport: Transport;
  private _first: Uint8Array | undefined = undefined;
  private _more: Uint8Array[] | undefined = undefined;
  private _owner: ChunkOwner | undefined = undefined;
  /** Whether it is in `waiting`, though it may have given everything already. */
  private _isListed = false;

  constructor(transport: Transport) {
    this._transport = transport;
  }

  add(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    // Chunks that leave together go back to one owner.
    if (this._first !== undefined && owner !== this._owner) this.flush();
    this.bytes += chunk.length;
    if (this._first !== undefined) {
      (this._more ??= []).push(chunk);
      return;
    }
    this._first = chunk;
    this._owner = owner;
    if (this._isListed) return;
    this._isListed = true;
    waiting.push(this);
    if (waiting.length === 1) void RESOLVED.then(flushAll);
  }

  /** @internal */
  _flushListed(): void {
    this._isListed = false;
    this.flush();
  }

  /** Gives the transport what was gathered; never throws. */
  flush(): void {
    const { _first: first, _more: more, _owner: owner } = this;
    if (first === undefined) return;
    this._first = this._more = this._owner = undefined;
    this.bytes = 0;
    try {
      if (more === undefined) this._transport.write(first, owner);
      else this._transport.writeMany([first, ...more], owner);
    } catch (error) {
      // The connection ended since: the chunks are lost with it, and who wrote them hears of it by the next call.
      if (!(error instanceof TransportClosedError)) this._transport.abort(error as Error);
      if (owner !== undefined) for (const chunk of [first, ...(more ?? [])]) this._giveBack(chunk, owner);
    }
  }

  private _giveBack(chunk: Uint8Array, owner: ChunkOwner): void {
    try {
      owner.recycle(chunk);
    } catch (error) {
      reportUncaught(this._transport.loop, error);
    }
  }
}

/** perf: echo. `queueMicrotask` of Node makes an async resource each time. */
const RESOLVED = Promise.resolve();

/** Those that have gathered something since the last flush; some may have given it already. */
let waiting: GatheredWrites[] = [];

function flushAll(): void {
  const writes = waiting;
  waiting = [];
  for (const write of writes) write._flushListed();
}
