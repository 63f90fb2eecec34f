import { RelayError } from '#shared/errors.ts';

/** Parses a vault id, which is a number. Raises `ContractViolated`. */
export const idIn = (text: string, what: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RelayError('ContractViolated', `The ${what} id ${JSON.stringify(text)} is not a number.`);
};
