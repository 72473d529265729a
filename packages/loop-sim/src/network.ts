import { Link } from './link.js';
import { SimHost } from './sim-host.js';
import type { Simulation } from './simulation.js';

/** Between two hosts, unless `link` says otherwise. */
const LATENCY_MS = 1;
/** Within one. */
const LOOPBACK_MS = 0.05;

/** Hosts, the links between them, and names. */
export class Network {
  private readonly _simulation: Simulation;
  private readonly _hosts = new Map<string, SimHost>();
  private readonly _byAddress = new Map<string, SimHost>();
  /** By `from>to`. */
  private readonly _links = new Map<string, Link>();
  private readonly _names = new Map<string, string>();

  constructor(simulation: Simulation) {
    this._simulation = simulation;
  }

  /** @throws {TypeError} If `name` could be an address. */
  host(name: string): SimHost {
    const known = this._hosts.get(name);
    if (known !== undefined) return known;
    if (!/^[a-z][a-z0-9-]*$/i.test(name) || NO_NAMES.has(name)) {
      throw new TypeError(`expected the name of a host (letters, digits, hyphens), got ${JSON.stringify(name)}`);
    }
    const count = this._hosts.size + 1;
    const host = new SimHost(this._simulation, this, name, `10.0.${count >> 8}.${count & 255}`);
    this._hosts.set(name, host);
    this._byAddress.set(host.address, host);
    return host;
  }

  hosts(): Iterable<SimHost> {
    return this._hosts.values();
  }

  /** Both directions between two hosts, which are made known by it. */
  links(a: string, b: string): [Link, Link] {
    return [this.link(this.host(a), this.host(b)), this.link(this.host(b), this.host(a))];
  }

  /** The way from one host to another. */
  link(from: SimHost, to: SimHost): Link {
    const key = `${from.name}>${to.name}`;
    let link = this._links.get(key);
    if (link === undefined)
      this._links.set(key, (link = new Link(this._simulation, from, to, from === to ? LOOPBACK_MS : LATENCY_MS)));
    return link;
  }

  /** All ways from and to a host that were used so far, but the one within it. */
  linksOf(host: SimHost): Link[] {
    const others = [...this._hosts.values()].filter((other) => other !== host);
    return others.flatMap((other) => [this.link(host, other), this.link(other, host)]);
  }

  setName(name: string, answer: string): void {
    this._names.set(name, answer);
  }

  /** What a host finds under a name or an address: another host, or the system's code for why not. */
  resolve(from: SimHost, name: string): SimHost | 'ENOTFOUND' | 'EAI_AGAIN' {
    if (LOCAL.has(name)) return from;
    const answer = this._names.get(name) ?? name;
    if (answer === 'EAI_AGAIN' || answer === 'ENOTFOUND') return answer;
    return this._byAddress.get(answer) ?? this._hosts.get(answer) ?? 'ENOTFOUND';
  }

  /** What is still open, a line each. */
  conditions(): string[] {
    return [...this._hosts.values()].flatMap((host) => host.conditions());
  }
}

/** Names and addresses of whoever asks. */
const LOCAL = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::']);

/** What would mean something else. */
const NO_NAMES = new Set(['localhost', 'ENOTFOUND', 'EAI_AGAIN']);

export const isLocal = (name: string): boolean => LOCAL.has(name);
