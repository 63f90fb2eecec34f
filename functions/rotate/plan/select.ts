import type { RelayConfig, RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';

export type RulesOf = (connection: string, rule: Source) => Promise<SourceRules>;

/** Sync that reads the source of a rotation, with the rules of its items. */
interface Reader {
  readonly sync: string;
  readonly settings: SyncConfig;
  readonly rules: SourceRules;
}

/**
 * Finds the syncs that read the source of the rule in its vault, over whatever connection. Items that take turns belong
 * to a connection, whose records know the active account.
 */
export const readersOf = async (
  rule: RotationConfig,
  config: Pick<RelayConfig, 'connections' | 'syncs'>,
  rulesOf: RulesOf,
): Promise<readonly Reader[]> => {
  const readers = await Promise.all(
    Object.entries(config.syncs)
      .filter(
        ([, { source, connection }]) => source === rule.source && isSameVault(config, connection, rule.connection),
      )
      .map(async ([sync, settings]) => ({ sync, settings, rules: await rulesOf(settings.connection, settings) })),
  );
  return readers.filter(({ settings, rules }) => settings.connection === rule.connection || rules.inTurns !== true);
};

/** Creates the search for the syncs that deliver an item of the rule. */
export const createSyncsOf =
  (readers: readonly Reader[]) =>
  ({ labels }: Item): string[] =>
    readers
      .filter(({ rules: { address, patterns } }) => address !== undefined && isSelected(patterns, labels))
      .map(({ sync }) => sync);
