/** An address of 4 or 16 bytes and the length of its network prefix, in bits. */
export interface IpNetwork {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Prints the four bytes from `start` on, all of them, whatever the prefix. */
export function printIpv4(bytes: Uint8Array | readonly number[], start: number): string {
  return `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}`;
}

/**
 * Prints the sixteen bytes from `start` on as PostgreSQL does. Other than RFC 5952 says, an address that begins with
 * six or seven zero words has its last 32 bits dotted: `::1.2.3.4`.
 */
export function printIpv6(view: DataView, bytes: Uint8Array, start: number): string {
  const words: number[] = [];
  for (let i = 0; i < 8; i++) words.push(view.getUint16(start + 2 * i));
  const zeros = longestZeroRun(words);
  if (zeros.from === 0 && isEmbeddedIpv4(words, zeros.length)) {
    return `${zeros.length === 5 ? '::ffff:' : '::'}${printIpv4(bytes, start + 12)}`;
  }
  const hex = words.map((word) => word.toString(16));
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.from).join(':')}::${hex.slice(zeros.from + zeros.length).join(':')}`;
}

/** The condition of inet_net_ntop.c: the last word of seven zero ones is covered by the run itself. */
function isEmbeddedIpv4(words: readonly number[], zeros: number): boolean {
  return zeros === 6 || (zeros === 5 && words[5] === 0xffff);
}

/** The first of the longest runs of zero words. */
function longestZeroRun(words: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  let from = 0;
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== 0) from = i + 1;
    else if (i + 1 - from > best.length) best = { from, length: i + 1 - from };
  }
  return best;
}

/**
 * Parses `address` or `address/bits` of either family. Bytes at the end of an IPv4 address may be left out if there is
 * a prefix: `10.1/16`.
 *
 * @param classful - Without a prefix, IPv4 gets the one of its class, at least as long as what is written: cidr's way.
 * @returns `undefined` if it is neither.
 */
export function parseIpNetwork(text: string, classful: boolean): IpNetwork | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const isIpv6 = address.includes(':');
  // As the server has it: only IPv4 takes leading zeros.
  const isPrefix = isIpv6 ? /^(?:0|[1-9]\d{0,2})$/ : /^\d{1,3}$/;
  if (more.length > 0 || (prefix !== undefined && !isPrefix.test(prefix))) return undefined;
  const bytes = isIpv6 ? parseIpv6(address) : parseOctets(address);
  if (bytes === undefined) return undefined;
  if (isIpv6) return checkBits(bytes, Number(prefix ?? 128));
  if (prefix === undefined && bytes.length < 4 && !classful) return undefined;
  const bits = prefix === undefined ? (classful ? classBits(bytes) : 32) : Number(prefix);
  // As the server has it: an inet may not have a longer prefix than bytes are written, a cidr is filled up with zeros.
  if (!classful && bits >> 3 > bytes.length) return undefined;
  return checkBits([...bytes, 0, 0, 0].slice(0, 4), bits);
}

function checkBits(bytes: readonly number[], bits: number): IpNetwork | undefined {
  return bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** Whether only the bits of the prefix are set, as in every cidr. */
export function isNetwork(bytes: Uint8Array | readonly number[], start: number, end: number, bits: number): boolean {
  for (let at = start; at < end; at++) {
    const bitsHere = Math.min(8, Math.max(0, bits - 8 * (at - start)));
    if (((bytes[at] as number) & (0xff >> bitsHere)) !== 0) return false;
  }
  return true;
}

/** One to four decimal bytes with dots between them. */
function parseOctets(text: string): number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){0,3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** The four bytes at the end of an IPv6 address, which have no leading zeros. */
function parseEmbedded(text: string): number[] | undefined {
  const octets = /(?:^|\.)0\d/.test(text) ? undefined : parseOctets(text);
  return octets?.length === 4 ? octets : undefined;
}

function classBits(octets: readonly number[]): number {
  const first = octets[0] as number;
  const bits = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  const written = Math.max(bits, octets.length * 8);
  return written === 8 && first === 224 ? 4 : written;
}

function parseIpv6(text: string): number[] | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = parseWords(head, tail === undefined);
  const after = tail === undefined ? [] : parseWords(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

/** The bytes of words with colons between them; the last 32 bits may be dotted if the address ends here. */
function parseWords(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const words = text.split(':');
  const dotted = isEnd && words.at(-1)?.includes('.') === true ? parseEmbedded(words.pop() ?? '') : [];
  if (dotted === undefined) return undefined;
  if (!words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  const values = words.map((word) => Number.parseInt(word, 16));
  return [...values.flatMap((word) => [word >> 8, word & 0xff]), ...dotted];
}
