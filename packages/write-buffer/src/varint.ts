/** How many bytes `value`, a safe integer from 0, takes as a varint. */
export function varintBytes(value: number): number {
  let byteLength = 1;
  for (let rest = value; rest >= 0x80; rest /= 0x80) byteLength++; // exact: only the exponent changes
  return byteLength;
}

/** Writes `value`, a safe integer from 0, at `at`: seven bits per byte, the lowest first, the top bit if more follow. */
export function putVarint(bytes: Uint8Array, at: number, value: number): void {
  let end = at;
  let rest = value;
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) bytes[end++] = (rest & 0x7f) | 0x80;
  for (; rest >= 0x80; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
  bytes[end] = rest;
}
