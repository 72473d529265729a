// Messages of a server, as bytes.
import type { FieldDescription } from '../src/index.js';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function int16(...values: number[]): Uint8Array {
  return concat(...values.map((value) => Uint8Array.of((value >> 8) & 255, value & 255)));
}

export function int32(...values: number[]): Uint8Array {
  return concat(
    ...values.map((value) => Uint8Array.of((value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255)),
  );
}

export const cstring = (...texts: string[]): Uint8Array => concat(...texts.map((text) => utf8(`${text}\0`)));

export function message(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const payload = concat(...parts);
  return concat(utf8(type), int32(payload.length + 4), payload);
}

function fields(texts: Readonly<Record<string, string>>): Uint8Array {
  return concat(...Object.entries(texts).map(([type, text]) => cstring(type + text)), Uint8Array.of(0));
}

export type FieldSpec = Pick<FieldDescription, 'name' | 'typeOid'> & Partial<FieldDescription>;

/** What a field is where its test does not care. */
export function field(spec: FieldSpec): FieldDescription {
  return { tableOid: 0, columnNumber: 0, typeSize: -1, typeModifier: -1, format: 0, ...spec };
}

export const server = {
  authenticationOk: (): Uint8Array => message('R', int32(0)),
  authentication: (method: number): Uint8Array => message('R', int32(method)),
  cleartextPassword: (): Uint8Array => message('R', int32(3)),
  md5Password: (salt: Uint8Array): Uint8Array => message('R', int32(5), salt),
  sasl: (...mechanisms: string[]): Uint8Array => message('R', int32(10), cstring(...mechanisms), Uint8Array.of(0)),
  saslContinue: (text: string): Uint8Array => message('R', int32(11), utf8(text)),
  saslFinal: (text: string): Uint8Array => message('R', int32(12), utf8(text)),
  negotiate: (version: number, ...options: string[]): Uint8Array =>
    message('v', int32(version, options.length), cstring(...options)),
  keyData: (processId?: number, key?: Uint8Array): Uint8Array => message('K', int32(processId ?? 7), key ?? int32(99)),
  parameter: (name: string, value: string): Uint8Array => message('S', cstring(name, value)),
  ready: (status?: string): Uint8Array => message('Z', utf8(status ?? 'I')),
  parseComplete: (): Uint8Array => message('1'),
  bindComplete: (): Uint8Array => message('2'),
  closeComplete: (): Uint8Array => message('3'),
  noData: (): Uint8Array => message('n'),
  parameterDescription: (...oids: number[]): Uint8Array => message('t', int16(oids.length), int32(...oids)),
  rowDescription: (...specs: FieldSpec[]): Uint8Array =>
    message(
      'T',
      int16(specs.length),
      ...specs.map((spec) => {
        const f = field(spec);
        return concat(
          cstring(f.name),
          int32(f.tableOid),
          int16(f.columnNumber),
          int32(f.typeOid),
          int16(f.typeSize),
          int32(f.typeModifier),
          int16(f.format),
        );
      }),
    ),
  /** Strings are sent as they are, numbers as binary int4. */
  dataRow: (...values: (string | number | null)[]): Uint8Array =>
    message(
      'D',
      int16(values.length),
      ...values.map((value) => {
        if (value === null) return int32(-1);
        const bytes = typeof value === 'number' ? int32(value) : utf8(value);
        return concat(int32(bytes.length), bytes);
      }),
    ),
  commandComplete: (tag: string): Uint8Array => message('C', cstring(tag)),
  emptyQuery: (): Uint8Array => message('I'),
  portalSuspended: (): Uint8Array => message('s'),
  error: (texts: Readonly<Record<string, string>> = {}): Uint8Array =>
    message('E', fields({ S: 'ERROR', V: 'ERROR', C: '42601', M: 'syntax error', ...texts })),
  fatal: (code?: string): Uint8Array =>
    message('E', fields({ S: 'FATAL', V: 'FATAL', C: code ?? '57P01', M: 'terminating' })),
  notice: (text?: string): Uint8Array =>
    message('N', fields({ S: 'NOTICE', V: 'NOTICE', C: '00000', M: text ?? 'beware' })),
  notification: (processId: number, channel: string, payload: string): Uint8Array =>
    message('A', int32(processId), cstring(channel, payload)),
  copyIn: (): Uint8Array => message('G', Uint8Array.of(0), int16(1, 0)),
  copyOut: (): Uint8Array => message('H', Uint8Array.of(0), int16(1, 0)),
  copyBoth: (): Uint8Array => message('W', Uint8Array.of(0), int16(0)),
  copyData: (text: string): Uint8Array => message('d', utf8(text)),
  copyDone: (): Uint8Array => message('c'),
  functionCallResponse: (): Uint8Array => message('V', int32(-1)),
} as const;
