/**
 * Compares two byte strings and looks at every byte, so that the time does not say where the first difference is.
 *
 * Lengths are no secret: where they differ, nothing else is looked at.
 */
export function isEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
