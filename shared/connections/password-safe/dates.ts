const VAULT_DATE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * A date of the vault as UTC ISO 8601: with `Z`, with an offset, or with neither, which means UTC. Undefined for what
 * is no date at all: a date that we can't read is one that the vault did not give.
 */
export const parseVaultDate = (text: string): string | undefined => {
  const [, day, time, zone = 'Z'] = VAULT_DATE.exec(text.trim()) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const offset = zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase();
  const date = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};
