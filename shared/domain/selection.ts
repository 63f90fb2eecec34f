import { isMatch } from 'matcher';
import type { Account } from '#shared/domain/account.ts';

/** The patterns of a sync's `select` that the relay applies itself; workgroups and types are asked of the vault. */
export interface Selection {
  readonly systems: readonly string[];
  readonly accounts: readonly string[];
  readonly domains: readonly string[];
}

/**
 * Whether text matches a list of patterns: `*` is the wildcard, case does not matter, a pattern that begins with `!`
 * excludes, a later pattern overrules an earlier one, and an empty list takes everything.
 */
export const matchesGlobs = (text: string, globs: readonly string[]): boolean =>
  globs.length === 0 || isMatch(text, globs);

export const isSelected = (selection: Selection, account: Account): boolean =>
  matchesGlobs(account.systemName, selection.systems) &&
  matchesGlobs(account.accountName, selection.accounts) &&
  matchesGlobs(account.domainName, selection.domains);
