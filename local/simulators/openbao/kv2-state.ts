import type { MountSettings } from './mount-settings.ts';
import type { StoredSecret } from './secrets.ts';
import type { Switches } from './switches.ts';

/** KV version 2 at one mount. */
export interface Kv2 {
  readonly secrets: Map<string, StoredSecret>;
  readonly settings: MountSettings;
  readonly switches: Switches;
  readonly now: () => number;
}
