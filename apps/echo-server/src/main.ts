import cluster from 'node:cluster';
import { getLoop, setLoopPolicy, type LoopPolicy, type Server } from '@millrace/loop-policy';
import { runCluster } from './cluster.js';
import { parseCommandLine, USAGE, type Arguments } from './command-line.js';
import * as protocol from './protocol.js';
import * as sockets from './sockets.js';
import { showStatistics } from './statistics.js';
import * as streams from './streams.js';

const styles = { protocol, streams, sockets };

try {
  const args = parseCommandLine(process.argv.slice(2));
  if (args === 'help') console.log(USAGE);
  else if (args.workers > 0 && cluster.isPrimary) await runCluster(args);
  else await serve(args);
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exit(2);
}

async function serve(args: Arguments): Promise<void> {
  if (args.policy !== 'node') setLoopPolicy(await loadPolicy(args.policy));
  const loop = getLoop();
  const server = await styles[args.style].serve(loop, { endpoint: args.listen, limits: args.limits, tls: args.tls });
  console.log(`listening on ${addressOf(server)}`);
  const hide = args.statistics ? showStatistics(loop, server) : () => undefined;

  // Clients get the chance to receive what they are owed; a second signal ends at once.
  const end = async (): Promise<void> => {
    const report = await server.close({ graceMs: args.graceMs });
    hide();
    console.log(`closed: ${report.drained} connections drained, ${report.cut} cut`);
    if (process.connected) process.disconnect(); // from the cluster
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end());
}

function addressOf({ address }: Server): string {
  return address.path === undefined ? `tcp://${address.host}:${address.port}` : `unix:${address.path}`;
}

/** The one line that changes the loop; here the line comes from the command line. */
async function loadPolicy(name: string): Promise<LoopPolicy> {
  const [module = '', exported = 'default'] = name.split('#');
  const exports = (await import(module)) as Record<string, LoopPolicy | undefined>;
  const policy = exports[exported];
  if (policy === undefined) throw new Error(`expected ${module} to export ${exported}`);
  return policy;
}
