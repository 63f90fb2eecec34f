import { findAlias, listAliases } from '#shared/connections/password-safe/aliases.ts';
import { accessAccounts } from '#shared/connections/password-safe/sources/account-access.ts';
import { aliasItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { rotateAliases } from '#shared/connections/password-safe/sources/account-rotation.ts';
import { parseAccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import type { SourceReading } from '#shared/connections/password-safe/sources/reading.ts';

export const aliasesReading: SourceReading = {
  async *list(session, source) {
    const { delivers } = parseAccountRule(source);
    const { aliases, ...list } = await listAliases(session);
    yield { items: aliases.map((alias) => aliasItem(alias, delivers)), ...list };
  },

  async find(session, source, { aliasName = '' }) {
    const found = await findAlias(session, aliasName);
    return typeof found === 'string' ? found : aliasItem(found, parseAccountRule(source).delivers);
  },

  access: (session, source) => accessAccounts(session, parseAccountRule(source)),

  rotation: (session, source, relayUsers) => rotateAliases(session, parseAccountRule(source), relayUsers),
};
