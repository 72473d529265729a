import { ConnectionLostError, TransportClosedError } from '@millrace/loop-policy';
import { TestClock } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { IncompleteReadError, StreamLimitError, StreamReader } from '../src/index.js';
import { decode, encode, makeReader, outcome } from './fake-source.js';

const lost = new ConnectionLostError('gone', { cause: new Error('reset') });
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i & 255);

describe('StreamReader.read', () => {
  test('gives what is there at once, all of it', async () => {
    const { reader, arrive } = makeReader();
    arrive('ab');
    expect(decode(await reader.read())).toBe('ab');
    arrive('cd');
    arrive('ef');
    expect(decode(await reader.read())).toBe('cdef');
  });

  test('waits for the next chunk, and keeps no borrowed memory', async () => {
    const { reader, arrive } = makeReader();
    const reading = reader.read();
    arrive('hello');
    expect(decode(await reading)).toBe('hello');
  });

  test('gives no more than maxBytes, and the rest to the next read', async () => {
    const { reader, arrive } = makeReader();
    const reading = reader.read(2);
    arrive('abcde');
    expect(decode(await reading)).toBe('ab');
    expect(decode(await reader.read(2))).toBe('cd');
    expect(decode(await reader.read(2))).toBe('e');
    expect(reader.bufferedBytes).toBe(0);
  });

  test('is undefined at the end of the data, again and again, after what was there', async () => {
    const { reader, arrive } = makeReader();
    arrive('x');
    reader.feedEof();
    expect([reader.hasEnded, reader.isAtEnd]).toEqual([true, false]);
    expect(decode(await reader.read())).toBe('x');
    expect(reader.isAtEnd).toBe(true);
    expect(await reader.read()).toBeUndefined();
    expect(await reader.read()).toBeUndefined();
  });

  test('is undefined if the data ends while it waits', async () => {
    const { reader } = makeReader();
    const reading = reader.read();
    reader.feedEof();
    expect(await reading).toBeUndefined();
  });

  test('passes on what broke the connection, after the bytes that came before', async () => {
    const { reader, arrive } = makeReader();
    arrive('last');
    reader.fail(lost);
    expect(decode(await reader.read())).toBe('last');
    await expect(reader.read()).rejects.toBe(lost);
    expect(reader.isAtEnd).toBe(false);
  });

  test('rejects while it waits if the connection breaks', async () => {
    const { reader } = makeReader();
    const reading = reader.read();
    reader.fail(lost);
    await expect(reading).rejects.toBe(lost);
  });

  test('takes the first end for the end', async () => {
    const { reader, arrive } = makeReader();
    reader.feedEof();
    reader.fail(lost);
    arrive('too late');
    expect(await reader.read()).toBeUndefined();
  });

  test.each([0, -1, Number.NaN, 1.5])('rejects maxBytes %d', async (maxBytes) => {
    const { reader } = makeReader();
    await expect(reader.read(maxBytes)).rejects.toThrow(RangeError);
  });

  test('rejects a second read while one waits, which goes on waiting', async () => {
    const { reader, arrive } = makeReader();
    const first = reader.read();
    await expect(reader.read()).rejects.toThrow(TypeError);
    await expect(reader.readLine()).rejects.toThrow(/another one that waits/);
    expect(() => reader.tryRead()).toThrow(TypeError);
    arrive('a');
    expect(decode(await first)).toBe('a');
  });

  test('joins many small chunks', async () => {
    const { reader, arrive } = makeReader();
    for (let i = 0; i < 1000; i++) arrive(Uint8Array.of(i & 255));
    expect(await reader.read()).toEqual(bytes(1000));
  });

  test('an empty chunk is nothing', async () => {
    const { reader, arrive } = makeReader();
    const reading = reader.read();
    arrive('');
    expect(await outcome(reading)).toBe('pending');
    arrive('a');
    expect(decode(await reading)).toBe('a');
  });
});

describe('StreamReader.readExactly', () => {
  test.each([1, 3, 1024, 1025, 5000])('gives %d bytes, however they arrive', async (count) => {
    const wanted = bytes(count);
    for (const step of [1, 2, 7, 1000, 4096]) {
      const { reader, arrive } = makeReader();
      const reading = reader.readExactly(count);
      for (let at = 0; at < count; at += step) arrive(wanted.subarray(at, at + step));
      arrive('more');
      expect(await reading).toEqual(wanted);
      expect(decode(await reader.read())).toBe('more');
    }
  });

  test('takes what came before it and what comes after', async () => {
    const { reader, arrive } = makeReader();
    const wanted = bytes(3000);
    arrive(wanted.subarray(0, 1000));
    const reading = reader.readExactly(3000);
    expect(reader.bufferedBytes).toBe(1000);
    arrive(wanted.subarray(1000));
    expect(await reading).toEqual(wanted);
    expect(reader.bufferedBytes).toBe(0);
  });

  test('gives no bytes at once for 0', async () => {
    const { reader } = makeReader();
    expect(await reader.readExactly(0)).toEqual(new Uint8Array(0));
  });

  test.each([10, 2000])('says at the end of the data what it has got of %d bytes', async (count) => {
    const { reader, arrive } = makeReader();
    const reading = reader.readExactly(count);
    arrive('abc');
    reader.feedEof();
    const error = (await reading.catch((reason: unknown) => reason)) as IncompleteReadError;
    expect(error).toBeInstanceOf(IncompleteReadError);
    expect(error).toMatchObject({ expectedBytes: count, receivedBytes: 3, code: 'ERR_STREAMS_INCOMPLETE_READ' });
    expect(error.message).toBe(`expected ${count} bytes, saw the end of the data after 3 bytes`);
    expect(decode(error.partial)).toBe('abc');
    expect(reader.isAtEnd).toBe(true);
  });

  test.each([10, 2000])('leaves what it has got of %d bytes if the connection breaks', async (count) => {
    const { reader, arrive } = makeReader();
    const reading = reader.readExactly(count);
    arrive('abc');
    reader.fail(lost);
    await expect(reading).rejects.toBe(lost);
    expect(decode(reader.tryRead())).toBe('abc');
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 31])('rejects %d', async (count) => {
    const { reader } = makeReader();
    await expect(reader.readExactly(count)).rejects.toThrow(RangeError);
  });

  test('collects megabytes as they arrive, and gives them back when it is called off', async () => {
    const { reader, arrive } = makeReader();
    const sent = bytes(5_000_000);
    const controller = new AbortController();
    const first = reader.readExactly(sent.length, { signal: controller.signal });
    for (let at = 0; at < 3_000_000; at += 300_000) arrive(sent.subarray(at, at + 300_000));
    expect(reader.bufferedBytes).toBe(3_000_000);
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(reader.bufferedBytes).toBe(3_000_000);
    const second = reader.readExactly(sent.length);
    for (let at = 3_000_000; at < sent.length; at += 400_000) arrive(sent.subarray(at, at + 400_000));
    const got = await second;
    expect(got.buffer.byteLength).toBe(sent.length);
    expect(got.every((byte, i) => byte === sent[i])).toBe(true);
  });
});

describe('StreamReader.readUntil', () => {
  test.each([
    ['a byte', 0x3b],
    ['bytes', encode('\r\n\r\n')],
    ['text', '→'],
  ])('gives everything up to and including %s, wherever the chunks are cut', async (_name, delimiter) => {
    const needle =
      typeof delimiter === 'number'
        ? Uint8Array.of(delimiter)
        : typeof delimiter === 'string'
          ? encode(delimiter)
          : delimiter;
    const wanted = new Uint8Array([...encode('some text '), ...needle]);
    const all = new Uint8Array([...wanted, ...encode('rest')]);
    for (let cut = 1; cut < all.length; cut++) {
      const { reader, arrive } = makeReader();
      const reading = reader.readUntil(delimiter);
      arrive(all.subarray(0, cut));
      arrive(all.subarray(cut));
      expect(await reading).toEqual(wanted);
      expect(decode(await reader.read())).toBe('rest');
    }
  });

  test('rejects at the limit, takes nothing, and can be repeated with a higher one', async () => {
    const { reader, arrive } = makeReader({ limitBytes: 8 });
    const reading = reader.readUntil(';');
    arrive('12345678');
    const error = (await reading.catch((reason: unknown) => reason)) as StreamLimitError;
    expect(error).toBeInstanceOf(StreamLimitError);
    expect(error).toMatchObject({ maxBytes: 8, bufferedBytes: 8, code: 'ERR_STREAMS_LIMIT' });
    arrive('9;x');
    await expect(reader.readUntil(';')).rejects.toThrow(StreamLimitError);
    expect(decode(await reader.readUntil(';', { maxBytes: 10 }))).toBe('123456789;');
    expect(decode(await reader.read())).toBe('x');
  });

  test('rejects at the end of the data with what there was', async () => {
    const { reader, arrive } = makeReader();
    const reading = reader.readUntil(';');
    arrive('abc');
    reader.feedEof();
    const error = (await reading.catch((reason: unknown) => reason)) as IncompleteReadError;
    expect(error.expectedBytes).toBeUndefined();
    expect(error.message).toBe('expected a delimiter, saw the end of the data after 3 bytes');
    expect(decode(error.partial)).toBe('abc');
  });

  test.each(['', 256, -1])('rejects the delimiter %j', async (delimiter) => {
    const { reader, arrive } = makeReader();
    arrive('abc');
    await expect(reader.readUntil(delimiter)).rejects.toThrow(RangeError);
    expect(decode(reader.tryRead())).toBe('abc');
  });
});

describe('StreamReader.readLine', () => {
  test('gives lines without their ends, wherever the chunks are cut, and the last one without', async () => {
    const text = encode('one\n\r\ntwo\r\nzwölf\n\nno\rend');
    for (let cut = 1; cut < text.length; cut++) {
      const { reader, arrive } = makeReader();
      const lines: (string | undefined)[] = [];
      const reading = (async () => {
        for (;;) {
          const line = await reader.readLine();
          lines.push(line);
          if (line === undefined) return;
        }
      })();
      arrive(text.subarray(0, cut));
      await outcome(reading);
      arrive(text.subarray(cut));
      reader.feedEof();
      await reading;
      expect(lines).toEqual(['one', '', 'two', 'zwölf', '', 'no\rend', undefined]);
    }
  });

  test('rejects a line above the limit before its end has come, and takes nothing', async () => {
    const { reader, arrive } = makeReader({ limitBytes: 4 });
    arrive('abc\nabcd\n');
    expect(await reader.readLine()).toBe('abc');
    await expect(reader.readLine()).rejects.toThrow('expected a delimiter within 4 bytes, saw none in 5');
    expect(await reader.readLine({ maxBytes: 5 })).toBe('abcd');
    const reading = reader.readLine();
    arrive('efgh');
    await expect(reading).rejects.toThrow(StreamLimitError);
    expect(decode(reader.tryRead())).toBe('efgh');
  });

  test('rejects a limit that is none', async () => {
    const { reader } = makeReader();
    await expect(reader.readLine({ maxBytes: -1 })).rejects.toThrow(RangeError);
  });
});

describe('StreamReader.peek', () => {
  test('shows bytes and leaves them, also where they span chunks', async () => {
    const { reader, arrive } = makeReader();
    const peeking = reader.peek(3);
    arrive('ab');
    expect(await outcome(peeking)).toBe('pending');
    arrive('cd');
    expect(decode(await peeking)).toBe('abc');
    expect(decode(await reader.peek(4))).toBe('abcd');
    expect(decode(await reader.read())).toBe('abcd');
  });

  test('shows fewer at the end of the data, and none after it', async () => {
    const { reader, arrive } = makeReader();
    arrive('ab');
    reader.feedEof();
    expect(decode(await reader.peek(10))).toBe('ab');
    expect(decode(await reader.read())).toBe('ab');
    expect(await reader.peek(10)).toEqual(new Uint8Array(0));
  });
});

describe('StreamReader.readInto', () => {
  test('fills memory of the caller, and says how much of it', async () => {
    const { reader, arrive } = makeReader();
    const target = new Uint8Array(4);
    const reading = reader.readInto(target);
    arrive('abcdef');
    expect(await reading).toBe(4);
    expect(decode(target)).toBe('abcd');
    expect(await reader.readInto(target)).toBe(2);
    expect(decode(target)).toBe('efcd');
    reader.feedEof();
    expect(await reader.readInto(target)).toBe(0);
  });

  test('rejects what cannot be filled', async () => {
    const { reader } = makeReader();
    await expect(reader.readInto(new Uint8Array(0))).rejects.toThrow(RangeError);
    await expect(reader.readInto('text' as unknown as Uint8Array)).rejects.toThrow(TypeError);
  });
});

describe('StreamReader.try…', () => {
  test('take what is there, and nothing if it is too little', () => {
    const { reader, arrive } = makeReader();
    expect(reader.tryRead()).toBeUndefined();
    arrive('abc');
    expect(reader.tryReadExactly(4)).toBeUndefined();
    expect(reader.tryReadUntil(';')).toBeUndefined();
    expect(reader.tryReadLine()).toBeUndefined();
    expect(decode(reader.tryReadExactly(2))).toBe('ab');
    arrive(';d\nef');
    expect(decode(reader.tryReadUntil(';'))).toBe('c;');
    expect(reader.tryReadLine()).toBe('d');
    expect(reader.tryReadLine()).toBeUndefined();
    expect(decode(reader.tryRead(1))).toBe('e');
    reader.feedEof();
    expect(reader.tryReadLine()).toBe('f');
    expect(reader.tryReadLine()).toBeUndefined();
    expect(reader.tryRead()).toBeUndefined();
  });
});

describe('StreamReader as an iterable', () => {
  test('gives chunks until the end of the data', async () => {
    const { reader, arrive } = makeReader();
    const seen: (string | undefined)[] = [];
    const loop = (async () => {
      for await (const chunk of reader) seen.push(decode(chunk));
    })();
    arrive('a');
    await outcome(loop);
    arrive('b');
    reader.feedEof();
    await loop;
    expect(seen).toEqual(['a', 'b']);
  });

  test('throws what broke the connection', async () => {
    const { reader } = makeReader();
    const iterator = reader[Symbol.asyncIterator]();
    const next = iterator.next();
    reader.fail(lost);
    await expect(next).rejects.toBe(lost);
  });

  test('can be left, and the reader read on', async () => {
    const { reader, arrive } = makeReader();
    arrive('one\ntwo\nthree\n');
    for await (const line of reader.lines()) if (line === 'two') break;
    expect(await reader.readLine()).toBe('three');
  });

  test('ends a next that waits when it is left, and takes nothing', async () => {
    const { reader, arrive } = makeReader();
    const lines = reader.lines();
    const next = lines.next();
    arrive('half a li');
    expect(await lines.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    arrive('ne\n');
    expect(await reader.readLine()).toBe('half a line');
  });

  test('leaves alone a read of somebody else when it is left', async () => {
    const { reader, arrive } = makeReader();
    const chunks = reader.chunks();
    const next = chunks.next();
    arrive('a');
    const other = reader.read(); // before the loop has seen its chunk
    await chunks.return?.();
    expect(decode(((await next) as { value: Uint8Array }).value)).toBe('a');
    arrive('b');
    expect(decode(await other)).toBe('b');
  });

  test('of chunks has a limit for each wait', async () => {
    const timers = new TestClock();
    const { reader, arrive } = makeReader({ timers });
    const chunks = reader.chunks({ timeoutMs: 10 });
    arrive('a');
    const first = await chunks.next();
    expect(first.done === true ? undefined : decode(first.value)).toBe('a');
    const next = chunks.next();
    timers.advance(10);
    await expect(next).rejects.toThrow(TimeoutError);
  });
});

describe('StreamReader: called off', () => {
  const reads = {
    read: (reader: ReturnType<typeof makeReader>['reader'], op: { signal?: AbortSignal; timeoutMs?: number }) =>
      reader.read(Infinity, op),
    'readExactly of few': (reader, op) => reader.readExactly(100, op),
    'readExactly of many': (reader, op) => reader.readExactly(100_000, op),
    readUntil: (reader, op) => reader.readUntil('!', op),
    readLine: (reader, op) => reader.readLine(op),
    peek: (reader, op) => reader.peek(100, op),
    readInto: (reader, op) => reader.readInto(new Uint8Array(10), op),
  } satisfies Record<
    string,
    (
      reader: ReturnType<typeof makeReader>['reader'],
      op: { signal?: AbortSignal; timeoutMs?: number },
    ) => Promise<unknown>
  >;

  for (const [name, read] of Object.entries(reads)) {
    test(`${name}: loses no byte to a timeout`, async () => {
      const timers = new TestClock();
      const { reader, arrive } = makeReader({ timers });
      const isHungry = name !== 'read' && name !== 'readInto';
      const reading = read(reader, { timeoutMs: 50 });
      if (isHungry) arrive('abc');
      timers.advance(50);
      await expect(reading).rejects.toThrow(TimeoutError);
      if (isHungry) expect(reader.bufferedBytes).toBe(3);
      else arrive('abc');
      arrive('def');
      expect(decode(await reader.read())).toBe('abcdef');
      expect(timers.pending).toBe(0);
    });

    test(`${name}: rejects with the signal's reason, before and during the wait`, async () => {
      const { reader, arrive } = makeReader();
      const reason = new Error('enough');
      arrive('x');
      await expect(read(reader, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(decode(reader.tryRead())).toBe('x');
      const controller = new AbortController();
      const reading = read(reader, { signal: controller.signal });
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
      arrive('y');
      expect(decode(reader.tryRead())).toBe('y');
    });
  }

  test('a read with a limit that is not reached leaves no timer', async () => {
    const timers = new TestClock();
    const { reader, arrive } = makeReader({ timers });
    const reading = reader.readLine({ timeoutMs: 50 });
    arrive('a\n');
    expect(await reading).toBe('a');
    expect(timers.pending).toBe(0);
  });
});

describe('StreamReader: back-pressure', () => {
  test('pauses the source above the limit, resumes it at half', async () => {
    const { reader, source, arrive } = makeReader({ limitBytes: 100 });
    arrive(bytes(100));
    expect(source.calls).toEqual([]);
    arrive(bytes(1));
    arrive(bytes(9));
    expect(source.calls).toEqual(['pause']);
    await reader.read(59);
    expect(source.calls).toEqual(['pause']);
    await reader.read(1);
    expect(source.calls).toEqual(['pause', 'resume']);
  });

  test('resumes the source for a read that wants more than the limit, and pauses it afterwards', async () => {
    const { reader, source, arrive } = makeReader({ limitBytes: 10 });
    arrive(bytes(11));
    const peeking = reader.peek(100);
    expect(source.calls).toEqual(['pause', 'resume']);
    arrive(bytes(88));
    expect(source.calls).toEqual(['pause', 'resume']);
    arrive(bytes(1));
    expect((await peeking).length).toBe(100);
    expect(source.calls).toEqual(['pause', 'resume', 'pause']);
  });

  test('pauses the source when a read is called off that has let too much in', async () => {
    const { reader, source, arrive } = makeReader({ limitBytes: 10 });
    const controller = new AbortController();
    const reading = reader.readExactly(100_000, { signal: controller.signal });
    arrive(bytes(50));
    expect(source.calls).toEqual([]);
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(source.calls).toEqual(['pause']);
    expect(reader.bufferedBytes).toBe(50);
  });

  test('takes what a source brings inside resumeReading', async () => {
    const held = [encode('0123456789')];
    const reader: StreamReader = new StreamReader(
      {
        pauseReading: () => undefined,
        resumeReading: () => {
          for (const chunk of held.splice(0)) reader.feed(chunk);
        },
      },
      { limitBytes: 4 },
    );
    reader.feed(encode('abcdef'));
    expect(decode(await reader.readExactly(16))).toBe('abcdef0123456789');
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity])('rejects limitBytes %d', (limitBytes) => {
    expect(() => makeReader({ limitBytes })).toThrow(RangeError);
  });
});

describe('StreamReader.windUp', () => {
  const closing = new TransportClosedError('the server is being closed');

  test('rejects the read that waits for nothing in particular, and later ones', async () => {
    const { reader } = makeReader();
    const reading = reader.readExactly(10);
    reader.windUp(closing);
    await expect(reading).rejects.toBe(closing);
    await expect(reader.read()).rejects.toBe(closing);
  });

  test('lets a read go on that has got a part, and what is there be read', async () => {
    for (const count of [10, 2000]) {
      const { reader, arrive } = makeReader();
      const reading = reader.readExactly(count);
      arrive('abc');
      reader.windUp(closing);
      arrive(bytes(count - 3));
      expect((await reading).length).toBe(count);
      await expect(reader.read()).rejects.toBe(closing);
    }
  });

  test('is nothing after the end of the data', async () => {
    const { reader } = makeReader();
    reader.feedEof();
    reader.windUp(closing);
    expect(await reader.read()).toBeUndefined();
  });
});

describe('StreamReader.release', () => {
  test('gives what was not read, and ends the reader', async () => {
    const { reader, arrive } = makeReader();
    arrive('abc');
    const error = new Error('handed over');
    expect(decode(reader.release(error))).toBe('abc');
    await expect(reader.read()).rejects.toBe(error);
  });

  test('refuses while a read waits', async () => {
    const { reader, arrive } = makeReader();
    const reading = reader.read();
    expect(() => reader.release(new Error('handed over'))).toThrow(TypeError);
    arrive('a');
    expect(decode(await reading)).toBe('a');
    expect(reader.release(new Error('handed over'))).toEqual(new Uint8Array(0));
  });
});
