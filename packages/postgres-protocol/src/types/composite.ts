import type { WriteBuffer } from '@millrace/write-buffer';
import { enterWrite, leaveWrite } from './nesting.js';
import { binaryReaderOf, recordReader, textInBinary } from './record.js';
import type { FieldReaders } from './record.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader, WireType } from './wire-type.js';

/** What a composite type asks its registry. */
export interface CompositeTypes {
  /** For the types of attributes that were not known when the type was made. */
  typeOf(oid: number): WireType | undefined;
  /** Told of a type that has other attributes by now than it was made with. */
  onChanged(oid: number): void;
}

/** An attribute of a composite type, in the order of the type, without the dropped ones. */
export interface CompositeAttribute {
  readonly name: string;
  readonly oid: number;
  /** Assigned when the type was made, which may be part of making this one; `undefined`: was not known then. */
  type: WireType | undefined;
}

/**
 * Makes a composite type: an object by attribute names, of which every one is an own property. A parameter is an object
 * with every attribute, `null` for NULL, and no others.
 *
 * @param attributes - Held, and looked at when values are.
 * @param types - What knows the other types.
 */
export function compositeOf(
  oid: number,
  name: string,
  attributes: readonly CompositeAttribute[],
  types: CompositeTypes,
): WireType {
  // A type that holds itself would make readers without end: one for each set of options is enough.
  const readers = new WeakMap<ValueOptions, ValueReader>();
  return {
    oid,
    name,
    reader(options) {
      let read = readers.get(options);
      if (read === undefined) {
        read = recordReader(new AttributeReaders({ oid, name }, attributes, types, options));
        readers.set(options, read);
      }
      return read;
    },
    write(out, value) {
      enterWrite();
      try {
        writeComposite(out, name, attributes, types, value);
      } finally {
        leaveWrite();
      }
    },
  };
}

class AttributeReaders implements FieldReaders {
  private readonly _type: Pick<WireType, 'oid' | 'name'>;
  private readonly _attributes: readonly CompositeAttribute[];
  private readonly _types: CompositeTypes;
  private readonly _options: ValueOptions;
  private readonly _readers: (ValueReader | undefined)[] = [];

  constructor(
    type: Pick<WireType, 'oid' | 'name'>,
    attributes: readonly CompositeAttribute[],
    types: CompositeTypes,
    options: ValueOptions,
  ) {
    this._type = type;
    this._attributes = attributes;
    this._types = types;
    this._options = options;
  }

  checkCount(count: number): void {
    if (count !== this._attributes.length) throw this._changed(`it has ${count} attributes now`);
  }

  nameOf(index: number): string {
    return this._attributes[index]?.name ?? '';
  }

  readerOf(index: number, typeOid: number): ValueReader {
    const { oid, type } = this._attributes[index] ?? {};
    if (oid !== typeOid) throw this._changed(`an attribute of type ${oid ?? 0} has type ${typeOid} now`);
    const read = this._readers[index] ?? binaryReaderOf(type ?? this._types.typeOf(typeOid), typeOid, this._options);
    this._readers[index] = read;
    return read;
  }

  private _changed(how: string): RangeError {
    this._types.onChanged(this._type.oid);
    return new RangeError(
      `composite type ${this._type.name} was changed since it was learnt, ${how}: it is missing from the registry now`,
    );
  }
}

function writeComposite(
  out: WriteBuffer,
  typeName: string,
  attributes: readonly CompositeAttribute[],
  types: CompositeTypes,
  value: unknown,
): void {
  const source = checkedObject(typeName, attributes, value);
  const lengthAt = out.reserveInt32();
  const start = out.length;
  out.writeInt32(attributes.length);
  for (const { name, oid, type } of attributes) {
    const item = source[name];
    out.writeUint32(oid);
    try {
      if (item === null) out.writeInt32(-1);
      else writePart(out, type ?? types.typeOf(oid), oid, item);
    } catch (error) {
      if (!(error instanceof RefusedValueError)) throw error;
      const message = `attribute ${JSON.stringify(name)}: ${error.message}`;
      throw new RefusedValueError(error.kind, message, { cause: error.cause });
    }
  }
  out.patchInt32(lengthAt, out.length - start);
}

/** Only own properties count; what is missing and what is too much are mostly misspelt. */
function checkedObject(
  typeName: string,
  attributes: readonly CompositeAttribute[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const expected = `an object with the attributes of ${typeName}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongKind(expected, value);
  const missing = attributes.find(({ name }) => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    const name = JSON.stringify(missing.name);
    throw new RefusedValueError('type', `expected ${expected}, got one without ${name}; null is SQL NULL`);
  }
  const own = Object.keys(value).length;
  if (own > attributes.length) {
    throw new RefusedValueError('type', `expected ${expected}, got one with ${own - attributes.length} more`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function writePart(out: WriteBuffer, type: WireType | undefined, oid: number, item: unknown): void {
  if (item === undefined) throw wrongKind('a value, or null for NULL', item);
  if (type === undefined) throw new RefusedValueError('type', `type ${oid} is not known: it is to be learnt first`);
  if (type.format === 0) throw new RefusedValueError('type', textInBinary(type));
  type.write(out, item);
}
