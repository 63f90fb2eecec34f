import type { RotationConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { type ShownChanges, shownSince } from '#shared/domain/changes.ts';
import type { Item } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';

/** Items that a rotation selects. */
export interface Selected {
  readonly items: readonly Item[];
  /** False if the vault's list may lack items. */
  readonly complete: boolean;
  /** Time since which the list shows changes; absent if it shows the last ones of all time, or none. */
  readonly changesSince?: string | undefined;
  /** Pages of that list. */
  readonly pages: number;
}

/**
 * Lists the items that a rotation selects, in a session of its own. Raises the errors of the vault. Reads no
 * credential. Repeatable.
 */
export const listSelected = (
  vault: Vault,
  rule: RotationConfig,
  { patterns }: Pick<SourceRules, 'patterns'>,
  isWanted: (item: Item) => boolean = () => true,
): Promise<Selected> =>
  vault.session(async (session) => {
    const items: Item[] = [];
    const shown: ShownChanges[] = [];
    let complete = true;
    let pages = 0;
    for await (const page of session.list(rule)) {
      pages += 1;
      complete &&= page.complete;
      shown.push({ items: page.items.slice(0, 1), changesSince: page.changesSince });
      items.push(...page.items.filter((item) => isSelected(patterns, item.labels) && isWanted(item)));
    }
    return { items, complete, changesSince: shownSince(shown), pages };
  });
