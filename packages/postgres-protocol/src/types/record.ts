import { MalformedValueError } from './malformed-value-error.js';
import { enterRead, leaveRead } from './nesting.js';
import { RefusedValueError } from './refused-value-error.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader, WireType } from './wire-type.js';

// On the wire (record_send in rowtypes.c): int32 count; for each field its type's OID and an int32 length, -1 for NULL,
// with that many bytes behind it.

/** What the fields of one value of a composite or record type are called and read by. */
export interface FieldReaders {
  /** @throws {RangeError} If there should be more or fewer. */
  checkCount(count: number): void;
  nameOf(index: number): string;
  /** @throws {RangeError} If a value of that type cannot be read; never for NULL. */
  readerOf(index: number, typeOid: number): ValueReader;
}

const COUNT_BYTES = 4;
const FIELD_BYTES = 8;

/** Makes the reader of everything that record_send sends: a plain object, whose keys are own properties. */
export function recordReader(fields: FieldReaders): ValueReader {
  return function readRecord(bytes, view, start, end) {
    const available = end - start - COUNT_BYTES;
    if (available < 0) throw new MalformedValueError(`a record is at least 4 bytes long, got ${end - start}`);
    const count = view.getInt32(start);
    // Before anything is allocated: the count is the peer's word.
    if (count < 0 || count > available / FIELD_BYTES) {
      throw new MalformedValueError(`a record has no ${count} fields in ${available} bytes`);
    }
    fields.checkCount(count);
    enterRead();
    let index = 0;
    try {
      const record: Record<string, unknown> = {};
      let at = start + COUNT_BYTES;
      for (; index < count; index++) {
        if (end - at < FIELD_BYTES) throw new MalformedValueError('the record ends before it');
        const typeOid = view.getUint32(at);
        const length = view.getInt32(at + 4);
        at += FIELD_BYTES;
        if (length < -1 || length > end - at) {
          throw new MalformedValueError(`its length is ${length} with ${end - at} bytes left`);
        }
        const value = length === -1 ? null : fields.readerOf(index, typeOid)(bytes, view, at, at + length);
        setOwn(record, fields.nameOf(index), value);
        if (length > 0) at += length;
      }
      if (at !== end) throw new MalformedValueError(`the record goes on for ${end - at} bytes behind it`);
      return record;
    } catch (error) {
      throw located(error, fields.nameOf(Math.min(index, count - 1)));
    } finally {
      leaveRead();
    }
  };
}

/** An assignment to `__proto__` would change the object's prototype instead. */
function setOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    record[name] = value;
  }
}

function located(error: unknown, name: string): unknown {
  const message = (cause: Error): string => `field ${JSON.stringify(name)}: ${cause.message}`;
  if (error instanceof MalformedValueError) return new MalformedValueError(message(error), { cause: error.cause });
  if (error instanceof RangeError && error.constructor === RangeError) {
    return new RangeError(message(error), { cause: error.cause });
  }
  return error;
}

/**
 * Makes the type of anonymous records, `row(1, 'a')`: an object of the fields f1, f2 and so on. What types they have is
 * said by each value.
 *
 * @param typeOf - Returns the type as of now, `undefined` if it is unknown or is only text.
 */
export function recordType(oid: number, typeOf: (oid: number) => WireType | undefined): WireType {
  return {
    oid,
    name: 'record',
    reader: (options) => recordReader(new AnonymousFields(typeOf, options)),
    write() {
      throw new RefusedValueError(
        'type',
        'PostgreSQL takes no anonymous record: cast the parameter to a composite type',
      );
    },
  };
}

class AnonymousFields implements FieldReaders {
  private readonly _typeOf: (oid: number) => WireType | undefined;
  private readonly _options: ValueOptions;
  private readonly _readers = new Map<number, ValueReader>();

  constructor(typeOf: (oid: number) => WireType | undefined, options: ValueOptions) {
    this._typeOf = typeOf;
    this._options = options;
  }

  checkCount(): void {
    // Each value has as many as it likes.
  }

  nameOf(index: number): string {
    return `f${index + 1}`;
  }

  readerOf(_index: number, typeOid: number): ValueReader {
    let read = this._readers.get(typeOid);
    if (read === undefined) {
      read = binaryReaderOf(this._typeOf(typeOid), typeOid, this._options);
      this._readers.set(typeOid, read);
    }
    return read;
  }
}

/**
 * Returns the reader for a part of a binary value.
 *
 * @throws {RangeError} If its type is not known, or has been given a representation that only its text form can have.
 */
export function binaryReaderOf(type: WireType | undefined, oid: number, options: ValueOptions): ValueReader {
  if (type === undefined) {
    throw new RangeError(
      `type ${oid} is not known: run catalogQuery([${oid}]), give its rows to TypeRegistry.learn() and ask again, ` +
        'or cast it in the SQL',
    );
  }
  if (type.format === 0) throw new RangeError(textInBinary(type));
  return type.reader(options);
}

/** Says why a part cannot be sent in the binary format that the whole is sent in. */
export function textInBinary(type: WireType): string {
  return `${type.name} is represented by text here, which a composite in binary cannot hold: use a codec of format 'binary'`;
}
