import { decodeUtf8 } from '@millrace/read-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { checkedRange } from './range-types.js';
import { Range, rangeToText } from './range.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import { printText, textParser } from './text-type.js';
import { text } from './text.js';
import type { WireType } from './wire-type.js';

// The syntax is that of range_out: empty, or [lower,upper) with bounds that are quoted where they need to be, in which
// a quote is doubled and a backslash too. A multirange is {range,range}.

/** Makes the range type over a subtype that goes as text. */
export function textRangeOf(oid: number, name: string, subtype: WireType): WireType {
  return {
    oid,
    name,
    format: 0,
    reader(options) {
      const parseBound = textParser(subtype, options);
      return (bytes, _view, start, end) => new RangeText(decodeUtf8(bytes, start, end), parseBound).parseRange();
    },
    write(out, value) {
      text.write(out, typeof value === 'string' ? value : printRange(subtype, value));
    },
  };
}

/** Makes the multirange type of a range type that goes as text. */
export function textMultirangeOf(oid: number, name: string, range: WireType): WireType {
  return {
    oid,
    name,
    format: 0,
    valuesAreArrays: true,
    reader(options) {
      const parseRange = textParser(range, options);
      return (bytes, _view, start, end) => {
        const sources = new RangeText(decodeUtf8(bytes, start, end), (bound) => bound).splitMultirange();
        return sources.map((source) => parseRange(source));
      };
    },
    write(out, value) {
      if (typeof value !== 'string' && !Array.isArray(value)) throw wrongKind('an array of ranges', value);
      const source = typeof value === 'string' ? value : `{${value.map((item) => printText(range, item)).join(',')}}`;
      text.write(out, source);
    },
  };
}

function printRange(subtype: WireType, value: unknown): string {
  return rangeToText(checkedRange(value), (bound) => {
    try {
      return printText(subtype, bound);
    } catch (error) {
      if (!(error instanceof RefusedValueError)) throw error;
      throw new RefusedValueError(error.kind, `bound: ${error.message}`, { cause: error.cause });
    }
  });
}

const BOUND = /"((?:[^"\\]|\\[^]|"")*)"|([^,"\\()[\]]*)/y;

/** A range or multirange as text, and how far it has been read. */
class RangeText {
  private readonly _source: string;
  private readonly _parseBound: (source: string) => unknown;
  private _at = 0;

  constructor(source: string, parseBound: (source: string) => unknown) {
    this._source = source;
    this._parseBound = parseBound;
  }

  parseRange(): Range {
    const range = this._takeRange();
    this._takeEnd();
    return range;
  }

  /** Returns the text of each range. */
  splitMultirange(): string[] {
    const sources: string[] = [];
    let next = this._takeOneOf('{');
    if (this._source[this._at] === '}') next = this._takeOneOf('}');
    while (next !== '}') {
      const start = this._at;
      this._takeRange();
      sources.push(this._source.slice(start, this._at));
      next = this._takeOneOf(',}');
    }
    this._takeEnd();
    return sources;
  }

  private _takeEnd(): void {
    if (this._at !== this._source.length) throw malformed();
  }

  private _takeRange(): Range {
    if (this._source.startsWith('empty', this._at)) {
      this._at += 'empty'.length;
      return Range.empty();
    }
    const open = this._takeOneOf('[(');
    const lower = this._takeBound();
    this._takeOneOf(',');
    const upper = this._takeBound();
    return new Range(lower, upper, `${open}${this._takeOneOf('])')}` as '[)');
  }

  /** `null` for no text at all: an empty string is quoted. */
  private _takeBound(): unknown {
    BOUND.lastIndex = this._at;
    const match = BOUND.exec(this._source);
    if (match === null) throw malformed();
    const [whole, quoted, plain] = match;
    this._at += whole.length;
    if (quoted !== undefined) return this._parseBound(quoted.replace(/\\([^])|""/g, (pair) => pair.slice(1)));
    return plain === '' || plain === undefined ? null : this._parseBound(plain);
  }

  private _takeOneOf(characters: string): string {
    const character = this._source[this._at];
    if (character === undefined || !characters.includes(character)) throw malformed();
    this._at++;
    return character;
  }
}

/** Says nothing of the text, which is somebody's data. */
function malformed(): MalformedValueError {
  return new MalformedValueError('the text is not that of a range');
}
