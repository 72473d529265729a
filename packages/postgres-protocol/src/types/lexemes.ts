import { decodeUtf8 } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, type RefusedValueError } from './refused-value-error.js';

// What tsvector and tsquery share (tsvector_parser.c): lexemes, quoted when they are printed, plain or quoted when read.

const MAX_LEXEME_BYTES = 2047; // MAXSTRLEN in ts_type.h
const SPACE = /[ \t\n\v\f\r]/;
const OPERATOR = /[!&|()<]/;

/** A lexeme in quotes, with quotes and backslashes doubled. */
export function quoteLexeme(lexeme: string): string {
  return `'${/['\\]/.test(lexeme) ? lexeme.replace(/['\\]/g, '$&$&') : lexeme}'`;
}

/** Index of the zero byte that ends the lexeme from `start` on. */
export function endOfLexeme(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 0) at++;
  if (at >= end) throw new MalformedValueError('a lexeme has no end');
  return at;
}

/** Reads what {@link endOfLexeme} found, and quotes it. */
export function readLexeme(bytes: Uint8Array, start: number, end: number): string {
  return quoteLexeme(decodeUtf8(bytes, start, end));
}

/** Appends a lexeme and the zero byte that ends it. */
export function writeLexeme(out: WriteBuffer, lexeme: string): void {
  const byteLength = out.writeCString(lexeme) - 1;
  if (byteLength > MAX_LEXEME_BYTES) {
    throw outOfRange(`lexemes of at most ${MAX_LEXEME_BYTES} bytes`, `one of ${byteLength}`);
  }
}

/** Walks over the text of a tsvector or a tsquery. */
export class LexemeScanner {
  private readonly _text: string;
  private readonly _expected: string;
  private readonly _operatorsEnd: boolean;
  private _at = 0;

  /**
   * @param expected - What a refusal says that it wants.
   * @param operatorsEnd - Whether a plain lexeme ends at an operator of tsquery and at each colon.
   */
  constructor(text: string, expected: string, operatorsEnd: boolean) {
    this._text = text;
    this._expected = expected;
    this._operatorsEnd = operatorsEnd;
    if (text.includes('\0')) throw outOfRange(expected, 'a string with U+0000');
  }

  /** The character here, `''` at the end. */
  get current(): string {
    return this._text.charAt(this._at);
  }

  get isAtSpaceOrEnd(): boolean {
    return this.current === '' || SPACE.test(this.current);
  }

  /** The character behind any space, `''` at the end. */
  next(): string {
    while (SPACE.test(this.current)) this._at++;
    return this.current;
  }

  /** Whether `character` was here; it is behind us then. */
  skip(character: string): boolean {
    if (this.current !== character) return false;
    this._at++;
    return true;
  }

  /** What the sticky `pattern` matches here; it is behind us then. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this._at;
    const found = pattern.exec(this._text);
    if (found === null) return undefined;
    this._at = pattern.lastIndex;
    return found;
  }

  /** Refuses what is here, by its place: the text itself is kept out of messages. */
  refuse(): RefusedValueError {
    return outOfRange(this._expected, `a string that is wrong at character ${this._at + 1}`);
  }

  /** The lexeme that starts here, without its quotes. */
  lexeme(): string {
    const lexeme = this.skip("'") ? this._quoted() : this._plain();
    if (lexeme === '') throw this.refuse();
    return lexeme;
  }

  private _quoted(): string {
    let lexeme = '';
    for (;;) {
      // In lengths, not by characters: a lexeme may be long.
      lexeme += this.match(/[^'\\]*/y)?.[0] ?? '';
      const character = this._take();
      if (character === '\\') lexeme += this._take();
      else if (this.skip("'")) lexeme += "'";
      else return lexeme;
    }
  }

  private _plain(): string {
    // A colon is an ordinary character in front.
    let lexeme = '';
    for (;;) {
      const character = this.current;
      if (this.isAtSpaceOrEnd) return lexeme;
      if (this._operatorsEnd ? character === ':' || OPERATOR.test(character) : character === ':' && lexeme !== '')
        return lexeme;
      this._at++;
      lexeme += character === '\\' ? this._take() : character;
    }
  }

  /** The character here, which there must be. */
  private _take(): string {
    const character = this.current;
    if (character === '') throw this.refuse();
    this._at++;
    return character;
  }
}
