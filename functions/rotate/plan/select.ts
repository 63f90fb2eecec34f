import type { RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { createIsAddressed } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';

export type RulesOf = (connection: string, rule: Source) => Promise<SourceRules>;

/** Items that a rotation selects. */
export interface Selected {
  readonly items: readonly Item[];
  readonly complete: boolean;
}

/**
 * Lists the items that the rule selects, and of those the named ones. Raises `ConfigurationInvalid` for names of items
 * that have no address. Changes nothing. Repeatable.
 */
export const listSelected = async (
  vault: Vault,
  rule: RotationConfig,
  { patterns, address }: SourceRules,
  named: readonly Labels[] | undefined,
): Promise<Selected> => {
  const isAddressed = named === undefined || address === undefined ? () => true : createIsAddressed(address, named);
  if (named !== undefined && address === undefined) {
    throw new RelayError(
      'ConfigurationInvalid',
      `Items of ${rule.source} cannot be named. Send the message without items.`,
    );
  }
  return vault.session(async (session) => {
    const items: Item[] = [];
    let complete = true;
    for await (const page of session.list(rule)) {
      complete &&= page.complete;
      items.push(...page.items.filter(({ labels }) => isSelected(patterns, labels) && isAddressed(labels)));
    }
    return { items, complete };
  });
};

/** Creates the search for the syncs that deliver an item of the rule. */
export const createSyncsOf = async (
  rule: RotationConfig,
  syncs: Readonly<Record<string, SyncConfig>>,
  rulesOf: RulesOf,
): Promise<(item: Item) => string[]> => {
  const readers = Object.entries(syncs).filter(
    ([, { connection, source }]) => connection === rule.connection && source === rule.source,
  );
  const selections = await Promise.all(
    readers.map(async ([sync, reader]) => ({ sync, ...(await rulesOf(reader.connection, reader)) })),
  );
  return ({ labels }) =>
    selections
      .filter(({ address, patterns }) => address !== undefined && isSelected(patterns, labels))
      .map(({ sync }) => sync);
};
