import { randomInt } from 'node:crypto';
import * as z from 'zod';
import { int, optionalInt, text } from '#shared/connections/password-safe/fields.ts';
import { findRows } from '#shared/connections/password-safe/resources/calls.ts';
import { listOf } from '#shared/connections/password-safe/rows.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';

/** Passwords by the rules of the vault (reference: provisioning-clients.md, `PasswordRules`). */

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const SYMBOLS = '!#%+-=?@^_~';

const ruleRow = z.object({
  PasswordRuleID: int,
  MinimumLength: optionalInt,
  MaximumLength: optionalInt,
  FirstCharacterRequirement: text,
  LowercaseRequirement: text,
  UppercaseRequirement: text,
  NumericRequirement: text,
  SymbolRequirement: text,
  ValidLowercaseCharacters: text,
  ValidUppercaseCharacters: text,
  ValidSymbols: text,
});
export type PasswordRule = z.infer<typeof ruleRow>;
const ruleRows = listOf(ruleRow, ['PasswordRuleID']);

/** Longer than any password that a person guesses or a machine tries. */
const WANTED_LENGTH = 32;

/** Characters of one class; empty if the rule excludes it. */
const classIn = (requirement: string, valid: string, fallback: string): string =>
  /not|none|exclu|disallow/i.test(requirement) ? '' : valid || fallback;

const pick = (characters: string): string => characters.charAt(randomInt(characters.length));

/** Shuffles without bias. */
const shuffle = (characters: readonly string[]): string[] => {
  const shuffled = [...characters];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [shuffled[index], shuffled[other]] = [shuffled[other] ?? '', shuffled[index] ?? ''];
  }
  return shuffled;
};

/**
 * Generates a password that fits a rule: its length, one character of each class that the rule allows, and a letter
 * first, which every rule accepts.
 */
export const generatePassword = (rule: PasswordRule): Secret => {
  const lower = classIn(rule.LowercaseRequirement, rule.ValidLowercaseCharacters, LOWER);
  const upper = classIn(rule.UppercaseRequirement, rule.ValidUppercaseCharacters, UPPER);
  const digits = classIn(rule.NumericRequirement, '', DIGITS);
  const symbols = classIn(rule.SymbolRequirement, rule.ValidSymbols, SYMBOLS);
  const classes = [lower, upper, digits, symbols].filter((one) => one !== '');
  const all = classes.join('');
  const shortest = Math.max(rule.MinimumLength ?? 1, 1);
  const longest = rule.MaximumLength ?? WANTED_LENGTH;
  const length = Math.max(shortest, Math.min(longest, WANTED_LENGTH), classes.length);
  if (all === '' || longest < classes.length) {
    throw new RelayError(
      'RequestRejected',
      `The password rule ${rule.PasswordRuleID} allows no password that the relay can generate. Name another passwordRule, or use password: { from: vault }.`,
    );
  }
  const letters = `${lower}${upper}` || all;
  const first = pick(letters);
  // The class of the first character is there already.
  const others = classes.filter((characters) => !characters.includes(first)).map(pick);
  const rest = Array.from({ length: length - 1 - others.length }, () => pick(all));
  return new Secret([first, ...shuffle([...others, ...rest])].join(''));
};

/** The rule with id 0 is the vault's default. */
const DEFAULT_RULE_ID = 0;

/** Generates a password by a rule of the vault. Raises `NotFound` if the rule does not exist. */
export const generateByRule = async (session: Session, ruleId = DEFAULT_RULE_ID): Promise<Secret> => {
  const rules = await findRows(session, 'PasswordRules', ruleRows);
  const rule = rules.find(({ PasswordRuleID }) => PasswordRuleID === ruleId);
  if (rule !== undefined) return generatePassword(rule);
  throw new RelayError(
    'NotFound',
    `${session.connection}: there is no password rule ${ruleId}. Name a passwordRule for the account.`,
  );
};
