import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { getLoop } from '@millrace/loop-policy';
import { sleep } from '@millrace/timeouts';
import { LoadProtocol, type LoadPlan } from './load-protocol.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', short: 'c', default: '4' },
    bytes: { type: 'string', short: 'b', default: '1024' },
    depth: { type: 'string', short: 'd', default: '1' },
    seconds: { type: 'string', short: 's', default: '1' },
    'tls-ca': { type: 'string' },
  },
});
const endpoint = positionals[0];
const connections = Number(values.connections);
const bytes = Number(values.bytes);
const depth = Number(values.depth);
const seconds = Number(values.seconds);
if (endpoint === undefined || !(connections >= 1) || !(bytes >= 1) || !(depth >= 1) || !(seconds > 0)) {
  console.error(
    'usage: load tcp://host:port | unix:/path [--connections 4] [--bytes 1024] [--depth 1] [--seconds 1] [--tls-ca FILE]',
  );
  process.exit(2);
}

const loop = getLoop();
const latency = createHistogram(); // of microseconds
const plan: LoadPlan = {
  message: Uint8Array.from({ length: bytes }, (_, i) => i % 251),
  depth,
  now: () => loop.now(),
  record: (elapsedMs) => {
    latency.record(Math.max(1, Math.round(elapsedMs * 1000)));
  },
};
const tls = values['tls-ca'] === undefined ? undefined : { ca: readFileSync(values['tls-ca'], 'utf8') };
const clients = await Promise.all(
  Array.from({ length: connections }, () =>
    loop.connect(() => new LoadProtocol(plan), endpoint, { timeoutMs: 10_000, tls }),
  ),
);
const all = Promise.all(clients.map(({ protocol }) => protocol.done));
const started = loop.now();
for (const { protocol } of clients) protocol.start();
await Promise.race([sleep(seconds * 1000), all]); // `all` first means that a connection failed
const elapsedMs = loop.now() - started;
const messages = clients.reduce((sum, { protocol }) => sum + protocol.messages, 0);
for (const { protocol } of clients) protocol.stop();
await all;

const perSecond = (messages / elapsedMs) * 1000;
const milliseconds = (percentile: number): string => (latency.percentile(percentile) / 1000).toFixed(3);
console.log(
  [
    `${Math.round(perSecond).toLocaleString('en')} messages/s`,
    `${((perSecond * bytes) / 1e6).toFixed(1)} MB/s each way`,
    `p50 ${milliseconds(50)} ms, p99 ${milliseconds(99)} ms, p99.9 ${milliseconds(99.9)} ms`,
    `${messages.toLocaleString('en')} messages of ${bytes} bytes over ${connections} connections in ${(elapsedMs / 1000).toFixed(2)} s, every byte checked`,
  ].join('; '),
);
