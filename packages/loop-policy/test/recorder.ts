import type { AnyProtocol } from '../src/index.js';

export { BufferedRecorder, Recorder } from '../src/testing/conformance/recorder.js';

/** How two protocols get connected, and what is left to undo. */
export interface Wiring {
  readonly name: string;
  connect(client: AnyProtocol, server: AnyProtocol): Promise<AsyncDisposable>;
}

export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Resolves after everything that is ready now has been delivered, several times over. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
