/** Whether two values are the same, looked into arrays, bytes and plain objects. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return isSameBytes(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => key in b && isSame(Reflect.get(a, key), Reflect.get(b, key)));
}

/** Writes a value for a message, shortened. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes [${value.subarray(0, 16).join(' ')}]`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.slice(0, 20).map(show).join(', ')}${value.length > 20 ? ', …' : ''}]`;
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`);
    return `{ ${entries.join(', ')} }`;
  }
  if (typeof value === 'function') return `function ${value.name}`.trimEnd();
  if (typeof value === 'object' && value !== null) return `[object ${classOf(value)}]`;
  return String(value);
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function classOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : 'Object';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
