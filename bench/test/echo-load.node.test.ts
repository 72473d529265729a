import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startLoad } from '../src/echo/echo-contender.js';
import { LineProcess } from '../src/echo/line-process.js';
import { buildLoad } from '../src/echo/native-build.js';
import { NodeLoad } from '../src/echo/node-load.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(onData: (socket: Socket, chunk: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      onData(socket, chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => void server.close());
  return `tcp:${(server.address() as AddressInfo).port}`;
}

const echo = (socket: Socket, chunk: Buffer) => void socket.write(chunk);
/** Changes one byte, but only late in the stream, where a lazy check would not look. */
function lying(): (socket: Socket, chunk: Buffer) => void {
  let bytes = 0;
  return (socket, chunk) => {
    bytes += chunk.length;
    const copy = Buffer.from(chunk);
    if (bytes > 100_000) copy[copy.length - 1] = 255 - (copy.at(-1) ?? 0);
    socket.write(copy);
  };
}

interface Load {
  run(messages: number): Promise<unknown>;
}
const cell = { bytes: 1000, connections: 3, depth: 4 };
const hasCompiler = await buildLoad().then(
  () => true,
  () => false,
);
const loads: Readonly<Record<string, (target: string) => Promise<Load>>> = {
  'in Node': async (target) => {
    const load = await NodeLoad.connect({ target, ...cell });
    closing.unshift(load.close.bind(load));
    return load;
  },
  ...(hasCompiler && {
    'in C': async (target: string) => {
      const load = await startLoad(target, cell);
      closing.unshift(() => load.close());
      return { run: (messages: number) => load.ask(`run ${messages}`) };
    },
  }),
};

describe.each(Object.entries(loads))('the load %s', (_, start) => {
  test('sends as many messages as it is asked for, again and again', async () => {
    let received = 0;
    const target = await serve((socket, chunk) => {
      received += chunk.length;
      echo(socket, chunk);
    });
    const load = await start(target);
    const before = received; // the one in C has each connection echo once, so that it knows it to be accepted
    await load.run(10);
    await load.run(101);
    expect(received - before).toBe(111 * cell.bytes);
  });

  test('notices a server that changes a byte', async () => {
    const load = await start(await serve(lying()));
    await expect(load.run(1000)).rejects.toThrow('other bytes');
  });

  test('notices a server that swaps two chunks', async () => {
    const held: Buffer[] = [];
    const target = await serve((socket, chunk) => {
      if (chunk.length <= 1000) return void socket.write(chunk);
      held.push(chunk.subarray(1000), chunk.subarray(0, 1000));
      for (const part of held.splice(0)) socket.write(part);
    });
    const load = await start(target);
    await expect(load.run(1000)).rejects.toThrow('other bytes');
  });

  test('notices a server that hangs up', async () => {
    let chunks = 0;
    const target = await serve((socket, chunk) => {
      if (++chunks > 20) socket.destroy();
      else echo(socket, chunk);
    });
    const load = await start(target);
    await expect(load.run(1000)).rejects.toThrow(/closed|lost|cannot send/);
  });
});

describe('a process that speaks in lines', () => {
  test('that ends early is an error with its command', async () => {
    const child = await LineProcess.start([process.execPath, '-e', 'console.log("hello")']);
    expect(await child.next()).toBe('hello');
    await expect(child.next()).rejects.toThrow('ended without an answer');
    await child.close();
  });

  test('that does not exist is an error', async () => {
    await expect(LineProcess.start(['millrace-no-such-program'])).rejects.toThrow('ENOENT');
  });
});
