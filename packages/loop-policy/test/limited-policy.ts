import { nodePolicy, withLimits, type LimitOptions, type LoopPolicy, type Transport } from '../src/index.js';
import type { AnyProtocol, ConnectOptions, Endpoint, Loop } from '../src/index.js';

/** The node policy, with loops whose connections are all under limits. */
export function limitedPolicy(options: LimitOptions): LoopPolicy {
  return {
    name: 'node under limits',
    getLoop: () => limit(nodePolicy.newLoop(), options),
    newLoop: () => limit(nodePolicy.newLoop(), options),
  };
}

function limit(loop: Loop, options: LimitOptions): Loop {
  const [connect, listen] = [loop.connect.bind(loop), loop.listen.bind(loop)];
  loop.listen = (factory, ...rest) => listen(withLimits(factory, options), ...rest);
  loop.connect = async <P extends AnyProtocol>(factory: () => P, endpoint: Endpoint, how?: ConnectOptions) => {
    let made: { transport: Transport; protocol: P } | undefined;
    const limited = withLimits(() => {
      const protocol = factory();
      const connectionMade = protocol.connectionMade.bind(protocol);
      protocol.connectionMade = (transport) => {
        made = { transport, protocol };
        connectionMade(transport);
      };
      return protocol;
    }, options);
    await connect(limited, endpoint, how);
    if (made === undefined) throw new Error('expected connectionMade before connect() resolves');
    return made;
  };
  return loop;
}
