// Bytes as text that can be read, put between backquotes after String.raw, and compared line by line.

/** Printable ASCII as it is, the rest and what means something to a template literal as `\hh`. */
export function wireText(bytes) {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && !'\\`$'.includes(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
