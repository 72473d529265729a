import { catalogRowOf } from './catalog.js';
import type { CatalogRow } from './catalog.js';
import type { TypeCodec } from './type-codec.js';
import { parseTypeName, typeNameKey } from './type-name.js';
import { isFixedType, partsOf, TypeResolver } from './type-resolver.js';
import type { WireType } from './wire-type.js';

/** So that values of a hostile server cannot make the list of what is to be asked for grow without end. */
const MAX_UNKNOWN = 256;

/**
 * The types of one database: those that every server has, and those that were learnt from its catalog.
 *
 * Whoever holds a connection asks `missing` before it makes a statement, runs the `catalogQuery` for what that returns,
 * and gives the rows to `learn`. One registry serves all connections to a database, as long as their search paths agree.
 * A statement keeps the types that it was made with, whatever is learnt, forgotten or set later.
 */
export class TypeRegistry {
  /** `null`: the catalog was asked, and knows of no such type. */
  private readonly _rows = new Map<number, CatalogRow | null>();
  private readonly _oidsByName = new Map<string, number | null>();
  private readonly _unknown = new Set<number>();
  private _revision = 0;
  private _codecs: ReadonlyMap<number | string, TypeCodec> = new Map();
  private _resolver: TypeResolver = this._newResolver();

  /** Another number whenever types that were known may have become others; statements that were made before keep theirs. */
  get revision(): number {
    return this._revision;
  }

  /**
   * Returns how values of a type go over the wire, as of now.
   *
   * @returns `undefined` for a type of which nothing is known: it is sent as text, in both directions.
   */
  typeOf(oid: number): WireType | undefined {
    return this._resolver.typeOf(oid);
  }

  /**
   * Returns what the catalog is to be asked for, to decode these types: themselves, what they consist of, and the types
   * that were found in anonymous records meanwhile, or found to have changed.
   *
   * @param oids - Any; 0 and those that are known are left out.
   * @returns Each once; empty if nothing is missing. What the catalog did not have is not asked for again.
   */
  missing(oids: readonly number[]): number[] {
    const seen = new Set([...oids, ...this._unknown]);
    const missing: number[] = [];
    // A set is iterated to the end that it has by then.
    for (const oid of seen) {
      const row = this._rows.get(oid);
      if (row !== undefined && row !== null) for (const part of partsOf(row)) seen.add(part);
      else if (oid !== 0 && row === undefined && !isFixedType(oid)) missing.push(oid);
    }
    return missing;
  }

  /** Returns those of these names that have no OID yet, for `catalogQueryByName`. */
  missingNames(names: readonly string[]): string[] {
    return [...new Set(names)].filter((name) => !this._oidsByName.has(name));
  }

  /** Returns the OID that a name was learnt to have, as it was asked for; `undefined` if it has none. */
  oidOf(name: string): number | undefined {
    return this._oidsByName.get(name) ?? undefined;
  }

  /**
   * Takes what the catalog says.
   *
   * @param rows - Of the query that `catalogQuery` or `catalogQueryByName` made, as objects, in any order.
   * @param asked - The OIDs or names that were asked for: those that no row has are text from now on.
   * @throws {TypeError} If a row is none of that query; nothing is learnt.
   */
  learn(rows: readonly Readonly<Record<string, unknown>>[], asked: readonly (number | string)[] = []): void {
    const checked = rows.map((row) => catalogRowOf(row));
    for (const what of asked) {
      if (typeof what === 'string') this._oidsByName.set(what, null);
      else if (!this._rows.has(what)) this._rows.set(what, null);
    }
    for (const row of checked) {
      this._rows.set(row.oid, row);
      for (const name of row.askedNames) this._oidsByName.set(name, row.oid);
    }
    for (const oid of this._unknown) if (this._rows.has(oid)) this._unknown.delete(oid);
    this._resolver = this._newResolver();
  }

  /**
   * Forgets what was learnt of these types, or of all: they were altered, or dropped and others have their OIDs.
   * `missing` names them again. Statements that were made before do not change.
   */
  forget(oids?: readonly number[]): void {
    for (const oid of oids ?? [...this._rows.keys()]) this._rows.delete(oid);
    for (const [name, oid] of this._oidsByName) {
      if (oids === undefined || (oid !== null && oids.includes(oid))) this._oidsByName.delete(name);
    }
    this._revision++;
    this._resolver = this._newResolver();
  }

  /**
   * Represents a type by a codec of the application, alone and within arrays, composites, ranges and domains, in
   * statements that are made from now on.
   *
   * A binary codec goes everywhere. A text codec of a type whose binary format is its text (text, enums, citext, json,
   * jsonb, …, and domains over them) does so, too. With a text codec of any other type, arrays and ranges of it go as text
   * and are parsed here; a composite or record that holds it cannot be read or written, but where it is NULL.
   *
   * The server describes a column of a domain as one of its base type, so a domain's codec is met in parameters and within
   * other values only. An array of such values as a parameter has one dimension, unless it was decoded with more.
   *
   * @param nameOrOid - An OID; or a name by the rules of SQL: `mood` if the search path finds it, `public.mood`, `"Mood"`,
   * `mood[]`, `int8`, `timestamp with time zone`. A name may be set before the type is known. An OID comes before a name
   * with a schema, and that before a name without.
   * @param codec - `null` or `undefined` for the type's own representation.
   * @throws {TypeError} If it is no such name, or no codec.
   */
  setTypeCodec<T>(nameOrOid: string | number, codec: TypeCodec<T> | null | undefined): void {
    const key = typeof nameOrOid === 'number' ? nameOrOid : typeNameKey(parseTypeName(nameOrOid));
    const codecs = new Map(this._codecs);
    if (codec === null || codec === undefined) codecs.delete(key);
    else codecs.set(key, checkedCodec(codec));
    this._codecs = codecs;
    this._revision++;
    this._resolver = this._newResolver();
  }

  private _newResolver(): TypeResolver {
    const sources = {
      rowOf: (oid: number): CatalogRow | null | undefined => this._rows.get(oid),
      onUnknown: (oid: number): void => {
        if (this._unknown.size < MAX_UNKNOWN && !this._rows.has(oid)) this._unknown.add(oid);
      },
      onChanged: (oid: number): void => {
        if (!this._rows.delete(oid)) return;
        this._unknown.add(oid);
        this._revision++;
        this._resolver = this._newResolver();
      },
    };
    return new TypeResolver(sources, this._codecs);
  }
}

function checkedCodec<T>(codec: TypeCodec<T>): TypeCodec {
  const { format, decode, encode } = codec as Partial<TypeCodec<T>>;
  if ((format !== 'text' && format !== 'binary') || typeof decode !== 'function' || typeof encode !== 'function') {
    throw new TypeError("expected a codec: an object with format 'text' or 'binary', decode and encode");
  }
  return codec;
}
