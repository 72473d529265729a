/** Whoever wants the memory of a chunk back when nobody reads the chunk any more. */
export interface ChunkOwner {
  /**
   * Takes back a chunk that was handed over earlier.
   *
   * @param chunk - The very object that was handed over, exactly once. The caller must not read or write it afterwards.
   */
  recycle(chunk: Uint8Array): void;
}
