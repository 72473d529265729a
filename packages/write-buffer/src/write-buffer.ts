import type { ChunkOwner } from './chunk-owner.js';
import { FrameWriter } from './frame-writer.js';
import { requireBytes, wrongType } from './ranges.js';
import { giveBack, handOut, takeBack } from './reference.js';
import { recycleChunk } from './slab.js';

/**
 * Composes messages one after the other, and hands over all that was written as one contiguous chunk.
 *
 * Each write appends at the end; a write that throws has written nothing. Numbers are big-endian, except where the name
 * ends in `LE`.
 *
 * @remarks
 * Lifetime: memory comes from slabs that all buffers share. An empty buffer holds none.
 * Cost: a write is one check of the room and one store; a batch that outgrows its slab is moved, in linear time overall.
 */
export class WriteBuffer extends FrameWriter implements ChunkOwner {
  private _atomicDepth = 0;

  /**
   * Appends `chunk` without copying it: `takeAll` hands it over between what was written before and after it. Worth it
   * from some KiB on.
   *
   * @param chunk - From now on nobody may change it. It counts for `length`, `maxBytes` and the frames it is in.
   * @param owner - Gets `chunk` back, once for each time that it was written: when it is recycled after `takeAll`, or
   *   when `reset` or a failed `atomic` drops it.
   * @returns This buffer.
   * @throws {TypeError} If `chunk` is no Uint8Array, or `owner` cannot recycle; `chunk` stays the caller's.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; `chunk` stays the caller's.
   */
  writeRef(chunk: Uint8Array, owner?: ChunkOwner): this {
    requireBytes(chunk);
    if (owner !== undefined && typeof owner.recycle !== 'function') throw wrongType('ChunkOwner', owner);
    this._checkRoom(chunk.length);
    this._references.push({ chunk, owner, at: this._cursor - this._start });
    this._referenceBytes += chunk.length;
    this._setLimit();
    return this;
  }

  /**
   * Runs `compose`, and undoes its writes if it throws: no torn frame is ever taken. May be nested.
   *
   * @param compose - Writes to this buffer, synchronously.
   * @returns What `compose` returned.
   * @throws Whatever `compose` throws, after length and open frames are again what they were, and the owners of chunks
   *   that it wrote by reference have got them back. A `patchInt32` of a place reserved before is not undone.
   * @throws {AggregateError} If owners threw besides: its first error is the one of `compose`.
   * @remarks Reentrancy: `compose` can neither `take` nor `reset`.
   */
  atomic<T>(compose: () => T): T {
    const writtenBytes = this._cursor - this._start;
    const referenceCount = this._references.length;
    const frame = this._frame;
    const outerFrames = this._outerFrames.length > 0 ? this._outerFrames.slice() : undefined;
    this._atomicDepth += 1;
    try {
      return compose();
    } catch (error) {
      this._frame = frame;
      this._outerFrames = outerFrames ?? [];
      throw giveBack(this._cut(writtenBytes, referenceCount), error);
    } finally {
      this._atomicDepth -= 1;
    }
  }

  /**
   * Shows what was written, as a view.
   *
   * @throws {TypeError} If a frame is open, or if there are chunks written by reference.
   * @remarks Lifetime: until the next write, `take` or `reset`.
   */
  view(): Uint8Array {
    this._checkNoOpenFrame();
    if (this._references.length > 0) throw new TypeError('use takeAll()');
    return this._bytes.subarray(this._start, this._cursor);
  }

  /**
   * Hands over what was written, without copying it, and empties the buffer.
   *
   * @returns One chunk, of length 0 if nothing was written. Later writes never touch it, until it is recycled.
   * @throws {TypeError} If a frame is open, if there are chunks written by reference, or inside `atomic`; nothing
   *   changes.
   * @remarks
   * Lifetime: the chunk is the caller's until it goes to {@link recycle}, which is optional. Its memory is part of a
   * larger block: do not transfer `chunk.buffer` to another thread.
   */
  take(): Uint8Array {
    this._checkNotAtomic();
    const chunk = this.view();
    this._slab?.chunksOut.push(chunk);
    this._release();
    return chunk;
  }

  /**
   * Hands over what was written, chunks written by reference in their places, without copying anything, and empties the
   * buffer: for a transport's `writeMany(chunks, buffer)`.
   *
   * @returns Chunks in order, none if nothing was written. A chunk written by reference is a new view of the same bytes.
   * @throws {TypeError} If a frame is open, or inside `atomic`; nothing changes.
   * @remarks Lifetime: as for {@link take}, for each chunk. Each of them goes to {@link recycle} on its own, which
   *   passes on to its owner what was written by reference. An owner gets nothing back from a caller that never recycles.
   */
  takeAll(): Uint8Array[] {
    this._checkNoOpenFrame();
    this._checkNotAtomic();
    const chunks: Uint8Array[] = [];
    let from = this._start;
    for (const reference of this._references.splice(0)) {
      const to = this._start + reference.at;
      if (to > from) chunks.push(this._handOver(from, to));
      chunks.push(handOut(reference));
      from = to;
    }
    if (this._cursor > from) chunks.push(this._handOver(from, this._cursor));
    this._referenceBytes = 0;
    this._release();
    return chunks;
  }

  /**
   * Gives back a chunk that `take` or `takeAll` handed over, so that its memory can be used again once all the chunks of
   * the same slab came back, or so that the owner with which it was written gets it. Whoever sent the chunk calls it: a
   * transport that was given this buffer as the owner. A chunk that is not from here, or came back before, is ignored.
   *
   * @param chunk - The very object that was handed over. It must not be read or written afterwards.
   */
  recycle(chunk: Uint8Array): void {
    if (!recycleChunk(chunk)) takeBack(chunk);
  }

  /**
   * Drops what was written and closes all frames. Chunks taken before stay valid.
   *
   * @throws {TypeError} Inside `atomic`; nothing changes.
   * @throws What the owners of chunks written by reference throw, after the buffer was emptied and all got theirs.
   */
  reset(): void {
    this._checkNotAtomic();
    this._frame = 0;
    this._outerFrames.length = 0;
    const failure = giveBack(this._cut(0, 0));
    if (failure !== undefined) throw failure as Error;
  }

  private _handOver(from: number, to: number): Uint8Array {
    const chunk = this._bytes.subarray(from, to);
    this._slab?.chunksOut.push(chunk);
    return chunk;
  }

  private _checkNotAtomic(): void {
    if (this._atomicDepth > 0) throw new TypeError('not in atomic');
  }
}
