import { describe, expect, test } from 'vitest';
import { pattern, Recorder, settle } from './recorder.js';
import { wirings } from './wirings.js';

// What the conformance suite, which runs over each of these too, cannot say of every loop.
describe.each(wirings)('a transport over $name', (wiring) => {
  test.each(['resumeReading', 'close', 'abort'] as const)(
    'both ends over while reading is paused: %s tells it',
    async (act) => {
      const [client, server] = [new Recorder({ onEof: () => true }), new Recorder()];
      await using _ = await wiring.connect(client, server);
      server.transport.pauseReading();
      server.transport.writeEof();
      client.transport.writeEof();
      await settle(60);
      expect(server.events).toEqual(['connectionMade']);
      server.transport[act]();
      expect(await server.lost).toBe(null);
      const told =
        act === 'resumeReading' ? (['eofReceived', 'connectionLost'] as const) : (['connectionLost'] as const);
      expect(server.events).toEqual(['connectionMade', ...told]);
    },
  );

  test('leaves the writer’s own memory alone, Buffers included', async () => {
    const [client, server] = [new Recorder(), new Recorder()];
    await using _ = await wiring.connect(client, server);
    const chunk = Buffer.from('as it was');
    client.transport.write(chunk);
    await server.until(() => server.byteCount === chunk.length);
    await settle();
    expect(chunk.toString()).toBe('as it was');
    expect(Buffer.from(server.bytes).toString()).toBe('as it was');
  });

  test('what is delivered is a plain Uint8Array, whose slice is a copy', async () => {
    const server = new Recorder();
    const client = new Recorder();
    const isPlain: boolean[] = [];
    for (const recorder of [client, server]) {
      recorder.onData = (chunk) => isPlain.push(Object.getPrototypeOf(chunk) === Uint8Array.prototype);
    }
    await using _ = await wiring.connect(client, server);
    client.transport.write(pattern(1));
    server.transport.write(pattern(1));
    await Promise.all([client, server].map((recorder) => recorder.until(() => recorder.byteCount === 1)));
    expect(isPlain).toEqual([true, true]);
  });

  test('closing the loop tells the end before it resolves', async () => {
    const [client, server] = [new Recorder({ onEof: () => true }), new Recorder({ onEof: () => true })];
    await using _ = await wiring.connect(client, server);
    await client.transport.loop.close();
    if (wiring.name.startsWith('memory')) client.transport.abort(); // made by nobody's connect
    await Promise.all([client.lost, server.lost]);
    for (const recorder of [client, server]) expect(recorder.events.at(-1)).toBe('connectionLost');
  });
});
