import { RefusedValueError } from './refused-value-error.js';
import type { ValueReader, WireType } from './wire-type.js';

// What the planner gathers: bytes of the server's own layout, which it lets nobody write. The OIDs are those of pg_type.dat.

export const ndistinct: WireType = opaque(3361, 'pg_ndistinct');
export const dependencies: WireType = opaque(3402, 'pg_dependencies');
export const mcvList: WireType = opaque(5017, 'pg_mcv_list');
export const brinBloomSummary: WireType = opaque(4600, 'pg_brin_bloom_summary');
export const brinMinmaxMultiSummary: WireType = opaque(4601, 'pg_brin_minmax_multi_summary');

/** A `Uint8Array` of its own, that cannot be a parameter. */
function opaque(oid: number, name: string): WireType {
  return {
    oid,
    name,
    reader: () => readOpaque,
    write() {
      throw new RefusedValueError('type', `expected no value: the server takes none of type ${name}`);
    },
  };
}

const readOpaque: ValueReader = (bytes, _view, start, end) => new Uint8Array(bytes.subarray(start, end));
