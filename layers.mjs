// The layers of the workspace: what each package may import. `eslint.config.mjs` enforces it, docs/architecture.md draws it.
// pure: no I/O, no clock, no randomness, no promise. These packages run in a browser.
export const layers = {
  'read-buffer': { pure: true, imports: [] },
  'write-buffer': { pure: true, imports: [] },
  timeouts: { imports: [] },
  testkit: { imports: [] },
  codecs: { pure: true, imports: ['read-buffer', 'write-buffer'] },
  'async-queue': { imports: ['timeouts'] },
  sync: { imports: ['timeouts'] },
  'loop-policy': { imports: ['timeouts'] },
  'loop-sim': { imports: ['loop-policy', 'timeouts'] },
  streams: { imports: ['codecs', 'loop-policy', 'read-buffer', 'write-buffer', 'timeouts'] },
  'postgres-protocol': { pure: true, imports: ['read-buffer', 'write-buffer'] },
  postgres: { imports: ['postgres-protocol', 'loop-policy', 'read-buffer', 'write-buffer', 'timeouts'] },
  pgserver: { private: true, host: true, imports: [] },
};

/** What the tests of any package may use besides its own layer. */
export const testOnly = ['testkit', 'pgserver', 'async-queue', 'loop-sim'];
