import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { itemKey } from '#shared/domain/item.ts';
import { isSameVault } from '#shared/records/rotation-holds.ts';
import type { RulesOf } from './select.ts';

export interface InTurnsDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: RulesOf;
}

/** True for a source whose items stand for accounts that take turns. */
const takesTurns = async (rulesOf: RulesOf, rule: Source & { readonly connection: string }): Promise<boolean> =>
  (await rulesOf(rule.connection, rule)).inTurns === true;

/**
 * Finds the accounts that take turns in the same vault, with the item of each. One of them can be what readers have, so
 * only a rotation of the item may change it. Repeatable.
 */
export const findInTurns = async (
  { config, vaultOf, rulesOf }: InTurnsDependencies,
  rule: RotationConfig,
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  if (await takesTurns(rulesOf, rule)) return found;
  for (const sync of Object.values(config.syncs)) {
    if (!isSameVault(config, sync.connection, rule.connection) || !(await takesTurns(rulesOf, sync))) continue;
    const vault = await vaultOf(sync.connection);
    await vault.session(async (session) => {
      for await (const { items } of session.list(sync)) {
        for (const { title, members = [] } of items) for (const { ref } of members) found.set(itemKey(ref), title);
      }
    });
  }
  return found;
};
