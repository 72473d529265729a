import type { ChunkOwner } from './chunk-owner.js';

/** A chunk that is part of a batch without having been copied into it. */
export interface Reference {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  /** How many bytes of the batch's slab come before it. */
  readonly at: number;
}

/** By the views under which they were handed out: references whose owners wait for them. */
const handedOut = new WeakMap<Uint8Array, Reference>();

/**
 * The chunk of `reference` under a view of its own, so that it comes back once for each time that it was written, and
 * so that it is not mistaken for the caller's chunk, which may have another owner.
 */
export function handOut(reference: Reference): Uint8Array {
  const view = reference.chunk.subarray();
  if (reference.owner !== undefined) handedOut.set(view, reference);
  return view;
}

/** Returns a chunk to its owner, if it was handed out as `view` and did not come back before. */
export function takeBack(view: Uint8Array): void {
  const reference = handedOut.get(view);
  if (reference === undefined) return;
  handedOut.delete(view);
  reference.owner?.recycle(reference.chunk);
}

/**
 * Returns chunks that will not be sent. Each owner gets its own, whatever another one throws.
 *
 * @param failures - What went wrong before.
 * @returns What is to be thrown for that and for what owners threw: an AggregateError if several, `undefined` if none.
 */
export function giveBack(references: readonly Reference[], ...failures: unknown[]): unknown {
  for (const { owner, chunk } of references) {
    try {
      owner?.recycle(chunk);
    } catch (error) {
      failures.push(error);
    }
  }
  return failures.length > 1 ? new AggregateError(failures) : failures[0];
}
