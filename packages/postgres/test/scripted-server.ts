import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

/** One backend message. */
export function message(type: string, payload: Uint8Array | string = ''): Uint8Array {
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(5 + body.length);
  frame.write(type, 'latin1');
  frame.writeInt32BE(4 + body.length, 1);
  body.copy(frame, 5);
  return frame;
}

export const AUTHENTICATION_OK: Uint8Array = message('R', '\0\0\0\0');
export const BACKEND_KEY: Uint8Array = message('K', '\0\0\0\x07\0\0\0\x09');
export const READY: Uint8Array = message('Z', 'I');
export const SELECT_NOTHING: Uint8Array = Buffer.concat([message('C', 'SELECT 0\0'), READY]);

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** What each connection has sent, as bytes. */
  readonly received: Buffer[];
}

/**
 * A server that answers the n-th chunk of a connection with the n-th entry of its script: bytes, or what a function does
 * with the socket. Each connection has its own script.
 */
export async function scriptedServer(
  ...scripts: readonly (readonly (Uint8Array | ((socket: Socket) => void))[])[]
): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    const index = sockets.size;
    sockets.add(socket);
    let step = 0;
    received[index] = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received[index] = Buffer.concat([received[index] ?? Buffer.alloc(0), chunk]);
      const answer = scripts[index]?.[step++];
      if (typeof answer === 'function') answer(socket);
      else if (answer !== undefined) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
