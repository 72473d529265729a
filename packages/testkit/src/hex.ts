/**
 * Converts hexadecimal digits to bytes, so that a test can show a message as it is on the wire.
 *
 * White space is ignored and may separate fields wherever it helps a reader: `hex('4e 00000007 616263')`.
 *
 * @param digits - An even number of hexadecimal digits, upper or lower case, and white space.
 * @returns A new array.
 * @throws {TypeError} If a character is neither a digit nor white space, or the number of digits is odd.
 */
export function hex(digits: string): Uint8Array {
  const packed = digits.replace(/\s+/g, '');
  const stray = /[^0-9a-f]/i.exec(packed);
  if (stray !== null) throw new TypeError(`expected hexadecimal digits, saw ${JSON.stringify(stray[0])}`);
  if (packed.length % 2 !== 0) throw new TypeError(`expected an even number of digits, saw ${packed.length}`);
  const bytes = new Uint8Array(packed.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(packed.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
