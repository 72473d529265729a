/**
 * What drivers and protocols are tested with: a server that plays a script, and a printer of conversations.
 *
 * @packageDocumentation
 */
export { backendMessage } from './testing/backend-message.js';
export type { BackendFields } from './testing/backend-message.js';
export type { Chunking } from './testing/chunking.js';
export type { ClientMessage, ClientMessageName, FrontendFields } from './testing/frontend-message.js';
export { ScriptError } from './testing/script-error.js';
export { ScriptedBackend } from './testing/scripted-backend.js';
export type { ScriptedBackendOptions, ScriptSink } from './testing/scripted-backend.js';
export { ScriptedServer } from './testing/scripted-server.js';
export type { ScriptedConnection, ScriptedServerOptions } from './testing/scripted-server.js';
export { step } from './testing/step.js';
export type { Expected, Script, Step, StepBuilders } from './testing/step.js';
export { TracePrinter } from './testing/trace.js';
export type { TracePrinterOptions } from './testing/trace.js';
