import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { accountItem } from '#shared/connections/password-safe/sources/account-items.ts';
import type { Item } from '#shared/domain/item.ts';
import { anAccount } from '#test/support/accounts.ts';

/** An account of the simulator as whoever asks for a lease of it knows it, for however many minutes. */
export const itemOf = ({ systemId, accountId }: Pick<FleetAccount, 'systemId' | 'accountId'>): Item =>
  accountItem(anAccount({ systemId, accountId, maximumReleaseMinutes: undefined }), 'password');
