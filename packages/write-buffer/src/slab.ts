// Slabs are shared by all buffers of the process, so that an idle connection holds none. A slab has one holder at a time
// (a buffer that composes in it, or the pool), and may have chunks out that were taken from it. Bytes before `used` may
// belong to such chunks and are never written again until all of them came back.

/** The pool keeps no slab that is larger: a rare huge batch must not stay in memory. */
const MAX_POOLED_SLAB_BYTES = 64 * 1024;
const MAX_POOLED_SLABS = 16;
/** A slab with more chunks out waits for them instead of giving out still more: nobody may bring them back at all. */
const MAX_CHUNKS_OUT = 32;

/** A block of memory in which batches are composed one after the other. */
export class Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next batch may begin. */
  used = 0;
  isHeld = true;
  isPooled = false;
  readonly chunksOut: Uint8Array[] = [];

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength);
    this.view = new DataView(this.bytes.buffer);
    slabOf.set(this.bytes.buffer, this);
  }
}

const slabOf = new WeakMap<ArrayBufferLike, Slab>();
const pool: Slab[] = [];

/** Hands out a slab with room for `neededBytes` after its `used`: one from the pool, or a new one. */
export function holdSlab(neededBytes: number, slabBytes: number): Slab {
  // Twice the room, so that a batch that outgrows one remainder after the other is still copied in linear time.
  const roomBytes = Math.min(slabBytes, 2 * neededBytes);
  for (let i = pool.length - 1; neededBytes <= slabBytes && i >= 0; i--) {
    const slab = pool[i];
    // A slab whose memory was transferred to another thread has length 0 and stays unused.
    if (slab?.bytes.length !== slabBytes || slabBytes - slab.used < roomBytes) continue;
    pool.splice(i, 1);
    slab.isPooled = false;
    slab.isHeld = true;
    return slab;
  }
  return new Slab(Math.max(slabBytes, neededBytes));
}

/** Ends the hold on `slab`, in which the bytes before `used` may have been handed over. */
export function releaseSlab(slab: Slab, used: number): void {
  slab.isHeld = false;
  slab.used = slab.chunksOut.length === 0 ? 0 : used;
  offerToPool(slab);
}

/** Remembers that `chunk` of `slab` is out. */
export function noteChunkOut(slab: Slab, chunk: Uint8Array): void {
  slab.chunksOut.push(chunk);
}

/** Takes back a chunk; when it was the last one out, the whole slab can be used again. Ignores unknown chunks. */
export function recycleChunk(chunk: Uint8Array): void {
  const slab = slabOf.get(chunk.buffer);
  if (slab === undefined) return;
  // By identity: a chunk that comes back twice must not count for another one.
  const index = slab.chunksOut.indexOf(chunk);
  if (index < 0) return;
  slab.chunksOut.splice(index, 1);
  if (slab.chunksOut.length > 0 || slab.isHeld) return;
  slab.used = 0;
  offerToPool(slab);
}

function offerToPool(slab: Slab): void {
  const { length } = slab.bytes;
  const isUseful = length - slab.used >= length / 4 && slab.chunksOut.length < MAX_CHUNKS_OUT;
  if (slab.isPooled || !isUseful || length === 0 || length > MAX_POOLED_SLAB_BYTES) return;
  if (pool.length >= MAX_POOLED_SLABS) {
    const oldest = pool.shift();
    if (oldest !== undefined) oldest.isPooled = false;
  }
  slab.isPooled = true;
  pool.push(slab);
}
