/**
 * Says which peer an address belongs to: an IPv4 address is one, and so is an IPv6 network of 64 bits, since whoever has
 * one address of it has them all.
 *
 * @param address - As the system writes it. IPv4 addresses within IPv6 count as IPv4.
 * @see {@link https://www.rfc-editor.org/rfc/rfc4291#section-2.5.4 | RFC 4291, global unicast addresses}
 */
export function peerKey(address: string): string {
  const text = (address.split('%')[0] ?? '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const missing = Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** The groups of 16 bits, without leading zeros; a trailing IPv4 address is two of them. */
function groups(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group.replace(/^0+(?=.)/, '')]));
}
