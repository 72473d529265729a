import type { Socket } from 'node:net';
import type { ChunkOwner } from '../transport.js';

/** A chunk that somebody wants back. */
export interface OwnedChunk {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner;
}

/** Whom the socket tells that a write has left. */
export interface SentListener {
  readonly onSent: (error?: Error | null) => void;
}

const NOTHING = new Uint8Array(0);

/** What was written: gathered until the running callback ends, then given to the socket as one write. */
export class Outbox {
  /** Bytes that are gathered and not yet the socket's. */
  gatheredBytes = 0;
  /** Bytes that the socket was given. */
  givenBytes = 0;
  // The first one has a field of its own: mostly there is only one, and an array would outlive it on every connection.
  private _first: Uint8Array | undefined;
  private _more: Uint8Array[] | undefined;
  private _owned: OwnedChunk[] | undefined;
  /** For each write whose end the socket will tell, the chunks that left with it; oldest first. */
  private readonly _writes: (OwnedChunk[] | undefined)[] = [];

  /** Whether something is gathered. */
  get isGathering(): boolean {
    return this._first !== undefined;
  }

  /** @param bytes - What to send; `chunk` itself, unless that will change too early. */
  gather(bytes: Uint8Array, chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    if (owner !== undefined) (this._owned ??= []).push({ chunk, owner });
    this.gatheredBytes += bytes.length;
    if (this._first === undefined) this._first = bytes;
    else (this._more ??= []).push(bytes);
  }

  /**
   * Gives what is gathered to the socket.
   *
   * @param isWatched - Whether its departure must be told even if nobody wants a chunk back.
   * @param listener - Told of it then; has to call {@link sent}.
   * @returns How many chunks it was given.
   */
  give(socket: Socket, isWatched: boolean, listener: SentListener): number {
    const first = this._first;
    const more = this._more;
    if (first === undefined) return 0;
    this.givenBytes += this.gatheredBytes;
    this.gatheredBytes = 0;
    this._first = undefined;
    if (more === undefined && !isWatched && this._owned === undefined) {
      socket.write(first);
      return 1;
    }
    const told = isWatched || this._owned !== undefined ? this._expect(listener) : undefined;
    if (more === undefined) {
      socket.write(first, told);
      return 1;
    }
    this._more = undefined;
    const last = more.pop() ?? NOTHING;
    socket.cork();
    socket.write(first);
    for (const chunk of more) socket.write(chunk);
    socket.write(last, told);
    socket.uncork();
    return more.length + 2;
  }

  /** Has the socket tell when all that it was given so far has left. */
  watch(socket: Socket, listener: SentListener): void {
    socket.write(NOTHING, this._expect(listener));
  }

  /** The oldest write that was to be told of has left. @returns What left with it. */
  sent(): readonly OwnedChunk[] | undefined {
    return this._writes.shift();
  }

  /** Gives up all that has not left. @returns The chunks that somebody wants back. */
  lose(): OwnedChunk[] {
    const lost = this._writes.splice(0).flatMap((owned) => owned ?? []);
    lost.push(...(this._owned ?? []));
    this._first = this._more = this._owned = undefined;
    this.gatheredBytes = 0;
    return lost;
  }

  private _expect(listener: SentListener): SentListener['onSent'] {
    this._writes.push(this._owned);
    this._owned = undefined;
    return listener.onSent;
  }
}

/** Resolves when what `socket` was given has left; rejects with the socket's error if it never will. */
export function allSent(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.writableLength === 0) {
      resolve();
      return;
    }
    socket.write(NOTHING, (error?: Error | null) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}
