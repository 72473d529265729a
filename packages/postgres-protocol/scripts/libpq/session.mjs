// Run by Deno: `session.mjs <libpq> <conninfo> <trace file> <flags> <begins> <session>` does what the session says.
import { Libpq } from './libpq.mjs';
import { SESSIONS } from './sessions.mjs';

const [library, conninfo, traceFile, flags, begins, name] = globalThis.Deno.args;
const pg = new Libpq(library, conninfo, traceFile, Number(flags));
if (begins === 'startup') pg.trace();
const isConnected = pg.connect();
if (begins === 'session') pg.trace();
if (isConnected) SESSIONS[name].run(pg);
pg.finish();
