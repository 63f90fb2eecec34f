import { RelayError } from '#shared/errors.ts';

/** An id of the vault, which numbers its things, from the text that it is elsewhere. Raises `ContractViolated`. */
export const idIn = (text: string, what: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RelayError('ContractViolated', `There is no ${what} ${JSON.stringify(text)}: the vault numbers them.`);
};
