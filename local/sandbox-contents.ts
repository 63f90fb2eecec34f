import type { SimulatedAlias } from './simulators/password-safe/aliases.ts';
import { createFleet, type FleetAccount, type FleetOptions } from './simulators/password-safe/fleet.ts';
import { createSecrets } from './simulators/password-safe/safe-contents.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, ROLES } from './simulators/password-safe/users.ts';
import type { WorldOptions } from './world.ts';

/** Number of plain credentials in Secrets Safe, beside one secret of each kind. */
const PLAIN_SECRETS = 5;
const PAIRS = 3;

/** The user of every client. It may use everything except approve its own requests, which the site refuses to all. */
export const SANDBOX_USER = { ...DEFAULT_APPLICATION, roles: ROLES };

/** A person who approves the requests of the sandbox's user. */
export const SANDBOX_APPROVER = DEFAULT_APPROVER;

const isPlain = ({ kind }: FleetAccount): boolean => kind === 'plain';

/** An alias for the first two plain accounts of a few systems, and one that points at no account. */
const aliasesFor = (fleet: readonly FleetAccount[]): SimulatedAlias[] => {
  const bySystem = Map.groupBy(fleet.filter(isPlain), ({ systemName }) => systemName);
  const pairs = [...bySystem].filter(([, accounts]) => accounts.length > 1).slice(0, PAIRS);
  const mapped = pairs.map(([systemName, accounts], index) => ({
    aliasId: index + 1,
    aliasName: `${systemName}-pair`,
    accountIds: accounts.slice(0, 2).map(({ accountId }) => accountId),
  }));
  return [...mapped, { aliasId: mapped.length + 1, aliasName: 'unmapped', accountIds: [] }];
};

/** Gives the first plain account of a server a private key, because small fleets have none. */
const withKey = (fleet: readonly FleetAccount[]): readonly FleetAccount[] => {
  const chosen = fleet.find((account) => isPlain(account) && account.type === 'system');
  return fleet.map((account) => (account === chosen ? { ...account, dssKey: 'openssh' as const } : account));
};

/** Contents of the sandbox's vault. The same options always create the same contents. */
export const sandboxContents = (
  options: FleetOptions,
): Pick<WorldOptions, 'users' | 'aliases' | 'secrets' | 'populate'> => ({
  users: [SANDBOX_USER, SANDBOX_APPROVER],
  aliases: aliasesFor(createFleet(options)),
  secrets: createSecrets({ plain: PLAIN_SECRETS }),
  populate: withKey,
});
