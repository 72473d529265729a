import type { RunDecoder } from '@millrace/read-buffer';
import type { PullReader } from './small-frame-readers.js';

/** Five classes of readers that have nothing in common but their methods. */
export function fiveOtherReaders(frames: number): PullReader[] {
  return Array.from({ length: 5 }, () => {
    class OtherReader implements PullReader {
      private _left = frames;
      takeFrame(): boolean {
        return this._left-- > 0;
      }
      readInt32(): number {
        return this._left;
      }
      readInt16(): number {
        return this._left & 0x7f;
      }
    }
    return new OtherReader();
  });
}

/** Five decoders that take everything they are shown, so that `takeRun` calls what it has not called before. */
export function fiveOtherDecoders(): RunDecoder[] {
  return [
    (_bytes, _view, _start, end) => end,
    (bytes, _view, start, end) => (bytes[start] === 0 ? end : end - 0),
    (_bytes, view, start, end) => (view.getUint8(start) > 255 ? start : end),
    (_bytes, view, start, end) => end + Math.min(0, view.byteLength - start),
    (bytes, _view, start, end) => Math.max(start, Math.min(end, bytes.length)),
  ];
}
