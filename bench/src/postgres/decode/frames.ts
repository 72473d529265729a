/** A message without what it stands between. */
export interface Frame {
  readonly type: string;
  /** All of it, with type and length. */
  readonly bytes: Buffer;
}

/** Cuts messages off `bytes`, as many as are whole. */
export function* framesOf(bytes: Buffer): Generator<Frame, undefined> {
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) return;
    yield { type: String.fromCharCode(bytes.readUInt8(at)), bytes: bytes.subarray(at, end) };
    at = end;
  }
}
