import { describe, expect, it } from 'vitest';
import { DatagramQueue, type DatagramSink } from '../src/node/datagram-queue.js';

class Sink implements DatagramSink {
  readonly log: string[] = [];

  transmit(data: Uint8Array, host: string, port: number): void {
    this.log.push(`${data.join()} to ${host}:${port}`);
  }

  refuse(data: Uint8Array, error: Error): void {
    this.log.push(`${data.join()} refused: ${error.message}`);
  }
}

/** A name service that answers when the test says so. */
class Names {
  readonly asked: string[] = [];
  readonly #pending = new Map<string, { resolve: (host: string) => void; reject: (error: unknown) => void }>();

  readonly lookUp = (name: string): Promise<string> => {
    this.asked.push(name);
    return new Promise((resolve, reject: (error: unknown) => void) => {
      this.#pending.set(name, { resolve, reject });
    });
  };

  async answer(name: string, host: string): Promise<void> {
    this.#pending.get(name)?.resolve(host);
    await drain();
  }

  async fail(name: string, error: unknown): Promise<void> {
    this.#pending.get(name)?.reject(error);
    await drain();
  }
}

async function drain(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function setUp(): { sink: Sink; names: Names; queue: DatagramQueue } {
  const [sink, names] = [new Sink(), new Names()];
  return { sink, names, queue: new DatagramQueue(sink, names.lookUp) };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

describe('DatagramQueue', () => {
  it('passes addresses on at once', () => {
    const { sink, queue } = setUp();
    queue.push(bytes(1), '10.0.0.1', 9);
    expect(sink.log).toEqual(['1 to 10.0.0.1:9']);
  });

  it('holds up what comes after a name, and then keeps the order', async () => {
    const { sink, names, queue } = setUp();
    queue.pushNamed(bytes(1), 'a', 9);
    queue.push(bytes(2), '10.0.0.2', 9);
    queue.pushNamed(bytes(3), 'b', 9);
    queue.push(bytes(4), '10.0.0.4', 9);
    await names.answer('b', '10.0.0.3'); // early, and still not before its turn
    expect(sink.log).toEqual([]);
    await names.answer('a', '10.0.0.1');
    expect(sink.log).toEqual(['1 to 10.0.0.1:9', '2 to 10.0.0.2:9', '3 to 10.0.0.3:9', '4 to 10.0.0.4:9']);
  });

  it('stops at the next name that is not known yet', async () => {
    const { sink, names, queue } = setUp();
    queue.pushNamed(bytes(1), 'a', 9);
    queue.pushNamed(bytes(2), 'b', 9);
    await names.answer('a', '10.0.0.1');
    expect(sink.log).toEqual(['1 to 10.0.0.1:9']);
  });

  it('refuses a datagram whose name is not found, and goes on with the next', async () => {
    const { sink, names, queue } = setUp();
    queue.pushNamed(bytes(1), 'a', 9);
    queue.push(bytes(2), '10.0.0.2', 9);
    await names.fail('a', new Error('not found'));
    expect(sink.log).toEqual(['1 refused: not found', '2 to 10.0.0.2:9']);
  });

  it('makes an error of whatever a lookup fails with', async () => {
    const { sink, names, queue } = setUp();
    queue.pushNamed(bytes(1), 'a', 9);
    await names.fail('a', 'not found');
    expect(sink.log).toEqual(['1 refused: the lookup failed']);
  });

  it('asks once for a name while it is being looked up, and anew afterwards', async () => {
    const { sink, names, queue } = setUp();
    for (const i of [1, 2, 3]) queue.pushNamed(bytes(i), 'a', i);
    expect(names.asked).toEqual(['a']);
    await names.answer('a', '10.0.0.1');
    expect(sink.log).toEqual(['1 to 10.0.0.1:1', '2 to 10.0.0.1:2', '3 to 10.0.0.1:3']);
    queue.pushNamed(bytes(4), 'a', 4);
    expect(names.asked).toEqual(['a', 'a']);
    await names.answer('a', '10.0.0.99');
    expect(sink.log[3]).toBe('4 to 10.0.0.99:4');
  });

  it('forgets what waits when it is cleared', async () => {
    const { sink, names, queue } = setUp();
    queue.pushNamed(bytes(1), 'a', 9);
    queue.push(bytes(2), '10.0.0.2', 9);
    queue.clear();
    await names.answer('a', '10.0.0.1');
    expect(sink.log).toEqual([]);
  });

  it('sends what the sink itself pushes after what waits', async () => {
    const { sink, names, queue } = setUp();
    sink.refuse = (data, error) => {
      sink.log.push(`${data.join()} refused: ${error.message}`);
      queue.push(bytes(3), '10.0.0.3', 9);
    };
    queue.pushNamed(bytes(1), 'a', 9);
    queue.push(bytes(2), '10.0.0.2', 9);
    await names.fail('a', new Error('not found'));
    expect(sink.log).toEqual(['1 refused: not found', '2 to 10.0.0.2:9', '3 to 10.0.0.3:9']);
  });
});
