import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { ReadBuffer } from '../../read-buffer/src/debug.js';
import * as debug from '../src/debug.js';
import { WriteBuffer } from '../src/debug.js';
import * as plain from '../src/index.js';

describe('millrace-debug', () => {
  test('exports the same names', () => {
    expect(Object.keys(debug).sort()).toEqual(Object.keys(plain).sort());
    expect(debug.Plan).toBe(plain.Plan);
  });

  const writes: [string, (out: plain.WriteBuffer, bytes: Uint8Array) => unknown][] = [
    [
      'writeBytes',
      (out, bytes) => {
        out.writeBytes(bytes);
      },
    ],
    [
      'writeLengthPrefixedBytes',
      (out, bytes) => {
        out.writeLengthPrefixedBytes(bytes);
      },
    ],
    ['writeRef', (out, bytes) => out.writeRef(bytes)],
  ];

  test.each(writes)('%s takes a view in its time, and later says who ended it', (_, write) => {
    const input = new ReadBuffer();
    const out = new WriteBuffer();
    const before = new plain.WriteBuffer();
    input.feedBorrowed(hex('0102'));
    const view = input.viewBytes(2);
    write(out, view);
    write(before, view);
    expect(out.length).toBe(before.length);
    const { length } = out;
    input.endBorrow();
    expect(() => write(out, view)).toThrow(new TypeError('the view was released by endBorrow'));
    expect(out.length).toBe(length);
  });
});
