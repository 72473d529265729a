import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

/** Clients that come while a server closes. */
export const lateClientCases: readonly ConformanceCase[] = [
  {
    name: 'server: who connects while it closes is served to an end, lost or refused, and nothing stays open',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [loop, other] = [lab.newLoop(), lab.newLoop()];
      let closing: Promise<unknown> | undefined;
      // The others wait to be accepted by then.
      const onMade = (): void => void (closing ??= server.close());
      const server = await lab.listen(loop, () => lab.recorder({ onMade }));
      const ends = Array.from({ length: 20 }, async () => {
        const client = lab.recorder();
        try {
          await other.connect(() => client, lab.endpointOf(server));
        } catch (error) {
          return (error as Error).name;
        }
        await client.lost;
        return 'connectionLost';
      });
      const seen = new Set(await Promise.all(ends));
      seen.delete('connectionLost');
      seen.delete('ConnectError');
      lab.equal([...seen], [], 'the other errors of connect()');
      lab.check(closing !== undefined, 'a connection to be accepted');
      await closing;
      await lab.until(loop, () => loop.metrics().openConnections === 0);
      lab.equal([server.connectionCount, other.metrics().openConnections], [0, 0], 'open connections');
    },
  },
];
