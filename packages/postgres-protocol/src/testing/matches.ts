/**
 * Compares what a script expects with what came.
 *
 * An object matches if each of its own fields does, so that a script names only what it cares about; everything else
 * must be equal: bytes byte by byte, lists element by element.
 */
export function matches(expected: unknown, seen: unknown): boolean {
  if (expected instanceof Uint8Array) {
    return seen instanceof Uint8Array && expected.length === seen.length && expected.every((b, i) => b === seen[i]);
  }
  if (Array.isArray(expected)) {
    return (
      Array.isArray(seen) && expected.length === seen.length && expected.every((item, i) => matches(item, seen[i]))
    );
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof seen !== 'object' || seen === null) return false;
    const fields = seen as Readonly<Record<string, unknown>>;
    return Object.entries(expected).every(([key, value]) => matches(value, fields[key]));
  }
  return Object.is(expected, seen);
}
