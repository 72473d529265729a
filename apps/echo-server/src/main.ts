import { parseArgs } from 'node:util';
import { getLoop } from '@millrace/loop-policy';
import { EchoProtocol } from './echo-protocol.js';

const { values } = parseArgs({
  options: {
    listen: { type: 'string', short: 'l', default: 'tcp://127.0.0.1:7000' },
    'grace-ms': { type: 'string', default: '2000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const graceMs = Number(values['grace-ms']);
if (values.help || !(graceMs >= 0)) {
  console.log('usage: echo-server [--listen tcp://host:port | unix:/path] [--grace-ms 2000]');
  process.exit(values.help ? 0 : 2);
}

const server = await getLoop().listen(() => new EchoProtocol(), values.listen);
const { address } = server;
console.log(
  `listening on ${address.path === undefined ? `tcp://${address.host}:${address.port}` : `unix:${address.path}`}`,
);

// Clients get the chance to receive what they are owed; a second signal ends at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void server.close({ graceMs }).then((report) => {
      console.log(`closed: ${report.drained} connections drained, ${report.cut} cut`);
    });
  });
}
