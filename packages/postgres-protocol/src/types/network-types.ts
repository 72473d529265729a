import type { WriteBuffer } from '@millrace/write-buffer';
import { isNetwork, parseIpNetwork, printIpv4, printIpv6 } from './ip-address.js';
import { macaddr, macaddr8 } from './mac-address.js';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { WireType } from './wire-type.js';

// The OIDs of this file are those of pg_type.dat. On the wire (network_send in network.c): uint8 family, uint8 bits of
// the prefix, uint8 "is a cidr", uint8 number of the bytes that follow.

/** `inet` as the server prints it, with `/bits` unless it is a single host. */
export const inet: WireType = ipType(869, 'inet', false);

/** `cidr` as the server prints it, always with `/bits`. */
export const cidr: WireType = ipType(650, 'cidr', true);

/** The types of network addresses, each with the OID of its array type. */
export const NETWORK_TYPES: readonly (readonly [type: WireType, arrayOid: number])[] = [
  [inet, 1041],
  [cidr, 651],
  [macaddr, 1040],
  [macaddr8, 775],
];

const HEADER_BYTES = 4;
const IPV4_FAMILY = 2; // PGSQL_AF_INET in inet.h
const IPV6_FAMILY = 3; // PGSQL_AF_INET6

function ipType(oid: number, name: string, isCidr: boolean): WireType {
  function read(bytes: Uint8Array, view: DataView, start: number, end: number): string {
    const length = end - start;
    const addressBytes = length - HEADER_BYTES;
    if (addressBytes !== 4 && addressBytes !== 16) {
      throw new MalformedValueError(`${name} is 8 or 20 bytes long, got ${length}`);
    }
    const isIpv4 = addressBytes === 4;
    const bits = bytes[start + 1] as number;
    const header = view.getUint32(start);
    // The flag says what kind of value the server had, which inet takes either way.
    const rest = ((isIpv4 ? IPV4_FAMILY : IPV6_FAMILY) << 24) | (bits << 16) | addressBytes;
    const allBits = 8 * addressBytes;
    if ((header & ~0x100) !== rest || bits > allBits) {
      throw new MalformedValueError(`${name} of ${length} bytes has another header: ${header.toString(16)}`);
    }
    const at = start + HEADER_BYTES;
    if (isCidr && !isNetwork(bytes, at, end, bits)) {
      throw new MalformedValueError(`cidr has bits behind its prefix of ${bits}`);
    }
    const address = isIpv4 ? printIpv4(bytes, at) : printIpv6(view, bytes, at);
    return isCidr || bits !== allBits ? `${address}/${bits}` : address;
  }

  function write(out: WriteBuffer, value: unknown): void {
    const expected = `an IPv4 or IPv6 ${isCidr ? 'network' : 'address'}, such as ${isCidr ? '10.1.0.0/16' : '10.1.2.3 or 10.1.2.3/16'}`;
    if (typeof value !== 'string') throw wrongKind(expected, value);
    const parsed = parseIpNetwork(value, isCidr);
    if (parsed === undefined) throw outOfRange(expected, 'another string');
    const { bytes, bits } = parsed;
    if (isCidr && !isNetwork(bytes, 0, bytes.length, bits)) {
      throw outOfRange(expected, 'one with bits set to the right of its prefix');
    }
    out.writeInt32(HEADER_BYTES + bytes.length);
    out.writeUint8(bytes.length === 4 ? IPV4_FAMILY : IPV6_FAMILY);
    out.writeUint8(bits);
    out.writeUint8(isCidr ? 1 : 0);
    out.writeUint8(bytes.length);
    for (const byte of bytes) out.writeUint8(byte);
  }

  return { oid, name, reader: () => read, write };
}
