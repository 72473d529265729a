import type { StreamConnection } from '../stream-connection.js';

/**
 * Writes chunks, and waits until the transport needs them no more: whoever gave them may use the memory again.
 *
 * @throws {TransportClosedError} As a rejection, if the connection is closing.
 * @throws What broke the connection, as a rejection.
 */
export function writeThrough(connection: StreamConnection, chunks: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let waiting = chunks.length;
    const owner = {
      recycle: (): void => {
        waiting -= 1;
        if (waiting > 0) return;
        // Bytes that were lost are given back too, before anybody is told why.
        if (connection.writer.isClosing) connection.closed.then(resolve, reject);
        else resolve();
      },
    };
    connection.writer.writeMany(chunks, owner);
  });
}
