import { nameInVault } from '#shared/connections/password-safe/account.ts';
import { listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { findAccount } from '#shared/connections/password-safe/look-up.ts';
import { accessAccounts } from '#shared/connections/password-safe/sources/account-access.ts';
import { accountItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { rotateAccounts } from '#shared/connections/password-safe/sources/account-rotation.ts';
import { parseAccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import type { SourceReading } from '#shared/connections/password-safe/sources/reading.ts';
import { RelayError } from '#shared/errors.ts';

export const accountsReading: SourceReading = {
  async *list(session, source, within) {
    const { select, delivers } = parseAccountRule(source);
    const query = { types: select.types, workgroups: select.workgroups, system: within['systemName'] };
    for await (const { accounts, ...page } of listAccounts(session, query)) {
      yield { items: accounts.map((account) => accountItem(account, delivers)), ...page };
    }
  },

  async find(session, source, { systemName, accountName, domainName = '' }) {
    if (systemName === undefined || accountName === undefined) {
      throw new RelayError('ContractViolated', 'An account is found by its systemName and its accountName.');
    }
    const found = await findAccount(session, systemName, nameInVault({ accountName, domainName }));
    return found === 'none' || found === 'several' ? found : accountItem(found, parseAccountRule(source).delivers);
  },

  access: (session, source) => accessAccounts(session, parseAccountRule(source)),

  rotation: (session, source, relayUsers) => rotateAccounts(session, parseAccountRule(source), relayUsers),
};
