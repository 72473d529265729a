/** How much of a text or of bytes is shown. */
const MAX_SHOWN = 80;

/** Shows the fields of a message in one line: bytes as hex, long things cut short. */
export function describeValue(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Uint8Array) return describeBytes(value);
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return describeList(value);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, field]) => `${key}: ${describeValue(field)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'null';
}

/** @returns `<52 45>`, with the count of bytes where not all are shown. */
export function describeBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MAX_SHOWN / 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length <= MAX_SHOWN / 4 ? `<${shown}>` : `<${shown} … ${bytes.length} bytes>`;
}

function describeText(text: string): string {
  if (text.length <= MAX_SHOWN) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, MAX_SHOWN))}… (${text.length} characters)`;
}

function describeList(list: readonly unknown[]): string {
  const shown = list.slice(0, MAX_SHOWN / 8).map(describeValue);
  if (list.length > shown.length) shown.push(`… (${list.length})`);
  return `[${shown.join(', ')}]`;
}
