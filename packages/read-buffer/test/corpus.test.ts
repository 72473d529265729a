import { describe, expect, test } from 'vitest';
import { hex } from '@millrace/testkit';
import { ReadBuffer } from '../src/index.js';
import type { Case } from './corpus/case.js';
import { headerInReusedCarry } from './corpus/header-in-reused-carry.js';
import { limitUnderAMark } from './corpus/limit-under-a-mark.js';
import { payloadGivenAway } from './corpus/payload-given-away.js';

const cases = [headerInReusedCarry, limitUnderAMark, payloadGivenAway];

/** Runs the steps of a case, one call each; views must show the same bytes until the next feed. */
class Runner {
  private readonly _buffer: ReadBuffer;
  private _views: { view: Uint8Array; bytes: Uint8Array }[] = [];
  private _mark = 0;

  constructor({ frame, maxBufferedBytes }: Case) {
    this._buffer = new ReadBuffer({ frame, maxBufferedBytes });
  }

  step(
    method: string,
    first: string | number | boolean | undefined,
    second: string | number | boolean | undefined,
  ): void {
    const buffer = this._buffer;
    switch (method) {
      case 'feed':
      case 'feedBorrowed':
        this._views = [];
        buffer[method](hex(String(first)));
        return;
      case 'endBorrow':
        buffer.endBorrow();
        return;
      case 'takeFrame':
        expect(buffer.takeFrame()).toBe(first);
        return;
      case 'mark':
        this._mark = buffer.mark();
        return;
      case 'rollback':
        buffer.rollback(this._mark);
        return;
      case 'skip':
        buffer.skip(Number(first));
        return;
      case 'viewBytes':
        this._views.push({ view: buffer.viewBytes(Number(first)), bytes: hex(String(second)) });
        return;
      case 'readBytes':
        expect(buffer.readBytes(Number(first))).toEqual(hex(String(second)));
        return;
      case 'takePayloadAndDetach': {
        const { buffer: memory } = buffer.takePayload();
        structuredClone(memory, { transfer: [memory as ArrayBuffer] });
        return;
      }
      default:
        expect.fail(`no such step: ${method}`);
    }
  }

  checkViews(): void {
    for (const { view, bytes } of this._views) expect(view).toEqual(bytes);
  }
}

describe('what once broke', () => {
  test.each(cases)('$what', (each) => {
    const runner = new Runner(each);
    for (const [method, first, second, third] of each.steps) {
      if (method === 'throws') {
        expect(() => {
          runner.step(String(second), third, undefined);
        }).toThrow(expect.objectContaining({ code: first }));
      } else runner.step(method, first, second);
      runner.checkViews();
    }
  });
});
