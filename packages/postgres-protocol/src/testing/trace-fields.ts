import type { ReadBuffer } from '@millrace/read-buffer';

/** A line of a trace that is being printed, and the message that it is about. */
export interface TraceLine {
  /** In the frame of the message, behind what is printed. */
  readonly input: ReadBuffer;
  /** Whether what may be different in each run of the same program is replaced by a placeholder. */
  readonly isRegress: boolean;
  text: string;
}

/** Prints one field, in the way of libpq: a blank, then the value. */
export type TraceField = (line: TraceLine) => void;

export const byte: TraceField = (line) => {
  line.text += ` ${printable(line.input.readUint8())}`;
};

export const int16: TraceField = (line) => void printInt16(line);

export const int32: TraceField = (line) => void printInt32(line);

export const string: TraceField = (line) => {
  line.text += ` "${line.input.readCString()}"`;
};

/** Bytes behind an int32 with their number, or a -1 without any. */
export const value: TraceField = (line) => {
  const byteLength = printInt32(line);
  if (byteLength !== -1) printBytes(line, byteLength);
};

export const varyingInt32: TraceField = (line) => {
  const number = line.input.readInt32();
  line.text += line.isRegress ? ' NNNN' : ` ${number}`;
};

export const varyingValue: TraceField = (line) => {
  const byteLength = printInt32(line);
  if (byteLength !== -1) printVaryingBytes(line, byteLength);
};

export const varyingRest: TraceField = (line) => {
  printVaryingBytes(line, line.input.length);
};

/** An int16, and that many times `fields`. */
export const counted =
  (...fields: readonly TraceField[]): TraceField =>
  (line) => {
    for (let left = printInt16(line); left > 0; left--) for (const field of fields) field(line);
  };

/** An int32, and that many strings. */
export const longList: TraceField = (line) => {
  for (let left = printInt32(line); left > 0; left--) string(line);
};

/** As many int16 as there are. */
export const int16sToEnd: TraceField = (line) => {
  while (line.input.length > 1) printInt16(line);
};

/** Strings up to an empty one. */
export const stringsToEmpty: TraceField = (line) => {
  while (line.input.peekUint8() !== 0) string(line);
  string(line);
};

/** As {@link stringsToEmpty}, two at a time, without the empty one. */
export const pairsToEmpty: TraceField = (line) => {
  while (line.input.peekUint8() !== 0) {
    string(line);
    string(line);
  }
};

/** The fields of an error or notice: a type and a string each, up to a zero. */
export const noticeFields: TraceField = (line) => {
  for (let type = line.input.peekUint8(); ; type = line.input.peekUint8()) {
    byte(line);
    if (type === 0) return;
    // File, line and routine of the server's source are of its version.
    if (line.isRegress && 'FLR'.includes(String.fromCharCode(type))) {
      line.input.readCString();
      line.text += ' "SSSS"';
    } else string(line);
  }
};

/** Without a sign, as in libpq. */
function printInt16(line: TraceLine): number {
  const number = line.input.readUint16();
  line.text += ` ${number}`;
  return number;
}

function printInt32(line: TraceLine): number {
  const number = line.input.readInt32();
  line.text += ` ${number}`;
  return number;
}

function printBytes(line: TraceLine, byteLength: number): void {
  line.text += ` '${Array.from(line.input.viewBytes(byteLength), printable).join('')}'`;
}

function printVaryingBytes(line: TraceLine, byteLength: number): void {
  if (!line.isRegress) {
    printBytes(line, byteLength);
    return;
  }
  line.input.skip(byteLength);
  line.text += " 'BBBB'";
}

/** As isprint() of C tells in the locale "C"; neither quotes nor backslashes are escaped. */
function printable(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${code.toString(16).padStart(2, '0')}`;
}
