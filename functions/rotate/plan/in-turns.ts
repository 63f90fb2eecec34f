import type { RelayConfig, RotationConfig } from '#shared/config/schema.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
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

/** An account that takes turns, and the item for which it does. */
export interface InTurns {
  readonly account: Rotated;
  readonly connection: string;
  readonly item: string;
  readonly title: string;
}

/**
 * Finds the accounts that take turns in the same vault. One of them can be what readers have, so only a rotation of its
 * item may change it. Repeatable.
 */
export const findInTurns = async (
  { config, vaultOf, rulesOf }: InTurnsDependencies,
  rule: RotationConfig,
): Promise<readonly InTurns[]> => {
  const found: InTurns[] = [];
  for (const sync of Object.values(config.syncs)) {
    const { connection } = sync;
    if (!isSameVault(config, connection, rule.connection) || !(await takesTurns(rulesOf, sync))) continue;
    const vault = await vaultOf(connection);
    await vault.session(async (session) => {
      for await (const { items } of session.list(sync)) {
        for (const { ref: item, title, members = [] } of items) {
          found.push(...members.map((account) => ({ account, connection, item: itemKey(item), title })));
        }
      }
    });
  }
  return found;
};

/** Reason not to rotate an item, because one of its accounts takes turns for another one. Pure. */
export const refusalInTurns = (
  { ref, members }: Pick<Item, 'ref' | 'members'>,
  { connection }: Pick<RotationConfig, 'connection'>,
  inTurns: readonly InTurns[],
): string | undefined => {
  const keys = new Set((members ?? [{ ref }]).map((account) => itemKey(account.ref)));
  const own = itemKey(ref);
  const other = inTurns.find(
    (one) => keys.has(itemKey(one.account.ref)) && !(one.item === own && one.connection === connection),
  );
  if (other === undefined) return undefined;
  return members === undefined
    ? `It takes turns in ${other.title}. Rotate ${other.title} instead.`
    : `Its account ${other.account.title} takes turns in ${other.title} of ${other.connection} as well. Name each account in one pair only.`;
};
