import type { CatalogRow } from './catalog.js';
import { binaryTypeOf } from './registry.js';
import type { TypeCodec } from './type-codec.js';
import type { WireType } from './wire-type.js';

/** The types of one database: those that every server has, and those that were learnt from its catalog. */
export class TypeRegistry {
  private readonly _rows = new Map<number, CatalogRow | undefined>();
  private readonly _codecs = new Map<number | string, TypeCodec>();

  /** @returns `undefined` for a type that is sent as text, in both directions. */
  typeOf(oid: number): WireType | undefined {
    return binaryTypeOf(oid);
  }

  /** @returns Those of `oids`, and of the types that they consist of, which the catalog is to be asked for. */
  missing(oids: readonly number[]): number[] {
    return oids.filter((oid) => !this._rows.has(oid) && binaryTypeOf(oid) === undefined);
  }

  /** @param asked - What `missing` returned: what of it is not in `rows` will be text from now on. */
  learn(rows: readonly CatalogRow[], asked: readonly number[] = []): void {
    for (const oid of asked) this._rows.set(oid, undefined);
    for (const row of rows) this._rows.set(row.oid, row);
  }

  /** Forgets what was learnt of these types, or of all. */
  forget(oids: readonly number[] = [...this._rows.keys()]): void {
    for (const oid of oids) this._rows.delete(oid);
  }

  /** Represents a type by a codec of the application; `undefined` or `null` removes it. */
  setTypeCodec<T>(nameOrOid: string | number, codec: TypeCodec<T> | null | undefined): void {
    if (codec === null || codec === undefined) this._codecs.delete(nameOrOid);
    else this._codecs.set(nameOrOid, codec);
  }
}
