import { ReadBuffer } from '@millrace/read-buffer';
import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { CopyBatch } from '../src/copy-batch.js';
import { client } from './backend-session.js';
import { concat, utf8 } from './wire.js';

const newInput = (): ReadBuffer =>
  new ReadBuffer({ frame: { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 64 } });

const MESSAGES = concat(client.copyData('a'), client.copyData(''), client.copyData('bcd'));

describe('CopyBatch', () => {
  test('gathers what is whole, wherever the bytes are cut, and leaves the rest', () => {
    for (const chunks of everySplit(concat(MESSAGES, client.copyDone()))) {
      const input = newInput();
      const batch = new CopyBatch(64);
      const entries: Uint8Array[] = [];
      for (const chunk of chunks) {
        input.feedBorrowed(chunk);
        batch.gather(input);
        input.endBorrow();
        chunk.fill(0xee); // it was borrowed
        entries.push(...batch.take());
      }
      expect(entries).toEqual([utf8('a'), utf8(''), utf8('bcd')]);
      expect(input.takeFrame()).toBe(true);
      expect(input.type).toBe(0x63);
    }
  });

  test('copies a run of messages once', () => {
    const input = newInput();
    const batch = new CopyBatch(64);
    input.feed(MESSAGES);
    batch.gather(input);
    const entries = batch.take();
    expect(new Set(entries.map((entry) => entry.buffer)).size).toBe(1);
    expect(batch.take()).toEqual([]);
  });

  test('copies the bytes of a Buffer, whose slices are views', () => {
    const input = newInput();
    const batch = new CopyBatch(64);
    const chunk = new (class Sliced extends Uint8Array {
      override slice(start?: number, end?: number) {
        return this.subarray(start, end);
      }
    })(MESSAGES);
    input.feedBorrowed(chunk);
    batch.gather(input);
    input.endBorrow();
    chunk.fill(0xee);
    expect(batch.take()).toEqual([utf8('a'), utf8(''), utf8('bcd')]);
  });

  test.each([
    ['too long', client.copyData('x'.repeat(60))],
    ['shorter than itself', Uint8Array.of(0x64, 0, 0, 0, 3)],
    ['negative', Uint8Array.of(0x64, 255, 255, 255, 255)],
  ])('hands over what came before a length that is %s, then throws', (_, bytes) => {
    const input = newInput();
    const batch = new CopyBatch(64);
    input.feed(concat(MESSAGES, bytes));
    batch.gather(input);
    expect(batch.take()).toHaveLength(3);
    expect(() => {
      batch.gather(input);
    }).toThrow('frame');
    expect(batch.take()).toEqual([]);
  });
});
