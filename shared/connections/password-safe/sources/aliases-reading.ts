import { listAliases } from '#shared/connections/password-safe/aliases.ts';
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

  access: (session, source) => accessAccounts(session, parseAccountRule(source)),

  rotation: (session, source, relayUsers) => rotateAliases(session, parseAccountRule(source), relayUsers),
};
