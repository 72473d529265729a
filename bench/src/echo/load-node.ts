// The load generator's `echo` mode in Node: load-node.js echo <target> <bytes> <connections> <depth>
import { createInterface } from 'node:readline';
import { NodeLoad } from './node-load.js';

const [target = '', bytes, connections, depth] = process.argv.slice(3);
try {
  const load = await NodeLoad.connect({
    target,
    bytes: Number(bytes),
    connections: Number(connections),
    depth: Number(depth),
  });
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const messages = Number(line.split(' ')[1]);
    const before = process.hrtime.bigint();
    await load.run(messages);
    console.log(`done ${messages} ${process.hrtime.bigint() - before}`);
  }
  load.close();
} catch (error) {
  console.log(`failed ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
