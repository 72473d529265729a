import { tsquery } from './tsquery.js';
import { tsvector } from './tsvector.js';
import type { WireType } from './wire-type.js';

/** The types of full text search, each with the OID of its array type. */
export const SEARCH_TYPES: readonly (readonly [type: WireType, arrayOid: number])[] = [
  [tsvector, 3643],
  [tsquery, 3645],
];
