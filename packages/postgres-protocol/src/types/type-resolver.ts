import { arrayOf } from './array.js';
import type { CatalogRow } from './catalog.js';
import { codecType } from './codec-type.js';
import type { TextInBinary } from './codec-type.js';
import { compositeOf } from './composite.js';
import type { CompositeAttribute } from './composite.js';
import { domainOf } from './domain.js';
import { enumOf } from './enum.js';
import { hstoreType } from './hstore.js';
import { textMultirangeOf, textRangeOf } from './range-text.js';
import { multirangeOf, RANGE_PARTS, rangeOf } from './range-types.js';
import { recordType } from './record.js';
import { builtInTypeOf, builtInTypes } from './registry.js';
import { textTypeOf } from './text-type.js';
import { text } from './text.js';
import type { TypeCodec } from './type-codec.js';
import { typeNameKey } from './type-name.js';
import type { WireType } from './wire-type.js';

// A type is made once, with all that it consists of, and never changes: a statement keeps what it was made with. What the
// catalog is found to say later makes new types for new statements. Only what was not known is looked for again.

/** Where types come from. */
export interface TypeSources {
  /** `undefined` if nothing was learnt of it, `null` if there is nothing to learn. */
  rowOf(oid: number): CatalogRow | null | undefined;
  /** Told of types that values turned out to have, and of which nothing is known. */
  onUnknown(oid: number): void;
  /** Told of types that have changed since they were learnt. */
  onChanged(oid: number): void;
}

/** The codecs of an application: by OID, and by the keys of names. */
export type TypeCodecs = ReadonlyMap<number | string, TypeCodec>;

/** No catalog is so deep; a chain of domains from a hostile server could be. */
const MAX_DEPTH = 100;

const RECORD = 2249; // pg_type.dat, as every OID of this file
const RECORD_ARRAY = 2287;
/** Types without binary format, or with one that leaves out what they are; the same on every server. */
const TEXT_TYPES: ReadonlyMap<number, string> = new Map([
  [1033, 'aclitem'],
  [2277, 'anyarray'],
  [3642, 'gtsvector'],
]);
const TEXT_ARRAYS: ReadonlyMap<number, number> = new Map([
  [1034, 1033],
  [3644, 3642],
]);
/** text, varchar, char(n), name, unknown, json, xml, refcursor: sent as what they print. */
const PLAIN_TEXT: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 705, 114, 142, 1790]);
/** jsonb, jsonpath */
const VERSIONED_TEXT: ReadonlySet<number> = new Set([3802, 4072]);

/** Makes types, out of the built-in ones, what was learnt, and one set of codecs. */
export class TypeResolver {
  private readonly _sources: TypeSources;
  private readonly _codecs: TypeCodecs;
  private readonly _types = new Map<number, WireType>();
  private _depth = 0;

  constructor(sources: TypeSources, codecs: TypeCodecs) {
    this._sources = sources;
    this._codecs = codecs;
  }

  typeOf(oid: number): WireType | undefined {
    if (this._codecs.size === 0) {
      const builtIn = builtInTypeOf(oid);
      if (builtIn !== undefined) return builtIn;
    }
    let type = this._types.get(oid);
    if (type !== undefined) return type;
    if (this._depth === MAX_DEPTH) return undefined;
    this._depth++;
    try {
      type = this._make(oid);
    } finally {
      this._depth--;
    }
    if (type !== undefined) this._types.set(oid, type);
    return type;
  }

  private _make(oid: number): WireType | undefined {
    const codec = this._codecOf(oid);
    const builtIn = builtInTypeOf(oid);
    const row = this._sources.rowOf(oid);
    if (codec !== undefined) {
      return codecType(oid, builtIn?.name ?? row?.name ?? `type ${oid}`, codec, this._textInBinary(oid));
    }
    if (builtIn !== undefined) return this._withCodecs(builtIn);
    if (oid === RECORD) return recordType(oid, (part) => this._knownOf(part));
    const textName = TEXT_TYPES.get(oid);
    if (textName !== undefined) return textTypeOf(oid, textName);
    const elementOid = oid === RECORD_ARRAY ? RECORD : TEXT_ARRAYS.get(oid);
    if (elementOid !== undefined) return this._arrayOf(oid, elementOid, ',');
    return row === null || row === undefined ? undefined : this._learnt(row);
  }

  private _learnt(row: CatalogRow): WireType | undefined {
    const { oid, name } = row;
    if (row.element !== 0) return this._arrayOf(oid, row.element, row.delimiter);
    switch (row.kind) {
      case 'e':
        return enumOf(oid, name);
      case 'c':
        return this._hasTextPart(oid) ? textTypeOf(oid, name) : this._compositeOf(row);
      case 'd': {
        const base = this.typeOf(row.base);
        return base === undefined ? undefined : domainOf(oid, name, base);
      }
      case 'r':
        return this._rangeOf(oid, name, row.subtype);
      case 'm':
        return this._multirangeOf(oid, name, row.range);
      default:
        if (row.send === 'hstore_send') return hstoreType(oid, name);
        if (row.send === 'citextsend') return { ...text, oid, name };
        return textTypeOf(oid, name);
    }
  }

  private _arrayOf(oid: number, elementOid: number, delimiter: string): WireType | undefined {
    const element = this.typeOf(elementOid);
    return element === undefined ? undefined : arrayOf(oid, element, delimiter);
  }

  private _compositeOf({ oid, name, attributeNames, attributeOids }: CatalogRow): WireType {
    const attributes: CompositeAttribute[] = attributeOids.map((attributeOid, i) => {
      return { name: attributeNames[i] ?? '', oid: attributeOid, type: undefined };
    });
    const type = compositeOf(oid, name, attributes, {
      typeOf: (part) => this._knownOf(part),
      onChanged: (changed) => {
        this._sources.onChanged(changed);
      },
    });
    // Before its parts, which may hold it again.
    this._types.set(oid, type);
    for (const attribute of attributes) attribute.type = this.typeOf(attribute.oid);
    return type;
  }

  private _rangeOf(oid: number, name: string, subtypeOid: number): WireType | undefined {
    const subtype = this.typeOf(subtypeOid);
    if (subtype === undefined) return undefined;
    return subtype.format === 0 ? textRangeOf(oid, name, subtype) : rangeOf(oid, name, subtype);
  }

  private _multirangeOf(oid: number, name: string, rangeOid: number): WireType | undefined {
    const range = this.typeOf(rangeOid);
    if (range === undefined) return undefined;
    return range.format === 0 ? textMultirangeOf(oid, name, range) : multirangeOf(oid, name, range);
  }

  /** A built-in type is made anew if what it consists of has a codec. */
  private _withCodecs(builtIn: WireType): WireType | undefined {
    const part = builtInPartOf(builtIn);
    if (part === undefined || this.typeOf(part.oid) === builtInTypeOf(part.oid)) return builtIn;
    const { oid, name } = builtIn;
    switch (part.kind) {
      case 'element':
        return this._arrayOf(oid, part.oid, name === 'box[]' ? ';' : ',');
      case 'subtype':
        return this._rangeOf(oid, name, part.oid);
      case 'range':
        return this._multirangeOf(oid, name, part.oid);
    }
  }

  private _knownOf(oid: number): WireType | undefined {
    const type = this.typeOf(oid);
    if (type === undefined) this._sources.onUnknown(oid);
    return type;
  }

  /** By OID, by the name with its schema, by the name that the search path finds. */
  private _codecOf(oid: number): TypeCodec | undefined {
    const codecs = this._codecs;
    if (codecs.size === 0) return undefined;
    const direct = codecs.get(oid);
    if (direct !== undefined) return direct;
    for (const key of this._namesOf(oid)) {
      const codec = codecs.get(key);
      if (codec !== undefined) return codec;
    }
    return undefined;
  }

  /** The keys of all names that mean the type, the more exact ones first. */
  private _namesOf(oid: number): string[] {
    const own = this._ownNameOf(oid);
    if (own === undefined) return [];
    const elementOid = this._sources.rowOf(oid)?.element ?? 0;
    const element = elementOid === 0 ? undefined : this._ownNameOf(elementOid);
    const all = element === undefined ? [own] : [own, { ...element, isArray: true }];
    return [
      ...all.map(({ schema, name, isArray }) => typeNameKey({ schema, name, isArray })),
      ...all
        .filter(({ isVisible }) => isVisible)
        .map(({ name, isArray }) => typeNameKey({ schema: undefined, name, isArray })),
    ];
  }

  private _ownNameOf(oid: number): { schema: string; name: string; isArray: boolean; isVisible: boolean } | undefined {
    const row = this._sources.rowOf(oid);
    if (row !== null && row !== undefined) {
      return { schema: row.schema, name: row.name, isArray: false, isVisible: row.visible };
    }
    const builtIn = builtInTypeOf(oid)?.name ?? TEXT_TYPES.get(oid);
    if (builtIn === undefined) return undefined;
    const [, name = '', brackets] = /^"?(.*?)"?(\[\])?$/.exec(builtIn) ?? [];
    return { schema: 'pg_catalog', name, isArray: brackets !== undefined, isVisible: true };
  }

  private _textInBinary(oid: number): TextInBinary {
    let at = oid;
    for (let i = 0; i < MAX_DEPTH; i++) {
      if (PLAIN_TEXT.has(at)) return 'plain';
      if (VERSIONED_TEXT.has(at)) return 'versioned';
      const row = this._sources.rowOf(at);
      if (row?.kind === 'e' || row?.send === 'citextsend') return 'plain';
      if (row?.kind !== 'd') return 'none';
      at = row.base;
    }
    return 'none';
  }

  /** Whether a composite holds, however deep, what the server cannot send in binary: then it goes as text itself. */
  private _hasTextPart(oid: number): boolean {
    const seen = new Set([oid]);
    // A set is iterated to the end that it has by then.
    for (const part of seen) {
      if (this._codecOf(part) !== undefined || builtInTypeOf(part) !== undefined) continue;
      const row = this._sources.rowOf(part);
      if (row === null || TEXT_TYPES.has(part) || TEXT_ARRAYS.has(part)) return true;
      if (row === undefined) continue;
      const parts = partsOf(row);
      if (parts.length === 0 && row.kind === 'b' && this._learnt(row)?.format === 0) return true;
      for (const next of parts) seen.add(next);
    }
    return false;
  }
}

/** Whether a type is the same on every server and known here. */
export function isFixedType(oid: number): boolean {
  return (
    oid === RECORD ||
    oid === RECORD_ARRAY ||
    TEXT_TYPES.has(oid) ||
    TEXT_ARRAYS.has(oid) ||
    builtInTypeOf(oid) !== undefined
  );
}

/** The OIDs of what a type consists of. */
export function partsOf(row: CatalogRow): number[] {
  return [row.element, row.base, row.subtype, row.range, ...row.attributeOids].filter((oid) => oid !== 0);
}

interface BuiltInPart {
  readonly kind: 'element' | 'subtype' | 'range';
  readonly oid: number;
}

let elementsByName: ReadonlyMap<string, number> | undefined;

function builtInPartOf({ oid, name }: WireType): BuiltInPart | undefined {
  const part = RANGE_PARTS.get(oid);
  if (part !== undefined) return part;
  if (!name.endsWith('[]')) return undefined;
  elementsByName ??= new Map(Array.from(builtInTypes(), (type) => [type.name, type.oid]));
  const element = elementsByName.get(name.slice(0, -2));
  return element === undefined ? undefined : { kind: 'element', oid: element };
}
