import type { WireType } from './wire-type.js';

/** Makes a domain: its base type in every way, but under an OID and name of its own. */
export function domainOf(oid: number, name: string, base: WireType): WireType {
  return { ...base, oid, name };
}
