import type { RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';

export type RulesOf = (connection: string, rule: Source) => Promise<SourceRules>;

/** Syncs that read the source of the rule. Pure. */
export const readersOf = (
  { connection, source }: RotationConfig,
  syncs: Readonly<Record<string, SyncConfig>>,
): (readonly [sync: string, reader: SyncConfig])[] =>
  Object.entries(syncs).filter(([, reader]) => reader.connection === connection && reader.source === source);

/** Creates the search for the syncs that deliver an item of the rule. */
export const createSyncsOf = async (
  rule: RotationConfig,
  syncs: Readonly<Record<string, SyncConfig>>,
  rulesOf: RulesOf,
): Promise<(item: Item) => string[]> => {
  const selections = await Promise.all(
    readersOf(rule, syncs).map(async ([sync, reader]) => ({ sync, ...(await rulesOf(reader.connection, reader)) })),
  );
  return ({ labels }) =>
    selections
      .filter(({ address, patterns }) => address !== undefined && isSelected(patterns, labels))
      .map(({ sync }) => sync);
};
