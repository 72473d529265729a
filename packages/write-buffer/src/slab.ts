// Slabs are shared by all buffers of the process, so that an idle connection holds none. A slab has one holder at a time
// (a buffer that composes in it, or the pool), and may have chunks out that were taken from it. Bytes before `used` may
// belong to such chunks and are never written again until all of them came back.

/** The pool keeps no slab that is larger: a rare huge batch must not stay in memory. */
export const MAX_POOLED_SLAB_BYTES: number = 256 * 1024;
const MAX_POOLED_SLABS = 16;
/** A slab with more chunks out waits for them instead of giving out still more: nobody may bring them back at all. */
const MAX_CHUNKS_OUT = 32;
/** A slab that was not needed while so many batches began is given up: a spike is over, or a size out of use. */
const UNUSED_BATCHES = 256;

/** A block of memory in which batches are composed one after the other. */
export class Slab {
  readonly bytes: Uint8Array;
  /** Of three bytes more, so that the last word of a plan can always be written whole. */
  readonly view: DataView;
  /** Where the next batch may begin. */
  used = 0;
  isHeld = true;
  /** How many batches had begun when it came into the pool. */
  pooledAt = 0;
  /** Chunks that were handed over and did not come back, oldest first. */
  readonly chunksOut: Uint8Array[] = [];
  /** Those before this index came back. */
  firstOut = 0;

  constructor(byteLength: number) {
    const buffer = new ArrayBuffer(byteLength + 3);
    this.bytes = new Uint8Array(buffer, 0, byteLength);
    this.view = new DataView(buffer);
    slabOf.set(buffer, this);
  }
}

const slabOf = new WeakMap<ArrayBufferLike, Slab>();
/** The one that came last is at the end. */
const pool: Slab[] = [];
let batches = 0;

/** Hands out a slab of `byteLength` with room for `neededBytes` after its `used`: one from the pool, or a new one. */
export function holdSlab(neededBytes: number, byteLength: number): Slab {
  batches = (batches + 1) | 0; // a count that goes round, so that it stays a small integer
  const oldest = pool[0];
  if (oldest !== undefined && ((batches - oldest.pooledAt) | 0) > UNUSED_BATCHES) pool.shift();
  // Twice the room, so that a batch that outgrows one remainder after the other is still copied in linear time.
  const roomBytes = Math.min(byteLength, 2 * neededBytes);
  for (let i = pool.length - 1; i >= 0; i--) {
    const slab = pool[i];
    // Memory that was transferred to another thread has length 0.
    if (slab?.bytes.length !== byteLength || byteLength - slab.used < roomBytes) continue;
    // perf: splice makes an array of what it removes.
    if (i === pool.length - 1) pool.pop();
    else pool.splice(i, 1);
    slab.isHeld = true;
    return slab;
  }
  return new Slab(byteLength);
}

/** Takes back a chunk; when it was the last one out, the whole slab can be used again. `false` for an unknown chunk. */
export function recycleChunk(chunk: Uint8Array): boolean {
  const slab = slabOf.get(chunk.buffer);
  if (slab === undefined) return false;
  // By identity: a chunk that comes back twice must not count for another one. Most come back in order, or in reverse.
  const { chunksOut, firstOut } = slab;
  const index = chunksOut[firstOut] === chunk ? firstOut : chunksOut.lastIndexOf(chunk);
  if (index < firstOut) return false;
  if (index > firstOut) chunksOut.splice(index, 1);
  else if (2 * ++slab.firstOut > chunksOut.length) slab.firstOut -= chunksOut.splice(0, slab.firstOut).length;
  if (!slab.isHeld) releaseSlab(slab, slab.used);
  return true;
}

/** Ends the hold on `slab`, in which the bytes before `used` may have been handed over. */
export function releaseSlab(slab: Slab | undefined, used: number): void {
  if (slab === undefined) return;
  const { bytes, chunksOut } = slab;
  const outCount = chunksOut.length - slab.firstOut;
  slab.isHeld = false;
  slab.used = outCount === 0 ? 0 : used;
  const isUseful = bytes.length - slab.used >= bytes.length / 4 && outCount < MAX_CHUNKS_OUT;
  if (!isUseful || bytes.length > MAX_POOLED_SLAB_BYTES || pool.includes(slab)) return;
  slab.pooledAt = batches;
  if (pool.push(slab) > MAX_POOLED_SLABS) pool.shift();
}
