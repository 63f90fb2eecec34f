import { BlockList } from 'node:net';
import type { Performer } from './activity.ts';
import type { Switches } from './switches.ts';

/** APIs that an API account may use. */
export interface Permissions {
  readonly command: 'deny' | 'read_only' | 'full_access';
  readonly reportingSession: boolean;
  readonly reportingVault: boolean;
  readonly configuration: boolean;
  /** "Manage Vault Accounts", which needs `configuration` too. */
  readonly vaultAccounts: boolean;
}

export interface SimulatedApiAccount {
  readonly id: number;
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly enabled: boolean;
  /** Networks from which it may be used, as `address/bits`. Empty: from everywhere. */
  readonly networks: readonly string[];
  readonly permissions: Permissions;
}

const ALL_PERMISSIONS: Permissions = {
  command: 'full_access',
  reportingSession: true,
  reportingVault: true,
  configuration: true,
  vaultAccounts: true,
};

/** The API account of a relay. Its secret contains a canary. */
export const DEFAULT_API_ACCOUNT: SimulatedApiAccount = {
  id: 1,
  name: 'pam-relay',
  clientId: '2a7d9c4e8b1f406395d2e7a1c0b8f3d6',
  clientSecret: 'canary-5f0c3d2ab94e71608d7ce23f+/simulated==',
  enabled: true,
  networks: [],
  permissions: ALL_PERMISSIONS,
};

/** A second API account, for example of another program. */
export const OTHER_API_ACCOUNT: SimulatedApiAccount = {
  ...DEFAULT_API_ACCOUNT,
  id: 2,
  name: 'other program',
  clientId: '9b64d0f7c21e4a5883f6b7d4e0a92c15',
  clientSecret: 'canary-81b6e7d03c5f92a4460db1e7+/simulated==',
};

export const performerOfApi = ({ id, name }: SimulatedApiAccount): Performer => ({ type: 'apiAccount', id, name });

/** An API account with its failed sign-ins. */
export interface KnownApiAccount extends SimulatedApiAccount {
  failures: number;
  lockedUntil: number;
}

const MINUTE_MS = 60_000;

/** The API accounts of a site, and which networks they may be used from. */
export class ApiAccounts {
  readonly #accounts = new Map<string, KnownApiAccount>();
  readonly #switches: Switches;

  constructor(accounts: readonly SimulatedApiAccount[], switches: Switches) {
    for (const account of accounts) this.#accounts.set(account.clientId, { ...account, failures: 0, lockedUntil: 0 });
    this.#switches = switches;
  }

  all(): readonly KnownApiAccount[] {
    return [...this.#accounts.values()];
  }

  find(clientId: string): KnownApiAccount | undefined {
    return this.#accounts.get(clientId);
  }

  /** @throws RangeError if there is no such account. */
  change(clientId: string, change: Partial<SimulatedApiAccount>): KnownApiAccount {
    const account = this.#accounts.get(clientId);
    if (account === undefined) throw new RangeError(`There is no API account ${clientId}.`);
    return Object.assign(account, change);
  }

  remove(clientId: string): void {
    this.#accounts.delete(clientId);
  }

  isReachable({ networks }: SimulatedApiAccount): boolean {
    if (networks.length === 0) return true;
    const allowed = new BlockList();
    for (const network of networks) {
      const [address = '', bits = '32'] = network.split('/');
      allowed.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
    }
    const { callerAddress } = this.#switches;
    return allowed.check(callerAddress, callerAddress.includes(':') ? 'ipv6' : 'ipv4');
  }

  /** Checks a secret. Repeated failures lock the account, and a success forgets them. */
  proves(account: KnownApiAccount, secret: string, now: number): boolean {
    if (account.lockedUntil > now) return false;
    if (secret === account.clientSecret) {
      account.failures = 0;
      return true;
    }
    account.failures += 1;
    if (account.failures >= this.#switches.lockAfterFailures) {
      account.failures = 0;
      account.lockedUntil = now + this.#switches.lockMinutes * MINUTE_MS;
    }
    return false;
  }
}
