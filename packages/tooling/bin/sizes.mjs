// `pnpm sizes`: measures the built packages and writes bench/sizes.json and the README's table.
import { measureSizes, writeSizes } from '../src/sizes.mjs';

writeSizes(await measureSizes());
