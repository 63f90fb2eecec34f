import { isMatch } from 'matcher';
import type { Account, Alias } from '#shared/domain/account.ts';
import type { SafeSecret, SafeSecretType } from '#shared/domain/safe-secret.ts';

/** The patterns of a sync's `select` that the relay applies itself; workgroups and types are asked of the vault. */
export interface AccountSelection {
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

export const isSelected = (selection: AccountSelection, account: Account | Alias): boolean =>
  matchesGlobs(account.systemName, selection.systems) &&
  matchesGlobs(account.accountName, selection.accounts) &&
  matchesGlobs(account.domainName, selection.domains);

export interface AliasSelection extends AccountSelection {
  readonly aliases: readonly string[];
}

/** By its own name, and by the account that it points at now. */
export const isAliasSelected = (selection: AliasSelection, alias: Alias): boolean =>
  matchesGlobs(alias.aliasName, selection.aliases) && isSelected(selection, alias);

export interface SafeSelection {
  readonly folders: readonly string[];
  readonly titles: readonly string[];
  /** Empty for all. */
  readonly types: readonly SafeSecretType[];
}

export const isSafeSecretSelected = (selection: SafeSelection, secret: SafeSecret): boolean =>
  matchesGlobs(secret.folderPath, selection.folders) &&
  matchesGlobs(secret.title, selection.titles) &&
  (selection.types.length === 0 || selection.types.includes(secret.type));
