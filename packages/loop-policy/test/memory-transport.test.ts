import { describe, expect, test } from 'vitest';
import { nodePolicy } from '../src/index.js';
import { memoryTransportPair, Recorder } from '../src/testing.js';

describe('memoryTransportPair', () => {
  test('has no TLS: startTls rejects, and ends the connection with the same error', async () => {
    const { client, server } = memoryTransportPair({ loop: nodePolicy.newLoop() });
    const [near, far] = [client.attach(new Recorder()), server.attach(new Recorder())];
    const upgrade = client.transport.startTls();
    await expect(upgrade).rejects.toMatchObject({ code: 'ERR_LOOP_POLICY_TLS' });
    expect(await near.lost).toBe(await upgrade.catch((error: unknown) => error));
    await far.lost;
    await expect(client.transport.startTls()).rejects.toMatchObject({ code: 'ERR_LOOP_POLICY_TRANSPORT_CLOSED' });
  });

  test('gives an end to another protocol only after it had one', () => {
    const { client } = memoryTransportPair({ loop: nodePolicy.newLoop() });
    expect(() => {
      client.transport.setProtocol(new Recorder());
    }).toThrow(/expected an end that has a protocol/);
    client.attach(new Recorder());
    expect(() => client.attach(new Recorder())).toThrow(/expected an end without a protocol/);
  });

  test('tells a protocol that comes after the end nothing', async () => {
    const { client, server } = memoryTransportPair({ loop: nodePolicy.newLoop() });
    const near = client.attach(new Recorder());
    server.attach(new Recorder());
    client.transport.abort();
    await near.lost;
    const late = new Recorder();
    client.transport.setProtocol(late);
    await new Promise((resolve) => setImmediate(resolve));
    expect(late.events).toEqual([]);
  });

  test('keeps what is sent for an end that has no protocol yet', async () => {
    const { client, server } = memoryTransportPair({ chunking: 3, loop: nodePolicy.newLoop() });
    client.attach(new Recorder());
    client.transport.write(Uint8Array.of(1, 2, 3, 4, 5));
    await new Promise((resolve) => setImmediate(resolve));
    const far = server.attach(new Recorder());
    await far.until(() => far.byteCount === 5);
    expect(far.chunks).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)]);
  });

  test('overwrites what was delivered, so that nobody can keep it', async () => {
    const { client, server } = memoryTransportPair({ loop: nodePolicy.newLoop() });
    let kept = new Uint8Array(0);
    client.attach(new Recorder());
    const far = server.attach(new Recorder({ onData: (chunk) => void (kept = chunk as typeof kept) }));
    client.transport.write(Uint8Array.of(1, 2));
    await far.until(() => far.byteCount === 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(kept).toEqual(Uint8Array.of(0xee, 0xee));
  });

  test('refuses chunking that makes pieces of nothing, or loses bytes', () => {
    for (const chunking of [0, -1, NaN]) expect(() => memoryTransportPair({ chunking })).toThrow(RangeError);
    const { client } = memoryTransportPair({ chunking: () => [], loop: nodePolicy.newLoop() });
    client.attach(new Recorder());
    expect(() => {
      client.transport.write(Uint8Array.of(1));
    }).toThrow(/expected chunking to return 1 bytes, got 0/);
  });
});
