const VAULT_DATE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?$/i;

/** A date that the vault gives: UTC ISO 8601, or its text where that is of no form that we know. */
export type VaultDate = { readonly at: string } | { readonly unreadable: string };

/**
 * A date of the vault as UTC ISO 8601: with `Z`, with an offset, or with neither, which means UTC. Undefined for what can't be
 * read as one.
 */
export const parseVaultDate = (text: string): string | undefined => {
  const [, day, time, zone = 'Z'] = VAULT_DATE.exec(text.trim()) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const offset = zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase();
  const date = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** What a field for a date holds; undefined where it is empty. A date that can't be read is there all the same. */
export const readVaultDate = (text: string): VaultDate | undefined => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const at = parseVaultDate(trimmed);
  return at === undefined ? { unreadable: trimmed } : { at };
};

/** The date as UTC ISO 8601; undefined where there is none, or none that can be read. */
export const atOf = (date: VaultDate | undefined): string | undefined =>
  date !== undefined && 'at' in date ? date.at : undefined;

/** The text of a date that can't be read. */
export const unreadableIn = (date: VaultDate | undefined): string | undefined =>
  date !== undefined && 'unreadable' in date ? date.unreadable : undefined;
