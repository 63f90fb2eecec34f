import type { RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import type { Requested } from './requested.ts';

export type RulesOf = (connection: string, rule: Source) => Promise<SourceRules>;

/** Items that a rotation selects. */
export interface Selected {
  readonly items: readonly Item[];
  readonly complete: boolean;
}

/** Lists the items that the rule selects, and of those the requested ones. Changes nothing. Repeatable. */
export const listSelected = (
  vault: Vault,
  rule: RotationConfig,
  { patterns }: SourceRules,
  { isRequested }: Requested,
): Promise<Selected> =>
  vault.session(async (session) => {
    const items: Item[] = [];
    let complete = true;
    for await (const page of session.list(rule)) {
      complete &&= page.complete;
      items.push(...page.items.filter((item) => isSelected(patterns, item.labels) && isRequested(item)));
    }
    return { items, complete };
  });

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
