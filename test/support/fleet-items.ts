import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { accountItem } from '#shared/connections/password-safe/sources/account-items.ts';
import type { Item } from '#shared/domain/item.ts';
import { anAccount } from '#test/support/accounts.ts';

/** The item of a simulator account, without a limit on the minutes of its leases. */
export const itemOf = ({ systemId, accountId }: Pick<FleetAccount, 'systemId' | 'accountId'>): Item =>
  accountItem(anAccount({ systemId, accountId, maximumReleaseMinutes: undefined }), 'password');
