import { ruleOf } from '#shared/config/rules.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { type AgeReport, type DatedItem, reportAges } from '#shared/domain/rotation/age.ts';
import { listSelected } from '#shared/rotation/selected.ts';
import type { AgeOrder, Ages } from '#shared/workflows/rotate.ts';

export interface AgeDependencies {
  readonly config: RelayConfig;
  readonly vaultOf: (connection: string) => Promise<Vault>;
  readonly rulesOf: (connection: string, rule: Source) => Promise<SourceRules>;
  readonly measure: (rule: string, ages: Ages) => Promise<void>;
  /** Called if a credential is too old, or if the age of one is not known. */
  readonly onFound: (
    rule: string,
    found: Pick<AgeReport, 'overdue' | 'undated'> & { readonly complete: boolean },
  ) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Measures how old the credentials of a rotation are, by the dates in the vault's list. Reads no credential. The age of
 * the oldest is left out while it is not known: without a dated credential, and after an incomplete list unless one is
 * known to be too old. The alarm treats its absence like a credential that is too old. Repeatable.
 */
export const createAge =
  ({ config, vaultOf, rulesOf, measure, onFound, now }: AgeDependencies) =>
  async ({ rotation }: AgeOrder): Promise<Ages> => {
    const rule = ruleOf(config, 'rotate', rotation);
    if (rule.maxAgeDays === undefined) return { overdue: 0, undated: 0 };
    const { items, complete, changesSince } = await listSelected(
      await vaultOf(rule.connection),
      rule,
      await rulesOf(rule.connection, rule),
    );
    const { oldest, overdue, undated } = reportAges(
      items.flatMap((item) => toDated(item, changesSince)),
      rule.maxAgeDays,
      now(),
    );
    const isKnown = oldest !== undefined && (complete || overdue.length > 0);
    const ages = {
      ...(isKnown && { oldestDays: oldest.ageDays }),
      overdue: overdue.length,
      undated: undated.length,
    };
    if (overdue.length > 0 || undated.length > 0 || !isKnown) onFound(rotation, { overdue, undated, complete });
    await measure(rotation, ages);
    return ages;
  };

/** Each account of an item whose accounts take turns has a credential of its own, and none may be too old. */
const toDated = ({ members, ...item }: Item, changesSince: string | undefined): DatedItem[] =>
  (members ?? [item]).map(({ ref, title, changedAt, hasUnreadableDate }) => ({
    id: itemKey(ref),
    title,
    changedAt,
    hasUnreadableDate,
    unchangedSince: changesSince,
  }));
