const VAULT_DATE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?$/i;

/** A date from the vault: UTC ISO 8601, or its text if the format is unknown. */
export type VaultDate = { readonly at: string } | { readonly unreadable: string };

/**
 * Converts a date from the vault to UTC ISO 8601. A date without `Z` and without an offset is UTC. Undefined if it is
 * unreadable.
 */
export const parseVaultDate = (text: string): string | undefined => {
  const [, day, time, zone = 'Z'] = VAULT_DATE.exec(text.trim()) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const offset = zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase();
  const date = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** Reads a date field; undefined if it is empty. An unreadable date is kept as text. */
export const readVaultDate = (text: string): VaultDate | undefined => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const at = parseVaultDate(trimmed);
  return at === undefined ? { unreadable: trimmed } : { at };
};

/** The date as UTC ISO 8601; undefined if missing or unreadable. */
export const timeOf = (date: VaultDate | undefined): string | undefined =>
  date !== undefined && 'at' in date ? date.at : undefined;

/** Text of an unreadable date. */
export const unreadableIn = (date: VaultDate | undefined): string | undefined =>
  date !== undefined && 'unreadable' in date ? date.unreadable : undefined;
