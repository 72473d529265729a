import { parseArgs } from 'node:util';
import { getLoop } from '@millrace/loop-policy';
import { sleep } from '@millrace/timeouts';
import { LoadProtocol } from './load-protocol.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', short: 'c', default: '4' },
    bytes: { type: 'string', short: 'b', default: '1024' },
    seconds: { type: 'string', short: 's', default: '1' },
  },
});
const endpoint = positionals[0];
const connections = Number(values.connections);
const bytes = Number(values.bytes);
const seconds = Number(values.seconds);
if (endpoint === undefined || !(connections >= 1) || !(bytes >= 1) || !(seconds > 0)) {
  console.error('usage: load tcp://host:port | unix:/path [--connections 4] [--bytes 1024] [--seconds 1]');
  process.exit(2);
}

const loop = getLoop();
const message = Uint8Array.from({ length: bytes }, (_, i) => i % 251);
const clients = await Promise.all(
  Array.from({ length: connections }, () =>
    loop.connect(() => new LoadProtocol(message), endpoint, { timeoutMs: 5000 }),
  ),
);
const all = Promise.all(clients.map(({ protocol }) => protocol.done));
const started = loop.now();
await Promise.race([sleep(seconds * 1000), all]); // `all` first means that a connection failed
const elapsedMs = loop.now() - started;
const messages = clients.reduce((sum, { protocol }) => sum + protocol.messages, 0);
for (const { protocol } of clients) protocol.stop();
await all;

const perSecond = Math.round((messages / elapsedMs) * 1000);
console.log(
  `${perSecond.toLocaleString('en')} messages/s: ${bytes} bytes there and back over ${connections} connections, ${messages.toLocaleString('en')} in ${(elapsedMs / 1000).toFixed(2)} s, every byte checked`,
);
