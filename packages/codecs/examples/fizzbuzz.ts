// A stream of int32 values, in chunks of any lengths, turned into lines: the classic task of a buffer that is fed.
import { type Decoder, compile, i32 } from '@millrace/codecs';

const value = compile(i32);

/** Makes a function that takes the chunks of one stream and calls `onLine` for each value in them. */
export function fizzbuzz(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  const decoder: Decoder<number> = value.decoder();
  return (chunk) => {
    decoder.feed(chunk, (n) => {
      if (n % 15 === 0) onLine('fizzbuzz');
      else if (n % 5 === 0) onLine('buzz');
      else onLine(n % 3 === 0 ? 'fizz' : String(n));
    });
  };
}
