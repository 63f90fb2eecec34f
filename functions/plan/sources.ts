import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import type { Deliverable } from '#shared/domain/deliverable.ts';
import { isAliasSelected, isSafeSecretSelected, isSelected } from '#shared/domain/selection.ts';

/** A page of what the vault lists. `complete` is false on the page that shows that it did not list everything. */
export interface SourcePage {
  readonly selected: readonly Deliverable[];
  /** What the sync leaves alone; looked at only where it stands beside what it does not. */
  readonly passedOver: readonly Deliverable[];
  readonly complete: boolean;
}

/** Lists what a sync can deliver, page by page, without reading any of it. */
export async function* listSource(session: VaultSession, sync: SyncConfig): AsyncIterable<SourcePage> {
  switch (sync.source) {
    case 'accounts':
      for await (const { accounts, complete } of session.listAccounts(sync.select)) {
        yield pageOf(accounts, (account) => isSelected(sync.select, account), complete);
      }
      return;
    case 'aliases':
      yield pageOf(await session.listAliases(), (alias) => isAliasSelected(sync.select, alias), true);
      return;
    case 'secrets-safe':
      for await (const { secrets, complete } of session.secretsSafe.list(sync.apiVersion)) {
        yield pageOf(secrets, (secret) => isSafeSecretSelected(sync.select, secret), complete);
      }
  }
}

const pageOf = <T extends Deliverable>(
  listed: readonly T[],
  isSelected: (subject: T) => boolean,
  complete: boolean,
): SourcePage => ({
  selected: listed.filter(isSelected),
  passedOver: listed.filter((subject) => !isSelected(subject)),
  complete,
});
