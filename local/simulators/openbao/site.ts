import type { Namespace } from './namespaces.ts';
import type { Switches } from './switches.ts';
import type { Tokens } from './tokens.ts';

/** State of one server. */
export interface Site {
  /** By path. The root namespace has the path `''`. */
  readonly namespaces: Map<string, Namespace>;
  readonly tokens: Tokens;
  /** Token with every right in every namespace. */
  readonly rootToken: string;
  readonly switches: Switches;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
